import LagCore
import Testing

/// What leaves the store, at once or in the end, and what comes back.
@Suite("Leaving the store")
struct LeavingTests {
  @Test("Commits that stand are told with topic, partition and offset, and nothing else")
  func standingCommits() {
    let world = TestStore()
    world.commit("g", "t", 2, 7, at: 1)
    world.commit("g", "t", 2, 9, at: 2)
    world.commit("g", "u", 0, -5, at: 2)
    world.commit("h", "t", 1, 3, at: 2)
    world.own(by: [("m", [("t", [0, 2]), ("v", [0])])])
    #expect(
      world.store.standingCommits(ofGroup: 0) == [
        StandingCommit(topic: "t", partition: 2, offset: 9),
        StandingCommit(topic: "u", partition: 0, offset: -5),
      ])
    world.tombstone("g", "u", 0)
    #expect(world.store.standingCommits(ofGroup: 0).map(\.topic) == ["t"])
    world.store.removeGroup(0)
    #expect(world.store.standingCommits(ofGroup: 0) == [])
  }

  @Test("Expiry is asked every second, and finds each partition at its own moment")
  func expiryBySeconds() {
    let world = TestStore(expireAfter: 100_000)
    for partition: Int32 in 0..<5 {
      world.commit("g", "t", partition, 1, at: Int64(partition) * 10)
    }
    world.commit("g", "t", 0, 2, at: 45)
    var expired: [Int64] = []
    for now: Int64 in 45...160 where world.store.expire(now: now * 1000 + 1) > 0 {
      expired.append(now)
    }
    #expect(expired == [110, 120, 130, 140, 145])
    #expect(world.store.trackedPartitions == 0)
    // A commit that came late and is old expires in its turn.
    world.commit("g", "t", 0, 2, at: 100, now: 190)
    #expect(world.store.expire(now: 200_000) == 0)
    #expect(world.store.expire(now: 200_001) == 1)
  }

  @Test("A partition that was replaced by a tombstone expires by its new commits")
  func expiryAfterTombstone() {
    let world = TestStore(expireAfter: 100_000)
    world.commit(1, at: 0)
    world.tombstone()
    world.commit(2, at: 50)
    #expect(world.store.expire(now: 100_001) == 0)
    #expect(world.store.expire(now: 150_001) == 1)
  }

  @Test("The heads of a topic that expired count on for a minute, and are forgotten then")
  func headsAfterExpiry() {
    func expired(headAt seconds: Int64) -> TestStore {
      let world = TestStore(expireAfter: 100_000)
      world.commit(1, at: 0)
      world.head(9, at: seconds)
      #expect(world.store.expire(now: 100_001) == 1)
      #expect(world.store.watchedTopics() == [])
      return world
    }
    let soon = expired(headAt: 100)
    _ = soon.store.expire(now: 160_000)
    let revision = soon.store.watchRevision
    soon.commit("g", "t", 0, 1, at: 160)
    #expect(soon.store.watchRevision > revision)
    #expect(soon.partition(at: 160)?.currentLag == 8)

    let late = expired(headAt: 100)
    late.commit("g", "t", 0, 1, at: 161)
    #expect(late.partition(at: 161)?.headAge == nil)

    let forgotten = expired(headAt: 100)
    _ = forgotten.store.expire(now: 160_001)
    #expect(forgotten.store.heads(ofTopic: 0).partitionCount == 0)

    #expect(expired(headAt: 40).store.heads(ofTopic: 0).partitionCount == 0)
  }

  @Test("A topic that left by tombstones comes back without heads: it may be another one")
  func headsAfterTombstone() {
    let world = TestStore()
    world.commit(1, at: 0)
    world.head(9, at: 0)
    world.tombstone()
    world.commit(2, at: 1)
    #expect(world.partition(at: 1)?.headAge == nil)
  }

  @Test("An empty group keeps everything until it expires")
  func emptyGroup() {
    let world = TestStore(expireAfter: 100_000)
    world.commit(1, at: 0)
    world.head(9, at: 0)
    world.own(by: [("m", [("t", [0])])])
    world.own(by: [])
    #expect(world.store.expire(now: 100_000) == 0)
    #expect(world.partition(at: 100)?.currentLag == 8)
    #expect(world.store.expire(now: 100_001) == 1)
    #expect(world.evaluate(at: 100) == nil)
    #expect(world.judge(at: 100) == .notFound)
  }

  @Test("What polls saw is forgotten without losing the moment at which the rest expires")
  func expiryAfterObservations() {
    let world = TestStore(expireAfter: 100_000)
    world.commit("g", "t", 0, 1, at: 10)
    world.commit("g", "t", 0, 2, at: 90, order: OffsetStore.firstObservedOrder | 1)
    world.commit("g", "t", 1, 2, at: 30)
    #expect(world.store.expire(now: 110_500) == 0)
    world.store.forgetObservations(group: 0)
    #expect(world.partition(at: 110)?.end?.offset == 1)
    #expect(world.store.expire(now: 110_501) == 1)
    #expect(world.store.expire(now: 130_001) == 1)
  }
}
