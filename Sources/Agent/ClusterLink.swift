import Configuration
import EventLoop
import KafkaClient

/// The connections of one cluster: a reader of the offsets topic and a worker for look-ups.
///
/// The one place where librdkafka's answers become the agent's events. It holds no state of its
/// own beside the handles.
final class ClusterLink {
  /// Which properties the two clients get.
  struct Clients {
    /// For heads and metadata: those of the cluster.
    var worker: KafkaProperties
    /// For the offsets topic: those of the consumer.
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

  let index: Int
  private let clients: Clients
  private let clock: Clock
  let readerWakeUp: WakeUp
  let workerWakeUp: WakeUp
  private var reader: OffsetsTopicReader?
  private var worker: ClusterWorker?

  init(index: Int, clients: Clients, clock: Clock) throws(Errno) {
    self.index = index
    self.clients = clients
    self.clock = clock
    readerWakeUp = try WakeUp.create()
    workerWakeUp = try WakeUp.create()
  }

  // MARK: Effects

  /// Begins to read partitions; the reader connects when it is needed first.
  func read(_ partitions: [Int32], fromEnd: Bool) throws(KafkaError) {
    if reader == nil {
      reader = try OffsetsTopicReader.connect(
        properties: clients.reader, settings: clients.settings,
        wakeUpDescriptor: readerWakeUp.fileDescriptor)
    }
    for partition in partitions {
      try reader?.start(partition: partition, at: fromEnd ? .end : .beginning)
    }
  }

  func lookUpTopics(_ topics: [String]) throws(KafkaError) {
    try startWorker()
    _ = worker?.requestMetadata(
      topics: topics, timeoutMilliseconds: clients.timeout, now: milliseconds)
  }

  func lookUpHeads(_ requests: [HeadRequest]) throws(KafkaError) {
    try startWorker()
    _ = worker?.requestHeads(
      requests.map { KafkaClient.TopicPartitions(topic: $0.topic, partitions: $0.partitions) },
      includeStart: false, timeoutMilliseconds: clients.timeout, now: milliseconds)
  }

  /// Leaves a worker behind that does not answer; the next look-up starts another.
  func replaceWorker() { worker = nil }

  private func startWorker() throws(KafkaError) {
    guard worker == nil else { return }
    let clock = clock
    worker = try ClusterWorker.start(
      properties: clients.worker, wakeUpDescriptor: workerWakeUp.fileDescriptor,
      clock: { clock.realtimeMilliseconds() })
  }

  private var milliseconds: Int64 {
    clock.monotonicNanoseconds() / nanosecondsPerMillisecond
  }

  /// Ends both clients without waiting for brokers.
  func close() {
    reader = nil
    worker = nil
  }

  // MARK: Answers

  /// Takes the worker's answers.
  func takeReplies() -> (events: [AgentEvent], logs: [LogRecord]) {
    guard let replies = worker?.takeReplies() else { return ([], []) }
    var events: [AgentEvent] = []
    if let metadata = replies.metadata {
      events.append(.metadata(cluster: index, MetadataReply(metadata.result)))
    }
    if let heads = replies.heads {
      events.append(.heads(cluster: index, HeadsReply(heads.topics)))
    }
    return (events, replies.notices.compactMap(Self.logRecord))
  }

  /// Takes up to `maximum` records and everything else that waits.
  ///
  /// - Parameters:
  ///   - maximum: how many records at most.
  ///   - body: receives partition, offset, key and value (nil for a tombstone) of each record.
  func drain(
    maximum: Int,
    _ body: (_ partition: Int32, _ offset: Int64, _ key: Span<UInt8>, _ value: Span<UInt8>?) -> Void
  ) throws(KafkaError) -> Drained {
    var drained = Drained()
    let index = index
    guard
      let result = reader?.drain(
        maximum: maximum,
        { item, key, value in
          switch item.kind {
          case .record(_, let hasValue):
            if hasValue {
              body(item.partition, item.offset, key, value)
            } else {
              body(item.partition, item.offset, key, nil)
            }
          case .end:
            drained.events.append(
              .endOfPartition(cluster: index, partition: item.partition, position: item.offset))
          }
        })
    else { return drained }
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
  private static func clusterFault(_ notice: ClientNotice) -> ClusterFault? {
    guard case .error(let error) = notice else { return nil }
    if error.kind == .authentication || error.name == "_ALL_BROKERS_DOWN" || error.isFatal {
      return ClusterFault(error)
    }
    return nil
  }

  /// librdkafka repeats itself at each retry, so its lines are for those who look for them.
  private static func logRecord(_ notice: ClientNotice) -> LogRecord? {
    switch notice {
    case .log(let level, let facility, let message):
      return LogRecord(.debug, "librdkafka").with("severity", Int64(level))
        .with("facility", facility).with("text", message)
    case .error(let error):
      return LogRecord(.debug, "librdkafka").with("error", error.description)
    }
  }
}

extension ClusterFault {
  init(_ error: KafkaError) {
    let kind: Kind =
      switch error.kind {
      case .transport, .timedOut: .unreachable
      case .authentication: .authentication
      case .authorization: .authorization
      case .unknownTopicOrPartition: .unknownTopic
      case .configuration, .leaderNotAvailable, .offsetOutOfRange, .queueFull, .other: .other
      }
    self.init(kind: kind, message: error.description)
  }
}

extension MetadataReply {
  init(_ result: Result<KafkaClient.ClusterMetadata, KafkaError>) {
    switch result {
    case .failure(let error): self = .fault(ClusterFault(error))
    case .success(let metadata):
      self = .topics(
        metadata.topics.map { topic in
          TopicReply(
            name: topic.name, partitionCount: topic.error == nil ? topic.partitionCount : nil,
            fault: topic.error.map { ClusterFault($0) })
        })
    }
  }
}

extension HeadsReply {
  init(_ topics: [KafkaClient.TopicHeads]) {
    var heads: [Head] = []
    var firstError: KafkaError?
    var isAnyKnown = false
    for topic in topics {
      for (partition, head) in zip(topic.request.partitions, topic.heads) {
        var offset: Int64?
        switch head {
        case .offsets(let end, _, _):
          offset = end
          isAnyKnown = true
        case .leaderless: break
        case .failed(let error): firstError = firstError ?? error
        }
        heads.append(Head(topic: topic.request.topic, partition: partition, offset: offset))
      }
    }
    if !isAnyKnown, let firstError {
      self = .fault(ClusterFault(firstError))
    } else {
      self = .heads(heads)
    }
  }
}
