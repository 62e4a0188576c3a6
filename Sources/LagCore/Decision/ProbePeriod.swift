/// How often liveness is asked, as far as it was seen.
struct ProbePeriod: Equatable {
  /// The last intervals in milliseconds, oldest first.
  private var intervals: [Int64] = []
  /// When it was asked last, on the monotonic clock in milliseconds.
  private(set) var lastAt: Int64?

  /// How many intervals are kept.
  private static let kept = 9
  /// What is reckoned with before two probes were seen, in milliseconds (10 s, kubelet's default).
  static let usual: Int64 = 10_000
  /// A longer interval is a pause of the probes, and no period, in milliseconds (10 min).
  private static let longest: Int64 = 600_000

  /// Takes note of a probe.
  mutating func probed(at now: Int64) {
    if let lastAt, now > lastAt, now - lastAt <= Self.longest {
      if intervals.count == Self.kept { intervals.removeFirst() }
      intervals.append(now - lastAt)
    }
    lastAt = now
  }

  /// The period in milliseconds: the median, which neither a hand-made request nor a container's
  /// start moves.
  var value: Int64 {
    intervals.isEmpty ? Self.usual : intervals.sorted()[intervals.count / 2]
  }
}
