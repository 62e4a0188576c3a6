import EventLoop
import Foundation
import Synchronization
import Testing

/// Results of threads, in the order in which they came.
private final class Results: Sendable {
  let values = Mutex<[Int]>([])
  let isDone = DispatchSemaphore(value: 0)

  func add(_ value: Int) { values.withLock { $0.append(value) } }
}

@Suite("Timer slack")
struct TimerSlackTests {
  @Test("A thread has the slack that the thread had that started it")
  func inherited() {
    let results = Results()
    // On a thread of its own: the threads of the test runner keep theirs.
    Thread {
      TimerSlack.set(nanoseconds: TimerSlack.ofAgent)
      results.add(TimerSlack.current)
      Thread {
        results.add(TimerSlack.current)
        results.isDone.signal()
      }.start()
    }.start()
    #expect(results.isDone.wait(timeout: .now() + 10) == .success)
    let expected = Int(TimerSlack.ofAgent)
    #expect(results.values.withLock { $0 } == [expected, expected])
  }

  @Test("The slack of an agent is longer than what librdkafka would spin through")
  func long() {
    #expect(TimerSlack.ofAgent > 1_000_000)
  }
}
