package import EventLoop

/// An HTTP server on an event loop: HTTP/1.1 and HTTP/2 on every listener, with or without TLS.
///
/// Without TLS the first bytes of a connection say which of the two it is, with it ALPN does.
///
/// The handler is called on the loop's thread, between reading and writing; it may call anything
/// of the server.
package final class Server {
  /// Connections taken from one listener before other events have their turn.
  private static let acceptsPerTurn = 16
  /// Nanoseconds between two looks at the deadlines, at least; they are kept this exactly.
  private static let sweepInterval = nanosecondsPerSecond / 4
  /// Nanoseconds for which no connection is accepted when memory or descriptors lack.
  private static let shortageTime = nanosecondsPerSecond
  /// Connections closed before memory is given back to the kernel.
  private static let closedBeforeTrim = 64

  let loop: EventLoop
  let context: ServerContext
  let readBuffer = ReadBuffer()
  private var output: [UInt8] = []

  private var acceptors: [Acceptor] = []
  /// Listeners that were ever served.
  private var listeners = 0
  private var isPaused = false
  private var connections: [Connection?] = []
  private var freePlaces: [Int] = []
  /// Given up to accept and close one connection when the process has no descriptor left.
  private var reserve: FileDescriptor?

  /// Places of connections that are read in the next turn.
  private var rereads: [Int] = []

  /// Ends the pause in accepting.
  private var pauseTimer: TimerToken?
  /// Whether connections will be closed because too many bytes wait for their clients.
  private var isRelieving = false
  private var sweepTimer: TimerToken?
  private var sweepDeadline = Int64.max
  private var closedSinceTrim = 0
  private var drained: (() -> Void)?
  private var drainTimer: TimerToken?

  /// Connections open now, those included that wait only for their peer's end.
  package private(set) var openConnections = 0

  /// Told of each request that was answered; nil where nobody wants to know.
  package var accessLog: ((AccessRecord) -> Void)? {
    get { context.onAccess }
    set { context.onAccess = newValue }
  }

  /// What was done so far.
  package var counters: Counters { context.counters }

  /// Makes a server without listeners.
  ///
  /// - Parameter handler: answers the requests; kept as long as the server.
  package init(loop: EventLoop, handler: any RequestHandler, limits: Limits = Limits()) {
    self.loop = loop
    context = ServerContext(handler: handler, limits: limits, clock: loop.clock)
    reserve = try? FileDescriptor.reserve()
    context.onSignal = { [unowned self] in
      self.loop.runNextTurn { [unowned self] in wakeStreams() }
    }
    context.onCrowding = { [unowned self] in
      guard !isRelieving else { return }
      isRelieving = true
      self.loop.runNextTurn { [unowned self] in relieve() }
    }
  }

  // MARK: - Accepting

  /// A listener and its place in the loop.
  private final class Acceptor {
    let listener: Listener
    /// Its place among the server's listeners.
    let number: Int
    let tls: TLSContext?
    var registration: Registration?

    init(_ listener: consuming Listener, number: Int, tls: TLSContext?) {
      self.listener = listener
      self.number = number
      self.tls = tls
    }
  }

  /// Accepts connections from a listener until `drain`.
  ///
  /// - Parameters:
  ///   - listener: closed when the server drains.
  ///   - tls: what protects its connections; nil for none.
  package func serve(_ listener: consuming Listener, tls: TLSContext? = nil) throws(Errno) {
    let acceptor = Acceptor(listener, number: listeners, tls: tls)
    listeners += 1
    acceptor.registration = try loop.add(
      acceptor.listener.fileDescriptor, interest: .readable
    ) { [unowned self] _ in
      accept(from: acceptor)
    }
    acceptors.append(acceptor)
  }

  private func accept(from acceptor: Acceptor) {
    for turn in 0..<Self.acceptsPerTurn {
      if openConnections >= context.limits.connections {
        // Only the first time it is certain that a connection waits.
        guard turn == 0 else { return }
        guard evictOne() else {
          context.counterTable.count(Refusal.connectionLimit)
          return pauseAccepting(for: context.limits.stallTime)
        }
      }
      do throws(Errno) {
        admit(try acceptor.listener.accept(), acceptor)
      } catch {
        switch error {
        case .wouldBlock:
          return
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem:
          return refuseOne(acceptor)
        case .noBufferSpace, .noMemory:
          return waitOutShortage()
        default:
          continue  // That connection broke before it was accepted.
        }
      }
    }
  }

  private func admit(_ socket: consuming StreamSocket, _ acceptor: Acceptor) {
    let info = ConnectionInfo(
      listener: acceptor.number, peer: socket.peer, isEncrypted: acceptor.tls != nil)
    var session: TLSSession?
    if let tls = acceptor.tls {
      session = tls.session(descriptor: socket.fileDescriptor)
      guard session != nil else { return context.counterTable.count(Refusal.handshakeFailed) }
    }
    let place = freePlaces.popLast() ?? connections.count
    if place == connections.count { connections.append(nil) }
    let connection = Connection(
      Transport(socket: socket, tls: session), info: info, server: self, place: place)
    do throws(Errno) {
      try connection.start()
    } catch {
      freePlaces.append(place)
      context.counterTable.count(Refusal.noDescriptor)
      return
    }
    connections[place] = connection
    openConnections += 1
    context.counterTable.accepted()
    watch(deadline: connection.deadline)
  }

  /// Closes the connection that has waited longest for its client; false if none waits.
  ///
  /// A probe must get through even when somebody opens connections and leaves them.
  private func evictOne() -> Bool {
    let stalled = loop.now &- context.limits.stallTime
    let oldest =
      earliest { $0.isEvictable ? $0.lastActive : nil }
      // Whoever watches can ask again; whoever probes restarts a container.
      ?? earliest { $0.isStreaming ? $0.lastActive : nil }
      ?? earliest { connection in connection.stalledSince.flatMap { $0 <= stalled ? $0 : nil } }
    guard let oldest else { return false }
    context.counterTable.evicted()
    oldest.close()
    return true
  }

  private func refuseOne(_ acceptor: Acceptor) {
    context.counterTable.count(Refusal.noDescriptor)
    reserve = nil
    do throws(Errno) {
      // Accepted and closed at once: the client learns it now and not when it times out.
      _ = try acceptor.listener.accept()
      reserve = try FileDescriptor.reserve()
    } catch {
      // Somebody else took the number; without a pause the loop would be told again and again.
      waitOutShortage()
    }
  }

  /// The connection for which a time is the earliest, of those that have one.
  private func earliest(_ time: (Connection) -> Int64?) -> Connection? {
    var found: (connection: Connection, time: Int64)?
    for case let connection? in connections {
      guard let time = time(connection) else { continue }
      if found.map({ time < $0.time }) ?? true { found = (connection, time) }
    }
    return found?.connection
  }

  private func waitOutShortage() {
    guard !isPaused else { return }
    pauseAccepting(for: Self.shortageTime)
  }

  private func pauseAccepting(for time: Int64) {
    isPaused = true
    setAcceptorInterest([])
    let end = loop.now &+ time
    if let pauseTimer, loop.reschedule(pauseTimer, at: end) { return }
    pauseTimer = loop.schedule(at: end) { [unowned self] in
      pauseTimer = nil
      if reserve == nil { reserve = try? FileDescriptor.reserve() }
      resumeAccepting()
    }
  }

  private func resumeAccepting() {
    guard isPaused else { return }
    isPaused = false
    setAcceptorInterest(.readable)
  }

  private func setAcceptorInterest(_ interest: Readiness) {
    for acceptor in acceptors {
      guard let registration = acceptor.registration else { continue }
      try? loop.setInterest(interest, of: registration)
    }
  }

  // MARK: - Streams

  /// Lets the streams go on whose signals were raised, connection by connection.
  private func wakeStreams() {
    let signals = context.takeRaised().filter { !$0.isOver }.sorted {
      $0.connection < $1.connection
    }
    var start = 0
    while start < signals.count {
      let place = signals[start].connection
      var end = start + 1
      while end < signals.count, signals[end].connection == place { end += 1 }
      if connections.indices.contains(place) { connections[place]?.wake(signals[start..<end]) }
      start = end
    }
  }

  // MARK: - TLS

  /// Reads a connection again in the next turn, because TLS holds what the socket does not tell of.
  func readNextTurn(_ place: Int) {
    rereads.append(place)
    guard rereads.count == 1 else { return }
    loop.runNextTurn { [unowned self] in
      for place in exchange(&rereads, with: []) { connections[place]?.readAgain() }
    }
  }

  // MARK: - For connections

  /// Lends the buffer that all connections write their output to, one after the other; empty.
  func takeOutput() -> [UInt8] {
    // Without `exchange`, whose access to the property the runtime would look at.
    let lent = output
    output = []
    return lent
  }

  /// Takes the buffer back from the connection whose turn ends.
  func giveOutput(_ buffer: consuming [UInt8]) {
    if !buffer.isEmpty { buffer.removeAll(keepingCapacity: true) }
    output = buffer
  }

  /// Takes a closed connection out of the table.
  func forget(_ place: Int) {
    connections[place] = nil
    freePlaces.append(place)
    openConnections -= 1
    context.counterTable.closed()
    resumeAccepting()
    closedSinceTrim += 1
    if closedSinceTrim == Self.closedBeforeTrim {
      watch(deadline: loop.now &+ nanosecondsPerSecond)
    }
    finishDrain()
  }

  /// Closes the connections that have taken nothing for longest until what waits is little enough.
  ///
  /// The last one stays: how large a single answer is the handler knows.
  private func relieve() {
    isRelieving = false
    let waiting = connections.compactMap { connection in
      connection.flatMap { waiting in waiting.stalledSince.map { (waiting, since: $0) } }
    }
    for (slowest, _) in waiting.sorted(by: { $0.since < $1.since }).dropLast() {
      guard context.unsentBytes > context.limits.unsentBytes else { return }
      context.counterTable.count(Refusal.tooMuchUnsent)
      slowest.close()
    }
  }

  // MARK: - Deadlines

  /// Sees to it that deadlines are looked at when this one has passed, or soon after.
  ///
  /// Deadlines mostly move away, and then nothing is done: one timer serves all connections, and
  /// without connections there is none.
  func watch(deadline: Int64) {
    guard deadline < sweepDeadline else { return }
    sweepDeadline = max(deadline, loop.now &+ Self.sweepInterval)
    if let sweepTimer, loop.reschedule(sweepTimer, at: sweepDeadline) { return }
    sweepTimer = loop.schedule(at: sweepDeadline) { [unowned self] in sweep() }
  }

  private func sweep() {
    sweepTimer = nil
    sweepDeadline = Int64.max
    for case let connection? in connections { connection.expire() }
    var earliest = Int64.max
    for case let connection? in connections { earliest = min(earliest, connection.deadline) }
    watch(deadline: earliest)
    if closedSinceTrim >= Self.closedBeforeTrim {
      closedSinceTrim = 0
      context.http2Memory.release()
      Heap.trim()
    }
  }

  // MARK: - The end

  /// Stops accepting, finishes what is under way and closes all connections.
  ///
  /// HTTP/2 clients are told by GOAWAY, HTTP/1.1 clients by `Connection: close`.
  ///
  /// - Parameters:
  ///   - time: nanoseconds after which what is still open is cut off.
  ///   - completion: called once on the loop's thread, never from inside this call.
  package func drain(within time: Int64, completion: @escaping () -> Void) {
    // In the next turn, because the caller may be the handler inside a connection's turn.
    loop.runNextTurn { [self] in beginDrain(within: time, completion) }
  }

  private func beginDrain(within time: Int64, _ completion: @escaping () -> Void) {
    guard !context.isDraining else { return }
    context.isDraining = true
    drained = completion
    for acceptor in acceptors {
      // What the kernel has accepted already would otherwise be reset.
      accept(from: acceptor)
      if let registration = acceptor.registration { loop.remove(registration) }
      acceptor.registration = nil
    }
    acceptors = []
    drainTimer = loop.schedule(at: loop.now &+ max(0, time)) { [unowned self] in cutOff() }
    for case let connection? in connections { connection.drain() }
    finishDrain()
  }

  private func cutOff() {
    drainTimer = nil
    for case let connection? in connections { connection.close() }
    finishDrain()
  }

  private func finishDrain() {
    guard context.isDraining, openConnections == 0, let completion = drained else { return }
    drained = nil
    for timer in [drainTimer, pauseTimer] {
      if let timer { loop.cancel(timer) }
    }
    drainTimer = nil
    pauseTimer = nil
    if let sweepTimer { loop.cancel(sweepTimer) }
    sweepTimer = nil
    sweepDeadline = Int64.max
    loop.runNextTurn(completion)
  }
}
