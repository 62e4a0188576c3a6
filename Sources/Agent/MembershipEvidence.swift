import LagCore

/// What descriptions and offsets together say about the members of a group.
///
/// A description alone can mislead: to the call that knows classic groups only, every group of the
/// new protocol looks dead, and a consumer that assigns itself its partitions is in no group. Who
/// commits is there, so an empty group whose offsets move has members that cannot be seen.
struct MembershipEvidence: Sendable, Equatable {
  private enum Description: Sendable, Equatable {
    case refused
    case members
    case empty
  }

  private var description = Description.refused
  /// Whether offsets were read since the group looked empty: the last commit of a member that
  /// left is seen by that reading and proves nothing.
  private var hasBaseline = false
  private var movesWithoutMembers = false

  /// Takes note of a description; nil when the broker did not say.
  mutating func described(hasMembers: Bool?) {
    guard let hasMembers else { return description = .refused }
    if hasMembers {
      self = MembershipEvidence()
      description = .members
    } else {
      if description != .empty { hasBaseline = false }
      description = .empty
    }
  }

  /// Takes note of a reading of the offsets.
  mutating func fetched(didAdvance: Bool) {
    guard description == .empty else { return }
    if hasBaseline, didAdvance { movesWithoutMembers = true }
    hasBaseline = true
  }

  /// What follows from both.
  var membership: ObservedMembership {
    switch description {
    case .refused: .unknown
    case .members: .yes
    case .empty: movesWithoutMembers ? .unknown : .no
    }
  }
}
