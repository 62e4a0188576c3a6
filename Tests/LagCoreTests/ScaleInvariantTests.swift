import LagCore
import SeededRandom
import Testing

/// What must hold of the scale hint whatever is observed (the contract, section 7.4).
@Suite("The scale hint, whatever is observed")
struct ScaleInvariantTests {
  /// What a group looks like for some hours, minute by minute.
  private func observations(seed: UInt64, hours: Int = 6) -> [ScaleObservation] {
    var random = SeededGenerator(seed: seed)
    let perReplica = 1 + random.below(3)
    var seen = ScaleObservation(minute: 28_000_000)
    seen.partitions = 1 + random.below(30)
    seen.usefulMembers = seen.partitions
    var rate = Double(random.below(2000))
    return (0..<hours * 60).map { _ in
      seen.minute += 1
      if seen.replicas == 0 || random.oneIn(40) {
        seen.replicas = random.oneIn(20) ? 0 : 1 + random.below(12)
        seen.members = seen.replicas * perReplica
        seen.changedAt = seen.minute * 60
      }
      if random.oneIn(60) { rate = Double(random.below(2000)) }
      seen.isStable = !random.oneIn(20)
      seen.produced = rate * (0.9 + Double(random.below(21)) / 100)
      seen.consumed = seen.produced
      seen.scalableLag = random.oneIn(4) ? UInt64(random.below(500_000)) : 0
      seen.totalLag = seen.scalableLag
      seen.lagging = seen.scalableLag > 0 ? 1 : 0
      seen.stuck = random.oneIn(20) ? 1 : 0
      seen.unknown = random.oneIn(20) ? 1 : 0
      seen.withoutHead = random.oneIn(30) ? 1 : 0
      seen.saturatedRate = random.oneIn(3) ? Double(50 + random.below(100)) : nil
      return seen
    }
  }

  private func desired(_ advisor: ScaleAdvisor, _ seen: ScaleObservation, age: Int64 = 0) -> Int? {
    let hint = advisor.hint(
      nowSeconds: seen.minute * 60 + age, parameters: ScaleParameters())
    return try? hint.get().desired
  }

  @Test("It lies between one and what is of use, and is no number while anything is not known")
  func bounds() {
    for seed in testSeed..<testSeed + 300 {
      var advisor = ScaleAdvisor()
      var numbers = 0
      // The first minute of which all heads were known was not whole, and rates end a minute early.
      var first: Int?
      let all = observations(seed: seed)
      for (minute, seen) in all.enumerated() {
        advisor.observe(seen, parameters: ScaleParameters())
        let desired = desired(advisor, seen)
        #expect(self.desired(advisor, seen, age: ScaleAdvisor.staleAfter + 1) == nil)
        if first == nil, seen.withoutHead == 0 { first = minute }
        let watched = minute - (first ?? minute)
        if seen.replicas == 0 || seen.withoutHead > 0 || watched < ScaleParameters().history + 2 {
          #expect(desired == nil, "seed \(seed), minute \(minute)")
        } else {
          let useful = max(1, seen.usefulReplicas)
          #expect((1...useful).contains(desired ?? 0), "seed \(seed), minute \(minute)")
          numbers += 1
        }
      }
      #expect(numbers > 100)
    }
  }

  @Test("More to do never asks for fewer replicas", arguments: [1.1, 2, 10])
  func monotonic(factor: Double) {
    for seed in testSeed..<testSeed + 300 {
      var (less, more) = (ScaleAdvisor(), ScaleAdvisor())
      for seen in observations(seed: seed) {
        var larger = seen
        larger.produced *= factor
        larger.scalableLag = UInt64(Double(seen.scalableLag) * factor)
        less.observe(seen, parameters: ScaleParameters())
        more.observe(larger, parameters: ScaleParameters())
        let (few, many) = (desired(less, seen) ?? 0, desired(more, seen) ?? 0)
        #expect(few <= many, "seed \(seed), minute \(seen.minute)")
      }
    }
  }

  @Test("Under a load that stays it changes twice a day at most")
  func constancy() {
    for seed in testSeed..<testSeed + 300 {
      var random = SeededGenerator(seed: seed)
      var seen = ScaleObservation(minute: 28_000_000)
      seen.partitions = 24
      seen.usefulMembers = 24
      seen.replicas = 1 + random.below(12)
      seen.members = seen.replicas
      seen.isStable = true
      let rate = 100 + Double(random.below(1000))
      let capacity = 50 + Double(random.below(100))
      var advisor = ScaleAdvisor()
      var told: [Int] = []
      for minute in 0..<24 * 60 {
        seen.minute += 1
        seen.produced = rate * (0.98 + Double(random.below(41)) / 1000)
        seen.saturatedRate = minute < 30 ? capacity : nil
        advisor.observe(seen, parameters: ScaleParameters())
        if let desired = desired(advisor, seen), desired != told.last { told.append(desired) }
      }
      // The first number is none of the changes.
      #expect(told.count <= 3, "seed \(seed): \(told)")
    }
  }
}
