/// What stands between a partition that does not move and a restart.
///
/// Each is there because without it somebody is restarted who must not be; the simulation switches
/// them off one by one to prove it.
package struct LivenessGuards: OptionSet, Sendable {
  /// The guards as bits.
  package let rawValue: UInt32

  /// Takes guards from bits.
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Nothing is said while inputs are stale, and the hold counts from when they came back.
  package static let freshness = LivenessGuards(rawValue: 1 << 0)
  /// Only partitions of this pod count.
  package static let ownPartitions = LivenessGuards(rawValue: 1 << 1)
  /// A partition must stand for `hold`.
  package static let hold = LivenessGuards(rawValue: 1 << 2)
  /// The hold counts from when the present member got the partition.
  package static let ownership = LivenessGuards(rawValue: 1 << 3)
  /// The hold counts from the end of the last rebalance.
  package static let rebalance = LivenessGuards(rawValue: 1 << 4)
  /// The hold counts from when this machine's clock was set.
  package static let clock = LivenessGuards(rawValue: 1 << 5)
  /// The hold counts from the end of the last common cause.
  package static let aftermath = LivenessGuards(rawValue: 1 << 6)
  /// Another owner must have progressed.
  package static let progress = LivenessGuards(rawValue: 1 << 7)
  /// The coordinator must call the group stable, where it may be asked.
  package static let stability = LivenessGuards(rawValue: 1 << 8)
  /// At most half of the owners may stand.
  package static let commonCause = LivenessGuards(rawValue: 1 << 9)
  /// Of a common cause that lasts, pods are restarted one by one.
  package static let turns = LivenessGuards(rawValue: 1 << 10)
  /// No second incarnation of this pod may be in the group.
  package static let incarnations = LivenessGuards(rawValue: 1 << 11)
  /// A partition at which restarts do not help is ignored.
  package static let poison = LivenessGuards(rawValue: 1 << 12)
  /// After a failure liveness passes for a while.
  package static let grace = LivenessGuards(rawValue: 1 << 13)
  /// A pod has a budget of restarts.
  package static let budget = LivenessGuards(rawValue: 1 << 14)
  /// A group can be paused.
  package static let pause = LivenessGuards(rawValue: 1 << 15)

  /// All guards, each by its name.
  package static let named: [(name: StaticString, guards: LivenessGuards)] = [
    ("freshness", .freshness), ("own-partitions", .ownPartitions), ("hold", .hold),
    ("ownership", .ownership), ("rebalance", .rebalance), ("clock", .clock),
    ("aftermath", .aftermath), ("progress", .progress), ("stability", .stability),
    ("common-cause", .commonCause), ("turns", .turns), ("incarnations", .incarnations),
    ("poison", .poison), ("grace", .grace), ("budget", .budget), ("pause", .pause),
  ]

  /// All guards.
  package static let all = LivenessGuards(named.map(\.guards))
}
