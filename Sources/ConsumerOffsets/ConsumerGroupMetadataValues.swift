// Values of the consumer group protocol (KIP-848) that describe a group, as Kafka 3.8 and later
// write them. All are of version 0 and flexible. Ranges are of the value's bytes. The early access
// of 3.6 and 3.7 wrote other layouts under the same type and version: such bytes give an error or
// nonsense here, as they do in any later broker.

extension ByteCursor {
  /// A cursor past the version of a value of which only version 0 exists.
  static func version0(_ value: Span<UInt8>) throws(DecodeError) -> ByteCursor {
    var cursor = ByteCursor(value, .value)
    let version = try cursor.int16(value, "version")
    guard version == 0 else {
      throw cursor.error(.unsupportedVersion(version), "version", at: 0)
    }
    return cursor
  }

  /// Reads tagged fields of which tag 0 is an int64 that defaults to 0.
  fileprivate mutating func int64InTag0(
    _ value: Span<UInt8>, _ field: StaticString
  ) throws(DecodeError) -> Int64 {
    var number: Int64 = 0
    for _ in 0..<(try tagCount(value)) {
      let tag = try tag(value)
      guard tag.number == 0 else {
        skip(tag)
        continue
      }
      number = try int64(value, field)
      try close(tag, field)
    }
    return number
  }
}

/// A consumer group's epoch (`ConsumerGroupMetadataValue`, type 3).
package struct ConsumerGroupMetadataValue: Equatable, Sendable {
  /// The group epoch.
  package let epoch: Int32
  /// A hash over the subscribed topics; 0 before Kafka 4.1.
  package let metadataHash: Int64
  /// How many bytes follow the last known field; ignored as by Kafka's generated readers.
  package let trailingBytes: Int

  /// Reads a value that is not null.
  ///
  /// - Throws: `DecodeError`, with `isUnsupportedVersion` for any version but 0.
  package static func decode(_ value: Span<UInt8>) throws(DecodeError)
    -> ConsumerGroupMetadataValue
  {
    var cursor = try ByteCursor.version0(value)
    let epoch = try cursor.int32(value, "epoch")
    let metadataHash = try cursor.int64InTag0(value, "metadataHash")
    return ConsumerGroupMetadataValue(
      epoch: epoch, metadataHash: metadataHash, trailingBytes: cursor.left)
  }
}

/// A consumer group's topics with identifiers and names
/// (`ConsumerGroupPartitionMetadataValue`, type 4), written up to Kafka 4.0.
package struct ConsumerGroupPartitionMetadataValue: Equatable, Sendable {
  /// The topics that the group subscribes to.
  package let topics: [Topic]
  /// How many bytes follow the last known field; ignored as by Kafka's generated readers.
  package let trailingBytes: Int

  /// A topic (`TopicMetadata`).
  package struct Topic: Equatable, Sendable {
    /// The identifier of the topic.
    package let topicId: Uuid
    /// The name of the topic.
    package let topicName: Range<Int>
    /// How many partitions the topic had.
    package let numPartitions: Int32
    /// The racks of its partitions; empty where they are not known.
    package let partitionMetadata: [PartitionRacks]
  }

  /// The racks that hold replicas of a partition (`PartitionMetadata`).
  package struct PartitionRacks: Equatable, Sendable {
    /// The partition of the topic.
    package let partition: Int32
    /// The names of the racks.
    package let racks: [Range<Int>]
  }

  /// Reads a value that is not null.
  ///
  /// - Throws: `DecodeError`, with `isUnsupportedVersion` for any version but 0.
  package static func decode(_ value: Span<UInt8>) throws(DecodeError)
    -> ConsumerGroupPartitionMetadataValue
  {
    var cursor = try ByteCursor.version0(value)
    // A topic is at least: identifier 16, name 1, number 4, racks 1, tags 1.
    let count = try cursor.compactArrayCount(value, "topics", elementSize: 23)
    var topics: [Topic] = []
    topics.reserveCapacity(count)
    for _ in 0..<count {
      let topicId = try cursor.uuid(value, "topicId")
      let topicName = try cursor.compactString(value, "topicName")
      let numPartitions = try cursor.int32(value, "numPartitions")
      let racks = try partitionMetadata(value, &cursor)
      try cursor.skipTaggedFields(value)
      topics.append(
        Topic(
          topicId: topicId, topicName: topicName, numPartitions: numPartitions,
          partitionMetadata: racks))
    }
    try cursor.skipTaggedFields(value)
    return ConsumerGroupPartitionMetadataValue(topics: topics, trailingBytes: cursor.left)
  }

  private static func partitionMetadata(
    _ value: Span<UInt8>, _ cursor: inout ByteCursor
  ) throws(DecodeError) -> [PartitionRacks] {
    // A partition is at least: number 4, racks 1, tags 1.
    let count = try cursor.compactArrayCount(value, "partitionMetadata", elementSize: 6)
    var partitions: [PartitionRacks] = []
    partitions.reserveCapacity(count)
    for _ in 0..<count {
      let partition = try cursor.int32(value, "partition")
      let racks = try cursor.compactStringArray(value, "racks")
      try cursor.skipTaggedFields(value)
      partitions.append(PartitionRacks(partition: partition, racks: racks))
    }
    return partitions
  }
}

/// The epoch of a target assignment (`ConsumerGroupTargetAssignmentMetadataValue`, type 6).
package struct ConsumerGroupTargetAssignmentMetadataValue: Equatable, Sendable {
  /// The assignment epoch.
  package let assignmentEpoch: Int32
  /// When the assignment was made, in milliseconds since 1970; 0 before Kafka 4.3.
  package let assignmentTimestamp: Int64
  /// How many bytes follow the last known field; ignored as by Kafka's generated readers.
  package let trailingBytes: Int

  /// Reads a value that is not null.
  ///
  /// - Throws: `DecodeError`, with `isUnsupportedVersion` for any version but 0.
  package static func decode(_ value: Span<UInt8>) throws(DecodeError)
    -> ConsumerGroupTargetAssignmentMetadataValue
  {
    var cursor = try ByteCursor.version0(value)
    let epoch = try cursor.int32(value, "assignmentEpoch")
    let timestamp = try cursor.int64InTag0(value, "assignmentTimestamp")
    return ConsumerGroupTargetAssignmentMetadataValue(
      assignmentEpoch: epoch, assignmentTimestamp: timestamp, trailingBytes: cursor.left)
  }
}

/// The topics a regular expression stands for (`ConsumerGroupRegularExpressionValue`, type 16).
package struct ConsumerGroupRegularExpressionValue: Equatable, Sendable {
  /// The topics that matched.
  package let topics: [Range<Int>]
  /// The version of the cluster's metadata that was matched against.
  package let version: Int64
  /// When it was matched, in milliseconds since 1970.
  package let timestamp: Int64
  /// How many bytes follow the last known field; ignored as by Kafka's generated readers.
  package let trailingBytes: Int

  /// Reads a value that is not null.
  ///
  /// - Throws: `DecodeError`, with `isUnsupportedVersion` for any version but 0.
  package static func decode(_ value: Span<UInt8>) throws(DecodeError)
    -> ConsumerGroupRegularExpressionValue
  {
    var cursor = try ByteCursor.version0(value)
    let topics = try cursor.compactStringArray(value, "topics")
    let version = try cursor.int64(value, "version of the metadata")
    let timestamp = try cursor.int64(value, "timestamp")
    try cursor.skipTaggedFields(value)
    return ConsumerGroupRegularExpressionValue(
      topics: topics, version: version, timestamp: timestamp, trailingBytes: cursor.left)
  }
}
