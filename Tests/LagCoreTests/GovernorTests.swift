import LagCore
import Testing

/// Failures, how they end, and what follows (the contract, section 6, governor and poison).
@Suite("The governor")
struct GovernorTests {
  /// A world whose pod has just begun to fail.
  private func failing(_ parameters: ProbeParameters = ProbeParameters()) -> DecisionWorld {
    let world = DecisionWorld(parameters)
    world.run(600, probes: true)
    world.hang(0)
    _ = world.run(atMost: 600, probes: true) { world.decisions.governor.failingSince != nil }
    return world
  }

  @Test("A failure begins with the first failing answer, not with the decision")
  func begins() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0)
    _ = world.run(atMost: 600) { world.fails }
    #expect(world.decisions.governor.failingSince == nil)
    #expect(!world.ask())
    #expect(world.decisions.governor.failingSince == world.now.monotonic)
  }

  @Test("A new member of this pod ends a failure as a restart")
  func newMember() {
    let world = failing()
    world.replace(0, "b")
    world.run(1)
    #expect(world.endings == [.newMember])
    #expect(world.decisions.governor.restartsCounted == 1)
  }

  @Test("A new member of another pod does not")
  func othersMember() {
    let world = failing()
    world.replace(1, "b")
    world.run(1)
    #expect(world.endings.isEmpty)
  }

  @Test("Start-up ends a failure as a restart; without a failure it counts nothing")
  func startup() {
    let world = failing()
    world.startup()
    #expect(world.endings == [.startup])
    world.startup()
    #expect(world.endings == [.startup])
    #expect(world.decisions.governor.restartsCounted == 1)
  }

  @Test("Probes that cease for three periods after two failing answers mean a restart")
  func silence() {
    let world = failing()
    world.run(10, probes: true)
    #expect(world.decisions.governor.probePeriod == 10_000)
    world.run(29)
    #expect(world.endings.isEmpty)
    world.run(2)
    #expect(world.endings == [.silence])
  }

  @Test("One failing answer and silence is nothing to go by")
  func oneAnswer() {
    let world = failing()
    world.run(100)
    #expect(world.endings.isEmpty)
  }

  @Test("A failure that nobody acts on ends after fail-for and counts no restart")
  func notActedOn() {
    let world = failing()
    let seconds = world.run(atMost: 300, probes: true) { !world.endings.isEmpty }
    #expect((175...181).contains(seconds ?? 0), "\(String(describing: seconds))")
    #expect(world.endings == [.notActedOn])
    #expect(world.decisions.governor.restartsCounted == 0)
    #expect(world.decisions.governor.failuresNotActedOn == 1)
  }

  @Test("After a failure liveness passes for the grace")
  func grace() {
    let world = failing()
    _ = world.run(atMost: 300, probes: true) { !world.endings.isEmpty }
    #expect(world.ask())
    world.run(1)
    #expect(world.run(atMost: 294, probes: true) { world.fails } == nil)
    #expect(world.deciding == .governor)
    #expect(world.run(atMost: 20, probes: true) { world.fails } != nil)
  }

  @Test("A pod that hangs again and again is restarted three times an hour and no more")
  func budget() {
    let world = DecisionWorld()
    world.run(600, probes: true)
    let end = world.now.monotonic + 4 * 3_600_000
    var restarts: [Int64] = []
    while world.now.monotonic < end {
      world.hang(0)
      let seconds = world.run(atMost: 3600, probes: true) {
        world.decisions.governor.failingSince.map { world.now.monotonic - $0 >= 20_000 } ?? false
      }
      #expect(seconds != nil, "after \(restarts.count) restarts")
      restarts.append(world.now.monotonic)
      // The next one gets on for a minute, so that nothing looks like poison.
      world.recover(0)
      world.replace(0, "restart-\(restarts.count)")
      world.startup()
      world.run(60, probes: true)
    }
    #expect(restarts.count >= 12, "\(restarts)")
    for (number, time) in restarts.enumerated() {
      let within = restarts[...number].count { time - $0 < 3_600_000 }
      #expect(within <= 3, "restart \(number)")
    }
  }

  // MARK: Poison

  /// Restarts the pod as kubelet does, and lets the new member own the same.
  private func restart(_ world: DecisionWorld, _ name: String) {
    world.replace(0, name)
    world.startup()
    world.run(1, probes: true)
  }

  @Test("Where a new member stands at the same offset, it is poison: tried after 30 min, 1 h, 2 h")
  func poison() {
    var parameters = ProbeParameters()
    parameters.maximumRestarts = 100
    let world = failing(parameters)
    var waits: [Int] = []
    for attempt in 0..<4 {
      restart(world, "poisoned-\(attempt)")
      let known = world.run(atMost: 900, probes: true) { world.decision.poisoned == 1 }
      #expect(known != nil, "attempt \(attempt)")
      let wait = world.run(atMost: 20_000, probes: true) {
        world.decisions.governor.failingSince != nil
      }
      waits.append(wait ?? 0)
    }
    for (wait, expected) in zip(waits, [1800, 3600, 7200, 14_400]) {
      #expect((expected...(expected + 30)).contains(wait), "\(waits)")
    }
  }

  @Test("Progress clears it")
  func cleared() {
    let world = failing()
    restart(world, "b")
    _ = world.run(atMost: 900, probes: true) { world.decision.poisoned == 1 }
    world.recover(0)
    world.run(60, probes: true)
    #expect(world.decision.poisoned == 0)
    world.hang(0)
    #expect(world.run(atMost: 600, probes: true) { world.fails } != nil)
  }

  @Test("A pod that gets a partition at which another stood in vain does not fail for it")
  func walking() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(1)
    world.run(500)
    world.owners[1] = 0
    world.rebalance()
    #expect(world.run(atMost: 1500) { world.fails } == nil)
    #expect(world.decision.poisoned == 1)
    #expect(world.run(atMost: 900) { world.fails } != nil)
  }

  @Test("A member that stands where it stood itself is no second one")
  func sameMember() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0)
    world.run(500)
    // Another member has the partition for a moment, as rebalances will have it.
    world.owners[0] = 1
    world.rebalance(.consumer)
    world.run(30)
    world.owners[0] = 0
    world.rebalance(.consumer)
    let seconds = world.run(atMost: 900) { world.fails }
    #expect((325...345).contains(seconds ?? 0), "\(String(describing: seconds))")
    // Where a third one stands as well, it is poison, whoever stood there last.
    world.owners[0] = 1
    world.rebalance(.consumer)
    world.run(400)
    world.owners[0] = 0
    world.rebalance(.consumer)
    #expect(world.run(atMost: 900) { world.fails } == nil)
    #expect(world.decision.poisoned == 1)
  }

  @Test("What stood in an outage is not poison")
  func afterOutage() {
    let world = DecisionWorld()
    world.run(600)
    for index in 0..<4 { world.hang(index) }
    world.run(700)
    world.owners.swapAt(0, 1)
    world.rebalance(.consumer)
    for index in 1..<4 { world.recover(index) }
    world.hang(1)
    let seconds = world.run(atMost: 900) { world.fails }
    #expect((320...360).contains(seconds ?? 0), "\(String(describing: seconds))")
    #expect(world.decision.poisoned == 0)
  }

  @Test(
    "What a dead member owned until it left the group is not poison to the next one",
    arguments: [[900], [450, 450]])
  func dead(containers: [Int]) {
    let world = DecisionWorld(perPod: 2)
    world.run(600, probes: true)
    world.hang(0)
    _ = world.run(atMost: 600, probes: true) { world.decisions.governor.failingSince != nil }
    // The member dies with both partitions; the next one gets nothing until it has left.
    for index in 0...1 { world.hang(index, commits: false) }
    world.members.append(DecisionWorld.member(1, "b"))
    for (number, lasting) in containers.enumerated() {
      world.members[4].memberID = "b\(number)"
      world.startup()
      world.rebalance(.consumer)
      world.run(lasting, probes: true)
    }
    world.members.removeFirst()
    world.owners = [3, 3, 0, 0, 1, 1, 2, 2]
    world.rebalance(.consumer)
    world.recover(0)
    world.hang(1)
    let seconds = world.run(atMost: 900, probes: true) { world.fails }
    #expect((320...360).contains(seconds ?? 0), "\(String(describing: seconds))")
    #expect(world.decision.liveness.culprit?.partition == 1)
  }

  // MARK: The next agent

  @Test("Budget, pause and poison survive the agent")
  func state() {
    let world = failing()
    restart(world, "b")
    _ = world.run(atMost: 900, probes: true) { world.decision.poisoned == 1 }
    world.decisions.pause(world.number, until: world.now.wall + 600_000, now: world.now)
    let state = world.decisions.state(now: world.now)
    #expect(state.restarts.count == 1)
    #expect(state.groups.count == 1)
    let group = state.groups.values.first
    #expect(group?.standing.first?.topic == "t")
    #expect(group?.standing.first?.failures == 1)
    #expect(group?.members == ["b"])
    #expect(group?.pausedUntil == world.now.wall + 600_000)

    var next = Decisions(identity: world.decisions.identity)
    next.restore(state, now: world.now)
    _ = next.add(group: "g", cluster: "c", ProbeParameters())
    let kept = next.state(now: world.now)
    #expect(kept.restarts == state.restarts)
    #expect(kept.groups.values.first?.standing == group?.standing)
    world.decisions = next
    world.run(700, probes: true)
    #expect(!world.fails)
    #expect(world.decision.poisoned == 1)
  }

  @Test("A restart that happened while the agent was away is counted")
  func restartMeanwhile() {
    let world = failing()
    let state = world.decisions.state(now: world.now)
    #expect(state.failure != nil)
    var next = Decisions(identity: world.decisions.identity)
    next.restore(state, now: world.now)
    _ = next.add(group: "g", cluster: "c", ProbeParameters())
    world.decisions = next
    world.replace(0, "b")
    world.run(2)
    #expect(world.endings == [.newMember])
    #expect(world.decisions.state(now: world.now).restarts.count == 1)
  }

  @Test("A state from another clock neither frees the budget nor stops liveness for ever")
  func foreignClock() {
    var state = GovernorState()
    state.restarts = [.max, .min, 0]
    state.graceUntil = .max
    state.containerSince = .max
    state.failure = GovernorState.Failure(
      beganAt: .min, answers: -5, failFor: .max, grace: .max)
    let name = GovernorState.GroupName(cluster: "c", group: "g")
    state.groups[name] = GovernorState.Group(
      pausedUntil: .max, gateOpening: 200, members: ["a"],
      standing: [
        GovernorState.Standing(
          topic: "t", partition: -7, offset: .min, failures: .max, nextAttemptAt: .max,
          isTrying: true)
      ])
    let world = DecisionWorld { $0.restore(state, now: DecisionTime(wall: 0, monotonic: 1_000)) }
    world.run(60, probes: true)
    #expect(!world.fails)
    let kept = world.decisions.state(now: world.now)
    #expect((kept.graceUntil ?? 0) <= world.now.wall + 86_400_000)
  }

  // MARK: Exits

  @Test("In exit-88 mode the agent exits after half a minute of failing, which counts")
  func exits() {
    var parameters = ProbeParameters()
    parameters.mode = .exit88
    let world = DecisionWorld(parameters)
    world.run(600)
    world.hang(0)
    _ = world.run(atMost: 600) { world.fails }
    #expect(!world.exits())
    world.run(29)
    #expect(!world.exits())
    world.run(2)
    #expect(world.exits())
    #expect(world.decisions.state(now: world.now).restarts.count == 1)
    #expect(!world.exits())
  }
}
