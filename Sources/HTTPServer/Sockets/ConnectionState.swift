import EventLoop

/// An accepted socket and the machine that speaks its protocol.
///
/// A turn of a connection is: one read into the server's buffer, the whole of it through the
/// machine, one write of what came out. While the peer does not take the output nothing is read,
/// which bounds what it can make the server keep (nghttp2 does not).
struct ConnectionState: ~Copyable {
  enum Phase {
    /// TLS is not ready yet.
    case handshaking
    /// Nothing has said yet which protocol it is; these bytes came, fewer than four.
    case undecided(held: [UInt8])
    case http1
    case http2(HTTP2Session)
    /// The last answer is sent and nothing is written any more; what arrives is thrown away, so
    /// that closing does not reset the connection before the peer has read the answer.
    case lingering(received: Int, until: Int64)
  }

  let transport: Transport
  /// Nil before the loop watches the socket and after the connection was closed.
  var registration: Registration?
  /// Monotonic nanoseconds when bytes last arrived.
  private(set) var lastActive: Int64

  let place: Int
  var connection: ConnectionInfo
  let context: ServerContext
  private(set) var phase: Phase
  var http1: HTTP1Connection

  /// Output that the kernel did not take, at most one buffer; empty unless the peer is slow.
  private(set) var pending: [UInt8] = []
  private var pendingStart = 0
  private(set) var pendingProgressed: Int64 = 0
  private var pendingSinceProgress = 0

  private var readFilledBuffer = false
  /// Whether reading or the handshake goes on when the socket is writable, which only TLS asks for.
  var readsWhenWritable = false
  private var machineProgress: UInt32 = 0
  var progressed: Int64

  init(_ transport: consuming Transport, info: ConnectionInfo, server: Server, place: Int) {
    phase = transport.tls == nil ? .undecided(held: []) : .handshaking
    self.transport = transport
    self.place = place
    context = server.context
    connection = info
    http1 = HTTP1Connection(context: server.context, connection: info, place: place)
    progressed = server.loop.now
    lastActive = server.loop.now
  }

  // MARK: - Events

  /// The socket can be read or written, or is broken.
  mutating func isReady(_ events: Readiness, _ server: Server) {
    let now = server.loop.now
    if !pending.isEmpty {
      sendPending(now, server)
    } else if events.contains(.readable) || readsWhenWritable {
      read(now, server)
    } else {
      close(server)
    }
    if registration != nil { server.watch(deadline: deadline) }
  }

  mutating func read(_ now: Int64, _ server: Server) {
    var isNew = false
    if case .handshaking = phase {
      guard shakeHands(now, server) else { return }
      isNew = true
    }
    let count: Int
    do throws(Errno) {
      count = try server.readBuffer.receive(from: transport)
    } catch {
      guard error == .wouldBlock else { return close(server) }
      // The settings of HTTP/2 go out without waiting for the client's.
      if isNew { flushMore(now, server) }
      return waitToRead(server)
    }
    guard count > 0 else { return close(server) }
    lastActive = now
    readFilledBuffer = count == ReadBuffer.size
    take(count, now, server)
    if transport.tls != nil { waitToRead(server) }
  }

  /// Deals with the bytes of the last read.
  private mutating func take(_ count: Int, _ now: Int64, _ server: Server) {
    context.counterTable.received(count)
    if case .lingering(let received, let until) = phase {
      guard received + count <= context.limits.lingeringBytes else { return close(server) }
      phase = .lingering(received: received + count, until: until)
      return
    }
    context.refreshDate(now: now)
    var output = server.takeOutput()
    server.readBuffer.withBytes(count) { receive($0, now, server, &output) }
    flush(&output, now, server)
    server.giveOutput(output)
  }

  private mutating func receive(
    _ bytes: Span<UInt8>, _ now: Int64, _ server: Server, _ output: inout [UInt8]
  ) {
    switch phase {
    case .undecided(let held):
      decide(held, bytes, now, server, &output)
    case .http1:
      http1.receive(bytes, into: &output)
      if http1.progress != machineProgress {
        machineProgress = http1.progress
        progressed = now
      }
      upgradeIfAgreed(now, server, &output)
    case .http2(let session):
      session.receive(bytes, now: now, into: &output)
    case .handshaking, .lingering:
      break
    }
  }

  // MARK: - The protocol

  mutating func refuse(_ refusal: Refusal, _ server: Server) {
    context.counterTable.count(refusal)
    close(server)
  }

