// Values of the consumer group protocol (KIP-848) that describe a member, as Kafka 3.8 and later
// write them. All are of version 0 and flexible. Ranges are of the value's bytes.

/// A member of a consumer group (`ConsumerGroupMemberMetadataValue`, type 5).
package struct ConsumerGroupMemberMetadataValue: Equatable, Sendable {
  /// The `group.instance.id` of a static member.
  package let instanceId: Range<Int>?
  /// The `client.rack` of the member.
  package let rackId: Range<Int>?
  /// The `client.id` of the member.
  package let clientId: Range<Int>
  /// The host as the broker saw it, usually with a leading `/`.
  package let clientHost: Range<Int>
  /// The topics the member subscribes to by name.
  package let subscribedTopicNames: [Range<Int>]
  /// The regular expression the member subscribes to; empty or nil for none.
  package let subscribedTopicRegex: Range<Int>?
  /// How long the member may take to give up partitions, in milliseconds; -1 when unknown.
  package let rebalanceTimeoutMs: Int32
  /// The assignor that the member asks for.
  package let serverAssignor: Range<Int>?
  /// Tag 0: set while a member that speaks the classic protocol is in a consumer group.
  package let classicMemberMetadata: ClassicMemberMetadata?
  /// How many bytes follow the last known field; ignored as by Kafka's generated readers.
  package let trailingBytes: Int

  /// What a member that speaks the classic protocol supports.
  package struct ClassicMemberMetadata: Equatable, Sendable {
    /// How long the member may be silent, in milliseconds.
    package let sessionTimeoutMs: Int32
    /// The assignors it supports, the preferred one first.
    package let supportedProtocols: [ClassicProtocol]
  }

  /// An assignor that a classic member supports, with its bytes for it.
  package struct ClassicProtocol: Equatable, Sendable {
    /// The name of the assignor.
    package let name: Range<Int>
    /// All bytes of the subscription, whatever they mean.
    package let metadata: Range<Int>
    /// The topics in `metadata`; a consumer group has no other protocol type than `consumer`.
    package let subscription: Embedded<[Range<Int>]>
  }

  /// Reads a value that is not null.
  ///
  /// - Throws: `DecodeError`, with `isUnsupportedVersion` for any version but 0.
  package static func decode(_ value: Span<UInt8>) throws(DecodeError)
    -> ConsumerGroupMemberMetadataValue
  {
    var cursor = try ByteCursor.version0(value)
    let instanceId = try cursor.compactNullableString(value, "instanceId")
    let rackId = try cursor.compactNullableString(value, "rackId")
    let clientId = try cursor.compactString(value, "clientId")
    let clientHost = try cursor.compactString(value, "clientHost")
    let topics = try cursor.compactStringArray(value, "subscribedTopicNames")
    let regex = try cursor.compactNullableString(value, "subscribedTopicRegex")
    let rebalanceTimeoutMs = try cursor.int32(value, "rebalanceTimeoutMs")
    let serverAssignor = try cursor.compactNullableString(value, "serverAssignor")
    var classic: ClassicMemberMetadata?
    for _ in 0..<(try cursor.tagCount(value)) {
      let tag = try cursor.tag(value)
      guard tag.number == 0 else {
        cursor.skip(tag)
        continue
      }
      classic = try classicMemberMetadata(value, &cursor)
      try cursor.close(tag, "classicMemberMetadata")
    }
    return ConsumerGroupMemberMetadataValue(
      instanceId: instanceId, rackId: rackId, clientId: clientId, clientHost: clientHost,
      subscribedTopicNames: topics, subscribedTopicRegex: regex,
      rebalanceTimeoutMs: rebalanceTimeoutMs, serverAssignor: serverAssignor,
      classicMemberMetadata: classic, trailingBytes: cursor.left)
  }

  /// Reads a nullable struct in a tagged field: a varint that is 0 for null, then the fields.
  private static func classicMemberMetadata(
    _ value: Span<UInt8>, _ cursor: inout ByteCursor
  ) throws(DecodeError) -> ClassicMemberMetadata? {
    guard try cursor.unsignedVarint(value, "classicMemberMetadata") > 0 else { return nil }
    let sessionTimeoutMs = try cursor.int32(value, "sessionTimeoutMs")
    // A protocol is at least: name 1, metadata 1, tags 1.
    let count = try cursor.compactArrayCount(value, "supportedProtocols", elementSize: 3)
    var protocols: [ClassicProtocol] = []
    protocols.reserveCapacity(count)
    for _ in 0..<count {
      let name = try cursor.compactString(value, "name")
      let metadata = try cursor.compactByteField(value, "metadata")
      try cursor.skipTaggedFields(value)
      protocols.append(
        ClassicProtocol(
          name: name, metadata: metadata,
          subscription: ConsumerProtocol.subscription(metadata, value, .value)))
    }
    try cursor.skipTaggedFields(value)
    return ClassicMemberMetadata(
      sessionTimeoutMs: sessionTimeoutMs, supportedProtocols: protocols)
  }
}

