import Configuration
import EventLoop
import KafkaClient
import LagCore

/// The connections of one cluster: a reader of the offsets topic, a worker for the look-ups of each
/// end of the logs, a client for requests about groups, and one that searches for records.
///
/// Each is made when it is needed first.
/// The one place where librdkafka's answers become the agent's events. It holds no state of its
/// own beside the handles.
final class ClusterLink {
  /// Which properties the two clients get.
  struct Clients {
    /// For topics and the ends of logs: those of the cluster.
    var worker: KafkaProperties
    /// For the offsets topic and groups: those of the consumer.
    var reader: KafkaProperties
    /// How the reader fetches.
    var settings: OffsetsTopicReader.Settings
    /// How long a look-up may take, in milliseconds.
    var timeout: Int64
  }

  /// What a drain of the reader found besides records.
  struct Drained {
    var events: [AgentEvent] = []
    var logs: [LogRecord] = []
    var mayHaveMore = false
  }

  /// The cluster's number, which events carry; another configuration may change it.
  var index: Int
  /// What clients are made with from now on; see `reconnect` for those that there are.
  var clients: Clients
  /// What the loop knows of the wake-ups; empty once the link is given up.
  var registrations: [Registration] = []
  /// Whether another slice of records is to be taken in the next turn.
  var isSliceQueued = false
  private let clock: Clock
  let readerWakeUp: WakeUp
  let workerWakeUp: WakeUp
  let groupsWakeUp: WakeUp
  private var reader: OffsetsTopicReader?
  /// Reads partitions from the beginning beside the first; see `Rereading`.
  var rereader: OffsetsTopicReader?
  /// The partitions that it reads.
  var rereadPartitions: Set<Int32> = []
  private var worker: ClusterWorker?
  /// Why brokers let nobody in, as the worker's client said; nil once they have answered.
  private var refusal: ClusterFault?
  /// Looks up last stable offsets, which takes a client of its own.
  private var stableWorker: ClusterWorker?
  private var groups: GroupsClient
  private var probe: RecordProbe
  /// The searches under way; their number is bounded by the probe.
  private var searches: [(id: RequestID, search: RecordSearch)] = []

  init(index: Int, clients: Clients, clock: Clock) throws(Errno) {
    self.index = index
    self.clients = clients
    self.clock = clock
    readerWakeUp = try WakeUp.create()
    workerWakeUp = try WakeUp.create()
    groupsWakeUp = try WakeUp.create()
    groups = GroupsClient(
      properties: clients.reader, wakeUpDescriptor: groupsWakeUp.fileDescriptor)
    probe = RecordProbe(
      properties: clients.reader, wakeUpDescriptor: groupsWakeUp.fileDescriptor)
  }

  // MARK: Effects

  /// Begins to read partitions, or begins anew; the reader connects when it is needed first.
  func read(_ partitions: [Int32], from start: ReadStart) throws(KafkaError) {
    if reader == nil {
      reader = try OffsetsTopicReader.connect(
        properties: clients.reader, settings: clients.settings,
        wakeUpDescriptor: readerWakeUp.fileDescriptor)
    }
    for (position, partition) in partitions.enumerated() {
      let place: OffsetsTopicReader.Start =
        switch start {
        case .beginning: .beginning
        case .end: .end
        case .offsets(let offsets):
          offsets.indices.contains(position) ? offsets[position].map { .offset($0) } ?? .end : .end
        }
      try reader?.start(partition: partition, at: place)
    }
  }

  func stopReading(_ partitions: [Int32]) {
    for partition in partitions { reader?.stop(partition: partition) }
  }

  func lookUpTopics(_ topics: [String]) throws(KafkaError) {
    try startWorker()
    _ = worker?.requestMetadata(
      topics: topics, timeoutMilliseconds: clients.timeout, now: milliseconds)
  }

  func lookUpHeads(
    _ end: LogEnd, _ requests: [HeadRequest], withStarts: Bool
  ) throws(KafkaError) {
    let partitions = requests.map {
      KafkaClient.TopicPartitions(topic: $0.topic, partitions: $0.partitions)
    }
    switch end {
    case .highWatermark:
      try startWorker()
      _ = worker?.requestHeads(
        partitions, includeStart: withStarts, timeoutMilliseconds: clients.timeout,
        now: milliseconds)
    case .lastStableOffset:
      if stableWorker == nil { stableWorker = try makeWorker(.readCommitted) }
      _ = stableWorker?.requestHeads(
        partitions, includeStart: withStarts, timeoutMilliseconds: clients.timeout,
        now: milliseconds)
    }
  }

