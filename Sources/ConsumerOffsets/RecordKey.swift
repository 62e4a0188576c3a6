/// The key of an `__consumer_offsets` record: which kind of thing of which group it speaks of.
///
/// The first int16 of a key is a record type (`CoordinatorRecordType`, called `apiKey` since Kafka
/// 4.1), not a version, and no key has tagged fields. Strings are ranges of the key's bytes. Bytes
/// after the last known field are not looked at, as in Kafka's generated readers.
///
/// The keys of transaction markers begin with the same int16 0 as type 0: who reads record batches
/// must look at the batch's control bit first and never hand a marker's key to this reader.
package enum RecordKey: Equatable, Sendable {
  /// Types 0 and 1: a committed offset.
  case offsetCommit(OffsetCommitKey)
  /// Type 2: a group of the classic protocol.
  case groupMetadata(group: Range<Int>)
  /// Type 3: a group of the consumer protocol (KIP-848).
  case consumerGroupMetadata(group: Range<Int>)
  /// Type 4: the topics a consumer group subscribes to; written up to Kafka 4.0.
  case consumerGroupPartitionMetadata(group: Range<Int>)
  /// Type 5: a member of a consumer group.
  case consumerGroupMemberMetadata(group: Range<Int>, member: Range<Int>)
  /// Type 6: the epoch of a consumer group's target assignment.
  case consumerGroupTargetAssignmentMetadata(group: Range<Int>)
  /// Type 7: what a member shall be assigned.
  case consumerGroupTargetAssignmentMember(group: Range<Int>, member: Range<Int>)
  /// Type 8: what a member is assigned.
  case consumerGroupCurrentMemberAssignment(group: Range<Int>, member: Range<Int>)
  /// Type 16: a regular expression that members of a consumer group subscribe to.
  case consumerGroupRegularExpression(group: Range<Int>, regularExpression: Range<Int>)
  /// Every other type: share groups (9 to 15), Streams groups (17 to 23), and unknown ones.
  ///
  /// `group` is nil only for an unknown type whose key does not begin with a string: that every key
  /// begins with the group holds for all types there are, but Kafka does not promise it.
  case other(type: Int16, group: Range<Int>?)

  /// Reads a key.
  ///
  /// - Throws: `DecodeError` if the bytes end early or hold an impossible length.
  @inline(__always)
  package static func decode(_ key: Span<UInt8>) throws(DecodeError) -> RecordKey {
    // Always inlined for the reason given at `OffsetCommitValue.decode`: 12 ns against 5.
    var cursor = ByteCursor(key, .key)
    let type = try cursor.int16(key, "type")
    switch type {
    case 0, 1:
      let group = try cursor.string(key, "group")
      let topic = try cursor.string(key, "topic")
      let partition = try cursor.int32(key, "partition")
      return .offsetCommit(
        OffsetCommitKey(type: type, group: group, topic: topic, partition: partition))
    case 2:
      return .groupMetadata(group: try cursor.string(key, "group"))
    default:
      return try decodeRare(key, type, cursor)
    }
  }

  /// The group of any key, without looking at the rest: the cheapest way to pass over a record.
  ///
  /// - Returns: The range of the group id in `key`.
  /// - Throws: `DecodeError` if the key does not hold a type and a string. For a type that
  ///   `isKnown(type:)` denies this says only that the type is laid out otherwise.
  @inline(__always)
  package static func group(of key: Span<UInt8>) throws(DecodeError) -> Range<Int> {
    var cursor = ByteCursor(key, .key)
    _ = try cursor.take(2, "type")
    return try cursor.string(key, "group")
  }

  /// The record type of any key.
  ///
  /// - Throws: `DecodeError` if the key has less than two bytes.
  package static func type(of key: Span<UInt8>) throws(DecodeError) -> Int16 {
    var cursor = ByteCursor(key, .key)
    return try cursor.int16(key, "type")
  }

  /// Whether some released broker writes records of `type`: 0 to 23 without 18.
  package static func isKnown(type: Int16) -> Bool {
    (0...23).contains(type) && type != 18
  }

  // Out of line, and handed a copy of the cursor, so that a commit's cursor stays in registers.
  @inline(never)
  private static func decodeRare(
    _ key: Span<UInt8>, _ type: Int16, _ afterType: ByteCursor
  ) throws(DecodeError) -> RecordKey {
    var cursor = afterType
    guard isKnown(type: type) else {
      return .other(type: type, group: try? cursor.string(key, "group"))
    }
    let group = try cursor.string(key, "group")
    switch type {
    case 3:
      return .consumerGroupMetadata(group: group)
    case 4:
      return .consumerGroupPartitionMetadata(group: group)
    case 5:
      return .consumerGroupMemberMetadata(group: group, member: try cursor.string(key, "member"))
    case 6:
      return .consumerGroupTargetAssignmentMetadata(group: group)
    case 7:
      let member = try cursor.string(key, "member")
      return .consumerGroupTargetAssignmentMember(group: group, member: member)
    case 8:
      let member = try cursor.string(key, "member")
      return .consumerGroupCurrentMemberAssignment(group: group, member: member)
    case 16:
      let expression = try cursor.string(key, "regularExpression")
      return .consumerGroupRegularExpression(group: group, regularExpression: expression)
    default:
      return .other(type: type, group: group)
    }
  }

  /// The record type, as it stands in the key's first two bytes.
  package var type: Int16 {
    switch self {
    case .offsetCommit(let key): key.type
    case .groupMetadata: 2
    case .consumerGroupMetadata: 3
    case .consumerGroupPartitionMetadata: 4
    case .consumerGroupMemberMetadata: 5
    case .consumerGroupTargetAssignmentMetadata: 6
    case .consumerGroupTargetAssignmentMember: 7
    case .consumerGroupCurrentMemberAssignment: 8
    case .consumerGroupRegularExpression: 16
    case .other(let type, _): type
    }
  }

  /// The range of the group id in the key; nil only as `other` says.
  package var group: Range<Int>? {
    switch self {
    case .offsetCommit(let key): key.group
    case .groupMetadata(let group), .consumerGroupMetadata(let group),
      .consumerGroupPartitionMetadata(let group), .consumerGroupMemberMetadata(let group, _),
      .consumerGroupTargetAssignmentMetadata(let group),
      .consumerGroupTargetAssignmentMember(let group, _),
      .consumerGroupCurrentMemberAssignment(let group, _),
      .consumerGroupRegularExpression(let group, _):
      group
    case .other(_, let group): group
    }
  }
}

/// The key of a committed offset (`OffsetCommitKey`, `LegacyOffsetCommitKey`).
package struct OffsetCommitKey: Equatable, Sendable {
  /// 1, or 0 for a key that a broker before 0.8.3 wrote; the layout is the same.
  package let type: Int16
  /// The group id, as a range of the key's bytes.
  package let group: Range<Int>
  /// The topic, as a range of the key's bytes.
  package let topic: Range<Int>
  /// The partition of the topic; negative ones are not refused here.
  package let partition: Int32
}
