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

  /// The same rule, or WARN for fewer than two known lags where that suffices.
  @inline(__always)
  func without(twoLags areNotNeeded: Bool) -> Rule {
    self == .lagUnknown && areNotNeeded ? .lagNotDecreasing : self
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

  /// Whether Burrow's own algorithm is asked for, without any of the corrections that Vole makes:
  /// log starts, phantom lag, topics that nobody subscribes to, the clocks' skew, and two lags for
  /// WARN.
  package var isPlain: Bool
  /// How far the clock of `now` is ahead of the brokers' that commit times are taken by, in
  /// milliseconds; see `ClockSkew.correction`.
  package var clockSkew: Int64
  /// The age in seconds above which a partition's own head is flagged as old; `UInt32.max` is
  /// never.
  package var staleAfter: UInt32

  /// Creates parameters; the defaults are Burrow's, but for what `isPlain` names.
  package init(
    allowedLag: UInt64 = 0, minimumComplete: Float = 0, warningNeedsTwoLags: Bool = false,
    isPlain: Bool = false, clockSkew: Int64 = 0, staleAfter: UInt32 = .max
  ) {
    self.allowedLag = allowedLag
    self.minimumComplete = minimumComplete
    self.warningNeedsTwoLags = warningNeedsTwoLags
    self.isPlain = isPlain
    self.clockSkew = clockSkew
    self.staleAfter = staleAfter
  }

  /// Whether WARN needs two known lags after all.
  @inline(__always)
  var needsTwoLags: Bool { warningNeedsTwoLags && !isPlain }

  /// Returns the brokers' clock in milliseconds since 1970 when this machine's shows `nowSeconds`.
  @inline(__always)
  func brokerClock(at nowSeconds: Int64) -> Int64 {
    (nowSeconds &* 1000) &- (isPlain ? 0 : clockSkew)
  }
}

/// Burrow's rules over one window of commits, in Burrow's order: no lag, silence, the commits.
///
/// The source is Burrow's `core/internal/evaluator/caching.go`, from `calculatePartitionStatus` to
/// `checkIfRecentLagZero`. Arithmetic wraps like Go's, so that no foreign number can trap. The
/// window is asked for single values, so that each rule touches only what it needs, whatever the
/// storage.
enum BurrowRules {
  /// Returns what the commits of a window say, whatever the time and the newest head are.
  ///
  /// It is the rule that decides unless there is no lag or the window is silent. WARN needs two
  /// known lags.
  ///
  /// - Parameters:
  ///   - window: where the commits lie, oldest first.
  ///   - allowedLag: lag that counts as none, in records.
  ///   - offset: the committed offset at a position; a common distance to the true ones is allowed.
  ///   - lag: the lag at commit time at a position, nil when unknown.
  @inline(__always)
  static func decide(
    _ window: Ring, allowedLag: UInt64, offset: (_ position: Int) -> Int64,
    lag: (_ position: Int) -> UInt64?
  ) -> Rule {
    let course = course(of: window, offset: offset)
    if course == .rewound { return .rewound }

    var known = 0
    var previous: UInt64 = 0
    var didDecrease = false
    var position = window.first
    while true {
      if let lag = lag(position) {
        if lag <= allowedLag { return .lagWasZero }
        // No lag is below the zero that stands here before the first known one.
        if lag < previous { didDecrease = true }
        previous = lag
        known &+= 1
      }
      if position == window.last { break }
      position = window.position(after: position)
    }
    if course == .stalled { return .stalled }
    if didDecrease { return .lagDecreasing }
    return known < 2 ? .lagUnknown : .lagNotDecreasing
  }

  /// Whether more time has passed since the newest commit than between the oldest and it.
  ///
  /// - Parameters:
  ///   - nowMilliseconds: the wall clock by which commit times were taken, in milliseconds since
  ///     1970; a whole second in Burrow.
  ///   - first: the oldest commit's time, likewise.
  ///   - last: the newest commit's time, likewise.
  @inline(__always)
  static func isSilent(nowMilliseconds: Int64, first: Int64, last: Int64) -> Bool {
    nowMilliseconds &- last > last &- first
  }

  /// Where the commits of a window lie; there is at least one.
  struct Ring {
    /// The positions of the oldest and the newest commit.
    let first: Int
    let last: Int
    /// The distance of two neighbouring positions.
    let stride: Int
    /// The lowest position of the ring, and the one behind its highest.
    let positions: Range<Int>

    /// Commits in the order of their positions, from 0 on.
    init(count: Int) {
      self.init(first: 0, last: count - 1, stride: 1, positions: 0..<count)
    }

    @inline(__always)
    init(first: Int, last: Int, stride: Int, positions: Range<Int>) {
      self.first = first
      self.last = last
      self.stride = stride
      self.positions = positions
    }

    /// Returns the position of the next newer commit.
    @inline(__always)
    func position(after position: Int) -> Int {
      let next = position &+ stride
      return next == positions.upperBound ? positions.lowerBound : next
    }
  }

  /// How the offsets of a window go on.
  private enum Course {
    /// They are all equal.
    case stalled
    /// They went back and did not reach again what they had reached before.
    case rewound
    /// They move.
    case moving
  }

  @inline(__always)
  private static func course(of window: Ring, offset: (Int) -> Int64) -> Course {
    var position = window.first
    let first = offset(position)
    var previous = first
    var difference: Int64 = 0
    while position != window.last {
      position = window.position(after: position)
      let next = offset(position)
      if next < previous {
        // Only the first rewind counts, so the rest is asked for nothing but its recovery.
        while position != window.last {
          position = window.position(after: position)
          if offset(position) >= previous { return .moving }
        }
        return .rewound
      }
      difference |= next ^ first
      previous = next
    }
    return difference == 0 ? .stalled : .moving
  }
}
