import LagCore
import Testing

/// Placement by name: each way a commit can go, with Burrow's own cases
/// (`core/internal/storage/inmemory_test.go`) among them.
@Suite("Placement")
struct PlacementTests {
  /// A commit as the tests write it: order, offset, time.
  private typealias Commit = (order: Int64, offset: Int64, time: Int64)

  /// What a window holds as the tests write it: order, offset, time, lag.
  private struct Kept: Equatable {
    var order: Int64
    var offset: Int64
    var time: Int64
    var lag: UInt64?

    init(_ order: Int64, _ offset: Int64, _ time: Int64, _ lag: UInt64?) {
      self.order = order
      self.offset = offset
      self.time = time
      self.lag = lag
    }
  }

  /// Offers commits to a list and to a pool, which must agree; returns the list's contents.
  private func window(
    intervals: Int = 10, distance: Int64 = 0, head: Int64? = 10_000, _ commits: [Commit]
  ) -> (kept: [Kept], placements: [Placement]) {
    let limits = WindowLimits(intervals: intervals, minimumDistance: distance)
    var entries: [CommitEntry] = []
    var pool = WindowPool(limits: limits)
    let window = pool.allocate()
    var placements: [Placement] = []
    for commit in commits {
      let entry = CommitEntry(
        offset: commit.offset, timestamp: commit.time, order: commit.order, observedAtSeconds: 7,
        lag: nil)
      placements.append(limits.place(entry, head: head, into: &entries))
      #expect(pool.record(entry, head: head, in: window) == placements.last)
      #expect(pool.entries(of: window) == entries)
    }
    return (entries.map { Kept($0.order, $0.offset, $0.timestamp, $0.lag) }, placements)
  }

  /// Ten commits, 10 to 100 in order, 1000 to 10000 in offset, 100 s apart.
  private static let ten: [Commit] = (1...10).map { ($0 * 10, $0 * 1000, $0 * 100_000) }

  private static func kept(_ range: ClosedRange<Int64>) -> [Kept] {
    range.map { Kept($0 * 10, $0 * 1000, $0 * 100_000, UInt64(10_000 - $0 * 1000)) }
  }

  @Test("Commits in order are appended, each with its lag at that time")
  func appending() {
    let result = window(Array(Self.ten.prefix(5)))
    #expect(result.kept == Self.kept(1...5))
    #expect(result.placements == Array(repeating: .appended, count: 5))
  }

  @Test("A full window loses its oldest")
  func overwriting() {
    let result = window(intervals: 3, Self.ten)
    #expect(result.kept == Self.kept(8...10))
  }

