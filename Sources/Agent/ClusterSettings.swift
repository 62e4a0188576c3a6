package import Configuration
package import LagCore

/// What the agent needs to know of one cluster before it starts.
package struct ClusterSettings {
  /// The cluster's name, in its case.
  package var name: String
  /// The topic that holds the commits.
  package var offsetsTopic: String
  /// Which groups are watched: the union of the selections of all consumers of the cluster.
  package var selections: [GroupSelection]
  /// Milliseconds between two looks at the log-end offsets, at wall-clock multiples of it.
  package var offsetRefresh: Int64
  /// Milliseconds between two looks at the topics.
  package var topicRefresh: Int64
  /// Milliseconds after which inputs are stale.
  package var staleAfter: Int64
  /// Whether old commits are left out.
  package var startsAtEnd: Bool
  /// The limits of windows.
  package var limits: WindowLimits
  /// Milliseconds after which a partition without a commit is forgotten.
  package var expireAfter: Int64
  /// How Burrow's API judges.
  package var evaluation: EvaluationParameters
  /// How the probes judge.
  package var judgement: JudgementParameters

  /// Kafka's default `max.poll.interval.ms` and 30 s, in seconds.
  private static let defaultHold = 330

  /// Creates the settings of one cluster of a checked configuration.
  ///
  /// - Parameters:
  ///   - cluster: the cluster.
  ///   - configuration: the whole configuration.
  package init(cluster: Configuration.Cluster, of configuration: Configuration) {
    let consumers = configuration.consumers.filter { $0.cluster == cluster.name }
    name = cluster.name
    offsetsTopic = consumers.first?.offsetsTopic ?? "__consumer_offsets"
    selections = consumers.map(\.groups)
    offsetRefresh = Int64(cluster.offsetRefresh) * 1000
    topicRefresh = Int64(cluster.topicRefresh) * 1000
    staleAfter =
      Int64(configuration.probe.staleAfter(offsetRefresh: cluster.offsetRefresh)) * 1000
    startsAtEnd = consumers.allSatisfy(\.startLatest) && !consumers.isEmpty
    limits = WindowLimits(
      intervals: configuration.storage.intervals,
      minimumDistance: Int64(configuration.storage.minDistance) * 1000)
    expireAfter = Int64(configuration.storage.expireGroup) * 1000
    let isPlain = configuration.evaluator.compatibility == .burrow
    evaluation = EvaluationParameters(
      allowedLag: configuration.evaluator.allowedLag,
      minimumComplete: configuration.evaluator.minimumComplete,
      warningNeedsTwoLags: !isPlain)
    judgement = JudgementParameters(
      allowedLag: configuration.evaluator.allowedLag,
      minimumComplete: configuration.probe.minimumComplete,
      hold: UInt32(clamping: configuration.probe.hold ?? Self.defaultHold),
      warningNeedsTwoLags: !isPlain)
  }

  /// The groups that are watched by exact name and not denied; nil when some are chosen otherwise.
  package var exactGroups: [String]? {
    var names: [String] = []
    for selection in selections {
      guard case .named(let listed) = selection.admitted else { return nil }
      for name in listed where !names.contains(name) {
        let bytes = Array(name.utf8)
        if selection.outcome(bytes.span) == .match { names.append(name) }
      }
    }
    return names
  }
}
