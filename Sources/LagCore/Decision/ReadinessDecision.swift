/// What readiness says of a group, and why.
package struct ReadinessDecision: Sendable, Equatable {
  /// Why readiness is what it is.
  package enum Reason: UInt8, Sendable, CaseIterable {
    /// The gate waits for a sign of this container.
    case waiting
    /// This pod's consumer progressed.
    case progressed
    /// This pod's members own nothing.
    case ownsNothing
    /// Nothing is written to what this pod's members own.
    case idle
    /// Kafka could not be reached.
    case unreachable
    /// No member of this pod came before the gate's timeout.
    case neverSeen
    /// The verdict decides, because the gate's timeout is over.
    case verdictAfterTimeout
    /// The verdict decides, because the gate has opened.
    case verdict

    /// A short stable name for command lines and JSON.
    package var name: StaticString {
      switch self {
      case .waiting: "waiting"
      case .progressed: "progressed"
      case .ownsNothing: "owns-nothing"
      case .idle: "idle"
      case .unreachable: "unreachable"
      case .neverSeen: "never-seen"
      case .verdictAfterTimeout: "verdict-after-timeout"
      case .verdict: "verdict"
      }
    }
  }

  /// Whether the container is ready.
  package var isReady: Bool
  /// Why.
  package var reason: Reason
  /// Whether the gate has opened.
  package var isGateOpen: Bool
  /// For how long the gate has been closed, in milliseconds; nil once it has opened.
  package var waited: Int64?
  /// The verdict on this pod's partitions, or on the group where no member is this pod's.
  package var verdict: Verdict

  /// Nothing is known yet.
  package static let waiting = ReadinessDecision(
    isReady: false, reason: .waiting, isGateOpen: false, waited: 0, verdict: .unknown)
}
