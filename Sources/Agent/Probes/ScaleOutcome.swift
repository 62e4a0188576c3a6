import Configuration
package import LagCore

/// How many replicas a group should have, as far as that can be said.
package enum ScaleOutcome: Sendable, Equatable {
  /// It can: the hint, the verdict on the group, and in how many seconds a backlog shall be gone.
  case known(ScaleHint, Verdict, drainTarget: Int64)
  /// It cannot, for this reason.
  case unknown(String)
}

extension Agent {
  /// Returns how many replicas a group should have; nil when it is not watched.
  ///
  /// - Parameters:
  ///   - name: the group's name.
  ///   - cluster: the cluster's name; nil takes the first cluster that has the group.
  ///   - now: the time.
  package func scaleHint(
    ofGroup name: String, cluster: String? = nil, now: Moment
  ) -> ScaleOutcome? {
    let bytes = Array(name.utf8)
    for state in clusters where cluster == nil || state.settings.name == cluster {
      if let group = state.store.group(named: bytes.span) {
        return state.scaleHint(of: group, now: now)
      }
    }
    return departedReport(name).map { _ in .unknown(ClusterState.removedByReload) }
  }

  /// Returns how fast a group moves; nil when it is not watched.
  ///
  /// - Parameters:
  ///   - name: the group's name.
  ///   - cluster: the cluster's name; nil takes the first cluster that has the group.
  ///   - now: the time.
  package func rates(ofGroup name: String, cluster: String? = nil, now: Moment) -> GroupRates? {
    let bytes = Array(name.utf8)
    for state in clusters where cluster == nil || state.settings.name == cluster {
      if let group = state.store.group(named: bytes.span), !state.watched[group].isRemoved {
        return state.rates(of: group, now: now)
      }
    }
    return nil
  }

  /// Pauses liveness of a group for this pod, or lets it count again.
  ///
  /// - Parameters:
  ///   - name: the group's name.
  ///   - cluster: the cluster's name; nil takes every cluster that has the group.
  ///   - until: when the pause ends, in milliseconds since 1970; nil ends it now.
  ///   - now: the time.
  /// - Returns: what is to be done; nil when the group is not watched.
  package mutating func pause(
    group name: String, cluster: String? = nil, until: Int64?, at now: Moment
  ) -> [AgentEffect]? {
    let bytes = Array(name.utf8)
    var wasFound = false
    for state in clusters where cluster == nil || state.settings.name == cluster {
      guard let group = state.store.group(named: bytes.span),
        let number = state.watched[group].decision.number
      else { continue }
      decisions.pause(number, until: until, now: DecisionTime(now))
      wasFound = true
    }
    guard wasFound else { return nil }
    return [
      .log(
        LogRecord(
          .info, until == nil ? "liveness counts again" : "liveness is paused for this pod"
        ).with("group", name)), .saveState,
    ]
  }
}
