import ConsumerOffsets

/// A made-up cluster: groups of all sizes with their topics, and the records they commit.
struct World {
  /// One topic of one group.
  struct Membership {
    let group: String
    let topic: String
    let partitions: Int
  }

  private(set) var memberships: [Membership] = []
  private(set) var partitionCount = 0

  /// The wall clock at the beginning, in milliseconds since 1970.
  static let start: Int64 = 1_700_000_000_000

  /// Makes groups of one to four topics with 8 to 64 partitions each, until there are `partitions`.
  ///
  /// Two groups in three have topics of their own; the third reads topics of an earlier one.
  init(partitions: Int) {
    var random = SeededGenerator(seed: 1)
    let words = ["orders", "payments", "shipping", "customer-events", "audit", "inventory.changes"]
    var number = 0
    while partitionCount < partitions {
      let group = "\(words[number % words.count])-service-\(number)"
      for index in 0...random.below(4) where partitionCount < partitions {
        let size = min(8 << random.below(4), partitions - partitionCount)
        if number % 3 == 2, number > 12, index < 2 {
          // The partition count belongs to the topic, so the group gets as many as are left.
          let shared = memberships[random.below(memberships.count)]
          let isNew = !memberships.contains { $0.group == group && $0.topic == shared.topic }
          if isNew, shared.partitions <= partitions - partitionCount {
            add(Membership(group: group, topic: shared.topic, partitions: shared.partitions))
            continue
          }
        }
        let topic = "prod.\(words[(number + index) % words.count]).v\(index + 1).\(number)"
        add(Membership(group: group, topic: topic, partitions: size))
      }
      number += 1
    }
  }

  private mutating func add(_ membership: Membership) {
    memberships.append(membership)
    partitionCount += membership.partitions
  }
}

/// Records of `__consumer_offsets` in one run of bytes, as a reader of the topic gets them.
struct RecordLog {
  /// Where a record lies in the bytes.
  struct Position {
    var key: Int
    var value: Int
    var end: Int
    /// Where the commit timestamp lies.
    var timestamp: Int
  }

  private(set) var bytes: [UInt8] = []
  private(set) var positions: [Position] = []
  /// The offset of the first record; the next pass over the log goes on from there.
  private(set) var order: Int64 = 0
  private var clock = World.start
  /// The identifier of each topic, which commits of Kafka 4.1 and later carry.
  private var topicIDs: [String: Uuid] = [:]

  /// The order in which partitions commit.
  enum Pattern {
    /// A member commits some neighbouring partitions of a topic at once, as consumers do.
    case bursts
    /// No record has to do with the one before.
    case scattered
  }

  /// Writes `count` commits of the world, every second one with the value version of Kafka 4.1.
  init(of world: World, count: Int, pattern: Pattern) throws(EncodeError) {
    var random = SeededGenerator(seed: 2)
    for membership in world.memberships where topicIDs[membership.topic] == nil {
      topicIDs[membership.topic] = Uuid(
        mostSignificantBits: random.next(), leastSignificantBits: random.next())
    }
    bytes.reserveCapacity(count * 130)
    positions.reserveCapacity(count)
    while positions.count < count {
      let membership = world.memberships[random.below(world.memberships.count)]
      let first = random.below(membership.partitions)
      let length = pattern == .bursts ? 1 + random.below(16) : 1
      let isNew = random.below(2) == 0
      for partition in first..<min(first + length, membership.partitions)
      where positions.count < count {
        try append(membership, Int32(partition), isNew: isNew)
      }
    }
  }

  private mutating func append(
    _ membership: World.Membership, _ partition: Int32, isNew: Bool
  ) throws(EncodeError) {
    let key = try RecordEncoder.offsetCommitKey(
      group: membership.group, topic: membership.topic, partition: partition)
    let topicId = isNew ? topicIDs[membership.topic] : nil
    let value = try RecordEncoder.offsetCommitValue(
      RecordEncoder.OffsetCommit(
        offset: 1_000_000 + Int64(positions.count), leaderEpoch: 5, commitTimestamp: clock,
        topicId: topicId), isNew ? .version4 : .version3)
    let start = bytes.count
    bytes.append(contentsOf: key)
    bytes.append(contentsOf: value)
    // Version, offset, leader epoch and the length of the empty metadata come before the time.
    positions.append(
      Position(
        key: start, value: start + key.count, end: bytes.count,
        timestamp: start + key.count + 14 + (isNew ? 1 : 2)))
  }

  /// Lets a minute pass: every commit gets a new time and a later place in the topic.
  mutating func advance() {
    clock += 60_000
    order += Int64(positions.count)
    for position in positions {
      for byte in 0..<8 {
        bytes[position.timestamp + byte] = UInt8(
          truncatingIfNeeded: clock >> (56 - 8 * Int64(byte)))
      }
    }
  }

  /// The wall clock of the log in milliseconds since 1970.
  var now: Int64 { clock }
}
