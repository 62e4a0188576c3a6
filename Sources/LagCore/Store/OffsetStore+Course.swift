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
  ///   - body: takes a window, the number of the member that owns it, and how that gets on.
  @inline(__always)
  func forEachOwnedWindow(
    ofGroup group: Int, nowSeconds: Int64, _ body: (Int32, Int, WindowPool.Course) -> Void
  ) {
    for index in groups[group].topics where groupTopics[Int(index)].windowCount > 0 {
      if isLeftOut(groupTopic: Int(index), nowSeconds: nowSeconds) { continue }
      let windows = groupTopics[Int(index)].windows
      for place in windows.indices where windows[place] >= 0 {
        let course = pool.course(of: windows[place])
        if course.owner > 0 { body(windows[place], Int(course.owner) - 1, course) }
      }
    }
  }

  /// When the consumer of a window arrived where it stands, in milliseconds since 1970 by the
  /// brokers' clock; nil without a commit, and when that was before all commits of its window.
  @inline(__always)
  func arrival(_ window: Int32, _ course: WindowPool.Course) -> Int64? {
    guard !course.isStalled, case .at(let time) = pool.arrival(window) else { return nil }
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
