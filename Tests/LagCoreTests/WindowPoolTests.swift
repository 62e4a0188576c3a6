import LagCore
import LagSimulation
import SeededRandom
import Testing

/// The packed windows against rings that keep everything in full.
@Suite("Packed windows")
struct WindowPoolTests {
  /// How far apart the commits of one window lie.
  private enum Scale: CaseIterable {
    /// Milliseconds, single records.
    case near
    /// Around the edges of 32 bits.
    case edges
    /// Anything that fits 64 bits.
    case extreme
  }

  /// A window of the model.
  private struct Model {
    var ring: ReferenceRing
    var owner: UInt32 = 0
    var behindSince: UInt32 = 0
    var scale: Scale
    var offset: Int64
    var time: Int64
    var order: Int64
  }

  private static let edges: [Int64] = [
    0, 1, 2, 1 << 31 - 1, 1 << 31, 1 << 31 + 1, 1 << 32 - 2, 1 << 32 - 1, 1 << 32, 1 << 32 + 1,
  ]
  private static let extremes: [Int64] = [
    .min, .min + 1, -1 << 32, -1 << 31, -1, 0, 1, 1 << 31, 1 << 32, .max - 1, .max,
  ]
  private static let heads: [Int64?] = [nil, 0, 1 << 32 - 1, 1 << 32, 1 << 40, .max]

  private static func step(_ random: inout SeededGenerator, _ scale: Scale, _ value: Int64) -> Int64
  {
    switch scale {
    case .near: value &+ Int64(random.below(7)) &- 1
    case .edges:
      random.oneIn(6)
        ? (random.oneIn(2) ? value &+ random.pick(edges) : value &- random.pick(edges))
        : value &+ Int64(random.below(3))
    case .extreme: random.oneIn(3) ? random.pick(extremes) : value &+ 1
    }
  }

  @Test("A long random life of many windows", arguments: [1, 2, 3, 10, 40])
  func randomLife(intervals: Int) {
    let seed = testSeed &+ UInt64(intervals)
    var random = SeededGenerator(seed: seed)
    let distance = random.pick([0, 1, 5] as [Int64])
    let limits = WindowLimits(intervals: intervals, minimumDistance: distance)
    var pool = WindowPool(limits: limits)
    var models: [Int32: Model] = [:]
    var known: [Int32] = []
    var comparison = Comparison("packed windows of \(intervals), seed \(seed)")
    var wasWide = 0

    for step in 0..<25_000 {
      let action = random.below(100)
      // Windows beyond one chunk of the pool.
      if models.count < 300, models.isEmpty || action < 4 {
        let window = pool.allocate()
        comparison.expect(models[window] == nil, true, "step \(step): \(window) was in use")
        known.append(window)
        let scale = random.pick(Scale.allCases)
        models[window] = Model(
          ring: ReferenceRing(intervals: intervals, minimumDistance: distance), scale: scale,
          offset: scale == .extreme ? random.pick(Self.extremes) : 1 << 33,
          time: 1_700_000_000_000, order: scale == .extreme ? random.pick(Self.extremes) : 1 << 34)
        Self.compare(pool, window, models[window], &comparison, step)
        continue
      }
      // Few windows get most of the commits, so that they fill and turn.
      let window = known[random.below(random.oneIn(2) ? min(8, known.count) : known.count)]
      guard var model = models[window] else { continue }
      switch action {
      case 4..<6:
        pool.release(window)
        models[window] = nil
        known.removeAll { $0 == window }
        comparison.expect(pool.count, models.count, "step \(step): count")
        continue
      case 6..<10:
        model.owner = UInt32(truncatingIfNeeded: random.next())
        pool.setOwner(model.owner, of: window)
      case 10..<14:
        model.behindSince = UInt32(truncatingIfNeeded: random.next())
        pool.setBehindSince(model.behindSince, of: window)
      default:
        model.offset = Self.step(&random, model.scale, model.offset)
        model.time = Self.step(&random, model.scale, model.time)
        model.order = Self.step(&random, model.scale, model.order)
        // Now and then a head of this window's own range.
        let head =
          random.oneIn(2) ? random.pick(Self.heads) : model.offset &+ Int64(random.below(9)) &- 3
        let commit = CommitEntry(
          offset: model.offset, timestamp: model.time, order: model.order,
          observedAtSeconds: UInt32(truncatingIfNeeded: random.next()), lag: 12)
        _ = model.ring.add(commit.reference, head: head)
        _ = pool.record(commit, head: head, in: window)
      }
      models[window] = model
      Self.compare(pool, window, model, &comparison, step)
      wasWide = max(wasWide, pool.wideCount)
      if step % 2000 == 0 {
        for (window, model) in models { Self.compare(pool, window, model, &comparison, step) }
      }
    }
    for (window, model) in models { Self.compare(pool, window, model, &comparison, -1) }
    comparison.conclude()
    // One commit always fits its own base, unless its lag is too large.
    #expect(wasWide > 0, "the world was too tame, seed \(seed)")
    for window in models.keys { pool.release(window) }
    #expect(pool.count == 0)
    #expect(pool.wideCount == 0)
  }

  private static func compare(
    _ pool: WindowPool, _ window: Int32, _ model: Model?, _ comparison: inout Comparison,
    _ step: Int
  ) {
    guard let model else { return }
    let commits = model.ring.commits
    let place = "step \(step), window \(window)"
    comparison.expect(pool.entries(of: window).map(\.reference), commits, place)
    comparison.expect(pool.commitCount(of: window), commits.count, place)
    comparison.expect(pool.newestOffset(of: window), commits.last?.offset, place)
    let bounds = pool.bounds(of: window)
    comparison.expect(bounds?.start.reference, commits.first, place)
    comparison.expect(bounds?.end.reference, commits.last, place)
    comparison.expect(pool.owner(of: window), model.owner, place)
    comparison.expect(pool.behindSince(window), model.behindSince, place)
  }

