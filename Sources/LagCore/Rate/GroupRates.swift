/// How fast a group moves.
package struct GroupRates: Sendable, Equatable {
  /// Records produced per second, those of stuck partitions left out; nil until a minute has been
  /// watched.
  package var produced: Double?
  /// Records consumed per second; nil until a minute has been watched.
  package var consumed: Double?
  /// The largest time lag of its partitions; nil when that of no partition is known.
  package var timeLag: TimeLag?
  /// Seconds until the lag is gone at these rates, 0 without lag; nil while it does not shrink.
  package var timeToDrain: Double?

  /// Creates rates from their parts.
  package init(
    produced: Double? = nil, consumed: Double? = nil, timeLag: TimeLag? = nil,
    timeToDrain: Double? = nil
  ) {
    self.produced = produced
    self.consumed = consumed
    self.timeLag = timeLag
    self.timeToDrain = timeToDrain
  }

  /// How fast the lag grows in records per second, negative while it shrinks; nil when not known.
  package var lagTrend: Double? {
    guard let produced, let consumed else { return nil }
    return produced - consumed
  }
}

extension OffsetStore {
  /// Returns how fast a group moves.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - advisor: what was observed of the group each minute.
  ///   - totalLag: the sum of its lags, as its judgement has it.
  ///   - parameters: as for the verdict.
  ///   - headInterval: the distance at which heads are sampled, in milliseconds.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  package func rates(
    ofGroup group: Int, advisor: ScaleAdvisor, totalLag: UInt64, parameters: JudgementParameters,
    headInterval: Int64, nowSeconds: Int64
  ) -> GroupRates {
    var rates = GroupRates()
    if let seen = advisor.rates {
      rates.produced = seen.produced
      rates.consumed = seen.consumed
    }
    rates.timeLag = largestTimeLag(
      ofGroup: group, parameters: parameters, headInterval: headInterval, nowSeconds: nowSeconds)
    if totalLag == 0 {
      rates.timeToDrain = 0
    } else if let trend = rates.lagTrend, trend < 0 {
      rates.timeToDrain = Double(totalLag) / -trend
    }
    return rates
  }

  private func largestTimeLag(
    ofGroup group: Int, parameters: JudgementParameters, headInterval: Int64, nowSeconds: Int64
  ) -> TimeLag? {
    guard hasData(group: group) else { return nil }
    let frame = frame(
      EvaluationParameters(
        allowedLag: parameters.allowedLag, minimumComplete: 0, clockSkew: parameters.clockSkew,
        staleAfter: parameters.staleAfter), group: group, nowSeconds: nowSeconds)
    var largest: TimeLag?
    for index in groups[group].topics where groupTopics[Int(index)].windowCount > 0 {
      guard !isLeftOut(groupTopic: Int(index), nowSeconds: nowSeconds) else { continue }
      let topic = Int(groupTopics[Int(index)].topic)
      for (partition, window) in groupTopics[Int(index)].windows.enumerated() where window >= 0 {
        let summary = pool.summary(of: window)
        guard summary.count > 0 else { continue }
        let found = finding(
          summary, window: window, topic: topic, partition: Int32(partition), frame: frame)
        guard
          let lag = timeLag(
            found, summary, topic: topic, partition: Int32(partition), headInterval: headInterval,
            nowSeconds: nowSeconds)
        else { continue }
        if lag.seconds > largest?.seconds ?? -1 { largest = lag }
      }
    }
    return largest
  }

  private func timeLag(
    _ found: PartitionFinding, _ summary: WindowPool.Summary, topic: Int, partition: Int32,
    headInterval: Int64, nowSeconds: Int64
  ) -> TimeLag? {
    guard found.isHeadKnown, let sampled = heads[topic].sampledAt(partition) else { return nil }
    if found.currentLag == 0 { return TimeLag(seconds: 0, accuracy: .measured) }
    return TimeLag.of(
      committed: summary.newestOffset, heads: heads[topic].heads(of: partition),
      sampledAt: Int64(sampled) &* 1000, interval: max(headInterval, 1),
      behindSince: summary.behindSince == 0 ? nil : Int64(summary.behindSince) &* 1000,
      now: nowSeconds &* 1000)
  }
}
