import ConsumerOffsets
import LagCore

/// From the bytes of a record to its window.
enum CommitBenchmarks {
  static let all = [
    Benchmark(
      name: "decode", summary: "key and value bytes of a commit to plain values", run: decode),
    Benchmark(
      name: "store", summary: "the same, and on into the window of its partition", run: store),
    Benchmark(
      name: "foreign", summary: "a record of a group that is not watched, from its key bytes",
      run: foreign),
  ]

  private static let partitions = 20_000
  private static let recordCount = 200_000

  private static func log(_ options: Options, _ pattern: RecordLog.Pattern) -> RecordLog {
    guard
      let log = try? RecordLog(
        of: World(partitions: partitions), count: recordCount * options.work, pattern: pattern)
    else { exitWithError("the records cannot be written: a name is too long") }
    return log
  }

  private static func decode(_ options: Options) -> [Line] {
    let log = log(options, .bursts)
    let figure = options.rate(of: log.positions.count) {
      let bytes = log.bytes.span
      var sum: Int64 = 0
      for position in log.positions {
        let key = bytes.extracting(position.key..<position.value)
        let value = bytes.extracting(position.value..<position.end)
        guard case .offsetCommit(let name) = try? RecordKey.decode(key),
          let commit = try? OffsetCommitValue.decode(value)
        else { continue }
        sum &+= commit.offset &+ Int64(name.partition)
      }
      consume(sum)
    }
    return [Line(name: "decode a commit", figure: figure)]
  }

  /// A store that watches some groups and has no commits yet.
  private static func store(ofGroups groups: [String]) -> OffsetStore {
    var store = OffsetStore(limits: WindowLimits(), expireAfter: 7 * 86_400_000, seed: 1)
    for group in groups { _ = store.addGroup(Array(group.utf8).span) }
    return store
  }

  /// Reads the whole log into a store, record by record, as the agent does.
  private static func ingest(_ log: RecordLog, into store: inout OffsetStore) -> Int {
    let bytes = log.bytes.span
    let now = log.now
    var placed = 0
    for (index, position) in log.positions.enumerated() {
      let key = bytes.extracting(position.key..<position.value)
      guard let name = try? RecordKey.group(of: key),
        let group = store.group(named: key.extracting(name)),
        case .offsetCommit(let commit) = try? RecordKey.decode(key),
        let value = try? OffsetCommitValue.decode(
          bytes.extracting(position.value..<position.end))
      else { continue }
      let outcome = store.record(
        group: group, topic: key.extracting(commit.topic), partition: commit.partition,
        offset: value.offset, timestamp: value.commitTimestamp, order: log.order &+ Int64(index),
        topicID: value.topicId.map {
          TopicID(high: $0.mostSignificantBits, low: $0.leastSignificantBits)
        }, now: now)
      if case .placed = outcome { placed &+= 1 }
    }
    return placed
  }

  private static func store(_ options: Options) -> [Line] {
    [RecordLog.Pattern.bursts, .scattered].map { pattern in
      var log = log(options, pattern)
      var store = store(ofGroups: World(partitions: partitions).memberships.map(\.group))
      // One pass makes the windows; heads come after it, as they do in the agent.
      consume(ingest(log, into: &store))
      addHeads(to: &store)
      let figure = options.rate(of: log.positions.count, prepare: { log.advance() }) {
        consume(ingest(log, into: &store))
      }
      var yardstick: Double?
      if options.hasYardstick {
        var naive = NaiveStore()
        ingest(log, into: &naive)
        yardstick =
          options.rate(of: log.positions.count, prepare: { log.advance() }) {
            ingest(log, into: &naive)
          }.best
      }
      return Line(
        name: pattern == .bursts ? "decode + store a commit" : "decode + store, scattered",
        figure: figure, budget: pattern == .bursts ? 8 : nil, yardstick: yardstick)
    }
  }

  private static func addHeads(to store: inout OffsetStore) {
    for topic in store.watchedTopics() {
      for partition in 0..<store.heads(ofTopic: topic.index).partitionCount {
        store.recordHead(
          2_000_000, topic: topic.index, partition: Int32(partition), now: World.start)
      }
    }
  }

  private static func ingest(_ log: RecordLog, into store: inout NaiveStore) {
    let bytes = log.bytes.span
    for (index, position) in log.positions.enumerated() {
      let key = bytes.extracting(position.key..<position.value)
      guard case .offsetCommit(let name) = try? RecordKey.decode(key),
        let value = try? OffsetCommitValue.decode(
          bytes.extracting(position.value..<position.end))
      else { continue }
      store.record(
        group: text(log.bytes, at: position.key, name.group),
        topic: text(log.bytes, at: position.key, name.topic), partition: name.partition,
        offset: value.offset, timestamp: value.commitTimestamp, order: log.order &+ Int64(index))
    }
  }

  private static func text(_ bytes: [UInt8], at start: Int, _ range: Range<Int>) -> String {
    String(
      decoding: bytes[(start + range.lowerBound)..<(start + range.upperBound)], as: UTF8.self)
  }

  private static func foreign(_ options: Options) -> [Line] {
    let log = log(options, .bursts)
    let store = store(ofGroups: ["the-watched-group"])
    let figure = options.rate(of: log.positions.count) {
      let bytes = log.bytes.span
      var foreign = 0
      for position in log.positions {
        let key = bytes.extracting(position.key..<position.value)
        guard let name = try? RecordKey.group(of: key) else { continue }
        if store.group(named: key.extracting(name)) == nil { foreign &+= 1 }
      }
      consume(foreign)
    }
    return [Line(name: "reject a foreign group", figure: figure)]
  }
}
