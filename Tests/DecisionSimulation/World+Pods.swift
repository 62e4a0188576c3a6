import LagCore

/// Pods: containers that start and end, kubelet's probes, and rollouts.
extension World {
  mutating func newPod(_ index: Int) -> SimulatedPod {
    let instance = nextInstance
    nextInstance += 1
    let isOnHostNetwork = plan.naming == .hostNetwork
    let number = isOnHostNetwork ? 1 + index % 3 : instance
    let address = "10.0.\(number / 200).\(number % 200 + 1)"
    var pod = SimulatedPod(
      instance: instance, address: address, name: "orders-7d9f-\(instance)", agent: .nobody)
    let identity = PodIdentity(
      address: plan.naming == .name ? "192.0.2.\(instance % 250)" : address, name: pod.name,
      nodeAddress: isOnHostNetwork ? address : "203.0.113.1")
    pod.agent = newAgent(identity)
    return pod
  }

  func newAgent(_ pod: Int, store: Int) -> SimulatedAgent {
    var agent = newAgent(pods[pod].agent.decisions.identity)
    agent.store = store
    return agent
  }

  private func newAgent(_ identity: PodIdentity) -> SimulatedAgent {
    var agent = SimulatedAgent(decisions: Decisions(identity: identity))
    var parameters = ProbeParameters()
    parameters.guards = guards
    _ = agent.decisions.add(group: "orders", cluster: "c", parameters)
    return agent
  }

  // MARK: Containers

  mutating func runContainers() {
    for index in pods.indices {
      if case .waiting(let until) = pods[index].container, time >= until { start(index) }
      if pods[index].container == .running, time - pods[index].startedAt > 600 {
        pods[index].backoff = 0
      }
    }
  }

  private mutating func start(_ index: Int) {
    pods[index].container = .running
    pods[index].startedAt = time
    pods[index].failures = 0
    pods[index].wasStartupAsked = false
    pods[index].members = []
    let isNamed = plan.naming != .address
    for number in 0..<plan.membersPerPod {
      members.append(
        SimulatedMember(
          id: "consumer-\(members.count)", key: random.next(), pod: index,
          instance: pods[index].instance,
          clientID: isNamed ? "\(pods[index].name)-c\(number)" : "consumer-\(number)",
          address: pods[index].address, joinsAt: time + 5 + 5 * random.below(6)))
      pods[index].members.append(members.count - 1)
    }
    story?.add(time, "pod \(index) begins with members \(pods[index].members)")
  }

  /// Ends a container; another begins at `until`.
  mutating func stop(_ index: Int, gracefully: Bool, until: Int) {
    story?.add(time, "pod \(index) ends\(gracefully ? "" : " without leaving the group")")
    for member in pods[index].members where members[member].isAlive {
      members[member].isAlive = false
      members[member].diedAt = time
      // What hangs rarely finds the time to say good-bye.
      let hangs =
        members[member].isHung || partitions.contains { $0.owner == member && $0.hungBy == member }
      if gracefully, !hangs, isCoordinatorUp { leave(member) }
    }
    pods[index].container = .waiting(until: until)
  }

  mutating func crash(_ index: Int) {
    guard pods[index].container == .running else { return }
    stop(index, gracefully: false, until: time + nextBackoff(index))
  }

  /// Kubelet's back-off: at once, then 10 s, twice as long each time, at most 300 s.
  private mutating func nextBackoff(_ index: Int) -> Int {
    let seconds = pods[index].backoff == 0 ? 0 : min(300, 10 << min(5, pods[index].backoff - 1))
    pods[index].backoff += 1
    return seconds + 5
  }

  // MARK: Probes

  /// Lets kubelet ask, every ten seconds each pod in turn.
  mutating func probe(_ index: Int) {
    guard pods[index].container == .running else { return }
    if !pods[index].wasStartupAsked {
      guard time - pods[index].startedAt >= 5 else { return }
      pods[index].wasStartupAsked = true
      askStartup(index)
      return
    }
    if passes(index) {
      pods[index].failures = 0
      return
    }
    pods[index].failures += 1
    if pods[index].failures >= plan.threshold { restart(index) }
  }

  private mutating func askStartup(_ index: Int) {
    guard time >= pods[index].agent.downUntil else { return }
    story?.add(time, "pod \(index) is asked for its start-up")
    let slot = stores[pods[index].agent.store]
    let now = decisionTime(index)
    let ending = pods[index].agent.decisions.startupAsked(now: now) { _ in (slot.store, slot.group)
    }
    noteEnding(ending, index)
  }

  private mutating func passes(_ index: Int) -> Bool {
    switch policy {
    case .vole:
      guard time >= pods[index].agent.downUntil else { return false }
      let now = decisionTime(index)
      let passes = pods[index].agent.decisions.answerLiveness(now: now)
      if !passes { checkAnswer(index) }
      return passes
    case .burrow: return stores[0].judgement.verdict != .error || time < 600
    case .lag:
      let written = partitions.reduce(0) { $0 + $1.rate }
      return Double(stores[0].judgement.totalLag) < written * 600
    case .process: return true
    }
  }

  private mutating func restart(_ index: Int) {
    checkRestart(index)
    stop(index, gracefully: true, until: time + 10 + nextBackoff(index))
  }

  // MARK: Rollouts

  mutating func runRollout() {
    guard var rollout else { return }
    if let waited = rollout.waitsFor {
      let isReady =
        policy == .vole
        ? pods[waited].agent.decisions.isReady() : time - pods[waited].startedAt > 30
      guard pods[waited].container == .running, isReady else {
        if time - rollout.since > 3600 { self.rollout = nil }
        return
      }
    }
    guard let next = rollout.left.first else {
      self.rollout = nil
      return
    }
    rollout.left.removeFirst()
    rollout.waitsFor = next
    rollout.since = time
    self.rollout = rollout
    stop(next, gracefully: true, until: time + 10)
    let old = pods[next]
    // The new pod's agent knows nothing of what the old one saw.
    poisonRestarts = [:]
    pods[next] = newPod(next)
    pods[next].container = .waiting(until: time + 10)
    pods[next].agent.downUntil = time + 5
    // A node that makes pods ill does so to the next one too.
    pods[next].sickUntil = old.sickUntil
  }
}

extension SimulatedAgent {
  /// An agent that watches nothing.
  static var nobody: SimulatedAgent {
    SimulatedAgent(decisions: Decisions(identity: PodIdentity()))
  }
}
