import Answers
import Configuration
import LagCore

extension ClusterState {
  /// The most partitions of one topic whose heads are asked for.
  private static let maximumPartitions = OffsetStore.maximumPartitions

  /// Does what is due: look-ups, verdicts, readiness, and what the log has to be told.
  mutating func tick(now: Moment) -> [AgentEffect] {
    var effects = replaceStuck(now: now)
    effects += updateSources(now: now)
    effects += lookUpsDue(now: now)
    effects += backfillDue(now: now)
    effects += pollsDue(now: now)
    effects += tryTopic(now: now)
    if let partition = fallback.overdueTrial(now: now.monotonic) {
      effects +=
        trialAnswered(
          partition: partition,
          fault: ClusterFault(kind: .unreachable, message: "no answer in time"), now: now) ?? []
    }
    effects += tendRereading(now: now)
    effects += searchPhantoms(now: now)
    effects += judge(now: now)
    if let told = progress(now: now) { effects.append(.log(told)) }
    if let told = updateReadiness() { effects.append(.log(told)) }
    return effects
  }

  /// Gives up clients that have not answered for long.
  private mutating func replaceStuck(now: Moment) -> [AgentEffect] {
    let limit = max(3 * settings.offsetRefresh, 30_000)
    var effects: [AgentEffect] = []
    if lookUps.isStuck(now: now.monotonic, limit: limit) {
      lookUps.abandon()
      abandonBackfill(now: now)
      effects.append(.replaceWorker(cluster: index))
      effects.append(
        .log(
          LogRecord(.error, "look-up thread does not answer and is replaced")
            .with("cluster", settings.name)))
    }
    if polls.isStuck(now: now.monotonic, limit: limit)
      || listing.isStuck(now: now.monotonic, limit: limit)
    {
      polls.abandon()
      listing.abandon()
      effects.append(.replaceGroupsClient(cluster: index))
      effects.append(
        .log(
          LogRecord(.error, "requests about groups are not answered; their client is replaced")
            .with("cluster", settings.name)))
    }
    return effects
  }

  /// Returns the look-ups that are due.
  mutating func lookUpsDue(now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    let revision = store.watchRevision
    if lookUps.areTopicsDue(revision: revision, now: now.monotonic) {
      let names = neededTopics()
      lookUps.beginTopics(revision: revision, now: now.monotonic)
      if names.isEmpty {
        // Nothing is committed yet that could be looked up; commits bring the topics.
        lookUps.endTopics(succeeded: true, now: now.monotonic, refresh: settings.topicRefresh)
      } else {
        effects.append(.lookUpTopics(cluster: index, topics: names))
      }
    }
    guard lookUps.topicsSince == nil, lookUps.topicsRevision >= 0,
      offsetsPartitionCount != nil || !readsTopic
    else { return effects }
    for end in LogEnd.allCases where lookUps.areHeadsDue(end, wall: now.wall) {
      let needed = neededHeads(end, now: now)
      if needed.isEmpty {
        lookUps.skipHeads(end, now: now, refresh: settings.offsetRefresh)
      } else {
        let withStarts = lookUps.beginHeads(end, now: now, refresh: settings.offsetRefresh)
        effects.append(.lookUpHeads(cluster: index, end, needed, withStarts: withStarts))
      }
    }
    return effects
  }

  private func neededTopics() -> [String] {
    var names: [String] = []
    // The offsets topic is asked for as long as anybody would rather read it.
    if settings.consumers.contains(where: { $0.source != .offsetFetch }) {
      names.append(settings.offsetsTopic)
    }
    for topic in store.watchedTopics() where !names.contains(topic.name) {
      names.append(topic.name)
    }
    return names
  }

  private func neededHeads(_ end: LogEnd, now: Moment) -> [HeadRequest] {
    let read = readings.indices.filter { index in
      guard let reading = readings[index] else { return false }
      return end == .highWatermark || reading.needsStableEnd(now: now.monotonic)
    }
    var needed: [HeadRequest] = []
    if !read.isEmpty {
      needed.append(HeadRequest(topic: settings.offsetsTopic, partitions: read.map { Int32($0) }))
    }
    for topic in store.watchedTopics() where topic.logEnd == end {
      let count = min(store.heads(ofTopic: topic.index).partitionCount, Self.maximumPartitions)
      guard count > 0 else { continue }
      let all = (0..<Int32(count)).map { $0 }
      if topic.name == settings.offsetsTopic, !needed.isEmpty {
        needed[0].partitions = all
      } else {
        needed.append(HeadRequest(topic: topic.name, partitions: all))
      }
    }
    return needed
  }

  // MARK: Topics

