import LagCore
import SeededRandom
import Testing

@Suite("Agents agree on the scale")
struct ScaleAgreementTests {
  /// A group with a load that changes, some stuck partitions, and replicas that follow or do not.
  private func check(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let partitions = 3 + random.below(14)
    let replicas = 1 + random.below(4)
    let capacity = 50 + Double(random.below(100))
    let load = capacity * Double(replicas) * (0.3 + Double(random.below(200)) / 100)
    var world = ScaleWorld(
      rates: (0..<partitions).map { _ in load / Double(partitions) }, capacity: capacity,
      replicas: replicas, seed: seed)
    world.noise = Double(random.below(4)) / 10
    world.commitInterval = random.pick([10, 10, 10, 30, 60])
    let follows = random.oneIn(2)
    world.addAgent()
    world.addAgent(delay: Int64(random.below(2)))
    world.run(seconds: Int64(random.below(600)))
    world.addAgent(delay: Int64(random.below(2)))
    var differing = 0
    world.run(minutes: 20 + random.below(10))
    world.run(minutes: 120) { world in
      if random.oneIn(60) {
        let factor = 0.5 + Double(random.below(150)) / 100
        for partition in world.rates.indices { world.rates[partition] *= factor }
      }
      if random.oneIn(80) { world.stuck = [random.below(partitions)] }
      if random.oneIn(40) { world.stuck = [] }
      let hints = world.agents.indices.map { world.desired($0) }
      differing = Set(hints).count > 1 ? differing + 1 : 0
      #expect(differing <= 1, "\(hints) at \(world.now), seed \(seed)")
      for case .some(let hint) in hints { #expect(hint >= 1 && hint <= partitions) }
      let known = hints.compactMap { $0 }
      if let first = known.first {
        #expect(known.allSatisfy { abs($0 - first) <= 1 }, "\(hints), seed \(seed)")
      }
      if follows, let desired = hints[0], desired != world.replicas { world.setReplicas(desired) }
    }
  }

  @Test("Agents that begin at other times and read in other slices say the same")
  func agreement() {
    for number in 0..<15 { check(seed: testSeed &+ UInt64(number)) }
  }
}
