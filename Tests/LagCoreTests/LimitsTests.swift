import LagCore
import SeededRandom
import Testing

@Suite("Another size of windows while they are filled")
struct LimitsTests {
  @Test("A window keeps its newest commits, packed or wide, its owner, and since when it is behind")
  func windows() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let before = Int.random(in: 1...8, using: &random)
      let after = Int.random(in: 1...8, using: &random)
      var pool = WindowPool(limits: WindowLimits(intervals: before))
      var expected: [[CommitEntry]] = []
      for window in 0..<Int32(Int.random(in: 1...5, using: &random)) {
        #expect(pool.allocate() == window)
        pool.setOwner(UInt32(window) + 7, of: window)
        pool.setBehindSince(UInt32(window) + 11, of: window)
        // Steps of 2^33 do not fit in the packed form.
        let step: Int64 = Bool.random(using: &random) ? 1 : 1 << 33
        for order in 0..<Int64.random(in: 0...10, using: &random) {
          let commit = CommitEntry(
            offset: order * step, timestamp: order, order: order, observedAtSeconds: 1, lag: nil)
          _ = pool.record(commit, head: order * step + 5, in: window)
        }
        expected.append(pool.entries(of: window).suffix(after))
      }
      pool.setLimits(WindowLimits(intervals: after))
      for (index, entries) in expected.enumerated() {
        let window = Int32(index)
        #expect(pool.entries(of: window) == entries, "seed \(seed)")
        #expect(pool.owner(of: window) == UInt32(window) + 7)
        #expect(pool.behindSince(window) == UInt32(window) + 11)
        // It goes on as a window of that size.
        let next = CommitEntry(
          offset: 1 << 40, timestamp: 100, order: 100, observedAtSeconds: 1, lag: nil)
        _ = pool.record(next, head: nil, in: window)
        #expect(
          pool.entries(of: window).map(\.order)
            == (entries.map(\.order) + [100]).suffix(after), "seed \(seed)")
      }
      #expect(pool.count == expected.count)
    }
  }

  @Test("Windows that were given back stay so")
  func vacant() {
    var pool = WindowPool(limits: WindowLimits(intervals: 2))
    let (first, second) = (pool.allocate(), pool.allocate())
    pool.release(first)
    pool.setLimits(WindowLimits(intervals: 5))
    #expect(pool.count == 1)
    #expect(pool.allocate() == first)
    #expect(pool.allocate() == second + 1)
    #expect(pool.commitCount(of: first) == 0)
  }

  @Test("Heads keep the newest and when they were sampled")
  func heads() throws {
    let world = TestStore(intervals: 4)
    world.commit(1, at: 1)
    for (step, head) in [10, 20, 30, 1 << 40].enumerated() {
      world.head(Int64(head), at: Int64(step))
    }
    let topic = try #require(world.topic("t"))
    for (intervals, kept) in [(2, [30, 1 << 40]), (6, [30, 1 << 40]), (1, [1 << 40])] {
      world.store.setLimits(WindowLimits(intervals: intervals), expireAfter: 3_600_000)
      #expect(world.store.heads(ofTopic: topic).heads(of: 0) == kept.map { Int64($0) })
      #expect(world.store.heads(ofTopic: topic).sampledAt(0) == 3)
      #expect(world.store.heads(ofTopic: topic).partitionCount == 1)
    }
    // A topic that comes later has the new size.
    world.commit("g", "u", 0, 1, at: 4)
    let other = try #require(world.topic("u"))
    for head in 1...3 { world.head("u", 0, Int64(head), at: 5) }
    #expect(world.store.heads(ofTopic: other).heads(of: 0) == [3])
  }

  @Test("Another minimum distance counts for commits to come, another expiry at once")
  func others() {
    let world = TestStore(intervals: 5)
    for second in 1...3 { world.commit(Int64(second), at: Int64(second)) }
    world.store.setLimits(
      WindowLimits(intervals: 5, minimumDistance: 10_000), expireAfter: 3_600_000)
    world.commit(4, at: 4)
    let partition = world.evaluate(at: 5)?.topics.first?.partitions.first
    #expect(partition?.start?.offset == 1)
    #expect(partition?.end?.offset == 4)
    #expect(partition?.complete == 0.6)
    world.store.setLimits(
      WindowLimits(intervals: 5, minimumDistance: 10_000), expireAfter: 10_000)
    #expect(world.store.expire(now: 60_000) == 1)
  }
}
