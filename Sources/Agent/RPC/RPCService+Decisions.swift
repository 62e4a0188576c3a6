import Answers
import Connect
import HTTPServer
import JSON
import LagCore

/// The methods about decisions: what probes answer, how many replicas are needed, and pauses.
extension RPCService {
  /// Adds the methods to the router.
  func registerDecisions() {
    router.register(
      .unary(
        Self.groups, "GetScaleHint", request: RPCRequests.Group.schema,
        idempotency: .noSideEffects
      ) { [unowned self] ask, _, request in
        answer(request) { (scope) throws(ConnectError) in try scaleHint(ask.name, scope) }
      })
    router.register(
      .unary(
        Self.groups, "ExplainGroup", request: RPCRequests.ExplainGroup.schema,
        idempotency: .noSideEffects
      ) { [unowned self] ask, _, request in
        answer(request) { (scope) throws(ConnectError) in try explain(ask, scope) }
      })
    router.register(
      .unary(
        Self.groups, "PauseGroup", request: RPCRequests.PauseGroup.schema
      ) { [unowned self] ask, _, request in
        let caller = host.caller(of: request)
        return answer(request) { (scope) throws(ConnectError) in
          try pause(ask, caller, scope)
        }
      })
    router.register(
      .unary(
        Self.groups, "ResumeGroup", request: RPCRequests.Group.schema
      ) { [unowned self] ask, _, request in
        let caller = host.caller(of: request)
        return answer(request) { (scope) throws(ConnectError) in
          try resume(ask.name, caller, scope)
        }
      })
  }

  private func scaleHint(
    _ name: RPCRequests.GroupName, _ scope: GroupScope
  ) throws(ConnectError) -> [UInt8] {
    try host.withAgent { (agent) throws(ConnectError) in
      let place = try agent.place(of: name, scope)
      let cluster = agent.clusterNames[place.cluster]
      switch agent.scaleHint(ofGroup: name.group, cluster: cluster, now: host.now) {
      case .known(let hint, let verdict, let drainTarget):
        var writer = JSONWriter(capacity: 768)
        writer.beginObject()
        writer.key("hint")
        ScaleHintMessage.write(
          hint, cluster: cluster, group: name.group, verdict: verdict, drainTarget: drainTarget,
          nowSeconds: host.now.wallSeconds, to: &writer)
        writer.endObject()
        return writer.finish()
      case .unknown(let reason): throw ConnectError(.unavailable, reason)
      case nil: throw ConnectError(.notFound, "group \"\(name.group)\" is not watched")
      }
    }
  }

  private func explain(
    _ ask: RPCRequests.ExplainGroup, _ scope: GroupScope
  ) throws(ConnectError) -> [UInt8] {
    try host.withAgent { (agent) throws(ConnectError) in
      let place = try agent.place(of: ask.name, scope)
      if !ask.topic.isEmpty || ask.partition != nil {
        guard agent.has(topic: ask.topic, partition: ask.partition, of: place) else {
          let partition = ask.partition.map { "partition \($0)" } ?? "partition"
          throw ConnectError(
            .notFound, "group \"\(ask.name.group)\" has no \(partition) of \"\(ask.topic)\"")
        }
      }
      var writer = JSONWriter(capacity: 4096)
      agent.writeExplanation(of: place, ask, now: host.now, to: &writer)
      return writer.finish()
    }
  }

  private func pause(
    _ ask: RPCRequests.PauseGroup, _ caller: Caller, _ scope: GroupScope
  ) throws(ConnectError) -> [UInt8] {
    try check(caller, ask.name.group)
    guard 1...604_800 ~= ask.seconds else {
      throw ConnectError(.invalidArgument, "field \"seconds\": expected 1 to 604800")
    }
    let until = host.now.wall + Int64(ask.seconds) * 1000
    let cluster = try place(ask.name, scope)
    host.pause(group: ask.name.group, cluster: cluster, until: until, because: ask.reason)
    return Self.message("pause", cluster: cluster, group: ask.name.group, until: until)
  }

  private func resume(
    _ name: RPCRequests.GroupName, _ caller: Caller, _ scope: GroupScope
  ) throws(ConnectError) -> [UInt8] {
    try check(caller, name.group)
    let cluster = try place(name, scope)
    let until = host.withAgent {
      $0.pausedUntil(group: name.group, cluster: cluster, now: host.now)
    }
    host.pause(group: name.group, cluster: cluster, until: nil, because: "")
    return Self.message("ended", cluster: cluster, group: name.group, until: until)
  }

  private func check(_ caller: Caller, _ group: String) throws(ConnectError) {
    guard case .anybody = caller else { return }
    throw ConnectError(.permissionDenied, "only the holder of a token may pause a group")
  }

  private func place(
    _ name: RPCRequests.GroupName, _ scope: GroupScope
  ) throws(ConnectError) -> String {
    try host.withAgent { (agent) throws(ConnectError) in
      agent.clusterNames[try agent.place(of: name, scope).cluster]
    }
  }

  private static func message(
    _ name: StaticString, cluster: String, group: String, until: Int64?
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    if let until {
      PauseMessage.write(name, cluster: cluster, group: group, until: until, to: &writer)
    }
    writer.endObject()
    return writer.finish()
  }
}

/// `vole.v1.Pause` in ProtoJSON.
enum PauseMessage {
  /// Writes a pause as a member of a message.
  static func write(
    _ name: StaticString, cluster: String, group: String, until: Int64, to writer: inout JSONWriter
  ) {
    writer.key(name)
    writer.beginObject()
    writer.field("cluster", cluster)
    writer.field("group", group)
    writer.field("until", timestampMilliseconds: until)
    writer.endObject()
  }
}

extension Agent {
  /// Whether a group has a partition, or any of a topic.
  func has(topic: String, partition: Int32?, of place: GroupPlace) -> Bool {
    let state = clusters[place.cluster]
    let bytes = Array(topic.utf8)
    guard state.store.hasWindow(group: place.group, topic: bytes.span) else { return false }
    guard let partition else { return true }
    let count = state.store.newestHeads(ofTopic: bytes.span)?.count ?? 0
    return partition >= 0 && Int(partition) < count
  }

  /// Writes `ExplainGroupResponse`.
  func writeExplanation(
    of place: GroupPlace, _ ask: RPCRequests.ExplainGroup, now: Moment,
    to writer: inout JSONWriter
  ) {
    let state = clusters[place.cluster]
    let name = state.store.groupName(place.group)
    let report = decisionReport(of: place, now: now)
    writer.beginObject()
    writer.key("status")
    writeStatus(
      place, .explained(topic: ask.topic, partition: ask.partition), now: now, to: &writer)
    writer.key("decisions")
    writer.beginArray()
    for question in [ProbeAnswers.Question.liveness, .readiness, .startup] {
      DecisionMessage.write(report, question, now: now.wall, to: &writer)
    }
    writer.endArray()
    if let number = state.watched[place.group].decision.number,
      let entries = decisions.decider(number)?.recorder.entries, !entries.isEmpty
    {
      writer.key("history")
      writer.beginArray()
      for entry in entries.reversed() { DecisionMessage.write(entry, to: &writer) }
      writer.endArray()
    }
    if let until = pausedUntil(group: name, cluster: state.settings.name, now: now) {
      PauseMessage.write(
        "pause", cluster: state.settings.name, group: name, until: until, to: &writer)
    }
    writer.endObject()
  }
}
