import Foundation
import Offline
import Testing

@Suite struct ReplayMembersTests {
  private func replay(_ text: String, maximumGroups: Int = 100) -> FilterAnswer {
    answer(of: ReplayMembersFilter(seed: 1, maximumGroups: maximumGroups), to: text)
  }

  /// Captured lines up to the given record of a source's group, and all lines of other groups.
  private func captured(_ source: String, until stop: (NSDictionary) -> Bool) throws -> String {
    var lines: [Substring] = []
    for line in try Capture.lines() where line.hasPrefix("{\"source\":\"\(source)\"") {
      lines.append(line)
      if stop(try object(line)) { break }
    }
    return lines.joined(separator: "\n")
  }

  private func line(_ answer: FilterAnswer, of group: String) throws -> NSDictionary {
    let line = try #require(answer.lines.first { $0.hasPrefix("{\"group\":\"\(group)\",") })
    return try object(line)
  }

  private func members(_ line: NSDictionary) -> [NSDictionary] {
    line["members"] as? [NSDictionary] ?? []
  }

  @Test func aClassicGroupInTheMiddleOfItsLife() throws {
    let text = try captured("kafka-4.3.1") {
      $0["kind"] as? String == "group_metadata"
        && ($0["key_decoded"] as? NSDictionary)?["group"] as? String == "rdk-static"
        && (($0["value_decoded"] as? NSDictionary)?["members"] as? [Any])?.count == 2
    }
    let answer = replay(text)
    #expect(answer.badLines == 0 && answer.errors.isEmpty)
    let group = try line(answer, of: "rdk-static")
    #expect(group["state"] as? String == "stable" && group["protocol"] as? String == "classic")
    #expect(group["source"] == nil, "one source needs no name")
    let members = members(group)
    #expect(members.map { $0["groupInstanceId"] as? String } == ["rdk-10", "rdk-11"])
    #expect(members.allSatisfy { $0["clientHost"] as? String == "/127.0.0.1" })
    // Between the two members each partition stands once.
    var owned: [String] = []
    for member in members {
      for (topic, partitions) in member["assignment"] as? [String: [Int]] ?? [:] {
        owned += partitions.map { "\(topic)-\($0)" }
      }
    }
    #expect(Set(owned).count == owned.count && owned.count >= 6)
  }

  @Test func aConsumerGroupsTopicsHaveTheNamesThatCommitsTell() throws {
    let isAssigned: (NSDictionary) -> Bool = { record in
      (record["key_decoded"] as? NSDictionary)?["groupId"] as? String == "new-static"
        && record["key_type"] as? Int == 8 && record["value"] is String
    }
    let source = "kafka-4.3.1"
    let text = try captured(source, until: isAssigned)
    let bare = try Capture.lines().filter {
      try $0.hasPrefix("{\"source\":\"\(source)\"") && isAssigned(object($0))
        || $0.contains("\"key_type\":5") && $0.contains("\"groupId\":\"new-static\"")
    }
    let named = try line(replay(text), of: "new-static")
    #expect(named["protocol"] as? String == "consumer" && named["state"] as? String == "stable")
    #expect(members(named).count == 1 && members(named)[0]["unresolved"] == nil)
    #expect(members(named)[0]["assignment"] as? NSDictionary == ["orders": [0, 1, 2]])
    // The same member without any record that names its topic.
    let unnamed = members(
      try line(replay(bare.prefix(2).joined(separator: "\n")), of: "new-static"))
    #expect(unnamed.count == 1)
    #expect(unnamed[0]["assignment"] as? NSDictionary == [:])
    #expect(
      unnamed[0]["unresolved"] as? NSDictionary == ["bIBFv-HbSAWNJXgwi3o0LA": [0, 1, 2]])
  }

  @Test func groupsAreInTheOrderOfTheirNamesAndSourcesAreToldApart() throws {
    let answer = answer(
      of: ReplayMembersFilter(seed: 7), to: try Capture.text())
    #expect(answer.badLines == 0 && answer.errors.isEmpty)
    let groups = try answer.lines.map { try #require(object($0)["group"] as? String) }
    #expect(
      groups == groups.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    let places = try answer.lines.map {
      let line = try object($0)
      return "\(line["group"] ?? "") \(line["source"] ?? "")"
    }
    #expect(Set(places).count == places.count)
    // Groups that only commit have no line; those whose record was deleted have.
    #expect(!groups.contains("simple-assign") && groups.contains("classic-range"))
  }

  private func record(_ key: String, _ value: String?, source: String = "c") -> String {
    "{\"source\":\"\(source)\",\"partition\":0,\"offset\":1,\"timestamp\":5,\"key\":\"\(key)\","
      + "\"value\":\(value.map { "\"\($0)\"" } ?? "null")}\n"
  }

  @Test func membersOfAnotherProtocolHaveNoKnownAssignment() throws {
    // Version 0: protocol type "connect", one member "m" of client "c" on "/h", no timeouts.
    let value =
      "0000" + "0007636f6e6e656374" + "00000003" + "ffff" + "ffff" + "00000001" + "00016d"
      + "000163"
      + "00022f68" + "00000000" + "00000002ffff" + "00000002ffff"
    let answer = replay(record("0002000167", value))
    #expect(
      answer.output
        == #"{"group":"g","state":"stable","protocol":"classic","generation":3,"members":["#
        + #"{"memberId":"m","groupInstanceId":null,"clientId":"c","clientHost":"/h","#
        + "\"assignment\":null}]}\n")
  }

  @Test func badLinesAreNamedAndTheRestIsReplayed() throws {
    let good = record("0002000167", nil)
    let answer = replay(
      "{\n" + record("0002000168", "0000") + record("00", "00") + good
        + record("0002000169", "0009"))
    #expect(
      answer.output
        == #"{"group":"g","state":"dead","protocol":"classic","generation":-1,"members":[]}"# + "\n"
    )
    #expect(answer.badLines == 3, "a version that nobody writes is no bad line: \(answer.errors)")
    #expect(answer.errors.hasPrefix("vole test: line 1: "))
  }

  @Test func theNumberOfGroupsIsBounded() throws {
    let answer = replay(
      record("0002000167", nil) + record("0002000168", nil) + record("0002000167", nil),
      maximumGroups: 1)
    #expect(answer.lines.count == 1 && answer.badLines == 1)
    #expect(answer.errors.contains("line 2: more than 1 groups"))
  }
}
