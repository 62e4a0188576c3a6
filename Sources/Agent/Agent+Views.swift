package import Answers
package import LagCore

/// What the agent can be asked; nothing here changes it.
extension Agent {
  /// How far the reading of one cluster has come.
  package struct ClusterStatus: Sendable, Equatable {
    /// The cluster's name.
    package var name: String
    /// Whether commits and heads were read once.
    package var isReady: Bool
    /// Partitions of the offsets topic that are read; 0 until the topic was looked up.
    package var partitionsNeeded: Int
    /// How many of them were read to the end that stood at the start.
    package var partitionsRead: Int
    /// Records that are known to be left.
    package var recordsLeft: Int64
    /// Whether all commits that stood at the start were read, by whatever source.
    package var areCommitsRead: Bool
    /// Whether log-end offsets of all watched topics were read.
    package var areHeadsRead: Bool
    /// What is wrong with the cluster, nil when nothing is.
    package var fault: String?
    /// Records by what became of them.
    package var records: RecordCounters
    /// Group-partitions that have a window.
    package var trackedPartitions: Int
    /// Whether the offsets topic is read for any group.
    package var readsTopic: Bool
    /// Groups that are served by OffsetFetch, and how many of them were answered once.
    package var groupsPolled: Int
    package var groupsAnswered: Int
    /// How many groups the brokers listed, nil while they are not asked or have not answered.
    package var groupsListed: Int?
    /// Why the offsets topic was given up for OffsetFetch, nil while it was not, and how often.
    package var fallback: String?
    package var fallbacks: Int
    /// The partitions of the offsets topic that an open transaction withholds now, and how often
    /// any was withheld for long.
    package var withheldPartitions: [Int32]
    package var withholdings: Int
    /// How often a topic was seen to have been made anew.
    package var recreations: Int
    /// How far the brokers' clock is behind ours, in milliseconds; nil before any fresh commit.
    package var clockSkew: Int64?
    /// Why a partition of the offsets topic could not be read when that was last tried, nil while
    /// all can be.
    package var readingFault: String?
    /// Topics that may not be read when a small lag is looked at.
    package var unsearchableTopics: Int
  }

  /// Returns how far the reading of each cluster has come.
  package func clusterStatuses() -> [ClusterStatus] {
    clusters.map { cluster in
      let progress = cluster.readingProgress
      return ClusterStatus(
        name: cluster.settings.name, isReady: cluster.isReady || cluster.isAddition,
        partitionsNeeded: progress.needed, partitionsRead: progress.caughtUp,
        recordsLeft: cluster.readings.reduce(0) { $0 + ($1?.remaining ?? 0) },
        areCommitsRead: cluster.isReady || cluster.isAddition || cluster.areCommitsRead,
        areHeadsRead: cluster.isAddition || cluster.areHeadsRead,
        fault: cluster.health.fault?.message,
        records: cluster.records, trackedPartitions: cluster.store.trackedPartitions,
        readsTopic: cluster.readsTopic, groupsPolled: cluster.polls.progress.of,
        groupsAnswered: cluster.polls.progress.read,
        groupsListed: cluster.listing.readAt == nil ? nil : cluster.listing.count,
        fallback: cluster.fallback.fault?.message, fallbacks: cluster.fallback.count,
        withheldPartitions: cluster.withheldPartitions,
        withholdings: cluster.readings.reduce(0) { $0 + ($1?.withholdings ?? 0) },
        recreations: cluster.store.recreations.count, clockSkew: cluster.skew.smallest,
        readingFault: cluster.readings.lazy.compactMap { $0?.fault?.message }.first,
        unsearchableTopics: cluster.phantoms.refusals.count)
    }
  }

  /// Whether commits and heads of every cluster were read once.
  package var isReady: Bool { clusters.allSatisfy { $0.isReady || $0.isAddition } }

  /// The names of the clusters.
  package var clusterNames: [String] { clusters.map(\.settings.name) }

  /// Returns what is to be said of every watched group now.
  package func reports(now: Moment) -> [GroupReport] {
    clusters.flatMap { cluster in
      cluster.reportedGroups.map { cluster.report(group: $0, now: now) }
    }
  }

  /// Returns what is to be said of the groups of that name now; empty when none is watched.
  package func reports(group name: String, now: Moment) -> [GroupReport] {
    let bytes = Array(name.utf8)
    let reports = clusters.compactMap { cluster in
      cluster.store.group(named: bytes.span).map { cluster.report(group: $0, now: now) }
    }
    return reports.isEmpty ? departedReport(name).map { [$0] } ?? [] : reports
  }

  /// Evaluates a group by Burrow's rules.
  ///
  /// - Parameters:
  ///   - name: the group's name.
  ///   - cluster: the cluster's name, in its case.
  ///   - now: the time.
  /// - Returns: nil when the cluster or the group is not known, or no commit stands.
  package func evaluate(group name: String, cluster: String, now: Moment) -> GroupEvaluation? {
    let bytes = Array(name.utf8)
    guard let state = clusters.first(where: { $0.settings.name == cluster }),
      let group = state.store.group(named: bytes.span)
    else { return nil }
    return state.store.evaluate(
      group: group, nowSeconds: now.wallSeconds,
      parameters: state.evaluation(of: group, now: now))
  }
}
