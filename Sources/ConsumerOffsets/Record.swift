/// One record of `__consumer_offsets`, key and value read together.
///
/// For callers to whom a few allocations do not matter. The hot loop asks `RecordKey.group(of:)`
/// first, then `RecordKey.decode` and `OffsetCommitValue.decode`. Ranges in a key are of the key's
/// bytes, ranges in a value are of the value's.
package enum Record: Equatable, Sendable {
  /// Types 0 and 1: a committed offset.
  case offsetCommit(OffsetCommitKey, OffsetCommitValue)
  /// Type 2: the state of a classic group.
  case groupMetadata(group: Range<Int>, GroupMetadataValue)
  /// Type 3: the epoch of a consumer group.
  case consumerGroupMetadata(group: Range<Int>, ConsumerGroupMetadataValue)
  /// Type 4: the topics of a consumer group.
  case consumerGroupPartitionMetadata(group: Range<Int>, ConsumerGroupPartitionMetadataValue)
  /// Type 5: a member of a consumer group.
  case consumerGroupMemberMetadata(
    group: Range<Int>, member: Range<Int>, ConsumerGroupMemberMetadataValue)
  /// Type 6: the epoch of a target assignment.
  case consumerGroupTargetAssignmentMetadata(
    group: Range<Int>, ConsumerGroupTargetAssignmentMetadataValue)
  /// Type 7: what a member shall be assigned.
  case consumerGroupTargetAssignmentMember(
    group: Range<Int>, member: Range<Int>, ConsumerGroupTargetAssignmentMemberValue)
  /// Type 8: what a member is assigned.
  case consumerGroupCurrentMemberAssignment(
    group: Range<Int>, member: Range<Int>, ConsumerGroupCurrentMemberAssignmentValue)
  /// Type 16: the topics a regular expression stands for.
  case consumerGroupRegularExpression(
    group: Range<Int>, regularExpression: Range<Int>, ConsumerGroupRegularExpressionValue)
  /// A null value for a key of one of the types above: what the key names is gone.
  ///
  /// There may never have been a value: Kafka 4.3 deletes groups with tombstones of type 4, for
  /// which it writes no values.
  case tombstone(RecordKey)
  /// A record of a type that says nothing about lag; its value, null or not, was not looked at.
  case ignored(type: Int16, group: Range<Int>?)
  /// A known type whose value has a version that no released broker writes: skip and count.
  case unsupportedVersion(RecordKey, version: Int16)

  /// Reads a record.
  ///
  /// Transaction markers must not come here: see `RecordKey`.
  ///
  /// - Parameters:
  ///   - key: The key; an empty one is an error.
  ///   - value: The value; nil where the record has none, which is not the same as an empty one.
  /// - Returns: The record, which may be one to skip: `ignored` and `unsupportedVersion`.
  /// - Throws: `DecodeError` if key or value are malformed; never with `isUnsupportedVersion`.
  package static func decode(key: Span<UInt8>, value: Span<UInt8>?) throws(DecodeError) -> Record {
    let recordKey = try RecordKey.decode(key)
    if case .other(let type, let group) = recordKey { return .ignored(type: type, group: group) }
    guard let value else { return .tombstone(recordKey) }
    do throws(DecodeError) {
      return try decode(recordKey, value)
    } catch {
      guard case .unsupportedVersion(let version) = error.problem else { throw error }
      return .unsupportedVersion(recordKey, version: version)
    }
  }

  private static func decode(
    _ key: RecordKey, _ value: Span<UInt8>
  ) throws(DecodeError) -> Record {
    switch key {
    case .offsetCommit(let key):
      .offsetCommit(key, try OffsetCommitValue.decode(value))
    case .groupMetadata(let group):
      .groupMetadata(group: group, try GroupMetadataValue.decode(value))
    case .consumerGroupMetadata(let group):
      .consumerGroupMetadata(group: group, try ConsumerGroupMetadataValue.decode(value))
    case .consumerGroupPartitionMetadata(let group):
      .consumerGroupPartitionMetadata(
        group: group, try ConsumerGroupPartitionMetadataValue.decode(value))
    case .consumerGroupMemberMetadata(let group, let member):
      .consumerGroupMemberMetadata(
        group: group, member: member, try ConsumerGroupMemberMetadataValue.decode(value))
    case .consumerGroupTargetAssignmentMetadata(let group):
      .consumerGroupTargetAssignmentMetadata(
        group: group, try ConsumerGroupTargetAssignmentMetadataValue.decode(value))
    case .consumerGroupTargetAssignmentMember(let group, let member):
      .consumerGroupTargetAssignmentMember(
        group: group, member: member, try ConsumerGroupTargetAssignmentMemberValue.decode(value))
    case .consumerGroupCurrentMemberAssignment(let group, let member):
      .consumerGroupCurrentMemberAssignment(
        group: group, member: member, try ConsumerGroupCurrentMemberAssignmentValue.decode(value))
    case .consumerGroupRegularExpression(let group, let expression):
      .consumerGroupRegularExpression(
        group: group, regularExpression: expression,
        try ConsumerGroupRegularExpressionValue.decode(value))
    case .other(let type, let group):
      .ignored(type: type, group: group)
    }
  }
}
