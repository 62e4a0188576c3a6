/// Partitions of one topic.
package struct TopicPartitions: Equatable, Sendable {
  /// The topic's name.
  package var topic: String
  /// Partition numbers, each at most once.
  package var partitions: [Int32]

  /// Names partitions of a topic.
  package init(topic: String, partitions: [Int32]) {
    self.topic = topic
    self.partitions = partitions
  }
}

/// A broker as the cluster's metadata lists it.
package struct KafkaBroker: Equatable, Sendable {
  /// The broker's id.
  package let id: Int32
  /// The advertised host.
  package let host: String
  /// The advertised port.
  package let port: Int32
}

/// What the cluster says about one topic.
package struct TopicMetadata: Equatable, Sendable {
  /// The leader of a partition that has none.
  package static let noLeader: Int32 = -1

  /// The topic's name.
  package let name: String
  /// By partition number the id of the broker that leads it, or `noLeader`.
  package let leaders: [Int32]
  /// Why the topic is unusable, or nil.
  ///
  /// `.unknownTopicOrPartition`: it does not exist, or the
  /// principal may not even see it; `.authorization`: it may not be described.
  package let error: KafkaError?
  /// By partition number why a partition is unusable; those without an error are not named.
  package let partitionErrors: [Int32: KafkaError]

  /// How many partitions the topic has.
  package var partitionCount: Int { leaders.count }

  /// Puts the parts together.
  package init(
    name: String, leaders: [Int32], error: KafkaError?, partitionErrors: [Int32: KafkaError] = [:]
  ) {
    self.name = name
    self.leaders = leaders
    self.error = error
    self.partitionErrors = partitionErrors
  }
}

/// Brokers and topics as the cluster described them at one moment.
package struct ClusterMetadata: Equatable, Sendable {
  /// The live brokers.
  package var brokers: [KafkaBroker] = []
  /// The id of the broker that was the controller, or nil when the brokers do not say.
  package var controllerID: Int32?
  /// The cluster's id, or nil when the brokers do not say (before 0.10.1).
  package var clusterID: String?
  /// The topics asked for, in the order asked.
  package var topics: [TopicMetadata] = []

  /// Knows nothing.
  package init() {}
}

/// The ends of a partition's log, or why they are not known.
package enum PartitionHead: Equatable, Sendable {
  /// The log's end and start.
  ///
  /// - `end`: the high watermark, or the last stable offset when the worker asks as
  ///   `read_committed`; never negative.
  /// - `start`: the log start offset, nil when it was not asked for or not answered.
  /// - `sampledAt`: the clock's value just before the broker was asked, in milliseconds.
  case offsets(end: Int64, start: Int64?, sampledAt: Int64)
  /// The partition has no leader now.
  case leaderless
  /// The broker did not say.
  case failed(KafkaError)
}

/// The heads of partitions of one topic.
package struct TopicHeads: Equatable, Sendable {
  /// The topic and partitions asked for.
  package let request: TopicPartitions
  /// One head per partition, in the order of `request.partitions`.
  package let heads: [PartitionHead]
}

/// Where a partition's log stands at a moment, or why that is not known.
package enum PartitionOffset: Equatable, Sendable {
  /// The first offset whose record is as new as the moment, or newer.
  case offset(Int64)
  /// The partition holds nothing so new: begin at its end.
  case nothingSoNew
  /// The partition has no leader now.
  case leaderless
  /// The broker did not say.
  case failed(KafkaError)
}

/// Where the partitions of one topic stand at a moment.
package struct TopicOffsets: Equatable, Sendable {
  /// The topic and partitions asked for.
  package let request: TopicPartitions
  /// One answer per partition, in the order of `request.partitions`.
  package let offsets: [PartitionOffset]
}
