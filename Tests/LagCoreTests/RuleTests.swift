import LagCore
import Testing

/// One test per rule and per comparison: what lies exactly on the edge, and one step beside it.
@Suite("Burrow's rules")
struct RuleTests {
  /// A window of three commits that alone is WARN; the tests change one thing each.
  ///
  /// It commits 10, 20 and 30 a second apart with a lag of 5 each time, and is looked at one second
  /// after its last commit.
  private struct Window {
    var offsets: [Int64] = [10, 20, 30]
    var times: [Int64] = [1000, 2000, 3000]
    var lags: [UInt64?] = [5, 5, 5]
    var empties = 0
    var heads: [Int64] = [35]
    var currentLag: UInt64 = 5
    var now: Int64 = 4
    var parameters = EvaluationParameters()

    var verdict: WindowVerdict {
      var slots: [WindowSlot?] = Array(repeating: nil, count: empties)
      for (index, offset) in offsets.enumerated() {
        slots.append(WindowSlot(offset, times[index], lags[index]))
      }
      return evaluateWindow(
        slots: slots, heads: heads, currentLag: currentLag, nowSeconds: now,
        parameters: parameters)
    }

    var rule: Rule { verdict.rule }
  }

  private func with(_ change: (inout Window) -> Void) -> Window {
    var window = Window()
    change(&window)
    return window
  }

  // MARK: The lag that stands now

