/// How far one partition of the offsets topic has been read, and what that proves.
///
/// The reader sees committed records only, so it comes no further than the last stable offset.
/// While that stands below the high watermark, an open transaction withholds everything behind it,
/// the commits of all groups of the partition included.
struct PartitionReading: Sendable, Equatable {
  /// An end of the log, and when it was looked up on the monotonic clock.
  private struct Sample: Sendable, Equatable {
    var end: Int64
    var at: Int64
  }

  /// The offset of the next record, as far as records and ends of partition told.
  private(set) var position: Int64 = 0
  /// The end of the partition when reading began; nil until it is known.
  private(set) var endAtStart: Int64?
  /// A high watermark that was sampled and has not been reached yet.
  private var awaited: Sample?
  /// The latest monotonic time for which it is proven that everything readable has been read.
  private(set) var provenAt: Int64?
  /// The latest monotonic time for which it is proven that everything has been read.
  ///
  /// What a consumer has not committed up to then it has not committed at all; later silence may
  /// be ours.
  private(set) var completeAt: Int64?
  /// Whether everything that stood at the start has been read.
  private(set) var isCaughtUp = false
  /// Since when it is known that an open transaction withholds records, on the monotonic clock.
  private(set) var withheldSince: Int64?
  /// How often a transaction was found to withhold records for long.
  private(set) var withholdings = 0
  /// Why the partition cannot be read, nil while it can.
  var fault: ClusterFault?

  /// How long records must be withheld before that counts, in milliseconds: every transaction
  /// withholds something for a moment.
  static let withholdingTime: Int64 = 30_000
  /// How long a high watermark may stand unreached, in milliseconds, before the last stable offset
  /// is looked at.
  static let patience: Int64 = 5000

  /// Records that are known to be left, nil while the end at the start is unknown.
  var remaining: Int64? {
    if isCaughtUp { return 0 }
    return endAtStart.map { max(0, $0 - position) }
  }

  /// Whether an open transaction has withheld records for long.
  private(set) var isWithheld = false

  /// Takes note of a record that was read.
  @inline(__always)
  mutating func read(offset: Int64) {
    position = offset &+ 1
    if fault != nil { fault = nil }
    if awaited != nil { settle() }
    if withheldSince != nil { endWithholding() }
  }

  /// Takes note that the reader stands at the end of what it can read.
  ///
  /// - Parameters:
  ///   - end: the offset of the next record.
  ///   - highWatermark: the end of the log at that time, nil when it is not known.
  ///   - now: the monotonic time in milliseconds.
  mutating func reachedEnd(position end: Int64, highWatermark: Int64?, now: Int64) {
    if end > position {
      position = end
      endWithholding()
    }
    provenAt = now
    if let highWatermark, end >= highWatermark { completeAt = now }
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
    if awaited == nil || position >= end { awaited = Sample(end: end, at: now) }
    settle()
  }

  /// Whether the last stable offset is to be looked up, because the end is not reached.
  func needsStableEnd(now: Int64) -> Bool {
    awaited.map { now - $0.at >= Self.patience } ?? false
  }

  /// Takes note of the last stable offset as a look-up found it.
  ///
  /// - Parameters:
  ///   - end: the last stable offset.
  ///   - now: the monotonic time of the look-up in milliseconds.
  mutating func sampled(stableEnd end: Int64, now: Int64) {
    guard position >= end else { return endWithholding() }
    provenAt = max(provenAt ?? now, now)
    isCaughtUp = true
    guard awaited != nil else { return }
    let since = withheldSince ?? now
    withheldSince = since
    if !isWithheld, now - since >= Self.withholdingTime {
      isWithheld = true
      withholdings += 1
    }
  }

  private mutating func endWithholding() {
    withheldSince = nil
    isWithheld = false
  }

  private mutating func settle() {
    if let endAtStart, position >= endAtStart { isCaughtUp = true }
    guard let sample = awaited, position >= sample.end else { return }
    provenAt = max(provenAt ?? sample.at, sample.at)
    completeAt = max(completeAt ?? sample.at, sample.at)
    awaited = nil
    endWithholding()
  }
}
