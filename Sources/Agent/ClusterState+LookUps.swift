import Answers
import Configuration
import LagCore

extension ClusterState {
  /// The most partitions of one topic whose heads are asked for.
  private static let maximumPartitions = OffsetStore.maximumPartitions

  /// Does what is due: look-ups, verdicts, readiness, and what the log has to be told.
  mutating func tick(now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    let limit = max(3 * settings.offsetRefresh, 30_000)
    if lookUps.isStuck(now: now.monotonic, limit: limit) {
      lookUps.abandon()
      effects.append(.replaceWorker(cluster: index))
      effects.append(
        .log(
          LogRecord(.error, "look-up thread does not answer and is replaced")
            .with("cluster", settings.name)))
    }
    effects += lookUpsDue(now: now)
    effects += judge(now: now)
    if let told = progress(now: now) { effects.append(.log(told)) }
    if let told = updateReadiness() { effects.append(.log(told)) }
    return effects
  }

  /// Returns the look-ups that are due.
  mutating func lookUpsDue(now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    let revision = store.watchRevision
    if lookUps.areTopicsDue(revision: revision, now: now.monotonic) {
      lookUps.beginTopics(revision: revision, now: now.monotonic)
      let names = [settings.offsetsTopic] + store.watchedTopics().map(\.name)
      effects.append(.lookUpTopics(cluster: index, topics: names))
    }
    if offsetsPartitionCount != nil, lookUps.topicsSince == nil,
      lookUps.areHeadsDue(wall: now.wall)
    {
      lookUps.beginHeads(now: now, refresh: settings.offsetRefresh)
      effects.append(.lookUpHeads(cluster: index, neededHeads()))
    }
    return effects
  }

  private func neededHeads() -> [HeadRequest] {
    let read = readings.indices.filter { readings[$0] != nil }.map { Int32($0) }
    var needed = [HeadRequest(topic: settings.offsetsTopic, partitions: read)]
    for topic in store.watchedTopics() {
      let count = min(store.heads(ofTopic: topic.index).partitionCount, Self.maximumPartitions)
      guard count > 0 else { continue }
      needed.append(HeadRequest(topic: topic.name, partitions: (0..<Int32(count)).map { $0 }))
    }
    return needed
  }

  // MARK: Answers

  mutating func received(_ reply: MetadataReply, now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    var succeeded = false
    switch reply {
    case .fault(let fault):
      effects += fail(fault, now: now)
    case .topics(let topics):
      succeeded = true
      for topic in topics where topic.name != settings.offsetsTopic {
        let bytes = Array(topic.name.utf8)
        guard let known = store.topic(named: bytes.span), let count = topic.partitionCount else {
          continue
        }
        store.setPartitionCount(count, ofTopic: known)
      }
      if let topic = topics.first(where: { $0.name == settings.offsetsTopic }) {
        succeeded = receivedOffsetsTopic(topic, now: now, effects: &effects)
      }
    }
    lookUps.endTopics(
      succeeded: succeeded, now: now.monotonic, refresh: settings.topicRefresh)
    return effects + lookUpsDue(now: now)
  }

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
      effects += fail(fault, now: now)
      return false
    }
    if let told = health.answered(cluster: settings.name, now: now.monotonic) {
      effects.append(.log(told))
    }
    guard count != offsetsPartitionCount else { return true }
    let isFirst = offsetsPartitionCount == nil
    offsetsPartitionCount = min(count, Self.maximumPartitions)
    for group in store.groupIndices {
      let name = Array(store.groupName(group).utf8)
      partitionOfGroup[group] = offsetsPartition(of: name.span)
    }
    var wanted: [Int32] = []
    let exact = settings.exactGroups != nil
    for partition in 0..<Int32(min(count, Self.maximumPartitions))
    where !exact || partitionOfGroup.contains(partition) {
      wanted.append(partition)
    }
    while readings.count < count, readings.count < Self.maximumPartitions { readings.append(nil) }
    let new = wanted.filter { readings[Int($0)] == nil }
    for partition in new { readings[Int(partition)] = PartitionReading() }
    readingSince = readingSince ?? now.monotonic
    effects.append(
      .read(cluster: index, partitions: new, fromEnd: settings.startsAtEnd && isFirst))
    effects.append(
      .log(
        LogRecord(.info, "reading commits").with("cluster", settings.name)
          .with("topic", settings.offsetsTopic).with("partitions", Int64(new.count))
          .with("of", Int64(count))))
    return true
  }

  mutating func received(_ reply: HeadsReply, now: Moment) -> [AgentEffect] {
    let asked = lookUps.headsSince ?? now.monotonic
    let revision = lookUps.headsRevision
    lookUps.endHeads()
    switch reply {
    case .fault(let fault):
      return fail(fault, now: now)
    case .heads(let heads):
      var effects: [AgentEffect] = []
      var missing = 0
      for head in heads {
        guard let offset = head.offset else {
          missing += 1
          continue
        }
        record(head, offset: offset, asked: asked, now: now)
      }
      if missing > 0 {
        // A partition without a head may have got a new leader, or be gone. And what answered in
        // part may be on its way out as well as back: the topics will tell.
        lookUps.expireTopics()
      } else if let told = health.answered(cluster: settings.name, now: now.monotonic) {
        effects.append(.log(told))
      }
      if missing < heads.count || heads.isEmpty {
        headsReadAt = asked
        headsRevision = revision
      }
      effects += judge(now: now)
      if let told = updateReadiness() { effects.append(.log(told)) }
      return effects
    }
  }

  private mutating func record(
    _ head: HeadsReply.Head, offset: Int64, asked: Int64, now: Moment
  ) {
    if head.topic == settings.offsetsTopic {
      let partition = Int(head.partition)
      guard readings.indices.contains(partition) else { return }
      readings[partition]?.sampled(end: offset, now: asked)
      // A group may well watch the offsets topic itself.
    }
    let bytes = Array(head.topic.utf8)
    guard let topic = store.topic(named: bytes.span) else { return }
    store.recordHead(offset, topic: topic, partition: head.partition, now: now.wall)
  }

  mutating func reachedEnd(partition: Int32, position: Int64, now: Moment) -> [AgentEffect] {
    guard readings.indices.contains(Int(partition)) else { return [] }
    readings[Int(partition)]?.reachedEnd(position: position, now: now.monotonic)
    // Topics that the commits named need their heads now, not at the next tick.
    var effects = areCommitsRead ? lookUpsDue(now: now) : []
    if let told = updateReadiness() { effects.append(.log(told)) }
    return effects
  }

  mutating func failed(partition: Int32, _ fault: ClusterFault, now: Moment) -> [AgentEffect] {
    guard readings.indices.contains(Int(partition)), let reading = readings[Int(partition)],
      reading.fault?.kind != fault.kind
    else { return [] }
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

  // MARK: Verdicts

  /// Makes the verdict of every group anew and tells the log what changed.
  private mutating func judge(now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    for group in store.groupIndices {
      judgements[group] = store.judge(
        group: group, nowSeconds: now.wallSeconds, parameters: settings.judgement)
      let report = report(group: group, now: now)
      guard report.verdict != toldVerdicts[group] else { continue }
      effects.append(
        .log(
          LogRecord(report.verdict == .error ? .warn : .info, "verdict changed")
            .with("cluster", settings.name).with("group", report.group)
            .with("from", "\(toldVerdicts[group].name)").with("to", "\(report.verdict.name)")
            .with("reason", report.reason)))
      toldVerdicts[group] = report.verdict
    }
    return effects
  }
}
