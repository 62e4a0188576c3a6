import EventLoop
import Glibc
import Testing

@Suite struct EventLoopTests {
  @Test func reportsAReadableDescriptorUntilItIsRead() throws {
    let loop = try EventLoop()
    let pipe = Pipe()
    defer { pipe.close() }
    let record = Record()
    _ = try loop.add(pipe.reader, interest: .readable) { events in
      record.add("\(events.contains(.readable)) \(pipe.read())")
    }
    try loop.turn(blocking: false)
    #expect(record.entries.isEmpty)
    pipe.write("one")
    try loop.turn(blocking: true)
    try loop.turn(blocking: false)
    #expect(record.entries == ["true one"])
  }

  @Test func reportsAgainWhatAHandlerLeft() throws {
    let loop = try EventLoop()
    let pipe = Pipe()
    defer { pipe.close() }
    let record = Record()
    _ = try loop.add(pipe.reader, interest: .readable) { _ in record.add("ready") }
    pipe.write("x")
    try loop.turn(blocking: false)
    try loop.turn(blocking: false)
    #expect(record.entries == ["ready", "ready"])
  }

  @Test func followsChangesOfInterest() throws {
    let loop = try EventLoop()
    let pipe = Pipe()
    defer { pipe.close() }
    let record = Record()
    let registration = try loop.add(pipe.writer, interest: []) { events in
      record.add("writable \(events.contains(.writable))")
    }
    try loop.turn(blocking: false)
    #expect(record.entries.isEmpty)
    try loop.setInterest(.writable, of: registration)
    try loop.turn(blocking: false)
    #expect(record.entries == ["writable true"])
    try loop.setInterest([], of: registration)
    try loop.turn(blocking: false)
    #expect(record.entries.count == 1)
  }

  @Test func tellsAHangUpThoughNobodyAsked() throws {
    let loop = try EventLoop()
    let pipe = Pipe()
    let record = Record()
    let registration = try loop.add(pipe.reader, interest: []) { events in
      record.add("hang-up \(events.contains(.hangUp))")
    }
    close(pipe.writer)
    try loop.turn(blocking: false)
    #expect(record.entries == ["hang-up true"])
    loop.remove(registration)
    close(pipe.reader)
  }

  @Test func aHandlerMayRemoveItself() throws {
    let loop = try EventLoop()
    let pipe = Pipe()
    defer { pipe.close() }
    let record = Record()
    var registration: Registration?
    registration = try loop.add(pipe.reader, interest: .readable) { _ in
      record.add("once")
      if let registration { loop.remove(registration) }
    }
    pipe.write("x")
    try loop.turn(blocking: false)
    try loop.turn(blocking: false)
    #expect(record.entries == ["once"])
    let removed = try #require(registration)
    loop.remove(removed)
    #expect(throws: Errno.noSuchEntry) { try loop.setInterest(.readable, of: removed) }
  }

  /// The stale report of a batch must reach nobody.
  ///
  /// Both pipes are ready; the first handler removes the other and gives its number and its slot to
  /// another descriptor.
  @Test func aReportForAClosedDescriptorDoesNotReachItsSuccessor() throws {
    let loop = try EventLoop()
    let pipes = [Pipe(), Pipe()]
    defer { for pipe in pipes { pipe.close() } }
    let record = Record()
    var registrations: [Registration] = []
    for (index, pipe) in pipes.enumerated() {
      registrations.append(
        try loop.add(pipe.reader, interest: .readable) { _ in
          record.add("first")
          let other = pipes[1 - index]
          loop.remove(registrations[1 - index])
          // Closes the old descriptor and opens another of this number in one step.
          #expect(dup2(pipe.writer, other.reader) == other.reader)
          do throws(Errno) {
            let successor = try loop.add(other.reader, interest: .readable) { _ in
              record.add("successor")
            }
            #expect(successor != registrations[1 - index])
          } catch {
            record.add("\(error)")
          }
        })
    }
    pipes[0].write("x")
    pipes[1].write("x")
    try loop.turn(blocking: false)
    #expect(record.entries == ["first"])
  }

  @Test func aHandlerMayRemoveOthersOfTheSameBatch() throws {
    let loop = try EventLoop()
    let pipes = (0..<10).map { _ in Pipe() }
    defer { for pipe in pipes { pipe.close() } }
    let record = Record()
    var registrations: [Registration] = []
    for pipe in pipes {
      pipe.write("x")
      registrations.append(
        try loop.add(pipe.reader, interest: .readable) { _ in
          record.add("ran")
          for registration in registrations { loop.remove(registration) }
        })
    }
    try loop.turn(blocking: false)
    try loop.turn(blocking: false)
    #expect(record.entries == ["ran"])
  }

