import LagCore
import Testing

@Suite("Offset store")
struct OffsetStoreTests {
  // MARK: Groups

  @Test("A group is found by its name only, and added once")
  func groups() {
    let world = TestStore()
    #expect(world.store.group(named: Array("g".utf8).span) == nil)
    let first = world.group("g")
    let second = world.group("G")
    #expect(first != second)
    #expect(world.group("g") == first)
    #expect(world.store.group(named: Array("g".utf8).span) == first)
    #expect(world.store.groupName(second) == "G")
    #expect(Array(world.store.groupIndices) == [first, second])
  }

  @Test("Groups beyond the limit are refused")
  func groupLimit() {
    let world = TestStore()
    for number in 0..<OffsetStore.maximumGroups { _ = world.group("\(number)") }
    #expect(world.store.addGroup(Array("one more".utf8).span) == nil)
    #expect(world.group("7") == 7)
  }

  // MARK: Commits

  @Test("A commit makes its topic watched and its partition tracked")
  func firstCommit() {
    let world = TestStore()
    #expect(world.store.watchRevision == 0)
    let group = world.group("g")
    #expect(!world.store.hasData(group: group))
    #expect(world.commit(100, at: 10) == .placed(.appended))
    #expect(world.store.hasData(group: 0))
    #expect(world.store.lastCommit(group: 0) == 10_000)
    #expect(world.store.trackedPartitions == 1)
    #expect(world.store.watchRevision == 1)
    #expect(world.store.watchedTopics().map(\.name) == ["t"])
  }

  @Test("Two groups share a topic and its heads, not their windows")
  func sharedTopic() {
    let world = TestStore()
    world.commit("a", "t", 0, 100, at: 10)
    world.commit("b", "t", 0, 40, at: 11)
    #expect(world.store.watchRevision == 1)
    #expect(world.store.watchedTopics().count == 1)
    world.head(150, at: 12)
    #expect(world.evaluate("a", at: 12)?.totalLag == 50)
    #expect(world.evaluate("b", at: 12)?.totalLag == 110)
    world.commit("a", "t", 0, 120, at: 13)
    let end = world.evaluate("a", at: 13)?.topics.first?.partitions.first?.end
    #expect(end?.lag == 30)
    #expect(world.evaluate("b", at: 13)?.totalLag == 110)
    world.store.removeGroup(world.group("a"))
    #expect(world.store.watchedTopics().count == 1)
    #expect(world.evaluate("b", at: 13)?.totalLag == 110)
  }

