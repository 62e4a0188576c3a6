/// Vole's own verdict on a group: Burrow's, and UNKNOWN where the inputs do not carry one.
package enum Verdict: UInt8, Sendable, CaseIterable {
  /// No commit of the group stands.
  case notFound
  /// Every partition is OK.
  case ok
  /// At least one partition is WARN, and nothing worse or unknown stands beside it.
  case warning
  /// What is known does not suffice to say anything.
  case unknown
  /// At least one partition is STOP, STALL or REWIND.
  case error

  /// The verdict as Vole's API spells it.
  package var name: StaticString {
    switch self {
    case .notFound: "NOTFOUND"
    case .ok: "OK"
    case .warning: "WARN"
    case .unknown: "UNKNOWN"
    case .error: "ERR"
    }
  }
}

/// What Vole's own verdict asks of a window beyond Burrow's rules.
package struct JudgementParameters: Sendable, Equatable {
  /// Records of lag that count as none.
  package var allowedLag: UInt64
  /// The share of the window that must be filled before a partition is judged.
  package var minimumComplete: Float
  /// How long a head must have stood above a standing commit before an incomplete window is judged
  /// all the same, in seconds: a consumer that was stuck before the agent came must be seen.
  package var hold: UInt32
  /// Whether WARN needs two known lags; see `EvaluationParameters`.
  package var warningNeedsTwoLags: Bool
  /// The age in seconds above which a partition's own head says nothing any more, so that the
  /// partition is unknown; `UInt32.max` is never.
  package var staleAfter: UInt32
  /// How far this machine's clock is ahead of the brokers', in milliseconds; see
  /// `ClockSkew.correction`.
  package var clockSkew: Int64

  /// Creates parameters; by default only full windows are judged, or a stand of 330 s, which is
  /// Kafka's default `max.poll.interval.ms` and 30 s.
  package init(
    allowedLag: UInt64 = 0, minimumComplete: Float = 1, hold: UInt32 = 330,
    warningNeedsTwoLags: Bool = true, staleAfter: UInt32 = .max, clockSkew: Int64 = 0
  ) {
    self.allowedLag = allowedLag
    self.minimumComplete = minimumComplete
    self.hold = hold
    self.warningNeedsTwoLags = warningNeedsTwoLags
    self.staleAfter = staleAfter
    self.clockSkew = clockSkew
  }
}

/// The verdict on a group with what it rests on, made once a second.
package struct GroupJudgement: Sendable, Equatable {
  /// The verdict as far as commits and heads carry it; stale inputs are the agent's to add.
  package var verdict: Verdict
  /// Partitions with a commit standing, those that were left out not counted.
  package var partitions = 0
  /// How many of them are OK, WARN, STOP, STALL and REWIND.
  package var ok = 0
  package var warning = 0
  package var stop = 0
  package var stall = 0
  package var rewind = 0
  /// How many cannot be judged: the head is unknown or old, or the window is not filled enough.
  package var unknown = 0
  /// How many have a head that is too old.
  package var headOld = 0
  /// How many have their lag measured from the log start, because the commit lies below it.
  package var beforeLogStart = 0
  /// How many have a commit beyond the log end.
  package var beyondEnd = 0
  /// How many have a lag in which there is nothing to read, and which counts as none.
  package var phantom = 0
  /// Partitions with a commit standing that were left out, because nobody subscribes to their topic
  /// any more.
  package var unsubscribed = 0
  /// How many have a full window.
  package var full = 0
  /// The sum of the current lags in records.
  package var totalLag: UInt64 = 0
  /// The largest current lag in records.
  package var maxLag: UInt64 = 0
  /// The worst partition: topic index of the store, partition, rule and lag; nil when all are OK.
  package var worst: Culprit?
  /// The partition that has been behind for longest of those that somebody owns; nil when none is.
  package var longestBehind: Behind?

  /// A partition that is the reason of a verdict.
  package struct Culprit: Sendable, Equatable {
    /// The topic's index in the store.
    package var topic: Int
    /// The partition number.
    package var partition: Int32
    /// The rule that fired.
    package var rule: Rule
    /// The current lag in records.
    package var lag: UInt64
  }

  /// A partition that is behind.
  package struct Behind: Sendable, Equatable {
    /// The number of the member that owns it in the group's membership.
    package var member: Int
    /// Since when a head above its newest commit stands, in seconds since 1970.
    package var since: UInt32
  }

  /// The share of the partitions whose window is full, 0 to 1; 0 without any.
  package var complete: Float { partitions > 0 ? Float(full) / Float(partitions) : 0 }

  /// A judgement of nothing.
  package static let notFound = GroupJudgement(verdict: .notFound)
}
