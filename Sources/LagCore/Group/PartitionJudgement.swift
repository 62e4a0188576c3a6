/// One partition of a group as the verdict of the probes has it.
package struct PartitionJudgement: Sendable, Equatable {
  /// The partition number.
  package var partition: Int32
  /// The rule that fired.
  package var rule: Rule
  /// Whether enough is known to judge it; otherwise it is UNKNOWN, whatever the rule.
  package var isJudged: Bool
  /// The number of the member that owns it in the group's membership, -1 when nobody does.
  package var member: Int
  /// The newest committed offset and its time in milliseconds since 1970; nil without a commit.
  package var committed: (offset: Int64, timestamp: Int64)?
  /// The newest log-end offset and when it was sampled, in seconds since 1970; nil while it is not
  /// known.
  package var head: (offset: Int64, sampledAt: UInt32)?
  /// Records between the two, corrected as `flags` tell; 0 when either is unknown.
  package var lag: UInt64
  /// The filled share of the window, 0 to 1.
  package var complete: Float
  /// What is special about the lag.
  package var flags: PartitionFlags
  /// The window in the store, -1 for none.
  fileprivate var window: Int32

  package static func == (left: PartitionJudgement, right: PartitionJudgement) -> Bool {
    left.partition == right.partition && left.rule == right.rule
      && left.isJudged == right.isJudged && left.member == right.member
      && left.committed?.offset == right.committed?.offset
      && left.committed?.timestamp == right.committed?.timestamp
      && left.head?.offset == right.head?.offset
      && left.head?.sampledAt == right.head?.sampledAt && left.lag == right.lag
      && left.complete == right.complete && left.flags == right.flags
  }
}

extension OffsetStore {
  /// Calls `body` with each partition of a group, topics by name and partitions by number, judged
  /// as `judge` does it; topics that nobody subscribes to any more are left out.
  ///
  /// Nothing is collected, so that an answer can be written as it goes.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - parameters: as for the verdict.
  ///   - topic: called before the partitions of each topic with its index in the store.
  ///   - body: called for each partition.
  package func forEachPartition(
    ofGroup group: Int, nowSeconds: Int64, parameters: JudgementParameters,
    topic begin: (Int) -> Void, _ body: (PartitionJudgement) -> Void
  ) {
    let rules = EvaluationParameters(
      allowedLag: parameters.allowedLag, minimumComplete: 0,
      warningNeedsTwoLags: parameters.warningNeedsTwoLags, clockSkew: parameters.clockSkew,
      staleAfter: parameters.staleAfter)
    let frame = frame(rules, group: group, nowSeconds: nowSeconds)
    var indices = groups[group].topics.filter {
      groupTopics[Int($0)].windowCount > 0
        && !isLeftOut(groupTopic: Int($0), nowSeconds: nowSeconds)
    }
    if indices.count > 1 {
      let names = indices.map { topicName(Int(groupTopics[Int($0)].topic)) }
      indices = zip(names, indices).sorted { $0.0 < $1.0 }.map(\.1)
    }
    for index in indices {
      begin(Int(groupTopics[Int(index)].topic))
      for partition in 0..<partitionCount(ofGroupTopic: Int(index)) {
        body(
          judgement(
            groupTopic: Int(index), partition: Int32(truncatingIfNeeded: partition), frame,
            parameters))
      }
    }
  }

  /// Returns the commits of a partition's window, oldest first.
  package func commits(of judgement: PartitionJudgement) -> [CommitEntry] {
    judgement.window < 0 ? [] : pool.entries(of: judgement.window)
  }

  private func judgement(
    groupTopic index: Int, partition: Int32, _ frame: EvaluationFrame,
    _ parameters: JudgementParameters
  ) -> PartitionJudgement {
    let topic = Int(groupTopics[index].topic)
    var judgement = PartitionJudgement(
      partition: partition, rule: .noCommits, isJudged: true, member: -1, committed: nil,
      head: heads[topic].latest(of: partition).map { ($0.head, $0.seconds) }, lag: 0, complete: 0,
      flags: [], window: -1)
    guard let window = knownWindow(groupTopic: index, partition: partition) else {
      return judgement
    }
    let summary = pool.summary(of: window)
    judgement.member = Int(summary.owner) - 1
    guard summary.count > 0 else { return judgement }
    let found = finding(summary, window: window, topic: topic, partition: partition, frame: frame)
    judgement.rule = found.rule
    judgement.committed = (summary.newestOffset, summary.newestTimestamp)
    judgement.lag = found.currentLag
    judgement.complete = found.complete
    judgement.flags = found.flags
    judgement.window = window
    if !found.isHeadKnown || found.flags.contains(.headOld) {
      judgement.isJudged = false
    } else if found.rule != .noLag, found.complete < parameters.minimumComplete {
      judgement.isJudged = summary.hasStoodStill(
        since: summary.behindSince, clock: UInt32(clamping: frame.nowSeconds),
        brokerClock: frame.brokerClock, hold: parameters.hold)
    }
    return judgement
  }
}
