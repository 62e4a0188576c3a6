import LagCore
import Testing

/// Whole groups as Burrow's `/v3` shows them (`caching.go`, `evaluateConsumerStatus`).
@Suite("Group evaluation")
struct GroupEvaluationTests {
  /// Fills the window of a partition: three commits, ten seconds apart from second 0 on.
  private func fill(
    _ world: TestStore, _ topic: String, _ partition: Int32, _ offsets: [Int64],
    head: Int64
  ) {
    for (step, offset) in offsets.enumerated() {
      world.commit("g", topic, partition, offset, at: Int64(step) * 10)
      world.head(topic, partition, head, at: Int64(step) * 10)
    }
  }

  @Test("A group without commits is not found, an unknown one neither")
  func notFound() {
    let world = TestStore()
    #expect(world.evaluate(at: 0) == nil)
  }

  @Test("Topics go by name, partitions by number, and totals are sums over all of them")
  func totals() {
    let world = TestStore()
    fill(world, "b", 1, [1, 2, 3], head: 13)
    fill(world, "a", 0, [1, 2, 3], head: 23)
    fill(world, "c", 0, [1, 2, 3], head: 3)
    let group = world.evaluate(at: 20)
    #expect(group?.group == "g")
    #expect(group?.topics.map(\.name) == ["a", "b", "c"])
    #expect(group?.topics[1].partitions.map(\.partition) == [0, 1])
    #expect(group?.topics[1].partitions.map(\.currentLag) == [0, 10])
    #expect(group?.totalLag == 30)
    #expect(group?.partitionCount == 4)
    #expect(group?.maxLag?.topic == 0)
    #expect(group?.maxLag?.partition == 0)
  }

  @Test("Of equal lags the first one is the largest, by name and number, even with no lag at all")
  func tiesOfMaxLag() {
    let world = TestStore()
    for topic in ["b", "a"] {
      for partition: Int32 in [1, 0] { fill(world, topic, partition, [1, 2, 3], head: 3) }
    }
    #expect(world.evaluate(at: 20)?.maxLag?.topic == 0)
    #expect(world.evaluate(at: 20)?.maxLag?.partition == 0)
    for (topic, partition) in [("b", Int32(0)), ("a", 1), ("b", 1)] {
      world.head(topic, partition, 9, at: 21)
    }
    #expect(world.evaluate(at: 21)?.maxLag?.topic == 0)
    #expect(world.evaluate(at: 21)?.maxLag?.partition == 1)
    world.head("b", 1, 10, at: 22)
    #expect(world.evaluate(at: 22)?.maxLag?.topic == 1)
    #expect(world.evaluate(at: 22)?.maxLag?.partition == 1)
  }

