import LagCore

/// What came of many worlds.
package struct Campaign: Sendable {
  /// All worlds together.
  package var tally = Tally()
  /// The invariants that did not hold, at most `maximumViolations`.
  package var violations: [Violation] = []
  /// How many worlds broke one.
  package var broken = 0

  private static let maximumViolations = 50

  /// Nothing happened.
  package init() {}

  /// Adds one world.
  package mutating func add(_ world: World) {
    tally.add(world.tally)
    if !world.violations.isEmpty { broken += 1 }
    violations += world.violations.prefix(max(0, Self.maximumViolations - violations.count))
  }

  /// Adds another campaign.
  package mutating func add(_ other: Campaign) {
    tally.add(other.tally)
    broken += other.broken
    violations += other.violations.prefix(max(0, Self.maximumViolations - violations.count))
  }

  /// Lets the worlds of some seeds run.
  package static func run(
    _ seeds: Range<UInt64>, policy: Policy = .vole, guards: LivenessGuards = .all
  ) -> Campaign {
    var campaign = Campaign()
    for seed in seeds {
      var world = World(WorldPlan(seed: seed), policy: policy, guards: guards)
      world.run()
      campaign.add(world)
    }
    return campaign
  }

  /// Returns what goes wrong without a guard in the first world that needs it, nil when none does.
  ///
  /// - Parameters:
  ///   - guarding: the guard.
  ///   - known: a seed that is tried before the others, because its world needed the guard once.
  ///   - seeds: the others.
  package static func seedThatNeeds(
    _ guarding: LivenessGuards, known: UInt64? = nil, among seeds: Range<UInt64>
  ) -> Violation? {
    for seed in [known].compactMap({ $0 }) + Array(seeds) {
      var world = World(WorldPlan(seed: seed), guards: LivenessGuards.all.subtracting(guarding))
      world.run()
      if let violation = world.violations.first { return violation }
    }
    return nil
  }
}
