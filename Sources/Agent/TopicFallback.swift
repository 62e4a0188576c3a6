/// Whether `source = "auto"` has turned from the offsets topic to OffsetFetch, and why.
struct TopicFallback: Sendable, Equatable {
  /// Why the topic may not be read, nil while it may.
  private(set) var fault: ClusterFault?
  /// How often the topic was given up.
  private(set) var count = 0
  /// When the topic was last given up or tried, on the monotonic clock.
  private var triedAt: Int64 = 0
  /// The partition that is tried, and since when.
  private var trial: (partition: Int32, since: Int64)?

  static func == (left: TopicFallback, right: TopicFallback) -> Bool {
    left.fault == right.fault && left.count == right.count && left.triedAt == right.triedAt
      && left.trial?.partition == right.trial?.partition && left.trial?.since == right.trial?.since
  }

  /// How often it is tried whether the topic may be read by now, in milliseconds.
  static let trialInterval: Int64 = 600_000
  /// The same while groups may not be fetched either, so that nothing is known of them.
  static let urgentInterval: Int64 = 60_000
  /// How long a trial may take, in milliseconds.
  static let trialTime: Int64 = 30_000

  /// Gives the topic up; returns whether that is news.
  mutating func refuse(_ fault: ClusterFault, now: Int64) -> Bool {
    defer { self.fault = fault }
    guard self.fault == nil else { return false }
    count += 1
    triedAt = now
    return true
  }

  /// Takes the topic up again, because other credentials may read it.
  mutating func forgive() {
    fault = nil
    trial = nil
  }

  /// Begins a trial when one is due; returns whether it is.
  ///
  /// - Parameter isUrgent: whether the other source fails too.
  mutating func beginTrial(of partition: Int32, isUrgent: Bool, now: Int64) -> Bool {
    let interval = isUrgent ? Self.urgentInterval : Self.trialInterval
    guard fault != nil, trial == nil, now - triedAt >= interval else { return false }
    trial = (partition, now)
    return true
  }

  /// Whether the trial under way got no answer in time.
  func overdueTrial(now: Int64) -> Int32? {
    trial.flatMap { now - $0.since > Self.trialTime ? $0.partition : nil }
  }

  /// Ends the trial of a partition; returns whether it was one.
  mutating func endTrial(of partition: Int32, fault: ClusterFault?, now: Int64) -> Bool {
    guard let trial, trial.partition == partition else { return false }
    self.trial = nil
    triedAt = now
    self.fault = fault
    return true
  }
}
