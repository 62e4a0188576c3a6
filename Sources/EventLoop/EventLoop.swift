import Glibc

/// One thread's events: descriptors that are ready, timers, signals, wake-ups and slices of work.
///
/// Not thread-safe on purpose: one thread creates the loop, runs it and makes every call; other
/// threads reach it through a `WakeUp`. It sleeps in one `epoll_wait` until the first deadline,
/// without end when there is none, so that an idle loop costs nothing.
///
/// A turn is: wait, hand out what is ready, run the timers that are due, run the slices queued
/// before. Handlers may add, change and remove anything, themselves included.
package final class EventLoop {
  /// The most timers that may wait at once.
  package static let maximumTimers = 4_096
  /// The most slices that may wait for the next turn.
  package static let maximumSlices = 1_024

  /// Where this loop reads the time.
  package let clock: Clock

  /// Monotonic nanoseconds when this turn's wait ended: the time for deadlines, without a call.
  package var now: Int64 { turnBegan }

  private var turnBegan: Int64
  private let poller: Poller
  private var watched: [Watched] = []
  private var freeSlots: [UInt32] = []
  private var timers = TimerQueue()
  private var slices: [() -> Void] = []
  private var runningSlices: [() -> Void] = []
  private var isStopping = false

  private struct Watched {
    var generation: UInt32 = 0
    var descriptor: Int32 = -1
    var interest: Readiness = []
    var handler: ((Readiness) -> Void)?
  }

  /// Creates a loop; throws when the kernel has no descriptor or memory left.
  package init(clock: Clock = .system) throws(Errno) {
    poller = try Poller.open()
    self.clock = clock
    turnBegan = clock.monotonicNanoseconds()
  }

  // MARK: - Running

  /// Turns until `stop()`; throws only what a broken epoll descriptor would bring.
  package func run() throws(Errno) {
    isStopping = false
    while !isStopping { try turn(blocking: true) }
  }

  /// Ends `run()` after the handler that runs now; what it leaves ready is reported to a next run.
  package func stop() {
    isStopping = true
  }

  /// Makes one turn.
  ///
  /// - Parameter blocking: whether to sleep until something is ready or due; otherwise only looks.
  package func turn(blocking: Bool) throws(Errno) {
    let ready = try poller.wait(timeoutMilliseconds: blocking ? timeoutMilliseconds() : 0)
    turnBegan = clock.monotonicNanoseconds()
    for index in 0..<ready {
      dispatch(poller.event(at: index))
      if isStopping { return }
    }
    if let deadline = timers.earliestDeadline, deadline <= now { runDueTimers() }
    if !isStopping && !slices.isEmpty { runSlices() }
  }

  private func timeoutMilliseconds() -> Int32 {
    guard slices.isEmpty else { return 0 }
    guard let deadline = timers.earliestDeadline else { return -1 }
    let (remaining, overflow) = deadline.subtractingReportingOverflow(clock.monotonicNanoseconds())
    guard !overflow else { return Int32.max }
    guard remaining > 0 else { return 0 }
    // Rounded up: a turn that comes a fraction too early would find nothing due and spin.
    return Int32(clamping: (remaining - 1) / nanosecondsPerMillisecond + 1)
  }

  private func dispatch(_ event: Poller.Event) {
    let registration = Registration(cookie: event.cookie)
    // A report of a registration that a handler of the same batch has removed, perhaps with its
    // descriptor and slot in use again, carries an old generation.
    guard isValid(registration), let handler = watched[Int(registration.slot)].handler else {
      return
    }
    handler(event.readiness)
  }

  private func runDueTimers() {
    let barrier = timers.barrier
    while !isStopping, let handler = timers.takeDue(at: now, before: barrier) { handler() }
  }

  private func runSlices() {
    swap(&slices, &runningSlices)
    var done = 0
    while done < runningSlices.count && !isStopping {
      let slice = runningSlices[done]
      done += 1
      slice()
    }
    if done < runningSlices.count { slices.insert(contentsOf: runningSlices[done...], at: 0) }
    runningSlices.removeAll(keepingCapacity: true)
  }

  // MARK: - Descriptors

  /// Watches an open descriptor, level-triggered, until `remove`.
  ///
  /// The descriptor stays its owner's: call `remove` first, then close it.
  ///
  /// - Throws: what `epoll_ctl` says, for example `EPERM` for a regular file or `EEXIST`.
  package func add(
    _ descriptor: Int32, interest: Readiness, handler: @escaping (Readiness) -> Void
  ) throws(Errno) -> Registration {
    let slot = freeSlots.popLast() ?? appendSlot()
    let registration = Registration(slot: slot, generation: watched[Int(slot)].generation)
    do throws(Errno) {
      try poller.add(descriptor, interest: interest, cookie: registration.cookie)
    } catch {
      freeSlots.append(slot)
      throw error
    }
    watched[Int(slot)].descriptor = descriptor
    watched[Int(slot)].interest = interest
    watched[Int(slot)].handler = handler
    return registration
  }

  /// Changes what a registration wants to hear; no system call when it is the same.
  ///
  /// - Throws: `ENOENT` if the registration was removed.
  package func setInterest(_ interest: Readiness, of registration: Registration) throws(Errno) {
    guard isValid(registration) else { throw Errno.noSuchEntry }
    let slot = Int(registration.slot)
    guard watched[slot].interest != interest else { return }
    try poller.modify(watched[slot].descriptor, interest: interest, cookie: registration.cookie)
    watched[slot].interest = interest
  }

  /// Forgets a registration: its handler is not called again.
  ///
  /// Nothing happens if it was removed before.
  package func remove(_ registration: Registration) {
    guard isValid(registration) else { return }
    let slot = Int(registration.slot)
    // Fails only if the owner closed the descriptor first, and then the kernel has forgotten it.
    try? poller.remove(watched[slot].descriptor)
    watched[slot].handler = nil
    watched[slot].descriptor = -1
    watched[slot].generation &+= 1
    freeSlots.append(registration.slot)
  }

  private func isValid(_ registration: Registration) -> Bool {
    Int(registration.slot) < watched.count
      && watched[Int(registration.slot)].generation == registration.generation
      && watched[Int(registration.slot)].handler != nil
  }

  private func appendSlot() -> UInt32 {
    watched.append(Watched())
    return UInt32(watched.count - 1)
  }

  // MARK: - Wake-ups and signals

  /// Watches a wake-up; it is cleared before the handler runs, so that no signal is lost.
  package func add(
    _ wakeUp: WakeUp, handler: @escaping () -> Void
  ) throws(Errno) -> Registration {
    try add(wakeUp.fileDescriptor, interest: .readable) { _ in
      wakeUp.clear()
      handler()
    }
  }

  /// Blocks signals for this thread and those started later, and reports them here.
  ///
  /// Call it before any other thread is started. A child process inherits the block.
  ///
  /// - Parameter signals: numbers such as `SIGTERM`, `SIGINT` and `SIGHUP`.
  package func addSignals(
    _ signals: [Int32], handler: @escaping (Int32) -> Void
  ) throws(Errno) -> Registration {
    let source = SignalSourceBox(try SignalSource.open(signals))
    return try add(source.source.descriptor.rawValue, interest: .readable) { _ in
      while let signal = source.source.next() { handler(signal) }
    }
  }

  // MARK: - Timers

  /// Runs a handler once, or again and again, from a deadline on.
  ///
  /// - Parameters:
  ///   - deadline: monotonic nanoseconds as `now`; one in the past is due in the next turn.
  ///   - period: nanoseconds between runs, > 0; nil for once. Missed periods are left out.
  package func schedule(
    at deadline: Int64, every period: Int64? = nil, handler: @escaping () -> Void
  ) -> TimerToken {
    precondition(timers.count < Self.maximumTimers, "more timers than the loop is made for")
    precondition(period.map { $0 > 0 } ?? true, "a period is longer than nothing")
    return timers.schedule(at: deadline, every: period, handler: handler)
  }

  /// How many timers wait; without any the loop sleeps until something is ready.
  package var waitingTimers: Int { timers.count }

  /// Moves a waiting timer; false if it ran already (and is not periodic) or was cancelled.
  @discardableResult
  package func reschedule(_ timer: TimerToken, at deadline: Int64) -> Bool {
    timers.reschedule(timer, at: deadline)
  }

  /// Takes a timer back; false if it ran already (and is not periodic) or was cancelled.
  @discardableResult
  package func cancel(_ timer: TimerToken) -> Bool {
    timers.cancel(timer)
  }

  // MARK: - Slices

  /// Runs work once, at the end of the next turn, after whatever is ready by then.
  ///
  /// Long work is cut into slices: each does a bounded part and queues the next one. The loop does
  /// not sleep while a slice waits.
  package func runNextTurn(_ slice: @escaping () -> Void) {
    precondition(slices.count < Self.maximumSlices, "more slices than the loop is made for")
    slices.append(slice)
  }
}

/// Holds the signal descriptor for as long as its handler is registered.
private final class SignalSourceBox {
  let source: SignalSource

  init(_ source: consuming SignalSource) {
    self.source = source
  }
}