  /// Records commits one after the other into a new window of a new pool.
  private func pool(
    intervals: Int = 3, _ commits: [(order: Int64, offset: Int64, time: Int64, head: Int64?)]
  ) -> WindowPool {
    var pool = WindowPool(limits: WindowLimits(intervals: intervals))
    let window = pool.allocate()
    for commit in commits {
      _ = pool.record(
        CommitEntry(
          offset: commit.offset, timestamp: commit.time, order: commit.order,
          observedAtSeconds: 1, lag: nil), head: commit.head, in: window)
    }
    return pool
  }

  @Test("Differences of 32 bits are packed, one more is kept wide, and nothing is rounded")
  func packingEdges() {
    let year: Int64 = 365 * 86_400_000
    let limit = Int64(Int32.max)
    #expect(pool([(1, 0, 0, 0), (2, limit, 1, 0)]).wideCount == 0)
    #expect(pool([(1, 0, 0, 0), (2, limit + 1, 1, 0)]).wideCount == 1)
    #expect(pool([(1, 0, 0, 0), (2, -limit - 1, 1, 0)]).wideCount == 0)
    #expect(pool([(1, 0, 0, 0), (2, -limit - 2, 1, 0)]).wideCount == 1)
    #expect(pool([(1, 0, 0, 0), (2, 1, limit, 0)]).wideCount == 0)
    #expect(pool([(1, 0, 0, 0), (2, 1, year, 0)]).wideCount == 1)
    #expect(pool([(1, 0, 0, 0), (1 + Int64(UInt32.max), 1, 1, 0)]).wideCount == 0)
    #expect(pool([(1, 0, 0, 0), (2 + Int64(UInt32.max), 1, 1, 0)]).wideCount == 1)
    // A lag of 2^32 - 1 is the mark of an unknown one in the packed form.
    #expect(pool([(1, 0, 0, Int64(UInt32.max) - 1)]).wideCount == 0)
    let large = pool([(1, 0, 0, Int64(UInt32.max))])
    #expect(large.wideCount == 1)
    #expect(large.entries(of: 0).map(\.lag) == [UInt64(UInt32.max)])
    #expect(pool([(1, 0, 0, nil)]).entries(of: 0).map(\.lag) == [nil])
  }

  @Test("A wide window is packed again once what did not fit has left it")
  func wideAndBack() {
    var pool = pool([(1, 0, 0, 0), (2, 1 << 40, 1, 0)])
    #expect(pool.wideCount == 1)
    pool.setOwner(5, of: 0)
    pool.setBehindSince(6, of: 0)
    for order: Int64 in 3...5 {
      _ = pool.record(
        CommitEntry(
          offset: 1 << 40 + order, timestamp: order, order: order, observedAtSeconds: 0,
          lag: nil), head: nil, in: 0)
    }
    #expect(pool.wideCount == 0)
    let newest: [Int64] = [3, 4, 5].map { 1 << 40 + $0 }
    #expect(pool.entries(of: 0).map(\.offset) == newest)
    #expect(pool.owner(of: 0) == 5)
    #expect(pool.behindSince(0) == 6)
  }

  @Test("A base that commits ran away from is moved along, so that long lives stay packed")
  func movingBase() {
    let step: Int64 = 1 << 29
    let pool = pool(
      (1...50).map { (order: $0 * step, offset: $0 * step, time: $0 * step, head: nil) })
    #expect(pool.wideCount == 0)
    let newest: [Int64] = [48, 49, 50].map { $0 * step }
    #expect(pool.entries(of: 0).map(\.offset) == newest)
    #expect(pool.entries(of: 0).map(\.order) == newest)
    #expect(pool.entries(of: 0).map(\.timestamp) == newest)
  }

  @Test("An order at the bottom of its range is old, not new, to one at the top")
  func orderOverflow() {
    let pool = pool([(.max, 5, 5, nil), (.min, 9, 9, nil)])
    #expect(pool.entries(of: 0).map(\.offset) == [9, 5])
  }

  @Test("A window that is given back comes again empty, without owner and time")
  func reuse() {
    var pool = WindowPool(limits: WindowLimits(intervals: 2))
    let first = pool.allocate()
    let second = pool.allocate()
    for (order, offset) in [(Int64(1), Int64(1)), (2, 1 << 50)] {
      let entry = CommitEntry(
        offset: offset, timestamp: 1, order: order, observedAtSeconds: 1, lag: nil)
      _ = pool.record(entry, head: 7, in: first)
      _ = pool.record(entry, head: 7, in: second)
    }
    pool.setOwner(1, of: first)
    pool.setBehindSince(2, of: first)
    #expect(pool.wideCount == 2)
    pool.release(first)
    #expect(pool.wideCount == 1)
    #expect(pool.count == 1)
    #expect(pool.allocate() == first)
    #expect(pool.entries(of: first) == [])
    #expect(pool.bounds(of: first) == nil)
    #expect(pool.newestOffset(of: first) == nil)
    #expect(pool.owner(of: first) == 0)
    #expect(pool.behindSince(first) == 0)
    #expect(pool.entries(of: second).count == 2)
  }

  @Test("Memory grows by chunks and comes to less than 240 bytes for a window of ten")
  func footprint() {
    var pool = WindowPool(limits: WindowLimits())
    #expect(pool.footprint == 0)
    for _ in 0..<2560 { _ = pool.allocate() }
    #expect(pool.footprint <= 2560 * 240)
    let full = pool.footprint
    _ = pool.allocate()
    #expect(pool.footprint > full)
  }
}
