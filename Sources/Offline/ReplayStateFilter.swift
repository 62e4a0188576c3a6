import ConsumerOffsets
package import JSON
import LagCore

/// Replays a captured log and then says which committed offsets stand at its end.
///
/// What a broker would have in memory after loading the same log, as `OffsetFetch` gives it:
/// transactional commits count from their commit marker on, unless a later record stands already,
/// and vanish with an abort; an offset's tombstone takes it away, and what waits for it too. The
/// tombstone of a group's own record takes no offset away: brokers write one for each offset of a
/// group that they delete, and one without them when a group changes its protocol.
///
/// Lines must be in the order of the log within each partition. Each `source` is a cluster of its
/// own. A record without `batch` counts as plain, one without `offset` as the number of its line.
package struct ReplayStateFilter: LineFilter {
  /// The most offsets that may stand or wait at once.
  package static let maximumOffsets = 2_000_000
  /// How many lines are added to the output at once.
  private static let linesPerPart = 1024

  private var line = CaptureLine(for: .log)
  private var sources: NameTable
  private var groups: NameTable
  private var topics: NameTable
  private var offsets: [OffsetKey: CommittedOffset] = [:]
  private var transactions = OpenTransactions()
  private let maximumOffsets: Int
  /// The answer, once all lines were read; what was written is cut off behind.
  private var standing: [OffsetKey]?

  /// Makes a filter that knows no offset yet.
  ///
  /// - Parameters:
  ///   - seed: A random number for the name tables.
  ///   - maximumOffsets: The most offsets that may stand or wait at once.
  package init(seed: UInt64, maximumOffsets: Int = ReplayStateFilter.maximumOffsets) {
    self.maximumOffsets = maximumOffsets
    sources = NameTable(seed: seed)
    groups = NameTable(seed: seed &+ 1)
    topics = NameTable(seed: seed &+ 2)
  }

  /// Takes a line of the log in; there is no answer before the end.
  package mutating func answer(
    _ bytes: [UInt8], _ range: Range<Int>, at place: LinePlace, into output: inout JSONWriter
  ) -> LineProblem? {
    if isBlank(bytes, range) { return nil }
    do throws(LineProblem) {
      try line.read(bytes, range)
      if line.isHead { return nil }
      try line.readRecord()
      if line.isControl {
        try applyMarker()
      } else {
        try applyRecord(place.number)
      }
      return nil
    } catch {
      return error
    }
  }

  // MARK: Reading the log

  private mutating func applyMarker() throws(LineProblem) {
    guard let marker = try TransactionMarker.decode(line.key) else { return }
    for (key, commit) in transactions.end(try producer()) where marker == .commit {
      if let standing = offsets[key], standing.recordOffset >= commit.recordOffset { continue }
      offsets[key] = commit
    }
  }

  private mutating func applyRecord(_ number: Int) throws(LineProblem) {
    guard let record = try line.offsetRecord() else { return }
    let key = try key(of: record.key)
    guard let value = record.value else {
      offsets[key] = nil
      transactions.remove(key)
      return
    }
    guard offsets.count + transactions.count < maximumOffsets else {
      throw LineProblem("more than \(maximumOffsets) committed offsets")
    }
    let commit = CommittedOffset(
      offset: value.offset, leaderEpoch: value.leaderEpoch,
      metadata: Array(line.value[value.metadata]), commitTimestamp: value.commitTimestamp,
      recordOffset: line.offset ?? Int64(number), line: number)
    if line.isTransactional {
      transactions.add(commit, for: key, by: try producer())
    } else {
      offsets[key] = commit
    }
  }

  private mutating func producer() throws(LineProblem) -> OpenTransactions.Producer {
    OpenTransactions.Producer(
      source: try sources.number(of: line.source), partition: line.partition ?? -1,
      id: line.producerID)
  }

  private mutating func key(of record: OffsetCommitKey) throws(LineProblem) -> OffsetKey {
    OffsetKey(
      source: try sources.number(of: line.source),
      group: try groups.number(of: line.key, record.group),
      topic: try topics.number(of: line.key, record.topic),
      partition: record.partition)
  }

  // MARK: The answer

  /// Adds the next of the offsets that stand.
  package mutating func conclude(into output: inout JSONWriter) -> Bool {
    var rest = standing ?? sorted()
    standing = nil  // so that `rest` is not copied
    for key in rest.suffix(Self.linesPerPart).reversed() { write(key, into: &output) }
    rest.removeLast(min(rest.count, Self.linesPerPart))
    standing = rest
    return !rest.isEmpty
  }

  /// All standing offsets by group, topic, partition and source, the first one last.
  ///
  /// Names are in the order of their bytes, which is that of Unicode's scalars.
  private func sorted() -> [OffsetKey] {
    let groupRanks = Self.ranks(of: groups)
    let topicRanks = Self.ranks(of: topics)
    return offsets.keys.sorted { left, right in
      if left.group != right.group {
        return groupRanks[Int(left.group)] > groupRanks[Int(right.group)]
      }
      if left.topic != right.topic {
        return topicRanks[Int(left.topic)] > topicRanks[Int(right.topic)]
      }
      return (left.partition, left.source) > (right.partition, right.source)
    }
  }

  private static func ranks(of table: NameTable) -> [Int] {
    let sorted = (0..<table.count).sorted {
      table.name($0).lexicographicallyPrecedes(table.name($1))
    }
    var ranks = Array(repeating: 0, count: sorted.count)
    for (rank, index) in sorted.enumerated() { ranks[index] = rank }
    return ranks
  }

  private func write(_ key: OffsetKey, into output: inout JSONWriter) {
    guard let commit = offsets[key] else { return }
    output.beginObject()
    output.key("group")
    output.value(name: groups.name(Int(key.group)))
    output.key("topic")
    output.value(name: topics.name(Int(key.topic)))
    output.field("partition", key.partition)
    output.field("offset", commit.offset)
    output.field("leaderEpoch", commit.leaderEpoch)
    output.field("metadata", commit.metadata.span)
    // Without it, two clusters' lines for one name could not be told apart.
    if sources.count > 1 {
      output.key("source")
      output.value(name: sources.name(Int(key.source)))
    }
    output.endObject()
    output.newline()
  }
}

extension JSONWriter {
  fileprivate mutating func value(name: ArraySlice<UInt8>) { value(name.span) }
}
