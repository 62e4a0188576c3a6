import LagCore

/// Agents: what they see, decide and are asked.
extension World {
  mutating func runAgents() {
    let isPeaceful = isPeaceful
    for slot in stores.indices where pods.contains(where: { $0.agent.store == slot }) {
      // Nobody writes to it meanwhile, and one copy is cheaper than one for each agent.
      let store = stores[slot]
      for index in pods.indices where pods[index].agent.store == slot {
        // A probe reads what was decided just before it.
        guard time % 10 == index % 2 * 5 else { continue }
        if policy == .vole, !isPeaceful || !isAtRest(index) { decide(index, store) }
        probe(index)
      }
    }
  }

  /// Whether everybody gets on, so that no partition stands and none will within a minute.
  var isPeaceful: Bool {
    isCoordinatorUp
      && partitions.allSatisfy { $0.committed >= $0.head || time - $0.progressedAt <= 60 }
  }

  /// Whether an agent of a peaceful world has decided lately and nothing has happened to it since.
  ///
  /// Then it decides once a minute only: worlds are many, and peaceful for most of their time.
  private func isAtRest(_ index: Int) -> Bool {
    if pods[index].agent.decisions.decision(0).liveness.fails { return false }
    return time - pods[index].agent.decidedAt < 60 && pods[index].agent.decidedBy == generation
      && time - pods[index].startedAt > 600 && time >= pods[index].agent.staleUntil + 60
      && time - troubleEndedAt > 60 && time - rebalancedAt > 60
  }

  private func isDoubtful(_ index: Int) -> Bool {
    let downSince = max(brokersDownUntil, coordinatorDownUntil) > time
    return (downSince && time - troubleBeganAt > 30) || time < pods[index].agent.staleUntil
  }

  private mutating func decide(_ index: Int, _ store: SimulatedStore) {
    guard time >= pods[index].agent.downUntil else { return }
    pods[index].agent.decidedAt = time
    pods[index].agent.decidedBy = generation
    let now = decisionTime(index)
    let view = GroupView(
      group: store.group, judgement: store.judgement, troubled: store.troubled,
      isDoubtful: isDoubtful(index),
      isUnreachable: !areBrokersUp && time - troubleBeganAt > 30,
      clockSkew: store.skew)
    if pods[index].agent.isAsking {
      pods[index].agent.isAsking = false
      pods[index].agent.decisions.described(0, stability, now: now)
    }
    noteEnding(
      pods[index].agent.decisions.decide(0, store.store, view, now: now), index)
    if !pods[index].agent.decisions.descriptionsDue.isEmpty { pods[index].agent.isAsking = true }
    noteEnding(pods[index].agent.decisions.settle(now: now), index)
  }

  private var stability: StabilityAnswer {
    if !plan.mayDescribe { return .refused }
    if !isCoordinatorUp { return .failed }
    if plan.assignment == .consumer { return .state(.dead) }
    return .state(rebalanceSince == nil ? .stable : .rebalancing)
  }

  mutating func noteEnding(_ ending: PodGovernor.Ending?, _ index: Int) {
    guard let ending else { return }
    story?.add(time, "pod \(index): failure ended by \(ending)")
    pods[index].agent.failureEndedAt = time
    if ending.isRestart { pods[index].countedRestarts.append(time) }
  }
}
