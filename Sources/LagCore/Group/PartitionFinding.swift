/// What the rules say of one window of the store that holds a commit.
struct PartitionFinding {
  var rule = Rule.noLag
  /// The filled share of the window, 0 to 1.
  var complete: Float
  /// The corrected lag in records, 0 when it is unknown.
  var currentLag: UInt64 = 0
  var flags: PartitionFlags = []
  var isHeadKnown = false

  /// The lag between a commit and a head, and what is special about it.
  typealias Lag = (records: UInt64, flags: PartitionFlags, isHeadKnown: Bool)
}

/// What all partitions of a group have in common that are evaluated together.
struct EvaluationFrame {
  let nowSeconds: Int64
  let parameters: EvaluationParameters
  /// The brokers' clock in milliseconds since 1970.
  let brokerClock: Int64
  /// Heads sampled before this are old, in seconds since 1970.
  let oldBefore: Int64
  /// Whether the lag of any partition may have to be corrected.
  let hasCorrections: Bool
  /// Whose silence is no proof that he stopped.
  let presence: ObservedPresence
}

extension OffsetStore {
  /// Returns what all partitions of a group have in common that are evaluated now.
  func frame(
    _ parameters: EvaluationParameters, group: Int, nowSeconds: Int64
  ) -> EvaluationFrame {
    EvaluationFrame(
      nowSeconds: nowSeconds, parameters: parameters,
      brokerClock: parameters.brokerClock(at: nowSeconds),
      oldBefore: parameters.staleAfter == .max ? .min : nowSeconds &- Int64(parameters.staleAfter),
      hasCorrections: !phantoms.isEmpty || !logStarts.isEmpty, presence: groups[group].presence)
  }

  /// Applies the rules to one window that holds a commit.
  func finding(
    _ summary: WindowPool.Summary, window: Int32, topic: Int, partition: Int32,
    frame: EvaluationFrame
  ) -> PartitionFinding {
    let lag = lag(summary, window: window, topic: topic, partition: partition, frame: frame)
    var found = PartitionFinding(
      complete: completeness(filled: summary.count, of: limits.intervals),
      currentLag: lag.records, flags: lag.flags, isHeadKnown: lag.isHeadKnown)
    found.rule =
      found.complete < frame.parameters.minimumComplete
      ? .incomplete
      : rule(
        lag.records, summary, window: window, topic: topic, partition: partition, frame: frame
      ).rule
    return found
  }

  /// Measures the lag of a window that holds a commit.
  @inline(__always)
  func lag(
    _ summary: WindowPool.Summary, window: Int32, topic: Int, partition: Int32,
    frame: EvaluationFrame
  ) -> PartitionFinding.Lag {
    guard let end = heads[topic].latest(of: partition) else { return (0, [], false) }
    var lag: PartitionFinding.Lag = (0, [], true)
    if end.head > summary.newestOffset {
      lag.records = lagBetween(committed: summary.newestOffset, head: end.head)
      if frame.hasCorrections {
        lag = corrected(
          lag, committed: summary.newestOffset, head: end.head,
          topic: topic, partition: partition, window: window, isPlain: frame.parameters.isPlain)
      }
    } else if end.head < summary.newestOffset, end.seconds > summary.observedAtSeconds {
      lag.flags.insert(.beyondEnd)
    }
    if Int64(end.seconds) < frame.oldBefore { lag.flags.insert(.headOld) }
    return lag
  }

  /// Applies the rules to a lag, and says what the commits say as far as that is known now; see
  /// `WindowPool.setRuleOfCommits`.
  @inline(__always)
  func rule(
    _ lag: UInt64, _ summary: WindowPool.Summary, window: Int32, topic: Int, partition: Int32,
    frame: EvaluationFrame
  ) -> (rule: Rule, ofCommits: Rule) {
    guard lag > frame.parameters.allowedLag else { return (.noLag, summary.rule) }
    if BurrowRules.isSilent(
      nowMilliseconds: frame.brokerClock, first: summary.oldestTimestamp,
      last: summary.newestTimestamp),
      isStopped(
        summary.owner, at: summary.newestOffset, topic: topic, partition: partition,
        frame.presence)
    {
      return (.stopped, summary.rule)
    }
    guard frame.parameters.allowedLag == 0 else {
      let rule = ruleOfCommits(of: window, allowedLag: frame.parameters.allowedLag)
      return (rule.without(twoLags: !frame.parameters.needsTwoLags), summary.rule)
    }
    let rule =
      summary.rule == .noLag ? ruleOfCommits(of: window, allowedLag: 0) : summary.rule
    return (rule.without(twoLags: !frame.parameters.needsTwoLags), rule)
  }

  @inline(never)
  private func ruleOfCommits(of window: Int32, allowedLag: UInt64) -> Rule {
    pool.ruleOfCommits(of: window, allowedLag: allowedLag)
  }

  /// Takes from a lag what is deleted, and what nobody could read.
  @inline(never)
  private func corrected(
    _ lag: PartitionFinding.Lag, committed: Int64, head: Int64, topic: Int, partition: Int32,
    window: Int32, isPlain: Bool
  ) -> PartitionFinding.Lag {
    var lag = lag
    if let start = logStart(ofTopic: topic, partition: partition), start > committed {
      lag.flags.insert(.beforeLogStart)
      if !isPlain { lag.records = lagBetween(committed: start, head: head) }
    }
    if !isPlain, let mark = phantoms[window], mark.covers(committed: committed, head: head) {
      lag.flags.insert(.phantom)
      lag.records = 0
    }
    return lag
  }

  /// Whether the consumer of a silent window had something to read, and would have been seen to
  /// commit.
  @inline(never)
  private func isStopped(
    _ owner: UInt32, at offset: Int64, topic: Int, partition: Int32, _ presence: ObservedPresence
  ) -> Bool {
    switch presence {
    case .all: return false
    case .owned where owner != 0: return false
    case .owned, .none: break
    }
    return !heads[topic].wasAtMost(offset, partition: partition)
  }
}
