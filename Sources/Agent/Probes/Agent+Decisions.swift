package import Answers
import Configuration
import LagCore

/// What the probes answer: made once a second, after the verdicts.
extension Agent {
  /// Makes the decisions of this second, and tells the log what changed.
  mutating func decide(now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    let time = DecisionTime(now)
    for cluster in clusters.indices {
      for group in clusters[cluster].store.groupIndices {
        guard !clusters[cluster].watched[group].isRemoved else {
          forget(group, of: cluster)
          continue
        }
        let number = number(of: group, in: cluster, now: now)
        let ending = decisions.decide(
          number, clusters[cluster].store, clusters[cluster].view(of: group, now: now), now: time)
        if let ending { effects += tell(ending) }
        effects += tellChange(of: group, in: cluster, number, now: now)
        clusters[cluster].observeScale(of: group, now: now)
      }
    }
    if let ending = decisions.settle(now: time) { effects += tell(ending) }
    effects += descriptionsDue
    if decisions.exits(now: time) { effects += exit(now: now) }
    return effects
  }

  /// The number by which the decisions know a group, which gets one in its first second.
  private mutating func number(of group: Int, in cluster: Int, now: Moment) -> Int {
    let known = clusters[cluster].watched[group].decision
    if let number = known.number {
      // A pause of the configuration may begin to count or end at any time.
      if known.settings.pausedUntil != nil {
        let parameters = known.settings.parameters(at: now.wall)
        if decisions.decider(number)?.parameters != parameters {
          decisions.set(parameters, of: number, now: DecisionTime(now))
        }
      }
      return number
    }
    let name = clusters[cluster].store.groupName(group)
    let settings = reload.current?.decisions(ofGroup: name) ?? Configuration.Decisions()
    let number = decisions.add(
      group: name, cluster: clusters[cluster].settings.name, settings.parameters(at: now.wall))
    clusters[cluster].watched[group].decision.number = number
    clusters[cluster].watched[group].decision.settings = settings
    clusters[cluster].watched[group].decision.scaling =
      reload.current?.scale(ofGroup: name) ?? ScaleParameters()
    return number
  }

  /// Forgets the decisions on a group that is watched no more.
  mutating func forget(_ group: Int, of cluster: Int) {
    guard let number = clusters[cluster].watched[group].decision.number else { return }
    decisions.remove(number)
    clusters[cluster].watched[group].decision = WatchedDecision()
  }

  /// Takes over what another configuration says of the groups that are known.
  mutating func resettle(_ configuration: Configuration, now: Moment) {
    for cluster in clusters.indices {
      for group in clusters[cluster].store.groupIndices {
        guard let number = clusters[cluster].watched[group].decision.number else { continue }
        let name = clusters[cluster].store.groupName(group)
        let settings = configuration.decisions(ofGroup: name)
        clusters[cluster].watched[group].decision.settings = settings
        clusters[cluster].watched[group].decision.scaling = configuration.scale(ofGroup: name)
        decisions.set(settings.parameters(at: now.wall), of: number, now: DecisionTime(now))
      }
    }
  }

  // MARK: The coordinator's word

  private var descriptionsDue: [AgentEffect] {
    let due = Set(decisions.descriptionsDue)
    guard !due.isEmpty else { return [] }
    var effects: [AgentEffect] = []
    for cluster in clusters {
      for group in cluster.store.groupIndices {
        guard let number = cluster.watched[group].decision.number, due.contains(number) else {
          continue
        }
        effects.append(
          .describe(cluster: cluster.index, group: cluster.store.groupName(group), after: 0))
      }
    }
    return effects
  }

  /// Takes note of what a coordinator said of a group.
  mutating func described(
    _ name: String, in cluster: Int, _ reply: GroupDescriptionReply, now: Moment
  ) {
    let bytes = Array(name.utf8)
    guard clusters.indices.contains(cluster),
      let group = clusters[cluster].store.group(named: bytes.span),
      let number = clusters[cluster].watched[group].decision.number
    else { return }
    let members = clusters[cluster].store.membership(ofGroup: group)?.members ?? []
    decisions.described(
      number, StabilityAnswer(reply, hasMembers: !members.isEmpty), now: DecisionTime(now))
  }

