import EventLoop

/// One connection's place in the loop and in the server's table.
///
/// Everything else is in its state, a value, so that the many small steps of a turn are checked by
/// the compiler for exclusive access and not by the runtime.
final class Connection {
  /// The connection's place in the server's table.
  let place: Int
  private unowned let server: Server
  private var state: ConnectionState

  init(_ transport: consuming Transport, info: ConnectionInfo, server: Server, place: Int) {
    self.place = place
    self.server = server
    state = ConnectionState(transport, info: info, server: server, place: place)
  }

  /// Begins to watch the socket; the loop keeps the connection until it is closed.
  func start() throws(Errno) {
    let registration = try server.loop.add(
      state.transport.socket.fileDescriptor, interest: .readable
    ) { events in
      let server = self.server
      self.state.isReady(events, server)
    }
    state.registration = registration
  }

  /// Monotonic nanoseconds when bytes last arrived.
  var lastActive: Int64 { state.lastActive }

  /// Whether the connection can be given up for a new one: it waits for its client.
  var isEvictable: Bool { state.isEvictable }

  /// Whether all that is under way are answers whose content comes piece by piece.
  var isStreaming: Bool { state.isStreaming }

  /// When the client last took of its answers as much as it must; nil when none wait for it.
  var stalledSince: Int64? { state.stalledSince }

  /// The time at which `expire` has something to do, in monotonic nanoseconds.
  var deadline: Int64 { state.deadline }

  /// Streamed answers of this connection have something to send.
  func wake(_ signals: ArraySlice<ResponseSignal>) { state.wake(signals, server) }

  /// Goes on with what TLS has taken from the socket already.
  func readAgain() { state.readAgain(server) }

  /// Does what has become due.
  func expire() { state.expire(server) }

  /// Ends the connection as soon as what is under way is answered.
  func drain() { state.drain(server) }

  /// Closes the socket without a further word; does nothing the second time.
  func close() { state.close(server) }
}
