import DecisionSimulation
import LagCore

/// A guard, and what goes wrong without it.
struct GuardTrial {
  let name: StaticString
  /// Nil when no world went wrong.
  let violation: Violation?
}

/// Worlds that have shown why a guard is there, by the name of the guard.
///
/// They are tried before all others, so that showing it again takes a moment. Where one shows
/// nothing any more, because worlds changed, another can take its place.
private let knownSeeds: [String: UInt64] = [
  "freshness": 97, "own-partitions": 1, "hold": 3, "ownership": 294, "rebalance": 69,
  "clock": 2364, "aftermath": 22, "progress": 123, "stability": 490, "common-cause": 2,
  "turns": 2, "incarnations": 9, "poison": 3, "grace": 10, "budget": 23, "pause": 19,
]

/// Looks for each guard for a world that goes wrong without it, on both processors.
func tryGuards(among seeds: Range<UInt64>) async -> [GuardTrial] {
  await withTaskGroup(of: (Int, GuardTrial).self) { group in
    for (place, one) in LivenessGuards.named.enumerated() {
      group.addTask {
        let violation = Campaign.seedThatNeeds(
          one.guards, known: knownSeeds["\(one.name)"], among: seeds)
        return (place, GuardTrial(name: one.name, violation: violation))
      }
    }
    var trials: [(Int, GuardTrial)] = []
    for await one in group { trials.append(one) }
    return trials.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
