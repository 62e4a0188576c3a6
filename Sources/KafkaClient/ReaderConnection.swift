import CLibrdkafka

/// The client, topic and queue of a reader: what a reconnect replaces.
@safe struct ReaderConnection: ~Copyable {
  /// The consumer, for its notices.
  let client: ClientHandle
  private let topic: OpaquePointer
  private let queue: OpaquePointer

  /// Creates a consumer without a group and one queue for all partitions of the topic.
  ///
  /// - Throws: a configuration error.
  static func open(
    _ properties: KafkaProperties, _ settings: OffsetsTopicReader.Settings,
    _ wakeUpDescriptor: Int32
  ) throws(KafkaError) -> ReaderConnection {
    var client = try ClientHandle.start(
      RD_KAFKA_CONSUMER,
      defaults: ClientDefaults.common + [
        KafkaProperty("fetch.wait.max.ms", "\(settings.fetchWaitMilliseconds)"),
        KafkaProperty("queued.max.messages.kbytes", "\(settings.queuedKilobytes)"),
        // Not the bound that counts: librdkafka 2.0.2 sleeps for a second whenever what waits is
        // above a bound when it is about to fetch, so that 1000 messages, one response, made it
        // read a thousand commits a second.
        KafkaProperty("queued.min.messages", "100000"),
        // Else it would be raised to a whole message of the largest size.
        KafkaProperty("message.max.bytes", "\(settings.fetchMaximumBytes)"),
        KafkaProperty("fetch.max.bytes", "\(settings.fetchMaximumBytes)"),
        KafkaProperty("fetch.message.max.bytes", "\(settings.partitionFetchMaximumBytes)"),
      ],
      properties: properties,
      fixed: [
        KafkaProperty("enable.partition.eof", "true"),
        KafkaProperty("isolation.level", "read_committed"),
        // The default, `largest`, would skip everything when offset 0 is gone.
        KafkaProperty("auto.offset.reset", "earliest"),
        KafkaProperty("enable.auto.commit", "false"),
        // Without a group there is nowhere to commit to: librdkafka 2.0.2 would abort on trying.
        KafkaProperty("enable.auto.offset.store", "false"),
        KafkaProperty("allow.auto.create.topics", "false"),
      ])
    // SAFETY: both live as long as the client, which this value owns.
    let topic = unsafe try client.openTopic(settings.topic)
    let queue = unsafe client.makeQueue()
    unsafe WakeUp.enable(queue: queue, descriptor: wakeUpDescriptor)
    client.wakeOnNotice(wakeUpDescriptor)
    return unsafe ReaderConnection(client: client, topic: topic, queue: queue)
  }

  private init(client: consuming ClientHandle, topic: OpaquePointer, queue: OpaquePointer) {
    self.client = client
    // SAFETY: the client owns both and destroys them when it goes, not before `self` does.
    unsafe self.topic = topic
    unsafe self.queue = queue
  }

  /// Begins or moves the reading of a partition.
  func start(_ partition: Int32, at start: OffsetsTopicReader.Start) throws(KafkaError) {
    let offset: Int64 =
      switch start {
      // The number 0, not RD_KAFKA_OFFSET_BEGINNING: that asks the broker for the offset first,
      // which was seen to take 600 ms instead of 1.
      case .beginning: 0
      case .end: Int64(RD_KAFKA_OFFSET_END)
      case .offset(let offset): offset
      }
    if case .offset(let offset) = start, offset < 0 {
      throw .configuration("offset \(offset) is negative")
    }
    // SAFETY: topic and queue are live.
    guard unsafe rd_kafka_consume_start_queue(topic, partition, offset, queue) == 0 else {
      throw KafkaError(code: rd_kafka_last_error().rawValue)
    }
  }

  /// Stops a partition; what of it still waits in the queue is discarded by librdkafka.
  func stop(_ partition: Int32) {
    // SAFETY: the topic is live. An unknown partition is an error that says nothing new.
    unsafe rd_kafka_consume_stop(topic, partition)
  }

  /// The high watermark that the last Fetch of a partition told.
  func highWatermark(of partition: Int32, topic: String) -> Int64? {
    var low: Int64 = -1
    var high: Int64 = -1
    // SAFETY: the client is live; the call only looks at what is remembered and writes the two.
    let code = unsafe rd_kafka_get_watermark_offsets(client.raw, topic, partition, &low, &high)
    return code == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0 ? high : nil
  }

  /// Moves waiting messages into a batch, which then owns them.
  ///
  /// `rd_kafka_consume_callback_queue` costs the same: 2.7-4.1 M records per CPU-second of all
  /// threads against 2.7-4.3 M, 7-12 M of this thread for both (2.0.2, 900,000 records of 50
  /// partitions, slices of 64 and 256). But it works through the whole queue unless it is told to
  /// yield, while a batch is bounded by its size.
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
}

/// Room for the message pointers of one slice, allocated once.
@safe struct MessageBatch: ~Copyable {
  let capacity: Int
  /// `capacity` places; the messages in them are owned by whoever filled them.
  let messages: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>

  init(capacity: Int) {
    self.capacity = capacity
    // SAFETY: every place is initialised before anyone can read it.
    unsafe messages = .allocate(capacity: capacity)
    unsafe messages.initialize(repeating: nil, count: capacity)
  }

  deinit {
    // SAFETY: allocated in `init`; pointers are trivial to drop.
    unsafe messages.deallocate()
  }
}
