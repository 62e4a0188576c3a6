import EventLoop

/// One accepted socket and the machine that speaks its protocol.
///
/// A turn of a connection is: one read into the server's buffer, the whole of it through the
/// machine, one write of what came out. While the peer does not take the output nothing is read,
/// which bounds what it can make the server keep (nghttp2 does not).
final class Connection {
  private enum Phase {
    case open
    /// The last answer is sent and nothing is written any more; what arrives is thrown away, so
    /// that closing does not reset the connection before the peer has read the answer.
    case lingering(received: Int, until: Int64)
  }

  private unowned let server: Server
  private let socket: StreamSocket
  private let context: ServerContext
  /// The connection's place in the server's table.
  let place: Int

  private var registration: Registration?
  private var phase = Phase.open
  private var machine = ConnectionMachine.undecided(held: [])

  /// Output that the kernel did not take; empty unless the peer is slow. Bound: one output buffer.
  private var pending: [UInt8] = []
  private var pendingStart = 0
  private var pendingProgressed: Int64 = 0
  private var pendingSinceProgress = 0

  private var readFilledBuffer = false
  private var machineProgress: UInt32 = 0
  private var progressed: Int64
  private var hasServedOnce = false
  /// Monotonic nanoseconds when bytes last arrived.
  private(set) var lastActive: Int64

  init(_ socket: consuming StreamSocket, server: Server, place: Int, now: Int64) {
    self.socket = socket
    self.server = server
    self.place = place
    context = server.context
    progressed = now
    lastActive = now
  }

  /// Begins to watch the socket; the loop keeps the connection until `close`.
  func start() throws(Errno) {
    registration = try server.loop.add(socket.fileDescriptor, interest: .readable) { events in
      self.isReady(events)
    }
  }

  // MARK: - Events

  private func isReady(_ events: Readiness) {
    if !pending.isEmpty {
      sendPending()
    } else if events.contains(.readable) {
      read()
    } else {
      close()
    }
    if registration != nil { server.watch(deadline: deadline) }
  }

  private func read() {
    let count: Int
    do throws(Errno) {
      count = try server.readBuffer.receive(from: socket)
    } catch {
      if error != .wouldBlock { close() }
      return
    }
    guard count > 0 else { return close() }
    lastActive = server.loop.now
    readFilledBuffer = count == ReadBuffer.size
    context.counters.bytesReceived &+= UInt64(count)
    if case .lingering(let received, let until) = phase {
      guard received + count <= context.limits.lingeringBytes else { return close() }
      phase = .lingering(received: received + count, until: until)
      return
    }
    context.date.refresh(now: server.loop.now, clock: context.clock)
    server.readBuffer.withBytes(count) { receive($0) }
    flush()
  }

  private func receive(_ bytes: Span<UInt8>) {
    switch machine {
    case .undecided(let held): decide(held, bytes)
    case .http1(let http1): receive(bytes, http1)
    case .http2(let http2): http2.receive(bytes, now: server.loop.now, into: &server.output)
    }
  }

  private func receive(_ bytes: Span<UInt8>, _ http1: HTTP1Connection) {
    http1.receive(bytes, into: &server.output)
    guard http1.progress != machineProgress else { return }
    machineProgress = http1.progress
    progressed = server.loop.now
    hasServedOnce = true
  }

  private func decide(_ held: [UInt8], _ bytes: Span<UInt8>) {
    // Nearly always everything needed is in the first read, and nothing is copied.
    var first = held
    let guess: ConnectionMachine.Guess
    if held.isEmpty {
      guess = ConnectionMachine.guess(bytes)
    } else {
      first.append(bytes)
      guess = ConnectionMachine.guess(first.span)
    }
    switch guess {
    case .undecided:
      if held.isEmpty { first.append(bytes) }
      machine = .undecided(held: first)
      return
    case .http1:
      context.counters.count(.http1)
      machine = .http1(HTTP1Connection(context: context))
    case .http2:
      guard let session = server.makeHTTP2Session() else { return close() }
      context.counters.count(.http2)
      machine = .http2(session)
    }
    if held.isEmpty { receive(bytes) } else { receive(first.span) }
  }

  // MARK: - Output

  /// Sends the server's output buffer and what more the machine has, until the kernel takes no more.
  private func flush() {
    while registration != nil {
      if machine.failure != nil { return discardOutputAndClose() }
      guard !server.output.isEmpty || machine.hasMoreOutput else { break }
      if server.output.isEmpty { machine.fill(&server.output, now: server.loop.now) }
      if server.output.isEmpty { break }
      guard sendOutput() else { return }
    }
    guard registration != nil else { return }
    if machine.isFinished {
      finish()
    } else if context.isDraining, case .http1 = machine, machine.isIdle {
      // Its answer was made before the drain began and has only now been taken.
      close()
    }
  }

