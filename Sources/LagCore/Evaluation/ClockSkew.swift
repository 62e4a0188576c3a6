/// How far this machine's clock is from the brokers', as far as commits tell it.
///
/// A commit carries the broker's time. Seen by a reader that stands at the end of the topic, it is
/// as old as its way here took, so that the smallest age of an hour comes near to the difference of
/// the clocks.
package struct ClockSkew: Sendable {
  /// The smallest difference of each minute, by minute modulo their number; `Int64.max` for none.
  private var smallestOfMinute = [Int64](repeating: .max, count: ClockSkew.minutes)
  /// The minute since 1970 of the newest observation.
  private var minute: Int64?

  /// How long a difference counts, in minutes.
  private static let minutes = 60
  /// The smallest skew that is corrected, in milliseconds (5 s): a commit's way may take as long.
  package static let tolerance: Int64 = 5000
  /// The largest difference that is believed, in milliseconds (24 h): old clients could choose the
  /// time of a commit (OffsetCommit, version 1), and one wrong time would count for an hour.
  package static let largestBelieved: Int64 = 86_400_000

  /// Knows nothing yet.
  package init() {}

  /// Takes note of a commit that was read as soon as it was written.
  ///
  /// - Parameters:
  ///   - arrival: when it was read, on this machine's clock, in milliseconds since 1970.
  ///   - commitTime: when the broker took it, in milliseconds since 1970.
  package mutating func observe(arrival: Int64, commitTime: Int64) {
    let (difference, isTooLarge) = arrival.subtractingReportingOverflow(commitTime)
    guard !isTooLarge, difference.magnitude <= UInt64(Self.largestBelieved) else { return }
    let now = arrival / 60_000
    var current = now
    if let minute {
      if now >= minute {
        forget(after: minute, upTo: now)
      } else if now == minute - 1 {
        // A clock that is set right by a moment is not a new clock.
        current = minute
      } else {
        forgetAll()
      }
    }
    minute = current
    let place = Self.place(of: current)
    smallestOfMinute[place] = min(smallestOfMinute[place], difference)
  }

  /// The smallest difference of the last hour in milliseconds, nil before the first commit.
  ///
  /// It is positive when this clock is ahead of the brokers'. While no commit comes, the last hour
  /// that had some counts on.
  package var smallest: Int64? {
    let smallest = smallestOfMinute.min() ?? .max
    return smallest == .max ? nil : smallest
  }

  /// How far this clock is ahead of the brokers' in milliseconds, as far as it is corrected: 0 up
  /// to `tolerance`.
  package var correction: Int64 {
    guard let smallest, smallest.magnitude > UInt64(Self.tolerance) else { return 0 }
    return smallest
  }

  private mutating func forget(after old: Int64, upTo new: Int64) {
    guard new &- old < Int64(Self.minutes) else { return forgetAll() }
    var next = old
    while next < new {
      next += 1
      smallestOfMinute[Self.place(of: next)] = .max
    }
  }

  private mutating func forgetAll() {
    for place in smallestOfMinute.indices { smallestOfMinute[place] = .max }
  }

  private static func place(of minute: Int64) -> Int {
    let place = Int(minute % Int64(minutes))
    return place < 0 ? place + minutes : place
  }
}
