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

extension OffsetStore {
  /// Judges a group for the probes.
  ///
  /// A partition counts as unknown while it lags behind a known head and its window is filled less
  /// than asked, or while its head is unknown; one without lag is OK whatever its window holds.
  /// Called once a second, it also keeps the times since when partitions are behind,
  /// and what their commits say.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - parameters: see `JudgementParameters`.
  package mutating func judge(
    group: Int, nowSeconds: Int64, parameters: JudgementParameters
  ) -> GroupJudgement {
    var nothing: [TroubledPartition] = []
    return judge(
      group: group, nowSeconds: nowSeconds, parameters: parameters, tellingAtMost: 0, &nothing)
  }

  /// Judges a group for the probes, and tells which of its partitions are not OK.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - parameters: see `JudgementParameters`.
  ///   - troubled: becomes the partitions that are not OK; its storage is used again.
  package mutating func judge(
    group: Int, nowSeconds: Int64, parameters: JudgementParameters,
    troubled: inout [TroubledPartition]
  ) -> GroupJudgement {
    troubled.removeAll(keepingCapacity: true)
    return judge(
      group: group, nowSeconds: nowSeconds, parameters: parameters,
      tellingAtMost: Self.maximumTroubled, &troubled)
  }

  /// The most partitions of a group that are told as not OK (131,072).
  package static let maximumTroubled = 1 << 17

  private mutating func judge(
    group: Int, nowSeconds: Int64, parameters: JudgementParameters, tellingAtMost limit: Int,
    _ troubled: inout [TroubledPartition]
  ) -> GroupJudgement {
    guard hasData(group: group) else { return .notFound }
    let rules = EvaluationParameters(
      allowedLag: parameters.allowedLag, minimumComplete: 0,
      warningNeedsTwoLags: parameters.warningNeedsTwoLags, clockSkew: parameters.clockSkew,
      staleAfter: parameters.staleAfter)
    let frame = frame(rules, group: group, nowSeconds: nowSeconds)
    var judgement = GroupJudgement(verdict: .ok)
    var changes: [WindowChange] = []
    for index in groups[group].topics where groupTopics[Int(index)].windowCount > 0 {
      if isLeftOut(groupTopic: Int(index), nowSeconds: nowSeconds) {
        judgement.unsubscribed += committedPartitions(ofGroupTopic: Int(index))
      } else {
        judge(groupTopic: Int(index), frame, parameters, limit, &judgement, &changes, &troubled)
      }
    }
    for change in changes {
      pool.setBehindSince(change.since, of: change.window)
      pool.setRuleOfCommits(change.rule, of: change.window)
    }
    judgement.conclude()
    return judgement
  }

  /// A partition that is behind since another moment than before, or whose commits say something
  /// else.
  private struct WindowChange {
    let window: Int32
    let since: UInt32
    let rule: Rule
  }

  /// Judges the partitions of one topic.
  ///
  /// It changes nothing: in a mutating function the compiler would copy the store's fields for each
  /// partition.
  private func judge(
    groupTopic index: Int, _ frame: EvaluationFrame, _ parameters: JudgementParameters,
    _ limit: Int, _ judgement: inout GroupJudgement, _ changes: inout [WindowChange],
    _ troubled: inout [TroubledPartition]
  ) {
    let topic = Int(groupTopics[index].topic)
    let clock = UInt32(clamping: frame.nowSeconds)
    for (partition, window) in groupTopics[index].windows.enumerated() where window >= 0 {
      let summary = pool.summary(of: window)
      guard summary.count > 0 else { continue }
      let found = finding(
        summary, window: window, topic: topic, partition: Int32(partition), frame: frame)
      judgement.partitions += 1
      if found.complete == 1 { judgement.full += 1 }
      // Most partitions of most groups, most of the time.
      if found.currentLag == 0, found.isHeadKnown, found.flags.isEmpty, summary.behindSince == 0,
        found.rule == .noLag
      {
        judgement.ok += 1
        continue
      }
      var since = summary.behindSince
      // A head that is old is not seen above the commit any more.
      if found.currentLag == 0 || found.flags.contains(.headOld) {
        since = 0
      } else if since == 0 {
        since = clock
      }
      if since != summary.behindSince || found.ruleOfCommits != summary.rule {
        changes.append(WindowChange(window: window, since: since, rule: found.ruleOfCommits))
      }

      if since != 0, summary.owner != 0, since < judgement.longestBehind?.since ?? .max {
        judgement.longestBehind = .init(member: Int(summary.owner) - 1, since: since)
      }

      judgement.maxLag = max(judgement.maxLag, found.currentLag)
      judgement.totalLag &+= found.currentLag
      if !found.flags.isEmpty { judgement.count(found.flags) }
      let isUnknown: Bool
      if !found.isHeadKnown || found.flags.contains(.headOld) {
        isUnknown = true
      } else if found.rule == .noLag {
        judgement.ok += 1
        continue
      } else {
        isUnknown =
          found.complete < parameters.minimumComplete
          && !summary.hasStoodStill(
            since: since, clock: clock, brokerClock: frame.brokerClock, hold: parameters.hold)
      }
      if isUnknown {
        judgement.unknown += 1
      } else {
        judgement.count(
          GroupJudgement.Culprit(
            topic: topic, partition: Int32(partition), rule: found.rule, lag: found.currentLag))
        if found.rule.status == .ok { continue }
      }
      guard troubled.count < limit else { continue }
      troubled.append(
        TroubledPartition(
          topic: topic, partition: Int32(partition), rule: found.rule, isJudged: !isUnknown,
          member: Int(summary.owner) - 1, offset: summary.newestOffset,
          lag: found.currentLag, behindSince: since))
    }
  }

  private func committedPartitions(ofGroupTopic index: Int) -> Int {
    var count = 0
    for window in groupTopics[index].windows where window >= 0 && pool.commitCount(of: window) > 0 {
      count += 1
    }
    return count
  }
}

extension GroupJudgement {
  fileprivate mutating func count(_ flags: PartitionFlags) {
    if flags.contains(.headOld) { headOld += 1 }
    if flags.contains(.beforeLogStart) { beforeLogStart += 1 }
    if flags.contains(.beyondEnd) { beyondEnd += 1 }
    if flags.contains(.phantom) { phantom += 1 }
  }

  fileprivate mutating func count(_ culprit: Culprit) {
    switch culprit.rule.status {
    case .ok:
      ok += 1
      return
    case .warning: warning += 1
    case .stop: stop += 1
    case .stall: stall += 1
    case .rewind: rewind += 1
    }
    guard let worst else { return self.worst = culprit }
    let severity = GroupStatus(causedBy: culprit.rule.status)
    let worstSeverity = GroupStatus(causedBy: worst.rule.status)
    if (severity, culprit.lag) > (worstSeverity, worst.lag) { self.worst = culprit }
  }

  /// ERR before UNKNOWN before WARN before OK.
  fileprivate mutating func conclude() {
    if stop + stall + rewind > 0 {
      verdict = .error
    } else if unknown > 0 {
      verdict = .unknown
    } else if warning > 0 {
      verdict = .warning
    } else {
      verdict = partitions + unsubscribed > 0 ? .ok : .notFound
    }
  }
}
