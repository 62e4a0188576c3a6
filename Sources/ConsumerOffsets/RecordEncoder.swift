/// Writes the records of `__consumer_offsets` that a broker writes for classic groups.
///
/// For whoever plays the broker: the demo's cluster, benchmarks and tests. A tombstone is one of
/// these keys with a null value.
package enum RecordEncoder {
  /// A committed offset to be written.
  package struct OffsetCommit: Equatable, Sendable {
    /// The committed offset.
    package var offset: Int64
    /// The leader epoch; -1 when unknown.
    package var leaderEpoch: Int32
    /// The client's own text.
    package var metadata: String
    /// Milliseconds since 1970.
    package var commitTimestamp: Int64
    /// The topic's identifier; only version 4 has room for it.
    package var topicId: Uuid?

    /// A commit with Kafka's defaults for what is left out.
    package init(
      offset: Int64, leaderEpoch: Int32 = -1, metadata: String = "", commitTimestamp: Int64,
      topicId: Uuid? = nil
    ) {
      self.offset = offset
      self.leaderEpoch = leaderEpoch
      self.metadata = metadata
      self.commitTimestamp = commitTimestamp
      self.topicId = topicId
    }
  }

  /// The value versions that brokers of today write for a commit without an expiry time.
  package enum OffsetCommitVersion: Int16, CaseIterable, Sendable {
    /// Kafka 2.1 to 4.0.
    case version3 = 3
    /// Kafka 4.1 and later.
    case version4 = 4
  }

  /// The state of a classic group to be written.
  package struct GroupMetadata: Equatable, Sendable {
    /// `consumer`, another product's word, or empty for a new group.
    package var protocolType: String
    /// The generation of the group.
    package var generation: Int32
    /// The assignor chosen.
    package var `protocol`: String?
    /// The member id of the leader.
    package var leader: String?
    /// Milliseconds since 1970.
    package var currentStateTimestamp: Int64
    /// The members; none for an empty group.
    package var members: [Member]

    /// A group with the given state.
    package init(
      protocolType: String = "consumer", generation: Int32, protocol: String?, leader: String?,
      currentStateTimestamp: Int64, members: [Member]
    ) {
      self.protocolType = protocolType
      self.generation = generation
      self.protocol = `protocol`
      self.leader = leader
      self.currentStateTimestamp = currentStateTimestamp
      self.members = members
    }
  }

  /// A member of a classic group to be written.
  package struct Member: Equatable, Sendable {
    /// The identifier of the member.
    package var memberId: String
    /// The `group.instance.id` of a static member.
    package var groupInstanceId: String?
    /// The `client.id`.
    package var clientId: String
    /// The host; brokers write it with a leading `/`.
    package var clientHost: String
    /// Milliseconds.
    package var rebalanceTimeout: Int32
    /// Milliseconds.
    package var sessionTimeout: Int32
    /// The embedded subscription: see `subscription(topics:)`.
    package var subscription: [UInt8]
    /// The embedded assignment: see `assignment(version:_:)`.
    package var assignment: [UInt8]

    /// A member with the Java client's default timeouts for what is left out.
    package init(
      memberId: String, groupInstanceId: String? = nil, clientId: String, clientHost: String,
      rebalanceTimeout: Int32 = 300_000, sessionTimeout: Int32 = 45_000, subscription: [UInt8],
      assignment: [UInt8]
    ) {
      self.memberId = memberId
      self.groupInstanceId = groupInstanceId
      self.clientId = clientId
      self.clientHost = clientHost
      self.rebalanceTimeout = rebalanceTimeout
      self.sessionTimeout = sessionTimeout
      self.subscription = subscription
      self.assignment = assignment
    }
  }

  /// The key of a committed offset, type 1.
  ///
  /// - Throws: `EncodeError` if a name is longer than a Kafka string.
  package static func offsetCommitKey(
    group: String, topic: String, partition: Int32
  ) throws(EncodeError) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(Int16(1))
    try writer.string(group, "group")
    try writer.string(topic, "topic")
    writer.integer(partition)
    return writer.bytes
  }

  /// The value of a committed offset.
  ///
  /// - Throws: `EncodeError` if the metadata is longer than a Kafka string.
  package static func offsetCommitValue(
    _ commit: OffsetCommit, _ version: OffsetCommitVersion
  ) throws(EncodeError) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(version.rawValue)
    writer.integer(commit.offset)
    writer.integer(commit.leaderEpoch)
    switch version {
    case .version3:
      try writer.string(commit.metadata, "metadata")
      writer.integer(commit.commitTimestamp)
    case .version4:
      try writer.compactString(commit.metadata, "metadata")
      writer.integer(commit.commitTimestamp)
      guard let topicId = commit.topicId else {
        writer.unsignedVarint(0)
        break
      }
      // One tagged field: tag 0 of 16 bytes.
      writer.unsignedVarint(1)
      writer.unsignedVarint(0)
      writer.unsignedVarint(16)
      writer.integer(topicId.mostSignificantBits)
      writer.integer(topicId.leastSignificantBits)
    }
    return writer.bytes
  }

  /// The key of a classic group, type 2.
  ///
  /// - Throws: `EncodeError` if the group id is longer than a Kafka string.
  package static func groupMetadataKey(group: String) throws(EncodeError) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(Int16(2))
    try writer.string(group, "group")
    return writer.bytes
  }

  /// The value of a classic group in version 3, which Kafka 2.3 and later write.
  ///
  /// - Throws: `EncodeError` if a text is longer than a Kafka string.
  package static func groupMetadataValue(_ group: GroupMetadata) throws(EncodeError) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(Int16(3))
    try writer.string(group.protocolType, "protocolType")
    writer.integer(group.generation)
    try writer.nullableString(group.protocol, "protocol")
    try writer.nullableString(group.leader, "leader")
    writer.integer(group.currentStateTimestamp)
    writer.count(group.members.count)
    for member in group.members {
      try writer.string(member.memberId, "memberId")
      try writer.nullableString(member.groupInstanceId, "groupInstanceId")
      try writer.string(member.clientId, "clientId")
      try writer.string(member.clientHost, "clientHost")
      writer.integer(member.rebalanceTimeout)
      writer.integer(member.sessionTimeout)
      writer.byteField(member.subscription)
      writer.byteField(member.assignment)
    }
    return writer.bytes
  }

  /// A `ConsumerProtocolSubscription` of version 0 without user data.
  ///
  /// - Throws: `EncodeError` if a topic is longer than a Kafka string.
  package static func subscription(topics: [String]) throws(EncodeError) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(Int16(0))
    writer.count(topics.count)
    for topic in topics { try writer.string(topic, "topic") }
    writer.integer(Int32(-1))
    return writer.bytes
  }

  /// A `ConsumerProtocolAssignment` of any version from 0 to 3, which are laid out alike, without
  /// user data.
  ///
  /// - Throws: `EncodeError` if a topic is longer than a Kafka string.
  package static func assignment(
    version: Int16 = 0, _ topics: [(topic: String, partitions: [Int32])]
  ) throws(EncodeError) -> [UInt8] {
    var writer = ByteWriter()
    writer.integer(version)
    writer.count(topics.count)
    for (topic, partitions) in topics {
      try writer.string(topic, "topic")
      writer.count(partitions.count)
      for partition in partitions { writer.integer(partition) }
    }
    writer.integer(Int32(-1))
    return writer.bytes
  }
}
