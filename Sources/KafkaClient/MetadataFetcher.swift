import CLibrdkafka

/// Asks a cluster about single topics.
enum MetadataFetcher {
  /// The topics answered, and the error that ended the asking early.
  struct Outcome {
    var metadata = ClusterMetadata()
    /// Set when the cluster did not answer; topics after it were not asked for.
    var failure: KafkaError?
  }

  /// Asks for topics one by one.
  ///
  /// `rd_kafka_metadata` takes a topic handle, and for a handle of the same client librdkafka would
  /// keep about 1.5 kB of each of its partitions for ever (measured with 2.0.2, 10,000
  /// partitions). It only reads the handle's name, so the handles are opened on a client of their
  /// own that knows no broker and is gone when this returns. Asking without a handle instead would
  /// ask for whatever librdkafka's cache holds, and allow the brokers to create those topics.
  ///
  /// - Parameters:
  ///   - client: a connected client.
  ///   - topics: the names to ask for.
  ///   - deadline: when to give up.
  static func fetch(
    _ client: borrowing ClientHandle, topics: [String], deadline: Deadline
  ) -> Outcome {
    var outcome = Outcome()
    guard !topics.isEmpty else { return outcome }
    let names: ClientHandle
    do throws(KafkaError) {
      names = try ClientHandle.start(
        RD_KAFKA_CONSUMER, defaults: [], properties: KafkaProperties(),
        fixed: [KafkaProperty("log_level", "0")])
    } catch {
      outcome.failure = error
      return outcome
    }
    for topic in topics {
      guard !deadline.hasPassed else {
        outcome.failure = .timedOut
        break
      }
      switch fetch(client, names, topic, deadline, &outcome.metadata.brokers) {
      case .success(let metadata):
        copyCluster(client, &outcome.metadata)
        outcome.metadata.topics.append(metadata)
      case .failure(let error):
        outcome.failure = error
      }
      if outcome.failure != nil { break }
    }
    return outcome
  }

  private static func fetch(
    _ client: borrowing ClientHandle, _ names: borrowing ClientHandle, _ topic: String,
    _ deadline: Deadline, _ brokers: inout [KafkaBroker]
  ) -> Result<TopicMetadata, KafkaError> {
    // SAFETY: the handle lives until the end of this function; the name is copied.
    guard !topic.utf8.contains(0), let handle = unsafe rd_kafka_topic_new(names.raw, topic, nil)
    else {
      let error = KafkaError(
        code: RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION.rawValue, message: "not a topic name")
      return .success(TopicMetadata(name: topic, leaders: [], error: error))
    }
    defer { unsafe rd_kafka_topic_destroy(handle) }
    var answer: UnsafePointer<rd_kafka_metadata>?
    let timeout = max(1, deadline.remainingMilliseconds)
    // SAFETY: client and handle are live; on success the answer is ours to destroy.
    let code = unsafe rd_kafka_metadata(client.raw, 0, handle, &answer, timeout)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR, let answer = unsafe answer else {
      return .failure(KafkaError(code: code.rawValue))
    }
    defer { unsafe rd_kafka_metadata_destroy(answer) }
    unsafe brokers = copyBrokers(answer.pointee)
    return .success(unsafe copyTopic(topic, answer.pointee))
  }

  /// Copies what librdkafka remembers of the last answer beside brokers and topics.
  private static func copyCluster(
    _ client: borrowing ClientHandle, _ metadata: inout ClusterMetadata
  ) {
    // SAFETY: the client is live; a timeout of 0 only looks at what is remembered.
    let controller = unsafe rd_kafka_controllerid(client.raw, 0)
    metadata.controllerID = controller >= 0 ? controller : nil
    metadata.clusterID = metadata.clusterID ?? client.clusterID
  }

  @unsafe private static func copyBrokers(_ metadata: rd_kafka_metadata) -> [KafkaBroker] {
    var brokers: [KafkaBroker] = []
    for index in 0..<max(0, Int(unsafe metadata.broker_cnt)) {
      // SAFETY: `brokers` holds `broker_cnt` entries; strings are copied.
      let broker = unsafe metadata.brokers[index]
      let host = unsafe broker.host.map { unsafe String(cString: $0) } ?? ""
      brokers.append(unsafe KafkaBroker(id: broker.id, host: host, port: broker.port))
    }
    return brokers
  }

  @unsafe private static func copyTopic(
    _ name: String, _ metadata: rd_kafka_metadata
  ) -> TopicMetadata {
    for index in 0..<max(0, Int(unsafe metadata.topic_cnt)) {
      // SAFETY: `topics` holds `topic_cnt` entries, each with `partition_cnt` partitions.
      let topic = unsafe metadata.topics[index]
      guard unsafe topic.topic.map({ unsafe String(cString: $0) }) == name else { continue }
      let count = max(0, Int(unsafe topic.partition_cnt))
      var leaders = [Int32](repeating: TopicMetadata.noLeader, count: count)
      var errors: [Int32: KafkaError] = [:]
      for position in 0..<count {
        let partition = unsafe topic.partitions[position]
        // A broker numbers partitions 0 ..< count; anything else has no place.
        guard let place = Int(exactly: unsafe partition.id), leaders.indices.contains(place)
        else { continue }
        leaders[place] = unsafe partition.leader
        let code = unsafe partition.err
        if code != RD_KAFKA_RESP_ERR_NO_ERROR {
          errors[unsafe partition.id] = KafkaError(code: code.rawValue)
        }
      }
      let error =
        unsafe topic.err == RD_KAFKA_RESP_ERR_NO_ERROR
        ? nil : KafkaError(code: unsafe topic.err.rawValue)
      return TopicMetadata(
        name: name, leaders: leaders, error: error, partitionErrors: errors)
    }
    return TopicMetadata(
      name: name, leaders: [],
      error: KafkaError(code: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART.rawValue))
  }
}
