import LagCore

/// What befalls the world.
extension World {
  mutating func befall() {
    while nextEvent < plan.events.count, time >= plan.events[nextEvent].at {
      begin(plan.events[nextEvent])
      nextEvent += 1
    }
    if isOutage || !isCoordinatorUp || time < stoppedUntil {
      if troubleEndedAt < time - Self.step || troubles.isEmpty { troubles.append(time...time) }
      troubles[troubles.count - 1] = troubles[troubles.count - 1].lowerBound...time
      troubleEndedAt = time
    }
    if isCoordinatorUp { troubleBeganAt = time }
    if time == outageUntil { endOutage() }
    if time == max(coordinatorDownUntil, brokersDownUntil) { endBrokerOutage() }
    if time == stoppedUntil, let by = resetBy { reset(by) }
    if isOutage, outageCrashes, time % 60 == 0 {
      for index in pods.indices where random.oneIn(6) { crash(index) }
    }
    for index in pods.indices where time < pods[index].sickUntil { sicken(index) }
    for index in partitions.indices {
      guard let until = poisonEnds[index], time >= until else { continue }
      poisonEnds[index] = nil
      mendedAt[index] = time
      partitions[index].poison = nil
    }
    runRollout()
  }

  private mutating func begin(_ event: Event) {
    story?.add(time, "\(event.fault) for \(event.lasting) s")
    switch event.fault {
    case .hangPartition(let pod): hangOne(of: pod)
    case .hangMember(let pod):
      guard let member = pods[pod].members.first, members[member].isAlive else { return }
      members[member].isHung = true
      for index in partitions.indices where partitions[index].owner == member { beginHang(index) }
    case .sicken(let pod): pods[pod].sickUntil = time + event.lasting
    case .poison(let partition):
      // Another such record mends none that comes before it.
      if partitions[partition].poison == nil {
        let next = max(partitions[partition].processed, partitions[partition].batchLeadsTo)
        partitions[partition].poison = next + 10
      }
      poisonEnds[partition] = max(poisonEnds[partition] ?? 0, time + event.lasting)
    case .crash(let pod): crash(pod)
    case .outage(let crashes):
      // One that comes before most have got on again is the same one to everybody.
      let recovery = Self.longestRecovery + plan.batch + plan.commitEvery
      if !isOutage, progressedAt >= outageUntil, time - outageUntil > recovery {
        outageSince = time
      }
      outageUntil = max(outageUntil, time + event.lasting)
      outageCrashes = crashes
    case .coordinatorDown: coordinatorDownUntil = max(coordinatorDownUntil, time + event.lasting)
    case .brokersDown: brokersDownUntil = max(brokersDownUntil, time + event.lasting)
    case .leaderDown(let partition): partitions[partition].leaderDownUntil = time + event.lasting
    case .agentRestart(let pod): restartAgent(pod, for: event.lasting)
    case .clockSet(let pod, let seconds):
      // Where one pod owns everything, it is that one's.
      let owner = plan.traffic == .busy ? -1 : partitions[0].owner
      setClock(owner < 0 ? pod : members[owner].pod, by: Int64(seconds) * 1000)
    case .offsetsReset(let by):
      stoppedUntil = time + event.lasting
      resetBy = by
      for index in pods.indices { stop(index, gracefully: true, until: stoppedUntil + 5) }
    case .rollout: rollout = Rollout(left: Array(pods.indices))
    case .slowdown: slowUntil = time + event.lasting
    case .pause(let pod):
      pods[pod].pausedUntil = time + event.lasting
      pods[pod].agent.knowsPause = true
      pods[pod].agent.decisions.pause(
        0, until: wall + pods[pod].agent.clock + Int64(event.lasting) * 1000,
        now: decisionTime(pod))
    }
  }

  // MARK: Hangs

  /// Partitions of a pod that could be consumed.
  func owned(by pod: Int) -> [Int] {
    partitions.indices.filter {
      partitions[$0].owner >= 0 && members[partitions[$0].owner].pod == pod
        && members[partitions[$0].owner].isAlive
    }
  }

  private mutating func hangOne(of pod: Int) {
    // Another pod does as well when this one has nothing to hang with.
    for pod in [pod] + pods.indices {
      guard let index = owned(by: pod).first(where: { partitions[$0].hungBy < 0 }) else { continue }
      return beginHang(index)
    }
  }

  private mutating func beginHang(_ index: Int) {
    story?.add(time, "partition \(index) hangs with member \(partitions[index].owner)")
    partitions[index].hungBy = partitions[index].owner
    partitions[index].hungSince = time
    partitions[index].accountable = 0
    tally.hangs += 1
  }

  mutating func endHang(_ index: Int) {
    countHang(index)
    partitions[index].hungBy = -1
  }

  /// Takes note of how long a partition hung.
  mutating func countHang(_ index: Int) {
    if time - partitions[index].hungSince > 1800,
      partitions[index].head > partitions[index].processed
    {
      tally.missedHangs += 1
    }
  }

  /// Lets a sick pod hang again a while after its start.
  private mutating func sicken(_ pod: Int) {
    guard pods[pod].container == .running, time - pods[pod].startedAt > 90,
      let index = owned(by: pod).first, partitions[index].hungBy < 0,
      time - partitions[index].ownedSince > 30
    else { return }
    beginHang(index)
  }

  // MARK: Ends

  /// Seconds within which all consumers come back after an outage.
  private static let longestRecovery = 200

  private mutating func endOutage() {
    for index in members.indices where members[index].isAlive {
      members[index].resumesAt = time + 5 * random.below(Self.longestRecovery / 5)
    }
  }

  private mutating func endBrokerOutage() {
    for index in members.indices where members[index].isAlive {
      members[index].resumesAt = time + 5 * random.below(12)
      // Brokers that were down have seen no heartbeat.
      if members[index].diedAt > 0 { members[index].diedAt = time }
    }
    for index in pods.indices {
      pods[index].agent.staleUntil = max(
        pods[index].agent.staleUntil, time + 5 * random.below(8))
    }
  }

  private mutating func reset(_ by: Int64) {
    resetBy = nil
    for index in partitions.indices {
      let offset = min(max(0, partitions[index].committed + by), partitions[index].head)
      partitions[index].processed = offset
      partitions[index].poison = nil
      commit(index, offset)
    }
  }

  // MARK: Agents

  /// The clocks of a pod's agent.
  func decisionTime(_ pod: Int) -> DecisionTime {
    DecisionTime(
      wall: wall + pods[pod].agent.clock, monotonic: 1_000_000_000 + Int64(time) * 1000)
  }

  private mutating func restartAgent(_ pod: Int, for seconds: Int) {
    let old = pods[pod].agent
    let now = decisionTime(pod)
    let state = old.decisions.state(now: now)
    var agent = newAgent(pod, store: freshStore(clock: old.clock))
    agent.clock = old.clock
    agent.downUntil = time + seconds
    agent.excusedUntil = time + seconds + 60
    if plan.hasStateDirectory {
      agent.decisions.restore(state, now: now)
      agent.knowsStandingSince = old.knowsStandingSince
      agent.knowsPause = old.knowsPause
    } else {
      agent.forgot = true
      agent.knowsStandingSince = time + hold
    }
    pods[pod].agent = agent
  }

  private mutating func setClock(_ pod: Int, by: Int64) {
    let store = pods[pod].agent.store
    stores.append(stores[store])
    pods[pod].agent.store = stores.count - 1
    pods[pod].agent.clock += by
    pods[pod].agent.decidedAt = 0
    stores[stores.count - 1].setClock(by: by, at: wall)
  }
}
