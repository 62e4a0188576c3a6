import Answers
package import Configuration
import LagCore

/// Another configuration while the agent runs.
extension Agent {
  /// Creates an agent of a configuration that has read nothing yet.
  ///
  /// - Parameters:
  ///   - configuration: checked.
  ///   - seed: a random number for the name tables.
  ///   - now: the time.
  package init(_ configuration: Configuration, seed: UInt64, now: Moment) {
    self.init(
      clusters: ClusterSettings.all(of: configuration), seed: seed,
      identity: PodIdentity(
        address: configuration.pod.ip, name: configuration.pod.name,
        nodeAddress: configuration.pod.hostIP))
    reload.loaded(configuration, isReload: false, now: now)
  }

  /// Returns which cluster of today each cluster of another configuration continues, nil for those
  /// that begin anew.
  ///
  /// A cluster is the same as long as its name and its offsets topic are.
  package func continuations(in configuration: Configuration) -> [Int?] {
    ClusterSettings.all(of: configuration).map { new in
      clusters.firstIndex {
        $0.settings.name == new.name && $0.settings.offsetsTopic == new.offsetsTopic
      }
    }
  }

  /// Takes another configuration over.
  ///
  /// The clusters are numbered anew, in the order of the configuration: see `continuations`. What
  /// is known of clusters and groups that stay is kept.
  ///
  /// - Parameters:
  ///   - configuration: checked.
  ///   - cause: why it was loaded.
  ///   - now: the time.
  /// - Returns: what is to be done, with the new numbers of the clusters.
  package mutating func reconfigure(
    _ configuration: Configuration, because cause: ReloadState.Cause, at now: Moment
  ) -> [AgentEffect] {
    var effects = logOfChanges(to: configuration, because: cause)
    let wasReady = isReady
    let sources = continuations(in: configuration)
    var departing = clusters.indices.filter { !sources.contains($0) }
    departing.removeAll { clusters[$0].store.groupIndices.isEmpty }
    for cluster in departing {
      for group in clusters[cluster].store.groupIndices { forget(group, of: cluster) }
      depart(clusters[cluster])
    }
    var changed: [ClusterState] = []
    for (index, settings) in ClusterSettings.all(of: configuration).enumerated() {
      if let source = sources[index] {
        var cluster = clusters[source]
        cluster.index = index
        effects += cluster.reconfigure(settings, now: now)
        changed.append(cluster)
      } else {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1
        var cluster = ClusterState(settings: settings, index: index, seed: seed)
        cluster.isAddition = wasReady
        effects += cluster.tick(now: now)
        changed.append(cluster)
      }
    }
    clusters = changed
    reload.loaded(configuration, isReload: true, now: now)
    resettle(configuration, now: now)
    return effects
  }

  /// Takes note of a configuration that cannot be used: the one that runs stays.
  ///
  /// - Parameters:
  ///   - problems: all that is wrong, a line each; at least one.
  ///   - cause: why it was loaded.
  ///   - now: the time.
  /// - Returns: the lines of the log; what was told at the last attempt is told again only where
  ///   somebody asked for it by a signal.
  package mutating func refuse(
    _ problems: [String], because cause: ReloadState.Cause, at now: Moment
  ) -> [AgentEffect] {
    let told = cause == .signal ? [] : reload.problems
    var effects: [AgentEffect] = []
    for problem in problems where !told.contains(problem) {
      effects.append(.log(LogRecord(.error, "configuration refused").with("problem", problem)))
    }
    if !effects.isEmpty {
      let outcome =
        cause == .start
        ? "the configuration is wrong; the last good one runs in its place"
        : "the configuration was not reloaded; the old one stays"
      effects.append(
        .log(
          LogRecord(.error, outcome)
            .with("cause", cause.rawValue).with("problems", Int64(problems.count))))
    }
    reload.refused(problems, now: now)
    return effects
  }

  /// What is to be said of a group whose cluster is gone; nil for any other.
  func departedReport(_ group: String) -> GroupReport? {
    guard let cluster = reload.departed[group] else { return nil }
    return GroupReport(
      cluster: cluster, group: group, verdict: .unknown, judgement: .notFound, culpritTopic: nil,
      doubt: ClusterState.removedByReload, commitsAge: nil, headsAge: nil, source: "none",
      members: nil)
  }

  private mutating func depart(_ cluster: ClusterState) {
    for group in cluster.reportedGroups where reload.departed.count < ReloadState.maximumDeparted {
      reload.departed[cluster.store.groupName(group)] = cluster.settings.name
    }
  }

  // MARK: The log

  /// The most changes that are told one by one.
  private static let maximumChanges = 100

  private func logOfChanges(
    to configuration: Configuration, because cause: ReloadState.Cause
  ) -> [AgentEffect] {
    let changes = reload.current.map { configuration.changes(since: $0) } ?? []
    var effects: [AgentEffect] = [
      .log(
        LogRecord(
          .info,
          changes.isEmpty
            ? "configuration reloaded: nothing has changed" : "configuration reloaded"
        ).with("cause", cause.rawValue).with("fingerprint", configuration.fingerprint)
          .with("changes", Int64(changes.count)))
    ]
    for change in changes.prefix(Self.maximumChanges) {
      effects.append(
        .log(
          LogRecord(
            change.needsRestart ? .warn : .info,
            change.needsRestart
              ? "configuration changed, which takes effect at the next start"
              : "configuration changed"
          ).with("change", change.description)))
    }
    let known = reload.current?.warnings ?? []
    for warning in configuration.warnings where !known.contains(warning) {
      effects.append(.log(LogRecord(.warn, "configuration").with("text", warning.description)))
    }
    return effects
  }
}
