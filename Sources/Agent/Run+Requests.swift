import Answers
import Configuration
import Connect
import EventLoop
package import HTTPServer

/// What is asked of the agent.
extension Run {
  /// Answers a request from what the agent knows at this moment, and logs what people should know.
  package func respond(to request: borrowing Request) -> Response {
    let route = RouteClass(request)
    var response = answer(request, route)
    if response.status.isUnauthorized { response.headers += Self.challenges }
    requests.count(route, response.status)
    return response
  }

  /// Says in Connect's words why the server does not take a call.
  package func respond(to request: borrowing Request, refused refusal: Refusal) -> Response? {
    var response = rpc.respond(to: request, refused: refusal)
    if let allowed = routes.allowOrigin { response?.headers.append(allowed) }
    return response
  }

  private func answer(_ request: borrowing Request, _ route: RouteClass) -> Response {
    if route == .rpc, let response = call(request) { return response }
    var scope = GroupScope.all
    var variant: [UInt8] = []
    if route == .metrics {
      variant += request.header("accept") ?? []
      variant.append(0)
      variant += request.header("accept-encoding") ?? []
    }
    if tokens.areNeeded, route.needsToken(request) {
      guard case .holder(let name, let named) = tokens.caller(of: request) else {
        return Response(.unauthorized, .text, body: Array("a token is needed\n".utf8))
      }
      scope = named
      variant += [0] + Array(name.utf8)
    }
    let isKept = request.isRead
    if isKept, let kept = cache.find(request, variant) {
      if kept.isLiveness { agent.askedAgain(.liveness, at: timeOfTurn) }
      return kept.response
    }
    if route == .metrics { readCounters() }
    var asked = RouteRequest(request)
    asked.scope = scope
    let answered = routes.answer(asked, agent: agent, now: now)
    if let record = answered.log { write(record) }
    // The governor has to know of every probe.
    if let probe = answered.probe {
      let effects = agent.asked(probe, at: now)
      if !answered.stands || !effects.isEmpty { perform(effects) }
    }
    if isKept, answered.stands { cache.insert(answered, for: request, variant) }
    return answered.response
  }

  private func call(_ request: borrowing Request) -> Response? {
    if let response = CrossOrigin.preflight(request, routes.allowOrigin) { return response }
    var response = rpc.respond(to: request)
    if let allowed = routes.allowOrigin { response?.headers.append(allowed) }
    return response
  }

  private func readCounters() {
    routes.server.counters = httpCounters
    routes.server.calls = rpc.counted
    routes.server.openWatches = rpc.openWatches
    routes.server.certificates = certificates
  }

  /// How a client may show a token (RFC 9110 section 11.6.1).
  private static let challenges = [
    Header("www-authenticate", "Bearer realm=\"vole\""),
    Header("www-authenticate", "Basic realm=\"vole\", charset=\"UTF-8\""),
  ]
}

extension RouteClass {
  /// Whether a request wants a token where there are any: all but plain probes do.
  fileprivate func needsToken(_ request: borrowing Request) -> Bool {
    if request.method == .options { return false }
    switch self {
    case .probe: return request.hasQueryParameter("verbose")
    case .consumer:
      let last = request.segmentCount - 1
      let isProbe =
        request.segment(last, equals: "livez") || request.segment(last, equals: "readyz")
        || request.segment(last, equals: "startupz")
      return !isProbe || request.hasQueryParameter("verbose")
    case .burrow: return !request.segment(0, equals: "burrow")
    case .metrics, .rpc: return true
    case .other: return !request.pathEquals("/")
    }
  }
}

/// The RPC interface's look at the agent.
extension Run: RPCHost {
  /// Lends the agent as it is now.
  package func withAgent<Result, Failure: Error>(
    _ body: (borrowing Agent) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(agent)
  }

  /// The monotonic clock in nanoseconds.
  package var nanoseconds: Int64 { loop.clock.monotonicNanoseconds() }

  /// The program that runs.
  package var program: ProgramInfo? { routes.server.program }

  /// The name of this machine.
  package var hostName: String { routes.host }

  /// Pauses liveness of a group for this pod, or lets it count again.
  package func pause(group: String, cluster: String, until: Int64?, because reason: String) {
    let effects = agent.pause(group: group, cluster: cluster, until: until, at: now) ?? []
    perform(effects)
    guard !reason.isEmpty else { return }
    write(LogRecord(.info, "why it is paused").with("group", group).with("reason", reason))
  }

  /// Who asks.
  package func caller(of request: borrowing Request) -> Caller { tokens.caller(of: request) }

  /// Keeps a timer of the loop at the next deadline of a stream.
  func beginRPC() {
    rpc.timers.onChange = { [unowned self] in keepTimer() }
  }

  private func keepTimer() {
    if let rpcTimer { loop.cancel(rpcTimer) }
    rpcTimer = rpc.timers.nextDeadline.map { deadline in
      loop.schedule(at: deadline) { [unowned self] in
        rpcTimer = nil
        rpc.timers.run(now: nanoseconds)
        if rpcTimer == nil { keepTimer() }
      }
    }
  }
}
