import EventLoop
import Synchronization

/// A clock that a test moves by hand; it begins at 2026-11-20T12:00:00Z.
final class ManualClock: Sendable {
  private let time = Mutex<Int64>(0)

  var now: Int64 { time.withLock { $0 } }

  func advance(seconds: Double) {
    time.withLock { $0 += Int64(seconds * Double(nanosecondsPerSecond)) }
  }

  var clock: Clock {
    Clock(
      monotonicNanoseconds: { self.now },
      realtimeMilliseconds: { 1_795_176_000_000 + self.now / nanosecondsPerMillisecond })
  }
}
