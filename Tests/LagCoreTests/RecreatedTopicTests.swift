import LagCore
import Testing

/// Topics that are deleted and made again under their name.
@Suite("Recreated topics")
struct RecreatedTopicTests {
  // MARK: By identifier

  @Test("Another identifier with a later commit time begins all windows of the topic anew")
  func anotherIdentifier() {
    let world = TestStore()
    world.commit("g", "t", 0, 100, at: 10, id: 1)
    world.commit("g", "t", 1, 100, at: 11, id: 1)
    world.commit("h", "t", 0, 50, at: 12, id: 1)
    world.commit("h", "u", 0, 50, at: 12, id: 9)
    world.head("t", 0, 120, at: 12)
    let revision = world.store.watchRevision
    #expect(world.commit("g", "t", 1, 3, at: 20, id: 2) == .placed(.appended))
    #expect(world.evaluate("g", at: 20)?.topics[0].partitions.map(\.end?.offset) == [nil, 3])
    #expect(world.evaluate("g", at: 20)?.topics[0].partitions[1].start?.offset == 3)
    #expect(world.evaluate("h", at: 20)?.topics.map(\.name) == ["u"])
    // Heads were of the topic that was; they are asked for at once.
    #expect(world.store.heads(ofTopic: 0).partitionCount == 0)
    #expect(world.store.watchRevision > revision)
    #expect(world.store.recreations.count == 1)
    #expect(world.store.recreations.lastAt == 20_000)
  }

  @Test("The first identifier of a topic begins nothing anew, nor does a commit without one")
  func firstIdentifier() {
    let world = TestStore()
    world.commit("g", "t", 0, 100, at: 10)
    world.commit("g", "t", 0, 101, at: 11, id: 1)
    world.commit("g", "t", 0, 102, at: 12)
    world.commit("g", "t", 0, 103, at: 13, id: 1)
    #expect(world.partition(at: 13)?.start?.offset == 101)
    #expect(world.store.recreations.count == 0)
    #expect(world.store.recreations.lastAt == nil)
  }

  @Test("The zero identifier is none")
  func zeroIdentifier() {
    let world = TestStore()
    world.commit("g", "t", 0, 100, at: 10, id: 1)
    let topic = Array("t".utf8)
    let outcome = world.store.record(
      group: 0, topic: topic.span, partition: 0, offset: 101, timestamp: 11_000, order: 9,
      topicID: TopicID.none, now: 11_000)
    #expect(outcome == .placed(.appended))
    #expect(world.partition(at: 11)?.start?.offset == 100)
    #expect(world.commit("g", "t", 0, 102, at: 12, order: 20, id: 1) == .placed(.appended))
    #expect(world.store.recreations.count == 0)
  }

  @Test("Identifiers that differ in either half differ")
  func halves() {
    let one = TopicID(high: 1, low: 2)
    #expect(one == TopicID(high: 1, low: 2))
    #expect(one != TopicID(high: 1, low: 3))
    #expect(one != TopicID(high: 3, low: 2))
    #expect(TopicID(high: 3, low: 3) != TopicID(high: 1, low: 1))
  }

  @Test("A commit to the topic that was is dropped, however late it is read")
  func staleCommit() {
    let world = TestStore()
    world.commit("g", "t", 0, 5, at: 20, id: 2)
    world.commit("g", "t", 0, 6, at: 500, id: 2)
    // Another partition of the offsets topic, read after this one.
    #expect(world.commit("h", "t", 0, 100, at: 10, id: 1, now: 500) == .ofDeletedTopic)
    #expect(world.commit("h", "t", 0, 100, at: 499, id: 1, now: 500) == .ofDeletedTopic)
    #expect(world.commit("h", "t", 0, 100, at: 500, id: 1, now: 500) == .ofDeletedTopic)
    #expect(world.evaluate("h", at: 500) == nil)
    #expect(world.store.trackedPartitions == 1)
    #expect(world.partition(at: 500)?.start?.offset == 5)
    // The same group has gone on with the topic that is.
    #expect(world.commit("h", "t", 0, 4, at: 400, id: 2, now: 500) == .placed(.appended))
    #expect(world.store.recreations.count == 0)
  }

