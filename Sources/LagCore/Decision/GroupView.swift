/// What a decision on one group is made from, beside what is remembered.
package struct GroupView: Sendable {
  /// The index of the group in the store.
  package var group: Int
  /// The verdict of this second.
  package var judgement: GroupJudgement
  /// The partitions that are not OK, as the verdict found them.
  package var troubled: [TroubledPartition]
  /// Whether what is known is too old or too little to say anything, or the group is unknown.
  package var isDoubtful: Bool
  /// Whether the brokers cannot be reached at all.
  package var isUnreachable: Bool
  /// How far this machine's clock is ahead of the brokers', in milliseconds; see
  /// `ClockSkew.correction`.
  package var clockSkew: Int64

  /// Creates a view from its parts.
  package init(
    group: Int, judgement: GroupJudgement, troubled: [TroubledPartition], isDoubtful: Bool = false,
    isUnreachable: Bool = false, clockSkew: Int64 = 0
  ) {
    self.group = group
    self.judgement = judgement
    self.troubled = troubled
    self.isDoubtful = isDoubtful
    self.isUnreachable = isUnreachable
    self.clockSkew = clockSkew
  }
}

/// What the coordinator answered when it was asked whether a group is stable.
package enum StabilityAnswer: Sendable, Equatable {
  /// The state that it gave.
  case state(GroupState)
  /// It may not be asked, or does not know groups of this kind.
  case refused
  /// It did not answer, or not to the point.
  case failed
}
