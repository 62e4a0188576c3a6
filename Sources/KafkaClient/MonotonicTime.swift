import CLibrdkafka  // its header is where the compiler first meets <time.h>
import Glibc

/// The time by which a blocking call must be back, on the monotonic clock.
struct Deadline {
  private let at: Int64

  /// A moment from now.
  ///
  /// - Parameter milliseconds: how far away; negative counts as now.
  init(afterMilliseconds milliseconds: Int64) {
    at = Deadline.now() &+ max(0, milliseconds)
  }

  private init(at: Int64) {
    self.at = at
  }

  /// The time left, in milliseconds; never negative, at most 24 days.
  var remainingMilliseconds: Int32 {
    Int32(clamping: max(0, at &- Deadline.now()))
  }

  /// Whether the time has run out.
  var hasPassed: Bool { remainingMilliseconds == 0 }

  /// The earlier of this deadline and one from now.
  func within(milliseconds: Int64) -> Deadline {
    Deadline(at: min(at, Deadline.now() &+ max(0, milliseconds)))
  }

  private static func now() -> Int64 {
    var time = timespec()
    // SAFETY: writes into a local variable; CLOCK_MONOTONIC always exists.
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000 &+ Int64(time.tv_nsec) / 1_000_000
  }
}
