/// When the files of the configuration are looked at again.
///
/// What changes files seldom does it at once: a change is looked at when things have been quiet for
/// a moment, and several changes are one. Where nobody tells of changes, a look once a minute does.
package struct ReloadSchedule: Sendable, Equatable {
  /// How long files must be left alone before they are looked at, in milliseconds.
  static let quietTime: Int64 = 500
  /// How long a look may be put off by further changes, in milliseconds.
  static let longestWait: Int64 = 5000
  /// The pause between two looks without any sign of a change, in milliseconds.
  static let interval: Int64 = 60_000

  private var stirred: (first: Int64, last: Int64)?
  private var lookedAt: Int64

  /// Whether both look at the same moments.
  package static func == (left: ReloadSchedule, right: ReloadSchedule) -> Bool {
    left.stirred?.first == right.stirred?.first && left.stirred?.last == right.stirred?.last
      && left.lookedAt == right.lookedAt
  }

  /// The files were just read.
  ///
  /// - Parameter now: the monotonic clock in milliseconds, as everywhere here.
  package init(now: Int64) { lookedAt = now }

  /// Takes note of a sign that a file may have changed.
  package mutating func stir(now: Int64) { stirred = (stirred?.first ?? now, now) }

  /// Whether the files are to be looked at now; if so, the next look is another one.
  package mutating func takeDue(now: Int64) -> Bool {
    let isDue =
      if let stirred {
        now - stirred.last >= Self.quietTime || now - stirred.first >= Self.longestWait
      } else {
        now - lookedAt >= Self.interval
      }
    guard isDue else { return false }
    stirred = nil
    lookedAt = now
    return true
  }
}
