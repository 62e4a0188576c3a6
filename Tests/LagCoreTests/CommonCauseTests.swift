import Testing

@testable import LagCore

/// What the consumer is blamed for and what something common is, in the cases that simulated worlds
/// brought up (the contract, section 6, clauses 3 and 4).
@Suite("Common causes")
struct CommonCauseTests {
  @Test("A common cause began when the log says so, whenever it was seen")
  func beginning() {
    let world = DecisionWorld()
    world.run(600)
    // Somebody has been hanging for long, and it is his time that the others are looked at over.
    world.hang(3)
    world.run(900)
    world.hang(1)
    world.run(60)
    for index in [0, 2] { world.hang(index) }
    world.run(450)
    world.owners.swapAt(0, 1)
    world.rebalance(.consumer)
    for index in [0, 2] { world.recover(index) }
    // Partition 1 stood for more than the hold, but for the outage's sake: it is no poison.
    #expect(world.run(atMost: 900) { world.fails } != nil)
    #expect(world.decision.liveness.culprit?.partition == 1)
    #expect(world.decision.poisoned == 0)
  }

  @Test("Nobody is restarted while owners come back, even if all of them stand with something")
  func easing() {
    let worlds = (1...4).map { pod in
      DecisionWorld(perPod: 2, identity: PodIdentity(address: "10.0.0.\(pod)"))
    }
    for world in worlds {
      world.run(600)
      for index in 0..<8 { world.hang(index) }
    }
    var failing: Int?
    for _ in 0..<2400 where failing == nil {
      for world in worlds { world.run(1) }
      failing = worlds.indices.first { worlds[$0].fails }
    }
    #expect(failing != nil)
    // One partition of each owner is consumed again, the others are still being caught up with.
    for world in worlds {
      for index in [1, 3, 5, 7] { world.recover(index) }
      world.run(10)
    }
    for _ in 0..<300 {
      for world in worlds { world.run(1) }
      #expect(worlds.allSatisfy { !$0.fails })
    }
  }

  @Test("A poisoned partition says nothing of when another one stopped")
  func poisonBeside() {
    let world = DecisionWorld(perPod: 2)
    world.run(600, probes: true)
    world.hang(0)
    _ = world.run(atMost: 600, probes: true) { world.decisions.governor.failingSince != nil }
    world.replace(0, "b")
    world.startup()
    #expect(world.run(atMost: 900, probes: true) { world.decision.poisoned == 1 } != nil)
    // An outage that spares one pod; the others had something left to commit.
    world.hang(1)
    world.run(60, probes: true)
    for index in 2..<6 { world.hang(index) }
    #expect(world.run(atMost: 600, probes: true) { world.fails } == nil)
    #expect(world.deciding == .commonCause)
  }

  @Test("Nor does a partition that stood for long before this pod got it")
  func takenOverBeside() {
    let world = DecisionWorld(perPod: 2)
    world.run(600)
    world.hang(2)
    world.run(290)
    world.hang(1)
    world.run(30)
    world.owners[2] = 0
    world.rebalance(.consumer)
    world.run(60)
    for index in 3..<6 { world.hang(index) }
    #expect(world.run(atMost: 600) { world.fails } == nil)
    #expect(world.deciding == .commonCause)
  }

