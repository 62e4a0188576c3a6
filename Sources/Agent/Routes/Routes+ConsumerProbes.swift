import Answers
import Configuration
import HTTPServer
import LagCore

/// `/consumer/…`: the watched groups.
extension Routes {
  /// Answers what begins with `/consumer`.
  mutating func consumerRoute(
    _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Answered {
    guard 2...3 ~= request.segments.count else { return Answered(response: Self.unknownPath) }
    let group = request.segments.count == 3 ? request.segments[1] : nil
    let question: ProbeAnswers.Question
    switch request.segments.last {
    case "livez": question = .liveness
    case "readyz": question = .readiness
    case "startupz": question = .startup
    case "scale":
      guard let group else { return Answered(response: Self.unknownPath) }
      return Answered(response: scale(group, scope: request.scope, agent: agent, now: now))
    default: return Answered(response: Self.unknownPath)
    }
    let all =
      group.map { agent.decisionReports(group: $0, now: now) } ?? agent.decisionReports(now: now)
    let reports = all.filter { request.scope.contains($0.group.group) }
    if reports.isEmpty, !all.isEmpty { return Answered(response: Self.unknownPath) }
    guard !reports.isEmpty else {
      if let group { return unknownGroup(group, question) }
      return Answered(
        response: Self.plain(.ok, Array("no watched group has committed anything yet\n".utf8)),
        probe: Agent.AskedProbe(question))
    }
    let answer = ProbeAnswers.consumer(
      question, reports: reports, showsCluster: agent.clusterNames.count > 1,
      notes: [agent.memory.sentence], isVerbose: request.isVerbose)
    return Answered(
      response: Self.plain(answer.passes ? .ok : .serviceUnavailable, answer.body),
      probe: Agent.AskedProbe(question, group: group))
  }

  /// Answers a probe for a group that is not watched.
  ///
  /// Readiness fails, which stops a rollout with the typing error in it; liveness passes, because a
  /// typing error must not restart a running consumer.
  private mutating func unknownGroup(
    _ name: String, _ question: ProbeAnswers.Question
  ) -> Answered {
    let body = Array("\(name) UNKNOWN: this group is not watched\n".utf8)
    var answered = Answered(response: Self.plain(question == .readiness ? .notFound : .ok, body))
    if unknownGroups.count < Self.maximumUnknownGroups, unknownGroups.insert(name).inserted {
      answered.log = LogRecord(.warn, "a probe asks for a group that is not watched")
        .with("group", name)
    }
    return answered
  }

  /// Says how many replicas a group should have; an autoscaler takes any other status than 200 for
  /// an error and holds what it has.
  private func scale(
    _ group: String, scope: GroupScope, agent: borrowing Agent, now: Moment
  ) -> Response {
    guard scope.contains(group), let outcome = agent.scaleHint(ofGroup: group, now: now) else {
      return Self.json(
        .notFound, ScaleAnswer.unknown("this group is not watched", group: group))
    }
    switch outcome {
    case .unknown(let reason):
      return Self.json(.serviceUnavailable, ScaleAnswer.unknown(reason, group: group))
    case .known(let hint, let verdict, let drainTarget):
      return Self.json(
        .ok,
        ScaleAnswer.known(
          hint, group: group, verdict: verdict, drainTarget: drainTarget,
          nowSeconds: now.wallSeconds))
    }
  }

  private static func json(_ status: Status, _ body: [UInt8]) -> Response {
    Response(
      status, .json, body: body,
      headers: [Header("cache-control", "no-cache, no-store"), noSniff])
  }
}
