import Configuration
import LagCore

/// Commits and members as polls tell them: OffsetFetch, DescribeGroups, ListGroups.
extension ClusterState {
  /// Returns the requests about groups that are due.
  mutating func pollsDue(now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    if needsGroupList, listing.begin(now: now.monotonic) {
      effects.append(.listGroups(cluster: index))
    }
    for request in polls.due(now: now.monotonic) {
      let name = store.groupName(request.group)
      effects.append(
        request.isDescription
          ? .describe(cluster: index, group: name, after: request.delay)
          : .fetchOffsets(
            cluster: index, group: name,
            of: request.isNamed ? watched[request.group].namedPartitions : [],
            after: request.delay))
    }
    return effects
  }

  mutating func received(
    _ reply: GroupOffsetsReply, group name: String, now: Moment
  ) -> [AgentEffect] {
    let bytes = Array(name.utf8)
    guard let group = store.group(named: bytes.span) else { return [] }
    let before = polls.offsetsFault(group)
    defer { endFill(of: group) }
    var effects: [AgentEffect] = []
    switch reply {
    case .fault(let fault):
      guard polls.answeredOffsets(of: group, fault: fault, now: now.monotonic) != nil else {
        return []
      }
      if before?.kind != fault.kind {
        effects.append(
          .log(
            LogRecord(.warn, "offsets of a group cannot be fetched").with("cluster", settings.name)
              .with("group", name).with("error", fault.message)))
      }
    case .offsets(let committed):
      guard polls.answeredOffsets(of: group, fault: nil, now: now.monotonic) != nil else {
        return []
      }
      if before != nil {
        effects.append(
          .log(
            LogRecord(.info, "offsets of a group are fetched again")
              .with("cluster", settings.name).with("group", name)))
      }
      if let told = health.answered(cluster: settings.name, now: now.monotonic) {
        effects.append(.log(told))
      }
      if watched[group].source == .fetch {
        effects += take(committed, of: group, now: now)
      } else {
        fill(committed, of: group, now: now)
      }
    }
    effects += lookUpsDue(now: now) + pollsDue(now: now)
    if let told = updateReadiness() { effects.append(.log(told)) }
    return effects
  }

  /// Stores what a poll found, and forgets what it found no more.
  private mutating func take(
    _ committed: [GroupOffsetsReply.Committed], of group: Int, now: Moment
  ) -> [AgentEffect] {
    let wasNamed = polls.wasNamed(group)
    polls.askForAll(group)
    var effects: [AgentEffect] = []
    var didAdvance = false
    var seen: Set<PartitionName> = []
    for one in committed {
      seen.insert(PartitionName(topic: one.topic, partition: one.partition))
      if let fault = one.fault {
        effects += refuse(one.topic, fault, of: group)
        continue
      }
      watched[group].refusedTopics[one.topic] = nil
      if observe(one, of: group, now: now) == .advanced { didAdvance = true }
    }
    if wasNamed {
      if committed.allSatisfy({ $0.offset == nil && $0.fault == nil }) {
        // Neither all nor by name: there is nothing.
        if watched[group].isEmptyForAll { forgetVanished([], of: group) }
      } else if watched[group].isEmptyForAll, committed.contains(where: { $0.offset != nil }) {
        _ = askByName(group, except: [], because: .onlyByName, now: now.monotonic)
      }
    } else {
      watched[group].isEmptyForAll = committed.isEmpty
      let isNaming = askByName(
        group, except: Set(committed.map(\.topic)),
        because: committed.isEmpty ? .nothingTold : .topicsLeftOut, now: now.monotonic)
      if !isNaming || !committed.isEmpty { forgetVanished(seen, of: group) }
    }
    polls.moved(didAdvance, group: group)
    notePresence(group)
    return effects
  }

  private mutating func observe(
    _ one: GroupOffsetsReply.Committed, of group: Int, now: Moment
  ) -> OffsetStore.Observation {
    let topic = Array(one.topic.utf8)
    guard let offset = one.offset else {
      if store.removeOffset(group: group, topic: topic.span, partition: one.partition) {
        records.tombstones &+= 1
      }
      return .unchanged
    }
    let observation = store.observe(
      offset: offset, group: group, topic: topic.span, partition: one.partition,
      membership: membership(of: group, topic: one.topic, partition: one.partition),
      timestamp: now.wall &- skew.correction, now: now.wall)
    switch observation {
    case .first, .rewound, .advanced: records.observed &+= 1
    case .unchanged: break
    case .refused: records.dropped &+= 1
    }
    return observation
  }

  /// Forgets the commits that are in no answer about all any more.
  private mutating func forgetVanished(_ seen: Set<PartitionName>, of group: Int) {
    for standing in store.standingCommits(ofGroup: group)
    where !seen.contains(PartitionName(topic: standing.topic, partition: standing.partition)) {
      // A topic that may not be described is left out of the answer without a word.
      guard topicFaults[standing.topic] == nil,
        watched[group].refusedTopics[standing.topic] == nil
      else { continue }
      let topic = Array(standing.topic.utf8)
      if store.removeOffset(group: group, topic: topic.span, partition: standing.partition) {
        records.tombstones &+= 1
      }
    }
  }

