/// What the rules say of one window of the store that holds a commit.
struct PartitionFinding {
  var rule = Rule.noLag
  /// What the commits say, as far as that is known now; see `WindowPool.setRuleOfCommits`.
  var ruleOfCommits: Rule
  /// The filled share of the window, 0 to 1.
  var complete: Float
  /// The corrected lag in records, 0 when it is unknown.
  var currentLag: UInt64 = 0
  var flags: PartitionFlags = []
  var isHeadKnown = false

  /// The lag between a commit and a head, and what is special about it.
  typealias Lag = (records: UInt64, flags: PartitionFlags)
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
  ///
  /// The seldom parts are functions of their own, so that this one is inlined where it is called.
  @inline(__always)
  func finding(
    _ summary: WindowPool.Summary, window: Int32, topic: Int, partition: Int32,
    frame: EvaluationFrame
  ) -> PartitionFinding {
    var lag: PartitionFinding.Lag = (0, [])
    let sample = heads[topic].latest(of: partition)
    if let sample {
      if sample.head > summary.newestOffset {
        lag.records = lagBetween(committed: summary.newestOffset, head: sample.head)
        if frame.hasCorrections {
          lag = corrected(
            lag, committed: summary.newestOffset, head: sample.head,
            topic: topic, partition: partition, window: window, isPlain: frame.parameters.isPlain)
        }
      } else if sample.head < summary.newestOffset, sample.seconds > summary.observedAtSeconds {
        lag.flags.insert(.beyondEnd)
      }
      if Int64(sample.seconds) < frame.oldBefore { lag.flags.insert(.headOld) }
    }
    var found = PartitionFinding(
      ruleOfCommits: summary.rule,
      complete: completeness(filled: summary.count, of: limits.intervals),
      currentLag: lag.records, flags: lag.flags, isHeadKnown: sample != nil)
    if found.complete < frame.parameters.minimumComplete {
      found.rule = .incomplete
    } else if lag.records > frame.parameters.allowedLag {
      if BurrowRules.isSilent(
        nowMilliseconds: frame.brokerClock, first: summary.oldestTimestamp,
        last: summary.newestTimestamp),
        isStopped(summary, topic: topic, partition: partition, frame)
      {
        found.rule = .stopped
      } else if frame.parameters.allowedLag != 0 {
        found.rule = pool.ruleOfCommits(of: window, allowedLag: frame.parameters.allowedLag)
          .without(twoLags: !frame.parameters.needsTwoLags)
      } else {
        if summary.rule == .noLag {
          found.ruleOfCommits = pool.ruleOfCommits(of: window, allowedLag: 0)
        }
        found.rule = found.ruleOfCommits.without(twoLags: !frame.parameters.needsTwoLags)
      }
    }
    return found
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
    _ summary: WindowPool.Summary, topic: Int, partition: Int32, _ frame: EvaluationFrame
  ) -> Bool {
    switch frame.presence {
    case .all: return false
    case .owned where summary.owner != 0: return false
    case .owned, .none: break
    }
    return !heads[topic].wasAtMost(summary.newestOffset, partition: partition)
  }
}
