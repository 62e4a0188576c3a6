import EventLoop
import Glibc

/// The moment by which a client must have its answer.
package struct Deadline: Sendable {
  /// Nanoseconds of the monotonic clock.
  private let at: Int64

  /// A moment so many milliseconds, 0 or more, from now.
  package init(milliseconds: Int64) {
    let (span, overflow) = milliseconds.multipliedReportingOverflow(by: nanosecondsPerMillisecond)
    let (at, later) = Self.now.addingReportingOverflow(span)
    self.at = overflow || later ? .max : at
  }

  private init(at: Int64) {
    self.at = at
  }

  /// Milliseconds until then, rounded up; 0 when it is over.
  package var remainingMilliseconds: Int64 {
    let left = at &- Self.now
    return left <= 0 ? 0 : (left - 1) / nanosecondsPerMillisecond + 1
  }

  /// The moment at which the `count`th part of what remains is over, `count` being 1 or more.
  func share(of count: Int) -> Deadline {
    let now = Self.now
    return Deadline(at: now &+ max(0, at &- now) / Int64(max(1, count)))
  }

  private static var now: Int64 { Clock.system.monotonicNanoseconds() }

  /// Waits until a descriptor is ready for `events`, or has failed; false when the time is over.
  func wait(for descriptor: Int32, events: Int16) -> Bool {
    while true {
      let left = remainingMilliseconds
      var entry = pollfd(fd: descriptor, events: events, revents: 0)
      // SAFETY: one element is lent for the call.
      let count = unsafe poll(&entry, 1, Int32(clamping: left))
      if count > 0 { return true }
      if count == 0 && left == 0 { return false }
      // Anything else than a signal would be told again by the call that is waited for.
      if count < 0 && errno != EINTR { return true }
    }
  }
}
