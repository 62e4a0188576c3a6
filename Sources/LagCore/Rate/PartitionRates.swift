/// How fast a partition of a group moves, from its window and the kept heads.
package struct PartitionRates: Sendable, Equatable {
  /// Records produced per second; nil while fewer than two heads are known.
  package var produced: Double?
  /// Records consumed per second, negative after a rewind; nil while fewer than two commits are
  /// known.
  package var consumed: Double?
  /// How long the first record that was not consumed has been waiting; nil without a head.
  package var timeLag: TimeLag?
  /// Seconds until the lag is gone at these rates, 0 without lag; nil while it does not shrink.
  package var timeToDrain: Double?

  /// How fast the lag grows in records per second, negative while it shrinks; nil when not known.
  package var lagTrend: Double? {
    guard let produced, let consumed else { return nil }
    return produced - consumed
  }
}

extension OffsetStore {
  /// Returns how fast a partition moves, nil when no commit of it stands.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - topic: the topic's index, at the end that the group measures to.
  ///   - partition: the partition number.
  ///   - currentLag: the corrected lag, as an evaluation gives it.
  ///   - headInterval: the distance at which heads are sampled, in milliseconds.
  ///   - clockSkew: see `JudgementParameters`.
  ///   - now: the wall clock in milliseconds since 1970.
  package func rates(
    group: Int, topic: Int, partition: Int32, currentLag: UInt64, headInterval: Int64,
    clockSkew: Int64 = 0, now: Int64
  ) -> PartitionRates? {
    guard
      let index = groups[group].topics.first(where: {
        Int(groupTopics[Int($0)].topic) == topic
      }), let window = knownWindow(groupTopic: Int(index), partition: partition),
      let bounds = pool.bounds(of: window)
    else { return nil }
    var rates = PartitionRates()
    rates.consumed = Self.rate(of: bounds, brokerClock: now &- clockSkew)
    let kept = heads[topic].heads(of: partition)
    if let newest = kept.last, let oldest = kept.first, kept.count > 1 {
      rates.produced =
        Double(lagBetween(committed: oldest, head: newest)) * 1000
        / Double(Int64(kept.count - 1) &* max(headInterval, 1))
    }
    let since = pool.behindSince(window)
    if currentLag == 0 {
      rates.timeLag = kept.isEmpty ? nil : TimeLag(seconds: 0, accuracy: .measured)
    } else if let sampled = heads[topic].sampledAt(partition) {
      rates.timeLag = TimeLag.of(
        committed: bounds.end.offset, heads: kept, sampledAt: Int64(sampled) &* 1000,
        interval: max(headInterval, 1), behindSince: since == 0 ? nil : Int64(since) &* 1000,
        now: now)
    }
    if currentLag == 0 {
      rates.timeToDrain = 0
    } else if let trend = rates.lagTrend, trend < 0 {
      rates.timeToDrain = Double(currentLag) / -trend
    }
    return rates
  }

  /// The records per second between the oldest and the newest commit; nil while that is no time.
  ///
  /// While a group is silent for longer than its window spans, the silence counts too.
  static func rate(
    of bounds: (start: CommitEntry, end: CommitEntry), brokerClock: Int64
  ) -> Double? {
    let span = bounds.end.timestamp &- bounds.start.timestamp
    guard span > 0 else { return nil }
    let silence = brokerClock &- bounds.end.timestamp
    let time = silence > span ? span &+ silence : span
    return Double(bounds.end.offset &- bounds.start.offset) * 1000 / Double(time)
  }
}
