/// When something common was to blame, as far as it matters for who may be blamed himself; all
/// times are the monotonic clock's, in milliseconds.
struct CommonCauseHistory {
  /// From the first second to the last one in which it was seen.
  private var episodes: [ClosedRange<Int64>] = []
  /// How many owners stood in the last second of it; 0 while there is none.
  private var standing = 0
  /// When fewer owners stood than the second before.
  private(set) var easedAt: Int64?

  /// How many episodes are kept (16).
  private static let kept = 16

  /// When the last one ended; that it goes on says now.
  var endedAt: Int64? { episodes.last?.upperBound }

  /// Takes note that something common is to blame, for so many owners stand.
  mutating func goesOn(standing: Int, now: Int64) {
    if self.standing == 0 {
      if episodes.count == Self.kept { episodes.removeFirst() }
      episodes.append(now...now)
    } else if let last = episodes.popLast() {
      if standing < self.standing { easedAt = now }
      episodes.append(last.lowerBound...max(now, last.upperBound))
    }
    self.standing = standing
  }

  /// Takes note that nothing common is to blame.
  mutating func isOver() { standing = 0 }

  /// Returns the longest time from a moment until now in which nothing common was to blame.
  func longestGap(from start: Int64, to now: Int64) -> Int64 {
    var longest: Int64 = 0
    var from = start
    for episode in episodes where episode.upperBound > from {
      longest = max(longest, episode.lowerBound - from)
      from = episode.upperBound
    }
    return max(longest, now - from)
  }
}