  private func send(_ bytes: borrowing [UInt8], from start: Int) throws(Errno) -> Int {
    try socket.send(bytes.span.extracting(start...))
  }

  /// Sends the output buffer; false if the kernel did not take it all or the connection broke.
  private func sendOutput() -> Bool {
    var sent = 0
    do throws(Errno) {
      sent = try send(server.output, from: 0)
    } catch {
      guard error == .wouldBlock else {
        discardOutputAndClose()
        return false
      }
    }
    context.counters.bytesSent &+= UInt64(sent)
    guard sent < server.output.count else {
      server.output.removeAll(keepingCapacity: true)
      return true
    }
    pending = Array(server.output[sent...])
    pendingStart = 0
    pendingProgressed = server.loop.now
    pendingSinceProgress = 0
    server.output.removeAll(keepingCapacity: true)
    setInterest(.writable)
    return false
  }

  private func sendPending() {
    let sent: Int
    do throws(Errno) {
      sent = try send(pending, from: pendingStart)
    } catch {
      if error != .wouldBlock { close() }
      return
    }
    context.counters.bytesSent &+= UInt64(sent)
    pendingStart += sent
    pendingSinceProgress += sent
    if pendingSinceProgress >= context.limits.progressBytes {
      pendingSinceProgress = 0
      pendingProgressed = server.loop.now
    }
    guard pendingStart == pending.count else { return }
    pending = []
    pendingStart = 0
    progressed = server.loop.now
    setInterest(.readable)
    flush()
  }

  private func setInterest(_ interest: Readiness) {
    guard let registration else { return }
    do throws(Errno) {
      try server.loop.setInterest(interest, of: registration)
    } catch {
      close()
    }
  }

  // MARK: - The end

  /// Everything is answered: closes now, or after the peer has read it.
  private func finish() {
    guard mustLinger else { return close() }
    socket.shutdownSending()
    phase = .lingering(received: 0, until: server.loop.now &+ context.limits.lingeringTime)
  }

  private var mustLinger: Bool {
    // Closing a socket with unread bytes resets the connection and destroys what is on its way.
    if case .http1(let http1) = machine { return http1.mustLinger || readFilledBuffer }
    return true
  }

  private func discardOutputAndClose() {
    server.output.removeAll(keepingCapacity: true)
    close()
  }

  /// Closes the socket without a further word; does nothing the second time.
  func close() {
    guard let registration else { return }
    self.registration = nil
    server.loop.remove(registration)
    server.forget(self)
  }

  /// Ends the connection as soon as what is under way is answered.
  func drain() {
    guard case .open = phase, registration != nil else { return }
    switch machine {
    case .undecided:
      close()
    case .http1:
      if machine.isIdle && pending.isEmpty { close() }
    case .http2(let session):
      session.drain(now: server.loop.now)
      if pending.isEmpty { flush() }
    }
    if registration != nil { server.watch(deadline: deadline) }
  }

  /// Whether the connection can be given up for a new one: it waits for its client.
  var isEvictable: Bool {
    guard case .open = phase else { return true }
    guard pending.isEmpty else { return false }
    if case .http1 = machine { return !machine.hasMoreOutput }
    return machine.isIdle
  }

  // MARK: - Deadlines

  /// The time at which `expire` has something to do, in monotonic nanoseconds.
  var deadline: Int64 {
    if case .lingering(_, let until) = phase { return until }
    let limits = context.limits
    let slow = pending.isEmpty ? Int64.max : pendingProgressed &+ limits.writeTime
    switch machine {
    case .undecided:
      return min(slow, progressed &+ limits.requestTime)
    case .http1(let http1):
      guard pending.isEmpty else { return slow }
      let waits = http1.isReadingRequest || !hasServedOnce
      return progressed &+ (waits ? limits.requestTime : limits.idleTimeHTTP1)
    case .http2(let session):
      return min(slow, session.deadline)
    }
  }

  /// Does what has become due.
  func expire(now: Int64) {
    guard registration != nil, deadline <= now else { return }
    if case .lingering = phase { return close() }
    if !pending.isEmpty && pendingProgressed &+ context.limits.writeTime <= now {
      context.counters.count(Refusal.writeTimeout)
      return close()
    }
    switch machine {
    case .undecided:
      context.counters.count(Refusal.requestTimeout)
      close()
    case .http1(let http1):
      context.date.refresh(now: now, clock: context.clock)
      http1.timeOut(into: &server.output)
      flush()
    case .http2(let session):
      switch session.expire(now: now) {
      case .nothing: break
      case .flush: if pending.isEmpty { flush() }
      case .close(let refusal):
        if let refusal { context.counters.count(refusal) }
        close()
      }
    }
  }
}
