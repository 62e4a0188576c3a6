import Configuration
import ConsumerOffsets
import LagCore

/// Where commits come from: the offsets topic, or OffsetFetch where that is asked for, where the
/// topic may not be read, and where an open transaction withholds it.
extension ClusterState {
  // MARK: Which source

  /// Whether the offsets topic is read for any group.
  var readsTopic: Bool { settings.consumers.contains { readsTopic($0) } }

  func readsTopic(_ consumer: ConsumerSettings) -> Bool {
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
      fallback.beginTrial(
        of: group.partition, isUrgent: polls.isAnyRefused, now: now.monotonic)
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
}

extension ConsumerSettings {
  /// Whether the groups are given by their names.
  var namesGroups: Bool {
    if case .named = selection.admitted { true } else { false }
  }
}
