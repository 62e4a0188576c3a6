package import LagCore

extension Configuration {
  /// How a failing liveness takes effect.
  package enum ProbeMode: String, CaseIterable, Sendable {
    /// Kubelet asks, and restarts the container.
    case probe
    /// The agent exits with code 88, for which Kubernetes restarts all containers.
    case exit88 = "exit-88"
  }

  /// Whose partitions can fail liveness.
  package enum ProbeScope: String, CaseIterable, Sendable {
    /// Those of this pod's members.
    case pod
    /// Those of anybody in the group.
    case group
  }

  /// What readiness says once its gate has opened.
  package enum ReadinessAfterGate: String, CaseIterable, Sendable {
    /// Always ready.
    case pass
    /// The verdict decides.
    case verdict
  }

  /// What readiness says while the verdict is UNKNOWN.
  package enum ReadinessOnUnknown: String, CaseIterable, Sendable {
    /// Ready.
    case pass
    /// Not ready.
    case fail
  }

  /// How the verdicts on some groups become answers.
  package struct Decisions: Equatable {
    /// The parameters; `isPaused` is false, see `pausedUntil`.
    package var parameters = ProbeParameters()
    /// When a pause ends, in milliseconds since 1970, `.max` without an end; nil without a pause.
    package var pausedUntil: Int64?

    /// Puts the parts together; without any, the defaults.
    package init(parameters: ProbeParameters = ProbeParameters(), pausedUntil: Int64? = nil) {
      self.parameters = parameters
      self.pausedUntil = pausedUntil
    }

    /// The parameters at a time on the wall clock, in milliseconds since 1970.
    package func parameters(at now: Int64) -> ProbeParameters {
      var current = parameters
      current.isPaused = pausedUntil.map { now < $0 } ?? false
      return current
    }
  }

  /// What is said otherwise for groups: `[probe.X]`, `[scale.X]`.
  package struct GroupSettings<Value: Equatable>: Equatable {
    /// The name of the section, in its case.
    package var name: String
    /// The groups; empty means all that no other section names.
    package var groups: [String]
    /// What is said of them.
    package var value: Value
  }

  /// Returns how the verdicts on a group become answers.
  package func decisions(ofGroup group: String) -> Decisions {
    probeOverrides.first { $0.groups.contains(group) }?.value ?? probe.decisions
  }

  /// Returns how the number of replicas of a group is worked out.
  package func scale(ofGroup group: String) -> ScaleParameters {
    let named = scales.first { $0.groups.contains(group) }
    return (named ?? scales.first { $0.groups.isEmpty })?.value ?? ScaleParameters()
  }
}
