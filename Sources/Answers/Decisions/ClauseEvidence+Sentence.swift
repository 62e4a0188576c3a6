package import LagCore

extension ClauseEvidence {
  /// What a clause found, in one sentence without a full stop, with its numbers.
  ///
  /// - Parameter partition: names a partition; the text for its topic and number.
  package func sentence(_ partition: (TroubledPartition) -> String) -> String {
    switch self {
    case .fresh: "commits and log-end offsets are fresh"
    case .doubtful: "what is known is too old or too little to say anything"
    case .noIdentity:
      "neither POD_IP nor POD_NAME is given, so that no member is known to be this pod's"
    case .noMember(1): "the group's one member is not this pod's"
    case .noMember(let members): "none of the group's \(members) members is this pod's"
    case .healthy(0): "no partition is STOP or STALL"
    case .healthy(1): "no partition of this pod is STOP or STALL, 1 of others is"
    case .healthy(let others):
      "no partition of this pod is STOP or STALL, \(others) of others are"
    case .poison(let count, let retryIn):
      "\(standingPartitions(count)) where restarts did not help (poison), liveness is tried again "
        + "in \(seconds(retryIn))"
    case .anotherIncarnation: "the member that stands belongs to a container that is gone"
    case .standing(let worst, let count):
      "\(standingPartitions(count)): \(partition(worst)) at offset \(worst.offset), "
        + "lag \(worst.lag), "
        + "\(worst.rule.sentence)"
    case .held(let time, let hold, let since):
      "it has stood for \(seconds(time)) of the \(seconds(hold)) that are asked for, since "
        + "\(since.words)"
    case .othersProgressed(let ago): "another owner progressed \(seconds(ago)) ago"
    case .nobodyProgressed: "no other owner progressed meanwhile, so that the group may rebalance"
    case .soleOwner(let time): "there has been one owner only for \(seconds(time))"
    case .owners(1, let active): "1 of \(active) active owners stands"
    case .owners(let standing, let active): "\(standing) of \(active) active owners stand"
    case .commonCause(let standing, let active, let time, let turn):
      "\(standing) of \(active) active owners stand, for \(seconds(time)): a common cause"
        + (turn == nil ? "" : ", pods are restarted one by one")
    case .described(let state): "the coordinator calls the group \(state.name)"
    case .mayNotDescribe: "the coordinator may not be asked"
    case .awaitsDescription: "the coordinator has not said yet whether the group is stable"
    case .governor(let allowance): allowance.sentence
    case .notPaused: "the group is not paused"
    case .paused(nil): "the group is paused by the configuration"
    case .paused(.some(let time)): "the group is paused for \(seconds(time)) more"
    case .notAsked: "not asked"
    }
  }
}

extension PodGovernor.Allowance {
  /// What the governor says, in words.
  var sentence: String {
    switch self {
    case .allowed(1): "1 restart of the budget is used"
    case .allowed(let restarts): "\(restarts) restarts of the budget are used"
    case .failing(let time): "liveness has been failing for \(seconds(time))"
    case .grace(let time): "a failure has just ended, liveness passes for \(seconds(time)) more"
    case .budgetUsed(let restarts, let time):
      "the budget is used up by \(restarts == 1 ? "1 restart" : "\(restarts) restarts"), "
        + "the next is free in \(seconds(time))"
    }
  }
}

private func standingPartitions(_ count: Int) -> String {
  count == 1 ? "1 partition of this pod stands" : "\(count) partitions of this pod stand"
}

extension ReadinessDecision {
  /// Why readiness is what it is, in one sentence without a full stop.
  package var sentence: String {
    switch reason {
    case .waiting:
      "no sign of this container's consumer yet" + (waited.map { ", for \(seconds($0))" } ?? "")
    case .progressed: "this pod's consumer progressed"
    case .ownsNothing: "this pod's members own nothing"
    case .idle: "nothing is written to what this pod's members own"
    case .unreachable: "Kafka could not be reached"
    case .neverSeen: "no member of this pod was ever seen"
    case .verdictAfterTimeout: "the gate's time is over, the verdict decides: \(verdict.name)"
    case .verdict: "the verdict decides: \(verdict.name)"
    }
  }
}

/// Milliseconds as whole seconds with their unit.
private func seconds(_ milliseconds: Int64) -> String { "\(max(0, milliseconds) / 1000) s" }
