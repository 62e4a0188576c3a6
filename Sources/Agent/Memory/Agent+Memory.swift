import Answers
package import LagCore

/// What survives the agent.
extension Agent {
  /// Returns what the next agent of this pod must know.
  package func state(now: Moment) -> GovernorState { decisions.state(now: DecisionTime(now)) }

  /// Takes what an earlier agent left; called once, before the first tick.
  package mutating func restore(_ state: GovernorState, now: Moment) {
    decisions.restore(state, now: DecisionTime(now))
  }

  /// Takes note of what an earlier agent left that cannot be read.
  package mutating func lost(_ why: String) -> [AgentEffect] { [.log(memory.lost(why))] }

  /// Takes note of an attempt to keep the state.
  ///
  /// - Parameter trouble: why it failed, nil when it did not.
  package mutating func kept(trouble: String?) -> [AgentEffect] {
    memory.kept(trouble: trouble).map { [.log($0)] } ?? []
  }

  /// The last decision by which liveness failed, in words for the termination log; nil when it
  /// never did.
  package var lastFailure: String? {
    var latest: (entry: FlightRecorder.Entry, cluster: String, group: String)?
    for cluster in clusters {
      for group in cluster.store.groupIndices {
        guard let number = cluster.watched[group].decision.number,
          let entry = decisions.decider(number)?.recorder.lastFailure,
          entry.at >= latest?.entry.at ?? .min
        else { continue }
        latest = (entry, cluster.settings.name, cluster.store.groupName(group))
      }
    }
    guard let latest else { return nil }
    let entry = latest.entry
    var text = "liveness of group \(latest.group) (cluster \(latest.cluster)) failed at "
    text += "\(entry.at / 1000) s since 1970"
    if let topic = entry.topic {
      text += ": \(topic)-\(entry.partition) stood at offset \(entry.offset), lag \(entry.lag)"
    }
    if let member = entry.member { text += ", owned by \(member)" }
    return text + "; " + entry.evidence.sentence { "\($0.topic)-\($0.partition)" } + "\n"
  }
}
