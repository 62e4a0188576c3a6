import EventLoop

/// What all connections of a server share, without any socket: protocol machines need only this.
final class ServerContext {
  let handler: any RequestHandler
  let limits: Limits
  let clock: Clock
  let heads = RequestHeadPool()
  var counters = Counters()
  var date = HTTPDate()
  /// Whether connections shall end after what they are doing.
  var isDraining = false

  init(handler: any RequestHandler, limits: Limits, clock: Clock) {
    self.handler = handler
    self.limits = limits
    self.clock = clock
    date.refresh(now: clock.monotonicNanoseconds(), clock: clock)
  }

  /// Answers a complete request: the server itself if it must refuse it, else the handler.
  func respond(to head: RequestHead) -> Response {
    if let refusal = head.refusal ?? head.method.refusal { return refuse(refusal) }
    guard case .handled(let method) = head.method else { return refuse(.methodNotImplemented) }
    let response = handler.respond(to: Request(head, method: method))
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
