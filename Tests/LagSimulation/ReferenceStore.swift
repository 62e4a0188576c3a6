/// Everything known of a cluster's groups, kept by name in dictionaries.
///
/// A second statement of what the product's store does: Burrow's storage (`inmemory.go`) and group
/// evaluation (`caching.go`), with Vole's differences: commits without a head are kept, partitions
/// leave one by one, topics go in the order of their names, and may be measured to either end.
package struct ReferenceStore {
  /// A partition of a group.
  struct Partition {
    var ring: ReferenceRing
    var owner: String?
    /// Since when a head above the newest commit was seen, in seconds; nil when none is.
    var behindSince: Int64?
    /// Between which offsets nothing was found to read.
    var nothingReadable: (from: Int64, to: Int64)?
  }

  /// A topic of a group: its partitions, and how many it has shown at most.
  struct GroupTopic {
    var partitions: [Int32: Partition] = [:]
    var shown = 0
  }

  /// A topic at one of its ends.
  struct End: Hashable {
    var topic: String
    var isStable: Bool
  }

  /// What is known of the ends of a topic's partitions.
  struct Heads {
    var count = 0
    var heads: [Int32: [Int64]] = [:]
    /// When the newest head was sampled, in seconds.
    var sampled: [Int32: Int64] = [:]
    /// Log starts above some commit.
    var starts: [Int32: Int64] = [:]
  }

  /// A member of a group.
  package struct Member: Equatable {
    package var name: String
    /// Nil when not known.
    package var subscription: [String]?
    package var assignment: [String: [Int32]]

    /// Makes a member.
    package init(name: String, subscription: [String]?, assignment: [String: [Int32]]) {
      self.name = name
      self.subscription = subscription
      self.assignment = assignment
    }
  }

  /// Who is in a group.
  package struct Membership: Equatable {
    package var state: String
    package var members: [Member]
    /// When it changed, in milliseconds; 0 when not known.
    package var changedAt: Int64

    /// Makes a membership.
    package init(state: String, members: [Member], changedAt: Int64) {
      self.state = state
      self.members = members
      self.changedAt = changedAt
    }
  }

  let intervals: Int
  let minimumDistance: Int64
  let expireAfter: Int64
  var groups: [String: [String: GroupTopic]] = [:]
  var topics: [End: Heads] = [:]
  private var lastCommits: [String: Int64] = [:]
  private var stableGroups: Set<String> = []
  private var ids: [String: (id: UInt64, time: Int64)] = [:]
  private var memberships: [String: Membership] = [:]
  /// The topics that each group ever named, with since when nobody subscribes to them.
  private var named: [String: [String: Int64?]] = [:]

  /// Creates an empty store; distances in milliseconds.
  package init(intervals: Int, minimumDistance: Int64, expireAfter: Int64) {
    self.intervals = intervals
    self.minimumDistance = minimumDistance
    self.expireAfter = expireAfter
  }

  // MARK: Commits

  /// What became of a commit.
  package enum Fate: Equatable {
    case expired, ofDeletedTopic
    case placed(ReferenceRing.Fate)
  }

  /// Stores a commit.
  package mutating func record(
    group: String, topic: String, partition: Int32, _ commit: RingCommit, id: UInt64?, now: Int64
  ) -> Fate {
    if commit.timestamp < now - expireAfter { return .expired }
    name(topic, by: group, now: now)
    if let id, !admit(id, topic, commit.timestamp) { return .ofDeletedTopic }
    let hadData = hasData(group)
    makePartition(group, topic, partition, now: now)
    guard var kept = groups[group]?[topic]?.partitions[partition] else { return .expired }
    let before = kept.ring.commits.last?.offset
    let head = topics[End(topic: topic, isStable: isStable(group))]?.heads[partition]?.last
    let fate = kept.ring.add(commit, head: head)
    if kept.ring.commits.last?.offset != before { kept.behindSince = nil }
    groups[group]?[topic]?.partitions[partition] = kept
    if fate == .appended || fate == .merged || fate == .mergedBehind {
      let last = hadData ? lastCommits[group] ?? .min : .min
      lastCommits[group] = max(last, commit.timestamp)
      noteUse(group, topic, at: min(commit.timestamp, now) / 1000, now: now / 1000)
    }
    return .placed(fate)
  }

  /// Whether a commit with an identifier is one to the topic that stands.
  private mutating func admit(_ id: UInt64, _ topic: String, _ timestamp: Int64) -> Bool {
    guard let known = ids[topic] else {
      ids[topic] = (id, timestamp)
      return true
    }
    if known.id == id {
      ids[topic] = (id, max(known.time, timestamp))
      return true
    }
    if timestamp <= known.time { return false }
    _ = removeTopic(topic)
    ids[topic] = (id, timestamp)
    return true
  }

  private mutating func makePartition(
    _ group: String, _ topic: String, _ partition: Int32, now: Int64
  ) {
    let end = End(topic: topic, isStable: isStable(group))
    if !isWatched(end) { dropOldHeads(end, now: now) }
    var known = groups[group]?[topic] ?? GroupTopic()
    if known.partitions[partition] == nil {
      known.partitions[partition] = Partition(
        ring: ReferenceRing(intervals: intervals, minimumDistance: minimumDistance))
      if known.shown <= Int(partition) {
        known.shown = max(topics[end]?.count ?? 0, Int(partition) + 1)
      }
    }
    groups[group, default: [:]][topic] = known
  }

  /// Heads of a topic that nobody asked for are no good after a minute.
  private mutating func dropOldHeads(_ end: End, now: Int64) {
    guard let newest = topics[end]?.sampled.values.max() else { return }
    if now - newest * 1000 > 60_000 { topics[end] = nil }
  }

  // MARK: Ends

  /// Whether a group's lag is measured to the last stable offset.
  func isStable(_ group: String) -> Bool { stableGroups.contains(group) }

  private func isWatched(_ end: End) -> Bool {
    groups.contains { isStable($0.key) == end.isStable && $0.value[end.topic] != nil }
  }

  /// Measures the lag of a group to an end.
  package mutating func setStable(_ isStable: Bool, group: String, now: Int64) {
    if self.isStable(group) == isStable { return }
    let unwatched = Set(topics.keys.filter { !isWatched($0) })
    for topic in (groups[group] ?? [:]).keys {
      let new = End(topic: topic, isStable: isStable)
      if isWatched(new) { continue }
      dropOldHeads(new, now: now)
      let count = topics[End(topic: topic, isStable: !isStable)]?.count ?? 0
      if count > 0 { setPartitionCount(count, topic: topic, isStable: isStable) }
    }
    if isStable { stableGroups.insert(group) } else { stableGroups.remove(group) }
    dropUnwatchedHeads(keeping: unwatched)
  }

  /// Records a head of a topic that some group has; returns whether it is lower than before.
  package mutating func recordHead(
    _ head: Int64, topic: String, isStable: Bool, partition: Int32, seconds: Int64
  ) -> Bool {
    let end = End(topic: topic, isStable: isStable)
    var known = topics[end] ?? Heads()
    let before = known.heads[partition]?.last
    known.count = max(known.count, Int(partition) + 1)
    known.heads[partition] = Array(((known.heads[partition] ?? []) + [head]).suffix(intervals))
    known.sampled[partition] = seconds
    topics[end] = known
    guard let before, head < before else { return false }
    for group in groups.keys where self.isStable(group) == isStable {
      groups[group]?[topic]?.partitions[partition]?.nothingReadable = nil
    }
    return true
  }

  /// Records a log start; returns how many partitions of groups begin anew.
  package mutating func recordLogStart(_ start: Int64, topic: String, partition: Int32) -> Int {
    var restarted = 0
    for isStable in [false, true] {
      let end = End(topic: topic, isStable: isStable)
      var outdated: [String] = []
      var isNeeded = false
      for (group, known) in groups where self.isStable(group) == isStable {
        guard let newest = known[topic]?.partitions[partition]?.ring.commits.last else { continue }
        if newest.offset < start { isNeeded = true }
        guard start == 0, let heads = topics[end]?.heads[partition], let head = heads.last,
          let sampled = topics[end]?.sampled[partition]
        else { continue }
        let fell = heads.contains { $0 > head }
        if head < newest.offset, sampled > Int64(newest.observed), fell || !isStable {
          outdated.append(group)
        }
      }
      if isWatched(end) {
        if isNeeded, topics[end] == nil { topics[end] = Heads() }
        topics[end]?.starts[partition] = isNeeded ? start : nil
      }
      for group in outdated { forgetCommits(group, topic, partition) }
      if !outdated.isEmpty, let head = topics[end]?.heads[partition]?.last {
        topics[end]?.heads[partition] = [head]
      }
      restarted += outdated.count
    }
    return restarted
  }

  /// Takes note of a partition count.
  package mutating func setPartitionCount(_ count: Int, topic: String, isStable: Bool) {
    let end = End(topic: topic, isStable: isStable)
    var known = topics[end] ?? Heads()
    known.count = max(known.count, count)
    topics[end] = known
  }

  /// Takes note of where there is nothing to read.
  package mutating func setNothingReadable(
    group: String, topic: String, partition: Int32, from: Int64, to: Int64
  ) {
    guard groups[group]?[topic]?.partitions[partition]?.ring.commits.last?.offset == from else {
      return
    }
    groups[group]?[topic]?.partitions[partition]?.nothingReadable = (from, to)
  }

  // MARK: Members

  /// Replaces the members of a group.
  package mutating func setMembership(_ new: Membership, group: String, now: Int64) {
    var new = new
    if let old = memberships[group] {
      if old.state == new.state, old.members == new.members { return }
      if new.changedAt <= 0 { new.changedAt = now }
    }
    memberships[group] = new
    for topic in (named[group] ?? [:]).keys { noteSubscription(topic, of: group, now: now) }
    for (topic, known) in groups[group] ?? [:] {
      for partition in known.partitions.keys {
        groups[group]?[topic]?.partitions[partition]?.owner = nil
      }
    }
    for member in new.members {
      for (topic, partitions) in member.assignment {
        name(topic, by: group, now: now)
        for partition in partitions {
          makePartition(group, topic, partition, now: now)
          groups[group]?[topic]?.partitions[partition]?.owner = member.name
        }
      }
    }
    drop(group) { $0.owner == nil && $0.ring.commits.isEmpty }
  }

  private mutating func name(_ topic: String, by group: String, now: Int64) {
    if named[group]?[topic] != nil { return }
    named[group, default: [:]][topic] = .some(nil)
    noteSubscription(topic, of: group, now: now)
  }

  /// Says since when nobody subscribes to a topic, as far as the members tell.
  private mutating func noteSubscription(_ topic: String, of group: String, now: Int64) {
    guard let membership = memberships[group], let known = named[group]?[topic] else { return }
    let subscriptions = membership.members.map(\.subscription)
    switch membership.state {
    case "rebalancing": return
    case "empty", "dead":
      if !isLeftOut(group, topic, now / 1000) { named[group]?[topic] = .some(nil) }
    case "stable" where !subscriptions.isEmpty && !subscriptions.contains(nil):
      if subscriptions.contains(where: { $0?.contains(topic) ?? false }) {
        comeBack(topic, to: group)
      } else if known == nil {
        let since = membership.changedAt > 0 ? min(membership.changedAt, now) : now
        named[group]?[topic] = since / 1000
      }
    default: comeBack(topic, to: group)
    }
  }

  private mutating func comeBack(_ topic: String, to group: String) {
    guard named[group]?[topic] != .some(nil) else { return }
    named[group]?[topic] = .some(nil)
    for partition in (groups[group]?[topic]?.partitions ?? [:]).keys {
      groups[group]?[topic]?.partitions[partition]?.behindSince = nil
    }
  }

  private mutating func noteUse(_ group: String, _ topic: String, at seconds: Int64, now: Int64) {
    guard let since = named[group]?[topic] ?? nil, seconds > since else { return }
    if isLeftOut(group, topic, now) { comeBack(topic, to: group) }
    named[group]?[topic] = seconds
  }

  /// Whether nobody has subscribed to a topic for ten minutes.
  func isLeftOut(_ group: String, _ topic: String, _ now: Int64) -> Bool {
    guard let since = named[group]?[topic] ?? nil else { return false }
    return now - since >= 600
  }

  // MARK: What leaves

  /// Takes an offset tombstone; returns whether commits stood.
  package mutating func removeOffset(group: String, topic: String, partition: Int32) -> Bool {
    guard let kept = groups[group]?[topic]?.partitions[partition], !kept.ring.commits.isEmpty else {
      return false
    }
    forgetCommits(group, topic, partition)
    return true
  }

  /// Forgets all commits to a topic; returns of how many partitions.
  package mutating func removeTopic(_ topic: String) -> Int {
    var removed = 0
    for (group, known) in groups {
      for (partition, kept) in known[topic]?.partitions ?? [:] where !kept.ring.commits.isEmpty {
        forgetCommits(group, topic, partition)
        removed += 1
      }
    }
    for isStable in [false, true] { topics[End(topic: topic, isStable: isStable)] = nil }
    return removed
  }

  /// Forgets a group.
  package mutating func removeGroup(_ group: String) {
    drop(group) { _ in true }
    memberships[group] = nil
    for topic in (named[group] ?? [:]).keys { named[group]?[topic] = .some(nil) }
  }

  /// Forgets the commits of partitions whose newest one is too old; returns how many.
  package mutating func expire(now: Int64) -> Int {
    var expired = 0
    let watched = Set(topics.keys.filter { isWatched($0) })
    for (group, known) in groups {
      for (topic, partitions) in known {
        for (partition, kept) in partitions.partitions {
          guard let end = kept.ring.commits.last, end.timestamp < now - expireAfter else {
            continue
          }
          forgetCommits(group, topic, partition, keeping: watched)
          expired += 1
        }
      }
    }
    for end in topics.keys where !isWatched(end) {
      if topics[end]?.sampled.isEmpty ?? true { topics[end] = nil }
      dropOldHeads(end, now: now)
    }
    return expired
  }

  private mutating func forgetCommits(
    _ group: String, _ topic: String, _ partition: Int32, keeping kept: Set<End> = []
  ) {
    let owner = groups[group]?[topic]?.partitions[partition]?.owner
    groups[group]?[topic]?.partitions[partition] = Partition(
      ring: ReferenceRing(intervals: intervals, minimumDistance: minimumDistance), owner: owner)
    drop(group, keeping: kept) { $0.owner == nil && $0.ring.commits.isEmpty }
  }

  /// Drops partitions, and with the last ones of a topic what was known of it.
  private mutating func drop(
    _ group: String, keeping kept: Set<End> = [], where isDropped: (Partition) -> Bool
  ) {
    let before = Set(topics.keys.filter { !isWatched($0) })
    for (topic, known) in groups[group] ?? [:] {
      let left = known.partitions.filter { !isDropped($0.value) }
      groups[group]?[topic]?.partitions = left
      if left.isEmpty { groups[group]?[topic] = nil }
    }
    dropUnwatchedHeads(keeping: kept.union(before))
  }

  private mutating func dropUnwatchedHeads(keeping kept: Set<End>) {
    for end in topics.keys where !kept.contains(end) && !isWatched(end) { topics[end] = nil }
  }

  // MARK: Answers

  /// The topics that some group has a partition of, each with its end.
  package var watchedTopics: [String] {
    Set(groups.flatMap { group, topics in topics.keys.map { "\($0) \(isStable(group))" } }).sorted()
  }

  /// How many partitions of groups there are.
  package var trackedPartitions: Int {
    groups.values.flatMap(\.values).map(\.partitions.count).reduce(0, +)
  }

  /// Whether a commit of the group stands.
  package func hasData(_ group: String) -> Bool {
    (groups[group] ?? [:]).values.contains { topic in
      topic.partitions.values.contains { !$0.ring.commits.isEmpty }
    }
  }

  /// The newest commit time of a group.
  package func lastCommit(_ group: String) -> Int64? {
    hasData(group) ? lastCommits[group] : nil
  }

  /// The newest offset of each partition of a group.
  package func standingCommits(_ group: String) -> [String] {
    (groups[group] ?? [:]).flatMap { topic, known in
      known.partitions.compactMap { partition, kept in
        kept.ring.commits.last.map { "\(topic)-\(partition) \($0.offset)" }
      }
    }.sorted()
  }
}