  @Test("A current lag equal to the allowed lag is no lag, one more is")
  func currentLagEdge() {
    for allowed: UInt64 in [0, 1, 5, .max - 1] {
      #expect(
        with {
          $0.parameters.allowedLag = allowed
          $0.currentLag = allowed
        }.rule == .noLag)
      #expect(
        with {
          $0.parameters.allowedLag = allowed
          $0.currentLag = allowed + 1
        }.rule != .noLag)
    }
  }

  @Test("Without lag nothing else is asked: stopped, rewound and stalled windows are OK")
  func noLagComesFirst() {
    #expect(with { ($0.currentLag, $0.now) = (0, 9999) }.rule == .noLag)
    #expect(with { ($0.currentLag, $0.offsets) = (0, [30, 20, 10]) }.rule == .noLag)
    #expect(with { ($0.currentLag, $0.offsets) = (0, [10, 10, 10]) }.rule == .noLag)
  }

  // MARK: STOP

  @Test("A silence as long as the window spans is not STOP, a second more is")
  func stoppedEdge() {
    // The window spans 2000 ms and ends at 3000.
    #expect(with { $0.now = 5 }.verdict.status == .warning)
    #expect(with { $0.now = 6 }.verdict.status == .stop)
    #expect(with { ($0.now, $0.times) = (5, [1001, 2000, 3000]) }.rule == .stopped)
    #expect(with { ($0.now, $0.times) = (5, [1000, 2000, 2999]) }.rule == .stopped)
    #expect(with { ($0.now, $0.times) = (5, [999, 2000, 3000]) }.rule == .lagNotDecreasing)
  }

  @Test("The silence counts whole seconds of the clock against milliseconds of the commits")
  func wholeSeconds() {
    #expect(with { ($0.now, $0.times) = (5, [1000, 2000, 3000]) }.rule == .lagNotDecreasing)
    // 4.999 s on a finer clock would be the same second 4.
    #expect(with { ($0.now, $0.times) = (4, [2000, 2500, 3001]) }.rule == .lagNotDecreasing)
    #expect(with { ($0.now, $0.times) = (4, [2001, 2500, 3000]) }.rule == .stopped)
  }

  @Test("A clock behind the newest commit is never STOP")
  func clockBehind() {
    for now: Int64 in [3, 2, 0, -5, -1_000_000] {
      #expect(with { $0.now = now }.rule == .lagNotDecreasing)
    }
    // One commit spans nothing: only a clock at or behind it keeps it from STOP.
    #expect(Window(offsets: [10], times: [3000], lags: [5], now: 3).rule == .stalled)
    #expect(Window(offsets: [10], times: [3000], lags: [5], now: 2).rule == .stalled)
    #expect(Window(offsets: [10], times: [3000], lags: [5], now: 4).rule == .stopped)
  }

  @Test("A span that is negative makes even a young window STOP")
  func negativeSpan() {
    #expect(with { ($0.times, $0.now) = ([3000, 2000, 1000], 1) }.rule == .stopped)
    #expect(with { ($0.times, $0.now) = ([3000, 2000, 1000], -1) }.rule == .lagNotDecreasing)
  }

  @Test("Only the first and the last time count for the span")
  func spanOfEnds() {
    #expect(with { ($0.times, $0.now) = ([1000, 99_000, 3000], 5) }.rule == .lagNotDecreasing)
    #expect(with { ($0.times, $0.now) = ([1000, -99_000, 3000], 6) }.rule == .stopped)
  }

  @Test("STOP comes before REWIND, and before a lag that was zero in the window")
  func stoppedComesFirst() {
    #expect(with { ($0.now, $0.offsets) = (6, [30, 20, 10]) }.rule == .stopped)
    #expect(with { ($0.now, $0.lags) = (6, [0, 0, 0]) }.rule == .stopped)
  }

  @Test("A head at or below the newest commit keeps a silent window from STOP, one above does not")
  func recentLagZeroEdge() {
    #expect(with { ($0.now, $0.heads) = (6, [30]) }.rule == .lagNotDecreasing)
    #expect(with { ($0.now, $0.heads) = (6, [29]) }.rule == .lagNotDecreasing)
    #expect(with { ($0.now, $0.heads) = (6, [31]) }.rule == .stopped)
    #expect(with { ($0.now, $0.heads) = (6, []) }.rule == .stopped)
  }

  @Test("Any of the heads may be the low one, and it is held against the newest commit")
  func recentLagZeroAnywhere() {
    for heads: [Int64] in [[30, 90, 90], [90, 30, 90], [90, 90, 30]] {
      #expect(with { ($0.now, $0.heads) = (6, heads) }.rule == .lagNotDecreasing)
    }
    // 40 is below the first commit's 50, but not below the last one's 30.
    #expect(
      with { ($0.now, $0.heads, $0.offsets) = (6, [40], [50, 20, 30]) }.rule == .stopped)
  }

  @Test("The allowed lag does not soften STOP's look at the heads")
  func recentLagZeroWithoutAllowance() {
    #expect(
      with {
        ($0.now, $0.heads, $0.currentLag) = (6, [31], 6)
        $0.parameters.allowedLag = 5
      }.rule == .stopped)
  }

  @Test("One commit with lag is STOP in the next second and STALL in the same one")
  func singleCommit() {
    let one = Window(offsets: [10], times: [3000], lags: [400], empties: 9, heads: [410], now: 4)
    #expect(one.verdict == WindowVerdict(rule: .stopped, complete: 0.1))
    #expect(Window(offsets: [10], times: [3000], lags: [400], now: 3).rule == .stalled)
    #expect(Window(offsets: [10], times: [2999], lags: [400], now: 3).rule == .stopped)
  }

  // MARK: REWIND

  @Test("An offset smaller than the one before is REWIND, an equal one is not")
  func rewindEdge() {
    #expect(with { $0.offsets = [10, 20, 19] }.rule == .rewound)
    #expect(with { $0.offsets = [10, 20, 20] }.rule == .lagNotDecreasing)
  }

  @Test("A rewind at the second commit counts")
  func rewindAtOnce() {
    #expect(with { $0.offsets = [10, 9, 9] }.rule == .rewound)
    #expect(Window(offsets: [10, 9], times: [1000, 3000], lags: [5, 5]).rule == .rewound)
  }

  @Test("A rewind is recovered at exactly the offset before it, not one short of it")
  func recoveredEdge() {
    #expect(with { $0.offsets = [20, 10, 20] }.rule == .lagNotDecreasing)
    #expect(with { $0.offsets = [20, 10, 21] }.rule == .lagNotDecreasing)
    #expect(with { $0.offsets = [20, 10, 19] }.rule == .rewound)
  }

  @Test("Recovered stays recovered: a later rewind of the window is not looked for")
  func secondRewind() {
    let times: [Int64] = [0, 1000, 2000, 3000]
    #expect(
      Window(offsets: [20, 10, 20, 5], times: times, lags: [5, 5, 5, 5]).rule
        == .lagNotDecreasing)
    // The first rewind counts: back above 10, but never again at 20.
    #expect(
      Window(offsets: [20, 10, 5, 12], times: times, lags: [5, 5, 5, 5]).rule == .rewound)
  }

  @Test("REWIND is asked before a lag that was zero")
  func rewindBeforeZeroLag() {
    #expect(with { ($0.offsets, $0.lags) = ([10, 20, 15], [0, 0, 5]) }.rule == .rewound)
  }

  // MARK: A lag that was zero, STALL and WARN

  @Test("A known lag equal to the allowed one anywhere makes the window OK, one more does not")
  func lagWasZeroEdge() {
    for position in 0..<3 {
      for allowed: UInt64 in [0, 3] {
        var window = with {
          $0.parameters.allowedLag = allowed
          $0.currentLag = allowed + 1
          $0.lags = [allowed + 1, allowed + 1, allowed + 1]
        }
        #expect(window.rule == .lagNotDecreasing)
        window.lags[position] = allowed
        #expect(window.rule == .lagWasZero)
      }
    }
  }

  @Test("The same offset in every commit is STALL; one that moved is not")
  func stalled() {
    #expect(with { $0.offsets = [10, 10, 10] }.rule == .stalled)
    #expect(with { $0.offsets = [9, 10, 10] }.rule == .lagNotDecreasing)
    #expect(with { $0.offsets = [10, 10, 11] }.rule == .lagNotDecreasing)
  }

  @Test("A stalled window with one zero lag is OK")
  func stalledWithZeroLag() {
    #expect(with { ($0.offsets, $0.lags) = ([10, 10, 10], [0, 5, 6]) }.rule == .lagWasZero)
    #expect(with { ($0.offsets, $0.lags) = ([10, 10, 10], [nil, 5, 6]) }.rule == .stalled)
  }

  @Test("A stalled window whose lag shrinks is STALL all the same: STALL comes before the trend")
  func stalledWithFallingLag() {
    #expect(with { ($0.offsets, $0.lags) = ([10, 10, 10], [9, 8, 7]) }.rule == .stalled)
  }

  @Test("Equal and growing lags are WARN, one that shrinks anywhere is OK")
  func lagTrend() {
    #expect(with { $0.lags = [5, 5, 5] }.rule == .lagNotDecreasing)
    #expect(with { $0.lags = [5, 6, 7] }.rule == .lagNotDecreasing)
    #expect(with { $0.lags = [5, 4, 9] }.rule == .lagDecreasing)
    #expect(with { $0.lags = [5, 9, 8] }.rule == .lagDecreasing)
  }

  @Test("Unknown lags are passed over: the trend goes from known lag to known lag")
  func unknownLags() {
    #expect(with { $0.lags = [5, nil, 5] }.rule == .lagNotDecreasing)
    #expect(with { $0.lags = [5, nil, 4] }.rule == .lagDecreasing)
    #expect(with { $0.lags = [nil, 5, 6] }.rule == .lagNotDecreasing)
    #expect(with { $0.lags = [6, 5, nil] }.rule == .lagDecreasing)
  }

  @Test("With no or one known lag Burrow warns; asked for two lags, the trend is unknown")
  func fewKnownLags() {
    for lags: [UInt64?] in [[nil, nil, nil], [5, nil, nil], [nil, 5, nil], [nil, nil, 5]] {
      #expect(with { $0.lags = lags }.rule == .lagNotDecreasing)
      let strict = with {
        $0.lags = lags
        $0.parameters.warningNeedsTwoLags = true
      }
      #expect(strict.verdict == WindowVerdict(rule: .lagUnknown, complete: 1))
      #expect(strict.verdict.status == .ok)
    }
    #expect(
      with {
        $0.lags = [5, nil, 5]
        $0.parameters.warningNeedsTwoLags = true
      }.rule == .lagNotDecreasing)
  }

  @Test("Two known lags are asked of WARN only: STOP, REWIND and STALL need none")
  func errorsNeedNoLag() {
    let blind = with {
      $0.lags = [nil, nil, nil]
      $0.parameters.warningNeedsTwoLags = true
    }
    var stopped = blind
    stopped.now = 6
    #expect(stopped.rule == .stopped)
    var rewound = blind
    rewound.offsets = [10, 20, 15]
    #expect(rewound.rule == .rewound)
    var stalled = blind
    stalled.offsets = [10, 10, 10]
    #expect(stalled.rule == .stalled)
  }

  // MARK: Completeness

  @Test("A window filled exactly as asked is judged, one filled less is not")
  func minimumComplete() {
    let half = with { $0.empties = 3 }
    #expect(half.verdict == WindowVerdict(rule: .lagNotDecreasing, complete: 0.5))
    var asked = half
    asked.parameters.minimumComplete = 0.5
    #expect(asked.rule == .lagNotDecreasing)
    asked.parameters.minimumComplete = Float(0.5).nextUp
    #expect(asked.verdict == WindowVerdict(rule: .incomplete, complete: 0.5))
    asked.now = 6
    #expect(asked.rule == .incomplete)
  }

  @Test("Completeness is divided in 32 bits, and a full window is exactly 1")
  func completenessIsFloat32() {
    #expect(with { $0.empties = 6 }.verdict.complete.description == "0.33333334")
    #expect(
      Window(offsets: [10], times: [3000], lags: [5], empties: 2, now: 3).verdict.complete
        .description == "0.33333334")
    #expect(with { $0.parameters.minimumComplete = 1 }.rule == .lagNotDecreasing)
    #expect(with { $0.parameters.minimumComplete = Float(1).nextUp }.rule == .incomplete)
  }

  @Test("A minimum that is not a number judges nothing, and a negative one judges all")
  func strangeMinimum() {
    #expect(with { $0.parameters.minimumComplete = .nan }.rule == .incomplete)
    #expect(with { $0.parameters.minimumComplete = -1 }.rule == .lagNotDecreasing)
  }

  @Test("An empty ring is complete by one slot, because Burrow's trim keeps the last")
  func emptyRing() {
    for length in 1...4 {
      let verdict = Window(offsets: [], times: [], lags: [], empties: length).verdict
      #expect(verdict == WindowVerdict(rule: .noCommits, complete: 1 / Float(length)))
      #expect(verdict.status == .ok)
    }
    #expect(
      Window(offsets: [], times: [], lags: []).verdict
        == WindowVerdict(rule: .noCommits, complete: 0))
  }

  @Test("Every fill of every length gives a number from 0 to 1")
  func completenessIsNumber() {
    for length in 1...50 {
      for filled in 0...length {
        let verdict = Window(
          offsets: Array(repeating: 1, count: filled), times: Array(repeating: 1, count: filled),
          lags: Array(repeating: nil, count: filled), empties: length - filled
        ).verdict
        #expect(verdict.complete > 0 && verdict.complete <= 1)
        #expect((verdict.complete == 1) == (filled == length || length == 1))
      }
    }
  }

  // MARK: Numbers at the end of their range

  @Test("Extreme times and offsets wrap like Go's and do not trap")
  func extremes() {
    let extremes: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
    for first in extremes {
      for last in extremes {
        for now in extremes {
          var window = Window(
            offsets: [first, last], times: [last, first], lags: [.max, nil], heads: [],
            currentLag: .max, now: now)
          #expect((window.rule == .stopped) == (now &* 1000 &- first > first &- last))
          // A head at the newest commit keeps every one of them from STOP.
          window.heads = [last]
          #expect(
            window.rule == (last < first ? .rewound : last == first ? .stalled : .lagNotDecreasing))
        }
      }
    }
  }

  @Test("Lag is the distance to the head, never negative, and right over the whole range")
  func lagBetweenOffsets() {
    #expect(lagBetween(committed: 5, head: 5) == 0)
    #expect(lagBetween(committed: 6, head: 5) == 0)
    #expect(lagBetween(committed: 4, head: 5) == 1)
    #expect(lagBetween(committed: -1, head: 0) == 1)
    #expect(lagBetween(committed: .min, head: .max) == .max)
    #expect(lagBetween(committed: .max, head: .min) == 0)
    #expect(lagBetween(committed: .min, head: .min + 1) == 1)
  }

  // MARK: Names

  @Test("Each rule gives one status, and both have Burrow's words")
  func names() {
    let expected: [Rule: PartitionStatus] = [
      .noLag: .ok, .stopped: .stop, .rewound: .rewind, .stalled: .stall,
      .lagNotDecreasing: .warning, .lagWasZero: .ok, .lagDecreasing: .ok, .lagUnknown: .ok,
      .incomplete: .ok, .noCommits: .ok,
    ]
    #expect(expected.count == Rule.allCases.count)
    for rule in Rule.allCases { #expect(rule.status == expected[rule]) }
    #expect(Set(Rule.allCases.map { "\($0.name)" }).count == Rule.allCases.count)
    #expect(
      PartitionStatus.allCases.map { "\($0.name)" } == ["OK", "WARN", "STOP", "STALL", "REWIND"])
    #expect(PartitionStatus.allCases.map(\.rawValue) == [1, 2, 4, 5, 6])
    #expect(GroupStatus.allCases.map { "\($0.name)" } == ["NOTFOUND", "OK", "WARN", "ERR"])
    #expect(GroupStatus.allCases.map(\.rawValue) == [0, 1, 2, 3])
    #expect(
      PartitionStatus.allCases.map { GroupStatus(causedBy: $0) }
        == [.ok, .warning, .error, .error, .error])
  }
}
