/// How a partition that somebody owns gets on.
struct PartitionCourse {
  /// The number of its owner in the group's membership.
  let member: Int
  /// Since when a head above the newest commit stands, in seconds since 1970 by this machine's
  /// clock; 0 when none does.
  let behindSince: UInt32
  /// When its newest commit was made, in milliseconds since 1970 by the brokers' clock; nil without
  /// one.
  let committedAt: Int64?
  /// Whether all commits of the window are known to have the same offset.
  let isStalled: Bool
  fileprivate let window: Int32
}

/// What is known of one partition at this moment, for the readiness of its owner.
struct PartitionPosition: Equatable {
  /// The newest committed offset, nil without a commit.
  var committed: Int64?
  /// The newest log-end offset, nil while it is not known.
  var head: Int64?
  /// When that was sampled, in seconds since 1970.
  var headSeconds: UInt32 = 0
  /// Since when a head above the newest commit stands, in seconds since 1970; 0 when none does.
  var behindSince: UInt32 = 0
}

extension OffsetStore {
  /// Calls `body` with each partition of a group that somebody owns, topics that nobody subscribes
  /// to any more left out.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - body: takes what is known of one partition.
  @inline(__always)
  func forEachOwnedPartition(
    ofGroup group: Int, nowSeconds: Int64, _ body: (PartitionCourse) -> Void
  ) {
    for index in groups[group].topics where groupTopics[Int(index)].windowCount > 0 {
      if isLeftOut(groupTopic: Int(index), nowSeconds: nowSeconds) { continue }
      for window in groupTopics[Int(index)].windows where window >= 0 {
        let owner = pool.owner(of: window)
        guard owner > 0 else { continue }
        let course = pool.course(of: window)
        body(
          PartitionCourse(
            member: Int(owner) - 1, behindSince: course.behindSince,
            committedAt: course.committedAt, isStalled: course.isStalled, window: window))
      }
    }
  }

  /// When the consumer of a partition arrived where it stands, in milliseconds since 1970 by the
  /// brokers' clock; nil without a commit, and when that was before all commits of its window.
  @inline(__always)
  func arrival(_ course: PartitionCourse) -> Int64? {
    guard !course.isStalled, case .at(let time) = pool.arrival(course.window) else { return nil }
    return time
  }
}

extension OffsetStore {
  /// Calls `body` with each partition of a group that somebody owns, and the number of its owner.
  func forEachAssignment(ofGroup group: Int, _ body: (TopicPartition, _ member: Int) -> Void) {
    for index in groups[group].topics where groupTopics[Int(index)].windowCount > 0 {
      let topic = groupTopics[Int(index)].topic
      for (partition, window) in groupTopics[Int(index)].windows.enumerated() where window >= 0 {
        let owner = Int(pool.owner(of: window))
        guard owner > 0 else { continue }
        body(TopicPartition(topic: topic, partition: Int32(partition)), owner - 1)
      }
    }
  }

  /// Returns where a partition of a group stands.
  func position(group: Int, _ place: TopicPartition) -> PartitionPosition {
    var position = PartitionPosition()
    if let sample = heads[Int(place.topic)].latest(of: place.partition) {
      position.head = sample.head
      position.headSeconds = sample.seconds
    }
    guard let window = window(group: group, place) else { return position }
    position.committed = pool.newestOffset(of: window)
    position.behindSince = pool.behindSince(window)
    return position
  }

  /// Returns the committed offset of a partition, nil when none stands.
  func committed(group: Int, _ place: TopicPartition) -> Int64? {
    window(group: group, place).flatMap { pool.newestOffset(of: $0) }
  }

  /// Returns the place of a partition of a topic that a group has, nil when it has none of it.
  func place(group: Int, topic: String, partition: Int32) -> TopicPartition? {
    let name = Array(topic.utf8)
    return knownGroupTopic(group: group, topic: name.span).map {
      TopicPartition(topic: groupTopics[$0].topic, partition: partition)
    }
  }

  private func window(group: Int, _ place: TopicPartition) -> Int32? {
    for index in groups[group].topics where groupTopics[Int(index)].topic == place.topic {
      return knownWindow(groupTopic: Int(index), partition: place.partition)
    }
    return nil
  }
}
