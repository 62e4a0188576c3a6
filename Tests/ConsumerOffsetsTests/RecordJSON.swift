import ConsumerOffsets
import Foundation

/// Shows a decoded record in the form in which Kafka's JSON converters show it, so that the two can
/// be compared as wholes: a field forgotten on either side is a difference.
struct RecordJSON {
  let key: [UInt8]
  let value: [UInt8]

  private func keyText(_ range: Range<Int>) -> JSONValue {
    .string(text(range, in: key.span))
  }

  private func valueText(_ range: Range<Int>?) -> JSONValue {
    guard let range else { return .null }
    return .string(text(range, in: value.span))
  }

  private func base64(_ range: Range<Int>) -> JSONValue {
    .string(Data(value[range]).base64EncodedString())
  }

  private func number(_ value: some BinaryInteger) -> JSONValue { .number(Int64(value)) }

  private func numbers(_ values: [Int32]) -> JSONValue { .array(values.map(number)) }

  /// What Kafka calls the key's fields, which differ between the old types and the new.
  func keyFields(_ key: RecordKey) -> JSONValue {
    switch key {
    case .offsetCommit(let key):
      .object([
        "group": keyText(key.group), "topic": keyText(key.topic),
        "partition": number(key.partition),
      ])
    case .groupMetadata(let group):
      .object(["group": keyText(group)])
    case .consumerGroupMetadata(let group), .consumerGroupPartitionMetadata(let group),
      .consumerGroupTargetAssignmentMetadata(let group):
      .object(["groupId": keyText(group)])
    case .consumerGroupMemberMetadata(let group, let member),
      .consumerGroupTargetAssignmentMember(let group, let member),
      .consumerGroupCurrentMemberAssignment(let group, let member):
      .object(["groupId": keyText(group), "memberId": keyText(member)])
    case .consumerGroupRegularExpression(let group, let expression):
      .object(["groupId": keyText(group), "regularExpression": keyText(expression)])
    case .other(_, let group):
      .object(["groupId": group.map(keyText) ?? .null])
    }
  }

  /// The value's fields; nil for a record whose value is not read.
  func valueFields(_ record: Record) -> JSONValue? {
    switch record {
    case .offsetCommit(_, let value): fields(value)
    case .groupMetadata(_, let value): fields(value)
    case .consumerGroupMetadata(_, let value):
      .object(
        ["epoch": number(value.epoch)].merging(
          value.metadataHash == 0 ? [:] : ["metadataHash": number(value.metadataHash)]
        ) { old, _ in old })
    case .consumerGroupPartitionMetadata(_, let value): fields(value)
    case .consumerGroupMemberMetadata(_, _, let value): fields(value)
    case .consumerGroupTargetAssignmentMetadata(_, let value):
      .object(
        ["assignmentEpoch": number(value.assignmentEpoch)].merging(
          value.assignmentTimestamp == 0
            ? [:] : ["assignmentTimestamp": number(value.assignmentTimestamp)]
        ) { old, _ in old })
    case .consumerGroupTargetAssignmentMember(_, _, let value):
      .object(["topicPartitions": topics(value.topicPartitions)])
    case .consumerGroupCurrentMemberAssignment(_, _, let value):
      .object([
        "memberEpoch": number(value.memberEpoch),
        "previousMemberEpoch": number(value.previousMemberEpoch), "state": number(value.state),
        "assignedPartitions": topics(value.assignedPartitions),
        "partitionsPendingRevocation": topics(value.partitionsPendingRevocation),
      ])
    case .consumerGroupRegularExpression(_, _, let value):
      .object([
        "topics": .array(value.topics.map { valueText($0) }), "version": number(value.version),
        "timestamp": number(value.timestamp),
      ])
    case .tombstone, .ignored, .unsupportedVersion: nil
    }
  }

  private func fields(_ value: OffsetCommitValue) -> JSONValue {
    var fields: [String: JSONValue] = [
      "offset": number(value.offset), "metadata": valueText(value.metadata),
      "commitTimestamp": number(value.commitTimestamp),
    ]
    if value.version >= 3 { fields["leaderEpoch"] = number(value.leaderEpoch) }
    if let expire = value.expireTimestamp { fields["expireTimestamp"] = number(expire) }
    if let topicId = value.topicId { fields["topicId"] = .string(topicId.description) }
    return .object(fields)
  }

  private func fields(_ value: GroupMetadataValue) -> JSONValue {
    var fields: [String: JSONValue] = [
      "protocolType": valueText(value.protocolType), "generation": number(value.generation),
      "protocol": valueText(value.protocol), "leader": valueText(value.leader),
    ]
    if value.version >= 2 {
      fields["currentStateTimestamp"] = number(value.currentStateTimestamp)
    }
    fields["members"] = .array(
      value.members.map { member in
        var fields: [String: JSONValue] = [
          "memberId": valueText(member.memberId), "clientId": valueText(member.clientId),
          "clientHost": valueText(member.clientHost),
          "sessionTimeout": number(member.sessionTimeout),
          "subscription": base64(member.subscriptionBytes),
          "assignment": base64(member.assignmentBytes),
        ]
        if value.version >= 1 { fields["rebalanceTimeout"] = number(member.rebalanceTimeout) }
        if value.version >= 3 { fields["groupInstanceId"] = valueText(member.groupInstanceId) }
        return .object(fields)
      })
    return .object(fields)
  }

  private func fields(_ value: ConsumerGroupPartitionMetadataValue) -> JSONValue {
    .object([
      "topics": .array(
        value.topics.map { topic in
          .object([
            "topicId": .string(topic.topicId.description),
            "topicName": valueText(topic.topicName), "numPartitions": number(topic.numPartitions),
            "partitionMetadata": .array(
              topic.partitionMetadata.map { partition in
                .object([
                  "partition": number(partition.partition),
                  "racks": .array(partition.racks.map { valueText($0) }),
                ])
              }),
          ])
        })
    ])
  }

  private func fields(_ value: ConsumerGroupMemberMetadataValue) -> JSONValue {
    .object([
      "instanceId": valueText(value.instanceId), "rackId": valueText(value.rackId),
      "clientId": valueText(value.clientId), "clientHost": valueText(value.clientHost),
      "subscribedTopicNames": .array(value.subscribedTopicNames.map { valueText($0) }),
      "subscribedTopicRegex": valueText(value.subscribedTopicRegex),
      "rebalanceTimeoutMs": number(value.rebalanceTimeoutMs),
      "serverAssignor": valueText(value.serverAssignor),
      "classicMemberMetadata": value.classicMemberMetadata.map { classic in
        .object([
          "sessionTimeoutMs": number(classic.sessionTimeoutMs),
          "supportedProtocols": .array(
            classic.supportedProtocols.map {
              .object(["name": valueText($0.name), "metadata": base64($0.metadata)])
            }),
        ])
      } ?? .null,
    ])
  }

  private func topics(_ topics: [TopicIdPartitions]) -> JSONValue {
    .array(
      topics.map { topic in
        var fields: [String: JSONValue] = [
          "topicId": .string(topic.topicId.description), "partitions": numbers(topic.partitions),
        ]
        if let epochs = topic.assignmentEpochs { fields["assignmentEpochs"] = numbers(epochs) }
        return .object(fields)
      })
  }
}
