/// How much of one group's members is kept; what goes over is left out, and its owner unknown.
///
/// Kafka sets no such limits (`group.max.size` is unlimited by default), but a record is at most
/// one message long, 1 MB by default. These leave room for far more than one pod's neighbours.
package struct MembershipLimits: Sendable, Equatable {
  /// The most members of a group.
  package var members = 10_000
  /// The most partitions that the members of a group are assigned together.
  package var assignedPartitions = 200_000
  /// The most topics in a member's subscription, and in what a regular expression stands for.
  package var subscribedTopics = 10_000
  /// The most regular expressions of a group.
  package var regularExpressions = 1000
  /// The most topic identifiers of a group whose names are awaited.
  package var awaitedTopics = 1000
  /// The most topic identifiers of a cluster whose names are remembered.
  package var topicNames = 50_000

  /// The limits above.
  package init() {}
}
