import EventLoop
import Synchronization

/// A clock that a test moves by hand.
final class ManualClock: Sendable {
  private let time = Mutex<Int64>(1_000)

  var now: Int64 { time.withLock { $0 } }

  func advance(by nanoseconds: Int64) {
    time.withLock { $0 += nanoseconds }
  }

  var clock: Clock {
    Clock(
      monotonicNanoseconds: { self.now },
      realtimeMilliseconds: { self.now / nanosecondsPerMillisecond })
  }
}

/// What handlers did, in order.
final class Record {
  var entries: [String] = []

  func add(_ entry: String) {
    entries.append(entry)
  }
}