  @Test("What others did before a pod got a partition is no progress beside it")
  func progressBefore() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(1)
    world.run(320)
    world.owners[1] = 0
    world.rebalance(.consumer)
    world.run(150)
    for index in [0, 2, 3] { world.hang(index) }
    #expect(world.run(atMost: 210) { world.deciding == .progress } != nil)
    #expect(world.run(atMost: 600) { world.fails } == nil)
  }

  @Test("While somebody gets on, a common cause began when it was seen: the others may be slow")
  func slowOthers() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(1)
    world.run(200)
    for index in 2...3 { world.hang(index) }
    world.run(300)
    for index in 2...3 { world.recover(index) }
    world.owners[1] = 0
    world.rebalance(.consumer)
    // Its owner stood for longer than the hold before that, and this one does as well.
    #expect(world.run(atMost: 1500) { world.fails } == nil)
    #expect(world.decision.poisoned == 1)
  }

  @Test("A clock that is set back in an outage hides it from nobody")
  func clock() {
    let world = DecisionWorld()
    world.run(600)
    for index in 0..<4 { world.hang(index) }
    world.run(120)
    world.now.wall -= 3_600_000
    world.skew = -3_600_000
    world.run(700)
    #expect(world.deciding == .commonCause)
    // The others come back sooner than this pod, which has the hold for that.
    for index in 1..<4 { world.recover(index) }
    #expect(world.run(atMost: 300) { world.fails } == nil)
  }

  @Test("Others' progress is remembered where windows hold repetitions alone")
  func repetitions() {
    let world = DecisionWorld()
    // Batches of 200 s, while a window of ten commits spans 50 s.
    func run(_ seconds: Int, hung: Int? = nil) -> Int {
      var longest = 0
      var failing = 0
      for second in 0..<seconds {
        for index in world.partitions.indices {
          world.partitions[index].processes = index != hung && second % 200 < 5
        }
        world.run(1)
        failing = world.fails ? failing + 1 : 0
        longest = max(longest, failing)
      }
      return longest
    }
    #expect(run(2000) == 0)
    // It fails through a whole batch of the others.
    #expect(run(1600, hung: 0) > 200)
  }

  @Test("A turn that begins right after a rebalance is left out")
  func turns() {
    func turn(rebalancedAt: Int64?) -> CommonCauseTurn? {
      CommonCauseTurn(
        standing: [3, 5], own: [5], causeSince: 0, rebalancedAt: rebalancedAt,
        brokerClock: 180_000 * 7 + 10_000, turn: 180_000)
    }
    let start: Int64 = 180_000 * 7
    #expect(turn(rebalancedAt: nil)?.isNow == true)
    #expect(turn(rebalancedAt: start - 90_001)?.isNow == true)
    #expect(turn(rebalancedAt: start - 90_000)?.isNow == false)
    #expect(turn(rebalancedAt: start + 1)?.isNow == false)
  }

  @Test("Whoever could fail late in his turn only waits for the next one")
  func lateInTurn() {
    let world = DecisionWorld()
    // The coordinator says nothing until it is late.
    world.stability = nil
    world.run(600)
    for index in 0..<4 { world.hang(index) }
    var isNow: Bool {
      guard case .commonCause(_, _, _, let turn?) = world.evidence(.commonCause) else {
        return false
      }
      return turn.isNow
    }
    #expect(world.run(atMost: 3600, probes: true) { isNow } != nil)
    #expect((85...90).contains(world.run(atMost: 900, probes: true) { !isNow } ?? 0))
    world.stability = .state(.stable)
    #expect(world.run(atMost: 180, probes: true) { world.fails } == nil)
    // Who has begun in time goes on to the end of his turn.
    #expect(world.run(atMost: 900, probes: true) { world.fails } != nil)
    let seconds = world.run(atMost: 900, probes: true) { !world.fails } ?? 0
    #expect((170...180).contains(seconds), "\(seconds)")
  }

  @Test("What rebalances take of a common cause is not counted towards the first turn")
  func rebalances() {
    let worlds = (1...4).map { pod in
      DecisionWorld(identity: PodIdentity(address: "10.0.0.\(pod)"))
    }
    for world in worlds {
      world.run(600)
      for index in 0..<4 { world.hang(index) }
    }
    // A rollout whose rebalances wait for the slowest consumer each: nobody gets to commit.
    var failing: Int?
    for second in 1...3600 where failing == nil {
      for world in worlds {
        if second <= 1200, second % 400 == 0 { world.rebalance() }
        world.run(1)
      }
      if worlds.contains(where: \.fails) { failing = second }
    }
    // Of 1200 s three rebalances and what follows them leave 400 + 2 * 70, and 360 more are due.
    #expect((1890...2300).contains(failing ?? 0), "\(String(describing: failing))")
  }

  @Test("Owners stay apart by their names while none of this pod's is there")
  func namesApart() {
    let identity = PodIdentity(address: "10.0.0.9", name: "orders-1")
    let node = PodIdentity(address: "10.0.0.9", name: "orders-1", nodeAddress: "10.0.0.9")
    // Three pods at the address of their node, or of a proxy.
    let all = (1...3).map { pod in
      DecisionWorld.member(7, "m\(pod)", clientID: "orders-\(pod)")
    }
    let world = DecisionWorld(identity: identity)
    world.members = all
    world.owners = [0, 1, 2, 2]
    world.rebalance(.consumer)
    world.run(1)
    #expect(world.decisions.decider(world.number)?.owners.count == 3)
    world.members = Array(all.dropFirst())
    world.owners = [0, 0, 1, 1]
    world.rebalance(.consumer)
    world.run(1)
    #expect(world.decisions.decider(world.number)?.owners.count == 2)
    // In the host's network that is known before any member is seen.
    #expect(GroupOwners(Array(all.dropFirst()), identity: node).count == 2)
    #expect(GroupOwners(Array(all.dropFirst()), identity: identity).count == 1)
  }
}
