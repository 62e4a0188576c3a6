/// A slot of a window as the offline evaluation reads it; an empty slot is nil in the window.
package struct WindowSlot: Sendable, Equatable {
  /// The committed offset.
  package var offset: Int64
  /// The commit time in milliseconds since 1970.
  package var timestamp: Int64
  /// The lag at commit time in records, nil when unknown.
  package var lag: UInt64?

  /// Creates a slot from its parts.
  package init(offset: Int64, timestamp: Int64, lag: UInt64?) {
    self.offset = offset
    self.timestamp = timestamp
    self.lag = lag
  }
}

/// The answer of the rules for one window.
package struct WindowVerdict: Sendable, Equatable {
  /// The rule that decided.
  package var rule: Rule
  /// The share of the window that is filled, 0 to 1, as Burrow computes it.
  package var complete: Float

  /// The status of the partition.
  package var status: PartitionStatus { rule.status }

  /// Creates a verdict from its parts.
  package init(rule: Rule, complete: Float) {
    self.rule = rule
    self.complete = complete
  }
}

/// Evaluates one window by Burrow's rules.
///
/// This is Burrow's `evaluatePartitionStatus`: empty slots are expected in front only; one behind a
/// commit carries nothing and is passed over.
///
/// - Parameters:
///   - slots: the window, oldest first.
///   - heads: the stored log-end offsets of the partition, oldest first.
///   - currentLag: the lag of the newest commit against the newest head, in records.
///   - nowSeconds: the wall clock in whole seconds since 1970.
///   - parameters: allowed lag, minimum-complete and the switches.
package func evaluateWindow(
  slots: [WindowSlot?], heads: [Int64], currentLag: UInt64, nowSeconds: Int64,
  parameters: EvaluationParameters
) -> WindowVerdict {
  guard !slots.isEmpty else { return WindowVerdict(rule: .noCommits, complete: 0) }
  // Burrow counts the slots behind the first commit, whatever they hold, and its trim keeps the
  // last slot of a window that holds nothing at all.
  let oldest = slots.firstIndex { $0 != nil } ?? slots.count - 1
  let complete = completeness(filled: slots.count - oldest, of: slots.count)
  let commits = slots[oldest...].compactMap { $0 }
  guard let newest = commits.last else {
    return WindowVerdict(rule: .noCommits, complete: complete)
  }
  guard complete >= parameters.minimumComplete else {
    return WindowVerdict(rule: .incomplete, complete: complete)
  }
  let rule: Rule =
    if currentLag <= parameters.allowedLag {
      .noLag
    } else if BurrowRules.isSilent(
      nowMilliseconds: parameters.brokerClock(at: nowSeconds), first: commits[0].timestamp,
      last: newest.timestamp), !heads.contains(where: { $0 <= newest.offset })
    {
      .stopped
    } else {
      BurrowRules.decide(
        BurrowRules.Ring(count: commits.count), allowedLag: parameters.allowedLag,
        offset: { commits[$0].offset }, lag: { commits[$0].lag }
      ).without(twoLags: !parameters.needsTwoLags)
    }
  return WindowVerdict(rule: rule, complete: complete)
}

/// Returns the filled share of a window as Burrow's float32.
///
/// - Parameters:
///   - filled: slots from the oldest commit on, 0 to `length`.
///   - length: the slots of the window, at least 1.
@inline(__always)
func completeness(filled: Int, of length: Int) -> Float {
  filled >= length ? 1 : Float(filled) / Float(length)
}
