import LagCore

/// Agents: what they see, decide and are asked.
extension World {
  mutating func runAgents() {
    for index in pods.indices {
      // A probe reads what was decided just before it.
      guard time % 10 == index % 2 * 5 else { continue }
      if policy == .vole { decide(index) }
      probe(index)
    }
  }

  private func isDoubtful(_ agent: SimulatedAgent) -> Bool {
    let downSince = max(brokersDownUntil, coordinatorDownUntil) > time
    return (downSince && time - troubleBeganAt > 30) || time < agent.staleUntil
  }

  private mutating func decide(_ index: Int) {
    guard time >= pods[index].agent.downUntil else { return }
    let slot = pods[index].agent.store
    let now = decisionTime(pods[index].agent)
    let view = GroupView(
      group: stores[slot].group, judgement: stores[slot].judgement,
      troubled: stores[slot].troubled, isDoubtful: isDoubtful(pods[index].agent),
      isUnreachable: !areBrokersUp && time - troubleBeganAt > 30,
      clockSkew: pods[index].agent.skew)
    if pods[index].agent.isAsking {
      pods[index].agent.isAsking = false
      pods[index].agent.decisions.described(0, stability, now: now)
    }
    noteEnding(
      pods[index].agent.decisions.decide(0, stores[slot].store, view, now: now), index)
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
  }
}