  private mutating func decide(
    _ held: [UInt8], _ bytes: Span<UInt8>, _ now: Int64, _ server: Server,
    _ output: inout [UInt8]
  ) {
    // Nearly always everything needed is in the first read, and nothing is copied.
    if held.isEmpty {
      begin(ProtocolGuess(bytes), with: bytes, now, server, &output)
    } else {
      var joined = held
      joined.append(bytes)
      begin(ProtocolGuess(joined.span), with: joined.span, now, server, &output)
    }
  }

  private mutating func begin(
    _ guess: ProtocolGuess, with bytes: Span<UInt8>, _ now: Int64, _ server: Server,
    _ output: inout [UInt8]
  ) {
    if case .undecided = guess {
      var held: [UInt8] = []
      held.append(bytes)
      phase = .undecided(held: held)
      return
    }
    begin(guess, now, server)
    receive(bytes, now, server, &output)
  }

  mutating func begin(_ guess: ProtocolGuess, _ now: Int64, _ server: Server) {
    switch guess {
    case .undecided:
      phase = .undecided(held: [])
    case .http1:
      context.counterTable.count(Counters.Connections.http1)
      phase = .http1
    case .http2:
      guard
        let session = HTTP2Session.server(
          context: context, connection: connection, place: place, now: now)
      else {
        return close(server)
      }
      context.counterTable.count(Counters.Connections.http2)
      phase = .http2(session)
    }
  }

  /// Goes on in HTTP/2 once the HTTP/1.1 machine has agreed to.
  private mutating func upgradeIfAgreed(
    _ now: Int64, _ server: Server, _ output: inout [UInt8]
  ) {
    guard let upgrade = http1.takeUpgrade() else { return }
    guard
      let session = HTTP2Session.server(
        upgrade: upgrade, context: context, connection: connection, place: place, now: now)
    else {
      return close(server)
    }
    context.counterTable.count(Counters.Connections.upgraded)
    phase = .http2(session)
    session.receive(upgrade.rest.span, now: now, into: &output)
  }

  // MARK: - Output

  /// Sends the output and what more the machine has, until the kernel takes no more.
  mutating func flush(_ output: inout [UInt8], _ now: Int64, _ server: Server) {
    while registration != nil {
      if isBroken {
        transport.abandon()
        return close(server)
      }
      if output.isEmpty { fill(&output, now, server) }
      guard !output.isEmpty else { break }
      guard send(&output, now, server) else { return }
    }
    guard registration != nil else { return }
    if isFinished {
      finish(now, server)
    } else if context.isDraining, case .http1 = phase, isIdle {
      // Its answer was made before the drain began and has only now been taken.
      close(server)
    }
  }

  /// Whether the machine wants to end without another byte.
  private var isBroken: Bool {
    switch phase {
    case .http1: http1.isBroken
    case .http2(let session): session.failure != nil
    case .handshaking, .undecided, .lingering: false
    }
  }

  /// Streamed answers of this connection have something to send.
  mutating func wake(_ signals: ArraySlice<ResponseSignal>, _ server: Server) {
    guard registration != nil else { return }
    switch phase {
    case .http1: http1.resume()
    case .http2(let session): for signal in signals { session.resume(signal.stream) }
    case .handshaking, .undecided, .lingering: return
    }
    let now = server.loop.now
    // The client that waited for this has its time for the next request from now on.
    progressed = now
    context.refreshDate(now: now)
    if pending.isEmpty { flushMore(now, server) }
    if registration != nil { server.watch(deadline: deadline) }
  }

  private mutating func fill(_ output: inout [UInt8], _ now: Int64, _ server: Server) {
    switch phase {
    case .http1 where http1.hasMoreOutput:
      http1.fill(&output)
      upgradeIfAgreed(now, server, &output)
    case .http2(let session): if session.hasMoreOutput { session.fill(&output, now: now) }
    case .handshaking, .undecided, .http1, .lingering: break
    }
  }

  /// Sends the output and empties it; false if the kernel did not take it all.
  private mutating func send(
    _ output: inout [UInt8], _ now: Int64, _ server: Server
  ) -> Bool {
    var sent = 0
    do throws(Errno) {
      sent = try transport.send(output.span)
    } catch {
      guard error == .wouldBlock else {
        close(server)
        return false
      }
    }
    context.counterTable.sent(sent)
    let isWhole = sent == output.count
    if !isWhole {
      pending = Array(output[sent...])
      pendingStart = 0
      context.changeUnsent(by: pending.count)
      pendingProgressed = now
      pendingSinceProgress = 0
      setInterest(.writable, server)
    }
    output.removeAll(keepingCapacity: true)
    return isWhole
  }

