/// The last log-end offsets ("heads") of each partition of one topic.
///
/// A partition keeps as many heads as a window keeps commits (Burrow, `addBrokerOffset`). They lie
/// in one array as 32-bit differences to a base; a partition whose heads lie too far apart is kept
/// in full beside it.
package struct TopicHeads: Sendable {
  private let intervals: Int
  private var words: [UInt32] = []
  private var wide: [Int32: [Int64]] = [:]

  private enum Word {
    static let base = 0
    static let state = 2
    static let sampledAt = 3
    static let heads = 4
  }
  private static let countMask: UInt32 = 0xFFF
  private static let newestShift: UInt32 = 12

  /// Creates a topic without partitions.
  ///
  /// - Parameter intervals: heads kept per partition, 1 to `WindowLimits.maximumIntervals`.
  package init(intervals: Int) {
    self.intervals = intervals
  }

  /// The same heads with room for another number of each partition; the newest that fit in stay.
  func withRoom(for intervals: Int) -> TopicHeads {
    var changed = TopicHeads(intervals: intervals)
    changed.growPartitions(to: partitionCount)
    for partition in 0..<Int32(partitionCount) {
      let kept = heads(of: partition).suffix(intervals)
      guard !kept.isEmpty else { continue }
      changed.store(Array(kept), of: partition)
      changed.words[Int(partition) * changed.stride + Word.sampledAt] =
        words[Int(partition) * stride + Word.sampledAt]
    }
    return changed
  }

  private var stride: Int { Word.heads + intervals }

  /// How many partitions the topic is known to have.
  package var partitionCount: Int { words.count / stride }

  /// The memory that the heads take, in bytes.
  package var footprint: Int {
    words.capacity * 4 + wide.values.reduce(0) { $0 + $1.capacity * 8 }
  }

  /// Takes note of the partition count; a smaller one than known is ignored: partitions never go.
  package mutating func growPartitions(to count: Int) {
    guard count > partitionCount else { return }
    words.reserveCapacity(count * stride)
    addPartitions(upTo: count)
  }

  private mutating func addPartitions(upTo count: Int) {
    while words.count < count * stride { words.append(0) }
  }

  /// Records the head of a partition; one beyond the known count makes the topic larger.
  ///
  /// - Parameters:
  ///   - partition: 0 up to `OffsetStore.maximumPartitions`, checked by the caller.
  ///   - head: the log-end offset.
  ///   - seconds: when it was sampled, in seconds since 1970.
  package mutating func record(partition: Int32, head: Int64, atSeconds seconds: UInt32) {
    addPartitions(upTo: Int(partition) + 1)
    append(head, to: partition)
    words[Int(partition) * stride + Word.sampledAt] = seconds
  }

  /// Returns the newest head of a partition, nil when none is known.
  @inline(__always)
  package func newest(of partition: Int32) -> Int64? {
    let base = Int(partition) &* stride
    guard partition >= 0, base < words.count else { return nil }
    let state = words[base &+ Word.state]
    if state == 0 { return wide.isEmpty ? nil : wide[partition]?.last }
    let newest = Int((state &>> Self.newestShift) & Self.countMask)
    return load(base) &+ Int64(Int32(bitPattern: words[base &+ Word.heads &+ newest]))
  }

  /// Returns the newest head of a partition and when it was sampled, in seconds since 1970; nil
  /// when none is known.
  @inline(__always)
  func latest(of partition: Int32) -> (head: Int64, seconds: UInt32)? {
    guard let head = newest(of: partition) else { return nil }
    return (head, words[Int(partition) &* stride &+ Word.sampledAt])
  }

  /// Returns the newest head of a partition and when it was sampled, in seconds since 1970; nil
  /// when none is known, or heads that lie too far apart.
  @inline(__always)
  func packedLatest(of partition: Int) -> (head: Int64, seconds: UInt32)? {
    let base = partition &* stride
    guard base < words.count else { return nil }
    let state = words[base &+ Word.state]
    guard state != 0 else { return nil }
    let newest = Int((state &>> Self.newestShift) & Self.countMask)
    return (
      load(base) &+ Int64(Int32(bitPattern: words[base &+ Word.heads &+ newest])),
      words[base &+ Word.sampledAt]
    )
  }

  /// Returns the head of a partition at a time, or the one that is kept and comes next to it; nil
  /// when none is known.
  ///
  /// - Parameters:
  ///   - partition: the partition.
  ///   - seconds: the time in seconds since 1970.
  ///   - interval: the distance of two samples in seconds.
  func head(of partition: Int32, atSeconds seconds: Int64, interval: Int64) -> Int64? {
    guard let newest = latest(of: partition) else { return nil }
    let passed = Int64(newest.seconds) &- seconds
    guard passed > 0, interval > 0 else { return newest.head }
    let kept = heads(of: partition)
    return kept[max(0, kept.count - 1 - Int(min((passed - 1) / interval + 1, 4096)))]
  }

  /// Returns whether any stored head of a partition is at most `offset`.
  ///
  /// True means that the consumer had read everything not long ago (Burrow,
  /// `checkIfRecentLagZero`).
  @inline(__always)
  package func wasAtMost(_ offset: Int64, partition: Int32) -> Bool {
    let base = Int(partition) &* stride
    guard partition >= 0, base < words.count else { return false }
    let count = Int(words[base &+ Word.state] & Self.countMask)
    if count == 0 { return wide[partition]?.contains { $0 <= offset } ?? false }
    // The offset is brought to the measure of the heads, so that many are compared at once.
    let (distance, overflow) = offset.subtractingReportingOverflow(load(base))
    if overflow { return offset >= 0 }
    guard distance >= Int64(Int32.min) else { return false }
    let limit = Int32(clamping: distance)
    let kept = words.span.extracting((base &+ Word.heads)..<(base &+ Word.heads &+ count))
    var isAny = false
    for slot in kept.indices where Int32(bitPattern: kept[slot]) <= limit { isAny = true }
    return isAny
  }

  /// Returns the stored heads of a partition, oldest first.
  package func heads(of partition: Int32) -> [Int64] {
    let base = Int(partition) * stride
    guard partition >= 0, base < words.count else { return [] }
    if let heads = wide[partition] { return heads }
    let state = words[base + Word.state]
    let count = Int(state & Self.countMask)
    let newest = Int((state >> Self.newestShift) & Self.countMask)
    return (0..<count).map { position in
      let slot = (newest + 1 + intervals - count + position) % intervals
      return load(base) &+ Int64(Int32(bitPattern: words[base + Word.heads + slot]))
    }
  }

  /// Returns when the newest head of a partition was sampled, in seconds since 1970.
  package func sampledAt(_ partition: Int32) -> UInt32? {
    guard newest(of: partition) != nil else { return nil }
    return words[Int(partition) * stride + Word.sampledAt]
  }

  /// When any head was sampled last, in seconds since 1970; nil when none is known.
  var newestSample: UInt32? {
    var newest: UInt32?
    for partition in 0..<Int32(partitionCount) {
      if let seconds = sampledAt(partition) { newest = max(newest ?? 0, seconds) }
    }
    return newest
  }

  /// Returns whether the newest head of a partition is lower than one that is stored before it.
  func didFall(_ partition: Int32) -> Bool {
    guard let newest = newest(of: partition) else { return false }
    return heads(of: partition).contains { $0 > newest }
  }

  /// Forgets all heads of a partition but the newest.
  mutating func keepNewest(of partition: Int32) {
    if let newest = newest(of: partition) { store([newest], of: partition) }
  }

  private mutating func append(_ head: Int64, to partition: Int32) {
    let base = Int(partition) * stride
    let state = words[base + Word.state]
    if state != 0, let word = Int32(exactly: head.subtractingReportingOverflow(load(base))) {
      let count = Int(state & Self.countMask)
      let newest = (Int((state >> Self.newestShift) & Self.countMask) + 1) % intervals
      words[base + Word.heads + newest] = UInt32(bitPattern: word)
      words[base + Word.state] =
        UInt32(min(count + 1, intervals)) | UInt32(newest) << Self.newestShift
      return
    }
    var heads = heads(of: partition)
    if heads.count == intervals { heads.removeFirst() }
    heads.append(head)
    store(heads, of: partition)
  }

  private mutating func store(_ heads: [Int64], of partition: Int32) {
    let base = Int(partition) * stride
    let origin = heads[0]
    var packed: [UInt32] = []
    packed.reserveCapacity(heads.count)
    for head in heads {
      guard let word = Int32(exactly: head.subtractingReportingOverflow(origin)) else {
        wide[partition] = heads
        words[base + Word.state] = 0
        return
      }
      packed.append(UInt32(bitPattern: word))
    }
    wide[partition] = nil
    words[base + Word.base] = UInt32(truncatingIfNeeded: origin)
    words[base + Word.base + 1] = UInt32(truncatingIfNeeded: origin >> 32)
    words[base + Word.state] = UInt32(heads.count) | UInt32(heads.count - 1) << Self.newestShift
    for (position, word) in packed.enumerated() { words[base + Word.heads + position] = word }
  }

  @inline(__always)
  private func load(_ base: Int) -> Int64 {
    Int64(bitPattern: UInt64(words[base]) | UInt64(words[base &+ 1]) &<< 32)
  }
}

extension Int32 {
  /// Creates the value of a subtraction, nil when it overflowed or does not fit.
  fileprivate init?(exactly difference: (partialValue: Int64, overflow: Bool)) {
    guard !difference.overflow else { return nil }
    self.init(exactly: difference.partialValue)
  }
}
