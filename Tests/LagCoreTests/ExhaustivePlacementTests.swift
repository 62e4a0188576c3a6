import LagCore
import LagSimulation
import Testing

/// Every short sequence of commits, through all three implementations of placement.
@Suite("Exhaustive placement")
struct ExhaustivePlacementTests {
  /// The same window in the plain list, in the packed pool and in the naive ring.
  private struct Trio {
    let limits: WindowLimits
    var entries: [CommitEntry] = []
    var pool: WindowPool
    var ring: ReferenceRing
    let window: Int32

    init(_ limits: WindowLimits) {
      self.limits = limits
      var pool = WindowPool(limits: limits)
      window = pool.allocate()
      self.pool = pool
      ring = ReferenceRing(intervals: limits.intervals, minimumDistance: limits.minimumDistance)
    }

    /// Offers a commit to all three; returns whether any contents changed.
    mutating func offer(_ commit: CommitEntry, head: Int64?, _ comparison: inout Comparison) -> Bool
    {
      let before = entries
      let placement = limits.place(commit, head: head, into: &entries)
      let packed = pool.record(commit, head: head, in: window)
      let fate = ring.add(commit.reference, head: head)
      comparison.expect(packed, placement, "\(commit) into \(before), \(limits)")
      comparison.expect(
        Self.fates(of: placement).contains(fate), true,
        "\(placement) but \(fate): \(commit) into \(before), \(limits)")
      comparison.expect(
        entries.map(\.reference), ring.commits, "\(commit) into \(before), \(limits)")
      comparison.expect(
        pool.entries(of: window), entries, "packed \(commit) into \(before), \(limits)")
      comparison.expect(pool.newestOffset(of: window), entries.last?.offset, "newest")
      comparison.expect(pool.commitCount(of: window), entries.count, "count")
      return fate != .dropped
    }

    private static func fates(of placement: Placement) -> [ReferenceRing.Fate] {
      switch placement {
      case .appended: [.appended]
      case .merged: [.merged, .mergedBehind]
      case .inserted: [.inserted]
      case .duplicate, .tooOld: [.dropped]
      }
    }
  }

  /// Walks the tree of all sequences; one whose last commit changed nothing is not walked further.
  ///
  /// - Parameter repeats: whether an order may come twice in a sequence.
  private func walk(
    _ trio: Trio, depth: Int, orders: [Int64], repeats: Bool, timestamps: [Int64],
    _ comparison: inout Comparison
  ) {
    guard depth > 0 else { return }
    for order in orders {
      let left = repeats ? orders : orders.filter { $0 != order }
      for timestamp in timestamps {
        var next = trio
        // The offset tells the commits of one sequence apart; the head goes unknown now and then.
        let commit = CommitEntry(
          offset: Int64(depth), timestamp: timestamp, order: order,
          observedAtSeconds: UInt32(depth), lag: 99)
        let head: Int64? = order % 3 == 0 ? nil : 4
        if next.offer(commit, head: head, &comparison) {
          walk(
            next, depth: depth - 1, orders: left, repeats: repeats, timestamps: timestamps,
            &comparison)
        }
      }
    }
  }

  /// All windows of one to four commits with three minimum distances; a window is never offered
  /// more than three commits more than it holds.
  private func walkAll(
    _ name: String, depth: Int, repeats: Bool, timestamps: (_ distance: Int64) -> [Int64]
  ) {
    var comparison = Comparison(name)
    for intervals in 1...4 {
      for distance: Int64 in [0, 1, 5] {
        let depth = min(depth, intervals + 3)
        walk(
          Trio(WindowLimits(intervals: intervals, minimumDistance: distance)), depth: depth,
          orders: Array(1...Int64(depth)), repeats: repeats, timestamps: timestamps(distance),
          &comparison)
      }
    }
    comparison.conclude()
  }

  @Test("Six commits in any order, at the same time or just far enough apart")
  func sixCommits() {
    walkAll("placement of 6 commits", depth: 6, repeats: false) { [0, max($0, 1)] }
  }

  @Test("Four commits in any order, repeated orders too, at four distances")
  func fourCommits() {
    walkAll("placement of 4 commits", depth: 4, repeats: true) {
      [0, max($0, 2) - 1, max($0, 2), 2 * max($0, 2) - 1]
    }
  }
}
