import LagCore
import SeededRandom
import Testing

/// The packed heads of a topic against plain arrays.
@Suite("Heads of a topic")
struct TopicHeadsTests {
  @Test("A long random life of many partitions", arguments: [1, 2, 3, 10])
  func randomLife(intervals: Int) {
    let seed = testSeed &+ UInt64(intervals)
    var random = SeededGenerator(seed: seed)
    var heads = TopicHeads(intervals: intervals)
    var model: [Int32: (heads: [Int64], seconds: UInt32)] = [:]
    var highest = -1
    var clock: UInt32 = 1_700_000_000
    var comparison = Comparison("heads of \(intervals), seed \(seed)")
    let jumps: [Int64] = [
      0, 1 << 31 - 1, 1 << 31, -1 << 31, -1 << 31 - 1, 1 << 40, .min, .max, -1,
    ]
    for step in 0..<8000 {
      if random.oneIn(20) { clock += UInt32(random.below(20)) }
      let partition = Int32(random.below(random.oneIn(50) ? 60 : 12))
      let last = model[partition]?.heads.last ?? 1 << 35
      let head: Int64 =
        switch random.below(12) {
        case 0: last &+ random.pick(jumps)
        case 1: last &- Int64(random.below(1000))
        case 2: random.pick(jumps)
        default: last &+ Int64(random.below(100))
        }
      heads.record(partition: partition, head: head, atSeconds: clock)
      var known = model[partition]?.heads ?? []
      known.append(head)
      if known.count > intervals { known.removeFirst() }
      model[partition] = (known, clock)
      highest = max(highest, Int(partition))

      let around = random.pick(known) &+ Int64(random.below(3)) &- 1
      for asked in [partition, Int32(random.below(62))] {
        let expected = model[asked]
        let place = "step \(step), partition \(asked)"
        comparison.expect(heads.heads(of: asked), expected?.heads ?? [], place)
        comparison.expect(heads.newest(of: asked), expected?.heads.last, place)
        comparison.expect(heads.sampledAt(asked), expected?.seconds, place)
        for offset in [around, .min, .max] {
          comparison.expect(
            heads.wasAtMost(offset, partition: asked),
            expected?.heads.contains { $0 <= offset } ?? false, "\(place), at most \(offset)")
        }
      }
      comparison.expect(heads.partitionCount, highest + 1, "step \(step)")
    }
    comparison.conclude()
  }

  @Test("A head that falls is kept as it is: a topic may have been made anew")
  func fallingHeads() {
    var heads = TopicHeads(intervals: 3)
    for head: Int64 in [100, 5, 7] { heads.record(partition: 0, head: head, atSeconds: 1) }
    #expect(heads.heads(of: 0) == [100, 5, 7])
    #expect(heads.newest(of: 0) == 7)
    #expect(heads.wasAtMost(5, partition: 0))
    #expect(!heads.wasAtMost(4, partition: 0))
  }

  @Test("Metadata makes a topic larger, never smaller, and brings no head")
  func partitionCount() {
    var heads = TopicHeads(intervals: 2)
    #expect(heads.partitionCount == 0)
    heads.growPartitions(to: 3)
    heads.growPartitions(to: 2)
    heads.growPartitions(to: -1)
    #expect(heads.partitionCount == 3)
    #expect(heads.newest(of: 2) == nil)
    #expect(heads.sampledAt(2) == nil)
    #expect(heads.heads(of: 2) == [])
    heads.record(partition: 5, head: 1, atSeconds: 9)
    #expect(heads.partitionCount == 6)
    #expect(heads.newest(of: 4) == nil)
  }

  @Test("A partition that never was has no heads, whatever its number")
  func outOfRange() {
    var heads = TopicHeads(intervals: 2)
    heads.record(partition: 0, head: 1, atSeconds: 9)
    for partition: Int32 in [-1, .min, 1, .max] {
      #expect(heads.newest(of: partition) == nil)
      #expect(heads.heads(of: partition) == [])
      #expect(heads.sampledAt(partition) == nil)
      #expect(!heads.wasAtMost(.max, partition: partition))
    }
  }

  @Test("Each partition knows when its own newest head was sampled")
  func staleSamples() {
    var heads = TopicHeads(intervals: 2)
    for partition: Int32 in 0..<3 { heads.record(partition: partition, head: 1, atSeconds: 100) }
    #expect((0..<3).map { heads.sampledAt($0) } == [100, 100, 100])
    heads.record(partition: 1, head: 2, atSeconds: 110)
    #expect((0..<3).map { heads.sampledAt($0) } == [100, 110, 100])
    heads.record(partition: 2, head: 2, atSeconds: 120)
    #expect((0..<3).map { heads.sampledAt($0) } == [100, 110, 120])
    heads.record(partition: 0, head: 2, atSeconds: 120)
    #expect((0..<3).map { heads.sampledAt($0) } == [120, 110, 120])
    // A clock that was set back is believed.
    heads.record(partition: 0, head: 2, atSeconds: 50)
    #expect((0..<3).map { heads.sampledAt($0) } == [50, 110, 120])
  }
}
