/// What a group looked like at the end of a minute, as far as its scale is concerned.
///
/// It is made of commits up to that moment by the brokers' clock, and of heads that are sampled at
/// multiples of the wall clock, so that the agents of all pods see the same.
package struct ScaleObservation: Sendable, Equatable {
  /// The moment, in whole minutes since 1970.
  package var minute: Int64
  /// Members of the group, and the distinct hosts that they run on.
  package var members = 0
  package var replicas = 0
  /// How many members could have partitions.
  package var usefulMembers = 0
  /// Whether the group is known to be stable.
  package var isStable = false
  /// When its members last changed, in seconds since 1970; 0 when not known.
  package var changedAt: Int64 = 0
  /// Partitions with a commit standing.
  package var partitions = 0
  /// How many of them have a lag that was never gone in their window, and move.
  package var lagging = 0
  /// How many are STOP or STALL, which no replica can help.
  package var stuck = 0
  /// How many cannot be judged yet.
  package var unknown = 0
  /// How many have a head that is not known or old.
  package var withoutHead = 0
  /// The sum of the lags, the part that more replicas would work off, and the largest.
  package var totalLag: UInt64 = 0
  package var scalableLag: UInt64 = 0
  package var largestLag: UInt64 = 0
  /// Records per second that were produced, those of stuck partitions left out.
  package var produced: Double = 0
  /// Records per second that were consumed.
  package var consumed: Double = 0
  /// The mean of what the replicas consumed in records per second that had no moment without work;
  /// nil when there was none such.
  package var saturatedRate: Double?

  /// Creates an observation of nothing.
  package init(minute: Int64) { self.minute = minute }

  /// How long after the end of a minute it is looked at, in milliseconds (8 s): commits and heads
  /// have come by then.
  package static let delay: Int64 = 8000

  /// Returns the newest minute that can be looked at, in minutes since 1970.
  ///
  /// - Parameter now: the wall clock in milliseconds since 1970.
  package static func minute(at now: Int64) -> Int64 { (now &- delay) / RateHistory.minute }

  /// The most replicas that could have partitions, at as many members each as now.
  package var usefulReplicas: Int {
    guard members > 0, replicas > 0 else { return 0 }
    let (product, overflow) = usefulMembers.multipliedReportingOverflow(by: replicas)
    return overflow ? replicas : max(1, (product - 1) / members + 1)
  }
}