  func lookUpOffsets(_ partitions: [Int32], since time: Int64) throws(KafkaError) {
    try startWorker()
    _ = worker?.requestOffsets(
      [KafkaClient.TopicPartitions(topic: clients.settings.topic, partitions: partitions)],
      atTime: time, timeoutMilliseconds: clients.timeout, now: milliseconds)
  }

  func fetchOffsets(of group: String, _ named: [HeadRequest]) throws(KafkaError) {
    let partitions = named.map {
      KafkaClient.TopicPartitions(topic: $0.topic, partitions: $0.partitions)
    }
    _ = try groups.requestOffsets(
      group: group, partitions: partitions.isEmpty ? nil : partitions,
      timeoutMilliseconds: clients.timeout, now: milliseconds)
  }

  func describe(_ group: String) throws(KafkaError) {
    _ = try groups.requestDescription(
      groups: [group], timeoutMilliseconds: clients.timeout, now: milliseconds)
  }

  func listGroups() throws(KafkaError) {
    _ = try groups.requestGroupList(timeoutMilliseconds: clients.timeout, now: milliseconds)
  }

  func searchRecords(_ search: RecordSearch) throws(KafkaError) {
    let id = try probe.start(
      topic: search.topic, partition: search.partition, committed: search.from, end: search.to,
      timeoutMilliseconds: max(clients.timeout, Self.searchTime), now: milliseconds)
    searches.append((id, search))
  }

  /// How long a search for records may take at least, in milliseconds: it begins with a connection
  /// of its own, and nobody waits for it.
  private static let searchTime: Int64 = 10_000

  /// Leaves workers behind that do not answer; the next look-up starts others.
  func replaceWorker() {
    worker = nil
    stableWorker = nil
  }

  /// Leaves the client behind that does not answer about groups; the next request connects anew.
  func replaceGroupsClient() {
    groups = GroupsClient(
      properties: clients.reader, wakeUpDescriptor: groupsWakeUp.fileDescriptor)
  }

  /// Makes all clients anew, with the present properties; reading goes on where it stands.
  ///
  /// Whatever was asked of the old clients is not answered any more.
  func reconnect() throws(KafkaError) {
    replaceWorker()
    replaceGroupsClient()
    probe.disconnect()
    probe = RecordProbe(
      properties: clients.reader, wakeUpDescriptor: groupsWakeUp.fileDescriptor)
    searches = []
    try reader?.reconnect(properties: clients.reader)
    try rereader?.reconnect(properties: clients.reader)
  }

  private func startWorker() throws(KafkaError) {
    if worker == nil { worker = try makeWorker(.readUncommitted) }
  }

  private func makeWorker(_ isolation: ClusterWorker.Isolation) throws(KafkaError) -> ClusterWorker
  {
    let clock = clock
    return try ClusterWorker.start(
      properties: clients.worker, isolation: isolation,
      wakeUpDescriptor: workerWakeUp.fileDescriptor, clock: { clock.realtimeMilliseconds() })
  }

  private var milliseconds: Int64 {
    clock.monotonicNanoseconds() / nanosecondsPerMillisecond
  }

  /// Ends all clients without waiting for brokers.
  func close() {
    reader = nil
    rereader = nil
    rereadPartitions = []
    worker = nil
    stableWorker = nil
    replaceGroupsClient()
    probe.disconnect()
    searches = []
  }

  // MARK: Answers

  /// Takes the workers' answers.
  func takeReplies() -> (events: [AgentEvent], logs: [LogRecord]) {
    var events: [AgentEvent] = []
    var logs: [LogRecord] = []
    if let replies = worker?.takeReplies() {
      // To the request a wrong password looks like brokers that are down.
      for case .error(let error) in replies.notices where error.kind == .authentication {
        refusal = ClusterFault(error)
      }
      if let metadata = replies.metadata {
        var reply = MetadataReply(metadata.result)
        switch reply {
        case .topics: refusal = nil
        case .fault(let fault):
          if fault.kind == .unreachable, let refusal { reply = .fault(refusal) }
        }
        events.append(.metadata(cluster: index, reply))
      }
      if let heads = replies.heads {
        events.append(.heads(cluster: index, .highWatermark, HeadsReply(heads.topics)))
      }
      if let times = replies.times {
        events.append(.offsetsByTime(cluster: index, OffsetsByTimeReply(times.topics)))
      }
      logs += replies.notices.compactMap(Self.logRecord)
    }
    if let replies = stableWorker?.takeReplies() {
      if let heads = replies.heads {
        events.append(.heads(cluster: index, .lastStableOffset, HeadsReply(heads.topics)))
      }
      logs += replies.notices.compactMap(Self.logRecord)
    }
    return (events, logs)
  }

