import ConsumerOffsets
import LagCore

/// Writes metadata records of one group as a broker does and hands them to memberships.
struct MembershipLog {
  /// A member of a classic group.
  struct Classic {
    var id: String
    var topics: [String]
    var assigned: [String: [Int32]] = [:]
    /// The bytes of the assignment, where they are to be others.
    var raw: [UInt8]?
  }

  var memberships: Memberships
  let group = "g"

  init(limits: MembershipLimits = MembershipLimits()) {
    memberships = Memberships(limits: limits)
  }

  /// What is known of the group.
  var now: GroupMembership { memberships.membership(of: 0) }

  /// Hands in a record with the given value; nil is a tombstone.
  mutating func put(
    _ type: Int16, _ member: String? = nil, _ value: [UInt8]?, at time: Int64
  ) throws -> Bool {
    var bytes = Bytes()
    bytes.integer(type)
    bytes.string(group)
    if let member { bytes.string(member) }
    let key = try RecordKey.decode(bytes.all.span)
    guard let value else {
      return try memberships.apply(key, bytes.all.span, value: nil, group: 0, timestamp: time)
    }
    return try memberships.apply(
      key, bytes.all.span, value: value.span, group: 0, timestamp: time)
  }

  mutating func tombstone(_ type: Int16, _ member: String? = nil, at time: Int64) throws -> Bool {
    try put(type, member, nil, at: time)
  }

  mutating func learn(_ topicID: Uuid, _ name: String) throws -> Bool {
    memberships.learn(topicID, name: Array(name.utf8).span)
  }

  mutating func classic(
    generation: Int32, _ members: [Classic] = [], protocolType: String = "consumer", at time: Int64
  ) throws -> Bool {
    let value = try RecordEncoder.groupMetadataValue(
      RecordEncoder.GroupMetadata(
        protocolType: protocolType, generation: generation, protocol: "range", leader: nil,
        currentStateTimestamp: 1,
        members: try members.map { member in
          RecordEncoder.Member(
            memberId: member.id, clientId: "client-\(member.id)", clientHost: "/10.0.0.1",
            subscription: try RecordEncoder.subscription(topics: member.topics),
            assignment: try member.raw
              ?? RecordEncoder.assignment(
                member.assigned.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        }))
    return try put(2, nil, value, at: time)
  }

  mutating func epoch(_ epoch: Int32) throws -> Bool {
    var bytes = Bytes()
    bytes.integer(Int16(0))
    bytes.integer(epoch)
    bytes.all.append(0)
    return try put(3, nil, bytes.all, at: 20)
  }

  mutating func target(_ epoch: Int32) throws -> Bool {
    var bytes = Bytes()
    bytes.integer(Int16(0))
    bytes.integer(epoch)
    bytes.all.append(0)
    return try put(6, nil, bytes.all, at: 21)
  }

  mutating func topics(_ topics: [(Uuid, String)]) throws -> Bool {
    var bytes = Bytes()
    bytes.integer(Int16(0))
    bytes.count(topics.count)
    for (id, name) in topics {
      bytes.uuid(id)
      bytes.compact(name)
      bytes.integer(Int32(3))
      bytes.all += [1, 0]
    }
    bytes.all.append(0)
    return try put(4, nil, bytes.all, at: 22)
  }

  mutating func describe(
    _ member: String, topics: [String], expression: String = ""
  ) throws -> Bool {
    var bytes = Bytes()
    bytes.integer(Int16(0))
    bytes.all += [0, 0]
    bytes.compact("client-\(member)")
    bytes.compact("/10.0.0.1")
    bytes.count(topics.count)
    for topic in topics { bytes.compact(topic) }
    bytes.compact(expression)
    bytes.integer(Int32(1000))
    bytes.all += [0, 0]
    return try put(5, member, bytes.all, at: 23)
  }

  mutating func assign(
    _ member: String, epoch: Int32, state: UInt8 = 0, _ topics: [(Uuid, [Int32])]
  ) throws -> Bool {
    var bytes = Bytes()
    bytes.integer(Int16(0))
    bytes.integer(epoch)
    bytes.integer(epoch - 1)
    bytes.all.append(state)
    bytes.count(topics.count)
    for (id, partitions) in topics {
      bytes.uuid(id)
      bytes.count(partitions.count)
      for partition in partitions { bytes.integer(partition) }
      bytes.all.append(0)
    }
    bytes.all += [1, 0]
    return try put(8, member, bytes.all, at: 24)
  }

  mutating func resolve(_ expression: String, _ topics: [String]) throws -> Bool {
    var bytes = Bytes()
    bytes.integer(Int16(0))
    bytes.count(topics.count)
    for topic in topics { bytes.compact(topic) }
    bytes.integer(Int64(1))
    bytes.integer(Int64(2))
    bytes.all.append(0)
    return try put(16, expression, bytes.all, at: 25)
  }
}

/// Bytes in Kafka's encodings; counts and lengths below 127 alone.
private struct Bytes {
  var all: [UInt8] = []

  mutating func integer(_ value: some FixedWidthInteger) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      all.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func string(_ text: String) {
    integer(Int16(text.utf8.count))
    all += Array(text.utf8)
  }

  mutating func compact(_ text: String) {
    count(text.utf8.count)
    all += Array(text.utf8)
  }

  mutating func count(_ count: Int) { all.append(UInt8(count + 1)) }

  mutating func uuid(_ id: Uuid) {
    integer(id.mostSignificantBits)
    integer(id.leastSignificantBits)
  }
}
