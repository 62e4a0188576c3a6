import Answers
import Configuration
import HTTPServer
import LagCore

/// `/livez`, `/readyz` and `/startupz`: the agent itself.
extension Routes {
  func agentProbe(
    _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Response {
    guard request.segments.count <= 2 else { return Self.unknownPath }
    var checks = [ProbeAnswers.Check(name: "ping", passes: true)]
    if request.segments[0] == "readyz" {
      checks += Self.readiness(agent)
      if let summary = agent.reload.summary(now: now) {
        checks.append(ProbeAnswers.Check(name: "configuration", passes: true, note: summary))
      }
      checks.append(
        ProbeAnswers.Check(
          name: "shutdown", passes: !isDraining, note: isDraining ? "the agent is ending" : ""))
    }
    if request.segments.count == 2 {
      let name = request.segments[1]
      checks = checks.filter { $0.name == name }
      if checks.isEmpty { return Self.unknownPath }
    }
    let answer = ProbeAnswers.agent(
      request.segments[0], checks: checks, excluded: request.excluded,
      isVerbose: request.isVerbose)
    return Self.plain(answer.passes ? .ok : .internalServerError, answer.body)
  }

  /// Whether commits and heads of each cluster were read once.
  private static func readiness(_ agent: borrowing Agent) -> [ProbeAnswers.Check] {
    let statuses = agent.clusterStatuses()
    var checks: [ProbeAnswers.Check] = []
    for status in statuses {
      let suffix = statuses.count == 1 ? "" : "-\(status.name)"
      checks.append(
        ProbeAnswers.Check(
          name: "commits\(suffix)",
          passes: status.areCommitsRead, note: commitsNote(status)))
      checks.append(
        ProbeAnswers.Check(
          name: "heads\(suffix)", passes: status.areHeadsRead,
          note: status.areHeadsRead ? "" : status.fault ?? "log-end offsets were not read yet"))
    }
    return checks
  }

  private static func commitsNote(_ status: Agent.ClusterStatus) -> String {
    var notes: [String] = []
    if status.readsTopic {
      if status.partitionsNeeded > 0 {
        notes.append(
          "\(status.partitionsRead) of \(status.partitionsNeeded) partitions read, "
            + "\(status.records.read) records")
      } else {
        notes.append(status.fault ?? "the offsets topic was not looked up yet")
      }
      if status.recordsLeft > 0 { notes.append("about \(status.recordsLeft) left") }
    }
    if status.groupsPolled > 0 {
      notes.append("\(status.groupsAnswered) of \(status.groupsPolled) groups fetched")
    }
    if status.groupsListed == 0 {
      notes.append(
        "the brokers list no group: there is none, or none may be described, which they do not tell"
      )
    }
    var note = notes.joined(separator: ", ")
    if let fallback = status.fallback {
      note += "; fetched because the offsets topic may not be read: \(fallback)"
    }
    if let skew = status.clockSkew, skew.magnitude > UInt64(ClockSkew.tolerance) {
      note += "; the brokers' clock is \(skew.magnitude / 1000) s \(skew > 0 ? "behind" : "ahead")"
    }
    if !status.withheldPartitions.isEmpty {
      let partitions = status.withheldPartitions.map { "\($0)" }.joined(separator: ", ")
      note += "; an open transaction withholds partition \(partitions)"
    }
    if let fault = status.fault, status.partitionsNeeded > 0 || !status.readsTopic {
      note += "; \(fault)"
    }
    if let fault = status.readingFault { note += "; \(fault)" }
    return note
  }
}