  @Test("A partition number out of range is refused and leaves nothing behind")
  func partitionOutOfRange() {
    let world = TestStore()
    for partition: Int32 in [-1, .min, Int32(OffsetStore.maximumPartitions), .max] {
      #expect(world.commit("g", "t", partition, 1, at: 1) == .partitionOutOfRange)
    }
    #expect(world.topic("t") == nil)
    #expect(world.store.trackedPartitions == 0)
    #expect(
      world.commit("g", "t", Int32(OffsetStore.maximumPartitions - 1), 1, at: 1)
        == .placed(.appended))
  }

  @Test("Partitions may come in any order, and each keeps its own window")
  func partitionOrder() {
    let world = TestStore()
    for partition: Int32 in [5, 0, 3] {
      world.commit("g", "t", partition, Int64(partition) * 10, at: 10)
    }
    let partitions = world.evaluate(at: 10)?.topics[0].partitions ?? []
    #expect(partitions.map(\.end?.offset) == [0, nil, nil, 30, nil, 50])
    #expect(world.store.trackedPartitions == 3)
  }

  @Test("A commit as old as the expiry is taken, an older one is not")
  func expiredCommit() {
    let world = TestStore()
    #expect(world.commit(1, at: 0, now: 3600) == .placed(.appended))
    #expect(world.commit(2, at: 0, now: 3601) == .expired)
    #expect(world.evaluate(at: 3600)?.topics[0].partitions[0].end?.offset == 1)
  }

  @Test("Times at and before 1970 are times like any other")
  func timesBefore1970() {
    for seconds: Int64 in [0, -5] {
      let world = TestStore()
      world.commit(1, at: seconds)
      #expect(world.store.hasData(group: 0))
      #expect(world.store.lastCommit(group: 0) == seconds * 1000)
      #expect(world.evaluate(at: seconds) != nil)
      #expect(world.judge(at: seconds).partitions == 1)
    }
  }

  @Test("The newest commit time counts, whatever the order of arrival")
  func lastCommit() {
    let world = TestStore()
    world.commit("g", "t", 0, 1, at: 20)
    world.commit("g", "t", 1, 1, at: 10)
    #expect(world.store.lastCommit(group: 0) == 20_000)
    world.commit("g", "u", 1, 1, at: 30)
    #expect(world.store.lastCommit(group: 0) == 30_000)
  }

  @Test("The lag of a commit is that against the newest head, unknown without one")
  func lagOfCommit() {
    let world = TestStore()
    world.commit(10, at: 1)
    world.head(30, at: 1)
    world.head(25, at: 2)
    world.commit(11, at: 2)
    world.commit(26, at: 3)
    let commits = world.evaluate(at: 3)?.topics[0].partitions[0]
    #expect(commits?.start?.lag == nil)
    #expect(commits?.end?.lag == 0)
    world.commit(12, at: 4)
    #expect(world.evaluate(at: 4)?.topics[0].partitions[0].start?.lag == 14)
  }

  // MARK: Heads

  @Test("What is no offset is not taken for a head")
  func badHeads() {
    let world = TestStore()
    world.commit(10, at: 1)
    let topic = world.topic("t") ?? 0
    world.store.recordHead(-1, topic: topic, partition: 0, now: 1000)
    world.store.recordHead(5, topic: topic, partition: -1, now: 1000)
    world.store.recordHead(
      5, topic: topic, partition: Int32(OffsetStore.maximumPartitions), now: 1000)
    #expect(world.store.heads(ofTopic: topic).partitionCount == 0)
    world.store.recordHead(0, topic: topic, partition: 0, now: 1999)
    #expect(world.store.heads(ofTopic: topic).newest(of: 0) == 0)
    #expect(world.store.heads(ofTopic: topic).sampledAt(0) == 1)
  }

  @Test("A partition count beyond the limit is cut to it")
  func partitionCountLimit() {
    let world = TestStore(intervals: 1)
    world.commit(10, at: 1)
    world.store.setPartitionCount(.max, ofTopic: 0)
    #expect(world.store.heads(ofTopic: 0).partitionCount == OffsetStore.maximumPartitions)
  }

  // MARK: Leaving

  @Test("An offset tombstone removes a partition, the last one the group's data")
  func tombstones() {
    let world = TestStore()
    world.commit("g", "t", 0, 1, at: 1)
    world.commit("g", "t", 1, 1, at: 1)
    #expect(!world.tombstone("g", "t", 2))
    #expect(!world.tombstone("g", "t", -1))
    #expect(!world.tombstone("g", "t", .max))
    #expect(!world.tombstone("g", "other", 0))
    #expect(world.tombstone("g", "t", 0))
    #expect(!world.tombstone("g", "t", 0))
    #expect(world.store.hasData(group: 0))
    #expect(world.evaluate(at: 1)?.topics[0].partitions.map(\.rule) == [.noCommits, .noLag])
    #expect(world.evaluate(at: 1)?.topics[0].partitions.map(\.complete) == [0, Float(1) / 3])
    #expect(world.tombstone("g", "t", 1))
    #expect(!world.store.hasData(group: 0))
    #expect(world.store.lastCommit(group: 0) == nil)
    #expect(world.evaluate(at: 1) == nil)
    #expect(world.judge(at: 1) == .notFound)
    #expect(world.store.trackedPartitions == 0)
    #expect(world.store.watchedTopics() == [])
  }

  @Test("A commit after the tombstone begins a new window")
  func commitAfterTombstone() {
    let world = TestStore()
    world.commit(1, at: 1)
    world.commit(2, at: 2)
    world.tombstone()
    world.commit(3, at: 3)
    let partition = world.evaluate(at: 3)?.topics[0].partitions[0]
    #expect(partition?.start?.offset == 3)
    #expect(partition?.complete == Float(1) / 3)
  }

  @Test("A topic that comes back is asked for anew, and its old heads are forgotten")
  func topicComesBack() {
    let world = TestStore()
    world.commit(1, at: 1)
    world.head(100, at: 1)
    let revision = world.store.watchRevision
    world.tombstone()
    #expect(world.store.watchedTopics() == [])
    world.commit(5000, at: 999)
    #expect(world.store.watchRevision > revision)
    #expect(world.store.watchedTopics().map(\.name) == ["t"])
    let partition = world.evaluate(at: 999)?.topics[0].partitions[0]
    #expect(partition?.end?.lag == nil)
    #expect(world.store.heads(ofTopic: 0).newest(of: 0) == nil)
  }

  @Test("A topic stays watched while any group has a window of it")
  func topicOfTwoGroups() {
    let world = TestStore()
    world.commit("a", "t", 0, 1, at: 1)
    world.commit("b", "t", 0, 1, at: 1)
    world.head(9, at: 1)
    world.tombstone("a")
    #expect(world.store.watchedTopics().count == 1)
    #expect(world.store.heads(ofTopic: 0).newest(of: 0) == 9)
    world.tombstone("b")
    #expect(world.store.watchedTopics() == [])
  }

  @Test("A removed group keeps its name and nothing else")
  func removeGroup() {
    let world = TestStore()
    world.commit("g", "t", 0, 1, at: 1)
    world.commit("g", "u", 4, 1, at: 1)
    world.own(by: [("m", [("t", [0, 1])])])
    #expect(world.store.trackedPartitions == 3)
    world.store.removeGroup(0)
    #expect(world.store.trackedPartitions == 0)
    #expect(world.evaluate(at: 1) == nil)
    #expect(world.group("g") == 0)
    world.commit("g", "t", 0, 1, at: 2)
    #expect(world.evaluate(at: 2)?.topics.map(\.name) == ["t"])
    #expect(world.evaluate(at: 2)?.topics[0].partitions[0].owner == nil)
  }

  @Test("Partitions expire one by one, when their newest commit is older than the expiry")
  func expiry() {
    let world = TestStore()
    world.commit("g", "t", 0, 1, at: 0)
    world.commit("g", "t", 1, 1, at: 100)
    world.commit("h", "t", 0, 1, at: 0)
    #expect(world.store.expire(now: 3_600_000) == 0)
    #expect(world.store.expire(now: 3_600_001) == 2)
    #expect(world.store.trackedPartitions == 1)
    #expect(!world.store.hasData(group: 1))
    #expect(world.evaluate(at: 3600)?.topics[0].partitions.map(\.end?.offset) == [nil, 1])
    #expect(world.store.expire(now: 3_700_001) == 1)
    #expect(world.evaluate(at: 3700) == nil)
  }

  @Test("A group whose last commit is older than the expiry is not found even before it is removed")
  func expiredGroup() {
    let world = TestStore()
    world.commit(1, at: 0)
    #expect(world.evaluate(at: 3600) != nil)
    #expect(world.evaluate(at: 3601) == nil)
  }

  // MARK: Owners

  @Test("A new generation replaces all owners of a group")
  func ownersReplaced() {
    let world = TestStore()
    for partition: Int32 in 0..<4 { world.commit("g", "t", partition, 1, at: 1) }
    world.commit("h", "t", 0, 1, at: 1)
    world.own(by: [("m", [("t", [0, 1])]), ("n", [("t", [2])])])
    world.own("h", by: [("x", [("t", [0])])])
    #expect(Self.owners(world) == ["m", "m", "n", nil])
    world.own(by: [("o", [("t", [1, 3])])])
    #expect(Self.owners(world) == [nil, "o", nil, "o"])
    #expect(world.evaluate("h", at: 1)?.topics[0].partitions[0].owner?.clientID == "x")
    world.own(by: [])
    #expect(Self.owners(world) == [nil, nil, nil, nil])
    #expect(world.store.trackedPartitions == 5)
  }

  private static func owners(_ world: TestStore) -> [String?] {
    world.evaluate(at: 1)?.topics[0].partitions.map { $0.owner?.clientID } ?? []
  }

  @Test("A partition that is owned before its first commit is shown without one")
  func ownedWithoutCommit() {
    let world = TestStore()
    world.own(by: [("m", [("t", [1])])])
    #expect(world.store.watchedTopics().map(\.name) == ["t"])
    #expect(world.evaluate(at: 1) == nil)
    #expect(world.judge(at: 1) == .notFound)
    world.commit("g", "t", 0, 1, at: 1)
    let partition = world.evaluate(at: 1)?.topics[0].partitions[1]
    #expect(
      partition?.owner
        == PartitionOwner(GroupMember(memberID: "m", clientID: "m", host: "/m")))
    #expect(partition?.rule == .noCommits)
    #expect(partition?.complete == Float(1) / 3)
    #expect(partition?.start == nil)
    #expect(world.judge(at: 1).partitions == 1)
    // Without an owner nothing is left of it.
    world.own(by: [])
    #expect(world.store.trackedPartitions == 1)
  }

  @Test("Assigned partitions out of range are passed over")
  func ownersOutOfRange() {
    let world = TestStore()
    world.own(by: [("m", [("t", [-1, .max, Int32(OffsetStore.maximumPartitions), 2])])])
    #expect(world.store.trackedPartitions == 1)
  }

  @Test("A tombstone and expiry take the commits, not the owner")
  func ownerOutlivesCommits() {
    let world = TestStore()
    world.commit(1, at: 0)
    world.own(by: [("m", [("t", [0])])])
    world.head(9, at: 0)
    #expect(world.tombstone())
    #expect(world.store.heads(ofTopic: 0).newest(of: 0) == 9)
    #expect(!world.tombstone())
    #expect(world.evaluate(at: 0) == nil)
    world.commit(2, at: 1)
    #expect(Self.owners(world) == ["m"])
    #expect(world.store.expire(now: 9_999_999_000) == 1)
    #expect(world.store.expire(now: 9_999_999_000) == 0)
    world.commit(3, at: 9_999_999)
    #expect(
      world.evaluate(at: 9_999_999)?.topics[0].partitions[0].owner?.clientID == "m")
    #expect(world.evaluate(at: 9_999_999)?.topics[0].partitions[0].start?.offset == 3)
  }

  // MARK: Memory

  @Test("The computed footprint grows with what is tracked and falls when groups leave")
  func footprint() {
    let world = TestStore(intervals: 10)
    for partition: Int32 in 0..<2000 { world.commit("g", "t", partition, 1, at: 1) }
    world.store.setPartitionCount(2000, ofTopic: 0)
    for partition: Int32 in 0..<2000 { world.head("t", partition, 1, at: 1) }
    let full = world.store.footprint
    #expect(full >= 2000 * 236)
    #expect(full <= 2000 * 310)
    world.store.removeGroup(0)
    #expect(world.store.footprint < full)
    let left = world.store.footprint
    for partition: Int32 in 0..<2000 { world.commit("g", "t", partition, 1, at: 1) }
    #expect(world.store.footprint <= left + 2000 * 70)
  }
}
