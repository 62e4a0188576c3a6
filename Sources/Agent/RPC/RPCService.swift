import Answers
package import Connect
package import HTTPServer
import JSON
import LagCore

/// The RPC interface: `vole.v1.ConsumerGroupService` and `grpc.health.v1.Health`
/// (`proto-json/`) over the Connect protocol.
///
/// Messages are made once and shared: by all who ask until the agent has learnt something, and by
/// all who watch.
package final class RPCService {
  /// The name of the service of groups.
  package static let groups = "vole.v1.ConsumerGroupService"
  /// The name of the service of health.
  package static let health = "grpc.health.v1.Health"

  let router = ConnectRouter()
  /// The deadlines of streams; whoever owns the loop runs them.
  package let timers = ConnectTimers()
  unowned let host: any RPCHost
  let watches = Watches()
  /// Messages of this second.
  private var kept: [MessageKey: [UInt8]] = [:]

  /// The most messages that are kept; further ones are made each time.
  private static let maximumKept = 64

  private struct MessageKey: Hashable {
    let cluster: Int
    let group: Int
    let detail: GroupStatusMessage.Detail
  }

  /// Makes the interface of a host, which must outlive it.
  package init(host: any RPCHost) {
    self.host = host
    registerGroups()
    registerDecisions()
    registerHealth()
  }

  /// Answers a request whose path is a method's; nil for any other path.
  package func respond(to request: borrowing Request) -> Response? {
    router.respond(to: request, now: host.nanoseconds)
  }

  /// Says in Connect's words why the server does not take a request; nil for other paths.
  package func respond(to request: borrowing Request, refused refusal: Refusal) -> Response? {
    router.respond(to: request, refused: refusal)
  }

  /// Calls that came to an answer, by method and code.
  package var counted: [(service: String, method: String, code: String, calls: Int)] {
    router.counted
  }

  /// How many streams are open.
  package var openWatches: Int { watches.count }

  /// Forgets the messages of this second, because the agent has learnt something or time passed.
  package func forget() {
    if !kept.isEmpty { kept.removeAll(keepingCapacity: true) }
  }

  /// Tells all who watch what has changed since the last time; to be called after each verdict.
  package func tell() {
    guard watches.count > 0 else { return }
    forget()
    host.withAgent { agent in
      watches.tell(agent, now: host.now, at: host.nanoseconds)
    }
  }

  /// Ends all streams, because who may see what has changed.
  package func endWatches() {
    watches.end(ConnectError(.unavailable, "the tokens have changed"))
  }

  // MARK: Methods

  private func registerGroups() {
    router.register(
      .unary(
        Self.groups, "GetGroupStatus", request: RPCRequests.GetGroupStatus.schema,
        idempotency: .noSideEffects
      ) { [unowned self] ask, _, request in
        answer(request) { (scope) throws(ConnectError) in
          try groupStatus(ask.name, ask.windows ? .windows : .partitions, scope)
        }
      })
    router.register(
      .unary(
        Self.groups, "ListGroups", request: RPCRequests.ListGroups.schema,
        idempotency: .noSideEffects
      ) { [unowned self] ask, _, request in
        answer(request) { (scope) throws(ConnectError) in try list(ask.cluster, scope) }
      })
    router.register(
      .serverStream(
        Self.groups, "WatchGroupStatus", request: RPCRequests.WatchGroupStatus.schema
      ) { [unowned self] ask, call, request in
        stream(call, request, interval: ask.maximumInterval) { (scope) throws(ConnectError) in
          try host.withAgent { (agent) throws(ConnectError) in
            guard !ask.name.group.isEmpty else {
              try agent.checkCluster(ask.name.cluster)
              return .groups(
                cluster: ask.name.cluster, scope: scope, hasWindows: ask.windows)
            }
            let place = try agent.place(of: ask.name, scope)
            return .group(
              cluster: agent.clusterNames[place.cluster], group: ask.name.group,
              hasWindows: ask.windows)
          }
        }
      })
    router.register(
      .serverStream(
        Self.groups, "WatchGroups", request: RPCRequests.WatchGroups.schema
      ) { [unowned self] ask, call, request in
        stream(call, request, interval: ask.maximumInterval) { (scope) throws(ConnectError) in
          try host.withAgent { (agent) throws(ConnectError) in
            try agent.checkCluster(ask.cluster)
          }
          return .list(cluster: ask.cluster, scope: scope)
        }
      })
    router.register(
      .unary(
        Self.groups, "GetAgentInfo", request: RPCRequests.GetAgentInfo.schema,
        idempotency: .noSideEffects
      ) { [unowned self] _, _, request in
        answer(request) { (scope) throws(ConnectError) in agentInfo(scope) }
      })
    router.register(
      .unary(
        Self.groups, "SetLogLevel", request: RPCRequests.SetLogLevel.schema
      ) { [unowned self] ask, _, request in
        let caller = host.caller(of: request)
        return answer(request) { (_) throws(ConnectError) in try setLogLevel(ask, caller) }
      })
  }

  private func registerHealth() {
    router.register(
      .unary(
        Self.health, "Check", request: RPCRequests.HealthCheck.schema, idempotency: .noSideEffects
      ) { [unowned self] ask, _, request in
        answer(request) { (scope) throws(ConnectError) in
          let status = host.withAgent { $0.serving(ask.service, scope, now: host.now) }
          guard status != .serviceUnknown else {
            throw ConnectError(.notFound, "group \"\(ask.service)\" is not watched")
          }
          return status.json
        }
      })
    router.register(
      .serverStream(
        Self.health, "Watch", request: RPCRequests.HealthCheck.schema
      ) { [unowned self] ask, call, request in
        stream(call, request, interval: 0) { (scope) throws(ConnectError) in
          .health(service: ask.service, scope: scope)
        }
      })
  }

  /// Answers whoever may ask.
  func answer(
    _ request: borrowing Request, _ body: (GroupScope) throws(ConnectError) -> [UInt8]
  ) -> UnaryAnswer {
    guard let scope = host.caller(of: request).scope else { return .failure(Self.noToken) }
    do throws(ConnectError) {
      return .message(try body(scope))
    } catch {
      return .failure(error)
    }
  }

  /// Begins a stream for whoever may ask: the first message at once, then one at each change.
  private func stream(
    _ call: ConnectCall, _ request: borrowing Request, interval: Int32,
    _ body: (GroupScope) throws(ConnectError) -> WatchSubject
  ) -> StreamAnswer {
    guard let scope = host.caller(of: request).scope else { return .failure(Self.noToken) }
    guard 0...86_400 ~= interval else {
      return .failure(
        ConnectError(.invalidArgument, "field \"maxIntervalSeconds\": expected 0 to 86400"))
    }
    let subject: WatchSubject
    do throws(ConnectError) { subject = try body(scope) } catch { return .failure(error) }
    let stream = ConnectStream(
      call, timers: timers,
      maximumInterval: interval == 0 ? nil : Int64(interval) * 1_000_000_000)
    stream.onInterval = { [unowned self, weak stream] now in
      guard let stream else { return }
      host.withAgent { watches.offer(subject, to: stream, $0, now: host.now, at: now) }
    }
    host.withAgent {
      watches.add(stream, of: subject, $0, now: host.now, at: host.nanoseconds)
    }
    return .newest(stream)
  }

  private static let noToken = ConnectError(.unauthenticated, "a token is needed")

  // MARK: Answers

  private func groupStatus(
    _ name: RPCRequests.GroupName, _ detail: GroupStatusMessage.Detail, _ scope: GroupScope
  ) throws(ConnectError) -> [UInt8] {
    try host.withAgent { (agent) throws(ConnectError) in
      let place = try agent.place(of: name, scope)
      let key = MessageKey(cluster: place.cluster, group: place.group, detail: detail)
      if let known = kept[key] { return known }
      let message = agent.statusMessage(place, detail, now: host.now)
      if kept.count < Self.maximumKept { kept[key] = message }
      return message
    }
  }

  private func list(_ cluster: String, _ scope: GroupScope) throws(ConnectError) -> [UInt8] {
    try host.withAgent { (agent) throws(ConnectError) in
      try agent.checkCluster(cluster)
      var writer = JSONWriter(capacity: 1024)
      agent.writeList(cluster, scope, now: host.now, to: &writer)
      return writer.finish()
    }
  }

  private func agentInfo(_ scope: GroupScope) -> [UInt8] {
    host.withAgent { agent in
      var writer = JSONWriter(capacity: 1024)
      AgentInfoMessage(host: host, scope: scope).write(agent, to: &writer)
      return writer.finish()
    }
  }

  private func setLogLevel(
    _ ask: RPCRequests.SetLogLevel, _ caller: Caller
  ) throws(ConnectError) -> [UInt8] {
    guard caller.mayChangeAgent else {
      throw ConnectError(.permissionDenied, "a token for all groups is needed")
    }
    guard let level = AgentInfoMessage.level(ask.level) else {
      throw ConnectError(
        .invalidArgument, "field \"level\": expected DEBUG, INFO, WARN or ERROR")
    }
    let previous = host.level
    host.level = level
    var writer = JSONWriter()
    writer.beginObject()
    writer.field("previous", verbatim: AgentInfoMessage.name(of: previous))
    writer.endObject()
    return writer.finish()
  }
}
