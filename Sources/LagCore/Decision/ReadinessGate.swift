/// The rollout gate of one container in one group: closed until the container shows that it
/// consumes, or that there is nothing for it to consume.
struct ReadinessGate {
  /// Why the gate opened.
  enum Opening: UInt8, Equatable, CaseIterable {
    /// A partition of this pod that has traffic progressed.
    case progressed
    /// This pod's members own nothing.
    case ownsNothing
    /// Nothing is written to what they own.
    case idle
    /// Kafka cannot be reached, which no rollout can help.
    case unreachable
    /// No member of this pod was ever seen.
    case neverSeen
  }

  /// Since when it waits, on the monotonic clock in milliseconds.
  private(set) var closedSince: Int64
  /// Why it opened, nil while it is closed.
  private(set) var opening: Opening?
  /// Since when this pod owns nothing or idle partitions alone, on the monotonic clock.
  private var quietSince: Int64?

  /// How long a member must own nothing, or idle partitions alone, in milliseconds (30 s): one that
  /// has just joined owns nothing yet, and a head is sampled now and then only.
  static let quietFor: Int64 = 30_000

  /// Closes the gate.
  init(now: Int64, opening: Opening? = nil) {
    closedSince = now
    self.opening = opening
  }

  /// What is seen of this pod at this second.
  enum Sight {
    /// What is known is too old to say.
    case unknown
    /// Kafka cannot be reached.
    case unreachable
    /// No member of the present container is in the group.
    case absent
    /// A partition progressed since its member owns it, or since the container began.
    case progress
    /// There are members, and they own nothing.
    case ownsNothing
    /// There are members, and nothing is written to what they own.
    case idle
    /// There are members that have something to do and did nothing yet.
    case waiting
  }

  /// Opens the gate if it may open.
  ///
  /// - Parameters:
  ///   - sight: what is seen of this pod.
  ///   - wasSeen: whether a member of it was seen since the gate closed.
  ///   - timeout: see `ProbeParameters.gateTimeout`.
  ///   - now: the monotonic clock in milliseconds.
  mutating func look(_ sight: Sight, wasSeen: Bool, timeout: Int64, now: Int64) {
    guard opening == nil else { return }
    switch sight {
    case .ownsNothing, .idle:
      let since = quietSince ?? now
      quietSince = since
      if now - since >= Self.quietFor {
        if case .idle = sight { opening = .idle } else { opening = .ownsNothing }
      }
    case .progress: opening = .progressed
    case .unreachable: opening = .unreachable
    case .unknown, .absent, .waiting: quietSince = nil
    }
    if opening == nil, !wasSeen, isTimedOut(timeout, now: now) { opening = .neverSeen }
  }

  /// Whether the gate has waited long enough.
  func isTimedOut(_ timeout: Int64, now: Int64) -> Bool { now - closedSince >= timeout }
}
