import Answers
import LagCore

/// What `/metrics` says of groups, in our own words.
extension AgentMetrics {
  static func write(_ groups: [GroupReport], to writer: inout MetricsWriter) {
    writer.family("vole_group_verdict", .gauge, "The verdict on a group: 1 for the one that holds")
    for group in groups {
      for verdict in Verdict.allCases {
        writer.sample(
          verdict == group.verdict ? 1 : 0, labels(of: group) + [("verdict", "\(verdict.name)")])
      }
    }
    writer.family(
      "vole_group_partitions", .gauge, "Partitions of a group that have a commit, by status")
    for group in groups {
      let judgement = group.judgement
      let counts: [(String, Int)] = [
        ("OK", judgement.ok), ("WARN", judgement.warning), ("STOP", judgement.stop),
        ("STALL", judgement.stall), ("REWIND", judgement.rewind), ("UNKNOWN", judgement.unknown),
      ]
      for (status, count) in counts {
        writer.sample(Int64(count), labels(of: group) + [("status", status)])
      }
    }
    writer.family(
      "vole_group_flagged_partitions", .gauge, "Partitions of a group with something odd, by what")
    for group in groups {
      let judgement = group.judgement
      let counts: [(String, Int)] = [
        ("before_log_start", judgement.beforeLogStart), ("beyond_end", judgement.beyondEnd),
        ("phantom", judgement.phantom), ("head_old", judgement.headOld),
        ("unsubscribed", judgement.unsubscribed),
      ]
      for (flag, count) in counts {
        writer.sample(Int64(count), labels(of: group) + [("flag", flag)])
      }
    }
    each(groups, "vole_group_lag_records", "The sum of the lags of the partitions", &writer) {
      Int64(clamping: $0.judgement.totalLag)
    }
    each(
      groups, "vole_group_commits_age_seconds", "Since all commits were last proven to be read",
      &writer
    ) { $0.commitsAge }
    each(
      groups, "vole_group_heads_age_seconds", "Since log-end offsets were last read", &writer
    ) { $0.headsAge }
    writer.family(
      "vole_group_rebalances_total", .counter, "Rebalances of a group since it is watched")
    for group in groups { writer.sample(Int64(group.rebalances), labels(of: group)) }
  }

  private static func each(
    _ groups: [GroupReport], _ name: String, _ help: String, _ writer: inout MetricsWriter,
    _ value: (GroupReport) -> Int64?
  ) {
    writer.family(name, .gauge, help)
    for group in groups {
      guard let value = value(group) else { continue }
      writer.sample(value, labels(of: group))
    }
  }

  private static func labels(of group: GroupReport) -> [(name: String, value: String)] {
    [("cluster", group.cluster), ("consumer_group", group.group)]
  }
}

extension Agent {
  /// What Burrow exports, of the groups that may be seen.
  func burrowMetrics(scope: GroupScope, now: Moment) -> BurrowMetrics {
    var metrics = BurrowMetrics()
    for (index, cluster) in clusters.enumerated() {
      let name = cluster.settings.name
      for group in cluster.store.groupIndices
      where !cluster.watched[group].isRemoved && cluster.store.hasData(group: group)
        && scope.contains(cluster.store.groupName(group))
      {
        guard let evaluation = evaluate(group: group, cluster: index, now: now) else { continue }
        metrics.add(evaluation, cluster: name)
      }
      for topic in topicNames(cluster: index, scope: scope) {
        let bytes = Array(topic.utf8)
        guard let heads = cluster.store.newestHeads(ofTopic: bytes.span) else { continue }
        metrics.add(heads: heads, ofTopic: topic, cluster: name)
      }
    }
    return metrics
  }
}
