package import Configuration
package import LagCore

/// What the agent needs to know of one cluster before it starts.
package struct ClusterSettings {
  /// The cluster's name, in its case.
  package var name: String
  /// The topic that holds the commits.
  package var offsetsTopic: String
  /// Which groups are watched and how: the consumers of the cluster in the order of the file.
  ///
  /// A group is watched as the first one says that admits it.
  package var consumers: [ConsumerSettings]
  /// How the cluster is reached.
  package var connection: Connection
  /// Milliseconds between two looks at the log-end offsets, at wall-clock multiples of it.
  package var offsetRefresh: Int64
  /// Milliseconds between two looks at the topics.
  package var topicRefresh: Int64
  /// Milliseconds after which inputs are stale.
  package var staleAfter: Int64
  /// Where the reading of the offsets topic begins: what the consumer needs that needs most.
  package var start: Configuration.ReadingStart
  /// The limits of windows.
  package var limits: WindowLimits
  /// Milliseconds after which a partition without a commit is forgotten.
  package var expireAfter: Int64
  /// How Burrow's API judges.
  package var evaluation: EvaluationParameters
  /// How the probes judge.
  package var judgement: JudgementParameters

  /// How a cluster is reached: another one needs new clients.
  package struct Connection: Equatable {
    /// Bootstrap servers and login for topics and the ends of logs.
    package var servers: [String]
    package var client: ClientProfile
    /// The same for the offsets topic and groups.
    package var consumerServers: [String]
    package var consumerClient: ClientProfile
  }

  /// Returns the settings of all clusters of a checked configuration, in its order.
  package static func all(of configuration: Configuration) -> [ClusterSettings] {
    configuration.clusters.map { ClusterSettings(cluster: $0, of: configuration) }
  }

  /// Creates the settings of one cluster of a checked configuration.
  ///
  /// - Parameters:
  ///   - cluster: the cluster.
  ///   - configuration: the whole configuration.
  package init(cluster: Configuration.Cluster, of configuration: Configuration) {
    let consumers = configuration.consumers.filter { $0.cluster == cluster.name }
    name = cluster.name
    offsetsTopic = consumers.first?.offsetsTopic ?? "__consumer_offsets"
    self.consumers = consumers.map { ConsumerSettings($0) }
    connection = Connection(
      servers: cluster.servers, client: cluster.client,
      consumerServers: consumers.first?.servers ?? cluster.servers,
      consumerClient: consumers.first?.client ?? cluster.client)
    offsetRefresh = Int64(cluster.offsetRefresh) * 1000
    topicRefresh = Int64(cluster.topicRefresh) * 1000
    staleAfter =
      Int64(configuration.probe.staleAfter(offsetRefresh: cluster.offsetRefresh)) * 1000
    start = Self.earliest(consumers.filter { $0.source != .offsetFetch }.map(\.start))
    limits = WindowLimits(
      intervals: configuration.storage.intervals,
      minimumDistance: Int64(configuration.storage.minDistance) * 1000)
    expireAfter = Int64(configuration.storage.expireGroup) * 1000
    let isPlain = configuration.evaluator.compatibility == .burrow
    evaluation = EvaluationParameters(
      allowedLag: configuration.evaluator.allowedLag,
      minimumComplete: configuration.evaluator.minimumComplete,
      warningNeedsTwoLags: !isPlain, isPlain: isPlain)
    judgement = JudgementParameters(
      allowedLag: configuration.evaluator.allowedLag,
      minimumComplete: configuration.probe.minimumComplete,
      hold: UInt32(
        clamping: (configuration.probe.decisions.parameters.hold ?? ProbeParameters.holdOfUnknown)
          / 1000),
      warningNeedsTwoLags: !isPlain)
  }

  /// The start that leaves out least.
  private static func earliest(
    _ starts: [Configuration.ReadingStart]
  ) -> Configuration.ReadingStart {
    var earliest = starts.first ?? .beginning
    for start in starts {
      switch (start, earliest) {
      case (.beginning, _), (.back, .end): earliest = start
      case (.back(let seconds), .back(let known)) where seconds > known: earliest = start
      default: break
      }
    }
    return earliest
  }

  /// Whether old commits are left out.
  package var startsAtEnd: Bool { start == .end }

  /// The groups that some consumer names exactly and none of those denies, each once.
  package var namedGroups: [String] {
    var names: [String] = []
    for consumer in consumers {
      guard case .named(let listed) = consumer.selection.admitted else { continue }
      for name in listed where !names.contains(name) {
        let bytes = Array(name.utf8)
        if consumer.selection.outcome(bytes.span) == .match { names.append(name) }
      }
    }
    return names
  }

  /// The groups that are watched by exact name and not denied; nil when some are chosen otherwise.
  package var exactGroups: [String]? {
    let isExact = consumers.allSatisfy {
      if case .named = $0.selection.admitted { true } else { false }
    }
    return isExact ? namedGroups : nil
  }

  /// The first consumer that admits a group.
  ///
  /// - Parameter name: the group's name as it stands in a record, UTF-8.
  /// - Returns: an index of `consumers`; nil where the group is not watched, with whether that is
  ///   because a pattern was given up at its limit.
  package func consumer(
    admitting name: Span<UInt8>
  ) -> (index: Int?, exceedsLimit: Bool) {
    var exceedsLimit = false
    for (index, consumer) in consumers.enumerated() {
      switch consumer.selection.outcome(name) {
      case .match: return (index, false)
      case .noMatch: continue
      case .limitExceeded: exceedsLimit = true
      }
    }
    return (nil, exceedsLimit)
  }
}
