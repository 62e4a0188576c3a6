package import LagCore

/// What the probes answer for one group, with the names that a decision has only numbers of.
package struct DecisionReport: Sendable, Equatable {
  /// The group and the verdict on it.
  package var group: GroupReport
  /// The decision; nil for a group that was removed by a reload.
  package var decision: GroupDecision?
  /// The topic of the partition that is blamed, nil when none is.
  package var topic: String?
  /// Whether liveness passes whatever happens.
  package var isPaused: Bool

  /// Creates a report from its parts.
  package init(
    group: GroupReport, decision: GroupDecision?, topic: String?, isPaused: Bool = false
  ) {
    self.isPaused = isPaused
    self.group = group
    self.decision = decision
    self.topic = topic
  }

  /// Whether a probe passes.
  package func passes(_ question: ProbeAnswers.Question) -> Bool {
    guard let decision else { return true }
    switch question {
    case .liveness: return !decision.liveness.fails
    case .readiness: return decision.readiness.isReady
    case .startup: return true
    }
  }

  /// Why it does or does not, in one sentence without a full stop.
  package func reason(_ question: ProbeAnswers.Question) -> String {
    guard let decision else { return group.reason }
    switch question {
    case .liveness: return livenessReason(decision.liveness)
    case .readiness: return decision.readiness.sentence
    case .startup: return "the agent listens"
    }
  }

  private func livenessReason(_ liveness: LivenessDecision) -> String {
    // A clause that was not asked says nothing: another one made that needless.
    if let found = liveness.findings.first(where: { !$0.holds && $0.evidence != .notAsked }) {
      // The agent knows better why it knows nothing.
      let doubt = found.evidence == .doubtful ? group.doubt : nil
      return "\(found.clause.name): \(doubt ?? sentence(found.evidence))"
    }
    let told: [LivenessClause] = [.partition, .hold]
    return told.map { sentence(liveness.findings[Int($0.rawValue)].evidence) }
      .joined(separator: "; ")
  }

  /// What a clause found, in words.
  package func sentence(_ evidence: ClauseEvidence) -> String {
    evidence.sentence { "\(topic ?? "topic \($0.topic)")-\($0.partition)" }
  }
}

extension ProbeAnswers {
  /// Answers a consumer probe from the decisions on the groups that it covers.
  ///
  /// - Parameters:
  ///   - question: what the probe asks.
  ///   - reports: the groups, at least one.
  ///   - showsCluster: whether lines begin with the cluster's name.
  ///   - notes: what else is to be said with the evidence, a line each.
  ///   - isVerbose: whether the evidence follows each line.
  package static func consumer(
    _ question: Question, reports: [DecisionReport], showsCluster: Bool, notes: [String],
    isVerbose: Bool
  ) -> Answer {
    var passes = true
    var text = ""
    for report in reports {
      let isGood = report.passes(question)
      if !isGood { passes = false }
      if showsCluster { text += "\(report.group.cluster)/" }
      text += "\(report.group.group) \(report.group.verdict.name): \(report.group.reason)"
      // Without a decision there is nothing more to say.
      if report.decision != nil {
        text += "; \(question.name) \(isGood ? "passes" : "fails"): \(report.reason(question))"
      }
      text += "\n"
      if isVerbose { text += evidence(report.group) + decisionEvidence(report) }
    }
    if isVerbose { for note in notes { text += "  \(note)\n" } }
    return Answer(passes: passes, body: Array(text.utf8))
  }

  private static func decisionEvidence(_ report: DecisionReport) -> String {
    guard let decision = report.decision else { return "" }
    var text =
      "  this pod: \(decision.ownMembers) members, \(decision.ownPartitions) partitions"
    text += decision.poisoned > 0 ? ", \(decision.poisoned) of them poison\n" : "\n"
    text += "  hold: \(decision.hold / 1000) s\n"
    for finding in decision.liveness.findings {
      let mark = finding.holds ? "x" : " "
      text += "  [\(mark)] \(finding.clause.name): \(report.sentence(finding.evidence))\n"
    }
    text += "  readiness: \(decision.readiness.sentence)\n"
    return text
  }
}

extension ProbeAnswers.Question {
  /// The word for it.
  package var name: StaticString {
    switch self {
    case .liveness: "liveness"
    case .readiness: "readiness"
    case .startup: "start-up"
    }
  }
}
