package import LagCore

/// The metrics that Burrow exports, under its names and with its labels and numbers
/// (`core/internal/httpserver/prometheus.go`).
package struct BurrowMetrics {
  /// A group that Burrow would not call NOTFOUND.
  private struct Group {
    let cluster: String
    let group: String
    let status: GroupStatus
    let totalLag: UInt64
    /// Which of the topics are this one's.
    let topics: Range<Int>
  }

  /// A topic of a group.
  private struct Topic {
    let labels: MetricsWriter.PartitionLabels
    /// Which of the partitions are this one's.
    let partitions: Range<Int>
  }

  /// What is exported of a partition of a group.
  private struct Partition {
    let partition: Int32
    let status: PartitionStatus
    let currentLag: UInt64
    /// The newest commit where the window is full, nil elsewhere: as Burrow does it.
    let offset: Int64?
  }

  private var groups: [Group] = []
  private var topics: [Topic] = []
  private var partitions: [Partition] = []
  private var heads: [(labels: MetricsWriter.PartitionLabels, heads: [Int64?])] = []

  /// Nothing is to be exported yet.
  package init() {}

  /// Adds a group.
  package mutating func add(_ evaluation: GroupEvaluation, cluster: String) {
    let first = topics.count
    for topic in evaluation.topics {
      let start = partitions.count
      for one in topic.partitions {
        partitions.append(
          Partition(
            partition: one.partition, status: one.status, currentLag: one.currentLag,
            offset: one.complete == 1 ? one.end?.offset : nil))
      }
      topics.append(
        Topic(
          labels: MetricsWriter.PartitionLabels(
            cluster: cluster, group: evaluation.group, topic: topic.name),
          partitions: start..<partitions.count))
    }
    groups.append(
      Group(
        cluster: cluster, group: evaluation.group, status: evaluation.status,
        totalLag: evaluation.totalLag, topics: first..<topics.count))
  }

  /// Adds the newest heads of a topic, by partition number; nil where none is known.
  package mutating func add(heads: [Int64?], ofTopic topic: String, cluster: String) {
    self.heads.append(
      (MetricsWriter.PartitionLabels(cluster: cluster, group: nil, topic: topic), heads))
  }

  /// Writes everything that was added.
  package func write(to writer: inout MetricsWriter) {
    writer.family(
      "burrow_kafka_consumer_current_offset", .gauge,
      "Latest committed offset of a partition whose window is full")
    each(&writer) { $0.offset }
    writer.family(
      "burrow_kafka_consumer_lag_total", .gauge,
      "The sum of the current lags of all partitions of the group")
    for group in groups { writer.sample(Int64(clamping: group.totalLag), Self.labels(of: group)) }
    writer.family(
      "burrow_kafka_consumer_partition_lag", .gauge,
      "Messages by which the consumer group is behind in a partition")
    each(&writer) { Int64(clamping: $0.currentLag) }
    writer.family(
      "burrow_kafka_consumer_status", .gauge,
      "The status of the consumer group: 1 OK, 2 WARN, 3 ERR")
    for group in groups { writer.sample(Int64(group.status.rawValue), Self.labels(of: group)) }
    writer.family(
      "burrow_kafka_topic_partition_offset", .gauge, "Latest log-end offset of a partition")
    for topic in heads {
      for (partition, head) in topic.heads.enumerated() {
        guard let head else { continue }
        writer.sample(head, topic.labels, partition: Int32(truncatingIfNeeded: partition))
      }
    }
    writer.family(
      "burrow_kafka_topic_partition_status", .gauge,
      "The status of a partition whose window is full: 1 OK, 2 WARN, 4 STOP, 5 STALL, 6 REWIND")
    each(&writer) { $0.offset == nil ? nil : Int64($0.status.rawValue) }
  }

  private func each(_ writer: inout MetricsWriter, _ value: (Partition) -> Int64?) {
    for topic in topics {
      for index in topic.partitions {
        guard let value = value(partitions[index]) else { continue }
        writer.sample(value, topic.labels, partition: partitions[index].partition)
      }
    }
  }

  private static func labels(of group: Group) -> [(name: String, value: String)] {
    [("cluster", group.cluster), ("consumer_group", group.group)]
  }
}
