/// Everything that is known of the watched groups of one cluster: commits, heads and owners.
///
/// The counterpart of Burrow's `inmemory` storage module for one cluster. Groups and topics are
/// interned to integers; a commit is stored straight from the borrowed bytes of its record. Time is
/// always an argument. Nothing here is bounded by trust: names, partitions and groups have limits,
/// and what goes over one is refused and counted.
package struct OffsetStore: Sendable {
  /// How many commits each window keeps, and how far apart in time (Burrow, `intervals` and
  /// `min-distance`).
  package internal(set) var limits: WindowLimits
  /// How long a partition is remembered after its last commit, in milliseconds (Burrow,
  /// `expire-group`).
  package internal(set) var expireAfter: Int64

  var pool: WindowPool
  var groupNames: NameTable
  var groups: [Group] = []
  /// Topic names, each within the scope of the end that its lag is measured to.
  var topicNames: NameTable
  var topics: [Topic] = []
  /// The heads of each topic, apart from it, because verdicts need nothing else of it.
  var heads: [TopicHeads] = []
  /// The log starts of those partitions in which some commit lies below it; no others are kept.
  var logStarts: [TopicPartition: Int64] = [:]
  /// Topics by group: a topic name within the scope of its group.
  var groupTopicNames: NameTable
  var groupTopics: [GroupTopic] = []
  /// Where nothing is left to read although the log goes on, by window.
  var phantoms: [Int32: PhantomMark] = [:]
  /// No window's newest commit is older, in milliseconds since 1970.
  var oldestCommit = Int64.max
  /// Windows of partitions that were stuck when their group was last seen for its scale.
  var stuckWindows: Set<Int32> = []
  /// Topics that lost their last window by expiry and still have heads.
  var retainedTopics: [Int32] = []

  /// Grows whenever a topic is watched that was not just before, or was made anew, so that
  /// metadata and heads are asked anew.
  package internal(set) var watchRevision = 0
  /// How often a topic was seen to have been made anew.
  package internal(set) var recreations = Occurrences()

  /// The most partitions of one topic (131,072); commits for a higher one are refused.
  package static let maximumPartitions = 1 << 17
  /// The most groups of one cluster (65,536); further ones are refused.
  package static let maximumGroups = 1 << 16
  /// The most topics of all groups of one cluster (1,048,576); further ones are refused.
  package static let maximumGroupTopics = 1 << 20

  /// A watched group.
  struct Group: Sendable {
    /// Which end of partitions its lag is measured to.
    var logEnd: LogEnd
    /// Indices into `groupTopics`.
    var topics: [Int32] = []
    /// How many of its partitions have a commit standing.
    var committedCount = 0
    /// The newest commit time read, in milliseconds since 1970, while any commit stands.
    var lastCommit: Int64 = 0
    /// Who is in it, nil when nothing was told; windows' owner numbers minus one point to members.
    var membership: GroupMembership?
    /// Grows whenever that changes; it wraps.
    var membershipRevision: UInt32 = 0
    /// The topics that its members subscribe to while a generation stands of which all are known.
    var subscription: Set<String>?
    /// How often it rebalanced since it is watched.
    var rebalances = Occurrences()
    /// How much it consumed, and how much was produced for it, by minute.
    var rates = RateHistory()
    /// Whose silence is no proof that he stopped, while commits are seen by polls.
    var presence = ObservedPresence.none
  }

  /// One topic of one group.
  struct GroupTopic: Sendable {
    let group: Int32
    var topic: Int32
    /// The next of the same topic in another group, -1 behind the last.
    var next: Int32
    /// How many windows it has.
    var windowCount: Int32 = 0
    /// Since when a standing generation of the group does not subscribe to it, in seconds since
    /// 1970; 0 while it does, or while that is not known.
    var unsubscribedSince: UInt32 = 0
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
      + heads.reduce(0) { $0 + $1.footprint + MemoryLayout<TopicHeads>.stride }
      + topics.count * MemoryLayout<Topic>.stride
      + logStarts.capacity * (MemoryLayout<TopicPartition>.stride + 9)
      + groupTopics.reduce(0) { $0 + $1.windows.capacity * 4 + MemoryLayout<GroupTopic>.stride }
      + groups.capacity * MemoryLayout<Group>.stride
      + groups.reduce(0) { $0 + ($1.membership?.footprint ?? 0) + $1.rates.footprint }
      + phantoms.capacity * (MemoryLayout<PhantomMark>.stride + 5) + stuckWindows.capacity * 5
  }

  // MARK: Groups

  /// Returns the index of a group that the store knows, nil for any other.
  @inline(__always)
  package func group(named name: Span<UInt8>) -> Int? {
    groupNames.find(name)
  }

  /// Adds a group unless it is known; returns its index, nil when the store is full.
  ///
  /// - Parameters:
  ///   - name: the bytes of the group's name.
  ///   - logEnd: which end of partitions the lag of a new group is measured to; a known group
  ///     keeps its own, see `setLogEnd`.
  package mutating func addGroup(
    _ name: Span<UInt8>, logEnd: LogEnd = .highWatermark
  ) -> Int? {
    if let known = groupNames.find(name) { return known }
    guard groups.count < Self.maximumGroups, let index = groupNames.insert(name) else { return nil }
    groups.append(Group(logEnd: logEnd))
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
    /// It belongs to a topic of the same name that was deleted since.
    case ofDeletedTopic
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
  ///   - topicID: the topic's identifier, nil where the record has none. Another one than known,
  ///     with a later commit time, means that the topic was made anew: all its windows begin anew.
  ///   - now: the wall clock in milliseconds since 1970.
  package mutating func record(
    group: Int, topic: Span<UInt8>, partition: Int32, offset: Int64, timestamp: Int64,
    order: Int64, topicID: TopicID? = nil, now: Int64
  ) -> CommitOutcome {
    guard timestamp >= now &- expireAfter else { return .expired }
    guard partition >= 0, Int(partition) < Self.maximumPartitions else {
      return .partitionOutOfRange
    }
    guard let index = groupTopic(group: group, topic: topic, now: now) else {
      return .full
    }
    let topicIndex = Int(groupTopics[index].topic)
    if let topicID, !admits(topicID, topic: topicIndex, timestamp: timestamp, now: now) {
      return .ofDeletedTopic
    }
    let window = window(groupTopic: index, partition: partition, now: now)
    let head = heads[topicIndex].newest(of: partition)
    let commit = CommitEntry(
      offset: offset, timestamp: timestamp, order: order,
      observedAtSeconds: UInt32(clamping: now / 1000), lag: nil)
    let before = pool.newest(of: window)
    let previous = before?.offset
    let placement = pool.record(commit, head: head, in: window)
    if placement == .appended || placement == .merged {
      // A late commit that merged into one behind the newest does not move the consumer.
      let newest = placement == .merged ? pool.newestOffset(of: window) : offset
      if previous != newest { pool.setBehindSince(0, of: window) }
      if let before, let newest, newest > before.offset {
        groups[group].rates.add(
          newest &- before.offset, .consumed, from: before.timestamp, to: timestamp, now: now)
      }
      if timestamp > groups[group].lastCommit || groups[group].committedCount == 0 {
        groups[group].lastCommit = timestamp
      }
      if groupTopics[index].unsubscribedSince != 0 {
        noteUse(groupTopic: index, timestamp: timestamp, now: now)
      }
    }
    if previous == nil {
      groups[group].committedCount += 1
      oldestCommit = min(oldestCommit, timestamp)
    }
    return .placed(placement)
  }

  /// Returns the index of a group's topic, which is added when it is new; nil when full.
  @inline(__always)
  mutating func groupTopic(group: Int, topic: Span<UInt8>, now: Int64) -> Int? {
    if let known = knownGroupTopic(group: group, topic: topic) { return known }
    return addGroupTopic(group: group, topic: topic, now: now)
  }

  @inline(__always)
  func knownGroupTopic(group: Int, topic: Span<UInt8>) -> Int? {
    groupTopicNames.find(topic, scope: UInt64(group) &+ 1) { index in
      Int(groupTopics[index].group) == group
    }
  }

  private mutating func addGroupTopic(
    group: Int, topic: Span<UInt8>, now: Int64
  ) -> Int? {
    guard groupTopics.count < Self.maximumGroupTopics,
      let topicIndex = addTopic(topic, logEnd: groups[group].logEnd),
      let index = groupTopicNames.insert(topic, scope: UInt64(group) &+ 1)
    else { return nil }
    groupTopics.append(
      GroupTopic(
        group: Int32(group), topic: Int32(topicIndex), next: topics[topicIndex].firstGroupTopic))
    topics[topicIndex].firstGroupTopic = Int32(index)
    groups[group].topics.append(Int32(index))
    noteSubscription(groupTopic: index, now: now)
    return index
  }

  /// Returns the window of a group's partition, which is made when there is none.
  @inline(__always)
  mutating func window(groupTopic index: Int, partition: Int32, now: Int64) -> Int32 {
    let position = Int(partition)
    if position < groupTopics[index].windows.count {
      let window = groupTopics[index].windows[position]
      if window >= 0 { return window }
    }
    return makeWindow(groupTopic: index, partition: position, now: now)
  }

  private mutating func makeWindow(groupTopic index: Int, partition: Int, now: Int64) -> Int32 {
    let topic = Int(groupTopics[index].topic)
    if topics[topic].windowCount == 0 { beginWatching(topic, now: now) }
    let known = groupTopics[index].windows.count
    if partition >= known {
      // The partition count of metadata is the size in the end; asking for it at once keeps the
      // array from being twice as large as needed.
      let count = heads[topic].partitionCount
      if count > partition { groupTopics[index].windows.reserveCapacity(count) }
      for _ in known..<max(count, partition + 1) { groupTopics[index].windows.append(-1) }
    }
    let window = pool.allocate()
    groupTopics[index].windows[partition] = window
    groupTopics[index].windowCount += 1
    topics[topic].windowCount += 1
    return window
  }

  /// Calls `body` with the index of each group's topic that is `topic`.
  @inline(__always)
  func forEachGroupTopic(of topic: Int, _ body: (Int) -> Void) {
    var index = topics[topic].firstGroupTopic
    while index >= 0 {
      body(Int(index))
      index = groupTopics[Int(index)].next
    }
  }
}
