import EventLoop

/// Allows a burst of events and a steady rate after it.
struct TokenBucket {
  /// Billionths of events that it holds at most.
  private let full: Int64
  private let perSecond: Int64
  private var billionths: Int64
  private var updated: Int64

  /// - Parameters:
  ///   - burst: events allowed at once, 1...1,000,000.
  ///   - perSecond: events allowed per second after that, 1...1,000,000.
  ///   - now: monotonic nanoseconds.
  init(burst: Int, perSecond: Int, now: Int64) {
    full = Int64(min(max(burst, 1), 1_000_000)) * nanosecondsPerSecond
    self.perSecond = Int64(min(max(perSecond, 1), 1_000_000))
    billionths = full
    updated = now
  }

  /// Allows more events at once, within the burst.
  mutating func give(_ events: Int64) {
    billionths = min(full, billionths + events * nanosecondsPerSecond)
  }

  /// Takes one event; false if it is one too many.
  mutating func take(now: Int64) -> Bool {
    // Nobody waits longer than it takes to fill the bucket, which keeps the product small.
    let elapsed = min(max(0, now &- updated), full / perSecond)
    updated = now
    billionths = min(full, billionths + elapsed * perSecond)
    guard billionths >= nanosecondsPerSecond else { return false }
    billionths -= nanosecondsPerSecond
    return true
  }
}
