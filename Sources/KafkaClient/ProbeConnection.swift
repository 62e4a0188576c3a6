import CLibrdkafka

/// The client of a probe: a consumer without a group that fetches as little as it can.
@safe struct ProbeConnection: ~Copyable {
  /// How long a broker may hold a Fetch that has nothing to return, in milliseconds.
  ///
  /// The end of a partition is told by such a Fetch.
  static let fetchWaitMilliseconds = 100
  /// The most that one Fetch response carries of one partition, in bytes; a batch that is larger
  /// comes whole all the same.
  static let partitionFetchMaximumBytes = 16 * 1_024

  private var client: ClientHandle
  private let queue: OpaquePointer
  // SAFETY: empty at first; only topics that the client owns are added.
  private var topics: [String: OpaquePointer] = unsafe [:]

  /// Creates the client; connecting goes on behind it.
  ///
  /// - Throws: a configuration error.
  static func open(
    _ properties: KafkaProperties, _ wakeUpDescriptor: Int32
  ) throws(KafkaError) -> ProbeConnection {
    var client = try ClientHandle.start(
      RD_KAFKA_CONSUMER, defaults: ClientDefaults.common, properties: properties,
      fixed: [
        KafkaProperty("fetch.wait.max.ms", "\(fetchWaitMilliseconds)"),
        KafkaProperty("fetch.message.max.bytes", "\(partitionFetchMaximumBytes)"),
        KafkaProperty("queued.min.messages", "1"),
        KafkaProperty("queued.max.messages.kbytes", "64"),
        KafkaProperty("enable.partition.eof", "true"),
        KafkaProperty("isolation.level", "read_committed"),
        // An offset that is gone is an error: the start of the log would answer another question.
        KafkaProperty("auto.offset.reset", "error"),
        KafkaProperty("enable.auto.commit", "false"),
        KafkaProperty("enable.auto.offset.store", "false"),
        KafkaProperty("allow.auto.create.topics", "false"),
      ])
    // SAFETY: the queue lives as long as the client, which this value owns.
    let queue = unsafe client.makeQueue()
    unsafe WakeUp.enable(queue: queue, descriptor: wakeUpDescriptor)
    client.wakeOnNotice(wakeUpDescriptor)
    return unsafe ProbeConnection(client: client, queue: queue)
  }

  private init(client: consuming ClientHandle, queue: OpaquePointer) {
    self.client = client
    // SAFETY: the client owns the queue and destroys it when it goes, not before `self` does.
    unsafe self.queue = queue
  }

  /// How many topics were read.
  var topicCount: Int {
    // SAFETY: no pointer is followed.
    unsafe topics.count
  }

  /// Begins to read a partition at an offset.
  mutating func start(
    _ topic: String, _ partition: Int32, at offset: Int64
  ) throws(KafkaError) {
    guard !topic.isEmpty, !topic.utf8.contains(0) else {
      throw .configuration("not a topic name")
    }
    // SAFETY: topics and queue live as long as the client.
    if unsafe topics[topic] == nil { unsafe topics[topic] = try client.openTopic(topic) }
    guard let handle = unsafe topics[topic],
      unsafe rd_kafka_consume_start_queue(handle, partition, offset, queue) == 0
    else { throw KafkaError(code: rd_kafka_last_error().rawValue) }
  }

  /// Stops reading a partition; what of it still waits is discarded by librdkafka.
  func stop(_ topic: String, _ partition: Int32) {
    // SAFETY: the topic lives as long as the client.
    if let handle = unsafe topics[topic] { unsafe rd_kafka_consume_stop(handle, partition) }
  }

  /// Moves waiting messages into a batch, which then owns them.
  ///
  /// - Returns: how many.
  func take(into batch: borrowing MessageBatch, maximum: Int) -> Int {
    let count = min(maximum, batch.capacity)
    guard count > 0 else { return 0 }
    // SAFETY: the batch has room for `capacity` pointers; a timeout of 0 does not wait.
    return max(0, unsafe rd_kafka_consume_batch_queue(queue, 0, batch.messages, count))
  }

  /// Whether messages wait.
  var hasMessages: Bool {
    // SAFETY: the queue is live.
    unsafe rd_kafka_queue_length(queue) > 0
  }

  /// Moves the client's logs and errors out.
  ///
  /// - Returns: whether some are left.
  func drainNotices(maximum: Int, _ handle: (ClientNotice) -> Void) -> Bool {
    client.drainNotices(maximum: maximum, handle)
  }
}