  // MARK: Probes

  /// A probe that was asked, which the governor has to know.
  package struct AskedProbe: Sendable, Equatable {
    /// What it asks.
    package var question: ProbeAnswers.Question
    /// The group that it asks for; nil is all.
    package var group: String?

    /// Creates it from its parts.
    package init(_ question: ProbeAnswers.Question, group: String? = nil) {
      self.question = question
      self.group = group
    }
  }

  /// Takes note of a probe that was answered.
  package mutating func asked(_ probe: AskedProbe, at now: Moment) -> [AgentEffect] {
    let time = DecisionTime(now)
    switch probe.question {
    case .readiness: return []
    case .liveness:
      let wasFailing = decisions.governor.failingSince != nil
      if let name = probe.group {
        for number in numbers(ofGroup: name) {
          _ = decisions.answerLiveness(number, now: time)
        }
      } else {
        _ = decisions.answerLiveness(now: time)
      }
      guard !wasFailing, decisions.governor.failingSince != nil else { return [] }
      return [
        .log(LogRecord(.warn, "liveness fails: this container is to be restarted")), .saveState,
      ]
    case .startup:
      var places: [Int: (store: OffsetStore, group: Int)] = [:]
      for cluster in clusters {
        for group in cluster.store.groupIndices {
          guard let number = cluster.watched[group].decision.number else { continue }
          places[number] = (cluster.store, group)
        }
      }
      let ending = decisions.startupAsked(now: time) { places[$0] }
      return (ending.map { tell($0) } ?? []) + [.saveState]
    }
  }

  /// Takes note of a probe that got the answer of a moment ago; see `Routes.Answered.stands`.
  package mutating func askedAgain(_ question: ProbeAnswers.Question, at now: Moment) {
    if question == .liveness { decisions.livenessPassed(now: DecisionTime(now)) }
  }

  /// The numbers of the groups of that name, one in each cluster that has it.
  func numbers(ofGroup name: String) -> [Int] {
    let bytes = Array(name.utf8)
    return clusters.compactMap { cluster in
      cluster.store.group(named: bytes.span).flatMap { cluster.watched[$0].decision.number }
    }
  }

  // MARK: Restarts

  private func tell(_ ending: PodGovernor.Ending) -> [AgentEffect] {
    let governor = decisions.governor
    let record =
      ending.isRestart
      ? LogRecord(.info, "the container was restarted").with("sign", "\(ending.sign)")
        .with("restarts", Int64(governor.restartsCounted))
      : LogRecord(.warn, "liveness failed, and nobody restarted the container")
        .with("failures", Int64(governor.failuresNotActedOn))
    return [.log(record), .saveState]
  }

  /// Ends the agent, so that Kubernetes restarts all containers of the pod.
  private mutating func exit(now: Moment) -> [AgentEffect] {
    let why = decisionReports(now: now).first { !$0.passes(.liveness) }
    return [
      .log(
        LogRecord(.warn, "liveness fails: ending, so that all containers are restarted")
          .with("group", why?.group.group ?? "").with("reason", why?.reason(.liveness) ?? "")),
      .saveState, .exit(code: Self.restartCode),
    ]
  }

  /// The exit code that Kubernetes is told to restart all containers for.
  package static let restartCode: Int32 = 88
}

extension StabilityAnswer {
  /// What an answer to a description says of the group's stability.
  ///
  /// The call that knows classic groups alone calls a group of the new protocol dead, or knows no
  /// members of it.
  init(_ reply: GroupDescriptionReply, hasMembers: Bool) {
    switch reply {
    case .fault(let fault):
      self = [.authorization, .unsupported].contains(fault.kind) ? .refused : .failed
    case .membership(let membership):
      let isBlind = membership.state == .dead || membership.state == .empty
      self = isBlind && hasMembers ? .refused : .state(membership.state)
    }
  }
}

extension PodGovernor.Ending {
  /// What showed that the container was restarted.
  var sign: StaticString {
    switch self {
    case .newMember: "a new member of this pod"
    case .startup: "its start-up was asked for"
    case .silence: "it was asked no more"
    case .exit: "the agent ended"
    case .notActedOn: "none"
    }
  }
}