  mutating func received(_ reply: MetadataReply, now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    var succeeded = false
    switch reply {
    case .fault(let fault):
      effects += fail(fault, now: now)
    case .topics(let topics):
      succeeded = true
      for topic in topics where topic.name != settings.offsetsTopic {
        effects += received(topic)
      }
      if let topic = topics.first(where: { $0.name == settings.offsetsTopic }) {
        succeeded = receivedOffsetsTopic(topic, now: now, effects: &effects)
      } else if let told = health.answered(cluster: settings.name, now: now.monotonic) {
        effects.append(.log(told))
      }
    }
    lookUps.endTopics(
      succeeded: succeeded, now: now.monotonic, refresh: settings.topicRefresh)
    return effects + lookUpsDue(now: now)
  }

  /// Takes note of a topic that some group has committed to.
  private mutating func received(_ topic: MetadataReply.TopicReply) -> [AgentEffect] {
    let bytes = Array(topic.name.utf8)
    if let count = topic.partitionCount {
      topicFaults[topic.name] = nil
      for end in LogEnd.allCases {
        guard let known = store.topic(named: bytes.span, logEnd: end) else { continue }
        store.setPartitionCount(count, ofTopic: known)
      }
      return []
    }
    guard let fault = topic.fault, topicFaults.count < Self.maximumTopicFaults else { return [] }
    let before = topicFaults.updateValue(fault, forKey: topic.name)
    guard before?.kind != fault.kind else {
      // One broker that has just come up may not know a topic yet; the cluster's tombstones of
      // its commits may be late or out of reach.
      return fault.kind == .unknownTopic ? forgetTopic(topic.name) : []
    }
    return [
      .log(
        LogRecord(.warn, "a topic cannot be described; lags in it are not known")
          .with("cluster", settings.name).with("topic", topic.name).with("error", fault.message))
    ]
  }

  /// Forgets the commits of a topic that was deleted.
  private mutating func forgetTopic(_ name: String) -> [AgentEffect] {
    let bytes = Array(name.utf8)
    var removed = 0
    for end in LogEnd.allCases {
      guard let topic = store.topic(named: bytes.span, logEnd: end) else { continue }
      removed += store.removeTopic(topic)
    }
    guard removed > 0 else { return [] }
    return [
      .log(
        LogRecord(.info, "a topic was deleted; its windows are forgotten")
          .with("cluster", settings.name).with("topic", name).with("windows", Int64(removed)))
    ]
  }

  /// The most topics whose faults are remembered; further ones are not told.
  private static let maximumTopicFaults = 10_000

  /// Starts reading when the partition count of the offsets topic is known or has changed.
  private mutating func receivedOffsetsTopic(
    _ topic: MetadataReply.TopicReply, now: Moment, effects: inout [AgentEffect]
  ) -> Bool {
    guard let count = topic.partitionCount, count > 0 else {
      var fault =
        topic.fault ?? ClusterFault(kind: .other, message: "\(topic.name) has no partitions")
      if fault.kind == .unknownTopic {
        fault.message = "\(topic.name) does not exist yet; it comes with the first consumer group"
      }
      if fault.kind == .authorization { effects += refuseTopic(fault, now: now) }
      guard readsTopic else { return true }
      effects += fail(fault, now: now)
      return false
    }
    if let told = health.answered(cluster: settings.name, now: now.monotonic) {
      effects.append(.log(told))
    }
    let known = min(count, Self.maximumPartitions)
    guard known != offsetsPartitionCount else { return true }
    offsetsPartitionCount = known
    for group in store.groupIndices {
      let name = Array(store.groupName(group).utf8)
      watched[group].partition = offsetsPartition(of: name.span)
    }
    effects += startReading(now: now)
    return true
  }

  /// Begins to read the partitions of the offsets topic that are needed and not read yet.
  ///
  /// - Parameter isReload: whether groups were added, so that `start-latest` counts for the
  ///   partitions that were not needed before.
  mutating func startReading(now: Moment, isReload: Bool = false) -> [AgentEffect] {
    guard readsTopic, let count = offsetsPartitionCount else { return [] }
    let readsAll = settings.consumers.contains { $0.source != .offsetFetch && !$0.namesGroups }
    var wanted: Set<Int32> = []
    for group in store.groupIndices
    where !watched[group].isRemoved && consumer(of: group).source != .offsetFetch {
      wanted.insert(watched[group].partition)
    }
    while readings.count < count { readings.append(nil) }
    var new: [Int32] = []
    for partition in 0..<Int32(count) where readings[Int(partition)] == nil {
      guard readsAll || wanted.contains(partition) else { continue }
      readings[Int(partition)] = PartitionReading()
      new.append(partition)
    }
    guard !new.isEmpty else { return [] }
    let isFirst = readingSince == nil
    readingSince = readingSince ?? now.monotonic
    let log = AgentEffect.log(
      LogRecord(.info, "reading commits").with("cluster", settings.name)
        .with("topic", settings.offsetsTopic).with("partitions", Int64(new.count))
        .with("of", Int64(count)))
    switch settings.start {
    case .end where isFirst || isReload:
      return [.read(cluster: index, partitions: new, from: .end), log]
    case .back(let seconds) where isFirst:
      backfill = .due(
        partitions: new, time: now.wall &- Int64(seconds) &* 1000, at: now.monotonic)
      return [log] + backfillDue(now: now)
    default:
      return [.read(cluster: index, partitions: new, from: .beginning), log]
    }
  }

