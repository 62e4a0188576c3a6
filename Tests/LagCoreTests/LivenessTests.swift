import LagCore
import Testing

/// The clauses of liveness, each with what it lets pass (the contract, section 6).
@Suite("Liveness")
struct LivenessTests {
  // MARK: A partition of this pod, for the hold

  @Test("While everybody progresses, no partition stands and liveness passes")
  func healthy() {
    let world = DecisionWorld()
    world.run(1200)
    #expect(!world.fails)
    #expect(world.deciding == .partition)
    #expect(world.evidence(.partition) == .healthy(others: 0))
    #expect(world.evidence(.governor) == .governor(.allowed(restarts: 0)))
  }

  @Test(
    "A partition of this pod that stands fails liveness after the hold", arguments: [true, false])
  func hangs(commits: Bool) {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0, commits: commits)
    let seconds = world.run(atMost: 900) { world.fails }
    // The hold counts from the first head above the last commit.
    #expect((330...345).contains(seconds ?? 0), "\(String(describing: seconds))")
    #expect(world.decision.liveness.culprit?.partition == 0)
    #expect(world.decision.liveness.owner?.address == "10.0.0.1")
    #expect(world.decision.liveness.findings.map(\.holds) == Array(repeating: true, count: 8))
    #expect(world.decision.liveness.deciding == nil)
  }

  @Test("A partition of another pod never fails liveness of this one")
  func othersHang() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(1)
    #expect(world.run(atMost: 1800) { world.fails } == nil)
    #expect(world.evidence(.partition) == .healthy(others: 1))
  }

  @Test("Any partition fails liveness where the scope is the group")
  func groupScope() {
    var parameters = ProbeParameters()
    parameters.scope = .group
    let world = DecisionWorld(identity: PodIdentity(), parameters)
    world.run(600)
    world.hang(2)
    #expect(world.run(atMost: 900) { world.fails } != nil)
    #expect(world.decision.liveness.culprit?.partition == 2)
  }

  @Test("Without an identity, or with one that fits nobody, liveness passes and says so")
  func nobody() {
    let unnamed = DecisionWorld(identity: PodIdentity())
    let stranger = DecisionWorld(identity: PodIdentity(address: "10.0.0.9"))
    for world in [unnamed, stranger] {
      world.run(600)
      world.hang(0)
      #expect(world.run(atMost: 1200) { world.fails } == nil)
    }
    #expect(unnamed.evidence(.partition) == .noIdentity)
    #expect(stranger.evidence(.partition) == .noMember(of: 4))
  }

  @Test("The hold is the largest rebalance timeout and half a minute, or as configured")
  func hold() {
    var members = [DecisionWorld.member(1), DecisionWorld.member(2)]
    members[1].rebalanceTimeout = 600_000
    var parameters = ProbeParameters()
    #expect(parameters.hold(of: GroupMembership(members: members)) == 630_000)
    #expect(parameters.hold(of: GroupMembership()) == 330_000)
    #expect(parameters.hold(of: nil) == 330_000)
    members[0].rebalanceTimeout = .max
    #expect(
      parameters.hold(of: GroupMembership(members: members)) == Int64(Int32.max) + 30_000)
    parameters.hold = 60_000
    #expect(parameters.hold(of: GroupMembership(members: members)) == 60_000)

    let world = DecisionWorld(parameters)
    world.run(600)
    world.hang(0)
    let seconds = world.run(atMost: 900) { world.fails }
    #expect((60...80).contains(seconds ?? 0), "\(String(describing: seconds))")
  }

  @Test("Only the statuses that are configured fail liveness")
  func failOn() {
    var parameters = ProbeParameters()
    parameters.livenessFailOn = [.stop]
    let world = DecisionWorld(parameters)
    world.run(600)
    world.hang(0, commits: true)
    #expect(world.run(atMost: 900) { world.fails } == nil)
    // A member that commits no more is STOP soon.
    world.hang(0, commits: false)
    #expect(world.run(atMost: 600) { world.fails } != nil)
  }

  @Test("An offset that is set back, or forward, is progress and no hang")
  func reset() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0)
    world.run(320)
    world.partitions[0].committed -= 2000
    #expect(world.run(atMost: 300) { world.fails } == nil)
  }

  @Test("A slow consumer that progresses never fails liveness")
  func slow() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0, commits: true)
    for _ in 0..<30 {
      world.run(120)
      world.partitions[0].committed += 1
      #expect(!world.fails)
    }
    #expect(world.decision.readiness.verdict == .error)
  }

  // MARK: What the hold counts from

  @Test("An owner gets the hold for what it takes over")
  func takesOver() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(1)
    world.run(300)
    // The partition moves to this pod, by the new protocol, which stops nobody.
    world.owners[1] = 0
    world.rebalance(.consumer)
    let seconds = world.run(atMost: 900) { world.fails }
    #expect((325...345).contains(seconds ?? 0), "\(String(describing: seconds))")
    guard case .held(_, _, since: .owned) = world.evidence(.hold) else {
      Issue.record("\(world.evidence(.hold))")
      return
    }
  }

  @Test("A rebalance gives the hold anew, but not for ever")
  func rebalances() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0)
    var passed = 0
    while !world.fails, passed < 6000 {
      world.run(100)
      passed += 100
      world.rebalance()
      world.decide()
    }
    #expect((3960...4200).contains(passed), "\(passed)")
  }

  @Test("Nothing fails while what is known is stale, and then the hold counts anew")
  func stale() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0)
    world.run(300)
    world.isDoubtful = true
    world.run(300)
    #expect(world.deciding == .inputs)
    #expect(world.evidence(.inputs) == .doubtful)
    world.isDoubtful = false
    let seconds = world.run(atMost: 900) { world.fails }
    #expect((325...335).contains(seconds ?? 0), "\(String(describing: seconds))")
  }

  @Test("A clock that is set gives the hold anew", arguments: [7200, -7200])
  func clock(seconds: Int64) {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0)
    world.run(200)
    world.now.wall += seconds * 1000
    world.skew = seconds * 1000
    #expect(world.run(atMost: 320) { world.fails } == nil)
    #expect(world.run(atMost: 200) { world.fails } != nil)
  }

  // MARK: The others

  @Test("While nobody else progresses either, liveness passes")
  func nobodyProgresses() {
    let world = DecisionWorld()
    world.run(600)
    for index in 1...3 { world.partitions[index].isWritten = false }
    world.hang(0)
    #expect(world.run(atMost: 1200) { world.fails } == nil)
    #expect(world.deciding == .progress)
    #expect(world.evidence(.progress) == .nobodyProgressed)
    world.partitions[2].isWritten = true
    #expect(world.run(atMost: 60) { world.fails } != nil)
  }

  @Test("A group of one owner needs nobody else, once it has been alone for the hold")
  func alone() {
    let world = DecisionWorld(pods: 1)
    world.run(600)
    world.hang(0)
    #expect(world.run(atMost: 400) { world.fails } != nil)

    let left = DecisionWorld(pods: 2, perPod: 1)
    left.run(600)
    left.hang(0)
    left.run(300)
    left.owners[1] = 0
    left.members.removeLast()
    left.rebalance(.consumer)
    left.hang(1)
    let seconds = left.run(atMost: 900) { left.fails }
    #expect((325...345).contains(seconds ?? 0), "\(String(describing: seconds))")
  }

  @Test("At most half of the owners may stand")
  func half() {
    for hung in 1...4 {
      let world = DecisionWorld(pods: 4)
      world.run(600)
      for index in 0..<hung { world.hang(index) }
      let seconds = world.run(atMost: 600) { world.fails }
      #expect((seconds != nil) == (hung <= 2), "\(hung) of 4")
      if hung > 2 { #expect(world.deciding != .partition) }
    }
  }

  @Test("After a common cause each owner gets the hold anew")
  func aftermath() {
    let world = DecisionWorld()
    world.run(600)
    for index in 0..<4 { world.hang(index) }
    world.run(500)
    for index in 1..<4 { world.recover(index) }
    let seconds = world.run(atMost: 900) { world.fails }
    #expect((320...345).contains(seconds ?? 0), "\(String(describing: seconds))")
  }

  @Test("Of a common cause that lasts, one pod at a time fails, by turns")
  func turns() {
    var failing: [[Int]] = []
    let worlds = (1...4).map { pod in
      DecisionWorld(identity: PodIdentity(address: "10.0.0.\(pod)"))
    }
    for world in worlds {
      world.run(600)
      for index in 0..<4 { world.hang(index) }
    }
    for _ in 0..<2400 {
      for world in worlds { world.run(1) }
      failing.append(worlds.indices.filter { worlds[$0].fails })
    }
    #expect(failing[..<900].allSatisfy { $0.isEmpty })
    #expect(failing.allSatisfy { $0.count <= 1 })
    #expect(Set(failing.flatMap { $0 }) == [0, 1, 2, 3])
  }

  // MARK: The coordinator

  @Test("The coordinator is asked when all else holds, and its word counts")
  func coordinator() {
    let world = DecisionWorld()
    world.stability = .state(.rebalancing)
    world.run(600)
    #expect(world.questions == 0)
    world.hang(0)
    #expect(world.run(atMost: 600) { world.fails } == nil)
    #expect(world.deciding == .stability)
    #expect(world.evidence(.stability) == .described(.rebalancing))
    #expect((15...40).contains(world.questions), "\(world.questions)")
    world.stability = .state(.stable)
    #expect(world.run(atMost: 15) { world.fails } != nil)
  }

  @Test("Where the coordinator may not be asked, the log suffices")
  func coordinatorRefuses() {
    let world = DecisionWorld()
    world.stability = .refused
    world.run(600)
    world.hang(0)
    #expect(world.run(atMost: 400) { world.fails } != nil)
    #expect(world.evidence(.stability) == .mayNotDescribe)
  }

  @Test("A coordinator that does not answer lets liveness pass")
  func coordinatorIsSilent() {
    for answer in [nil, StabilityAnswer.failed] {
      let world = DecisionWorld()
      world.stability = answer
      world.run(600)
      world.hang(0)
      #expect(world.run(atMost: 600) { world.fails } == nil)
      #expect(world.evidence(.stability) == .awaitsDescription)
    }
  }

  @Test("A group of the new protocol looks dead to the old question, which says nothing")
  func newProtocol() {
    let world = DecisionWorld()
    world.stability = .state(.dead)
    world.rebalance(.consumer)
    world.run(600)
    world.hang(0)
    #expect(world.run(atMost: 400) { world.fails } != nil)
  }

  // MARK: Incarnations

  @Test("A member that a container left behind is not held against the next one")
  func incarnations() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0, commits: false)
    world.startup()
    // The new container's member has nothing yet; the old one is in the group still.
    world.members.append(DecisionWorld.member(1, "b"))
    world.rebalance(.consumer)
    #expect(world.run(atMost: 1700) { world.fails } == nil)
    #expect(world.evidence(.partition) == .anotherIncarnation)
    #expect(world.run(atMost: 200) { world.fails } != nil)
  }

  @Test(
    "Who joined while an earlier container was asked is not of this one, however soon it began",
    arguments: [(15, 3, true), (80, 30, true), (15, 3, false)])
  func quickRestart(joins: Int, dies: Int, isAsked: Bool) {
    let world = DecisionWorld()
    world.run(600, probes: true)
    world.startup()
    world.run(joins, probes: isAsked)
    world.members[0] = DecisionWorld.member(1, "b")
    world.rebalance(.consumer)
    world.run(dies, probes: isAsked)
    world.hang(0, commits: false)
    world.run(15)
    world.startup()
    world.members.append(DecisionWorld.member(1, "c"))
    world.rebalance(.consumer)
    // A start-up probe that is repeated before anything else is asked begins nothing new.
    #expect((world.run(atMost: 1700) { world.fails } == nil) == isAsked)
    if isAsked { #expect(world.evidence(.partition) == .anotherIncarnation) }
  }

  // MARK: Pauses

  @Test("A paused group never fails, and gets the hold when the pause ends")
  func paused() {
    var parameters = ProbeParameters()
    parameters.isPaused = true
    let world = DecisionWorld(parameters)
    world.run(600)
    world.hang(0)
    #expect(world.run(atMost: 900) { world.fails } == nil)
    #expect(world.evidence(.pause) == .paused(nil))
    parameters.isPaused = false
    world.decisions.set(parameters, of: world.number, now: world.now)
    let seconds = world.run(atMost: 900) { world.fails }
    #expect((325...335).contains(seconds ?? 0), "\(String(describing: seconds))")
  }

  @Test("A pause of this pod expires")
  func pauseExpires() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(0)
    world.decisions.pause(world.number, until: world.now.wall + 600_000, now: world.now)
    #expect(world.run(atMost: 590) { world.fails } == nil)
    let seconds = world.run(atMost: 900) { world.fails }
    #expect((330...345).contains(seconds ?? 0), "\(String(describing: seconds))")
    world.decisions.pause(world.number, until: world.now.wall + 600_000, now: world.now)
    world.run(1)
    #expect(!world.fails)
    world.decisions.pause(world.number, until: nil, now: world.now)
    #expect(world.run(atMost: 400) { world.fails } != nil)
  }
}
