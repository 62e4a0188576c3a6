import Answers
import HTTPServer
import LagCore

/// What `/metrics` says.
enum AgentMetrics {
  /// The text of all metrics at this moment.
  ///
  /// - Parameters:
  ///   - agent: what is told of.
  ///   - scope: the groups that may be seen.
  ///   - server: what is told beside the agent.
  ///   - format: the format.
  ///   - capacity: bytes to reserve at once.
  ///   - now: the time.
  static func text(
    of agent: borrowing Agent, scope: GroupScope, server: ServerReport,
    format: MetricsWriter.Format, capacity: Int, now: Moment
  ) -> [UInt8] {
    var writer = MetricsWriter(format, capacity: capacity)
    server.write(to: &writer, now: now)
    write(agent.clusterStatuses(), to: &writer)
    write(agent.reports(now: now).filter { scope.contains($0.group) }, to: &writer)
    write(agent, scope: scope, to: &writer, now: now)
    agent.memory.write(to: &writer)
    agent.reload.write(to: &writer)
    agent.burrowMetrics(scope: scope, now: now).write(to: &writer)
    return writer.finish()
  }

  private static func write(_ clusters: [Agent.ClusterStatus], to writer: inout MetricsWriter) {
    func each(
      _ name: String, _ kind: MetricsWriter.Kind, _ help: String,
      _ value: (Agent.ClusterStatus) -> Int64?
    ) {
      writer.family(name, kind, help)
      for cluster in clusters {
        guard let value = value(cluster) else { continue }
        writer.sample(value, [("cluster", cluster.name)])
      }
    }
    each("vole_ready", .gauge, "Whether commits and log-end offsets were read once") {
      $0.isReady ? 1 : 0
    }
    each("vole_cluster_up", .gauge, "Whether the cluster answers") { $0.fault == nil ? 1 : 0 }
    each("vole_tracked_partitions", .gauge, "Group-partitions that have a window") {
      Int64($0.trackedPartitions)
    }
    each(
      "vole_offsets_partitions_needed", .gauge, "Partitions of the offsets topic that are read"
    ) { Int64($0.partitionsNeeded) }
    each(
      "vole_offsets_partitions_read", .gauge,
      "Partitions of the offsets topic that were read to the end that stood at the start"
    ) { Int64($0.partitionsRead) }
    each("vole_records_left", .gauge, "Records of the offsets topic that are known to be left") {
      $0.recordsLeft
    }
    each(
      "vole_source_fallbacks_total", .counter,
      "How often the offsets topic was given up for OffsetFetch"
    ) { Int64($0.fallbacks) }
    each(
      "vole_source_fallback", .gauge,
      "Whether commits are fetched because the topic may not be read"
    ) { $0.fallback == nil ? 0 : 1 }
    each(
      "vole_withheld_partitions", .gauge,
      "Partitions of the offsets topic that an open transaction withholds"
    ) { Int64($0.withheldPartitions.count) }
    each(
      "vole_withholdings_total", .counter,
      "How often an open transaction withheld a partition of the offsets topic for long"
    ) { Int64($0.withholdings) }
    each(
      "vole_recreated_topics_total", .counter,
      "How often a topic was seen to have been made anew"
    ) { Int64($0.recreations) }
    writer.family(
      "vole_broker_clock_skew_seconds", .gauge,
      "How far the clock of the brokers is behind that of this machine")
    for cluster in clusters {
      guard let skew = cluster.clockSkew else { continue }
      writer.sample(real: Double(skew) / 1000, [("cluster", cluster.name)])
    }
    writeRecords(clusters, to: &writer)
  }

  private static func writeRecords(
    _ clusters: [Agent.ClusterStatus], to writer: inout MetricsWriter
  ) {
    writer.family(
      "vole_records_total", .counter,
      "Records of the offsets topic and observations of polls, by what became of them")
    for cluster in clusters {
      let records = cluster.records
      let outcomes: [(String, Int64)] = [
        ("commit", records.commits), ("observed", records.observed),
        ("foreign", records.foreign), ("dropped", records.dropped),
        ("tombstone", records.tombstones), ("group_metadata", records.groupMetadata),
        ("ignored", records.ignored), ("unsupported_version", records.unsupportedVersions),
        ("malformed", records.malformed),
      ]
      for (outcome, count) in outcomes {
        writer.sample(count, [("cluster", cluster.name), ("outcome", outcome)])
      }
    }
  }
}