  // MARK: Heads

  mutating func received(
    _ reply: HeadsReply, end: LogEnd, now: Moment
  ) -> [AgentEffect] {
    switch reply {
    case .fault(let fault):
      _ = lookUps.endHeads(end, succeeded: false, now: now.monotonic)
      return fail(fault, now: now)
    case .heads(let heads):
      let missing = heads.count { $0.offset == nil }
      let asked = lookUps.endHeads(
        end, succeeded: missing < heads.count || heads.isEmpty, now: now.monotonic)
      var effects: [AgentEffect] = []
      for head in heads { effects += record(head, end: end, asked: asked, now: now) }
      if missing > 0 {
        // A partition without a head may have got a new leader, or be gone. And what answered in
        // part may be on its way out as well as back: the topics will tell.
        lookUps.expireTopics()
      } else if let told = health.answered(cluster: settings.name, now: now.monotonic) {
        effects.append(.log(told))
      }
      effects += updateSources(now: now)
      effects += judge(now: now)
      if let told = updateReadiness() { effects.append(.log(told)) }
      return effects
    }
  }

  private mutating func record(
    _ head: HeadsReply.Head, end: LogEnd, asked: Int64, now: Moment
  ) -> [AgentEffect] {
    guard let offset = head.offset else { return [] }
    if head.topic == settings.offsetsTopic {
      let partition = Int(head.partition)
      if readings.indices.contains(partition) {
        switch end {
        case .highWatermark: readings[partition]?.sampled(end: offset, now: asked)
        case .lastStableOffset: readings[partition]?.sampled(stableEnd: offset, now: asked)
        }
      }
      // A group may well watch the offsets topic itself.
    }
    let bytes = Array(head.topic.utf8)
    guard let topic = store.topic(named: bytes.span, logEnd: end) else { return [] }
    // The answer may have been long on its way: commits that came meanwhile are no older than it.
    let sampled = now.wall &- max(0, now.monotonic &- asked)
    if store.recordHead(offset, topic: topic, partition: head.partition, now: sampled)
      == .fellBack, head.start == nil
    {
      lookUps.expireStarts(end)
    }
    guard let start = head.start else { return [] }
    let restarted = store.recordLogStart(
      start, topic: topic, partition: head.partition, now: sampled)
    guard restarted > 0 else { return [] }
    return [
      .log(
        LogRecord(.info, "a topic was created again; its windows begin anew")
          .with("cluster", settings.name).with("topic", head.topic)
          .with("partition", Int64(head.partition)).with("groups", Int64(restarted)))
    ]
  }

  // MARK: The reader

  mutating func reachedEnd(
    partition: Int32, position: Int64, highWatermark: Int64?, now: Moment
  ) -> [AgentEffect] {
    if let effects = trialAnswered(partition: partition, fault: nil, now: now) { return effects }
    guard readings.indices.contains(Int(partition)) else { return [] }
    readings[Int(partition)]?.reachedEnd(
      position: position, highWatermark: highWatermark, now: now.monotonic)
    // Topics that the commits named need their heads now, not at the next tick.
    var effects = areCommitsRead ? lookUpsDue(now: now) : []
    if let told = updateReadiness() { effects.append(.log(told)) }
    return effects
  }

  mutating func failed(partition: Int32, _ fault: ClusterFault, now: Moment) -> [AgentEffect] {
    if let effects = trialAnswered(partition: partition, fault: fault, now: now) { return effects }
    guard readings.indices.contains(Int(partition)), let reading = readings[Int(partition)] else {
      return []
    }
    if fault.kind == .authorization {
      let effects = refuseTopic(fault, now: now)
      if !readsTopic { return effects }
    }
    guard reading.fault?.kind != fault.kind else { return [] }
    readings[Int(partition)]?.fault = fault
    return [
      .log(
        LogRecord(.warn, "commits cannot be read").with("cluster", settings.name)
          .with("topic", settings.offsetsTopic).with("partition", Int64(partition))
          .with("error", fault.message))
    ]
  }

  mutating func fail(_ fault: ClusterFault, now: Moment) -> [AgentEffect] {
    health.failed(fault, cluster: settings.name, now: now.monotonic).map { [.log($0)] } ?? []
  }
}
