import EventLoop
import SeededRandom
import Testing

@Suite struct TimerQueueTests {
  /// Takes everything that is due, as one round of the loop does.
  private static func runDue(_ queue: Timers, at now: Int64) {
    let barrier = queue.barrier
    while let handler = queue.takeDue(at: now, before: barrier) { handler() }
  }

  @Test func runsByDeadlineAndThenByOrderOfScheduling() {
    let queue = Timers()
    let record = Record()
    for (deadline, name) in [(30, "c"), (10, "a"), (20, "b1"), (20, "b2"), (40, "late")] {
      _ = queue.schedule(at: Int64(deadline), every: nil) { record.add(name) }
    }
    #expect(queue.earliestDeadline == 10)
    Self.runDue(queue, at: 30)
    #expect(record.entries == ["a", "b1", "b2", "c"])
    #expect(queue.count == 1)
    #expect(queue.earliestDeadline == 40)
  }

  @Test func aTimerIsDueAtItsDeadlineAndNotBefore() {
    let queue = Timers()
    let record = Record()
    _ = queue.schedule(at: 10, every: nil) { record.add("ran") }
    Self.runDue(queue, at: 9)
    #expect(record.entries.isEmpty)
    Self.runDue(queue, at: 10)
    #expect(record.entries == ["ran"])
    Self.runDue(queue, at: 100)
    #expect(record.entries == ["ran"])
  }

  @Test func whatAHandlerSchedulesForNowWaitsForTheNextRound() {
    let queue = Timers()
    let barrier = queue.barrier
    _ = queue.schedule(at: 10, every: nil) {}
    #expect(queue.takeDue(at: 10, before: barrier) == nil)
    #expect(queue.takeDue(at: 10, before: queue.barrier) != nil)
  }

  @Test func aPeriodicTimerKeepsItsPhaseAndLeavesMissedPeriodsOut() {
    let queue = Timers()
    let record = Record()
    let token = queue.schedule(at: 10, every: 10) { record.add("tick") }
    Self.runDue(queue, at: 10)
    #expect(queue.earliestDeadline == 20)
    Self.runDue(queue, at: 57)
    #expect(record.entries == ["tick", "tick"])
    #expect(queue.earliestDeadline == 60)
    Self.runDue(queue, at: 60)
    #expect(queue.earliestDeadline == 70)
    #expect(queue.cancel(token))
    #expect(queue.earliestDeadline == nil)
    #expect(!queue.cancel(token))
  }

  @Test func aTokenOfATimerThatRanNamesNothingEvenWhenItsSlotIsUsedAgain() {
    let queue = Timers()
    let old = queue.schedule(at: 1, every: nil) {}
    Self.runDue(queue, at: 1)
    let new = queue.schedule(at: 2, every: nil) {}
    #expect(old != new)
    #expect(!queue.cancel(old))
    #expect(!queue.reschedule(old, at: 9))
    #expect(queue.earliestDeadline == 2)
    #expect(queue.cancel(new))
  }

  @Test func reschedulingMovesBothWays() {
    let queue = Timers()
    let record = Record()
    let a = queue.schedule(at: 10, every: nil) { record.add("a") }
    let b = queue.schedule(at: 20, every: nil) { record.add("b") }
    #expect(queue.reschedule(a, at: 30))
    #expect(queue.reschedule(b, at: 5))
    Self.runDue(queue, at: 29)
    #expect(record.entries == ["b"])
    Self.runDue(queue, at: 30)
    #expect(record.entries == ["b", "a"])
  }

  /// Random schedules, cancellations and moves against a list that is sorted each time.
  @Test func agreesWithANaiveList() {
    let seed: UInt64 = 20_261_120
    var generator = SeededGenerator(seed: seed)
    let queue = Timers()
    var naive: [(deadline: Int64, order: Int, token: TimerToken)] = []
    let record = Record()
    var expected: [String] = []
    var order = 0
    var now: Int64 = 0
    for step in 0..<20_000 {
      switch generator.next() % 4 {
      case 0, 1:
        let deadline = now + Int64(generator.next() % 50)
        let name = "\(order)"
        let token = queue.schedule(at: deadline, every: nil) { record.add(name) }
        naive.append((deadline, order, token))
        order += 1
      case 2:
        guard !naive.isEmpty else { continue }
        let index = Int(generator.next() % UInt64(naive.count))
        #expect(queue.cancel(naive[index].token), "seed \(seed), step \(step)")
        naive.remove(at: index)
      default:
        now += Int64(generator.next() % 20)
        let due = naive.filter { $0.deadline <= now }
          .sorted { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
        naive.removeAll { $0.deadline <= now }
        expected += due.map { "\($0.order)" }
        Self.runDue(queue, at: now)
      }
      #expect(queue.count == naive.count, "seed \(seed), step \(step)")
      #expect(
        queue.earliestDeadline == naive.map(\.deadline).min(), "seed \(seed), step \(step)")
    }
    #expect(record.entries == expected, "seed \(seed)")
    #expect(record.entries.count > 3_000)
  }
}

/// A queue behind a reference, because an expectation cannot hold one that changes.
final class Timers {
  private var queue = TimerQueue()

  var count: Int { queue.count }
  var earliestDeadline: Int64? { queue.earliestDeadline }
  var barrier: UInt64 { queue.barrier }

  func schedule(
    at deadline: Int64, every period: Int64?, handler: @escaping () -> Void
  ) -> TimerToken {
    queue.schedule(at: deadline, every: period, handler: handler)
  }

  func reschedule(_ token: TimerToken, at deadline: Int64) -> Bool {
    queue.reschedule(token, at: deadline)
  }

  func cancel(_ token: TimerToken) -> Bool {
    queue.cancel(token)
  }

  func takeDue(at now: Int64, before barrier: UInt64) -> (() -> Void)? {
    queue.takeDue(at: now, before: barrier)
  }
}