  @Test("A topic may be made anew again and again, and even get back an identifier that it had")
  func again() {
    let world = TestStore()
    for (step, id) in ([1, 2, 3, 1, 1] as [UInt64]).enumerated() {
      let outcome = world.commit("g", "t", 0, Int64(step), at: Int64(step + 1), id: id)
      #expect(outcome == .placed(.appended))
    }
    #expect(world.store.recreations.count == 3)
    #expect(world.partition(at: 5)?.start?.offset == 3)
  }

  @Test("Owners outlive the topic, hold and lag of old do not")
  func whatStays() {
    let world = TestStore(intervals: 1)
    world.commit("g", "t", 0, 100, at: 10, id: 1)
    world.head(200, at: 10)
    world.own(by: [("m", [("t", [0])])])
    _ = world.judge(at: 10, JudgementParameters(hold: 5))
    world.commit("g", "t", 1, 1, at: 20, id: 2)
    #expect(world.partition(at: 20)?.owner?.memberID == "m")
    #expect(world.partition(at: 20)?.rule == .noCommits)
    world.commit("g", "t", 0, 1, at: 21, id: 2)
    #expect(world.partition(at: 21)?.currentLag == 0)
    #expect(world.judge(at: 21).unknown == 2)
  }

  @Test("Both ends of a topic begin anew, whichever group's commit tells")
  func bothEnds() {
    let world = TestStore()
    let stable = Array("stable".utf8)
    _ = world.store.addGroup(stable.span, logEnd: .lastStableOffset)
    world.commit("g", "t", 0, 100, at: 10, id: 1)
    world.commit("stable", "t", 0, 100, at: 11, id: 1)
    world.commit("stable", "t", 0, 1, at: 20, id: 2)
    #expect(world.evaluate("g", at: 20) == nil)
    #expect(world.evaluate("stable", at: 20)?.topics[0].partitions[0].start?.offset == 1)
    // The later of the two ends' commit times counts.
    world.commit("g", "t", 0, 1, at: 30, id: 2)
    #expect(world.commit("stable", "t", 0, 9, at: 25, id: 1, now: 30) == .ofDeletedTopic)
    #expect(world.store.recreations.count == 1)
  }

  @Test("An end that is watched later knows the identifier")
  func laterEnd() {
    let world = TestStore()
    world.commit("g", "t", 0, 100, at: 10, id: 2)
    let stable = Array("stable".utf8)
    _ = world.store.addGroup(stable.span, logEnd: .lastStableOffset)
    #expect(world.commit("stable", "t", 0, 9, at: 5, id: 1, now: 10) == .ofDeletedTopic)
    #expect(world.commit("stable", "t", 0, 9, at: 5, id: 2, now: 10) == .placed(.appended))
  }

  // MARK: By offsets

  @Test("A log that begins at 0 and ends before the commit is another one")
  func fallenOffsets() {
    let world = TestStore()
    world.commit("g", "t", 0, 100, at: 10)
    world.commit("h", "t", 0, 4, at: 11)
    world.head(120, at: 11)
    let topic = world.topic("t") ?? 0
    #expect(world.store.recordHead(5, topic: topic, partition: 0, now: 20_000) == .fellBack)
    #expect(world.start(0, at: 20) == 1)
    #expect(world.evaluate("g", at: 20) == nil)
    #expect(world.evaluate("h", at: 20)?.totalLag == 1)
    #expect(world.store.heads(ofTopic: topic).heads(of: 0) == [5])
    #expect(world.store.recreations.count == 1)
    #expect(world.start(0, at: 21) == 0)
    world.commit("g", "t", 0, 3, at: 22)
    #expect(world.partition(at: 22)?.start?.offset == 3)
    #expect(world.partition(at: 22)?.end?.lag == 2)
  }

  @Test("It is seen without a fall too, when the agent came after it")
  func fallenBefore() {
    let world = TestStore()
    world.commit("g", "t", 0, 100, at: 10)
    world.head(5, at: 11)
    #expect(world.start(0, at: 11) == 1)
  }

