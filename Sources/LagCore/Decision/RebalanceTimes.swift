/// When a group rebalanced, on the monotonic clock in milliseconds.
struct RebalanceTimes {
  /// Oldest first.
  private var times: [Int64] = []

  /// How many are kept (64).
  private static let kept = 64

  /// When it did last; nil when it never did.
  var lastAt: Int64? { times.last }

  /// Takes note of one.
  mutating func add(at time: Int64) {
    if times.count == Self.kept { times.removeFirst() }
    times.append(max(time, lastAt ?? .min))
  }

  /// Returns for how much of a time rebalances may have kept the group from working.
  ///
  /// - Parameters:
  ///   - start: when the time begins.
  ///   - end: when it ends.
  ///   - each: how long one may keep it from working.
  func taken(from start: Int64, to end: Int64, each: Int64) -> Int64 {
    var taken: Int64 = 0
    var from = start
    for time in times {
      let until = min(end, time &+ each)
      from = max(from, time)
      guard until > from else { continue }
      taken += until - from
      from = until
    }
    return taken
  }
}
