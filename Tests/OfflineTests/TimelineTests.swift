import Foundation
import LagCore
import Offline
import Testing

/// Lines of a log about one cluster.
struct LogWriter {
  var text = ""
  private var nextOffset: Int64 = 0

  /// A commit at a time in milliseconds; its record gets the next offset.
  mutating func commit(
    _ offset: Int64?, group: String = "g", topic: String = "t", partition: Int32 = 0,
    at time: Int64, batch: String = ""
  ) {
    let key =
      "0001" + Self.string(group) + Self.string(topic) + String(format: "%08x", partition)
    let value = offset.map { offset in
      "\"0003" + String(format: "%016lx", offset) + "00000000" + "0000"
        + String(format: "%016lx", time) + "\""
    }
    record(key, value ?? "null", at: time, batch: batch)
  }

  mutating func record(_ key: String, _ value: String, at time: Int64, batch: String = "") {
    let member = batch.isEmpty ? "" : ",\"batch\":{\(batch)}"
    text +=
      "{\"source\":\"c\",\"partition\":7,\"offset\":\(nextOffset),\"timestamp\":\(time),"
      + "\"key\":\"\(key)\",\"value\":\(value)\(member)}\n"
    nextOffset += 1
  }

  mutating func head(_ offset: Int64, topic: String = "t", partition: Int32 = 0, at time: Int64) {
    text +=
      "{\"source\":\"c\",\"type\":\"head\",\"topic\":\"\(topic)\",\"partition\":\(partition),"
      + "\"offset\":\(offset),\"timestamp\":\(time)}\n"
  }

  private static func string(_ text: String) -> String {
    String(format: "%04x", text.utf8.count)
      + text.utf8.map { String(format: "%02x", $0) }.joined()
  }
}

@Suite struct TimelineTests {
  private func timeline(
    _ log: LogWriter, intervals: Int = 3, hold: UInt32 = 20, minimumComplete: Float = 1
  ) -> FilterAnswer {
    let settings = TimelineSettings(
      limits: WindowLimits(intervals: intervals),
      parameters: JudgementParameters(minimumComplete: minimumComplete, hold: hold))
    return answer(of: ReplayTimelineFilter(settings: settings, seed: 5), to: log.text)
  }

  /// `time from to event rule line` of each change.
  private func changes(_ answer: FilterAnswer) throws -> [String] {
    try answer.lines.map { line in
      let change = try object(line)
      let cause = change["cause"] as? NSDictionary ?? [:]
      return [
        change["time"], change["from"], change["to"], cause["event"], cause["rule"], cause["line"],
      ].map { $0 is NSNull ? "-" : "\($0 ?? "?")" }.joined(separator: " ")
    }
  }

