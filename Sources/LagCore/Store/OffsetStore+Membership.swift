extension OffsetStore {
  /// How long a standing generation must not have subscribed to a topic before the topic leaves the
  /// verdict, in seconds (10 min).
  package static let unsubscribedAfter: UInt32 = 600

  /// Returns who is in a group, nil when nothing was told.
  package func membership(ofGroup group: Int) -> GroupMembership? { groups[group].membership }

  /// Returns a number that is another one whenever the membership of a group has changed.
  package func membershipRevision(ofGroup group: Int) -> UInt32 {
    groups[group].membershipRevision
  }

  /// Returns how often a group rebalanced since it is watched, and when it did last.
  package func rebalances(ofGroup group: Int) -> Occurrences { groups[group].rebalances }

  /// Returns whether a topic is left out of a group's verdict because no member subscribes to it.
  package func isUnsubscribed(group: Int, topic: Int, nowSeconds: Int64) -> Bool {
    groups[group].topics.contains {
      Int(groupTopics[Int($0)].topic) == topic
        && isLeftOut(groupTopic: Int($0), nowSeconds: nowSeconds)
    }
  }

  /// Replaces what is known of a group's members, and with it the owners of its partitions.
  ///
  /// A partition that nobody owns any more loses its owner at once (Burrow keeps the old one until
  /// somebody else owns it). A membership that does not say when it changed, as an answer of the
  /// coordinator, changed now if it is another than the one before.
  ///
  /// - Parameters:
  ///   - membership: who is in the group; partitions out of range and what goes over a limit of the
  ///     store get no owner.
  ///   - group: the index of the group.
  ///   - now: the wall clock in milliseconds since 1970.
  package mutating func setMembership(
    _ membership: GroupMembership, ofGroup group: Int, now: Int64
  ) {
    var new = membership
    if let old = groups[group].membership {
      new.changedAt = old.changedAt
      if new == old { return }
      new.changedAt = membership.changedAt > 0 ? membership.changedAt : now
      if Self.isRebalance(from: old, to: new) { groups[group].rebalances.add(at: new.changedAt) }
    }
    let isAssignedAnew = groups[group].membership?.members != new.members
    groups[group].membership = new
    groups[group].membershipRevision &+= 1
    updateSubscriptions(new, group: group, now: now)
    if isAssignedAnew { assign(new.members, group: group, now: now) }
  }

  /// Whether a rebalance lies between two memberships, or begins with the second.
  ///
  /// Each has a generation of its own. Where it is not told, the first of two different memberships
  /// counts: those that follow while the group rebalances, and the one that ends it, do not.
  private static func isRebalance(from old: GroupMembership, to new: GroupMembership) -> Bool {
    if old.state == .unknown { return false }
    if old.generation >= 0, new.generation >= 0 { return old.generation != new.generation }
    if old.state == .rebalancing { return false }
    return new.state == .rebalancing || !areAssignedAlike(old.members, new.members)
  }

  /// Whether the same members have the same partitions, as far as both tell it.
  ///
  /// A description by the coordinator says less of each member than a record does.
  private static func areAssignedAlike(_ old: [GroupMember], _ new: [GroupMember]) -> Bool {
    guard old.count == new.count else { return false }
    let known = Dictionary(old.map { ($0.memberID, $0.assignment) }) { first, _ in first }
    return new.allSatisfy { member in
      guard let assignment = known[member.memberID] else { return false }
      guard let before = assignment, let after = member.assignment else { return true }
      return partitionsByTopic(before) == partitionsByTopic(after)
    }
  }

  private static func partitionsByTopic(
    _ assignment: [GroupMember.Assigned]
  ) -> [String: Set<Int32>] {
    var partitions: [String: Set<Int32>] = [:]
    for topic in assignment { partitions[topic.topic, default: []].formUnion(topic.partitions) }
    return partitions
  }

  /// Returns the owner of a window, nil when it has none.
  func owner(ofWindow window: Int32, group: Int) -> PartitionOwner? {
    let place = Int(pool.owner(of: window)) - 1
    guard place >= 0, let members = groups[group].membership?.members, place < members.count else {
      return nil
    }
    return PartitionOwner(members[place])
  }

  private mutating func assign(_ members: [GroupMember], group: Int, now: Int64) {
    for index in groups[group].topics {
      for window in groupTopics[Int(index)].windows where window >= 0 {
        pool.setOwner(0, of: window)
      }
    }
    for (number, member) in members.enumerated() {
      for assigned in member.assignment ?? [] {
        let bytes = Array(assigned.topic.utf8)
        guard let index = groupTopic(group: group, topic: bytes.span, now: now) else { continue }
        for partition in assigned.partitions
        where partition >= 0 && Int(partition) < Self.maximumPartitions {
          let window = window(groupTopic: index, partition: partition, now: now)
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

  // MARK: Subscriptions

  /// Notes which topics nobody subscribes to, and since when.
  private mutating func updateSubscriptions(
    _ membership: GroupMembership, group: Int, now: Int64
  ) {
    switch membership.state {
    case .rebalancing:
      // Who comes out of it will tell.
      groups[group].subscription = nil
      return
    case .empty, .dead:
      // What had left stays away; what had not left yet stays until somebody comes.
      groups[group].subscription = nil
      for index in groups[group].topics
      where !isLeftOut(groupTopic: Int(index), nowSeconds: now / 1000) {
        groupTopics[Int(index)].unsubscribedSince = 0
      }
      return
    case .unknown:
      groups[group].subscription = nil
    case .stable:
      groups[group].subscription =
        membership.members.isEmpty ? nil : Self.subscription(of: membership.members)
    }
    for index in groups[group].topics { noteSubscription(groupTopic: Int(index), now: now) }
  }

  /// Notes whether anybody subscribes to a group's topic, and otherwise since when nobody does.
  mutating func noteSubscription(groupTopic index: Int, now: Int64) {
    let group = Int(groupTopics[index].group)
    guard let subscription = groups[group].subscription,
      !subscription.contains(topicName(Int(groupTopics[index].topic)))
    else {
      if groupTopics[index].unsubscribedSince != 0 { comeBack(groupTopic: index) }
      return
    }
    guard groupTopics[index].unsubscribedSince == 0 else { return }
    let changedAt = groups[group].membership?.changedAt ?? 0
    let since = changedAt > 0 ? min(changedAt, now) : now
    groupTopics[index].unsubscribedSince = max(UInt32(clamping: since / 1000), 1)
  }

  /// The topics that members subscribe to, nil unless all of them are known.
  private static func subscription(of members: [GroupMember]) -> Set<String>? {
    var topics: Set<String> = []
    for member in members {
      guard let subscription = member.subscription else { return nil }
      topics.formUnion(subscription)
    }
    return topics
  }

  /// A topic that is committed to is in use, whatever the members say they subscribe to.
  mutating func noteUse(groupTopic index: Int, timestamp: Int64, now: Int64) {
    let seconds = UInt32(clamping: min(timestamp, now) / 1000)
    guard seconds > groupTopics[index].unsubscribedSince else { return }
    if isLeftOut(groupTopic: index, nowSeconds: now / 1000) { comeBack(groupTopic: index) }
    groupTopics[index].unsubscribedSince = seconds
  }

  private mutating func comeBack(groupTopic index: Int) {
    groupTopics[index].unsubscribedSince = 0
    // Nobody was asked to read it, so nobody was behind.
    for window in groupTopics[index].windows where window >= 0 {
      pool.setBehindSince(0, of: window)
    }
  }

  /// Whether a group's topic is left out of the verdict.
  @inline(__always)
  func isLeftOut(groupTopic index: Int, nowSeconds: Int64) -> Bool {
    let since = groupTopics[index].unsubscribedSince
    return since != 0 && nowSeconds &- Int64(since) >= Int64(Self.unsubscribedAfter)
  }
}
