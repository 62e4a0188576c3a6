/// Everything that is known of the watched groups of one cluster: commits, heads and owners.
///
/// The counterpart of Burrow's `inmemory` storage module for one cluster. Groups and topics are
/// interned to integers; a commit is stored straight from the borrowed bytes of its record. Time is
/// always an argument. Nothing here is bounded by trust: names, partitions and groups have limits,
/// and what goes over one is refused and counted.
package struct OffsetStore: Sendable {
  /// How many commits each window keeps, and how far apart in time (Burrow, `intervals` and
  /// `min-distance`).
  package let limits: WindowLimits
  /// How long a partition is remembered after its last commit, in milliseconds (Burrow,
  /// `expire-group`).
  package let expireAfter: Int64

  var pool: WindowPool
  var groupNames: NameTable
  var groups: [Group] = []
  var topicNames: NameTable
  var topics: [TopicHeads] = []
  /// How many windows of all groups each topic has.
  private var windowCounts: [Int32] = []
  /// Topics by group: a topic name within the scope of its group.
  var groupTopicNames: NameTable
  var groupTopics: [GroupTopic] = []

  /// Grows whenever a topic is watched that was not just before, so that metadata is asked anew.
  package private(set) var watchRevision = 0

  /// The most partitions of one topic (131,072); commits for a higher one are refused.
  package static let maximumPartitions = 1 << 17
  /// The most groups of one cluster (65,536); further ones are refused.
  package static let maximumGroups = 1 << 16
  /// The most topics of all groups of one cluster (1,048,576); further ones are refused.
  package static let maximumGroupTopics = 1 << 20

  /// A watched group.
  struct Group: Sendable {
    /// Indices into `groupTopics`.
    var topics: [Int32] = []
    /// How many of its partitions have a commit standing.
    var committedCount = 0
    /// The newest commit time read, in milliseconds since 1970, while any commit stands.
    var lastCommit: Int64 = 0
    /// The owners that the windows' owner numbers minus one point to.
    var owners: [PartitionOwner] = []
  }

  /// One topic of one group.
  struct GroupTopic: Sendable {
    let group: Int32
    let topic: Int32
    /// How many windows it has.
    var windowCount: Int32 = 0
    /// The window of each partition, -1 where there is none; empty without windows.
    var windows: [Int32] = []
  }

  /// Creates an empty store.
  ///
  /// - Parameters:
  ///   - limits: intervals and minimum distance of windows.
  ///   - expireAfter: how long a partition is remembered after its last commit, in milliseconds.
  ///   - seed: a random number for the name tables.
  package init(limits: WindowLimits, expireAfter: Int64, seed: UInt64) {
    self.limits = limits
    self.expireAfter = expireAfter
    pool = WindowPool(limits: limits)
    groupNames = NameTable(seed: seed)
    topicNames = NameTable(seed: seed &+ 1)
    groupTopicNames = NameTable(seed: seed &+ 2)
  }

  /// How many group-partitions have a window.
  package var trackedPartitions: Int { pool.count }

  /// The memory that the store takes, in bytes, as far as it can be computed.
  package var footprint: Int {
    pool.footprint + groupNames.footprint + topicNames.footprint + groupTopicNames.footprint
      + topics.reduce(0) { $0 + $1.footprint + MemoryLayout<TopicHeads>.stride }
      + groupTopics.reduce(0) { $0 + $1.windows.capacity * 4 + MemoryLayout<GroupTopic>.stride }
      + groups.capacity * MemoryLayout<Group>.stride
  }

  // MARK: Groups

  /// Returns the index of a group that the store knows, nil for any other.
  @inline(__always)
  package func group(named name: Span<UInt8>) -> Int? {
    groupNames.find(name)
  }

  /// Adds a group unless it is known; returns its index, nil when the store is full.
  package mutating func addGroup(_ name: Span<UInt8>) -> Int? {
    if let known = groupNames.find(name) { return known }
    guard groups.count < Self.maximumGroups, let index = groupNames.insert(name) else { return nil }
    groups.append(Group())
    return index
  }

  /// The indices of all known groups, those without data included.
  package var groupIndices: Range<Int> { 0..<groups.count }

  /// Returns the name of a group.
  package func groupName(_ group: Int) -> String { groupNames.text(group) }

  /// Returns whether a group has any commit standing.
  package func hasData(group: Int) -> Bool { groups[group].committedCount > 0 }

  /// Returns the newest commit time of a group in milliseconds since 1970, nil when none stands.
  package func lastCommit(group: Int) -> Int64? {
    hasData(group: group) ? groups[group].lastCommit : nil
  }

  // MARK: Commits

  /// What became of a commit.
  package enum CommitOutcome: Sendable, Equatable {
    /// It reached its window.
    case placed(Placement)
    /// It is older than `expireAfter`.
    case expired
    /// Its partition number is negative or beyond `maximumPartitions`.
    case partitionOutOfRange
    /// A limit of the store is reached.
    case full
  }

  /// Stores a commit of a known group.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - topic: the bytes of the topic's name.
  ///   - partition: the partition number of the record.
  ///   - offset: the committed offset.
  ///   - timestamp: the broker's commit time in milliseconds since 1970.
  ///   - order: the offset of the record in `__consumer_offsets`.
  ///   - now: the wall clock in milliseconds since 1970.
  package mutating func record(
    group: Int, topic: Span<UInt8>, partition: Int32, offset: Int64, timestamp: Int64,
    order: Int64, now: Int64
  ) -> CommitOutcome {
    guard timestamp >= now &- expireAfter else { return .expired }
    guard partition >= 0, Int(partition) < Self.maximumPartitions else {
      return .partitionOutOfRange
    }
    guard let index = groupTopic(group: group, topic: topic) else { return .full }
    let window = window(groupTopic: index, partition: partition)
    let head = topics[Int(groupTopics[index].topic)].newest(of: partition)
    let commit = CommitEntry(
      offset: offset, timestamp: timestamp, order: order,
      observedAtSeconds: UInt32(clamping: now / 1000), lag: nil)
    let previous = pool.newestOffset(of: window)
    let placement = pool.record(commit, head: head, in: window)
    if placement == .appended || placement == .merged {
      // A late commit that merged into one behind the newest does not move the consumer.
      let newest = placement == .merged ? pool.newestOffset(of: window) : offset
      if previous != newest { pool.setBehindSince(0, of: window) }
      if timestamp > groups[group].lastCommit || groups[group].committedCount == 0 {
        groups[group].lastCommit = timestamp
      }
    }
    if previous == nil { groups[group].committedCount += 1 }
    return .placed(placement)
  }

  /// Returns the index of a group's topic, which is added when it is new; nil when full.
  @inline(__always)
  private mutating func groupTopic(group: Int, topic: Span<UInt8>) -> Int? {
    if let known = knownGroupTopic(group: group, topic: topic) { return known }
    return addGroupTopic(group: group, topic: topic)
  }

  @inline(__always)
  private func knownGroupTopic(group: Int, topic: Span<UInt8>) -> Int? {
    groupTopicNames.find(topic, scope: UInt64(group) &+ 1) { index in
      Int(groupTopics[index].group) == group
    }
  }

  private mutating func addGroupTopic(group: Int, topic: Span<UInt8>) -> Int? {
    guard groupTopics.count < Self.maximumGroupTopics,
      let topicIndex = addTopic(topic),
      let index = groupTopicNames.insert(topic, scope: UInt64(group) &+ 1)
    else { return nil }
    groupTopics.append(GroupTopic(group: Int32(group), topic: Int32(topicIndex)))
    groups[group].topics.append(Int32(index))
    return index
  }

  private mutating func addTopic(_ name: Span<UInt8>) -> Int? {
    if let known = topicNames.find(name) { return known }
    guard let index = topicNames.insert(name) else { return nil }
    topics.append(TopicHeads(intervals: limits.intervals))
    windowCounts.append(0)
    return index
  }

  /// Returns the window of a group's partition, which is made when there is none.
  @inline(__always)
  private mutating func window(groupTopic index: Int, partition: Int32) -> Int32 {
    let position = Int(partition)
    if position < groupTopics[index].windows.count {
      let window = groupTopics[index].windows[position]
      if window >= 0 { return window }
    }
    return makeWindow(groupTopic: index, partition: position)
  }

  private mutating func makeWindow(groupTopic index: Int, partition: Int) -> Int32 {
    let topic = Int(groupTopics[index].topic)
    let known = groupTopics[index].windows.count
    if partition >= known {
      // The partition count of metadata is the size in the end; asking for it at once keeps the
      // array from being twice as large as needed.
      let count = topics[topic].partitionCount
      if count > partition { groupTopics[index].windows.reserveCapacity(count) }
      for _ in known..<max(count, partition + 1) { groupTopics[index].windows.append(-1) }
    }
    let window = pool.allocate()
    groupTopics[index].windows[partition] = window
    groupTopics[index].windowCount += 1
    windowCounts[topic] += 1
    if windowCounts[topic] == 1 { watchRevision += 1 }
    return window
  }

  // MARK: Heads

  /// A topic that at least one group has committed to or owns partitions of.
  package struct WatchedTopic: Sendable, Equatable {
    /// The topic's index in the store.
    package let index: Int
    /// The topic's name.
    package let name: String
  }

  /// Returns the topics whose heads are needed: those in which some group has a window.
  package func watchedTopics() -> [WatchedTopic] {
    topics.indices.filter { windowCounts[$0] > 0 }.map {
      WatchedTopic(index: $0, name: topicNames.text($0))
    }
  }

  /// Returns the index of a topic, nil when no group ever named it.
  package func topic(named name: Span<UInt8>) -> Int? { topicNames.find(name) }

  /// Returns the name of a topic.
  package func topicName(_ topic: Int) -> String { topicNames.text(topic) }

  /// Returns the heads of a topic.
  package func heads(ofTopic topic: Int) -> TopicHeads { topics[topic] }

  /// Takes note of a topic's partition count from metadata; counts over the limit are cut to it.
  package mutating func setPartitionCount(_ count: Int, ofTopic topic: Int) {
    topics[topic].growPartitions(to: min(count, Self.maximumPartitions))
  }

  /// Records a log-end offset.
  ///
  /// - Parameters:
  ///   - head: the offset; a negative one is no offset and is not taken.
  ///   - topic: the topic's index.
  ///   - partition: the partition; one out of range is not taken.
  ///   - now: when it was sampled, in milliseconds since 1970.
  package mutating func recordHead(_ head: Int64, topic: Int, partition: Int32, now: Int64) {
    guard head >= 0, partition >= 0, Int(partition) < Self.maximumPartitions else { return }
    topics[topic].record(
      partition: partition, head: head, atSeconds: UInt32(clamping: now / 1000))
  }

  // MARK: Owners

  /// Replaces the owners of a group's partitions by those of a new generation.
  ///
  /// A partition that nobody owns any more loses its owner at once (Burrow keeps the old one until
  /// somebody else owns it).
  ///
  /// - Parameters:
  ///   - assignments: each owner with its topics and partitions; partitions out of range and what
  ///     goes over a limit of the store are left out.
  ///   - group: the index of the group.
  package mutating func setOwners(
    _ assignments: [(owner: PartitionOwner, topics: [(name: String, partitions: [Int32])])],
    ofGroup group: Int
  ) {
    for index in groups[group].topics {
      for window in groupTopics[Int(index)].windows where window >= 0 {
        pool.setOwner(0, of: window)
      }
    }
    groups[group].owners = assignments.map(\.owner)
    for (number, assignment) in assignments.enumerated() {
      for topic in assignment.topics {
        let bytes = Array(topic.name.utf8)
        guard let index = groupTopic(group: group, topic: bytes.span) else { continue }
        for partition in topic.partitions
        where partition >= 0 && Int(partition) < Self.maximumPartitions {
          let window = window(groupTopic: index, partition: partition)
          pool.setOwner(UInt32(number + 1), of: window)
        }
      }
    }
    dropVacantWindows(ofGroup: group)
  }

  /// Gives back windows that hold no commit and have no owner any more.
  private mutating func dropVacantWindows(ofGroup group: Int) {
    for index in groups[group].topics {
      for (partition, window) in groupTopics[Int(index)].windows.enumerated()
      where window >= 0 && pool.commitCount(of: window) == 0 && pool.owner(of: window) == 0 {
        removeWindow(groupTopic: Int(index), partition: partition)
      }
    }
  }

  // MARK: Leaving

  /// Forgets the commits of a partition whose offset tombstone was read.
  ///
  /// - Returns: whether any commit of it stood.
  package mutating func removeOffset(group: Int, topic: Span<UInt8>, partition: Int32) -> Bool {
    guard let index = knownGroupTopic(group: group, topic: topic), partition >= 0,
      Int(partition) < groupTopics[index].windows.count
    else { return false }
    let window = groupTopics[index].windows[Int(partition)]
    guard window >= 0, pool.commitCount(of: window) > 0 else { return false }
    removeCommits(groupTopic: index, partition: Int(partition))
    return true
  }

  /// Forgets everything of a group but its name.
  package mutating func removeGroup(_ group: Int) {
    for index in groups[group].topics {
      for (partition, window) in groupTopics[Int(index)].windows.enumerated() where window >= 0 {
        removeWindow(groupTopic: Int(index), partition: partition)
      }
    }
    groups[group].owners = []
  }

  /// Forgets partitions whose last commit is older than `expireAfter`; returns how many.
  ///
  /// - Parameter now: the wall clock in milliseconds since 1970.
  package mutating func expire(now: Int64) -> Int {
    let oldest = now &- expireAfter
    var expired = 0
    for index in groupTopics.indices {
      for (partition, window) in groupTopics[index].windows.enumerated() where window >= 0 {
        guard let end = pool.bounds(of: window)?.end, end.timestamp < oldest else { continue }
        removeCommits(groupTopic: index, partition: partition)
        expired += 1
      }
    }
    return expired
  }

  /// Removes the commits of a partition, and its window too unless the partition has an owner.
  ///
  /// An owner is known until the next generation: nobody would tell it again.
  private mutating func removeCommits(groupTopic index: Int, partition: Int) {
    let window = groupTopics[index].windows[partition]
    guard pool.owner(of: window) != 0 else {
      return removeWindow(groupTopic: index, partition: partition)
    }
    pool.removeCommits(of: window)
    groups[Int(groupTopics[index].group)].committedCount -= 1
  }

  private mutating func removeWindow(groupTopic index: Int, partition: Int) {
    let window = groupTopics[index].windows[partition]
    let topic = Int(groupTopics[index].topic)
    if pool.commitCount(of: window) > 0 {
      groups[Int(groupTopics[index].group)].committedCount -= 1
    }
    pool.release(window)
    groupTopics[index].windows[partition] = -1
    groupTopics[index].windowCount -= 1
    if groupTopics[index].windowCount == 0 { groupTopics[index].windows = [] }
    windowCounts[topic] -= 1
    // Heads that nobody asks for any more grow old; those of a topic that comes back are unknown.
    if windowCounts[topic] == 0 { topics[topic] = TopicHeads(intervals: limits.intervals) }
  }
}
