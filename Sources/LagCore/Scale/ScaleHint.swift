/// How many replicas a group should have, and what that rests on.
package struct ScaleHint: Sendable, Equatable {
  /// How many are asked for; never more than would be of use, never below 1.
  package var desired: Int
  /// Why as many as that.
  package var reason: ScaleReason
  /// What a replica is known to be able to consume, in records per second; nil while none was
  /// saturated in the last 24 h.
  package var capacity: Double?
  /// What the group looked like.
  package var observation: ScaleObservation

  /// Puts the parts together.
  package init(
    desired: Int, reason: ScaleReason, capacity: Double?, observation: ScaleObservation
  ) {
    self.desired = desired
    self.reason = reason
    self.capacity = capacity
    self.observation = observation
  }

  /// Seconds until the backlog is gone at the rates of now, 0 without one; nil while it does not
  /// shrink.
  package var timeToDrain: Double? {
    guard observation.scalableLag > 0 else { return 0 }
    let surplus = observation.consumed - observation.produced
    return surplus > 0 ? Double(observation.scalableLag) / surplus : nil
  }

  /// The share of partitions that can be judged, 0 to 1.
  package var complete: Double {
    guard observation.partitions > 0 else { return 0 }
    return Double(observation.partitions - observation.unknown) / Double(observation.partitions)
  }

  /// Whether there is anything to consume.
  package var isActive: Bool { observation.totalLag > 0 || observation.produced > 0 }
}

/// Why a number of replicas is asked for.
package enum ScaleReason: UInt8, Sendable, CaseIterable {
  /// What is asked for suffices, and fewer would not.
  case sufficient
  /// More are needed than were asked for before.
  case more
  /// Fewer sufficed for long enough.
  case fewer
  /// Fewer would suffice, but not yet for long enough.
  case decaying
  /// No replica was saturated, so that nobody knows what one can do: as many as there are.
  case capacityUnknown
  /// The members changed a moment ago, so that the last answer stands.
  case rebalancing
  /// Partitions are stuck, which fewer replicas would not make better.
  case stuck
  /// Partitions cannot be judged yet, so that fewer are not asked for.
  case incomplete
  /// A backlog is being worked off, so that fewer are not asked for.
  case draining

  /// A short stable name for JSON and metrics.
  package var name: StaticString {
    switch self {
    case .sufficient: "sufficient"
    case .more: "more"
    case .fewer: "fewer"
    case .decaying: "decaying"
    case .capacityUnknown: "capacity-unknown"
    case .rebalancing: "rebalancing"
    case .stuck: "stuck"
    case .incomplete: "incomplete"
    case .draining: "draining"
    }
  }
}

/// Why no number of replicas can be said.
package enum ScaleDoubt: Error, Equatable {
  /// The group was never looked at.
  case notObserved
  /// It was last looked at so many seconds ago.
  case stale(seconds: Int64)
  /// It was watched for so many minutes of those that are needed.
  case shortHistory(minutes: Int64, needed: Int)
  /// Nothing is known of its members, or it has none.
  case noMembers
  /// Heads of so many partitions are not known or old.
  case withoutHeads(partitions: Int)
}
