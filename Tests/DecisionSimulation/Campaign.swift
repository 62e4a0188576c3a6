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

  /// Returns the first seed whose world breaks an invariant without a guard, nil when none does.
  package static func seedThatNeeds(
    _ guarding: LivenessGuards, among seeds: Range<UInt64>
  ) -> Violation? {
    for seed in seeds {
      var world = World(WorldPlan(seed: seed), guards: LivenessGuards.all.subtracting(guarding))
      world.run()
      if let violation = world.violations.first { return violation }
    }
    return nil
  }
}