  /// Asks for the assigned partitions of topics by name, when that is worth a request.
  ///
  /// - Returns: whether it is asked.
  private mutating func askByName(
    _ group: Int, except known: Set<String>, because reason: GroupPolls.NamingReason, now: Int64
  ) -> Bool {
    var partitions: [String: Set<Int32>] = [:]
    for member in store.membership(ofGroup: group)?.members ?? [] {
      for topic in member.assignment ?? [] where !known.contains(topic.topic) {
        partitions[topic.topic, default: []].formUnion(topic.partitions)
      }
    }
    let named = partitions.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
      .prefix(Self.maximumNamedTopics)
      .map { HeadRequest(topic: $0.key, partitions: $0.value.sorted()) }
    guard !named.isEmpty, polls.askByName(group, because: reason, now: now) else { return false }
    watched[group].namedPartitions = named
    return true
  }

  /// The most topics of one group that are asked for by name.
  private static let maximumNamedTopics = 1000

  /// Takes note that the offsets of a topic are refused to us, and tells it once.
  private mutating func refuse(
    _ topic: String, _ fault: ClusterFault, of group: Int
  ) -> [AgentEffect] {
    guard fault.kind == .authorization,
      watched[group].refusedTopics.updateValue(fault, forKey: topic) == nil
    else { return [] }
    return [
      .log(
        LogRecord(.warn, "offsets of a topic may not be fetched; the group cannot be judged")
          .with("cluster", settings.name).with("group", store.groupName(group))
          .with("topic", topic).with("error", fault.message))
    ]
  }

  /// Tells the store whose silence proves nothing.
  private mutating func notePresence(_ group: Int) {
    let presence: ObservedPresence =
      switch polls.membership(group) {
      case .no: .none
      case .unknown: .all
      case .yes: areAssignmentsKnown(group) ? .owned : .all
      }
    store.setPresence(presence, ofGroup: group)
  }

  /// Whether it is known which partitions every member of a group has.
  private func areAssignmentsKnown(_ group: Int) -> Bool {
    guard let known = store.membership(ofGroup: group), known.state == .stable else { return false }
    return known.members.allSatisfy { $0.assignment != nil }
  }

  private struct PartitionName: Hashable {
    var topic: String
    var partition: Int32
  }

  /// Whether anybody can have committed a partition again.
  private func membership(
    of group: Int, topic: String, partition: Int32
  ) -> ObservedMembership {
    let ofGroup = polls.membership(group)
    guard ofGroup == .yes, areAssignmentsKnown(group),
      let members = store.membership(ofGroup: group)?.members
    else { return ofGroup }
    let isAssigned = members.contains { member in
      member.assignment?.contains { $0.topic == topic && $0.partitions.contains(partition) }
        ?? false
    }
    return isAssigned ? .yes : .no
  }

  mutating func received(
    _ reply: GroupDescriptionReply, group name: String, now: Moment
  ) -> [AgentEffect] {
    let bytes = Array(name.utf8)
    guard let group = store.group(named: bytes.span) else { return [] }
    var effects: [AgentEffect] = []
    switch reply {
    case .fault(let fault):
      if polls.descriptionFault(group)?.kind != fault.kind {
        effects.append(
          .log(
            LogRecord(.warn, "a group cannot be described; who owns its partitions is not known")
              .with("cluster", settings.name).with("group", name).with("error", fault.message)))
      }
      polls.answeredDescription(of: group, hasMembers: nil, fault: fault, now: now.monotonic)
    case .membership(let membership):
      let hasMembers: Bool? =
        switch membership.state {
        case .unknown: nil
        case .rebalancing, .stable: true
        case .empty, .dead: !membership.members.isEmpty
        }
      polls.answeredDescription(of: group, hasMembers: hasMembers, fault: nil, now: now.monotonic)
      if watched[group].source == .fetch {
        store.setMembership(membership, ofGroup: group, now: now.wall)
        notePresence(group)
      }
    }
    return effects + lookUpsDue(now: now) + pollsDue(now: now)
  }

  mutating func received(_ reply: GroupListReply, now: Moment) -> [AgentEffect] {
    switch reply {
    case .fault(let fault):
      listing.failed(now: now.monotonic)
      return fail(fault, now: now)
    case .groups(let names, let isComplete):
      listing.answered(count: names.count, now: now.monotonic, refresh: settings.topicRefresh)
      var found: Set<Int> = []
      for name in names {
        let bytes = Array(name.utf8)
        if let group = store.group(named: bytes.span) ?? admitted(bytes.span) {
          found.insert(group)
        }
      }
      if isComplete { dropVanished(found) }
      watchForFill(found, now: now)
      var effects = updateSources(now: now) + pollsDue(now: now)
      if let told = health.answered(cluster: settings.name, now: now.monotonic) {
        effects.append(.log(told))
      }
      if let told = updateReadiness() { effects.append(.log(told)) }
      return effects
    }
  }

  private mutating func admitted(_ name: Span<UInt8>) -> Int? {
    admission.consumer(admitting: name).flatMap { addGroup(name, consumer: $0) }
  }

  /// Forgets groups that came by a list and are in it no more: they were deleted.
  private mutating func dropVanished(_ found: Set<Int>) {
    for group in polls.groups
    where !found.contains(group) && !readsTopic(consumer(of: group))
      && !consumer(of: group).namesGroups
    {
      polls.forget(group)
      store.removeGroup(group)
      watched[group].judgement = .notFound
    }
  }
}
