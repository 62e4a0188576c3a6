/// A partition that is not OK, as a verdict found it.
package struct TroubledPartition: Sendable, Equatable {
  /// The topic's index in the store.
  package var topic: Int
  /// The partition number.
  package var partition: Int32
  /// The rule that fired.
  package var rule: Rule
  /// Whether enough is known to judge it; otherwise it is UNKNOWN, whatever the rule.
  package var isJudged: Bool
  /// The number of the member that owns it in the group's membership, -1 when nobody does.
  package var member: Int
  /// The committed offset.
  package var offset: Int64
  /// The current lag in records.
  package var lag: UInt64
  /// Since when a head above that offset stands, in seconds since 1970 by this machine's clock; 0
  /// when none does.
  package var behindSince: UInt32

  /// Creates it from its parts.
  package init(
    topic: Int, partition: Int32, rule: Rule, isJudged: Bool, member: Int, offset: Int64,
    lag: UInt64, behindSince: UInt32
  ) {
    self.topic = topic
    self.partition = partition
    self.rule = rule
    self.isJudged = isJudged
    self.member = member
    self.offset = offset
    self.lag = lag
    self.behindSince = behindSince
  }

  /// The place of the partition in the store.
  var place: TopicPartition { TopicPartition(topic: Int32(topic), partition: partition) }

  /// Whether it is known to be STOP or STALL.
  package var isStanding: Bool { isJudged && (rule == .stopped || rule == .stalled) }

  /// What the partition alone makes of a verdict.
  var verdict: Verdict {
    guard isJudged else { return .unknown }
    switch GroupStatus(causedBy: rule.status) {
    case .error: return .error
    case .warning: return .warning
    case .ok, .notFound: return .ok
    }
  }
}
