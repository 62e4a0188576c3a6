import LagCore
import LagSimulation
import Testing

/// Every small window there is, against the naive reference.
@Suite("Exhaustive windows")
struct ExhaustiveWindowTests {
  /// What surrounds a window in an evaluation.
  private struct Surroundings {
    var heads: [Int64] = []
    var currentLag: UInt64 = 3
    var now: Int64 = 2
    var allowedLag: UInt64 = 0
    var minimumComplete: Float = 0
    var needsTwoLags = false
  }

  private static let lags: [UInt64?] = [nil, 0, 1, 2]

  /// All sequences of `length` values.
  private static func sequences<Value>(of values: [Value], length: Int) -> [[Value]] {
    var sequences: [[Value]] = [[]]
    for _ in 0..<length {
      sequences = sequences.flatMap { head in values.map { head + [$0] } }
    }
    return sequences
  }

  /// Patterns of offsets that differ in their order: 1, 1 or 2, 1 and 2 in any order, and so on.
  ///
  /// Only comparisons of offsets matter to the rules, so 2, 2, 3 is 1, 1, 2 again and left out.
  private static func patterns(length: Int, values: Int64) -> [[Int64]] {
    sequences(of: Array(1...max(values, 1)), length: length).filter { pattern in
      let used = Set(pattern)
      return used.count == Int(used.max() ?? 0)
    }
  }

  private static func compare(
    _ comparison: inout Comparison, _ commits: [ReferenceCommit], empties: Int = 0,
    _ around: Surroundings
  ) {
    let empty: [ReferenceCommit?] = Array(repeating: nil, count: empties)
    let window = empty + commits.map { $0 }
    let slots = window.map { $0.map { WindowSlot($0.offset, $0.timestamp, $0.lag) } }
    let found = evaluateWindow(
      slots: slots, heads: around.heads, currentLag: around.currentLag, nowSeconds: around.now,
      parameters: EvaluationParameters(
        allowedLag: around.allowedLag, minimumComplete: around.minimumComplete,
        warningNeedsTwoLags: around.needsTwoLags))
    let expected = ReferenceRules.evaluate(
      window, heads: around.heads, currentLag: around.currentLag, nowSeconds: around.now,
      allowedLag: around.allowedLag, minimumComplete: around.minimumComplete,
      needsTwoLags: around.needsTwoLags)
    comparison.expect(
      found.status.reference, expected.status, "\(window) \(around), rule \(found.rule)")
    if found.complete != expected.complete {
      comparison.expect(found.complete, expected.complete, "completeness of \(window) \(around)")
    }
  }

  private static func commits(
    _ offsets: [Int64], _ timestamps: [Int64], _ lags: [UInt64?]
  ) -> [ReferenceCommit] {
    offsets.indices.map { ReferenceCommit(offsets[$0], timestamps[$0], lags[$0]) }
  }

  @Test("Windows of up to two commits in every surrounding")
  func smallestWindows() {
    var comparison = Comparison("windows of 0 to 2 commits")
    let surroundings = Self.surroundings(
      heads: [[], [1], [2, 3], [3, 1, 3]], lags: [(0, 0), (1, 0), (1, 1), (2, 1)],
      clocks: [-1, 1, 2, 3], minimumComplete: [0, 0.5, 1])
    for length in 0...2 {
      for offsets in Self.patterns(length: length, values: 3) {
        for timestamps in Self.sequences(of: [0, 1000, 2000] as [Int64], length: length) {
          for lags in Self.sequences(of: Self.lags, length: length) {
            let commits = Self.commits(offsets, timestamps, lags)
            for around in surroundings {
              for empties in 0...2 {
                Self.compare(&comparison, commits, empties: empties, around)
              }
            }
          }
        }
      }
    }
    comparison.conclude()
  }

  @Test("Windows of three commits with few surroundings")
  func windowsOfThree() {
    var comparison = Comparison("windows of 3 commits")
    let surroundings = Self.surroundings(
      heads: [[], [2], [4]], lags: [(1, 0), (2, 1)], clocks: [0, 1, 2, 3], minimumComplete: [0.6])
    for offsets in Self.patterns(length: 3, values: 3) {
      for timestamps in Self.sequences(of: [0, 1000] as [Int64], length: 3) {
        for lags in Self.sequences(of: Self.lags, length: 3) {
          let commits = Self.commits(offsets, timestamps, lags)
          for around in surroundings {
            Self.compare(&comparison, commits, empties: 2, around)
          }
        }
      }
    }
    comparison.conclude()
  }

  @Test("Offsets and lags of windows of four and five commits")
  func longerWindows() {
    var comparison = Comparison("windows of 4 and 5 commits")
    let running = (0..<5).map { Int64($0) * 1000 }
    for length in 4...5 {
      let lagSequences = Self.sequences(of: Self.lags, length: length)
      for offsets in Self.patterns(length: length, values: length == 4 ? 4 : 3) {
        for lags in lagSequences {
          let commits = Self.commits(offsets, running, lags)
          Self.compare(&comparison, commits, Surroundings(now: 5, needsTwoLags: length == 4))
          if length == 4 {
            Self.compare(&comparison, commits, Surroundings(now: 5, allowedLag: 1))
          }
        }
      }
    }
    comparison.conclude()
  }

  @Test("Every order of five offsets, with every rule about silence")
  func ordersOfFive() {
    var comparison = Comparison("orders of 5 offsets")
    let surroundings = Self.surroundings(
      heads: [[], [2, 5], [6]], lags: [(1, 0)], clocks: [7, 8, 9], minimumComplete: [0])
    let timestamps: [Int64] = [0, 1000, 2000, 3000, 4000]
    for offsets in Self.patterns(length: 5, values: 5) {
      for lags: [UInt64?] in [[2, 2, 2, 2, 2], [2, nil, 1, 2, 2], [2, 2, 2, 0, nil]] {
        let commits = Self.commits(offsets, timestamps, lags)
        for around in surroundings { Self.compare(&comparison, commits, around) }
      }
    }
    comparison.conclude()
  }

  /// The product of the given choices; `lags` are pairs of current and allowed lag.
  private static func surroundings(
    heads: [[Int64]], lags: [(current: UInt64, allowed: UInt64)], clocks: [Int64],
    minimumComplete: [Float]
  ) -> [Surroundings] {
    heads.flatMap { heads in
      lags.flatMap { lag in
        clocks.flatMap { now in
          minimumComplete.flatMap { minimumComplete in
            [false, true].map { needsTwoLags in
              Surroundings(
                heads: heads, currentLag: lag.current, now: now, allowedLag: lag.allowed,
                minimumComplete: minimumComplete, needsTwoLags: needsTwoLags)
            }
          }
        }
      }
    }
  }
}
