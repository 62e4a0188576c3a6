import Foundation
import Offline
import Testing

@Suite struct ReplayStateTests {
  private func replay(_ text: String, maximumOffsets: Int = 1000) -> FilterAnswer {
    answer(of: ReplayStateFilter(seed: 1, maximumOffsets: maximumOffsets), to: text)
  }

  /// A captured line: a commit of group "g" and the given topic, at its place in the log.
  private func commit(
    _ offset: Int64?, topic: String = "t", at place: Int64, batch: String = "",
    source: String = "c"
  ) -> String {
    let name = topic.utf8.map { String(format: "%02x", $0) }.joined()
    let key = "00010001670001" + name + "00000000"
    let value = offset.map { offset in
      String(format: "\"0003%016lx00000007000000000000000000ff\"", offset)
    }
    let member = batch.isEmpty ? "" : ",\"batch\":{\(batch)}"
    return "{\"source\":\"\(source)\",\"partition\":3,\"offset\":\(place),\"key\":\"\(key)\","
      + "\"value\":\(value ?? "null")\(member)}\n"
  }

  private func transactional(_ producer: Int, epoch: Int = 0) -> String {
    "\"transactional\":true,\"control\":false,\"producer_id\":\(producer),"
      + "\"producer_epoch\":\(epoch)"
  }

  private func marker(_ type: Int, producer: Int, at place: Int64, partition: Int = 3) -> String {
    "{\"source\":\"c\",\"partition\":\(partition),\"offset\":\(place),\"key\":\"0000000\(type)\","
      + "\"value\":\"000000000000\",\"batch\":{\"control\":true,\"transactional\":true,"
      + "\"producer_id\":\(producer),\"producer_epoch\":1}}\n"
  }

  private func line(_ offset: Int64, topic: String = "t", source: String = "") -> String {
    "{\"group\":\"g\",\"topic\":\"\(topic)\",\"partition\":0,\"offset\":\(offset),"
      + "\"leaderEpoch\":7,\"metadata\":\"\"" + (source.isEmpty ? "" : ",\"source\":\"\(source)\"")
      + "}\n"
  }

  private let abort = 0
  private let commit = 1

  // MARK: Captured from real brokers

