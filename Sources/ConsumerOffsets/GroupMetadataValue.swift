/// The state of a group of the classic protocol (`GroupMetadataValue`), versions 0 to 4.
///
/// A broker writes it when a rebalance ends, when the group becomes empty, and, for a new group,
/// with generation 0, an empty protocol type and no members.
package struct GroupMetadataValue: Equatable, Sendable {
  /// The value version, 0 to 4; no released broker writes 4.
  package let version: Int16
  /// `consumer`, `connect`, a product's own word, or empty for a new group.
  package let protocolType: Range<Int>
  /// The generation of the group.
  package let generation: Int32
  /// The assignor chosen, such as `range`.
  package let `protocol`: Range<Int>?
  /// The member id of the leader.
  package let leader: Range<Int>?
  /// When the group entered its state, in milliseconds since 1970; -1 below version 2.
  package let currentStateTimestamp: Int64
  /// The members; none when the group is empty.
  package let members: [Member]
  /// How many bytes follow the last known field; ignored as by Kafka's generated readers.
  package let trailingBytes: Int

  /// A member of the group (`MemberMetadata`), its strings as ranges of the value's bytes.
  package struct Member: Equatable, Sendable {
    /// The identifier that the broker gave the member.
    package let memberId: Range<Int>
    /// The `group.instance.id` of a static member; always nil below version 3.
    package let groupInstanceId: Range<Int>?
    /// The `client.id` of the member.
    package let clientId: Range<Int>
    /// The host as the broker saw it, usually with a leading `/`.
    package let clientHost: Range<Int>
    /// How long a rebalance may take, in milliseconds; -1 in version 0.
    package let rebalanceTimeout: Int32
    /// How long the member may be silent, in milliseconds.
    package let sessionTimeout: Int32
    /// All bytes of the subscription, whatever they mean.
    package let subscriptionBytes: Range<Int>
    /// All bytes of the assignment, whatever they mean.
    package let assignmentBytes: Range<Int>
    /// The topics the member subscribes to.
    package let subscription: Embedded<[Range<Int>]>
    /// What the member is assigned.
    package let assignment: Embedded<[TopicPartitions]>
  }

  /// Reads a value that is not null; null is a tombstone, which the caller handles.
  ///
  /// The embedded subscription and assignment are read if the protocol type is `consumer`. Broken
  /// embedded bytes spoil only that one field of that one member: see `Embedded`.
  ///
  /// - Throws: `DecodeError`, with `isUnsupportedVersion` for a version below 0 or above 4.
  package static func decode(_ value: Span<UInt8>) throws(DecodeError) -> GroupMetadataValue {
    var reader = GroupMetadataReader(value)
    let version = try reader.version(value)
    let protocolType = try reader.string(value, "protocolType")
    let generation = try reader.cursor.int32(value, "generation")
    let `protocol` = try reader.nullableString(value, "protocol")
    let leader = try reader.nullableString(value, "leader")
    let currentStateTimestamp =
      version >= 2 ? try reader.cursor.int64(value, "currentStateTimestamp") : -1
    let isConsumer = ConsumerProtocol.isProtocolType(protocolType, value)
    let count = try reader.memberCount(value)
    var members: [Member] = []
    members.reserveCapacity(count)
    for _ in 0..<count {
      members.append(try reader.member(value, isConsumer: isConsumer))
    }
    try reader.endOfStruct(value)
    return GroupMetadataValue(
      version: version, protocolType: protocolType, generation: generation, protocol: `protocol`,
      leader: leader, currentStateTimestamp: currentStateTimestamp, members: members,
      trailingBytes: reader.cursor.left)
  }
}

/// Hides the difference between the plain encoding (to version 3) and the flexible one (4).
private struct GroupMetadataReader {
  var cursor: ByteCursor
  private var valueVersion: Int16 = 0
  private var isFlexible: Bool { valueVersion >= 4 }

  init(_ value: Span<UInt8>) {
    cursor = ByteCursor(value, .value)
  }

  mutating func version(_ value: Span<UInt8>) throws(DecodeError) -> Int16 {
    valueVersion = try cursor.int16(value, "version")
    guard valueVersion >= 0, valueVersion <= 4 else {
      throw cursor.error(.unsupportedVersion(valueVersion), "version", at: 0)
    }
    return valueVersion
  }

  mutating func string(_ value: Span<UInt8>, _ field: StaticString) throws(DecodeError)
    -> Range<Int>
  {
    isFlexible ? try cursor.compactString(value, field) : try cursor.string(value, field)
  }

  mutating func nullableString(_ value: Span<UInt8>, _ field: StaticString) throws(DecodeError)
    -> Range<Int>?
  {
    isFlexible
      ? try cursor.compactNullableString(value, field) : try cursor.nullableString(value, field)
  }

  private mutating func byteField(_ value: Span<UInt8>, _ field: StaticString) throws(DecodeError)
    -> Range<Int>
  {
    isFlexible ? try cursor.compactByteField(value, field) : try cursor.byteField(value, field)
  }

  mutating func memberCount(_ value: Span<UInt8>) throws(DecodeError) -> Int {
    // The fewest bytes of a member: every string and byte field empty.
    switch valueVersion {
    case 0: try cursor.arrayCount(value, "members", elementSize: 18)
    case 1, 2: try cursor.arrayCount(value, "members", elementSize: 22)
    case 3: try cursor.arrayCount(value, "members", elementSize: 24)
    default: try cursor.compactArrayCount(value, "members", elementSize: 15)
    }
  }

  mutating func member(
    _ value: Span<UInt8>, isConsumer: Bool
  ) throws(DecodeError) -> GroupMetadataValue.Member {
    let memberId = try string(value, "memberId")
    let groupInstanceId =
      valueVersion >= 3 ? try nullableString(value, "groupInstanceId") : nil
    let clientId = try string(value, "clientId")
    let clientHost = try string(value, "clientHost")
    let rebalanceTimeout =
      valueVersion >= 1 ? try cursor.int32(value, "rebalanceTimeout") : -1
    let sessionTimeout = try cursor.int32(value, "sessionTimeout")
    let subscription = try byteField(value, "subscription")
    let assignment = try byteField(value, "assignment")
    try endOfStruct(value)
    return GroupMetadataValue.Member(
      memberId: memberId, groupInstanceId: groupInstanceId, clientId: clientId,
      clientHost: clientHost, rebalanceTimeout: rebalanceTimeout, sessionTimeout: sessionTimeout,
      subscriptionBytes: subscription, assignmentBytes: assignment,
      subscription: isConsumer
        ? ConsumerProtocol.subscription(subscription, value, .value) : .otherProtocol,
      assignment: isConsumer
        ? ConsumerProtocol.assignment(assignment, value, .value) : .otherProtocol)
  }

  mutating func endOfStruct(_ value: Span<UInt8>) throws(DecodeError) {
    if isFlexible { try cursor.skipTaggedFields(value) }
  }
}
