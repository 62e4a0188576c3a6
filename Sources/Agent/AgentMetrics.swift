import Answers
import LagCore

/// What `/metrics` says about the agent's own reading.
enum AgentMetrics {
  /// The text of all metrics at this moment.
  static func text(of agent: borrowing Agent, now: Moment) -> [UInt8] {
    var writer = MetricsWriter()
    write(agent.clusterStatuses(), to: &writer)
    write(agent.reports(now: now), to: &writer)
    agent.reload.write(to: &writer)
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
    each("vole_ready", .gauge, "Whether commits and log-end offsets were read once.") {
      $0.isReady ? 1 : 0
    }
    each("vole_cluster_up", .gauge, "Whether the cluster answers.") { $0.fault == nil ? 1 : 0 }
    each("vole_tracked_partitions", .gauge, "Group-partitions that have a window.") {
      Int64($0.trackedPartitions)
    }
    each(
      "vole_source_fallbacks_total", .counter,
      "How often the offsets topic was given up for OffsetFetch."
    ) { Int64($0.fallbacks) }
    each(
      "vole_source_fallback", .gauge,
      "Whether commits are fetched because the topic may not be read."
    ) { $0.fallback == nil ? 0 : 1 }
    each(
      "vole_withheld_partitions", .gauge,
      "Partitions of the offsets topic that an open transaction withholds."
    ) { Int64($0.withheldPartitions.count) }
    each(
      "vole_withholdings_total", .counter,
      "How often an open transaction withheld a partition of the offsets topic for long."
    ) { Int64($0.withholdings) }
    each(
      "vole_recreated_topics_total", .counter,
      "How often a topic was seen to have been made anew."
    ) { Int64($0.recreations) }
    each(
      "vole_broker_clock_skew_milliseconds", .gauge,
      "How far the brokers' clock is behind this machine's."
    ) { $0.clockSkew }
    writeRecords(clusters, to: &writer)
  }

  private static func writeRecords(
    _ clusters: [Agent.ClusterStatus], to writer: inout MetricsWriter
  ) {
    writer.family(
      "vole_records_total", .counter,
      "Records of the offsets topic and observations of polls, by what became of them.")
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

  private static func write(_ groups: [GroupReport], to writer: inout MetricsWriter) {
    func each(_ name: String, _ help: String, _ value: (GroupReport) -> Int64?) {
      writer.family(name, .gauge, help)
      for group in groups {
        guard let value = value(group) else { continue }
        writer.sample(value, [("cluster", group.cluster), ("consumer_group", group.group)])
      }
    }
    writer.family("vole_group_verdict", .gauge, "The verdict on a group: 1 for the one that holds.")
    for group in groups {
      for verdict in Verdict.allCases {
        writer.sample(
          verdict == group.verdict ? 1 : 0,
          [
            ("cluster", group.cluster), ("consumer_group", group.group),
            ("verdict", "\(verdict.name)"),
          ])
      }
    }
    each("vole_group_lag_records", "The sum of the lags of a group's partitions.") {
      Int64(clamping: $0.judgement.totalLag)
    }
    each("vole_group_commits_age_seconds", "Since all commits were last proven to be read.") {
      $0.commitsAge
    }
    writer.family(
      "vole_group_rebalances_total", .counter, "Rebalances of a group since it is watched.")
    for group in groups {
      writer.sample(
        Int64(group.rebalances), [("cluster", group.cluster), ("consumer_group", group.group)])
    }
    each("vole_group_heads_age_seconds", "Since log-end offsets were last read.") { $0.headsAge }
  }
}
