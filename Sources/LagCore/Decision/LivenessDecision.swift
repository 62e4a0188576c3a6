/// The clauses that must all hold before liveness fails, in the order in which they are asked.
package enum LivenessClause: UInt8, Sendable, CaseIterable {
  /// What is known is fresh.
  case inputs
  /// A partition of this pod is STOP or STALL.
  case partition
  /// It has been for `hold`.
  case hold
  /// Somebody else progressed meanwhile, or there is nobody else.
  case progress
  /// Most owners get on.
  case commonCause
  /// The coordinator calls the group stable, where it may be asked.
  case stability
  /// The governor allows it.
  case governor
  /// The group is not paused.
  case pause

  /// A short stable name for command lines and JSON.
  package var name: StaticString {
    switch self {
    case .inputs: "inputs"
    case .partition: "partition"
    case .hold: "hold"
    case .progress: "progress"
    case .commonCause: "common-cause"
    case .stability: "stability"
    case .governor: "governor"
    case .pause: "pause"
    }
  }
}

/// From when the hold of a partition counts.
package enum HoldStart: UInt8, Sendable, CaseIterable {
  /// Since it is behind without progress.
  case behind
  /// Since its member owns it.
  case owned
  /// Since the group's last rebalance.
  case rebalanced
  /// Since this machine's clock was set.
  case clockSet
  /// Since what is known is fresh again.
  case fresh
  /// Since the last common cause ended.
  case causeEnded
  /// Since the group is no longer paused.
  case resumed

  /// The words for it, behind "since".
  package var words: StaticString {
    switch self {
    case .behind: "it is behind without progress"
    case .owned: "its member owns it"
    case .rebalanced: "the group rebalanced"
    case .clockSet: "the clock of this machine was set"
    case .fresh: "what is known is fresh again"
    case .causeEnded: "the common cause ended"
    case .resumed: "the pause ended"
    }
  }
}

/// What a clause of liveness found; times are ages in milliseconds.
package enum ClauseEvidence: Sendable, Equatable {
  /// Inputs are fresh.
  case fresh
  /// Nothing can be said for the time being; the agent knows why.
  case doubtful
  /// Neither POD_IP nor POD_NAME is given.
  case noIdentity
  /// No member of the group is this pod's; so many are.
  case noMember(of: Int)
  /// No partition of this pod is STOP or STALL; so many of others are.
  case healthy(others: Int)
  /// The partitions that stand are poison; liveness is tried again in so many milliseconds.
  case poison(count: Int, retryIn: Int64)
  /// The member that stands belongs to a container that is gone.
  case anotherIncarnation
  /// A partition of this pod stands.
  case standing(TroubledPartition, count: Int)
  /// It has stood for so long, of the hold that is asked for.
  case held(Int64, of: Int64, since: HoldStart)
  /// Another owner progressed so long ago.
  case othersProgressed(Int64)
  /// No other owner progressed in the second half of the time for which the partition stands.
  case nobodyProgressed
  /// There has been one owner only for so long.
  case soleOwner(Int64)
  /// So many of the active owners stand; more than half are a common cause.
  case owners(standing: Int, active: Int)
  /// A common cause has lasted for so long; pods are restarted by turns once it is long enough.
  case commonCause(standing: Int, active: Int, Int64, CommonCauseTurn?)
  /// The coordinator says so.
  case described(GroupState)
  /// The coordinator may not be asked.
  case mayNotDescribe
  /// The coordinator was asked or is to be asked, and has not answered yet.
  case awaitsDescription
  /// What the governor says.
  case governor(PodGovernor.Allowance)
  /// Nobody paused it.
  case notPaused
  /// It is paused for so many milliseconds more; nil by configuration.
  case paused(Int64?)
  /// An earlier clause lets liveness pass, so that there is nothing to ask.
  case notAsked
}

/// What became of one clause.
package struct ClauseFinding: Sendable, Equatable {
  /// The clause.
  package var clause: LivenessClause
  /// Whether it speaks for a restart; a clause that was not asked does not.
  package var holds: Bool
  /// The evidence.
  package var evidence: ClauseEvidence

  /// Creates a finding.
  package init(_ clause: LivenessClause, holds: Bool, _ evidence: ClauseEvidence) {
    self.clause = clause
    self.holds = holds
    self.evidence = evidence
  }
}

/// What liveness says of a group, and why.
package struct LivenessDecision: Sendable, Equatable {
  /// One finding per clause, in the order of the clauses.
  package var findings: [ClauseFinding]
  /// The partition that is blamed, nil when none is.
  package var culprit: TroubledPartition?
  /// The member that owns it.
  package var owner: PartitionOwner?

  /// Whether all clauses hold, so that liveness fails.
  package var fails: Bool { findings.allSatisfy(\.holds) }

  /// The first clause that lets liveness pass, nil when it fails.
  ///
  /// One that nobody looked at, because another lets it pass, is not the reason.
  package var deciding: LivenessClause? {
    let found = findings.first { !$0.holds && $0.evidence != .notAsked }
    return (found ?? findings.first { !$0.holds })?.clause
  }

  /// Whether only the coordinator's word is missing, so that it has to be asked now.
  package var awaitsDescription: Bool {
    findings.allSatisfy {
      $0.holds || ($0.clause == .stability && $0.evidence == .awaitsDescription)
    } && !fails
  }

  /// Nothing is known yet.
  package static let unknown = LivenessDecision(
    findings: LivenessClause.allCases.map {
      ClauseFinding($0, holds: false, $0 == .inputs ? .doubtful : .notAsked)
    }, culprit: nil, owner: nil)
}
