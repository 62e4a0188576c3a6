import EventLoop
import Glibc
import KafkaClient
import Synchronization

/// The thread on which a part of a demo lives: its world, with the mock cluster that it alone uses,
/// or its kubelet.
final class DemoThread: Sendable {
  private let isStopping = Atomic<Bool>(false)
  private let hasStopped = Atomic<Bool>(false)
  private let trouble = Mutex<String?>(nil)

  /// Why the world cannot go on, nil while it does.
  var failure: String? { trouble.withLock { $0 } }

  /// Whether it is not to end yet.
  var goesOn: Bool { !isStopping.load(ordering: .relaxed) }

  /// Milliseconds on the monotonic clock.
  static var milliseconds: Int64 {
    Clock.system.monotonicNanoseconds() / nanosecondsPerMillisecond
  }

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - cluster: the cluster, which is the thread's from now on.
  ///   - play: what the world does while `goesOn`; an error that it throws is the `failure`.
  /// - Throws: `KafkaError.noThread`.
  func start(
    _ cluster: MockCluster,
    _ play: @escaping @Sendable (MockCluster) throws(KafkaError) -> Void
  ) throws(KafkaError) {
    nonisolated(unsafe) let handedOver = cluster
    let isStarted = start {
      do throws(KafkaError) {
        // SAFETY: the cluster is used by the new thread alone from here on.
        try unsafe play(handedOver)
      } catch {
        self.trouble.withLock { $0 = error.description }
      }
    }
    guard isStarted else { throw .noThread }
  }

  /// Starts the thread; returns whether there is one.
  ///
  /// - Parameter live: what it does while `goesOn`.
  func start(_ live: @escaping @Sendable () -> Void) -> Bool {
    HelperThread.start {
      live()
      self.hasStopped.store(true, ordering: .releasing)
    }
  }

  /// Ends it; waits for its thread, but not for ever.
  func stop() {
    isStopping.store(true, ordering: .relaxed)
    let deadline = Clock.system.monotonicNanoseconds() + 3 * nanosecondsPerSecond
    while !hasStopped.load(ordering: .acquiring),
      Clock.system.monotonicNanoseconds() < deadline
    {
      usleep(10_000)
    }
  }
}
