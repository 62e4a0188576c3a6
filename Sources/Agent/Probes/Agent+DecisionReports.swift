package import Answers
import Configuration
import LagCore

/// What is to be said of decisions: to those who ask, and to the log.
extension Agent {
  /// Returns what the probes answer for every watched group now.
  package func decisionReports(now: Moment) -> [DecisionReport] {
    clusters.flatMap { cluster in
      cluster.reportedGroups.map { report(of: $0, in: cluster, now: now) }
    }
  }

  /// Returns what the probes answer for the groups of that name; empty when none is watched.
  package func decisionReports(group name: String, now: Moment) -> [DecisionReport] {
    let bytes = Array(name.utf8)
    let reports = clusters.compactMap { cluster in
      cluster.store.group(named: bytes.span).map { report(of: $0, in: cluster, now: now) }
    }
    if !reports.isEmpty { return reports }
    return departedReport(name).map { [DecisionReport(group: $0, decision: nil, topic: nil)] } ?? []
  }

  /// Returns what the probes answer for one group.
  func decisionReport(of place: GroupPlace, now: Moment) -> DecisionReport {
    report(of: place.group, in: clusters[place.cluster], now: now)
  }

  private func report(of group: Int, in cluster: ClusterState, now: Moment) -> DecisionReport {
    let isRemoved = cluster.watched[group].isRemoved
    let decision =
      isRemoved ? nil : cluster.watched[group].decision.number.map { decisions.decision($0) }
    return DecisionReport(
      group: cluster.report(group: group, now: now),
      decision: isRemoved ? nil : decision ?? .unknown,
      topic: decision?.liveness.culprit.map { cluster.store.topicName($0.topic) },
      isPaused: cluster.watched[group].decision.number.flatMap { decisions.decider($0)?.isPaused }
        ?? false)
  }

  /// Tells the log what is new about a decision.
  mutating func tellChange(
    of group: Int, in cluster: Int, _ number: Int, now: Moment
  ) -> [AgentEffect] {
    let before = clusters[cluster].watched[group].decision.told
    let told = WatchedDecision.Told(decisions.decision(number))
    guard told != before else { return [] }
    clusters[cluster].watched[group].decision.told = told
    let report = report(of: group, in: clusters[cluster], now: now)
    func log(_ isUrgent: Bool, _ message: String, _ reason: String) -> AgentEffect {
      .log(
        LogRecord(isUrgent ? .warn : .info, message)
          .with("cluster", report.group.cluster).with("group", report.group.group)
          .with("reason", reason))
    }
    var effects: [AgentEffect] = []
    let liveness = report.reason(.liveness)
    if told.fails != before.fails {
      effects.append(
        log(told.fails, told.fails ? "liveness fails" : "liveness passes again", liveness))
    }
    if told.isReady != before.isReady {
      effects.append(
        log(false, told.isReady ? "ready" : "not ready", report.reason(.readiness)))
    }
    if told.poisoned > before.poisoned {
      effects.append(
        log(true, "restarts do not help with partitions: poison", liveness))
    }
    if told.isCommonCause, !before.isCommonCause {
      effects.append(log(true, "most owners stand: a common cause, nobody is restarted", liveness))
    }
    if told.isBudgetUsed, !before.isBudgetUsed {
      effects.append(log(true, "the budget of restarts is used up", liveness))
    }
    if told.poisoned != before.poisoned || told.isReady != before.isReady {
      effects.append(.saveState)
    }
    return effects
  }
}
