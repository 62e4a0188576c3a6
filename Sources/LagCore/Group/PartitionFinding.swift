/// What the rules say of one window of the store that holds a commit.
struct PartitionFinding {
  var rule = Rule.noLag
  /// The filled share of the window, 0 to 1.
  var complete: Float
  /// The corrected lag in records, 0 when it is unknown.
  var currentLag: UInt64 = 0
  var flags: PartitionFlags = []
  var isHeadKnown = false

  /// Takes from the lag what is deleted, and what nobody could read.
  @inline(never)
  mutating func correct(
    committed: Int64, head: Int64, start: Int64?, mark: PhantomMark?, isPlain: Bool
  ) {
    if let start, start > committed {
      flags.insert(.beforeLogStart)
      if !isPlain { currentLag = lagBetween(committed: start, head: head) }
    }
    if !isPlain, let mark, mark.covers(committed: committed, head: head) {
      flags.insert(.phantom)
      currentLag = 0
    }
  }
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
    var found = PartitionFinding(
      complete: completeness(filled: summary.count, of: limits.intervals))
    if let sample = heads[topic].latest(of: partition) {
      found.isHeadKnown = true
      if Int64(sample.seconds) < frame.oldBefore { found.flags.insert(.headOld) }
      if sample.head > summary.newestOffset {
        found.currentLag = lagBetween(committed: summary.newestOffset, head: sample.head)
        if frame.hasCorrections {
          found.correct(
            committed: summary.newestOffset, head: sample.head,
            start: logStart(ofTopic: topic, partition: partition), mark: phantoms[window],
            isPlain: frame.parameters.isPlain)
        }
      } else if sample.head < summary.newestOffset, sample.seconds > summary.observedAtSeconds {
        found.flags.insert(.beyondEnd)
      }
    }
    if found.complete < frame.parameters.minimumComplete {
      found.rule = .incomplete
    } else if found.currentLag > frame.parameters.allowedLag {
      found.rule = rule(of: window, found.currentLag, frame, wasLagZeroRecently: false)
      // Few windows are silent, so that the heads are asked for those alone.
      if found.rule == .stopped,
        heads[topic].wasAtMost(summary.newestOffset, partition: partition)
          || isPresent(frame.presence, window: window)
      {
        found.rule = rule(of: window, found.currentLag, frame, wasLagZeroRecently: true)
      }
    }
    return found
  }

  @inline(__always)
  private func rule(
    of window: Int32, _ currentLag: UInt64, _ frame: EvaluationFrame, wasLagZeroRecently: Bool
  ) -> Rule {
    pool.rule(
      of: window, nowMilliseconds: frame.brokerClock, currentLag: currentLag,
      allowedLag: frame.parameters.allowedLag, needsTwoLags: frame.parameters.needsTwoLags,
      wasLagZeroRecently: wasLagZeroRecently)
  }
}
