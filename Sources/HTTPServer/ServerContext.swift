package import EventLoop

/// What all connections of a server share, without any socket: protocol machines need only this.
package final class ServerContext {
  let handler: any RequestHandler
  let limits: Limits
  let clock: Clock
  let counterTable = CounterTable()
  private(set) var date = HTTPDate()
  /// Whether connections shall end after what they are doing.
  package var isDraining = false

  /// Makes the context of a server.
  package init(handler: any RequestHandler, limits: Limits, clock: Clock) {
    self.handler = handler
    self.limits = limits
    self.clock = clock
    date.refresh(now: clock.monotonicNanoseconds(), clock: clock)
  }

  /// Sees to it that the date is right to the second, before requests are answered.
  ///
  /// - Parameter now: monotonic nanoseconds.
  package func refreshDate(now: Int64) {
    date.refresh(now: now, clock: clock)
  }

  /// What was done so far.
  package var counters: Counters { counterTable.snapshot }

  /// nghttp2's callbacks and options, made when the first HTTP/2 connection comes.
  lazy var http2Callbacks = HTTP2Callbacks.make(limits)

  /// Answers a complete request: the server itself if it must refuse it, else the handler.
  ///
  /// Clears the head, whose memory serves the next request.
  func respond(to head: inout RequestHead) -> Response {
    if let refusal = head.refusal ?? head.method.refusal { return refuse(refusal) }
    guard case .handled(let method) = head.method else { return refuse(.methodNotImplemented) }
    // SAFETY: the request lives inside the closure only.
    let response = unsafe withUnsafePointer(to: &head) { head in
      unsafe handler.respond(to: Request(head, method: method))
    }
    head.clear()
    counterTable.count(response.status)
    return response
  }

  /// Counts a refusal and makes its answer.
  func refuse(_ refusal: Refusal) -> Response {
    counterTable.count(refusal)
    let response = refusal.response
    counterTable.count(response.status)
    return response
  }
}
