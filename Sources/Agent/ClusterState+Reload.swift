import Configuration
import ConsumerOffsets
import LagCore

/// A new configuration for a cluster that is being watched.
extension ClusterState {
  /// Takes new settings over: groups that stay keep everything that is known of them.
  ///
  /// - Parameters:
  ///   - new: settings of the same cluster with the same offsets topic.
  ///   - now: the time.
  mutating func reconfigure(_ new: ClusterSettings, now: Moment) -> [AgentEffect] {
    let old = settings
    settings = new
    admission = GroupAdmission(settings: new, seed: admission.seed)
    store.setLimits(new.limits, expireAfter: new.expireAfter)
    var effects: [AgentEffect] = []
    if old.connection != new.connection { effects += reconnect(now: now) }
    if old.offsetRefresh != new.offsetRefresh || old.topicRefresh != new.topicRefresh {
      lookUps.expire()
      polls.setRefresh(new.offsetRefresh, now: now.monotonic)
    }
    let added = regroup(since: old, now: now)
    effects += stopReadingNeedless()
    effects += rereadDue(for: added, since: old, now: now)
    effects += startReading(now: now, isReload: true)
    effects += updateSources(now: now)
    effects += tendRereading(now: now)
    effects += lookUpsDue(now: now)
    effects += pollsDue(now: now)
    return effects + judge(now: now)
  }

  /// Gives up what was asked over connections that are replaced, and tries again what had been
  /// refused to the old credentials.
  private mutating func reconnect(now: Moment) -> [AgentEffect] {
    lookUps.abandon()
    polls.abandon()
    polls.hurry(now: now.monotonic)
    listing.abandon()
    phantoms = PhantomSearches()
    abandonBackfill(now: now)
    fallback.forgive()
    for partition in readings.indices { readings[partition]?.fault = nil }
    return [
      .reconnect(cluster: index),
      .log(LogRecord(.info, "connecting anew").with("cluster", settings.name)),
    ]
  }

  // MARK: Groups

  /// Forgets the groups that no consumer admits any more, and adds those that are named now.
  ///
  /// - Returns: the groups whose records have to be read from the beginning.
  private mutating func regroup(since old: ClusterSettings, now: Moment) -> [Int] {
    var added: [Int] = []
    for group in store.groupIndices {
      let name = Array(store.groupName(group).utf8)
      let consumer = settings.consumer(admitting: name.span).index
      switch (consumer, watched[group].isRemoved) {
      case (nil, false): remove(group)
      case (nil, true): break
      case (let consumer?, true):
        store.setLogEnd(LogEnd(settings.consumers[consumer].logEnd), ofGroup: group, now: now.wall)
        watched[group] = WatchedGroup(consumer: consumer, partition: watched[group].partition)
        added.append(group)
      case (let consumer?, false):
        let wasFetched = old.consumers[watched[group].consumer].source == .offsetFetch
        watched[group].consumer = consumer
        store.setLogEnd(LogEnd(settings.consumers[consumer].logEnd), ofGroup: group, now: now.wall)
        if wasFetched, settings.consumers[consumer].source != .offsetFetch { added.append(group) }
      }
    }
    for name in settings.namedGroups {
      let bytes = Array(name.utf8)
      guard store.group(named: bytes.span) == nil,
        let consumer = settings.consumer(admitting: bytes.span).index,
        let group = addGroup(bytes.span, consumer: consumer)
      else { continue }
      added.append(group)
    }
    return added
  }

  private mutating func remove(_ group: Int) {
    store.removeGroup(group)
    memberships.forget(group: group)
    polls.forget(group)
    watched[group] = WatchedGroup(
      consumer: 0, partition: watched[group].partition, isRemoved: true)
  }

  // MARK: Partitions

  /// Stops reading the partitions in which no watched group can lie.
  private mutating func stopReadingNeedless() -> [AgentEffect] {
    var needed: Set<Int32> = []
    for group in store.groupIndices
    where !watched[group].isRemoved && consumer(of: group).source != .offsetFetch {
      needed.insert(watched[group].partition)
    }
    let readsAll = settings.consumers.contains { $0.source != .offsetFetch && !$0.namesGroups }
    var needless: [Int32] = []
    for partition in readings.indices.map({ Int32($0) }) where readings[Int(partition)] != nil {
      guard !readsTopic || !(readsAll || needed.contains(partition)) else { continue }
      readings[Int(partition)] = nil
      needless.append(partition)
    }
    if !readsTopic { readingSince = nil }
    return needless.isEmpty ? [] : [.stopReading(cluster: index, partitions: needless)]
  }

  /// Reads partitions again where groups were added, or may have been by a new pattern.
  private mutating func rereadDue(
    for added: [Int], since old: ClusterSettings, now: Moment
  ) -> [AgentEffect] {
    guard readsTopic, settings.start != .end else { return [] }
    let mayAdmitMore = settings.consumers.contains { consumer in
      consumer.source != .offsetFetch && !consumer.namesGroups
        && !old.consumers.contains {
          $0.source != .offsetFetch && $0.selection.isSame(as: consumer.selection)
        }
    }
    let partitions = readings.indices.filter { mayAdmitMore && readings[$0] != nil }
    let groups = added.filter { consumer(of: $0).source != .offsetFetch }
    return reread(for: groups, and: partitions.map { Int32($0) }, now: now)
  }
}
