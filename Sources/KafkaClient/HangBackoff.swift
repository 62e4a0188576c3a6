/// Decides when a kind of request that hung its client may be tried again.
///
/// A hung client cannot be destroyed: each one costs its threads for the rest of the process, so
/// there must not be many of them.
package struct HangBackoff {
  /// The pause after the first hang, in milliseconds; it doubles with each further one.
  package static let firstPauseMilliseconds: Int64 = 600_000
  /// After so many hangs the kind of request is given up.
  package static let maximumHangs = 5

  /// How often a client hung.
  package private(set) var hangs = 0
  private var until: Int64 = .min

  /// Nothing hung yet.
  package init() {}

  /// Notes a hang.
  ///
  /// - Parameter now: the loop's monotonic time in milliseconds.
  package mutating func hung(now: Int64) {
    guard hangs < HangBackoff.maximumHangs else { return }
    until = now &+ (HangBackoff.firstPauseMilliseconds << Int64(hangs))
    hangs += 1
  }

  /// Whether a request may be sent.
  ///
  /// - Parameter now: the loop's monotonic time in milliseconds.
  package func isAllowed(now: Int64) -> Bool {
    hangs < HangBackoff.maximumHangs && now >= until
  }
}
