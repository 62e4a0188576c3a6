import Glibc

/// Where an event loop reads the time; replaced by a hand-moved clock in tests.
package struct Clock: Sendable {
  /// Nanoseconds of a clock that never goes back (`CLOCK_MONOTONIC`); its zero means nothing.
  package let monotonicNanoseconds: @Sendable () -> Int64
  /// Milliseconds since 1970-01-01T00:00:00Z (`CLOCK_REALTIME`); may jump either way.
  package let realtimeMilliseconds: @Sendable () -> Int64

  /// Builds a clock from its two readings.
  package init(
    monotonicNanoseconds: @escaping @Sendable () -> Int64,
    realtimeMilliseconds: @escaping @Sendable () -> Int64
  ) {
    self.monotonicNanoseconds = monotonicNanoseconds
    self.realtimeMilliseconds = realtimeMilliseconds
  }

  /// The kernel's clocks.
  package static let system = Clock(
    monotonicNanoseconds: {
      let time = read(CLOCK_MONOTONIC)
      return Int64(time.tv_sec) &* nanosecondsPerSecond &+ Int64(time.tv_nsec)
    },
    realtimeMilliseconds: {
      let time = read(CLOCK_REALTIME)
      return Int64(time.tv_sec) &* 1_000 &+ Int64(time.tv_nsec) / nanosecondsPerMillisecond
    })

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    // SAFETY: the pointer is to a local of the right type; both clocks exist on every Linux.
    _ = unsafe clock_gettime(clock, &time)
    return time
  }
}

/// Nanoseconds in one second.
package let nanosecondsPerSecond: Int64 = 1_000_000_000
/// Nanoseconds in one millisecond.
package let nanosecondsPerMillisecond: Int64 = 1_000_000