  /// Whether there are requests about groups or records that may be overdue.
  var asksAboutGroups: Bool {
    groups.requestsUnderWay > 0 || !searches.isEmpty
  }

  /// Takes answers about groups and records, a bounded number of them.
  func takeGroupReplies() -> Drained {
    var drained = Drained()
    let index = index
    let groupsFound = groups.drain(maximum: Self.maximumReplies, now: milliseconds) { reply in
      drained.events += AgentEvent.events(of: reply, cluster: index)
    }
    let probeFound = probe.drain(now: milliseconds) { reply in
      guard let place = searches.firstIndex(where: { $0.id == reply.id }) else { return }
      let search = searches.remove(at: place).search
      drained.events.append(.recordSearch(cluster: index, search, RecordSearchReply(reply.result)))
    }
    for found in [groupsFound, probeFound] {
      drained.mayHaveMore = drained.mayHaveMore || found.mayHaveMore
      for notice in found.notices {
        if let fault = Self.clusterFault(notice) {
          drained.events.append(.clusterFault(cluster: index, fault))
        }
        if let record = Self.logRecord(notice) { drained.logs.append(record) }
      }
    }
    return drained
  }

  /// Answers about groups that are taken at once.
  private static let maximumReplies = 64

  /// Takes up to `maximum` records and everything else that waits.
  ///
  /// - Parameters:
  ///   - maximum: how many records at most.
  ///   - body: receives each record with its key and value (nil for a tombstone).
  func drain(
    maximum: Int,
    _ body: (_ record: ReaderItem, _ key: Span<UInt8>, _ value: Span<UInt8>?) -> Void
  ) throws(KafkaError) -> Drained {
    var drained = Drained()
    var ends: [(partition: Int32, position: Int64)] = []
    guard
      let result = reader?.drain(
        maximum: maximum,
        { item, key, value in
          switch item.kind {
          case .record(_, let hasValue):
            if hasValue {
              body(item, key, value)
            } else {
              body(item, key, nil)
            }
          case .end: ends.append((item.partition, item.offset))
          }
        })
    else { return drained }
    for end in ends {
      drained.events.append(
        .endOfPartition(
          cluster: index, partition: end.partition, position: end.position,
          highWatermark: reader?.highWatermark(of: end.partition)))
    }
    for failure in result.failures {
      drained.events.append(
        .partitionFault(
          cluster: index, partition: failure.partition, ClusterFault(failure.error)))
    }
    for notice in result.notices {
      if let fault = Self.clusterFault(notice) {
        drained.events.append(.clusterFault(cluster: index, fault))
      }
      if let record = Self.logRecord(notice) { drained.logs.append(record) }
    }
    if let fatal = result.fatalError {
      drained.events.append(.clusterFault(cluster: index, ClusterFault(fatal)))
      try reader?.reconnect(properties: clients.reader)
    }
    drained.mayHaveMore = result.mayHaveMore
    return drained
  }

  /// The trouble of a whole cluster that a notice tells of; a single broker's is none, because the
  /// client finds another.
  static func clusterFault(_ notice: ClientNotice) -> ClusterFault? {
    guard case .error(let error) = notice else { return nil }
    if error.kind == .authentication || error.name == "_ALL_BROKERS_DOWN" || error.isFatal {
      return ClusterFault(error)
    }
    return nil
  }

  /// librdkafka repeats itself at each retry, so its lines are for those who look for them.
  static func logRecord(_ notice: ClientNotice) -> LogRecord? {
    switch notice {
    case .log(let level, let facility, let message):
      return LogRecord(.debug, "librdkafka").with("severity", Int64(level))
        .with("facility", facility).with("text", message)
    case .error(let error):
      return LogRecord(.debug, "librdkafka").with("error", error.description)
    }
  }
}
