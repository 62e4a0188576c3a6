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
    let question: ProbeAnswers.Question
    switch request.segments.last {
    case "livez": question = .liveness
    case "readyz": question = .readiness
    case "startupz": question = .startup
    default: return Answered(response: Self.unknownPath)
    }
    let reports: [GroupReport]
    if request.segments.count == 3 {
      reports = agent.reports(group: request.segments[1], now: now)
      if reports.isEmpty { return unknownGroup(request.segments[1], question) }
    } else {
      reports = agent.reports(now: now)
      if reports.isEmpty {
        return Answered(
          response: Self.plain(.ok, Array("no watched group has committed anything yet\n".utf8)))
      }
    }
    let answer = ProbeAnswers.consumer(
      question, reports: reports, showsCluster: agent.clusterNames.count > 1,
      isVerbose: request.isVerbose)
    return Answered(
      response: Self.plain(answer.passes ? .ok : .serviceUnavailable, answer.body))
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
}
