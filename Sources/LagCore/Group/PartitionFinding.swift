/// What the rules say of one window of the store.
struct PartitionFinding {
  var rule = Rule.noCommits
  /// The filled share of the window, 0 to 1.
  var complete: Float
  /// The corrected lag in records, 0 when it is unknown.
  var currentLag: UInt64 = 0
  var flags: PartitionFlags = []
  var isHeadKnown = false
}

extension OffsetStore {
  /// Applies the rules to one window.
  @inline(__always)
  func finding(
    window: Int32, group: Int, topic: Int, partition: Int32, nowSeconds: Int64,
    parameters: EvaluationParameters
  ) -> PartitionFinding {
    let filled = pool.commitCount(of: window)
    var found = PartitionFinding(
      complete: completeness(filled: max(filled, 1), of: limits.intervals))
    let sample = topics[topic].heads.latest(of: partition)
    if let sample {
      found.isHeadKnown = true
      if nowSeconds &- Int64(sample.seconds) > Int64(parameters.staleAfter),
        parameters.staleAfter != .max
      {
        found.flags.insert(.headOld)
      }
    }
    guard let newest = pool.newestOffset(of: window) else { return found }
    if let sample {
      if sample.head > newest {
        found.currentLag = lagBetween(committed: newest, head: sample.head)
        if !topics[topic].logStarts.isEmpty || !phantoms.isEmpty {
          correct(
            &found, committed: newest, head: sample.head, window: window, topic: topic,
            partition: partition, isPlain: parameters.isPlain)
        }
      } else if sample.head < newest, sample.seconds > pool.observedAtSeconds(of: window) {
        found.flags.insert(.beyondEnd)
      }
    }
    found.rule = rule(
      of: found, newest: newest, window: window, group: group, topic: topic, partition: partition,
      nowSeconds: nowSeconds, parameters: parameters)
    return found
  }

  @inline(__always)
  private func rule(
    of found: PartitionFinding, newest: Int64, window: Int32, group: Int, topic: Int,
    partition: Int32, nowSeconds: Int64, parameters: EvaluationParameters
  ) -> Rule {
    guard found.complete >= parameters.minimumComplete else { return .incomplete }
    if found.currentLag <= parameters.allowedLag { return .noLag }
    return pool.rule(
      of: window, nowMilliseconds: parameters.brokerClock(at: nowSeconds),
      currentLag: found.currentLag, parameters: parameters
    ) {
      topics[topic].heads.wasAtMost(newest, partition: partition)
        || isPresent(group, window: window)
    }
  }

  /// Takes from a lag what is deleted, and what nobody could read.
  @inline(never)
  private func correct(
    _ found: inout PartitionFinding, committed: Int64, head: Int64, window: Int32, topic: Int,
    partition: Int32, isPlain: Bool
  ) {
    if let start = topics[topic].logStarts[partition], start > committed {
      found.flags.insert(.beforeLogStart)
      if !isPlain { found.currentLag = lagBetween(committed: start, head: head) }
    }
    if !isPlain, phantoms[window]?.covers(committed: committed, head: head) == true {
      found.flags.insert(.phantom)
      found.currentLag = 0
    }
  }
}
