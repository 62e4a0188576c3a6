import LagCore
import Testing

/// The rollout gate, and readiness behind it (the contract, section 6).
@Suite("Readiness")
struct ReadinessTests {
  private func reason(_ world: DecisionWorld) -> ReadinessDecision.Reason {
    world.decision.readiness.reason
  }

  @Test("The gate opens when a partition with traffic progresses")
  func progress() {
    let world = DecisionWorld()
    #expect(!world.decisions.isReady())
    world.partitions[0].processes = false
    world.run(60)
    #expect(reason(world) == .waiting)
    #expect(world.decision.readiness.waited == 59_000)
    world.recover(0)
    world.run(10)
    #expect(reason(world) == .progressed)
    #expect(world.decisions.isReady())
  }

  @Test("A pod that owns nothing is ready, after a while")
  func ownsNothing() {
    let world = DecisionWorld()
    world.owners[0] = 1
    world.rebalance()
    world.run(25)
    #expect(!world.decision.readiness.isReady)
    world.run(10)
    #expect(reason(world) == .ownsNothing)
  }

  @Test("A pod that owns idle partitions alone is ready, after a while", arguments: [true, false])
  func idle(commits: Bool) {
    let world = DecisionWorld()
    world.partitions[0].isWritten = false
    world.partitions[0].commits = commits
    world.run(70)
    #expect(reason(world) == .idle)
  }

  @Test("What cannot be known, and the governor's grace, do not open the gate")
  func unknown() {
    let world = DecisionWorld()
    world.isDoubtful = true
    world.run(200)
    #expect(reason(world) == .waiting)
    #expect(!world.decisions.isReady())
  }

  @Test("A Kafka that cannot be reached opens the gate")
  func unreachable() {
    let world = DecisionWorld()
    world.isDoubtful = true
    world.isUnreachable = true
    world.run(1)
    #expect(reason(world) == .unreachable)
    #expect(world.decisions.isReady())
  }

  @Test("Where no member of this pod is seen, the gate opens after its timeout")
  func neverSeen() {
    let world = DecisionWorld(identity: PodIdentity(address: "10.0.0.9"))
    world.run(299)
    #expect(!world.decisions.isReady())
    world.run(2)
    #expect(reason(world) == .neverSeen)
  }

  @Test("Where one was seen, the verdict decides after the timeout")
  func timeout() {
    let world = DecisionWorld()
    world.partitions[0].processes = false
    world.run(299)
    #expect(reason(world) == .waiting)
    world.run(2)
    #expect(reason(world) == .verdictAfterTimeout)
    #expect(world.decision.readiness.verdict == .error)
    #expect(!world.decisions.isReady())
    world.recover(0)
    world.run(20)
    #expect(reason(world) == .progressed)
  }

  @Test("Once open it stays open, whatever happens")
  func staysOpen() {
    let world = DecisionWorld()
    world.run(60)
    world.hang(0)
    world.run(900)
    #expect(world.fails)
    #expect(world.decisions.isReady())
  }

  @Test("A new container finds it closed")
  func newContainer() {
    let world = DecisionWorld()
    world.run(600)
    #expect(world.decisions.isReady())
    world.partitions[0].processes = false
    world.startup()
    world.replace(0, "b")
    world.run(60)
    #expect(reason(world) == .waiting)
    world.recover(0)
    world.run(10)
    #expect(reason(world) == .progressed)
  }

  @Test("By verdict, readiness fails with this pod's partitions and not with another's")
  func verdict() {
    var parameters = ProbeParameters()
    parameters.readinessAfterGate = .verdict
    let world = DecisionWorld(parameters)
    world.run(600)
    world.hang(1)
    world.run(120)
    #expect(world.decisions.isReady())
    #expect(world.decision.readiness.verdict == .ok)
    world.hang(0)
    world.run(120)
    #expect(!world.decisions.isReady())
    #expect(world.decision.readiness.verdict == .error)
    world.isDoubtful = true
    world.run(1)
    #expect(world.decisions.isReady())
    parameters.passesReadinessOnUnknown = false
    world.decisions.set(parameters, of: world.number, now: world.now)
    world.run(1)
    #expect(!world.decisions.isReady())
  }
}
