import Configuration
/// Whether a cluster answers, and since when not.
///
/// The same trouble is told once when it begins and once when it ends, with the number of times it
/// was met in between.
struct ClusterHealth: Sendable, Equatable {
  /// What is wrong, nil while the cluster answers.
  private(set) var fault: ClusterFault?
  /// When the trouble began, on the monotonic clock.
  private var since: Int64 = 0
  private var count: Int64 = 0

  /// Takes note of a fault; returns what is to be logged.
  mutating func failed(_ fault: ClusterFault, cluster: String, now: Int64) -> LogRecord? {
    count += 1
    if let known = self.fault, known.kind == fault.kind {
      self.fault = fault
      return nil
    }
    if self.fault == nil { since = now }
    self.fault = fault
    return LogRecord(.warn, "cluster cannot be asked")
      .with("cluster", cluster).with("error", fault.message)
  }

  /// Takes note of an answer; returns what is to be logged.
  mutating func answered(cluster: String, now: Int64) -> LogRecord? {
    guard fault != nil else { return nil }
    let record = LogRecord(.info, "cluster answers again")
      .with("cluster", cluster).with("seconds", (now - since) / 1000).with("failures", count)
    fault = nil
    count = 0
    return record
  }
}
