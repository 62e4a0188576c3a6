import Configuration
import ConsumerOffsets
import LagCore

/// Reading partitions of the offsets topic again; see `Rereading`.
extension ClusterState {
  /// Begins to read the partitions of groups again that were added while these were being read.
  ///
  /// - Parameters:
  ///   - groups: the groups that were added.
  ///   - partitions: further partitions, in which groups may lie that a pattern admits now.
  ///   - now: the time.
  mutating func reread(
    for groups: [Int], and partitions: [Int32], now: Moment
  ) -> [AgentEffect] {
    var again = Set(partitions)
    for group in groups where reading(of: group) != nil {
      move(group, to: .reread, now: now)
      again.insert(watched[group].partition)
    }
    guard !again.isEmpty else { return [] }
    for partition in again { rereading.begin(partition) }
    return [
      .reread(cluster: index, partitions: again.sorted()),
      .log(
        LogRecord(.info, "reading commits again for groups that were added")
          .with("cluster", settings.name).with("topic", settings.offsetsTopic)
          .with("partitions", Int64(again.count))),
    ]
  }

  /// Takes one record of the second reader; returns what is to be done when it has caught up.
  mutating func reingest(
    partition: Int32, offset: Int64, timestamp: Int64, key: Span<UInt8>, value: Span<UInt8>?,
    now: Moment
  ) -> [AgentEffect] {
    guard rereading.read(offset: offset, of: partition) else { return [] }
    do throws(DecodeError) {
      let type = try RecordKey.type(of: key)
      if Self.isMeaningful(type),
        let group = watchedGroup(key.extracting(try RecordKey.group(of: key))),
        watched[group].source == .reread
      {
        try take(
          key, value, of: group, order: offset, timestamp: timestamp, isAtEnd: false,
          now: now.wall)
      }
    } catch {
      // The first reader has counted and told it.
    }
    return hasCaughtUp(partition) ? handOver(partition, now: now) : []
  }

  /// Takes note that the second reader stands at the end of a partition.
  mutating func reachedEndAgain(
    partition: Int32, position: Int64, now: Moment
  ) -> [AgentEffect] {
    rereading.reachedEnd(position: position, of: partition)
    return hasCaughtUp(partition) ? handOver(partition, now: now) : []
  }

  /// Takes note that a partition cannot be read again.
  mutating func failedAgain(
    partition: Int32, _ fault: ClusterFault, now: Moment
  ) -> [AgentEffect] {
    guard rereading.failed(fault, partition: partition) else { return [] }
    return [
      .log(
        LogRecord(.warn, "commits of added groups cannot be read").with("cluster", settings.name)
          .with("topic", settings.offsetsTopic).with("partition", Int64(partition))
          .with("error", fault.message))
    ]
  }

  /// Ends what nobody waits for any more: the groups left, or are served by OffsetFetch.
  mutating func tendRereading(now: Moment) -> [AgentEffect] {
    guard !rereading.isEmpty else { return [] }
    let mayFindMore = settings.consumers.contains { $0.source != .offsetFetch && !$0.namesGroups }
    var awaited: Set<Int32> = []
    for group in store.groupIndices where watched[group].source == .reread {
      awaited.insert(watched[group].partition)
    }
    var effects: [AgentEffect] = []
    for partition in rereading.numbers {
      let isRead = readings.indices.contains(Int(partition)) && readings[Int(partition)] != nil
      if isRead, mayFindMore || awaited.contains(partition) { continue }
      effects += handOver(partition, now: now)
    }
    return effects
  }

  /// Whether the second reader of a partition stands where the first one does, or behind that.
  private func hasCaughtUp(_ partition: Int32) -> Bool {
    guard let position = rereading.position(of: partition),
      readings.indices.contains(Int(partition)), let reading = readings[Int(partition)]
    else { return false }
    return position >= reading.position
  }

  /// Lets the first reader go on for the groups of a partition.
  private mutating func handOver(_ partition: Int32, now: Moment) -> [AgentEffect] {
    rereading.end(partition)
    var count = 0
    // Once nothing is read again, nobody waits for it: the partition of a group changes with the
    // number of partitions.
    for group in store.groupIndices
    where watched[group].source == .reread
      && (watched[group].partition == partition || rereading.isEmpty)
    {
      watched[group].source = .topic
      watched[group].wasRead = true
      store.setMembership(memberships.membership(of: group), ofGroup: group, now: now.wall)
      count += 1
    }
    var effects: [AgentEffect] = [.stopRereading(cluster: index, partitions: [partition])]
    if rereading.isEmpty {
      effects.append(
        .log(
          LogRecord(.info, "commits of added groups were read").with("cluster", settings.name)
            .with("records", rereading.records)))
    }
    // The topics that they commit to need their heads now.
    if count > 0 { effects += lookUpsDue(now: now) }
    return effects
  }
}
