import Answers
import Configuration
package import HTTPServer
import LagCore

/// What is asked, taken out of an HTTP request.
package struct RouteRequest: Sendable, Equatable {
  /// The path's segments, each decoded once.
  package var segments: [String]
  /// The whole path, decoded once.
  package var path: String
  /// Whether the method is HEAD.
  package var isHead: Bool
  /// Whether the query has `verbose`.
  package var isVerbose: Bool
  /// The values of `exclude` in the query.
  package var excluded: [String]

  /// Creates what is asked from its parts; `path` is written without escapes.
  package init(
    path: String, isHead: Bool = false, isVerbose: Bool = false, excluded: [String] = []
  ) {
    self.path = path
    segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      .map(String.init)
    self.isHead = isHead
    self.isVerbose = isVerbose
    self.excluded = excluded
  }

  /// Takes what is asked out of a request.
  package init(_ request: borrowing Request) {
    path = String(decoding: request.decodedPath, as: UTF8.self)
    segments = []
    for index in 0..<request.segmentCount {
      segments.append(String(decoding: request.decodedSegment(index), as: UTF8.self))
    }
    isHead = request.isHead
    isVerbose = request.hasQueryParameter("verbose")
    excluded = request.queryValues("exclude").map { String(decoding: $0, as: UTF8.self) }
  }
}

/// The paths that the agent answers.
///
/// | path | answer |
/// |---|---|
/// | `/livez` `/readyz` `/startupz` | the agent itself; `/readyz/NAME` is one check of it |
/// | `/consumer/livez` `…/readyz` `…/startupz` | all watched groups |
/// | `/consumer/{group}/livez` … | one group |
/// | `/metrics` | Prometheus' text format |
/// | `/v3/kafka/{cluster}/consumer/{group}/status` `…/lag` | Burrow's evaluation |
package struct Routes {
  /// The name of this machine, which Burrow's answers repeat.
  private let host: String
  /// The value of the CORS header of JSON answers, none when nil.
  private var allowOrigin: Header?
  /// Whether the agent was told to end.
  package var isDraining = false
  /// Names of groups that were asked for and are not watched, told once each.
  private var unknownGroups: Set<String> = []

  /// The most unknown names that are remembered; further ones are not told.
  private static let maximumUnknownGroups = 100

  /// Creates the routes.
  ///
  /// - Parameters:
  ///   - host: the name of this machine.
  ///   - allowOrigin: the value of `access-control-allow-origin`, nil for none.
  package init(host: String, allowOrigin: String?) {
    self.host = host
    setAllowOrigin(allowOrigin)
  }

  /// Changes the value of `access-control-allow-origin`; nil for none.
  mutating func setAllowOrigin(_ value: String?) {
    allowOrigin = value.flatMap { Header("access-control-allow-origin", Array($0.utf8)) }
  }

  /// What a request gets: the response, and a line for the log where somebody should know.
  package struct Answered {
    /// The response.
    package var response: Response
    /// What is to be logged.
    package var log: LogRecord?
  }

  /// Answers a request from what the agent knows.
  package mutating func answer(
    _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Answered {
    let segments = request.segments
    switch segments.first {
    case "livez" where segments.count <= 2, "readyz" where segments.count <= 2,
      "startupz" where segments.count <= 2:
      return Answered(response: agentProbe(request, agent: agent, now: now))
    case "consumer" where segments.count == 2 || segments.count == 3:
      return consumerProbe(request, agent: agent, now: now)
    case "metrics" where segments.count == 1:
      return Answered(
        response: Response(
          .ok, .metrics, body: AgentMetrics.text(of: agent, now: now)))
    case "v3"
    where segments.count == 6 && segments[1] == "kafka" && segments[3] == "consumer"
      && (segments[5] == "status" || segments[5] == "lag"):
      return Answered(response: burrowStatus(request, agent: agent, now: now))
    default:
      return Answered(response: Self.unknownPath)
    }
  }

  /// Burrow's answer to a path that it does not know.
  private static var unknownPath: Response {
    Response(
      .notFound, .text, body: BurrowAnswers.unknownPath,
      headers: [Header("x-content-type-options", "nosniff")])
  }

  // MARK: The agent itself

  private func agentProbe(
    _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Response {
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

  // MARK: The consumers

  private mutating func consumerProbe(
    _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Answered {
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

  private static func plain(_ status: Status, _ body: [UInt8]) -> Response {
    Response(
      status, .text, body: body,
      headers: [
        Header("cache-control", "no-cache, no-store"),
        Header("x-content-type-options", "nosniff"),
      ])
  }

  // MARK: Burrow

  private func burrowStatus(
    _ request: RouteRequest, agent: borrowing Agent, now: Moment
  ) -> Response {
    guard !request.isHead else {
      return Response(
        .methodNotAllowed, .text, body: Array("Method Not Allowed\n".utf8),
        headers: [
          Header("allow", "GET, OPTIONS"), Header("x-content-type-options", "nosniff"),
        ])
    }
    let cluster = request.segments[2]
    let group = request.segments[4]
    let evaluation = agent.evaluate(group: group, cluster: cluster, now: now)
    let body = BurrowAnswers.status(
      evaluation, cluster: cluster, group: group,
      listing: request.segments[5] == "lag" ? .all : .troubled,
      request: BurrowAnswers.RequestInfo(url: request.path, host: host))
    return Response(
      evaluation == nil ? .notFound : .ok, .json, body: body,
      headers: allowOrigin.map { [$0] } ?? [])
  }
}