  @Test func tellsAConsumerThatStopsAndComesBack() throws {
    var log = LogWriter()
    for second in Int64(100)...104 {
      log.commit((second - 100) * 10, at: second * 1000)  // lines 1, 3, 5, 7, 9
      log.head((second - 99) * 10 + 5, at: second * 1000 + 500)
    }
    log.head(100, at: 105_000)
    log.head(200, at: 130_000)
    log.commit(200, at: 131_000)  // line 13
    let answer = timeline(log)
    let told = try changes(answer)
    // The window of three spans 2 s, so that a silence of more than 2 s is STOP: at 107 s.
    #expect(
      told == [
        "101000 NOTFOUND UNKNOWN head - 2", "103000 UNKNOWN WARN head lag-not-decreasing 5",
        "107000 WARN ERR clock stopped 9", "132000 ERR OK commit - 13",
      ])
    #expect(
      answer.lines[2]
        == #"{"time":107000,"source":"c","group":"g","from":"WARN","to":"ERR","cause":"#
        + #"{"event":"clock","topic":"t","partition":0,"rule":"stopped","lag":60,"line":9,"#
        + #""offset":4,"unknownPartitions":0}}"#)
    #expect(answer.errors.isEmpty)
  }

  @Test func tellsAStallAndARewind() throws {
    var log = LogWriter()
    log.head(100, at: 1000)
    for second in Int64(1)...5 { log.commit(50, at: second * 1000) }
    for second in Int64(6)...8 { log.commit(50 + second, at: second * 1000) }
    log.commit(10, at: 9000)
    #expect(
      try changes(timeline(log)) == [
        "2000 NOTFOUND UNKNOWN commit - 2", "4000 UNKNOWN ERR commit stalled 4",
        "7000 ERR OK commit - 7", "10000 OK ERR commit rewound 10",
      ])
  }

  /// A consumer that was stuck before the log began is judged once it has stood still for `hold`.
  @Test func judgesAStandingCommitAfterHold() throws {
    var log = LogWriter()
    log.commit(5, at: 1000)
    log.head(9, at: 10_000)
    log.head(9, at: 100_000)
    #expect(
      try changes(timeline(log)) == [
        "2000 NOTFOUND UNKNOWN commit - 1", "31000 UNKNOWN ERR clock stopped 1",
      ])
  }

  @Test func tombstonesTakeTheGroupAway() throws {
    var log = LogWriter()
    log.commit(5, at: 1000)
    log.commit(nil, at: 2000)
    log.commit(nil, at: 3000)
    #expect(
      try changes(timeline(log)) == [
        "2000 NOTFOUND UNKNOWN commit - 1", "3000 UNKNOWN NOTFOUND offset_tombstone - 2",
      ])
  }

  @Test func transactionalCommitsCountFromTheirMarkerOn() throws {
    let transactional = "\"transactional\":true,\"control\":false,\"producer_id\":4"
    let control = "\"transactional\":true,\"control\":true,\"producer_id\":4"
    var log = LogWriter()
    log.commit(5, at: 1000, batch: transactional)
    log.record("00000000", "\"000000000000\"", at: 2000, batch: control)
    log.commit(6, at: 3000, batch: transactional)
    log.record("00000001", "\"000000000000\"", at: 5000, batch: control)
    #expect(try changes(timeline(log)) == ["6000 NOTFOUND UNKNOWN commit - 3"])
  }

  @Test func silentGroupsAreForgottenAtAFullHour() throws {
    var log = LogWriter()
    log.commit(5, at: 1000)
    log.head(5, topic: "other", at: 604_800_000 + 7_300_000)
    #expect(
      try changes(timeline(log)) == [
        "2000 NOTFOUND UNKNOWN commit - 1", "608400000 UNKNOWN NOTFOUND clock - -",
      ])
  }

  @Test func clustersAreKeptApart() throws {
    var log = LogWriter()
    log.commit(5, at: 1000)
    var other = LogWriter()
    other.commit(5, at: 1000)
    other.head(9, at: 1000)
    log.text += other.text.replacing("\"source\":\"c\",", with: "")
    let lines = timeline(log, minimumComplete: 0).lines
    #expect(lines.count == 2)
    #expect(
      lines[0].hasPrefix(#"{"time":2000,"source":"c","group":"g","from":"NOTFOUND","to":"UNKNOWN""#)
    )
    #expect(lines[1].hasPrefix(#"{"time":2000,"group":"g","from":"NOTFOUND","to":"ERR""#))
  }

  @Test func badLinesAreNamed() {
    var log = LogWriter()
    log.text = """
      x
      {"type":"head","topic":"t","partition":0,"offset":1}
      {"type":"head","partition":0,"offset":1,"timestamp":1}
      {"type":"other"}

      """
    log.commit(5, partition: -1, at: 1000)
    log.record("0001", "null", at: 1000)
    let answers = timeline(log)
    #expect(answers.output.isEmpty)
    #expect(
      answers.errors == """
        vole test: line 1: not the JSON of a record: expected an object at byte 0
        vole test: line 2: head without topic, partition, offset or timestamp
        vole test: line 3: head without topic, partition, offset or timestamp
        vole test: line 4: "key" is missing
        vole test: line 5: commit of partition -1, which is out of range
        vole test: line 6: key: group needs 2 bytes, 0 left, at byte 2

        """)
  }

  @Test func clocksOfAnyKindDoNotTrap() {
    var log = LogWriter()
    for time in [Int64.max, 0, -1, .min, 5000, .max - 1] {
      log.commit(5, at: time)
      log.head(.max, at: time)
      log.head(-1, at: time)
      log.commit(.min, group: "h", at: time)
    }
    _ = timeline(log)
    _ = answer(of: TimeIndex(seed: 1), to: log.text)
  }

  // MARK: Captured from real brokers

  @Test func replaysTheCaptureWithoutHeads() throws {
    let lines = try Capture.lines().filter { $0.hasPrefix(#"{"source":"kafka-4.3.1""#) }
    let text = Array(lines.joined(separator: "\n").utf8)
    let answers = replayInOrderOfTime(text)
    #expect(answers.badLines == 0)
    // Without heads nothing is judged: groups come and go.
    var verdicts: [String: String] = [:]
    var last: Int64 = 0
    for line in answers.lines {
      let change = try object(line)
      let group = change["group"] as? String ?? ""
      #expect(change["from"] as? String == verdicts[group] ?? "NOTFOUND")
      verdicts[group] = change["to"] as? String
      let time = (change["time"] as? NSNumber)?.int64Value ?? 0
      #expect(time >= last)
      last = time
    }
    let state = answer(of: ReplayStateFilter(seed: 1), to: text)
    let standing = Set(try state.lines.map { try object($0)["group"] as? String ?? "" })
    #expect(Set(verdicts.filter { $0.value == "UNKNOWN" }.keys) == standing)
    #expect(Set(verdicts.filter { $0.value == "NOTFOUND" }.keys).contains("classic-range"))
  }

  private func replayInOrderOfTime(_ text: [UInt8]) -> FilterAnswer {
    var indexing = LineFilterRun(TimeIndex(seed: 1), errorPrefix: "")
    indexing.consume(text.span)
    indexing.finish()
    let filter = ReplayTimelineFilter(settings: TimelineSettings(), seed: 2)
    var run = LineFilterRun(filter, errorPrefix: "")
    for entry in indexing.end().inOrderOfTime() {
      let start = Int(entry.position)
      run.answer(
        text, start..<(start + Int(entry.length)),
        at: LinePlace(number: Int(entry.number), position: entry.position))
    }
    _ = run.conclude()
    return FilterAnswer(
      output: String(decoding: run.output, as: UTF8.self),
      errors: String(decoding: run.errors, as: UTF8.self), badLines: run.badLines)
  }

  // MARK: Against a clock that ticks every second

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func agreesWithJudgingEveryGroupEverySecond(seed: UInt64) throws {
    let world = RandomWorld(seed: seed)
    let log = world.log()
    var settings = TimelineSettings(limits: WindowLimits(intervals: 4))
    settings.parameters.hold = 15
    settings.parameters.minimumComplete = 0.75
    let replayed = try answer(of: ReplayTimelineFilter(settings: settings, seed: 5), to: log.text)
      .lines.map { line in
        let change = try object(line)
        return "\(change["time"] ?? "") \(change["group"] ?? "") \(change["from"] ?? "") "
          + "\(change["to"] ?? "")"
      }
    let expected = world.changes(settings)
    #expect(replayed.sorted() == expected.sorted(), "seed \(seed)")
    #expect(expected.count > 20)
  }
}

/// A world of three groups that commit, rest, stall, rewind and vanish.
private struct RandomWorld {
  private struct Happening {
    let time: Int64
    let group: Int
    let partition: Int32
    /// Nil for a tombstone.
    let offset: Int64?
    let isHead: Bool
  }

  private var state: UInt64
  private var happenings: [Happening] = []

  init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15
    var heads: [Int64] = [0, 0]
    var offsets = [[Int64]](repeating: [0, 0], count: 3)
    var time: Int64 = 1_000_000
    for _ in 0..<700 {
      time += random(8) == 0 ? Int64(random(90_000)) : Int64(random(1200))
      let partition = random(2)
      let group = random(3)
      switch random(10) {
      case 0...3:
        heads[partition] += Int64(random(30))
        happenings.append(
          Happening(
            time: time, group: 0, partition: Int32(partition), offset: heads[partition],
            isHead: true))
        continue
      case 4...6: offsets[group][partition] = heads[partition] - Int64(random(20))
      case 7: offsets[group][partition] -= Int64(random(20))
      case 8: break
      default:
        if random(4) == 0 {
          happenings.append(
            Happening(
              time: time, group: group, partition: Int32(partition), offset: nil, isHead: false))
          continue
        }
      }
      happenings.append(
        Happening(
          time: time, group: group, partition: Int32(partition), offset: offsets[group][partition],
          isHead: false))
    }
  }

  private mutating func random(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }

  func log() -> LogWriter {
    var log = LogWriter()
    for happening in happenings {
      if happening.isHead {
        log.head(happening.offset ?? 0, partition: happening.partition, at: happening.time)
      } else {
        log.commit(
          happening.offset, group: "g\(happening.group)", partition: happening.partition,
          at: happening.time)
      }
    }
    return log
  }

  func changes(_ settings: TimelineSettings) -> [String] {
    var store = OffsetStore(limits: settings.limits, expireAfter: settings.expireAfter, seed: 1)
    let topic = Array("t".utf8)
    var verdicts = [Verdict](repeating: .notFound, count: 3)
    var changes: [String] = []
    var rest = happenings[...]
    var order: Int64 = 0
    var early: [Int32: Int64] = [:]
    for group in 0..<3 { _ = store.addGroup(Array("g\(group)".utf8).span) }
    guard let first = happenings.first, let last = happenings.last else { return [] }
    for second in (first.time / 1000)...(last.time / 1000) {
      while let happening = rest.first, happening.time / 1000 == second {
        rest = rest.dropFirst()
        let isWatched = store.topic(named: topic.span) != nil
        if happening.isHead {
          if let index = store.topic(named: topic.span) {
            store.recordHead(
              happening.offset ?? 0, topic: index, partition: happening.partition,
              now: happening.time)
          } else {
            early[happening.partition] = happening.offset
          }
          continue
        }
        if let offset = happening.offset {
          _ = store.record(
            group: happening.group, topic: topic.span, partition: happening.partition,
            offset: offset, timestamp: happening.time, order: order, now: happening.time)
        } else {
          _ = store.removeOffset(
            group: happening.group, topic: topic.span, partition: happening.partition)
        }
        order += 1
        if !isWatched, let index = store.topic(named: topic.span) {
          for (partition, head) in early {
            store.recordHead(head, topic: index, partition: partition, now: happening.time)
          }
        }
      }
      for group in 0..<3 {
        let verdict = store.judge(
          group: group, nowSeconds: second + 1, parameters: settings.parameters
        ).verdict
        if verdict != verdicts[group] {
          changes.append("\((second + 1) * 1000) g\(group) \(verdicts[group].name) \(verdict.name)")
          verdicts[group] = verdict
        }
      }
    }
    return changes
  }
}
