extension OffsetStore {
  /// A topic that at least one group has committed to or owns partitions of, at one of its ends.
  package struct WatchedTopic: Sendable, Equatable {
    /// The topic's index in the store.
    package let index: Int
    /// The topic's name.
    package let name: String
    /// Which end is asked for; groups of one topic may differ in it, then it is watched twice.
    package let logEnd: LogEnd
  }

  /// How long the heads of a topic that lost its last window by expiry are believed when it comes
  /// back, in milliseconds (60 s).
  static let headRetention: Int64 = 60_000

  /// Returns the topics whose heads are needed: those in which some group has a window.
  package func watchedTopics() -> [WatchedTopic] {
    topics.indices.filter { topics[$0].windowCount > 0 }.map {
      WatchedTopic(index: $0, name: topicNames.text($0), logEnd: topics[$0].logEnd)
    }
  }

  /// Returns the index of a topic at one end, nil when no group that measures to that ever named
  /// it.
  package func topic(
    named name: Span<UInt8>, logEnd: LogEnd = .highWatermark
  ) -> Int? {
    topicNames.find(name, scope: UInt64(logEnd.rawValue)) { topics[$0].logEnd == logEnd }
  }

  /// Returns the name of a topic.
  package func topicName(_ topic: Int) -> String { topicNames.text(topic) }

  /// Returns which end of a topic's partitions its heads are.
  package func logEnd(ofTopic topic: Int) -> LogEnd { topics[topic].logEnd }

  /// Returns the heads of a topic.
  package func heads(ofTopic topic: Int) -> TopicHeads { heads[topic] }

  /// Returns the log start of a partition as far as it matters.
  ///
  /// It is known where a commit lay below it when it was told, and nil elsewhere.
  package func logStart(ofTopic topic: Int, partition: Int32) -> Int64? {
    logStarts[TopicPartition(topic: Int32(topic), partition: partition)]
  }

  /// Takes note of a topic's partition count from metadata; counts over the limit are cut to it.
  package mutating func setPartitionCount(_ count: Int, ofTopic topic: Int) {
    heads[topic].growPartitions(to: min(count, Self.maximumPartitions))
  }

  /// Measures the lag of a group to another end from now on; windows stay as they are.
  ///
  /// Where the store is full, a topic stays at its end.
  package mutating func setLogEnd(_ logEnd: LogEnd, ofGroup group: Int, now: Int64) {
    guard groups[group].logEnd != logEnd else { return }
    groups[group].logEnd = logEnd
    for index in groups[group].topics {
      let old = Int(groupTopics[Int(index)].topic)
      let name = Array(topicNames.name(old))
      guard topics[old].logEnd != logEnd, let new = addTopic(name.span, logEnd: logEnd) else {
        continue
      }
      unlink(groupTopic: index)
      groupTopics[Int(index)].topic = Int32(new)
      groupTopics[Int(index)].next = topics[new].firstGroupTopic
      topics[new].firstGroupTopic = index
      let count = groupTopics[Int(index)].windowCount
      guard count > 0 else { continue }
      if topics[new].windowCount == 0 {
        beginWatching(new, now: now)
        heads[new].growPartitions(to: heads[old].partitionCount)
      }
      topics[new].windowCount += count
      topics[old].windowCount -= count
      if topics[old].windowCount == 0 { forgetEnds(ofTopic: old) }
    }
  }

  private mutating func unlink(groupTopic index: Int32) {
    let topic = Int(groupTopics[Int(index)].topic)
    let next = groupTopics[Int(index)].next
    guard topics[topic].firstGroupTopic != index else {
      topics[topic].firstGroupTopic = next
      return
    }
    var place = topics[topic].firstGroupTopic
    while place >= 0, groupTopics[Int(place)].next != index {
      place = groupTopics[Int(place)].next
    }
    if place >= 0 { groupTopics[Int(place)].next = next }
  }

  /// Returns the index of a topic, which is added when it is new; nil when the store is full.
  mutating func addTopic(_ name: Span<UInt8>, logEnd: LogEnd) -> Int? {
    if let known = topic(named: name, logEnd: logEnd) { return known }
    guard let index = topicNames.insert(name, scope: UInt64(logEnd.rawValue)) else { return nil }
    var new = Topic(logEnd: logEnd)
    let other: LogEnd = logEnd == .highWatermark ? .lastStableOffset : .highWatermark
    if let sibling = topic(named: name, logEnd: other) {
      new.id = topics[sibling].id
      new.idTime = topics[sibling].idTime
      new.sibling = Int32(sibling)
      topics[sibling].sibling = Int32(index)
    }
    topics.append(new)
    heads.append(TopicHeads(intervals: limits.intervals))
    return index
  }

  /// Lets a topic without windows be asked for; heads that it still has must be fresh.
  mutating func beginWatching(_ topic: Int, now: Int64) {
    watchRevision += 1
    guard let sampled = heads[topic].newestSample else { return }
    if now &- Int64(sampled) &* 1000 > Self.headRetention { forgetEnds(ofTopic: topic) }
  }

  /// Forgets heads and log starts of a topic, and how many partitions it has.
  mutating func forgetEnds(ofTopic topic: Int) {
    heads[topic] = TopicHeads(intervals: limits.intervals)
    if !logStarts.isEmpty { logStarts = logStarts.filter { Int($0.key.topic) != topic } }
  }

  // MARK: Topics made anew

  /// Whether a commit belongs to the topic that stands now and not to a deleted one.
  ///
  /// - Parameters:
  ///   - id: the identifier that the commit names.
  ///   - topic: the topic's index.
  ///   - timestamp: the commit time, in milliseconds since 1970.
  ///   - now: the wall clock in milliseconds since 1970.
  @inline(__always)
  mutating func admits(_ id: TopicID, topic: Int, timestamp: Int64, now: Int64) -> Bool {
    guard topics[topic].id == id else {
      return admitsOther(id, topic: topic, timestamp: timestamp, now: now)
    }
    if timestamp > topics[topic].idTime { topics[topic].idTime = timestamp }
    return true
  }

  @inline(never)
  private mutating func admitsOther(
    _ id: TopicID, topic: Int, timestamp: Int64, now: Int64
  ) -> Bool {
    guard id != .none else { return true }
    let ends = ends(ofTopic: topic)
    let isFirst = topics[topic].id == .none
    if !isFirst {
      // The partitions of the offsets topic are read side by side, so that commits to the topic
      // that was may come after those to the one that is.
      let known = ends.reduce(Int64.min) { max($0, topics[$1].idTime) }
      guard timestamp > known else { return false }
    }
    for end in ends {
      if !isFirst {
        _ = restart(topic: end)
        forgetEnds(ofTopic: end)
      }
      topics[end].id = id
      topics[end].idTime = timestamp
    }
    if !isFirst {
      recreations.add(at: now)
      watchRevision += 1
    }
    return true
  }

  /// The topic at each end that is watched or was.
  func ends(ofTopic topic: Int) -> [Int] {
    let sibling = topics[topic].sibling
    return sibling < 0 ? [topic] : [topic, Int(sibling)]
  }
}