/// Partitions of a topic known by its identifier.
package struct TopicIdPartitions: Equatable, Sendable {
  /// The identifier of the topic.
  package let topicId: Uuid
  /// The partitions, in the order written.
  package let partitions: [Int32]
  /// The epochs at which the partitions were assigned, one for each; nil where
  /// not recorded, and in a target assignment.
  package let assignmentEpochs: [Int32]?

  /// Reads an array of them, of which only type 8 knows tag 0 as the epochs.
  fileprivate static func array(
    _ value: Span<UInt8>, _ cursor: inout ByteCursor, _ field: StaticString, withEpochs: Bool
  ) throws(DecodeError) -> [TopicIdPartitions] {
    // An element is at least: identifier 16, partitions 1, tags 1.
    let count = try cursor.compactArrayCount(value, field, elementSize: 18)
    var topics: [TopicIdPartitions] = []
    topics.reserveCapacity(count)
    for _ in 0..<count {
      let topicId = try cursor.uuid(value, "topicId")
      let partitions = try cursor.compactInt32Array(value, "partitions")
      let epochs = withEpochs ? try assignmentEpochs(value, &cursor) : nil
      if !withEpochs { try cursor.skipTaggedFields(value) }
      topics.append(
        TopicIdPartitions(topicId: topicId, partitions: partitions, assignmentEpochs: epochs))
    }
    return topics
  }

  /// Reads the tagged fields of an element; tag 0 is a nullable array.
  private static func assignmentEpochs(
    _ value: Span<UInt8>, _ cursor: inout ByteCursor
  ) throws(DecodeError) -> [Int32]? {
    var epochs: [Int32]?
    for _ in 0..<(try cursor.tagCount(value)) {
      let tag = try cursor.tag(value)
      guard tag.number == 0 else {
        cursor.skip(tag)
        continue
      }
      let field: StaticString = "assignmentEpochs"
      if let count = try cursor.compactNullableArrayCount(value, field, elementSize: 4) {
        epochs = try cursor.int32s(count, value, field)
      } else {
        epochs = nil
      }
      try cursor.close(tag, field)
    }
    return epochs
  }
}

/// What a member shall be assigned (`ConsumerGroupTargetAssignmentMemberValue`, type 7).
package struct ConsumerGroupTargetAssignmentMemberValue: Equatable, Sendable {
  /// The partitions the member shall get.
  package let topicPartitions: [TopicIdPartitions]
  /// How many bytes follow the last known field; ignored as by Kafka's generated readers.
  package let trailingBytes: Int

  /// Reads a value that is not null.
  ///
  /// - Throws: `DecodeError`, with `isUnsupportedVersion` for any version but 0.
  package static func decode(_ value: Span<UInt8>) throws(DecodeError)
    -> ConsumerGroupTargetAssignmentMemberValue
  {
    var cursor = try ByteCursor.version0(value)
    let topics = try TopicIdPartitions.array(value, &cursor, "topicPartitions", withEpochs: false)
    try cursor.skipTaggedFields(value)
    return ConsumerGroupTargetAssignmentMemberValue(
      topicPartitions: topics, trailingBytes: cursor.left)
  }
}

/// What a member is assigned (`ConsumerGroupCurrentMemberAssignmentValue`, type 8).
package struct ConsumerGroupCurrentMemberAssignmentValue: Equatable, Sendable {
  /// The epoch that the member has reached.
  package let memberEpoch: Int32
  /// The epoch before that, which a member that missed an answer may still give.
  package let previousMemberEpoch: Int32
  /// Kafka's `MemberState`: 0 stable, 1 unrevoked partitions, 2 unreleased partitions, 127 unknown.
  package let state: Int8
  /// The partitions that the member owns.
  package let assignedPartitions: [TopicIdPartitions]
  /// The partitions that the member must give up and may still be reading.
  package let partitionsPendingRevocation: [TopicIdPartitions]
  /// How many bytes follow the last known field; ignored as by Kafka's generated readers.
  package let trailingBytes: Int

  /// Reads a value that is not null.
  ///
  /// - Throws: `DecodeError`, with `isUnsupportedVersion` for any version but 0.
  package static func decode(_ value: Span<UInt8>) throws(DecodeError)
    -> ConsumerGroupCurrentMemberAssignmentValue
  {
    var cursor = try ByteCursor.version0(value)
    let memberEpoch = try cursor.int32(value, "memberEpoch")
    let previousMemberEpoch = try cursor.int32(value, "previousMemberEpoch")
    let state = try cursor.int8(value, "state")
    let assigned = try TopicIdPartitions.array(
      value, &cursor, "assignedPartitions", withEpochs: true)
    let pending = try TopicIdPartitions.array(
      value, &cursor, "partitionsPendingRevocation", withEpochs: true)
    try cursor.skipTaggedFields(value)
    return ConsumerGroupCurrentMemberAssignmentValue(
      memberEpoch: memberEpoch, previousMemberEpoch: previousMemberEpoch, state: state,
      assignedPartitions: assigned, partitionsPendingRevocation: pending,
      trailingBytes: cursor.left)
  }
}
