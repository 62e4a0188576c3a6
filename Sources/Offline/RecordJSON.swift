import ConsumerOffsets
import JSON

/// The JSON forms of `__consumer_offsets` records.
enum RecordJSON {
  /// Writes a record as one object.
  ///
  /// - Parameters:
  ///   - record: The record.
  ///   - key: The bytes of its key.
  ///   - value: The bytes of its value, empty for a tombstone.
  ///   - output: Where the object goes.
  static func write(
    _ record: Record, key: [UInt8], value: [UInt8], into output: inout JSONWriter
  ) {
    output.beginObject()
    switch record {
    case .offsetCommit(let offsetKey, let commit):
      write(offsetKey, commit, key, value, &output)
    case .groupMetadata(let group, let metadata):
      output.field("type", verbatim: "group_metadata")
      output.field("group", key.span.extracting(group))
      write(metadata, value, &output)
    case .consumerGroupMemberMetadata(let group, let member, let metadata):
      beginMember(5, group, member, key, &output)
      write(metadata, value, &output)
    case .consumerGroupTargetAssignmentMember(let group, let member, let target):
      beginMember(7, group, member, key, &output)
      output.key("targetAssignment")
      write(target.topicPartitions, &output)
    case .consumerGroupCurrentMemberAssignment(let group, let member, let current):
      beginMember(8, group, member, key, &output)
      write(current, &output)
    case .tombstone(let recordKey):
      writeTombstone(recordKey, key, &output)
    case .consumerGroupMetadata(let group, _):
      writeIgnored(3, group, key, &output)
    case .consumerGroupPartitionMetadata(let group, _):
      writeIgnored(4, group, key, &output)
    case .consumerGroupTargetAssignmentMetadata(let group, _):
      writeIgnored(6, group, key, &output)
    case .consumerGroupRegularExpression(let group, _, _):
      writeIgnored(16, group, key, &output)
    case .ignored(let type, let group):
      writeIgnored(type, group, key, &output)
    case .unsupportedVersion(let recordKey, _):
      writeIgnored(recordKey.type, recordKey.group, key, &output)
    }
    output.endObject()
  }

  // MARK: Offsets

  private static func write(
    _ offsetKey: OffsetCommitKey, _ commit: OffsetCommitValue, _ key: [UInt8], _ value: [UInt8],
    _ output: inout JSONWriter
  ) {
    output.field("type", verbatim: "offset_commit")
    output.field("group", key.span.extracting(offsetKey.group))
    output.field("topic", key.span.extracting(offsetKey.topic))
    output.field("partition", offsetKey.partition)
    output.field("offset", commit.offset)
    output.field("leaderEpoch", commit.leaderEpoch)
    output.field("metadata", value.span.extracting(commit.metadata))
    output.field("commitTimestamp", commit.commitTimestamp)
    if let expireTimestamp = commit.expireTimestamp {
      output.field("expireTimestamp", expireTimestamp)
    }
    if let topicId = commit.topicId { output.field("topicId", topicId.description) }
  }

  // MARK: Classic groups

  private static func write(
    _ metadata: GroupMetadataValue, _ value: [UInt8], _ output: inout JSONWriter
  ) {
    output.field("protocolType", value.span.extracting(metadata.protocolType))
    output.field("generation", metadata.generation)
    write("protocol", metadata.protocol, value, &output)
    write("leader", metadata.leader, value, &output)
    output.key("members")
    output.beginArray()
    for member in metadata.members {
      output.beginObject()
      output.field("memberId", value.span.extracting(member.memberId))
      write("groupInstanceId", member.groupInstanceId, value, &output)
      output.field("clientId", value.span.extracting(member.clientId))
      output.field("clientHost", value.span.extracting(member.clientHost))
      output.key("assignment")
      output.beginObject()
      for topic in member.assignment.content ?? [] {
        output.key(value.span.extracting(topic.topic))
        write(topic.partitions, &output)
      }
      output.endObject()
      output.endObject()
    }
    output.endArray()
  }

  // MARK: Members of consumer groups (KIP-848)

  private static func beginMember(
    _ type: Int, _ group: Range<Int>, _ member: Range<Int>, _ key: [UInt8],
    _ output: inout JSONWriter
  ) {
    output.field("type", verbatim: "member")
    output.field("keyType", type)
    output.field("group", key.span.extracting(group))
    output.field("memberId", key.span.extracting(member))
  }

  private static func write(
    _ metadata: ConsumerGroupMemberMetadataValue, _ value: [UInt8], _ output: inout JSONWriter
  ) {
    write("groupInstanceId", metadata.instanceId, value, &output)
    write("rackId", metadata.rackId, value, &output)
    output.field("clientId", value.span.extracting(metadata.clientId))
    output.field("clientHost", value.span.extracting(metadata.clientHost))
    output.key("subscribedTopics")
    output.beginArray()
    for topic in metadata.subscribedTopicNames { output.value(value.span.extracting(topic)) }
    output.endArray()
    write("subscribedTopicRegex", metadata.subscribedTopicRegex, value, &output)
    output.field("rebalanceTimeoutMs", metadata.rebalanceTimeoutMs)
    write("serverAssignor", metadata.serverAssignor, value, &output)
  }

  private static func write(
    _ current: ConsumerGroupCurrentMemberAssignmentValue, _ output: inout JSONWriter
  ) {
    output.field("epoch", current.memberEpoch)
    output.field("previousEpoch", current.previousMemberEpoch)
    output.field("state", Int(current.state))
    output.key("assignment")
    write(current.assignedPartitions, &output)
    output.key("pendingRevocation")
    write(current.partitionsPendingRevocation, &output)
  }

  private static func write(_ topics: [TopicIdPartitions], _ output: inout JSONWriter) {
    output.beginObject()
    for topic in topics {
      output.key(string: topic.topicId.description)
      write(topic.partitions, &output)
    }
    output.endObject()
  }

  // MARK: The rest

  private static func writeTombstone(
    _ recordKey: RecordKey, _ key: [UInt8], _ output: inout JSONWriter
  ) {
    switch recordKey {
    case .offsetCommit(let offsetKey):
      output.field("type", verbatim: "offset_tombstone")
      output.field("group", key.span.extracting(offsetKey.group))
      output.field("topic", key.span.extracting(offsetKey.topic))
      output.field("partition", offsetKey.partition)
    case .groupMetadata(let group):
      output.field("type", verbatim: "group_tombstone")
      output.field("group", key.span.extracting(group))
    case .consumerGroupMemberMetadata(let group, let member),
      .consumerGroupTargetAssignmentMember(let group, let member),
      .consumerGroupCurrentMemberAssignment(let group, let member):
      beginMember(Int(recordKey.type), group, member, key, &output)
      output.field("tombstone", true)
    default:
      writeIgnored(recordKey.type, recordKey.group, key, &output)
    }
  }

  private static func writeIgnored(
    _ type: Int16, _ group: Range<Int>?, _ key: [UInt8], _ output: inout JSONWriter
  ) {
    output.field("type", verbatim: "ignored")
    output.field("keyType", Int(type))
    write("group", group, key, &output)
  }

  private static func write(
    _ name: StaticString, _ text: Range<Int>?, _ bytes: [UInt8], _ output: inout JSONWriter
  ) {
    if let text {
      output.field(name, bytes.span.extracting(text))
    } else {
      output.nullField(name)
    }
  }

  private static func write(_ partitions: [Int32], _ output: inout JSONWriter) {
    output.beginArray()
    for partition in partitions { output.value(partition) }
    output.endArray()
  }
}
