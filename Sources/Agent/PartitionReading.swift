/// How far one partition of the offsets topic has been read, and what that proves.
struct PartitionReading: Sendable, Equatable {
  /// The offset of the next record, as far as records and ends of partition told.
  private(set) var position: Int64 = 0
  /// The end of the partition when reading began; nil until it is known.
  private(set) var endAtStart: Int64?
  /// An end that was sampled and has not been reached yet, with the monotonic time of the sample.
  private var awaited: (end: Int64, at: Int64)?
  /// The latest monotonic time for which it is proven that everything before it has been read.
  private(set) var provenAt: Int64?
  /// Whether everything that stood at the start has been read.
  private(set) var isCaughtUp = false
  /// Why the partition cannot be read, nil while it can.
  var fault: ClusterFault?

  static func == (left: PartitionReading, right: PartitionReading) -> Bool {
    left.position == right.position && left.endAtStart == right.endAtStart
      && left.awaited?.end == right.awaited?.end && left.awaited?.at == right.awaited?.at
      && left.provenAt == right.provenAt && left.isCaughtUp == right.isCaughtUp
      && left.fault == right.fault
  }

  /// Records that are known to be left, nil while the end at the start is unknown.
  var remaining: Int64? {
    if isCaughtUp { return 0 }
    return endAtStart.map { max(0, $0 - position) }
  }

  /// Takes note of a record that was read.
  @inline(__always)
  mutating func read(offset: Int64) {
    position = offset &+ 1
    if awaited != nil { settle() }
  }

  /// Takes note that the reader stands at the end.
  mutating func reachedEnd(position end: Int64, now: Int64) {
    position = max(position, end)
    provenAt = now
    isCaughtUp = true
    fault = nil
    settle()
  }

  /// Takes note of the partition's end as a look-up found it.
  ///
  /// - Parameters:
  ///   - end: the log-end offset.
  ///   - now: the monotonic time of the look-up in milliseconds.
  mutating func sampled(end: Int64, now: Int64) {
    if endAtStart == nil { endAtStart = end }
    // An older end that is still awaited is the stronger proof to come: it is reached first.
    if awaited == nil || position >= end { awaited = (end, now) }
    settle()
  }

  private mutating func settle() {
    if let endAtStart, position >= endAtStart { isCaughtUp = true }
    guard let awaited, position >= awaited.end else { return }
    provenAt = max(provenAt ?? awaited.at, awaited.at)
    self.awaited = nil
  }
}
