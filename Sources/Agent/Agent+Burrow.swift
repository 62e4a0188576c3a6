import LagCore

/// What Burrow's API asks; clusters, groups and topics go by name.
extension Agent {
  /// The place of a cluster, nil when there is none of that name.
  func cluster(named name: String) -> Int? {
    clusters.firstIndex { $0.settings.name == name }
  }

  /// The groups of a cluster that a status is known of, by name: those with commits.
  func groupsWithData(cluster: Int, scope: GroupScope) -> [String] {
    let state = clusters[cluster]
    return state.store.groupIndices.filter {
      !state.watched[$0].isRemoved && state.store.hasData(group: $0)
    }.map { state.store.groupName($0) }.filter(scope.contains).sorted()
  }

  /// The place of a watched group in its cluster's store, nil when there is none to be seen.
  func group(named name: String, cluster: Int, scope: GroupScope) -> Int? {
    let bytes = Array(name.utf8)
    guard scope.contains(name),
      let group = clusters[cluster].store.group(named: bytes.span),
      !clusters[cluster].watched[group].isRemoved
    else { return nil }
    return group
  }

  /// Evaluates a group by Burrow's rules; nil when no commit of it stands.
  func evaluate(group: Int, cluster: Int, now: Moment) -> GroupEvaluation? {
    let state = clusters[cluster]
    return state.store.evaluate(
      group: group, nowSeconds: now.wallSeconds,
      parameters: state.evaluation(of: group, now: now))
  }

  /// Returns all commits that are kept of a group; nil when none stands.
  func windows(ofGroup group: Int, cluster: Int, now: Moment) -> [TopicWindows]? {
    let state = clusters[cluster]
    return state.store.windows(
      ofGroup: group, nowSeconds: now.wallSeconds,
      parameters: state.evaluation(of: group, now: now))
  }

  /// The topics of a cluster that groups have committed to, by name.
  func topicNames(cluster: Int, scope: GroupScope) -> [String] {
    let store = clusters[cluster].store
    guard case .named = scope else {
      return Set(store.watchedTopics().map(\.name)).sorted()
    }
    let groups = store.groupIndices.filter { scope.contains(store.groupName($0)) }
    return Set(groups.flatMap { store.topicNames(ofGroup: $0) }).sorted()
  }

  /// The newest head of each partition of a topic, nil where none is known; nil for a topic that
  /// cannot be seen.
  func newestHeads(ofTopic name: String, cluster: Int, scope: GroupScope) -> [Int64?]? {
    if case .named = scope, !topicNames(cluster: cluster, scope: scope).contains(name) {
      return nil
    }
    let bytes = Array(name.utf8)
    return clusters[cluster].store.newestHeads(ofTopic: bytes.span)
  }

  /// The groups that have committed to a topic, by name.
  func groups(ofTopic topic: String, cluster: Int, scope: GroupScope) -> [String] {
    let bytes = Array(topic.utf8)
    return groupsWithData(cluster: cluster, scope: scope).filter { name in
      guard let group = group(named: name, cluster: cluster, scope: scope) else { return false }
      return clusters[cluster].store.hasWindow(group: group, topic: bytes.span)
    }
  }
}
