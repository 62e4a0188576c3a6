import LagCore

/// Reads the members of a classic group from its record (type 2).
struct ClassicGroupReader {
  let limits: MembershipLimits

  /// The membership that a record tells.
  ///
  /// A broker writes the record when a rebalance ends, and when the group has become empty: one
  /// with members is stable, PreparingRebalance never stands in the log.
  ///
  /// - Parameters:
  ///   - metadata: The record's value.
  ///   - value: The bytes it was decoded from.
  ///   - timestamp: When the record was written, in milliseconds since 1970; -1 when not known.
  func membership(
    _ metadata: GroupMetadataValue, in value: Span<UInt8>, timestamp: Int64
  ) -> GroupMembership {
    var room = limits.assignedPartitions
    var members: [GroupMember] = []
    members.reserveCapacity(min(metadata.members.count, limits.members))
    for member in metadata.members.prefix(limits.members) {
      members.append(
        GroupMember(
          memberID: text(member.memberId, in: value), clientID: text(member.clientId, in: value),
          host: text(member.clientHost, in: value),
          groupInstanceID: member.groupInstanceId.map { text($0, in: value) },
          rebalanceTimeout: member.rebalanceTimeout < 0 ? nil : member.rebalanceTimeout,
          subscription: subscription(of: member, in: value),
          assignment: assignment(of: member, in: value, room: &room)))
    }
    return GroupMembership(
      state: members.isEmpty ? .empty : .stable, protocolKind: .classic,
      assignor: metadata.protocol.map { text($0, in: value) }, generation: metadata.generation,
      changedAt: max(timestamp >= 0 ? timestamp : metadata.currentStateTimestamp, 0),
      members: members)
  }

  /// The topics that a member subscribes to; nil for another protocol, broken bytes, or too many.
  private func subscription(
    of member: GroupMetadataValue.Member, in value: Span<UInt8>
  ) -> [String]? {
    guard let topics = member.subscription.content, topics.count <= limits.subscribedTopics
    else { return nil }
    var names: [String] = []
    names.reserveCapacity(topics.count)
    for topic in topics { names.append(text(topic, in: value)) }
    return names
  }

  /// What a member is assigned; nil for another protocol, broken bytes, or too much.
  private func assignment(
    of member: GroupMetadataValue.Member, in value: Span<UInt8>, room: inout Int
  ) -> [GroupMember.Assigned]? {
    switch member.assignment {
    case .otherProtocol, .malformed: return nil
    case .empty: return []
    case .decoded(let topics):
      // The bytes held every partition, and each takes four of them: the sum fits.
      let count = topics.reduce(0) { $0 &+ $1.partitions.count }
      guard count <= room, topics.count <= limits.subscribedTopics else { return nil }
      room &-= count
      var assignment = AssignmentByTopic()
      for topic in topics {
        assignment.add(text(topic.topic, in: value), topic.partitions)
      }
      return assignment.topics
    }
  }
}

/// Gathers an assignment in which each topic stands once.
///
/// Two identifiers may have one name, of a topic that was deleted and made again, and nobody checks
/// the bytes that a classic group's leader hands in.
struct AssignmentByTopic {
  private(set) var topics: [GroupMember.Assigned] = []
  private var places: [String: Int] = [:]

  /// Adds partitions of a topic; those that it has already are not added again.
  mutating func add(_ topic: String, _ partitions: [Int32]) {
    guard let place = places[topic] else {
      places[topic] = topics.count
      topics.append(GroupMember.Assigned(topic: topic, partitions: partitions))
      return
    }
    var known = Set(topics[place].partitions)
    for partition in partitions where known.insert(partition).inserted {
      topics[place].partitions.append(partition)
    }
  }
}
