import EventLoop

/// What all connections of a server share, without any socket: protocol machines need only this.
final class ServerContext {
  let handler: any RequestHandler
  let limits: Limits
  let clock: Clock
  let counters = CounterTable()
  private(set) var date = HTTPDate()
  /// Whether connections shall end after what they are doing.
  var isDraining = false

  init(handler: any RequestHandler, limits: Limits, clock: Clock) {
    self.handler = handler
    self.limits = limits
    self.clock = clock
    date.refresh(now: clock.monotonicNanoseconds(), clock: clock)
  }

  /// Sees to it that the date is right to the second, before requests are answered.
  ///
  /// - Parameter now: monotonic nanoseconds.
  func refreshDate(now: Int64) {
    date.refresh(now: now, clock: clock)
  }

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
    counters.count(response.status)
    return response
  }

  /// Counts a refusal and makes its answer.
  func refuse(_ refusal: Refusal) -> Response {
    counters.count(refusal)
    let response = refusal.response
    counters.count(response.status)
    return response
  }
}
