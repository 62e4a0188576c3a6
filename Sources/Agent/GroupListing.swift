/// When the groups of a cluster are listed; at most one request at a time.
struct GroupListing: Sendable, Equatable {
  private var since: Int64?
  private var due: Int64 = .min
  /// When the groups were last listed, on the monotonic clock; nil before.
  private(set) var readAt: Int64?
  /// How many groups the last list had, those that are not watched included.
  private(set) var count = 0

  /// The pause after a failure, in milliseconds.
  private static let pause: Int64 = 5000

  /// Begins a request when one is due; returns whether it is.
  mutating func begin(now: Int64) -> Bool {
    guard since == nil, now >= due else { return false }
    since = now
    return true
  }

  mutating func answered(count: Int, now: Int64, refresh: Int64) {
    readAt = since ?? now
    since = nil
    self.count = count
    due = now + refresh
  }

  mutating func failed(now: Int64) {
    since = nil
    due = now + Self.pause
  }

  /// Whether the request under way began longer than `limit` milliseconds ago.
  func isStuck(now: Int64, limit: Int64) -> Bool { since.map { now - $0 > limit } ?? false }

  /// Gives up the request under way.
  mutating func abandon() { since = nil }
}
