/// When something common was to blame, as far as it matters for who may be blamed himself; all
/// times are the monotonic clock's, in milliseconds.
struct CommonCauseHistory {
  /// From when it began, by the log, to the last second in which it was seen.
  private var episodes: [ClosedRange<Int64>] = []
  /// How many partitions stood in the last second of it; 0 while there is none.
  private var standing = 0
  /// When fewer partitions stood than the second before.
  private(set) var easedAt: Int64?

  /// How many episodes are kept (16).
  private static let kept = 16

  /// When the last one ended; that it goes on says now.
  var endedAt: Int64? { episodes.last?.upperBound }

  /// Takes note that something common is to blame, for which so many partitions stand.
  ///
  /// It is partitions that are counted: an owner of two that has just progressed with one of them
  /// stands still with the other, and is coming back all the same.
  ///
  /// - Parameters:
  ///   - standing: how many partitions stand.
  ///   - since: since when it has been going on before it was seen, because owners that stopped a
  ///     moment ago do not stand yet; nil while somebody still progressed lately, so that they may
  ///     be slow.
  ///   - now: the time.
  mutating func goesOn(standing: Int, since: Int64?, now: Int64) {
    if self.standing == 0 {
      if episodes.count == Self.kept { episodes.removeFirst() }
      episodes.append(now...now)
    } else if let last = episodes.popLast() {
      if standing < self.standing { easedAt = now }
      let start = max(min(since ?? .max, last.lowerBound), endedAt ?? .min)
      episodes.append(start...max(now, last.upperBound))
    }
    self.standing = standing
  }

  /// Takes note that nothing common is to blame.
  mutating func isOver() { standing = 0 }

  /// Returns the longest time between two moments in which nothing common was to blame.
  func longestGap(from start: Int64, to end: Int64) -> Int64 {
    var longest: Int64 = 0
    var from = start
    for episode in episodes where episode.upperBound > from && episode.lowerBound < end {
      longest = max(longest, episode.lowerBound - from)
      from = episode.upperBound
    }
    return max(longest, end - from)
  }
}
