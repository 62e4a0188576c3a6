/// What the probes answer for a group, and why; made once a second.
package struct GroupDecision: Sendable, Equatable {
  /// Liveness of the application's container.
  package var liveness: LivenessDecision
  /// Its readiness.
  package var readiness: ReadinessDecision
  /// The hold that counts for the group now, in milliseconds.
  package var hold: Int64
  /// How many members of the group are this pod's.
  package var ownMembers: Int
  /// How many partitions they own.
  package var ownPartitions: Int
  /// How many partitions are poison to this pod.
  package var poisoned: Int

  /// Nothing is known yet.
  package static let unknown = GroupDecision(
    liveness: .unknown, readiness: .waiting, hold: ProbeParameters.holdOfUnknown, ownMembers: 0,
    ownPartitions: 0, poisoned: 0)
}
