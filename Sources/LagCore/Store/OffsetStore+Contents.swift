/// The window of one partition of a group, whole, as Burrow's consumer detail shows it.
package struct PartitionWindow: Sendable, Equatable {
  /// The commits, oldest first.
  package var commits: [CommitEntry]
  /// How many slots before them are empty; 0 too where the partition has no window at all.
  package var emptySlots: Int
  /// The member that the partition is assigned to, nil when none is known.
  package var owner: PartitionOwner?
  /// Records between the newest commit and the newest head, corrected; 0 when either is unknown.
  package var currentLag: UInt64
}

/// The windows of one topic of a group, by partition number.
package struct TopicWindows: Sendable, Equatable {
  /// The topic's name.
  package var name: String
  /// One element per partition.
  package var partitions: [PartitionWindow]
}

/// What the store holds, by name.
extension OffsetStore {
  /// Returns all commits that are kept of a group, topics by name, as far as `evaluate` has them.
  ///
  /// - Parameters: as for `evaluate`.
  /// - Returns: nil when no commit of the group stands.
  package func windows(
    ofGroup group: Int, nowSeconds: Int64, parameters: EvaluationParameters
  ) -> [TopicWindows]? {
    guard let evaluation = evaluate(group: group, nowSeconds: nowSeconds, parameters: parameters)
    else { return nil }
    return evaluation.topics.map { topic in
      let name = Array(topic.name.utf8)
      let index = knownGroupTopic(group: group, topic: name.span)
      return TopicWindows(
        name: topic.name,
        partitions: topic.partitions.map { partition in
          let window = index.flatMap {
            knownWindow(groupTopic: $0, partition: partition.partition)
          }
          let commits = window.map { pool.entries(of: $0) } ?? []
          return PartitionWindow(
            commits: commits, emptySlots: window == nil ? 0 : limits.intervals - commits.count,
            owner: partition.owner, currentLag: partition.currentLag)
        })
    }
  }

  /// Returns the names of the topics that a group has committed to or owns partitions of, sorted.
  package func topicNames(ofGroup group: Int) -> [String] {
    groups[group].topics.filter { groupTopics[Int($0)].windowCount > 0 }
      .map { topicName(Int(groupTopics[Int($0)].topic)) }.sorted()
  }

  /// Returns whether a group has a window of any partition of a topic.
  package func hasWindow(group: Int, topic: Span<UInt8>) -> Bool {
    knownGroupTopic(group: group, topic: topic).map { groupTopics[$0].windowCount > 0 } ?? false
  }

  /// Returns the newest known head of each partition of a topic, nil where none is known; nil for a
  /// topic that nobody watches.
  ///
  /// A topic that is watched at both ends is shown at its high watermark.
  package func newestHeads(ofTopic name: Span<UInt8>) -> [Int64?]? {
    for end in [LogEnd.highWatermark, .lastStableOffset] {
      guard let topic = topic(named: name, logEnd: end), topics[topic].windowCount > 0 else {
        continue
      }
      return (0..<Int32(clamping: heads[topic].partitionCount)).map { heads[topic].newest(of: $0) }
    }
    return nil
  }
}