  @Test("The worst partition makes the status, whatever stands beside it")
  func status() {
    let world = TestStore()
    fill(world, "t", 0, [1, 2, 3], head: 3)
    #expect(world.evaluate(at: 20)?.status == .ok)
    fill(world, "t", 1, [1, 2, 3], head: 99)
    // Its first commit was made without a head; the lags of the others shrink.
    #expect(world.evaluate(at: 20)?.topics[0].partitions[1].rule == .lagDecreasing)
    for step: Int64 in 3...5 {
      world.head("t", 1, 99 + step * 10, at: step * 10)
      world.commit("g", "t", 1, step, at: step * 10)
    }
    #expect(world.evaluate(at: 50)?.topics[0].partitions[1].status == .warning)
    #expect(world.evaluate(at: 50)?.status == .warning)
    fill(world, "t", 2, [3, 2, 1], head: 99)
    #expect(world.evaluate(at: 50)?.status == .error)
    #expect(
      world.evaluate(at: 30)?.topics[0].partitions.map(\.status) == [.ok, .warning, .rewind])
  }

  @Test("STOP, STALL and REWIND each make the group ERR")
  func errors() {
    for (offsets, seconds, status) in [
      ([1, 2, 3] as [Int64], Int64(41), PartitionStatus.stop), ([3, 3, 3], 20, .stall),
      ([3, 2, 1], 20, .rewind),
    ] {
      let world = TestStore()
      fill(world, "t", 0, offsets, head: 99)
      #expect(world.evaluate(at: seconds)?.topics[0].partitions[0].status == status)
      #expect(world.evaluate(at: seconds)?.status == .error)
    }
  }

  @Test("STOP waits while a stored head shows that the consumer had caught up")
  func recentHeads() {
    let world = TestStore()
    fill(world, "t", 0, [1, 2, 3], head: 3)
    world.head(9, at: 100)
    world.head(9, at: 110)
    #expect(world.evaluate(at: 110)?.topics[0].partitions[0].status == .ok)
    world.head(9, at: 120)
    #expect(world.evaluate(at: 120)?.topics[0].partitions[0].status == .stop)
  }

  @Test("Complete is the share of full windows in 32 bits, partitions never committed included")
  func complete() {
    let world = TestStore()
    fill(world, "t", 2, [1, 2, 3], head: 3)
    let group = world.evaluate(at: 20)
    #expect(group?.partitionCount == 3)
    #expect(group?.complete.description == "0.33333334")
    #expect(group?.topics[0].partitions.map(\.complete) == [0, 0, 1])
    #expect(group?.topics[0].partitions.map(\.rule) == [.noCommits, .noCommits, .noLag])
    world.commit("g", "t", 0, 1, at: 20)
    #expect(world.evaluate(at: 20)?.topics[0].partitions[0].complete == Float(1) / 3)
    #expect(world.evaluate(at: 20)?.complete == Float(1) / 3)
  }

  @Test("Metadata names partitions that nobody committed, and they count")
  func partitionsOfMetadata() {
    let world = TestStore()
    fill(world, "t", 0, [1, 2, 3], head: 3)
    world.store.setPartitionCount(4, ofTopic: 0)
    #expect(world.evaluate(at: 20)?.partitionCount == 4)
    #expect(world.evaluate(at: 20)?.complete == 0.25)
    #expect(world.evaluate(at: 20)?.topics[0].partitions[3].complete == 0)
    #expect(world.evaluate(at: 20)?.status == .ok)
  }

  @Test("Start and end are the oldest and the newest commit with all that is known of them")
  func bounds() {
    let world = TestStore()
    for (step, offset) in [Int64(5), 6, 7, 8].enumerated() {
      world.commit(offset, at: Int64(step) * 10, now: Int64(step) * 10 + 1)
      world.head(10, at: Int64(step) * 10)
    }
    let partition = world.evaluate(at: 30)?.topics[0].partitions[0]
    #expect(
      partition?.start
        == CommitEntry(offset: 6, timestamp: 10_000, order: 2, observedAtSeconds: 11, lag: 4))
    #expect(
      partition?.end
        == CommitEntry(offset: 8, timestamp: 30_000, order: 4, observedAtSeconds: 31, lag: 2))
    #expect(partition?.currentLag == 2)
  }

  @Test("Parameters reach the rules")
  func parameters() {
    let world = TestStore()
    world.commit(1, at: 0)
    world.head(6, at: 0)
    #expect(world.evaluate(at: 0)?.topics[0].partitions[0].rule == .stalled)
    #expect(
      world.evaluate(at: 0, EvaluationParameters(allowedLag: 5))?.topics[0].partitions[0].rule
        == .noLag)
    #expect(
      world.evaluate(at: 0, EvaluationParameters(minimumComplete: 0.5))?.topics[0].partitions[0]
        .rule == .incomplete)
    world.commit(2, at: 0)
    #expect(world.evaluate(at: 0)?.status == .warning)
    let strict = EvaluationParameters(warningNeedsTwoLags: true)
    #expect(world.evaluate(at: 0, strict)?.topics[0].partitions[0].rule == .lagUnknown)
  }

  @Test("A consumer ahead of the last head, or without one, has no lag")
  func aheadOfHead() {
    let world = TestStore()
    world.commit(10, at: 0)
    #expect(world.evaluate(at: 99)?.totalLag == 0)
    #expect(world.evaluate(at: 99)?.status == .ok)
    world.head(9, at: 99)
    #expect(world.evaluate(at: 99)?.totalLag == 0)
    #expect(world.evaluate(at: 99)?.topics[0].partitions[0].rule == .noLag)
  }

  @Test("Windows of one commit: complete with it, STOP in the next second")
  func singleInterval() {
    let world = TestStore(intervals: 1)
    world.commit(1, at: 10)
    world.head(5, at: 10)
    #expect(world.evaluate(at: 10)?.complete == 1)
    #expect(world.evaluate(at: 10)?.topics[0].partitions[0].status == .stall)
    #expect(world.evaluate(at: 11)?.topics[0].partitions[0].status == .stop)
  }

  @Test("Windows too wide for the packed form are judged by the same rules")
  func wideWindows() {
    let far: Int64 = 1 << 40
    for (offsets, head, seconds, rule) in [
      ([1, far, 2 * far], 3 * far, Int64(20), Rule.lagDecreasing),
      ([1, far, 2 * far], 3 * far, 41, .stopped), ([far, 1, 2], 3 * far, 20, .rewound),
      ([far, 1, far], far + 9, 20, .lagDecreasing), ([1, far, 2 * far], 2 * far, 20, .noLag),
      ([7, 7, 7], 3 * far, 20, .stalled),
    ] {
      let world = TestStore()
      fill(world, "t", 0, offsets, head: head)
      #expect(world.evaluate(at: seconds)?.topics[0].partitions[0].rule == rule)
    }
  }
}
