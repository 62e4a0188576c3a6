import LagCore
import Testing

/// Vole's own verdict: what is unknown, and what counts all the same.
@Suite("Group judgement")
struct GroupJudgementTests {
  /// A partition of windows of three in a state of its own.
  private enum Kind: CaseIterable {
    case ok, warning, stop, stall, rewind, headless, incomplete
  }

  /// Adds a partition in a state that it shows at second 100.
  private func add(_ kind: Kind, _ partition: Int32, to world: TestStore) {
    let offsets: [Int64] =
      switch kind {
      case .ok, .warning, .stop, .headless: [10, 11, 12]
      case .stall: [10, 10, 10]
      case .rewind: [10, 9, 8]
      case .incomplete: [10]
      }
    // STOP ends long before second 100, the others at it.
    let end: Int64 = kind == .stop ? 40 : 100
    world.commit("g", "t", partition, 1, at: end - 30)
    for (step, offset) in offsets.enumerated() {
      let time = end - 20 + 10 * Int64(step)
      if kind == .incomplete { world.tombstone("g", "t", partition) }
      if kind != .headless {
        world.head("t", partition, kind == .ok ? 12 : 50 + 10 * Int64(step), at: time)
      }
      world.commit("g", "t", partition, offset, at: time)
    }
  }

  private func world(_ kinds: [Kind]) -> TestStore {
    let world = TestStore()
    // A keeper of the topic, so that a tombstone does not forget the heads.
    world.commit("keeper", "t", 99, 1, at: 0)
    for (partition, kind) in kinds.enumerated() { add(kind, Int32(partition), to: world) }
    return world
  }

  @Test("Each state alone gives its verdict, and is counted once")
  func alone() {
    let expected: [(Kind, Verdict)] = [
      (.ok, .ok), (.warning, .warning), (.stop, .error), (.stall, .error), (.rewind, .error),
      (.headless, .unknown), (.incomplete, .unknown),
    ]
    #expect(expected.count == Kind.allCases.count)
    for (kind, verdict) in expected {
      let judgement = world([kind]).judge(at: 100)
      #expect(judgement.verdict == verdict, "\(kind)")
      #expect(judgement.partitions == 1)
      let counts = [
        judgement.ok, judgement.warning, judgement.stop, judgement.stall, judgement.rewind,
        judgement.unknown,
      ]
      #expect(counts.reduce(0, +) == 1)
      let place: Int? =
        switch kind {
        case .ok: 0
        case .warning: 1
        case .stop: 2
        case .stall: 3
        case .rewind: 4
        case .headless, .incomplete: 5
        }
      #expect(counts.firstIndex(of: 1) == place, "\(kind)")
    }
  }

