import ConsumerOffsets
import LagCore
import SeededRandom
import Testing

/// What each record changes, in the orders that brokers write and compaction leaves.
@Suite("Memberships")
struct MembershipTests {
  let topic = Uuid(mostSignificantBits: 1, leastSignificantBits: 2)
  let other = Uuid(mostSignificantBits: 3, leastSignificantBits: 4)

  // MARK: Classic groups

  @Test("a group nobody has told anything of is unknown, whatever its number")
  func unknown() {
    let memberships = Memberships()
    #expect(memberships.membership(of: 0) == GroupMembership())
    #expect(memberships.membership(of: 7).state == .unknown)
    #expect(memberships.membership(of: 7).protocolKind == nil)
    #expect(memberships.unresolved(of: 7).isEmpty)
  }

  @Test("a classic group: new, with members, empty, deleted")
  func classicLife() throws {
    var log = MembershipLog()
    #expect(try log.classic(generation: 0, protocolType: "", at: 5))
    #expect(log.now.state == .empty && log.now.generation == 0)
    #expect(
      try log.classic(
        generation: 1, [.init(id: "m1", topics: ["a"], assigned: ["a": [0, 2]])], at: 6))
    #expect(
      log.now
        == GroupMembership(
          state: .stable, protocolKind: .classic, assignor: "range", generation: 1, changedAt: 6,
          members: [
            GroupMember(
              memberID: "m1", clientID: "client-m1", host: "/10.0.0.1", groupInstanceID: nil,
              rebalanceTimeout: 300_000, subscription: ["a"],
              assignment: [.init(topic: "a", partitions: [0, 2])])
          ]))
    #expect(try log.classic(generation: 2, at: 7))
    #expect(log.now.state == .empty && log.now.members.isEmpty && log.now.generation == 2)
    #expect(try log.tombstone(2, at: 8))
    #expect(
      log.now == GroupMembership(state: .dead, protocolKind: .classic, changedAt: 8, members: []))
    #expect(try !log.tombstone(2, at: 9), "deleted twice")
    #expect(log.now.changedAt == 8)
  }

  @Test("a record that says what is known already changes nothing, not even the time")
  func repeated() throws {
    var log = MembershipLog()
    let member = MembershipLog.Classic(id: "m", topics: ["a"], assigned: ["a": [1]])
    #expect(try log.classic(generation: 3, [member], at: 10))
    #expect(log.memberships.takeChanged() == [0])
    #expect(try !log.classic(generation: 3, [member], at: 11))
    #expect(log.now.changedAt == 10)
    #expect(log.memberships.takeChanged().isEmpty)
  }

  @Test("members of another protocol type are known, what their bytes mean is not")
  func otherProtocolType() throws {
    var log = MembershipLog()
    let member = MembershipLog.Classic(id: "w", topics: ["a"], assigned: ["a": [1]])
    #expect(try log.classic(generation: 1, [member], protocolType: "connect", at: 1))
    let got = try #require(log.now.members.first)
    #expect(got.memberID == "w" && got.clientID == "client-w")
    #expect(got.subscription == nil && got.assignment == nil)
    #expect(log.now.state == .stable)
  }

  @Test("no bytes for a member are no partitions; broken ones are unknown, for that member alone")
  func embedded() throws {
    var log = MembershipLog()
    #expect(
      try log.classic(
        generation: 1,
        [
          .init(id: "none", topics: ["a"], raw: []),
          .init(id: "broken", topics: ["a"], raw: [0, 1, 0, 0, 0, 9]),
          .init(id: "good", topics: ["a"], assigned: ["a": [4]]),
        ], at: 1))
    #expect(log.now.members.map(\.assignment) == [[], nil, [.init(topic: "a", partitions: [4])]])
  }

  @Test("a topic that an assignment names twice stands once, each partition once")
  func topicTwice() throws {
    var log = MembershipLog()
    let bytes = try RecordEncoder.assignment([
      (topic: "a", partitions: [1, 2]), (topic: "b", partitions: [9]),
      (topic: "a", partitions: [2, 3]),
    ])
    #expect(try log.classic(generation: 1, [.init(id: "m", topics: [], raw: bytes)], at: 1))
    #expect(
      log.now.members[0].assignment
        == [.init(topic: "a", partitions: [1, 2, 3]), .init(topic: "b", partitions: [9])])
  }

  // MARK: Consumer groups

  @Test("a consumer group becomes stable once every member has the target's epoch")
  func consumerStates() throws {
    var log = MembershipLog()
    #expect(try !log.learn(topic, "a"))
    #expect(try log.describe("m1", topics: ["a"]))
    #expect(log.now.state == .unknown, "the epoch is not known yet")
    #expect(try log.epoch(2))
    #expect(log.now.state == .rebalancing, "no target assignment yet")
    #expect(try log.target(2))
    #expect(log.now.state == .rebalancing, "the member has not reached it")
    #expect(log.now.members[0].assignment == [])
    #expect(try log.assign("m1", epoch: 2, [(topic, [0, 1])]))
    #expect(log.now.state == .stable)
    #expect(log.now.members[0].assignment == [.init(topic: "a", partitions: [0, 1])])
    #expect(log.now.protocolKind == .consumer && log.now.generation == 2)
    #expect(try log.describe("m2", topics: ["a"]))
    #expect(try log.epoch(3))
    #expect(try log.target(3))
    #expect(try log.assign("m1", epoch: 2, state: 1, [(topic, [0])]), "gives up partition 1")
    #expect(try log.assign("m2", epoch: 3, state: 2, []), "waits for partition 1")
    #expect(log.now.state == .rebalancing)
    #expect(log.now.members.map(\.memberID) == ["m1", "m2"])
    #expect(try log.assign("m1", epoch: 3, [(topic, [0])]))
    #expect(log.now.state == .rebalancing)
    #expect(try log.assign("m2", epoch: 3, [(topic, [1])]))
    #expect(log.now.state == .stable)
    // Both leave; the group stays.
    for member in ["m1", "m2"] {
      for type: Int16 in [8, 7, 5] { _ = try log.tombstone(type, member, at: 50) }
    }
    #expect(try log.epoch(4))
    #expect(log.now.state == .empty && log.now.generation == 4)
    #expect(try log.tombstone(6, at: 60) && log.tombstone(3, at: 61))
    #expect(
      log.now == GroupMembership(state: .dead, protocolKind: .consumer, changedAt: 61))
    #expect(try !log.tombstone(4, at: 62), "Kafka 4.1 deletes what it never wrote")
  }

  @Test("the parts of a group are put together in whatever order compaction left them")
  func anyOrder() throws {
    for seed: UInt64 in 1...40 {
      var random = SeededGenerator(seed: seed)
      var steps: [(inout MembershipLog) throws -> Void] = [
        { log in _ = try log.epoch(7) },
        { log in _ = try log.target(7) },
        { log in _ = try log.describe("m1", topics: ["a"]) },
        { log in _ = try log.describe("m2", topics: [], expression: "b.*") },
        { log in _ = try log.assign("m1", epoch: 7, [(topic, [5])]) },
        { log in _ = try log.assign("m2", epoch: 7, [(other, [6])]) },
        { log in _ = try log.resolve("b.*", ["b"]) },
        { log in _ = try log.learn(topic, "a") },
        { log in _ = try log.topics([(other, "b")]) },
      ]
      steps.shuffle(using: &random)
      var log = MembershipLog()
      for step in steps { try step(&log) }
      #expect(
        log.now.state == .stable && log.now.members.map(\.subscription) == [["a"], ["b"]]
          && log.now.members.map(\.assignment) == [
            [.init(topic: "a", partitions: [5])], [.init(topic: "b", partitions: [6])],
          ], "seed \(seed)")
      #expect(log.memberships.takeChanged() == [0])
    }
  }

  @Test(
    "an unnamed topic has no owner until its name is learned; then the group is to be read anew")
  func unresolved() throws {
    var log = MembershipLog()
    _ = try log.epoch(1)
    _ = try log.target(1)
    _ = try log.describe("m", topics: ["a", "b"])
    _ = try log.assign("m", epoch: 1, [(topic, [0]), (other, [1, 2])])
    #expect(log.now.members[0].assignment == nil, "that it has nothing must not be said")
    #expect(log.memberships.unresolved(of: 0)["m"]?.map(\.topicID) == [topic, other])
    _ = log.memberships.takeChanged()
    #expect(try log.learn(other, "b"))
    #expect(log.memberships.takeChanged() == [0])
    #expect(log.now.members[0].assignment == [.init(topic: "b", partitions: [1, 2])])
    #expect(log.memberships.unresolved(of: 0)["m"]?.map(\.partitions) == [[0]])
    #expect(try !log.learn(other, "b"), "known")
    #expect(try !log.learn(Uuid(mostSignificantBits: 9, leastSignificantBits: 9), "z"))
    #expect(log.memberships.takeChanged().isEmpty)
    #expect(try log.topics([(topic, "a")]), "by a record of type 4 too")
    #expect(log.memberships.unresolved(of: 0).isEmpty)
    #expect(log.memberships.topicName(of: topic) == "a")
  }

  @Test("a topic made anew has two identifiers and one name: its partitions are one set")
  func recreated() throws {
    var log = MembershipLog()
    _ = try log.learn(topic, "a")
    _ = try log.learn(other, "a")
    _ = try log.describe("m", topics: ["a"])
    _ = try log.assign("m", epoch: 1, [(topic, [0, 1]), (other, [1, 2])])
    #expect(log.now.members[0].assignment == [.init(topic: "a", partitions: [0, 1, 2])])
  }

  @Test("what a regular expression stands for is unknown until its record is read")
  func regularExpression() throws {
    var log = MembershipLog()
    _ = try log.describe("m", topics: ["a"], expression: "(a|b)")
    #expect(log.now.members[0].subscription == nil)
    #expect(try log.resolve("(a|b)", ["a", "b"]))
    #expect(log.now.members[0].subscription == ["a", "b"])
    #expect(try !log.resolve("(a|b)", ["a", "b"]))
    #expect(try log.tombstone(16, "(a|b)", at: 2))
    #expect(log.now.members[0].subscription == nil)
  }

  @Test("the tombstone of a group that only committed, and so had no record, says it is gone")
  func tombstoneOfNothing() throws {
    for (type, kind) in [(2, GroupProtocol.classic), (3, .consumer)] {
      var log = MembershipLog()
      #expect(try !log.tombstone(4, at: 1) && !log.tombstone(8, "m", at: 1))
      #expect(log.now == GroupMembership())
      #expect(try log.tombstone(Int16(type), at: 2))
      #expect(log.now == GroupMembership(state: .dead, protocolKind: kind, changedAt: 2))
      #expect(try !log.tombstone(2, at: 3) && !log.tombstone(3, at: 3), "dead already")
    }
  }

  // MARK: Migration

  @Test("a group that changes its protocol, and changes back, is one group")
  func migration() throws {
    var log = MembershipLog()
    _ = try log.learn(topic, "a")
    _ = try log.classic(
      generation: 4, [.init(id: "m", topics: ["a"], assigned: ["a": [0]])], at: 1)
    #expect(try log.tombstone(2, at: 2))
    #expect(log.now.state == .dead)
    _ = try log.epoch(5)
    _ = try log.describe("m", topics: ["a"])
    _ = try log.target(5)
    _ = try log.assign("m", epoch: 5, [(topic, [0])])
    #expect(log.now.protocolKind == .consumer && log.now.state == .stable)
    #expect(log.memberships.takeChanged() == [0], "once, however much happened")
    for type: Int16 in [8, 7, 5] { _ = try log.tombstone(type, "m", at: 6) }
    for type: Int16 in [6, 4, 3] { _ = try log.tombstone(type, at: 6) }
    #expect(log.now.state == .dead && log.now.protocolKind == .consumer)
    _ = try log.classic(
      generation: 6, [.init(id: "m", topics: ["a"], assigned: ["a": [0]])], at: 7)
    #expect(log.now.protocolKind == .classic && log.now.state == .stable)
    #expect(log.now.generation == 6 && log.now.changedAt == 7)
  }

  @Test("where compaction took the tombstones away, the newest record says the protocol")
  func migrationWithoutTombstones() throws {
    var log = MembershipLog()
    _ = try log.classic(generation: 4, at: 1)
    _ = try log.epoch(5)
    #expect(log.now.protocolKind == .consumer && log.now.generation == 5)
    _ = try log.classic(generation: 6, at: 2)
    #expect(log.now.protocolKind == .classic && log.now.generation == 6)
    #expect(try !log.tombstone(3, at: 3), "long gone")
    #expect(log.now.protocolKind == .classic && log.now.state == .empty)
  }

  // MARK: Bounds and bad input

  @Test("malformed values and unknown versions throw and change nothing")
  func malformed() throws {
    var log = MembershipLog()
    _ = try log.epoch(1)
    _ = try log.describe("m", topics: ["a"])
    _ = try log.assign("m", epoch: 1, [(topic, [0])])
    let before = log.now
    _ = log.memberships.takeChanged()
    for (type, member) in [(3, nil), (5, "m"), (6, nil), (8, "m"), (16, "x"), (2, nil), (4, nil)]
      as [(Int16, String?)]
    {
      for value: [UInt8] in [[], [0], [0, 0], [0, 0, 0xff, 0xff, 0xff]] {
        #expect(throws: DecodeError.self) { try log.put(type, member, value, at: 9) }
      }
      let error = #expect(throws: DecodeError.self) { try log.put(type, member, [0, 9], at: 9) }
      #expect(error?.isUnsupportedVersion ?? false)
    }
    #expect(log.now == before)
    #expect(log.memberships.takeChanged().isEmpty)
  }

  @Test("every truncation of every captured metadata record is refused or read, never a trap")
  func truncations() throws {
    var memberships = Memberships()
    var seen: Set<[UInt8]> = []
    for line in Capture.records {
      guard let value = line.value, let type = line.keyType, type >= 2, seen.insert(value).inserted
      else { continue }
      let key = try RecordKey.decode(line.key.span)
      for length in 0..<value.count {
        _ = try? memberships.apply(
          key, line.key.span, value: value.span.extracting(first: length), group: 0, timestamp: 0)
      }
    }
    _ = memberships.membership(of: 0)
  }

  @Test("members over the limit are left out, partitions over the limit have no known owner")
  func limits() throws {
    var limits = MembershipLimits()
    limits.members = 2
    limits.assignedPartitions = 3
    var log = MembershipLog(limits: limits)
    _ = try log.classic(
      generation: 1,
      [
        .init(id: "m1", topics: ["a"], assigned: ["a": [0, 1]]),
        .init(id: "m2", topics: ["a"], assigned: ["a": [2, 3]]),
        .init(id: "m3", topics: ["a"], assigned: ["a": [4]]),
      ], at: 1)
    #expect(log.now.members.map(\.memberID) == ["m1", "m2"])
    #expect(log.now.members.map { $0.assignment?.count } == [1, nil])
    _ = try log.tombstone(2, at: 2)
    _ = try log.learn(topic, "a")
    for member in ["m1", "m2", "m3"] {
      _ = try log.describe(member, topics: [])
      _ = try log.assign(member, epoch: 1, [(topic, [0, 1])])
    }
    #expect(log.now.members.map(\.memberID) == ["m1", "m2"])
    #expect(log.now.members.map { $0.assignment?.count } == [1, nil])
    // What is given up makes room.
    _ = try log.assign("m1", epoch: 2, [])
    _ = try log.assign("m2", epoch: 2, [(topic, [1, 2, 3])])
    #expect(log.now.members.map { $0.assignment?.first?.partitions.count } == [nil, 3])
  }

  @Test("names of topics in use outlive those that are not")
  func topicNames() throws {
    var limits = MembershipLimits()
    limits.topicNames = 8
    var log = MembershipLog(limits: limits)
    _ = try log.learn(topic, "kept")
    _ = try log.describe("m", topics: [])
    _ = try log.assign("m", epoch: 1, [(topic, [0])])
    for number: UInt64 in 100..<200 {
      _ = try log.learn(Uuid(mostSignificantBits: 5, leastSignificantBits: number), "t\(number)")
    }
    #expect(log.memberships.topicName(of: topic) == "kept")
    let known = (UInt64(100)..<200).count {
      let id = Uuid(mostSignificantBits: 5, leastSignificantBits: $0)
      return log.memberships.topicName(of: id) != nil
    }
    #expect(known <= 7)
    #expect(try !log.learn(.zero, "none"))
    #expect(log.memberships.topicName(of: .zero) == nil)
    // A name that was forgotten can be learned once more.
    let last = Uuid(mostSignificantBits: 5, leastSignificantBits: 100)
    _ = try log.assign("m", epoch: 2, [(last, [0])])
    var tries = 0
    while log.memberships.topicName(of: last) == nil, tries < 8 {
      _ = try log.learn(last, "t100")
      tries += 1
    }
    #expect(log.now.members[0].assignment == [.init(topic: "t100", partitions: [0])])
  }

  @Test("a group that is forgotten is as if it had never been read; its name can come again")
  func forget() throws {
    var log = MembershipLog()
    _ = try log.describe("m", topics: [])
    _ = try log.assign("m", epoch: 1, [(topic, [0])])
    log.memberships.forget(group: 0)
    #expect(log.now == GroupMembership())
    #expect(log.memberships.takeChanged() == [0])
    #expect(try !log.learn(topic, "a"), "nobody waits any more")
    _ = try log.classic(generation: 1, at: 3)
    #expect(log.now.state == .empty)
    #expect(log.memberships.takeChanged() == [0])
    log.memberships.forget(group: 99)
  }
}
