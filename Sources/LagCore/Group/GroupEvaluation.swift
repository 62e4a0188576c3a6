/// The evaluation of one partition of a group, as Burrow's `/v3` shows it.
package struct PartitionEvaluation: Sendable, Equatable {
  /// The partition number.
  package var partition: Int32
  /// The member that the partition is assigned to, nil when none is known.
  package var owner: PartitionOwner?
  /// The rule that decided; it carries the status.
  package var rule: Rule
  /// The oldest commit of the window, nil when there is none.
  package var start: CommitEntry?
  /// The newest commit of the window, nil when there is none.
  package var end: CommitEntry?
  /// Records between the newest commit and the newest head, 0 when either is unknown; corrected as
  /// `flags` tell.
  package var currentLag: UInt64
  /// The filled share of the window, 0 to 1.
  package var complete: Float
  /// What is special about the lag.
  package var flags: PartitionFlags
  /// Seconds since the partition's own head was sampled, negative after the clock was set back; nil
  /// when none is known.
  package var headAge: Int64?

  /// The status of the partition.
  package var status: PartitionStatus { rule.status }
}

/// The evaluation of one topic of a group.
package struct TopicEvaluation: Sendable, Equatable {
  /// The topic's name.
  package var name: String
  /// One element per partition, in order of partition number.
  package var partitions: [PartitionEvaluation]
}

/// The evaluation of a whole group, as Burrow's `/v3` shows it.
package struct GroupEvaluation: Sendable, Equatable {
  /// The group's name.
  package var group: String
  /// The verdict.
  package var status: GroupStatus
  /// The share of partitions whose window is full, 0 to 1.
  package var complete: Float
  /// Topics sorted by name.
  package var topics: [TopicEvaluation]
  /// All partitions of all topics, those without a commit included.
  package var partitionCount: Int
  /// Where the first partition with the largest current lag stands; nil without partitions.
  package var maxLag: (topic: Int, partition: Int)?
  /// The sum of the current lags in records; it wraps like Burrow's uint64.
  package var totalLag: UInt64

  package static func == (left: GroupEvaluation, right: GroupEvaluation) -> Bool {
    left.group == right.group && left.status == right.status && left.complete == right.complete
      && left.topics == right.topics && left.partitionCount == right.partitionCount
      && left.maxLag?.topic == right.maxLag?.topic
      && left.maxLag?.partition == right.maxLag?.partition && left.totalLag == right.totalLag
  }
}

extension OffsetStore {
  /// Evaluates a group as Burrow does (`caching.go`, `evaluateConsumerStatus`).
  ///
  /// Topics go in the order of their names and partitions in the order of their numbers, where
  /// Burrow follows the random order of a Go map. Topics that nobody subscribes to any more are
  /// left out, unless the plain algorithm is asked for.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - parameters: allowed lag, minimum-complete and the switches.
  /// - Returns: the evaluation, nil when no commit of the group stands (Burrow's NOTFOUND).
  package func evaluate(
    group: Int, nowSeconds: Int64, parameters: EvaluationParameters
  ) -> GroupEvaluation? {
    guard let lastCommit = lastCommit(group: group),
      lastCommit >= nowSeconds &* 1000 &- expireAfter
    else { return nil }
    var evaluation = GroupEvaluation(
      group: groupName(group), status: .ok, complete: 0, topics: [], partitionCount: 0,
      maxLag: nil, totalLag: 0)
    let sorted = groups[group].topics.filter {
      groupTopics[Int($0)].windowCount > 0
        && (parameters.isPlain || !isLeftOut(groupTopic: Int($0), nowSeconds: nowSeconds))
    }.map {
      (name: topicName(Int(groupTopics[Int($0)].topic)), index: Int($0))
    }
    .sorted { $0.name < $1.name }
    let frame = frame(parameters, group: group, nowSeconds: nowSeconds)
    var largest: UInt64 = 0
    var full = 0
    for topic in sorted {
      let count = partitionCount(ofGroupTopic: topic.index)
      var partitions: [PartitionEvaluation] = []
      partitions.reserveCapacity(count)
      for partition in 0..<count {
        let one = evaluate(
          groupTopic: topic.index, partition: Int32(partition), frame: frame)
        evaluation.status = max(evaluation.status, GroupStatus(causedBy: one.status))
        evaluation.totalLag &+= one.currentLag
        if evaluation.maxLag == nil || one.currentLag > largest {
          evaluation.maxLag = (evaluation.topics.count, partition)
          largest = one.currentLag
        }
        if one.complete == 1 { full += 1 }
        partitions.append(one)
      }
      evaluation.partitionCount += count
      evaluation.topics.append(TopicEvaluation(name: topic.name, partitions: partitions))
    }
    if evaluation.partitionCount > 0 {
      evaluation.complete = Float(full) / Float(evaluation.partitionCount)
    }
    return evaluation
  }

  /// The partitions that a group's topic shows: all that metadata or commits have named.
  func partitionCount(ofGroupTopic index: Int) -> Int {
    max(
      groupTopics[index].windows.count,
      heads[Int(groupTopics[index].topic)].partitionCount)
  }

  private func evaluate(
    groupTopic index: Int, partition: Int32, frame: EvaluationFrame
  ) -> PartitionEvaluation {
    let topic = Int(groupTopics[index].topic)
    var evaluation = PartitionEvaluation(
      partition: partition, owner: nil, rule: .noCommits, start: nil, end: nil, currentLag: 0,
      complete: 0, flags: [],
      headAge: heads[topic].sampledAt(partition).map { frame.nowSeconds &- Int64($0) })
    guard let window = knownWindow(groupTopic: index, partition: partition) else {
      return evaluation
    }
    evaluation.owner = owner(ofWindow: window, group: Int(groupTopics[index].group))
    let summary = pool.summary(of: window)
    guard summary.count > 0, let bounds = pool.bounds(of: window) else {
      evaluation.complete = completeness(filled: 1, of: limits.intervals)
      return evaluation
    }
    let found = finding(summary, window: window, topic: topic, partition: partition, frame: frame)
    evaluation.rule = found.rule
    evaluation.start = bounds.start
    evaluation.end = bounds.end
    evaluation.currentLag = found.currentLag
    evaluation.complete = found.complete
    evaluation.flags = found.flags
    return evaluation
  }
}