  @Test("ERR counts before UNKNOWN, UNKNOWN before WARN, WARN before OK")
  func precedence() {
    func rank(_ kind: Kind) -> Int {
      switch kind {
      case .ok: 0
      case .warning: 1
      case .headless, .incomplete: 2
      case .stop, .stall, .rewind: 3
      }
    }
    let verdicts: [Verdict] = [.ok, .warning, .unknown, .error]
    for first in Kind.allCases {
      for second in Kind.allCases {
        let judgement = world([first, second]).judge(at: 100)
        #expect(
          judgement.verdict == verdicts[max(rank(first), rank(second))], "\(first), \(second)")
        #expect(judgement.partitions == 2)
      }
    }
  }

  @Test("A window that is not full but has no lag is OK")
  func incompleteWithoutLag() {
    let world = TestStore()
    world.commit(10, at: 100)
    world.head(10, at: 100)
    #expect(world.judge(at: 100).verdict == .ok)
    world.head(11, at: 101)
    #expect(world.judge(at: 101).verdict == .unknown)
    let tolerant = JudgementParameters(allowedLag: 1)
    #expect(world.judge(at: 101, tolerant).verdict == .ok)
    #expect(world.judge(at: 101, tolerant).totalLag == 1)
  }

  @Test("A window filled exactly as asked is judged")
  func minimumComplete() {
    let world = TestStore(intervals: 2)
    world.commit(10, at: 100)
    world.head(11, at: 100)
    #expect(world.judge(at: 100, JudgementParameters(minimumComplete: 0.5)).verdict == .error)
    #expect(world.judge(at: 100, JudgementParameters(minimumComplete: 0.51)).verdict == .unknown)
  }

  @Test("A consumer stuck before the agent came is judged once head and commit stood for the hold")
  func hold() {
    let world = TestStore()
    world.commit(10, at: 1000)
    world.head(11, at: 1000)
    let parameters = JudgementParameters(hold: 60)
    #expect(world.judge(at: 1000, parameters).verdict == .unknown)
    #expect(world.judge(at: 1059, parameters).verdict == .unknown)
    #expect(world.judge(at: 1060, parameters).verdict == .error)
    #expect(world.judge(at: 1060, parameters).stop == 1)
  }

  @Test("The hold counts from when lag was seen first, not from the commit")
  func holdFromFirstSight() {
    let world = TestStore()
    world.commit(10, at: 1000)
    world.head(11, at: 1500)
    let parameters = JudgementParameters(hold: 60)
    #expect(world.judge(at: 1500, parameters).verdict == .unknown)
    #expect(world.judge(at: 1559, parameters).verdict == .unknown)
    #expect(world.judge(at: 1560, parameters).verdict == .error)
  }

  @Test("The commit must be as old as the hold too")
  func holdOfCommit() {
    let world = TestStore()
    world.commit(10, at: 1000)
    world.head(11, at: 1000)
    let parameters = JudgementParameters(hold: 60)
    _ = world.judge(at: 1000, parameters)
    // The same offset again: the consumer did not move, but it lives.
    world.commit(10, at: 1030)
    #expect(world.judge(at: 1089, parameters).verdict == .unknown)
    #expect(world.judge(at: 1090, parameters).verdict == .error)
  }

  @Test("Progress and catching up begin the hold anew")
  func holdBeginsAnew() {
    let parameters = JudgementParameters(hold: 60)
    let moving = TestStore(intervals: 5)
    moving.commit(10, at: 1000)
    moving.head(20, at: 1000)
    _ = moving.judge(at: 1000, parameters)
    moving.commit(11, at: 1001)
    _ = moving.judge(at: 1050, parameters)
    #expect(moving.judge(at: 1109, parameters).verdict == .unknown)
    #expect(moving.judge(at: 1110, parameters).verdict == .error)

    // A head that falls back to the commit: no lag for a moment.
    let caughtUp = TestStore(intervals: 5)
    caughtUp.commit(10, at: 1000)
    caughtUp.head(20, at: 1000)
    _ = caughtUp.judge(at: 1000, parameters)
    caughtUp.head(10, at: 1020)
    #expect(caughtUp.judge(at: 1020, parameters).verdict == .ok)
    for seconds: Int64 in 1030...1034 { caughtUp.head(20, at: seconds) }
    #expect(caughtUp.judge(at: 1035, parameters).verdict == .unknown)
    #expect(caughtUp.judge(at: 1094, parameters).verdict == .unknown)
    #expect(caughtUp.judge(at: 1095, parameters).verdict == .error)
  }

  @Test("A late commit that merges into an older one is no progress")
  func lateCommitIsNoProgress() {
    let world = TestStore(intervals: 5, distance: 10_000)
    let parameters = JudgementParameters(hold: 60)
    world.commit(10, at: 900, order: 10)
    world.commit(11, at: 950, order: 20)
    world.head(20, at: 1000)
    _ = world.judge(at: 1000, parameters)
    #expect(world.commit(9, at: 905, order: 15) == .placed(.merged))
    _ = world.judge(at: 1050, parameters)
    #expect(world.judge(at: 1060, parameters).verdict == .error)
  }

  @Test("A clock that is set back does not end the hold, and none is negative")
  func clockSetBack() {
    let world = TestStore()
    let parameters = JudgementParameters(hold: 60)
    world.commit(10, at: 1000)
    world.head(11, at: 1000)
    _ = world.judge(at: 1000, parameters)
    #expect(world.judge(at: 10, parameters).verdict == .unknown)
    #expect(world.judge(at: -10, parameters).verdict == .unknown)
    #expect(world.judge(at: 1060, parameters).verdict == .error)
  }

  @Test("Without a hold a stand counts at once")
  func noHold() {
    let world = TestStore()
    world.commit(10, at: 1000)
    world.head(11, at: 1000)
    #expect(world.judge(at: 1001, JudgementParameters(hold: 0)).verdict == .error)
  }

  @Test("WARN needs two known lags unless Burrow's rule is asked for")
  func lags() {
    let world = TestStore()
    for step: Int64 in 0..<3 { world.commit(10 + step, at: 1000 + step) }
    world.head(99, at: 1003)
    #expect(world.judge(at: 1003).verdict == .ok)
    #expect(
      world.judge(at: 1003, JudgementParameters(warningNeedsTwoLags: false)).verdict == .warning)
  }

  @Test("What the commits said before is forgotten with each commit, a merged one too")
  func remembered() {
    let world = TestStore(distance: 5000)
    for step: Int64 in 0..<3 {
      world.commit(10, at: 1000 + 10 * step)
      world.head(50 + step, at: 1001 + 10 * step)
    }
    #expect(world.judge(at: 1021).worst?.rule == .stalled)
    #expect(world.judge(at: 1022).worst?.rule == .stalled)
    // Another allowed lag is another question.
    let tolerant = JudgementParameters(allowedLag: 41)
    #expect(world.judge(at: 1022, tolerant).worst?.rule == nil)
    #expect(world.judge(at: 1022).worst?.rule == .stalled)
    // It comes too early for a place of its own, and merges into the one before it.
    world.commit(11, at: 1023)
    #expect(world.judge(at: 1023).worst?.rule == .lagNotDecreasing)
    world.commit(12, at: 1030)
    world.head(60, at: 1031)
    world.commit(9, at: 1040)
    #expect(world.judge(at: 1041).worst?.rule == .rewound)
    world.tombstone()
    #expect(world.judge(at: 1042).verdict == .notFound)
    world.commit(9, at: 1050)
    world.head(60, at: 1050)
    #expect(world.judge(at: 1050, JudgementParameters(minimumComplete: 0)).stall == 1)
  }

  @Test("The partition that has been behind for longest is told if somebody owns it")
  func longestBehind() {
    let world = TestStore()
    world.commit("keeper", "t", 99, 1, at: 0)
    for partition: Int32 in 0..<3 {
      world.commit("g", "t", partition, 10, at: 1000)
      world.head("t", partition, partition == 0 ? 20 : 10, at: 1000)
    }
    #expect(world.judge(at: 1000).longestBehind == nil)
    world.own(by: [("a", [("t", [1])]), ("b", [("t", [2])])])
    #expect(world.judge(at: 1001).longestBehind == nil)
    world.head("t", 2, 11, at: 1002)
    #expect(world.judge(at: 1002).longestBehind?.member == 1)
    #expect(world.judge(at: 1002).longestBehind?.since == 1002)
    world.head("t", 1, 11, at: 1003)
    #expect(world.judge(at: 1003).longestBehind?.member == 1)
    #expect(world.judge(at: 1003).longestBehind?.since == 1002)
    world.commit("g", "t", 2, 11, at: 1004)
    #expect(world.judge(at: 1004).longestBehind?.member == 0)
    #expect(world.judge(at: 1004).longestBehind?.since == 1003)
  }

  @Test("Lags are summed over all partitions, those that are not judged included")
  func totalLag() {
    #expect(world([.ok, .stall, .headless, .incomplete]).judge(at: 100).totalLag == 60 + 40)
  }

  @Test("The worst partition is the most severe, then the one with most lag, then the first")
  func worst() {
    #expect(world([.ok, .headless]).judge(at: 100).worst == nil)
    let warned = world([.warning, .ok])
    let mild = warned.judge(at: 100).worst
    #expect(mild?.topic == 0)
    #expect(mild?.partition == 0)
    #expect(mild?.rule == .lagNotDecreasing)
    #expect(mild?.lag == 58)
    warned.head("t", 0, 1_000_000, at: 100)
    add(.rewind, 2, to: warned)
    #expect(warned.judge(at: 100).worst?.partition == 2)
    add(.stall, 3, to: warned)
    // 70 - 8 against 70 - 10.
    #expect(warned.judge(at: 100).worst?.rule == .rewound)
    add(.rewind, 4, to: warned)
    #expect(warned.judge(at: 100).worst?.partition == 2)
    warned.head("t", 3, 75, at: 100)
    #expect(warned.judge(at: 100).worst?.rule == .stalled)
    #expect(warned.judge(at: 100).worst?.lag == 65)
  }

  @Test("Verdicts have their words")
  func names() {
    #expect(
      Verdict.allCases.map { "\($0.name)" } == ["NOTFOUND", "OK", "WARN", "UNKNOWN", "ERR"])
  }

  @Test("A group without commits is not found, owners or not")
  func notFound() {
    let world = TestStore()
    #expect(world.judge(at: 1) == .notFound)
    world.own(by: [("m", [("t", [0])])])
    world.head(5, at: 1)
    #expect(world.judge(at: 1) == .notFound)
  }
}
