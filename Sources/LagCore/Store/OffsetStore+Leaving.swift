/// A commit that stands: what a group has committed last for a partition.
package struct StandingCommit: Sendable, Equatable {
  /// The topic's name.
  package var topic: String
  /// The partition.
  package var partition: Int32
  /// The committed offset.
  package var offset: Int64

  /// Creates a commit from its parts.
  package init(topic: String, partition: Int32, offset: Int64) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
  }
}

extension OffsetStore {
  /// Returns the commits of a group that stand, each partition's newest.
  package func standingCommits(ofGroup group: Int) -> [StandingCommit] {
    var commits: [StandingCommit] = []
    for index in groups[group].topics where groupTopics[Int(index)].windowCount > 0 {
      let name = topicName(Int(groupTopics[Int(index)].topic))
      for (partition, window) in groupTopics[Int(index)].windows.enumerated() where window >= 0 {
        guard let offset = pool.newestOffset(of: window) else { continue }
        commits.append(
          StandingCommit(topic: name, partition: Int32(partition), offset: offset))
      }
    }
    return commits
  }

  /// Forgets the commits of a partition whose offset tombstone was read.
  ///
  /// - Returns: whether any commit of it stood.
  package mutating func removeOffset(group: Int, topic: Span<UInt8>, partition: Int32) -> Bool {
    guard let index = knownGroupTopic(group: group, topic: topic),
      let window = knownWindow(groupTopic: index, partition: partition),
      pool.commitCount(of: window) > 0
    else { return false }
    removeCommits(groupTopic: index, partition: Int(partition))
    return true
  }

  /// Forgets all commits to a topic that was deleted, at both ends; returns of how many partitions.
  package mutating func removeTopic(_ topic: Int) -> Int {
    var removed = 0
    for end in ends(ofTopic: topic) {
      removed += restart(topic: end)
      forgetEnds(ofTopic: end)
    }
    return removed
  }

  /// Forgets everything of a group but its name and the end that its lag is measured to.
  package mutating func removeGroup(_ group: Int) {
    for index in groups[group].topics {
      for (partition, window) in groupTopics[Int(index)].windows.enumerated() where window >= 0 {
        removeWindow(groupTopic: Int(index), partition: partition)
      }
      groupTopics[Int(index)].unsubscribedSince = 0
    }
    groups[group].membership = nil
    groups[group].membershipRevision &+= 1
    groups[group].subscription = nil
    groups[group].rebalances = Occurrences()
    groups[group].rates = RateHistory()
  }

  /// Forgets partitions whose last commit is older than `expireAfter`; returns how many.
  ///
  /// It costs next to nothing while none can be, so that it may be called every second.
  ///
  /// - Parameter now: the wall clock in milliseconds since 1970.
  package mutating func expire(now: Int64) -> Int {
    forgetRetainedHeads(now: now)
    let oldest = now &- expireAfter
    guard oldestCommit < oldest else { return 0 }
    var expired = 0
    oldestCommit = .max
    for index in groupTopics.indices where groupTopics[index].windowCount > 0 {
      let topic = Int(groupTopics[index].topic)
      for (partition, window) in groupTopics[index].windows.enumerated() where window >= 0 {
        guard let end = pool.bounds(of: window)?.end else { continue }
        guard end.timestamp < oldest else {
          oldestCommit = min(oldestCommit, end.timestamp)
          continue
        }
        removeCommits(groupTopic: index, partition: partition, keepsHeads: true)
        expired += 1
      }
      if topics[topic].windowCount == 0 { retainedTopics.append(Int32(topic)) }
    }
    forgetRetainedHeads(now: now)
    return expired
  }

  /// Forgets the heads of topics that nobody watches any more, once they are of no use.
  private mutating func forgetRetainedHeads(now: Int64) {
    guard !retainedTopics.isEmpty else { return }
    var left: [Int32] = []
    for topic in retainedTopics where topics[Int(topic)].windowCount == 0 {
      let sampled = heads[Int(topic)].newestSample ?? 0
      if now &- Int64(sampled) &* 1000 > Self.headRetention {
        forgetEnds(ofTopic: Int(topic))
      } else {
        left.append(topic)
      }
    }
    retainedTopics = left
  }

  /// Forgets the commits of all groups to a topic at one end; returns of how many partitions.
  mutating func restart(topic: Int) -> Int {
    var removed = 0
    var indices: [Int] = []
    forEachGroupTopic(of: topic) { indices.append($0) }
    for index in indices {
      for (partition, window) in groupTopics[index].windows.enumerated()
      where window >= 0 && pool.commitCount(of: window) > 0 {
        removeCommits(groupTopic: index, partition: partition)
        removed += 1
      }
    }
    return removed
  }

  /// Removes the commits of a partition, and its window too unless the partition has an owner.
  ///
  /// An owner is known until the next generation: nobody would tell it again.
  mutating func removeCommits(groupTopic index: Int, partition: Int, keepsHeads: Bool = false) {
    let window = groupTopics[index].windows[partition]
    guard pool.owner(of: window) != 0 else {
      return removeWindow(groupTopic: index, partition: partition, keepsHeads: keepsHeads)
    }
    pool.removeCommits(of: window)
    phantoms[window] = nil
    groups[Int(groupTopics[index].group)].committedCount -= 1
  }

  mutating func removeWindow(groupTopic index: Int, partition: Int, keepsHeads: Bool = false) {
    let window = groupTopics[index].windows[partition]
    let topic = Int(groupTopics[index].topic)
    if pool.commitCount(of: window) > 0 {
      groups[Int(groupTopics[index].group)].committedCount -= 1
    }
    pool.release(window)
    phantoms[window] = nil
    if !stuckWindows.isEmpty { stuckWindows.remove(window) }
    groupTopics[index].windows[partition] = -1
    groupTopics[index].windowCount -= 1
    if groupTopics[index].windowCount == 0 { groupTopics[index].windows = [] }
    topics[topic].windowCount -= 1
    // Heads that nobody asks for any more grow old; those of a topic that comes back are unknown.
    if topics[topic].windowCount == 0, !keepsHeads { forgetEnds(ofTopic: topic) }
  }
}