  @Test func addingTheSameDescriptorTwiceIsAnError() throws {
    let loop = try EventLoop()
    let pipe = Pipe()
    defer { pipe.close() }
    _ = try loop.add(pipe.reader, interest: .readable) { _ in }
    #expect(throws: Errno(rawValue: EEXIST)) {
      try loop.add(pipe.reader, interest: .readable) { _ in }
    }
    #expect(throws: Errno.badFileDescriptor) {
      try loop.add(-1, interest: .readable) { _ in }
    }
  }

  // MARK: - Timers

  @Test func runsTimersOnTheInjectedClock() throws {
    let clock = ManualClock()
    let loop = try EventLoop(clock: clock.clock)
    let record = Record()
    _ = loop.schedule(at: loop.now + 20) { record.add("b") }
    _ = loop.schedule(at: loop.now + 10) { record.add("a") }
    let periodic = loop.schedule(at: loop.now + 15, every: 100) { record.add("tick") }
    try loop.turn(blocking: false)
    #expect(record.entries.isEmpty)
    clock.advance(by: 16)
    try loop.turn(blocking: false)
    #expect(record.entries == ["a", "tick"])
    clock.advance(by: 4)
    try loop.turn(blocking: false)
    #expect(record.entries == ["a", "tick", "b"])
    clock.advance(by: 1_000)
    try loop.turn(blocking: false)
    #expect(record.entries == ["a", "tick", "b", "tick"])
    #expect(loop.cancel(periodic))
    clock.advance(by: 1_000)
    try loop.turn(blocking: false)
    #expect(record.entries.count == 4)
  }

  @Test func aPeriodicTimerMayCancelItself() throws {
    let clock = ManualClock()
    let loop = try EventLoop(clock: clock.clock)
    let record = Record()
    var token: TimerToken?
    token = loop.schedule(at: loop.now + 10, every: 10) {
      record.add("tick")
      if let token { #expect(loop.cancel(token)) }
    }
    for _ in 0..<3 {
      clock.advance(by: 10)
      try loop.turn(blocking: false)
    }
    #expect(record.entries == ["tick"])
  }

  /// The wait is rounded up to milliseconds: a turn that ends early would find nothing due, spin.
  @Test func waitsForADeadlineInOneTurn() throws {
    let loop = try EventLoop()
    let start = loop.now
    let record = Record()
    _ = loop.schedule(at: start + 2_500_000) { record.add("due") }
    try loop.turn(blocking: true)
    #expect(record.entries == ["due"])
    #expect(loop.now - start >= 2_500_000)
  }

  // MARK: - Slices, stopping

  @Test func aSliceThatQueuesItselfLetsOtherEventsThrough() throws {
    let loop = try EventLoop()
    let pipe = Pipe()
    defer { pipe.close() }
    let record = Record()
    _ = try loop.add(pipe.reader, interest: .readable) { _ in record.add("read \(pipe.read())") }
    func slice(_ left: Int) {
      record.add("slice \(left)")
      if left == 2 { pipe.write("probe") }
      if left > 1 { loop.runNextTurn { slice(left - 1) } } else { loop.stop() }
    }
    loop.runNextTurn { slice(3) }
    try loop.run()
    #expect(record.entries == ["slice 3", "slice 2", "read probe", "slice 1"])
  }

  @Test func stopKeepsWhatHasNotRunForTheNextRun() throws {
    let loop = try EventLoop()
    let record = Record()
    loop.runNextTurn {
      record.add("first")
      loop.stop()
    }
    loop.runNextTurn {
      record.add("second")
      loop.stop()
    }
    try loop.run()
    #expect(record.entries == ["first"])
    try loop.run()
    #expect(record.entries == ["first", "second"])
  }

  // MARK: - Wake-ups

  @Test func isWokenFromAnotherThread() throws {
    let loop = try EventLoop()
    let wakeUp = try WakeUp.create()
    let record = Record()
    _ = try loop.add(wakeUp) {
      record.add("woken")
      loop.stop()
    }
    let thread = Thread {
      for _ in 0..<3 { wakeUp.signal() }
    }
    thread.start()
    try loop.run()
    thread.join()
    wakeUp.clear()
    #expect(record.entries == ["woken"])
    #expect(!wakeUp.clear())
    wakeUp.signal()
    wakeUp.signal()
    #expect(wakeUp.clear())
    #expect(!wakeUp.clear())
  }

  @Test func eightBytesWrittenByAnyoneWakeIt() throws {
    let loop = try EventLoop()
    let wakeUp = try WakeUp.create()
    let record = Record()
    _ = try loop.add(wakeUp) { record.add("woken") }
    var one: UInt64 = 1
    #expect(write(wakeUp.fileDescriptor, &one, 8) == 8)
    try loop.turn(blocking: true)
    try loop.turn(blocking: false)
    #expect(record.entries == ["woken"])
  }

  // MARK: - Signals

  @Test func reportsSignalsThatWouldEndTheProcess() throws {
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let loop = try EventLoop()
    let record = Record()
    let registration = try loop.addSignals([SIGTERM, SIGHUP]) { signal in
      record.add("\(signal)")
    }
    pthread_kill(pthread_self(), SIGHUP)
    pthread_kill(pthread_self(), SIGTERM)
    try loop.turn(blocking: true)
    try loop.turn(blocking: false)
    #expect(record.entries.sorted() == ["\(SIGHUP)", "\(SIGTERM)"])
    loop.remove(registration)
  }
}

/// A thread of the C library, to have one that the test waits for.
final class Thread: @unchecked Sendable {
  private var handle = pthread_t()
  private let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }

  func start() {
    let argument = Unmanaged.passRetained(self).toOpaque()
    pthread_create(
      &handle, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Thread>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, argument)
  }

  func join() {
    pthread_join(handle, nil)
  }
}