  private mutating func sendPending(_ now: Int64, _ server: Server) {
    let sent: Int
    do throws(Errno) {
      sent = try transport.send(pending.span.extracting(pendingStart...))
    } catch {
      if error != .wouldBlock { close(server) }
      return
    }
    context.counterTable.sent(sent)
    pendingStart += sent
    context.changeUnsent(by: -sent)
    pendingSinceProgress += sent
    if pendingSinceProgress >= context.limits.progressBytes {
      pendingSinceProgress = 0
      pendingProgressed = now
    }
    guard pendingStart == pending.count else { return }
    pending = []
    pendingStart = 0
    progressed = now
    setInterest(.readable, server)
    flushMore(now, server)
    waitToRead(server)
  }

  /// Sends what the machine has.
  mutating func flushMore(_ now: Int64, _ server: Server) {
    var output = server.takeOutput()
    flush(&output, now, server)
    server.giveOutput(output)
  }

  mutating func setInterest(_ interest: Readiness, _ server: Server) {
    guard let registration else { return }
    do throws(Errno) {
      try server.loop.setInterest(interest, of: registration)
    } catch {
      close(server)
    }
  }

  // MARK: - The end

  private var isFinished: Bool {
    switch phase {
    case .http1: http1.isFinished
    case .http2(let session): session.isFinished
    case .handshaking, .undecided, .lingering: false
    }
  }

  /// Whether nothing is under way: the connection may be closed at any time.
  private var isIdle: Bool {
    guard pending.isEmpty else { return false }
    return switch phase {
    case .http1: !http1.isReadingRequest && !http1.hasMoreOutput && !http1.isStreaming
    case .http2(let session): session.isIdle
    case .handshaking, .undecided, .lingering: true
    }
  }

  /// Whether the connection can be given up for a new one: it waits for its client.
  var isEvictable: Bool {
    guard pending.isEmpty else { return false }
    return switch phase {
    case .http1: !http1.hasMoreOutput && !http1.isStreaming
    case .http2(let session): session.waitsForClient
    case .handshaking, .undecided, .lingering: true
    }
  }

  /// When the client last took of its answers as much as it must; nil when none wait for it.
  var stalledSince: Int64? {
    var since = pending.isEmpty ? nil : pendingProgressed
    if case .http2(let session) = phase, let stalled = session.stalledSince {
      since = min(since ?? stalled, stalled)
    }
    return since
  }

  /// Whether all that is under way are answers whose content comes piece by piece.
  var isStreaming: Bool {
    switch phase {
    case .http1: http1.isStreaming
    case .http2(let session): session.isStreaming
    case .handshaking, .undecided, .lingering: false
    }
  }

  /// Everything is answered: closes now, or after the peer has read it.
  private mutating func finish(_ now: Int64, _ server: Server) {
    // Closing a socket with unread bytes resets the connection and destroys what is on its way.
    if case .http1 = phase, !http1.mustLinger, !readFilledBuffer { return close(server) }
    linger(now)
  }

  /// Ends what is sent, and throws away what still comes for a while.
  mutating func linger(_ now: Int64) {
    transport.shutdownSending()
    phase = .lingering(received: 0, until: now &+ context.limits.lingeringTime)
  }

  /// Closes the socket without a further word; does nothing the second time.
  mutating func close(_ server: Server) {
    guard let registration else { return }
    self.registration = nil
    context.changeUnsent(by: pendingStart - pending.count)
    switch phase {
    case .http1: http1.close()
    case .http2(let session): session.close()
    case .handshaking: transport.abandon()
    case .undecided, .lingering: break
    }
    transport.sayGoodbye()
    server.loop.remove(registration)
    server.forget(place)
  }

  /// Ends the connection as soon as what is under way is answered.
  mutating func drain(_ server: Server) {
    let now = server.loop.now
    // A request may have come that nobody has looked at: closing now would reset it.
    if registration != nil && isIdle { read(now, server) }
    guard registration != nil else { return }
    switch phase {
    case .http1 where http1.isStreaming:
      http1.drain()
      if pending.isEmpty { flushMore(now, server) }
    case .handshaking, .undecided, .http1:
      if isIdle { close(server) }
    case .http2(let session):
      session.drain(now: now)
      if pending.isEmpty { flushMore(now, server) }
    case .lingering:
      break
    }
    if registration != nil { server.watch(deadline: deadline) }
  }
}
