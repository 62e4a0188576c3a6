/// How verdicts become answers to probes: the keys of `[probe]` (the contract, section 6).
package struct ProbeParameters: Sendable, Equatable {
  /// Whether a failing liveness is answered to a probe or by the agent's exit.
  package enum Mode: UInt8, Sendable, CaseIterable {
    /// Kubelet asks, and restarts the container.
    case probe
    /// The agent exits with code 88, which Kubernetes is told to restart all containers for.
    case exit88
  }

  /// Whose partitions can fail liveness.
  package enum Scope: UInt8, Sendable, CaseIterable {
    /// Those of this pod's members.
    case pod
    /// Those of anybody in the group.
    case group
  }

  /// What readiness says once the gate has opened.
  package enum AfterGate: UInt8, Sendable, CaseIterable {
    /// Always ready.
    case pass
    /// Ready unless the verdict is one of `readinessFailOn`.
    case verdict
  }

  /// Milliseconds in a minute.
  private static let minute: Int64 = 60_000

  /// Key `mode`.
  package var mode = Mode.probe
  /// Key `scope`.
  package var scope = Scope.pod
  /// Key `liveness-fail-on`: STOP, STALL or both; nothing else ever fails liveness.
  package var livenessFailOn: Set<PartitionStatus> = [.stop, .stall]
  /// Key `hold` in milliseconds: how long a partition must stand; nil is `auto`.
  package var hold: Int64?
  /// Key `fail-for` in milliseconds: how long a failure is told before it is given up.
  package var failFor = 3 * minute
  /// Key `restart-grace` in milliseconds: how long liveness passes after a failure.
  package var restartGrace = 5 * minute
  /// Key `max-restarts`: the most restarts of this pod in a `restart-window`.
  package var maximumRestarts = 3
  /// Key `restart-window` in milliseconds.
  package var restartWindow = 60 * minute
  /// Key `gate-timeout` in milliseconds: how long readiness waits for a sign of the new container.
  package var gateTimeout = 5 * minute
  /// Key `readiness-after-gate`.
  package var readinessAfterGate = AfterGate.pass
  /// Key `readiness-fail-on`: OK, WARN and ERR are of use.
  package var readinessFailOn: Set<Verdict> = [.error]
  /// Key `readiness-on-unknown`: whether readiness passes while the verdict is UNKNOWN.
  package var passesReadinessOnUnknown = true
  /// Key `paused`: whether liveness passes whatever happens, for the whole group.
  package var isPaused = false
  /// Which guards stand before a restart; all but in tests.
  package var guards = LivenessGuards.all

  /// The contract's defaults.
  package init() {}

  /// The hold in milliseconds where no member says how long a rebalance may take (330 s): Kafka's
  /// default `max.poll.interval.ms` and the margin.
  package static let holdOfUnknown: Int64 = 330_000
  /// What `auto` adds to the largest rebalance timeout, in milliseconds (30 s).
  package static let holdMargin: Int64 = 30_000

  /// Returns the hold of a group in milliseconds.
  ///
  /// Kafka's clients give `max.poll.interval.ms` as their rebalance timeout: a consumer that has
  /// not polled for longer leaves by itself.
  ///
  /// - Parameter membership: who is in the group, nil when that is not known.
  package func hold(of membership: GroupMembership?) -> Int64 {
    if let hold { return hold }
    var longest: Int32?
    for case .some(let timeout) in membership?.members.lazy.map(\.rebalanceTimeout) ?? []
    where timeout > longest ?? 0 {
      longest = timeout
    }
    return longest.map { Int64($0) + Self.holdMargin } ?? Self.holdOfUnknown
  }
}
