/// Why a partition has its status: the rule that decided.
package enum Rule: UInt8, Sendable, CaseIterable {
  /// The current lag is at most the allowed lag: OK, whatever the window says.
  case noLag
  /// Nothing was committed for longer than the window spans: STOP.
  case stopped
  /// The offset went back and has not reached its earlier value again: REWIND.
  case rewound
  /// Every commit of the window has the same offset: STALL.
  case stalled
  /// The offsets move, but no known lag is smaller than the one before it: WARN.
  case lagNotDecreasing
  /// Some commit of the window had no more than the allowed lag: OK.
  case lagWasZero
  /// The lag became smaller somewhere in the window: OK.
  case lagDecreasing
  /// Fewer than two lags of the window are known, so that no trend can be seen: OK.
  case lagUnknown
  /// The window is filled less than `minimum-complete` asks: OK, not judged.
  case incomplete
  /// The partition has no commit: OK, not judged.
  case noCommits

  /// A short stable name for command lines and JSON.
  package var name: StaticString {
    switch self {
    case .noLag: "no-lag"
    case .stopped: "stopped"
    case .rewound: "rewound"
    case .stalled: "stalled"
    case .lagNotDecreasing: "lag-not-decreasing"
    case .lagWasZero: "lag-was-zero"
    case .lagDecreasing: "lag-decreasing"
    case .lagUnknown: "lag-unknown"
    case .incomplete: "incomplete"
    case .noCommits: "no-commits"
    }
  }

  /// The partition status that the rule gives.
  package var status: PartitionStatus {
    switch self {
    case .stopped: .stop
    case .rewound: .rewind
    case .stalled: .stall
    case .lagNotDecreasing: .warning
    case .noLag, .lagWasZero, .lagDecreasing, .lagUnknown, .incomplete, .noCommits: .ok
    }
  }
}

/// The parameters of an evaluation.
package struct EvaluationParameters: Sendable, Equatable {
  /// Lag that counts as none, in records (Burrow, `allowed-lag`).
  package var allowedLag: UInt64
  /// The share of the window, 0 to 1, that must be filled before the rules apply.
  package var minimumComplete: Float
  /// Whether WARN needs two known lags; false is Burrow's own rule.
  ///
  /// Burrow drops commits without a known log-end offset; Vole keeps them with an unknown lag, and
  /// a window full of those shows no trend.
  package var warningNeedsTwoLags: Bool

  /// Creates parameters; the defaults are Burrow's.
  package init(
    allowedLag: UInt64 = 0, minimumComplete: Float = 0, warningNeedsTwoLags: Bool = false
  ) {
    self.allowedLag = allowedLag
    self.minimumComplete = minimumComplete
    self.warningNeedsTwoLags = warningNeedsTwoLags
  }
}

/// Burrow's rules over one window, fed with its commits from oldest to newest.
///
/// One pass gathers what every rule needs (Burrow, `core/internal/evaluator/caching.go`, the
/// functions `isLagAlwaysNotZero` to `checkIfRecentLagZero`); `decide` then asks the rules in
/// Burrow's order. Arithmetic wraps like Go's, so that no foreign number can trap.
struct WindowSummary {
  private let allowedLag: UInt64
  private var count = 0
  private var firstTimestamp: Int64 = 0
  private var lastTimestamp: Int64 = 0
  private(set) var lastOffset: Int64 = 0
  /// All offsets so far are equal.
  private var isStalled = true
  /// The offset before the first rewind; only the first one counts.
  private var offsetBeforeRewind: Int64?
  private var isRewindRecovered = false
  private var wasLagAllowed = false
  private var knownLagCount = 0
  private var previousLag: UInt64 = 0
  private var didLagDecrease = false

  @inline(__always)
  init(allowedLag: UInt64) {
    self.allowedLag = allowedLag
  }

  /// Takes the next newer commit.
  @inline(__always)
  mutating func add(offset: Int64, timestamp: Int64, lag: UInt64?) {
    if count == 0 {
      firstTimestamp = timestamp
    } else {
      if offset != lastOffset { isStalled = false }
      if let before = offsetBeforeRewind {
        if offset >= before { isRewindRecovered = true }
      } else if offset < lastOffset {
        offsetBeforeRewind = lastOffset
      }
    }
    if let lag {
      if lag <= allowedLag { wasLagAllowed = true }
      if knownLagCount > 0, lag < previousLag { didLagDecrease = true }
      previousLag = lag
      knownLagCount &+= 1
    }
    lastOffset = offset
    lastTimestamp = timestamp
    count &+= 1
  }

  /// Returns the rule that decides.
  ///
  /// - Parameters:
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - currentLag: the lag of the newest commit against the newest head, in records.
  ///   - warningNeedsTwoLags: see `EvaluationParameters`.
  ///   - wasLagZeroRecently: whether any stored head is at most the given last offset; asked only
  ///     when the partition would be STOP.
  @inline(__always)
  func decide(
    nowSeconds: Int64, currentLag: UInt64, warningNeedsTwoLags: Bool,
    wasLagZeroRecently: (_ lastOffset: Int64) -> Bool
  ) -> Rule {
    if count == 0 { return .noCommits }
    if currentLag <= allowedLag { return .noLag }
    let silence = (nowSeconds &* 1000) &- lastTimestamp
    let span = lastTimestamp &- firstTimestamp
    if silence > span, !wasLagZeroRecently(lastOffset) { return .stopped }
    if offsetBeforeRewind != nil, !isRewindRecovered { return .rewound }
    if wasLagAllowed { return .lagWasZero }
    if isStalled { return .stalled }
    if didLagDecrease { return .lagDecreasing }
    if warningNeedsTwoLags, knownLagCount < 2 { return .lagUnknown }
    return .lagNotDecreasing
  }
}
