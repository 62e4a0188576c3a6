import LagCore
import Testing

/// The clauses of liveness, each with what it lets pass (the contract, section 6).
@Suite("Liveness")
struct LivenessTests {
  @Test("While everybody progresses, no partition stands and liveness passes")
  func healthy() {
    let world = DecisionWorld()
    world.run(1200)
    #expect(!world.fails)
    #expect(world.deciding == .partition)
    #expect(world.evidence(.partition) == .healthy(others: 0))
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
  }

  @Test("A partition of another pod never fails liveness of this one")
  func othersHang() {
    let world = DecisionWorld()
    world.run(600)
    world.hang(1)
    #expect(world.run(atMost: 1800) { world.fails } == nil)
    #expect(world.evidence(.partition) == .healthy(others: 1))
  }
}
