import EventLoop

/// What is different where TLS lies between a connection and its socket.
extension ConnectionState {
  /// Goes on with the handshake of TLS; whether it is complete.
  mutating func shakeHands(_ now: Int64, _ server: Server) -> Bool {
    guard let tls = transport.tls else { return true }
    switch tls.shakeHands() {
    case .pending:
      waitToRead(server)
    case .failed(nil):
      close(server)
    case .failed(let refusal?):
      // The alert is on its way, and the client may have sent its request behind the handshake.
      context.counterTable.count(refusal)
      linger(now)
    case .complete:
      do throws(Refusal) {
        connection = try ConnectionInfo(connection, protectedBy: tls)
      } catch {
        refuse(error, server)
        return false
      }
      context.counterTable.count(tls.version)
      http1 = HTTP1Connection(context: context, connection: connection, place: place)
      progressed = now
      begin(tls.agreedProtocol ?? .undecided, now, server)
      return registration != nil
    }
    return false
  }

  /// Sees to it that reading goes on when it can, which the socket alone does not tell with TLS.
  mutating func waitToRead(_ server: Server) {
    guard transport.tls != nil, registration != nil, pending.isEmpty else { return }
    let interest = transport.readingInterest
    readsWhenWritable = interest == .writable
    setInterest(interest, server)
    if transport.hasBufferedInput { server.readNextTurn(place) }
  }

  /// Goes on with what TLS has taken from the socket already.
  mutating func readAgain(_ server: Server) {
    guard registration != nil, pending.isEmpty else { return }
    read(server.loop.now, server)
    if registration != nil { server.watch(deadline: deadline) }
  }
}
