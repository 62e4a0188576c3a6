import Configuration
package import LagCore

/// The agent as a state machine: events and the time in, effects out.
///
/// It knows no socket, no thread and no clock. `Run` turns the effects into I/O; tests drive it
/// with a virtual clock.
package struct Agent {
  var clusters: [ClusterState]
  /// The configuration that runs, and what became of the last reload.
  package internal(set) var reload = ReloadState()
  /// What the probes answer.
  package internal(set) var decisions: Decisions
  /// What becomes of what must survive the agent.
  package internal(set) var memory = AgentMemory()
  /// Seeds the name tables of clusters that are added.
  var seed: UInt64
  private var isDraining = false
  /// When troubled records were last told, on the monotonic clock.
  private var troubleToldAt: Int64?

  /// How often records that cannot be read are told, in milliseconds.
  private static let troubleInterval: Int64 = 60_000

  /// Creates an agent that has read nothing yet.
  ///
  /// - Parameters:
  ///   - clusters: the clusters, each with its groups.
  ///   - seed: a random number for the name tables.
  ///   - identity: who this pod is.
  package init(
    clusters: [ClusterSettings], seed: UInt64, identity: PodIdentity = PodIdentity()
  ) {
    self.seed = seed
    decisions = Decisions(identity: identity)
    self.clusters = clusters.enumerated().map { index, settings in
      ClusterState(settings: settings, index: index, seed: seed &+ UInt64(index) &* 31)
    }
  }

  /// Takes an event and returns what is to be done about it.
  ///
  /// - Parameters:
  ///   - event: what happened; one of a cluster that does not exist is passed over.
  ///   - now: the time on both clocks.
  package mutating func handle(_ event: AgentEvent, at now: Moment) -> [AgentEffect] {
    switch event {
    case .tick:
      return tick(now: now)
    case .metadata(let cluster, let reply):
      return with(cluster) { $0.received(reply, now: now) }
    case .heads(let cluster, let end, let reply):
      return with(cluster) { $0.received(reply, end: end, now: now) }
    case .offsetsByTime(let cluster, let reply):
      return with(cluster) { $0.received(reply, now: now) }
    case .groupOffsets(let cluster, let group, let reply):
      return with(cluster) { $0.received(reply, group: group, now: now) }
    case .groupDescription(let cluster, let group, let reply):
      described(group, in: cluster, reply, now: now)
      return with(cluster) { $0.received(reply, group: group, now: now) }
    case .groupList(let cluster, let reply):
      return with(cluster) { $0.received(reply, now: now) }
    case .recordSearch(let cluster, let search, let reply):
      return with(cluster) { $0.received(reply, search, now: now) }
    case .endOfPartition(let cluster, let partition, let position, let highWatermark):
      return with(cluster) {
        $0.reachedEnd(
          partition: partition, position: position, highWatermark: highWatermark, now: now)
      }
    case .endOfRereading(let cluster, let partition, let position):
      return with(cluster) {
        $0.reachedEndAgain(partition: partition, position: position, now: now)
      }
    case .rereadingFault(let cluster, let partition, let fault):
      return with(cluster) { $0.failedAgain(partition: partition, fault, now: now) }
    case .partitionFault(let cluster, let partition, let fault):
      return with(cluster) { $0.failed(partition: partition, fault, now: now) }
    case .clusterFault(let cluster, let fault):
      return with(cluster) { $0.fail(fault, now: now) }
    case .terminate(let signal):
      guard !isDraining else { return [] }
      isDraining = true
      return [.log(LogRecord(.info, "ending").with("signal", signal)), .saveState, .drain]
    }
  }

  /// Takes one record of the offsets topic of a cluster; the hot path beside `handle`.
  ///
  /// - Parameters:
  ///   - cluster: the cluster's number.
  ///   - partition: the partition of the offsets topic.
  ///   - offset: the record's offset in it.
  ///   - timestamp: when it was written, in milliseconds since 1970; -1 when unknown.
  ///   - key: the record's key.
  ///   - value: the record's value, nil for a tombstone.
  ///   - now: the time.
  package mutating func ingest(
    cluster: Int, partition: Int32, offset: Int64, timestamp: Int64, key: Span<UInt8>,
    value: Span<UInt8>?, now: Moment
  ) {
    clusters[cluster].ingest(
      partition: partition, offset: offset, timestamp: timestamp, key: key, value: value, now: now)
  }

  /// Draws the conclusions from records that were ingested, once after a number of them.
  ///
  /// - Parameters:
  ///   - cluster: the cluster's number.
  ///   - now: the time.
  package mutating func settle(cluster: Int, now: Moment) {
    clusters[cluster].refreshOwners(now: now.wall)
  }

  /// Takes one record of the second reader of a cluster; see `AgentEffect.reread`.
  ///
  /// - Parameters:
  ///   - cluster: the cluster's number.
  ///   - partition: the partition of the offsets topic.
  ///   - offset: the record's offset in it.
  ///   - timestamp: when it was written, in milliseconds since 1970; -1 when unknown.
  ///   - key: the record's key.
  ///   - value: the record's value, nil for a tombstone.
  ///   - now: the time.
  /// - Returns: what is to be done when the second reader has caught up with the first.
  package mutating func reingest(
    cluster: Int, partition: Int32, offset: Int64, timestamp: Int64, key: Span<UInt8>,
    value: Span<UInt8>?, now: Moment
  ) -> [AgentEffect] {
    clusters[cluster].reingest(
      partition: partition, offset: offset, timestamp: timestamp, key: key, value: value, now: now)
  }

  private mutating func with(
    _ cluster: Int, _ body: (inout ClusterState) -> [AgentEffect]
  ) -> [AgentEffect] {
    clusters.indices.contains(cluster) ? body(&clusters[cluster]) : []
  }

  private mutating func tick(now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    for index in clusters.indices {
      // What is expired must not be in this second's verdict.
      _ = clusters[index].store.expire(now: now.wall)
      effects += clusters[index].tick(now: now)
    }
    effects += decide(now: now)
    if now.monotonic >= (troubleToldAt ?? .min / 2) + Self.troubleInterval {
      for index in clusters.indices {
        guard let record = clusters[index].troubledRecord else { continue }
        clusters[index].troubledRecord = nil
        troubleToldAt = now.monotonic
        effects.append(
          .log(
            LogRecord(.warn, "records that cannot be read were passed over")
              .with("cluster", clusters[index].settings.name).with("first", record)
              .with("malformed", clusters[index].records.malformed)
              .with("unsupported-versions", clusters[index].records.unsupportedVersions)))
      }
    }
    return effects
  }
}
