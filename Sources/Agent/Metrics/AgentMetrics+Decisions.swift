import Answers
import LagCore

/// What `/metrics` says of probes, restarts and scale.
extension AgentMetrics {
  static func write(
    _ agent: borrowing Agent, scope: GroupScope, to writer: inout MetricsWriter, now: Moment
  ) {
    let reports = agent.decisionReports(now: now).filter { scope.contains($0.group.group) }
    func each(_ name: String, _ help: String, _ value: (DecisionReport) -> Int64?) {
      writer.family(name, .gauge, help)
      for report in reports {
        guard let value = value(report) else { continue }
        writer.sample(value, labels(of: report))
      }
    }
    each("vole_liveness_failing", "Whether liveness of a group fails for this pod") {
      $0.passes(.liveness) ? 0 : 1
    }
    each("vole_pod_ready", "Whether this pod is ready as far as a group is concerned") {
      $0.passes(.readiness) ? 1 : 0
    }
    each("vole_pod_members", "Members of a group that are this pod's") {
      $0.decision.map { Int64($0.ownMembers) }
    }
    each("vole_pod_partitions", "Partitions that members of this pod own") {
      $0.decision.map { Int64($0.ownPartitions) }
    }
    each("vole_poison_partitions", "Partitions of this pod that restarts did not help") {
      $0.decision.map { Int64($0.poisoned) }
    }
    each("vole_group_paused", "Whether liveness of a group passes whatever happens") {
      $0.isPaused ? 1 : 0
    }
    each("vole_group_common_cause", "Whether most owners of a group stand at once") { report in
      report.decision.map { $0.isCommonCause ? 1 : 0 }
    }
    writer.family(
      "vole_liveness_clause", .gauge,
      "The clause that lets liveness of a group pass: 1 for the one that does")
    for report in reports {
      guard let decision = report.decision else { continue }
      for clause in LivenessClause.allCases {
        writer.sample(
          clause == decision.liveness.deciding ? 1 : 0,
          labels(of: report) + [("clause", "\(clause.name)")])
      }
    }
    writeGovernor(agent.decisions.governor, to: &writer)
    writeRates(agent, reports, to: &writer, now: now)
  }

  private static func writeGovernor(_ governor: PodGovernor, to writer: inout MetricsWriter) {
    writer.family(
      "vole_restarts_total", .counter, "Failures of liveness that ended as a restart of this pod")
    writer.sample(Int64(governor.restartsCounted))
    writer.family(
      "vole_failures_not_acted_on_total", .counter,
      "Failures of liveness that nobody acted upon")
    writer.sample(Int64(governor.failuresNotActedOn))
    writer.family(
      "vole_probe_period_seconds", .gauge, "How often liveness is asked, as far as it was seen")
    writer.sample(real: Double(governor.probePeriod) / 1000)
  }

  private static func writeRates(
    _ agent: borrowing Agent, _ reports: [DecisionReport], to writer: inout MetricsWriter,
    now: Moment
  ) {
    let hints = reports.map {
      agent.scaleHint(ofGroup: $0.group.group, cluster: $0.group.cluster, now: now)
    }
    let rates = reports.map {
      agent.rates(ofGroup: $0.group.group, cluster: $0.group.cluster, now: now)
    }
    func hint(_ name: String, _ help: String, _ value: (ScaleHint) -> Int) {
      writer.family(name, .gauge, help)
      for (report, outcome) in zip(reports, hints) {
        // What is not known has no sample: an autoscaler would take it for a number.
        guard case .known(let hint, _, _) = outcome else { continue }
        writer.sample(Int64(value(hint)), labels(of: report))
      }
    }
    hint("vole_group_desired_replicas", "Replicas that a group should have") { $0.desired }
    hint("vole_group_useful_replicas", "Replicas that could have partitions") {
      $0.observation.usefulReplicas
    }
    hint("vole_group_replicas", "Distinct hosts with members of a group") {
      $0.observation.replicas
    }
    func rate(_ name: String, _ help: String, _ value: (GroupRates) -> Double?) {
      writer.family(name, .gauge, help)
      for (report, rates) in zip(reports, rates) {
        guard let number = rates.flatMap(value) else { continue }
        writer.sample(Int64(min(max(number.rounded(), -1e15), 1e15)), labels(of: report))
      }
    }
    rate("vole_group_time_lag_seconds", "Since the oldest unconsumed record was produced") {
      $0.timeLag?.seconds
    }
    rate("vole_group_produced_records_per_second", "Records produced per second") { $0.produced }
    rate("vole_group_consumed_records_per_second", "Records consumed per second") { $0.consumed }
    rate("vole_group_drain_seconds", "Until the lag is gone at the rates of now") {
      $0.timeToDrain
    }
  }

  private static func labels(of report: DecisionReport) -> [(name: String, value: String)] {
    [("cluster", report.group.cluster), ("consumer_group", report.group.group)]
  }
}

extension GroupDecision {
  /// Whether most owners stand at once.
  fileprivate var isCommonCause: Bool {
    liveness.findings.contains { if case .commonCause = $0.evidence { true } else { false } }
  }
}