  @Test("Older commits go in front with an unknown lag until the window is full, then nowhere")
  func prepending() {
    var commits: [Commit] = [(20, 1000, 100_000), (30, 2000, 200_000)]
    for order: Int64 in [15, 14, 13, 12, 11, 10, 9, 8, 7, 6] {
      commits.append((order, order * 10, 300_000))
    }
    let result = window(commits)
    #expect(
      result.kept == (8...15).map { Kept($0, $0 * 10, 300_000, nil) } + [
        Kept(20, 1000, 100_000, 9000), Kept(30, 2000, 200_000, 8000),
      ])
    #expect(result.placements.suffix(3) == [.inserted, .tooOld, .tooOld])
  }

  @Test("A commit between others pushes nothing out while there is room")
  func insertingBetween() {
    let result = window([
      (20, 1000, 100_000), (30, 2000, 300_000), (40, 3000, 400_000), (25, 1500, 200_000),
    ])
    #expect(
      result.kept == [
        Kept(20, 1000, 100_000, 9000), Kept(25, 1500, 200_000, nil),
        Kept(30, 2000, 300_000, 8000), Kept(40, 3000, 400_000, 7000),
      ])
  }

  @Test("Inserting into a full window pushes the oldest out")
  func insertingIntoFull() {
    let result = window(Self.ten + [(55, 5500, 550_000)])
    #expect(
      result.kept
        == Self.kept(2...5) + [Kept(55, 5500, 550_000, nil)] + Self.kept(6...10))
    #expect(result.placements.last == .inserted)
  }

  @Test("Just above the oldest of a full window a commit takes its place, distance or not")
  func replacingOldest() {
    for distance: Int64 in [0, 99_000] {
      let result = window(distance: distance, Self.ten + [(15, 1500, 150_000)])
      #expect(result.kept == [Kept(15, 1500, 150_000, nil)] + Self.kept(2...10))
      #expect(result.placements.last == .inserted)
    }
  }

  @Test("A commit just less than the minimum distance after the newest replaces all but its time")
  func mergingIntoNewest() {
    let five = Array(Self.ten.prefix(5))
    let near = window(distance: 1000, five + [(60, 6000, 500_999)])
    #expect(near.kept == Self.kept(1...4) + [Kept(60, 6000, 500_000, 4000)])
    #expect(near.placements.last == .merged)
    let far = window(distance: 1000, five + [(60, 6000, 501_000)])
    #expect(far.kept == Self.kept(1...5) + [Kept(60, 6000, 501_000, 4000)])
    #expect(far.placements.last == .appended)
  }

  @Test("Merging goes by the kept time, so that a fast consumer gets its next entry in the end")
  func mergingRepeatedly() {
    let result = window(distance: 1000, (0...4).map { ($0 + 1, $0 + 1, $0 * 400) })
    #expect(result.placements == [.appended, .merged, .merged, .appended, .merged])
    #expect(result.kept == [Kept(3, 3, 0, 9997), Kept(5, 5, 1200, 9995)])
  }

  @Test("A late commit near an older one merges into it and makes its lag unknown")
  func mergingBehind() {
    let result = window(distance: 1000, Array(Self.ten.prefix(5)) + [(45, 4500, 400_001)])
    #expect(
      result.kept == Self.kept(1...3) + [Kept(45, 4500, 400_000, nil)] + Self.kept(5...5))
    #expect(result.placements.last == .merged)
  }

  @Test("Even without a minimum distance a time that went backwards merges, an equal one does not")
  func backwardTime() {
    let back = window([(1, 10, 5000), (2, 20, 4999)])
    #expect(back.kept == [Kept(2, 20, 5000, 9980)])
    let same = window([(1, 10, 5000), (2, 20, 5000)])
    #expect(same.kept == [Kept(1, 10, 5000, 9990), Kept(2, 20, 5000, 9980)])
  }

  @Test("The same order again changes nothing, wherever it stands")
  func duplicates() {
    for order in [Int64(20), 30, 40] {
      let base: [Commit] = [(20, 1, 1000), (30, 2, 2000), (40, 3, 3000)]
      let partial = window(base + [(order, 99, 9000)])
      #expect(partial.placements.last == .duplicate)
      #expect(partial.kept.map(\.offset) == [1, 2, 3])
      let full = window(intervals: 3, base + [(order, 99, 9000)])
      #expect(full.placements.last == .duplicate)
      #expect(full.kept.map(\.offset) == [1, 2, 3])
    }
  }

  @Test("A window of one commit keeps the newest, merges near ones and takes nothing older")
  func singleInterval() {
    let result = window(
      intervals: 1, distance: 1000,
      [(10, 1, 0), (20, 2, 500), (15, 9, 9000), (20, 9, 9000), (30, 3, 1000), (29, 9, 9000)])
    #expect(
      result.placements == [.appended, .merged, .tooOld, .duplicate, .appended, .tooOld])
    #expect(result.kept == [Kept(30, 3, 1000, 9997)])
  }

  @Test("Without a head the lag is unknown; a commit beyond the head has none")
  func lags() {
    #expect(window(head: nil, [(1, 5, 0)]).kept == [Kept(1, 5, 0, nil)])
    #expect(window(head: 5, [(1, 5, 0)]).kept == [Kept(1, 5, 0, 0)])
    #expect(window(head: 4, [(1, 5, 0)]).kept == [Kept(1, 5, 0, 0)])
    #expect(window(head: 6, [(1, 5, 0)]).kept == [Kept(1, 5, 0, 1)])
    #expect(window(head: .max, [(1, .min, 0)]).kept == [Kept(1, .min, 0, .max)])
  }

  @Test("A merged commit is observed when it came, although it keeps the earlier commit time")
  func observationOfMerged() {
    let limits = WindowLimits(intervals: 2, minimumDistance: 1000)
    var entries: [CommitEntry] = []
    for (order, seconds) in [(Int64(1), UInt32(100)), (2, 200)] {
      _ = limits.place(
        CommitEntry(
          offset: 1, timestamp: 50, order: order, observedAtSeconds: seconds, lag: nil),
        head: nil, into: &entries)
    }
    #expect(entries.map(\.observedAtSeconds) == [200])
  }

  @Test("Limits come into their range")
  func limits() {
    #expect(WindowLimits().intervals == 10)
    #expect(WindowLimits(intervals: 0).intervals == 1)
    #expect(WindowLimits(intervals: -7).intervals == 1)
    #expect(WindowLimits(intervals: 1001).intervals == 1000)
    #expect(WindowLimits(minimumDistance: -1).minimumDistance == 0)
  }
}
