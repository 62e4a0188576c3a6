import Configuration
import ConsumerOffsets
import LagCore

/// Where commits come from: the offsets topic, or OffsetFetch where that is asked for, where the
/// topic may not be read, and where an open transaction withholds it.
extension ClusterState {
  // MARK: Which source

  /// Whether the offsets topic is read for any group.
  var readsTopic: Bool { settings.consumers.contains { readsTopic($0) } }

  private func readsTopic(_ consumer: ConsumerSettings) -> Bool {
    switch consumer.source {
    case .offsetFetch: false
    case .offsetsTopic: true
    case .automatic: fallback.fault == nil
    }
  }

  /// Whether groups are chosen by a pattern and their commits do not come with their names.
  var needsGroupList: Bool {
    settings.consumers.contains { !readsTopic($0) && !$0.namesGroups } || fillsUnnamedGroups
  }

  /// Where the commits of a group have to come from now.
  private func wantedSource(of group: Int) -> CommitSource {
    guard readsTopic(consumer(of: group)) else { return .fetch }
    return reading(of: group)?.isWithheld == true ? .fetch : .topic
  }

  /// Moves groups to the source that they have to have now.
  mutating func updateSources(now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    for group in store.groupIndices where !watched[group].isRemoved {
      let wanted = wantedSource(of: group)
      // Records are wanted, and come by another reader until that has caught up.
      if wanted == .topic, watched[group].source == .reread { continue }
      if wanted == .fetch, !polls.contains(group) { polls.watch(group, now: now.monotonic) }
      guard wanted != watched[group].source else { continue }
      move(group, to: wanted, now: now)
      guard reading(of: group) != nil, fallback.fault == nil else { continue }
      let isWithheld = wanted == .fetch
      effects.append(
        .log(
          LogRecord(
            isWithheld ? .warn : .info,
            isWithheld
              ? "an open transaction withholds commits; they are fetched"
              : "commits are no longer withheld"
          ).with("cluster", settings.name).with("group", store.groupName(group))
            .with("topic", settings.offsetsTopic)
            .with("partition", Int64(watched[group].partition))))
    }
    return effects
  }

  /// Has the commits of a group come from another source from now on.
  mutating func move(_ group: Int, to source: CommitSource, now moment: Moment) {
    let now = moment.monotonic
    watched[group].source = source
    if source == .fetch {
      watched[group].returningSince = nil
      polls.watch(group, now: now)
    } else {
      polls.forget(group)
      store.forgetObservations(group: group)
      store.setPresence(.none, ofGroup: group)
      let membership = memberships.membership(of: group)
      if membership.state != .unknown {
        store.setMembership(membership, ofGroup: group, now: moment.wall)
      }
      watched[group].returningSince = source == .topic ? now : nil
    }
  }

  /// Whether a record of a group is to be taken; what OffsetFetch tells now is not told twice.
  ///
  /// The first record behind an open transaction shows that it has ended, so that the group's
  /// records count again from this one on.
  @inline(__always)
  mutating func takesRecords(of group: Int, now: Moment) -> Bool {
    if watched[group].source == .topic { return true }
    guard watched[group].source == .fetch, wantedSource(of: group) == .topic else { return false }
    move(group, to: .topic, now: now)
    return true
  }

  /// Whether the verdict of a group has to wait, because its records are just coming again.
  mutating func isReturning(_ group: Int, now: Int64) -> Bool {
    guard let since = watched[group].returningSince else { return false }
    let isRead = reading(of: group)?.provenAt.map { $0 > since } ?? false
    if isRead || now - since > Self.longestReturn { watched[group].returningSince = nil }
    return watched[group].returningSince != nil
  }

  /// How long the last verdict stands while withheld records are read, in milliseconds.
  private static let longestReturn: Int64 = 30_000

  // MARK: The topic may not be read

  /// Takes note that the offsets topic may not be read, and tells it once.
  mutating func refuseTopic(_ fault: ClusterFault, now: Moment) -> [AgentEffect] {
    guard settings.consumers.contains(where: { $0.source == .automatic }) else { return [] }
    guard fallback.refuse(fault, now: now.monotonic) else { return [] }
    var effects: [AgentEffect] = [
      .log(
        LogRecord(.warn, "the offsets topic may not be read; commits are fetched instead")
          .with("cluster", settings.name).with("topic", settings.offsetsTopic)
          .with("error", fault.message))
    ]
    if !readsTopic { effects += stopReading() }
    effects += updateSources(now: now)
    return effects + pollsDue(now: now)
  }

  private mutating func stopReading() -> [AgentEffect] {
    let partitions = readings.indices.filter { readings[$0] != nil }.map { Int32($0) }
    readings = []
    readingSince = nil
    guard !partitions.isEmpty else { return [] }
    return [.stopReading(cluster: index, partitions: partitions)]
  }

  /// Tries from time to time whether the topic may be read by now.
  mutating func tryTopic(now: Moment) -> [AgentEffect] {
    guard !readsTopic, offsetsPartitionCount != nil,
      let group = watched.first(where: { !$0.isRemoved && $0.partition >= 0 }),
      fallback.beginTrial(of: group.partition, now: now.monotonic)
    else { return [] }
    return [.read(cluster: index, partitions: [group.partition], from: .end)]
  }

  /// Takes note of an answer of the partition that is tried; nil when none is.
  mutating func trialAnswered(
    partition: Int32, fault: ClusterFault?, now: Moment
  ) -> [AgentEffect]? {
    guard fallback.endTrial(of: partition, fault: fault, now: now.monotonic) else { return nil }
    var effects: [AgentEffect] = [.stopReading(cluster: index, partitions: [partition])]
    guard fault == nil else { return effects }
    effects.append(
      .log(
        LogRecord(.info, "the offsets topic may be read again").with("cluster", settings.name)
          .with("topic", settings.offsetsTopic)))
    effects += startReading(now: now)
    return effects + updateSources(now: now)
  }

  // MARK: Polls

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
          : .fetchOffsets(cluster: index, group: name, after: request.delay))
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
        take(committed, of: group, now: now)
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
  ) {
    var didAdvance = false
    var named: Set<PartitionName> = []
    for one in committed {
      named.insert(PartitionName(topic: one.topic, partition: one.partition))
      let topic = Array(one.topic.utf8)
      guard one.fault == nil else { continue }
      guard let offset = one.offset else {
        if store.removeOffset(group: group, topic: topic.span, partition: one.partition) {
          records.tombstones &+= 1
        }
        continue
      }
      let observation = store.observe(
        offset: offset, group: group, topic: topic.span, partition: one.partition,
        membership: membership(of: group, topic: one.topic, partition: one.partition),
        timestamp: now.wall &- skew.correction, now: now.wall)
      switch observation {
      case .first, .rewound: records.observed &+= 1
      case .advanced:
        records.observed &+= 1
        didAdvance = true
      case .unchanged: break
      case .refused: records.dropped &+= 1
      }
    }
    for standing in store.standingCommits(ofGroup: group)
    where !named.contains(PartitionName(topic: standing.topic, partition: standing.partition)) {
      // A topic that may not be described is left out of the answer without a word.
      guard topicFaults[standing.topic] == nil else { continue }
      let topic = Array(standing.topic.utf8)
      if store.removeOffset(group: group, topic: topic.span, partition: standing.partition) {
        records.tombstones &+= 1
      }
    }
    polls.moved(didAdvance, group: group)
    notePresence(group)
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

extension ConsumerSettings {
  /// Whether the groups are given by their names.
  var namesGroups: Bool {
    if case .named = selection.admitted { true } else { false }
  }
}
