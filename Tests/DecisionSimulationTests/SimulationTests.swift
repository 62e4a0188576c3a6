import DecisionSimulation
import LagCore
import Testing

/// The simulation itself, in a few worlds; thousands of them run in `volesimulate`.
@Suite("The simulation of decisions")
struct SimulationTests {
  @Test("Every invariant holds in the first worlds", arguments: 1...3 as ClosedRange<UInt64>)
  func holds(seed: UInt64) {
    let campaign = Campaign.run(seed..<(seed + 1))
    #expect(campaign.violations.isEmpty, "\(campaign.violations)")
    #expect(campaign.tally.hours >= 6)
  }

  @Test("A world repeats itself from its seed")
  func repeats() {
    var stories: [[String]] = []
    for _ in 0..<2 {
      var world = World(WorldPlan(seed: 4), tells: true)
      world.run()
      stories.append(world.story?.lines ?? [])
    }
    #expect(stories[0] == stories[1])
    #expect(stories[0].count > 10)
  }

  @Test("A world without a guard that it needs goes wrong, and says where to look")
  func guards() {
    let violation = Campaign.seedThatNeeds(.ownPartitions, among: 1..<20)
    #expect(violation?.description.hasPrefix("seed ") == true)
  }

  @Test("Every plan has a rollout, another fault and six hours")
  func plans() {
    for seed in 1...500 as ClosedRange<UInt64> {
      let plan = WorldPlan(seed: seed)
      #expect(plan.length >= 6 * 3600)
      #expect(plan.events.count >= 2)
      #expect(plan.events.contains { $0.fault == .rollout })
    }
  }
}
