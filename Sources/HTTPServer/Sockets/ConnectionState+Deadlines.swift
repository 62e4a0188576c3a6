import EventLoop

/// How long a connection may take for what it is doing.
extension ConnectionState {
  /// The time at which `expire` has something to do, in monotonic nanoseconds.
  var deadline: Int64 {
    let limits = context.limits
    let slow = pending.isEmpty ? Int64.max : pendingProgressed &+ limits.writeTime
    switch phase {
    case .handshaking:
      return progressed &+ limits.handshakeTime
    case .undecided:
      return progressed &+ limits.requestTime
    case .http1:
      guard pending.isEmpty else { return slow }
      if http1.isStreaming { return .max }
      return progressed &+ (http1.isReadingRequest ? limits.requestTime : limits.idleTimeHTTP1)
    case .http2(let session):
      return min(slow, session.deadline)
    case .lingering(_, let until):
      return until
    }
  }

  /// Does what has become due.
  mutating func expire(_ server: Server) {
    let now = server.loop.now
    guard registration != nil, deadline <= now else { return }
    if !pending.isEmpty && pendingProgressed &+ context.limits.writeTime <= now {
      context.counterTable.count(Refusal.writeTimeout)
      return close(server)
    }
    switch phase {
    case .lingering:
      close(server)
    case .handshaking:
      refuse(.handshakeTimeout, server)
    case .undecided:
      refuse(.requestTimeout, server)
    case .http1:
      context.refreshDate(now: now)
      var output = server.takeOutput()
      http1.timeOut(into: &output)
      flush(&output, now, server)
      server.giveOutput(output)
    case .http2(let session):
      switch session.expire(now: now) {
      case .nothing: break
      case .flush: if pending.isEmpty { flushMore(now, server) }
      case .close(let refusal):
        if let refusal { context.counterTable.count(refusal) }
        close(server)
      }
    }
  }
}
