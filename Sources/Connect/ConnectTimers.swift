import EventLoop

/// The deadlines of all streams, for one timer of the loop.
///
/// Knows no clock: whoever owns the loop keeps a timer at `nextDeadline`, moves it when `onChange`
/// is called, and calls `run` when it is due.
package final class ConnectTimers {
  private var queue = TimerQueue()
  /// The time of the last `run`.
  private(set) var now = Int64.min
  /// Called when `nextDeadline` has changed.
  package var onChange: (() -> Void)?

  /// Makes timers without any.
  package init() {}

  /// When `run` has something to do, in monotonic nanoseconds; nil if there is no timer.
  package var nextDeadline: Int64? { queue.earliestDeadline }

  /// Does what is due.
  ///
  /// - Parameter now: monotonic nanoseconds.
  package func run(now: Int64) {
    let before = queue.earliestDeadline
    self.now = now
    let barrier = queue.barrier
    while let handler = queue.takeDue(at: now, before: barrier) { handler() }
    if queue.earliestDeadline != before { onChange?() }
  }

  /// Has `handler` run from a deadline on, once.
  func schedule(at deadline: Int64, handler: @escaping () -> Void) -> TimerToken {
    changing { queue.schedule(at: deadline, every: nil, handler: handler) }
  }

  /// Moves a timer; false if it ran already.
  func reschedule(_ token: TimerToken, at deadline: Int64) -> Bool {
    changing { queue.reschedule(token, at: deadline) }
  }

  /// Takes a timer back, if it has not run.
  func cancel(_ token: TimerToken) {
    changing { _ = queue.cancel(token) }
  }

  private func changing<Result>(_ change: () -> Result) -> Result {
    let before = queue.earliestDeadline
    let result = change()
    if queue.earliestDeadline != before { onChange?() }
    return result
  }
}
