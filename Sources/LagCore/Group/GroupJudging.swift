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
    var tally = JudgementTally()
    var unsubscribed = 0
    var changes: [WindowChange] = []
    for index in groups[group].topics where groupTopics[Int(index)].windowCount > 0 {
      if isLeftOut(groupTopic: Int(index), nowSeconds: nowSeconds) {
        unsubscribed += committedPartitions(ofGroupTopic: Int(index))
        continue
      }
      let topic = TopicFrame(
        topic: Int(groupTopics[Int(index)].topic), evaluation: frame, parameters: parameters,
        clock: UInt32(clamping: nowSeconds))
      judge(groupTopic: Int(index), topic, &tally, &changes, &troubled, atMost: limit)
    }
    for change in changes {
      pool.setBehindSince(change.since, of: change.window)
      pool.setRuleOfCommits(change.rule, of: change.window)
    }
    return GroupJudgement(tally, unsubscribed: unsubscribed)
  }

  private func committedPartitions(ofGroupTopic index: Int) -> Int {
    var count = 0
    for window in groupTopics[index].windows where window >= 0 && pool.commitCount(of: window) > 0 {
      count += 1
    }
    return count
  }
}

/// A partition that is behind since another moment than before, or whose commits say something
/// else.
private struct WindowChange {
  let window: Int32
  let since: UInt32
  let rule: Rule
}

/// What the partitions of one topic have in common that are judged together.
private struct TopicFrame {
  let topic: Int
  let evaluation: EvaluationFrame
  let parameters: JudgementParameters
  /// The wall clock in seconds since 1970.
  let clock: UInt32
}

// Nothing of this changes the store: in a mutating function the compiler would copy its fields for
// each partition.
extension OffsetStore {
  /// Judges the partitions of one topic.
  private func judge(
    groupTopic index: Int, _ frame: TopicFrame, _ tally: inout JudgementTally,
    _ changes: inout [WindowChange], _ troubled: inout [TroubledPartition], atMost limit: Int
  ) {
    let windows = groupTopics[index].windows
    var next = 0
    var needed = 0
    while next < windows.count {
      // Into the room that the list has, entries are written one after the other. It grows for an
      // entry that finds none: most groups have no trouble, and need no list.
      let left = max(limit - troubled.count, 0)
      let room = min(max(troubled.capacity - troubled.count, needed), left)
      troubled.append(addingCapacity: room) { told in
        next = judge(
          windows, from: next, frame, &tally, &changes, &told, mayStop: room < left)
      }
      needed = 1
    }
  }

  /// Judges partitions up to the last, or to the one that may have to be told and finds no room.
  ///
  /// - Returns: the partition to go on with.
  @inline(never)
  private func judge(
    _ windows: [Int32], from first: Int, _ frame: TopicFrame, _ tally: inout JudgementTally,
    _ changes: inout [WindowChange], _ told: inout OutputSpan<TroubledPartition>, mayStop: Bool
  ) -> Int {
    let ends = heads[frame.topic]
    let oldBefore = frame.evaluation.oldBefore
    let isSimple = !frame.evaluation.hasCorrections && frame.parameters.minimumComplete <= 1
    var quiet = 0
    var full = 0
    defer { tally.addQuiet(quiet, full: full) }
    for position in first..<windows.count {
      let window = windows[position]
      guard window >= 0 else { continue }
      let partition = Int32(truncatingIfNeeded: position)
      if let stand = pool.stand(of: window), let end = ends.packedLatest(of: position),
        Int64(end.seconds) >= oldBefore
      {
        // Most partitions of most groups, most of the time: nobody is behind, and nobody was.
        if stand.behindSince == 0, stand.newestOffset >= end.head,
          stand.newestOffset == end.head || stand.observedAtSeconds >= end.seconds
        {
          quiet &+= 1
          if stand.count >= limits.intervals { full &+= 1 }
          continue
        }
        if mayStop, told.isFull { return position }
        // Nearly all others: a full window lags.
        if stand.newestOffset < end.head, stand.count >= limits.intervals, isSimple {
          judgeLag(
            lagBetween(committed: stand.newestOffset, head: end.head),
            pool.summary(ofFull: window, stand), window, partition, frame, &tally, &changes, &told)
          continue
        }
      } else if mayStop, told.isFull {
        return position
      }
      let found = judgeAny(window, partition, frame, &tally, &changes)
      if let found, !told.isFull { told.append(found) }
    }
    return windows.count
  }

  /// Judges a partition that lags behind a fresh head and whose window is full.
  @inline(__always)
  private func judgeLag(
    _ lag: UInt64, _ summary: WindowPool.Summary, _ window: Int32, _ partition: Int32,
    _ frame: TopicFrame, _ tally: inout JudgementTally, _ changes: inout [WindowChange],
    _ told: inout OutputSpan<TroubledPartition>
  ) {
    let found = rule(
      lag, summary, window: window, topic: frame.topic, partition: partition,
      frame: frame.evaluation)
    let since = summary.behindSince == 0 ? frame.clock : summary.behindSince
    if summary.behindSince == 0 || found.ofCommits != summary.rule {
      changes.append(WindowChange(window: window, since: since, rule: found.ofCommits))
    }
    tally.addWindow(isFull: true)
    tally.add(lag, since: since, owner: summary.owner)
    tally.count(found.rule, lag, frame.topic, partition)
    guard found.rule.status != .ok, !told.isFull else { return }
    told.append(
      TroubledPartition(
        topic: frame.topic, partition: partition, rule: found.rule, isJudged: true,
        member: Int(summary.owner) &- 1, offset: summary.newestOffset, lag: lag,
        behindSince: since))
  }

  /// Judges any partition.
  @inline(never)
  private func judgeAny(
    _ window: Int32, _ partition: Int32, _ frame: TopicFrame, _ tally: inout JudgementTally,
    _ changes: inout [WindowChange]
  ) -> TroubledPartition? {
    let summary = pool.summary(of: window)
    guard summary.count > 0 else { return nil }
    tally.addWindow(isFull: summary.count >= limits.intervals)
    let lag = lag(
      summary, window: window, topic: frame.topic, partition: partition, frame: frame.evaluation)
    let found = rule(
      lag.records, summary, window: window, topic: frame.topic, partition: partition,
      frame: frame.evaluation)
    let isOld = lag.flags.contains(.headOld)
    // A head that is old is not seen above the commit any more.
    let isSeenBehind = lag.records != 0 && !isOld
    let began = summary.behindSince == 0 ? frame.clock : summary.behindSince
    let since = isSeenBehind ? began : 0
    if since != summary.behindSince || found.ofCommits != summary.rule {
      changes.append(WindowChange(window: window, since: since, rule: found.ofCommits))
    }
    tally.add(lag.records, since: since, owner: summary.owner)
    tally.count(lag.flags)
    var isJudged = lag.isHeadKnown && !isOld
    if isJudged, found.rule != .noLag,
      completeness(filled: summary.count, of: limits.intervals) < frame.parameters.minimumComplete
    {
      isJudged = summary.hasStoodStill(
        since: since, clock: frame.clock, brokerClock: frame.evaluation.brokerClock,
        hold: frame.parameters.hold)
    }
    if isJudged {
      tally.count(found.rule, lag.records, frame.topic, partition)
      if found.rule.status == .ok { return nil }
    } else {
      tally.addUnknown()
    }
    return TroubledPartition(
      topic: frame.topic, partition: partition, rule: found.rule, isJudged: isJudged,
      member: Int(summary.owner) &- 1, offset: summary.newestOffset, lag: lag.records,
      behindSince: since)
  }
}