  @Test("A commit that was read when the head was sampled, or after it, proves nothing")
  func commitAfterHead() {
    let world = TestStore()
    world.commit("g", "t", 0, 100, at: 10)
    world.head(100, at: 10)
    world.commit("g", "t", 0, 105, at: 11)
    #expect(world.start(0, at: 12) == 0)
    world.head(104, at: 11)
    #expect(world.start(0, at: 12) == 0)
    #expect(world.partition(at: 12)?.flags == [])
    world.head(104, at: 12)
    #expect(world.partition(at: 12)?.flags == .beyondEnd)
    #expect(world.start(0, at: 12) == 1)
  }

  @Test("A log that begins later than 0 lost records, and stays the same topic")
  func truncated() {
    let world = TestStore()
    world.commit("g", "t", 0, 100, at: 10)
    world.head(90, at: 11)
    #expect(world.start(1, at: 11) == 0)
    #expect(world.partition(at: 11)?.flags == .beyondEnd)
    #expect(world.partition(at: 11)?.rule == .noLag)
    #expect(world.judge(at: 11).beyondEnd == 1)
    #expect(world.judge(at: 11).verdict == .ok)
  }

  @Test("A commit exactly at the end is neither beyond it nor of another topic")
  func atTheEnd() {
    let world = TestStore()
    world.commit("g", "t", 0, 100, at: 10)
    world.head(100, at: 11)
    #expect(world.start(0, at: 11) == 0)
    #expect(world.partition(at: 11)?.flags == [])
  }

  @Test("A last stable offset below the commit proves nothing unless it fell")
  func lastStableOffset() {
    let world = TestStore()
    let group = Array("g".utf8)
    _ = world.store.addGroup(group.span, logEnd: .lastStableOffset)
    // A consumer of uncommitted records is ahead of an open transaction.
    world.commit("g", "t", 0, 100, at: 10)
    let topic = Array("t".utf8)
    let index = world.store.topic(named: topic.span, logEnd: .lastStableOffset) ?? -1
    world.store.recordHead(90, topic: index, partition: 0, now: 11_000)
    #expect(world.store.recordLogStart(0, topic: index, partition: 0, now: 11_000) == 0)
    #expect(world.partition(at: 11)?.flags == .beyondEnd)
    world.store.recordHead(3, topic: index, partition: 0, now: 12_000)
    #expect(world.store.recordLogStart(0, topic: index, partition: 0, now: 12_000) == 1)
  }

  @Test("Only the partition that was told about begins anew")
  func onePartition() {
    let world = TestStore()
    for partition: Int32 in 0..<3 { world.commit("g", "t", partition, 100, at: 10) }
    for partition: Int32 in 0..<2 { world.head("t", partition, 5, at: 11) }
    #expect(world.start(0, at: 11) == 1)
    #expect(
      world.evaluate(at: 11)?.topics[0].partitions.map(\.end?.offset) == [nil, 100, 100])
  }

  // MARK: Deleted

  @Test("A deleted topic disappears at once, for all groups and at both ends")
  func deleted() {
    let world = TestStore()
    let stable = Array("stable".utf8)
    _ = world.store.addGroup(stable.span, logEnd: .lastStableOffset)
    world.commit("g", "t", 0, 100, at: 10)
    world.commit("g", "t", 1, 100, at: 10)
    world.commit("g", "u", 1, 100, at: 10)
    world.commit("stable", "t", 0, 100, at: 10)
    world.head(200, at: 10)
    #expect(world.store.removeTopic(world.topic("t") ?? 0) == 3)
    #expect(world.store.removeTopic(world.topic("t") ?? 0) == 0)
    #expect(world.evaluate("g", at: 10)?.topics.map(\.name) == ["u"])
    #expect(world.evaluate("stable", at: 10) == nil)
    #expect(world.store.watchedTopics().map(\.name) == ["u"])
    #expect(world.store.heads(ofTopic: world.topic("t") ?? 0).newest(of: 0) == nil)
  }
}