  /// The offsets of the 4.3.1 part, computed from Kafka's decoded form alone.
  @Test func endsWithTheOffsetsThatTheBrokerHad() throws {
    let lines = try Capture.lines().filter { $0.hasPrefix(#"{"source":"kafka-4.3.1""#) }
    let answers = replay(lines.joined(separator: "\n"))
    #expect(answers.badLines == 0)
    #expect(answers.errors.isEmpty)
    let expected = try reference(lines)
    #expect(expected.count == 193)
    #expect(answers.lines.count == expected.count)
    var places: [String] = []
    for line in answers.lines {
      let offset = try object(line)
      let place = place(offset)
      places.append(place)
      #expect(offset == expected[place], "\(line)")
    }
    // Byte order, which is that of Python's and Go's strings; U+0001 sorts before all in names.
    #expect(
      places == places.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    let text = answers.output
    // An aborted transaction of a group that never committed, and one that rolled back to 20.
    #expect(!text.contains(#""group":"txn-hang""#))
    #expect(text.contains(#"{"group":"txn-group","topic":"txn-in","partition":0,"offset":20,"#))
    // Deleted groups, deleted offsets, a deleted topic, an expired offset.
    for gone in [
      "classic-range", "classic-static", "new-range", "new-regex", "txn-simple",
      "migrating", "legacy-expiring",
    ] {
      #expect(!text.contains("{\"group\":\"\(gone)\""), "\(gone)")
    }
    #expect(text.contains(#""group":"on-doomed""#) && !text.contains(#""topic":"doomed""#))
    #expect(!text.contains(#"{"group":"classic-roundrobin","topic":"payments","partition":0,"#))
    #expect(text.contains(#"{"group":"classic-roundrobin","topic":"payments","partition":2,"#))
  }

  private func place(_ offset: NSDictionary) -> String {
    let partition = offset["partition"] as? Int ?? -1
    return "\(offset["group"] ?? "")\u{1}\(offset["topic"] ?? "")\u{1}"
      + String(format: "%06d", partition)
  }

  private func reference(_ lines: [Substring]) throws -> [String: NSDictionary] {
    struct Waiting { let place: String; let at: Int; let value: NSDictionary }
    var standing: [String: (at: Int, value: NSDictionary)] = [:]
    var waiting: [String: [Waiting]] = [:]
    for line in lines {
      let record = try object(line)
      let kind = record["kind"] as? String ?? ""
      let batch = record["batch"] as? NSDictionary ?? [:]
      let at = record["offset"] as? Int ?? 0
      let producer = "\(record["partition"] ?? "") \(batch["producer_id"] ?? "")"
      if kind.hasPrefix("control:") {
        for commit in waiting.removeValue(forKey: producer) ?? [] where kind.hasSuffix("COMMIT") {
          if (standing[commit.place]?.at ?? -1) < commit.at {
            standing[commit.place] = (commit.at, commit.value)
          }
        }
        continue
      }
      guard kind == "offset_commit", let key = record["key_decoded"] as? NSDictionary else {
        continue
      }
      let place = place(key)
      guard let value = record["value_decoded"] as? NSDictionary else {
        standing[place] = nil
        for name in waiting.keys { waiting[name]?.removeAll { $0.place == place } }
        continue
      }
      let answer: NSDictionary = [
        "group": key["group"] ?? "", "topic": key["topic"] ?? "",
        "partition": key["partition"] ?? 0, "offset": value["offset"] ?? 0,
        "leaderEpoch": value["leaderEpoch"] ?? -1, "metadata": value["metadata"] ?? "",
      ]
      if batch["transactional"] as? Bool ?? false {
        waiting[producer, default: []].append(Waiting(place: place, at: at, value: answer))
      } else {
        standing[place] = (at, answer)
      }
    }
    return standing.mapValues(\.value)
  }

  @Test func keepsEachSourceApart() throws {
    let answers = answer(of: ReplayStateFilter(seed: 9), to: try Capture.text())
    #expect(answers.badLines == 0)
    let python = answers.lines.filter {
      $0.contains(#"{"group":"kafka-python","topic":"payments""#)
    }
    let sources = Set(try python.map { try object($0)["source"] as? String ?? "" })
    #expect(sources.count == 6)
    #expect(!sources.contains(""))
  }

  // MARK: Transactions

  @Test func anAbortedCommitNeverShows() {
    let text =
      commit(5, at: 1) + commit(6, at: 2, batch: transactional(9))
      + marker(abort, producer: 9, at: 3)
    #expect(replay(text).output == line(5))
    #expect(replay(commit(6, at: 2, batch: transactional(9))).output.isEmpty)
  }

  @Test func aCommittedOneShowsFromItsMarkerOn() {
    let begun =
      commit(5, at: 1) + commit(6, at: 2, batch: transactional(9))
      + commit(7, at: 3, batch: transactional(9))
    #expect(replay(begun).output == line(5))
    #expect(replay(begun + marker(commit, producer: 9, at: 4)).output == line(7))
  }

  @Test func aMarkerEndsOnlyItsOwnTransaction() {
    let begun =
      commit(6, at: 2, batch: transactional(9)) + commit(5, at: 1, batch: transactional(8))
    #expect(replay(begun + marker(commit, producer: 7, at: 4)).output.isEmpty)
    #expect(replay(begun + marker(commit, producer: 9, at: 4, partition: 4)).output.isEmpty)
    #expect(replay(begun + marker(commit, producer: 8, at: 4)).output == line(5))
    #expect(
      replay(begun + marker(abort, producer: 8, at: 4) + marker(commit, producer: 9, at: 5)).output
        == line(6))
  }

  @Test func aLaterPlainCommitOutlivesATransactionalOne() {
    let text =
      commit(6, at: 2, batch: transactional(9)) + commit(5, at: 3)
      + marker(commit, producer: 9, at: 4)
    #expect(replay(text).output == line(5))
    // The record's offset decides, not the committed offset and not the line.
    let earlier =
      commit(6, at: 3, batch: transactional(9)) + commit(5, at: 2)
      + marker(commit, producer: 9, at: 4)
    #expect(replay(earlier).output == line(6))
    let equal =
      commit(6, at: 3, batch: transactional(9)) + commit(5, at: 3)
      + marker(commit, producer: 9, at: 4)
    #expect(replay(equal).output == line(5))
  }

  @Test func aTombstoneTakesWhatWaitsAsWell() {
    let text =
      commit(6, at: 2, batch: transactional(9)) + commit(8, at: 3, batch: transactional(10))
      + commit(4, topic: "u", at: 4, batch: transactional(9)) + commit(nil, at: 5)
      + marker(commit, producer: 9, at: 6) + marker(commit, producer: 10, at: 7)
    #expect(replay(text).output == line(4, topic: "u"))
    #expect(replay(text + commit(3, at: 8)).output == line(3) + line(4, topic: "u"))
  }

  @Test func markersOfOtherKindsSayNothing() {
    let text = commit(6, at: 2, batch: transactional(9)) + marker(2, producer: 9, at: 3)
    #expect(replay(text) == FilterAnswer(output: "", errors: "", badLines: 0))
    #expect(replay(text + marker(commit, producer: 9, at: 4)).output == line(6))
  }

  // MARK: Lines

  @Test func aRecordWithoutBatchOrPlaceIsPlain() {
    let text =
      #"{"key":"000100016700017400000000","value":"000000000000000000090000000000000000000f"}"#
    #expect(
      replay(text + "\n" + text).output
        == #"{"group":"g","topic":"t","partition":0,"offset":9,"leaderEpoch":-1,"metadata":""}"#
        + "\n")
  }

  @Test func headsAndOtherRecordsSayNothing() {
    let text = """
      {"type":"head","topic":"t","partition":0,"offset":10,"timestamp":1}

      {"key":"0002000167","value":null}
      {"key":"0003000167","value":"zzzz"}
      {"key":"000100016700017400000000","value":"0009"}
      """.replacing("zzzz", with: "0000")
    #expect(replay(text) == FilterAnswer(output: "", errors: "", badLines: 0))
    // A group's own tombstone takes no offset away: a group that changes its protocol gets one.
    #expect(replay(commit(5, at: 1) + text).output == line(5))
  }

  @Test func badLinesAreNamedAndTheRestIsReplayed() {
    let answers = replay(
      "x\n" + commit(5, at: 1) + #"{"key":"0001","value":null}"# + "\n"
        + #"{"key":"00","value":null,"batch":{"control":true}}"# + "\n{}\n" + commit(6, at: 2))
    #expect(answers.output == line(6))
    #expect(answers.badLines == 4)
    #expect(
      answers.errors == """
        vole test: line 1: not the JSON of a record: expected an object at byte 0
        vole test: line 3: key: group needs 2 bytes, 0 left, at byte 2
        vole test: line 4: control record whose key is no transaction marker's
        vole test: line 5: "key" is missing

        """)
  }

  @Test func offsetsAreBounded() {
    let answers = replay(
      commit(1, topic: "a", at: 1) + commit(2, topic: "b", at: 2, batch: transactional(1))
        + commit(3, topic: "c", at: 3) + commit(nil, topic: "b", at: 4)
        + commit(4, topic: "d", at: 5), maximumOffsets: 2)
    #expect(answers.output == line(1, topic: "a") + line(4, topic: "d"))
    #expect(answers.errors == "vole test: line 3: more than 2 committed offsets\n")
  }

  @Test func sortsByGroupTopicPartitionAndSource() {
    var text = ""
    for topic in ["b", "a\u{1F642}", "a\u{FFFD}", "a", ""] {
      text += commit(1, topic: topic, at: 1, source: "y").replacing(
        "00010001670001", with: String(format: "00010001670%03x", topic.utf8.count))
    }
    text += commit(2, topic: "b", at: 2, source: "x")
    let answers = replay(text)
    #expect(
      answers.output == ["", "a", "a\u{FFFD}", "a\u{1F642}", "b"].map {
        line(1, topic: $0, source: "y")
      }.joined() + line(2, topic: "b", source: "x"))
  }

  @Test func longAnswersComeInParts() {
    var text = ""
    for number in 0..<5000 {
      text += commit(Int64(number), topic: String(format: "t%04d", number), at: Int64(number))
        .replacing("00010001670001", with: "00010001670005")
    }
    let answers = answer(of: ReplayStateFilter(seed: 3), to: text)
    #expect(answers.lines.count == 5000)
    #expect(answers.lines == answers.lines.sorted())
  }
}
