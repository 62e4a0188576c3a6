import CLibrdkafka

/// A member of a consumer group with real joins, heartbeats and commits, for the demo and tests.
///
/// One thread uses a consumer.
@safe package struct GroupConsumer: ~Copyable {
  /// A record.
  package struct Message: Equatable, Sendable {
    /// The topic.
    package let topic: String
    /// The partition.
    package let partition: Int32
    /// The offset.
    package let offset: Int64
    /// Milliseconds since 1970, or -1.
    package let timestamp: Int64
    /// The key, or nil for none.
    package let key: [UInt8]?
    /// The value, or nil for a tombstone.
    package let value: [UInt8]?
  }

  /// What one poll found.
  package enum Event: Equatable, Sendable {
    /// Nothing within the time.
    case nothing
    /// A record.
    case message(Message)
    /// The group gave these partitions to this member, which now reads them.
    case assigned([TopicPartitions])
    /// The group took these partitions away.
    case revoked([TopicPartitions])
    /// The end of a partition: topic, partition, and the offset that comes next.
    case end(String, Int32, Int64)
    /// An asynchronous commit came back, with its error if it failed.
    case committed(KafkaError?)
    /// A log line or an error of the client.
    case notice(ClientNotice)
  }

  /// An offset to be committed: the next one to read.
  package struct Position: Equatable, Sendable {
    /// The topic.
    package var topic: String
    /// The partition.
    package var partition: Int32
    /// The offset that is read next.
    package var offset: Int64

    /// Puts the parts together.
    package init(topic: String, partition: Int32, offset: Int64) {
      self.topic = topic
      self.partition = partition
      self.offset = offset
    }
  }

  /// The longest wait for a commit, in milliseconds.
  package static let commitMilliseconds: Int32 = 10_000

  private let client: ClientHandle
  private let queue: OpaquePointer

  /// Creates the client; it joins on `subscribe`.
  ///
  /// - Parameters:
  ///   - group: the group's id.
  ///   - properties: the cluster's properties, and any of the consumer's own.
  /// - Throws: a configuration error.
  package static func connect(
    group: String, properties: KafkaProperties
  ) throws(KafkaError) -> GroupConsumer {
    var client = try ClientHandle.start(
      RD_KAFKA_CONSUMER,
      defaults: ClientDefaults.common + [
        KafkaProperty("enable.auto.commit", "false"),
        KafkaProperty("auto.offset.reset", "earliest"),
        KafkaProperty("fetch.wait.max.ms", "100"),
        KafkaProperty("queued.max.messages.kbytes", "1024"),
        KafkaProperty("queued.min.messages", "100"),
      ],
      properties: properties, fixed: [KafkaProperty("group.id", group)],
      events: RD_KAFKA_EVENT_FETCH | RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT)
    // SAFETY: the client lives; from here on its main queue arrives on the consumer queue.
    unsafe rd_kafka_poll_set_consumer(client.raw)
    guard let queue = unsafe client.consumerQueue() else {
      throw .configuration("group.id must not be empty")
    }
    return unsafe GroupConsumer(client: client, queue: queue)
  }

  private init(client: consuming ClientHandle, queue: OpaquePointer) {
    self.client = client
    // SAFETY: the client owns the queue and destroys it when it goes, not before `self` does.
    unsafe self.queue = queue
  }

  /// Joins the group for these topics; partitions arrive as an `assigned` event.
  package func subscribe(topics: [String]) throws(KafkaError) {
    let list = TopicPartitionList(capacity: topics.count)
    for topic in topics { list.add(topic: topic, partition: -1, offset: -1_001) }
    // SAFETY: client and list are live; the list is copied.
    try check(unsafe rd_kafka_subscribe(client.raw, list.raw))
  }

  /// Reads these partitions without joining the group.
  ///
  /// - Parameter positions: where to begin; a negative offset means the committed one.
  package func assign(_ positions: [Position]) throws(KafkaError) {
    let list = GroupConsumer.list(positions)
    // SAFETY: as above.
    try check(unsafe rd_kafka_assign(client.raw, list.raw))
  }

  /// Waits for something to happen, and answers the group's assignments.
  ///
  /// - Parameter timeoutMilliseconds: the longest wait; 0 does not wait.
  package func poll(timeoutMilliseconds: Int32) -> Event {
    // SAFETY: the queue is live; the event is ours to destroy.
    guard let event = unsafe rd_kafka_queue_poll(queue, timeoutMilliseconds) else {
      return .nothing
    }
    defer { unsafe rd_kafka_event_destroy(event) }
    switch unsafe rd_kafka_event_type(event) {
    case RD_KAFKA_EVENT_FETCH:
      guard let message = unsafe rd_kafka_event_message_next(event) else { return .nothing }
      return unsafe GroupConsumer.event(message)
    case RD_KAFKA_EVENT_REBALANCE:
      return unsafe rebalance(event)
    case RD_KAFKA_EVENT_OFFSET_COMMIT:
      let code = unsafe rd_kafka_event_error(event)
      return .committed(
        code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code: code.rawValue))
    case RD_KAFKA_EVENT_ERROR where unsafe GroupConsumer.isEnd(event):
      return unsafe GroupConsumer.end(event)
    default:
      return unsafe ClientEvents.notice(in: event).map { .notice($0) } ?? .nothing
    }
  }

  /// Commits offsets for the group.
  ///
  /// - Parameters:
  ///   - positions: the next offsets to read.
  ///   - isAsynchronous: whether to return at once and report by a `committed` event; otherwise it
  ///     waits for the coordinator, `commitMilliseconds` at most.
  /// - Throws: the coordinator's refusal, or that it did not answer, when waiting for it.
  package func commit(_ positions: [Position], isAsynchronous: Bool = false) throws(KafkaError) {
    let list = GroupConsumer.list(positions)
    if isAsynchronous {
      // SAFETY: client, list and queue are live; the list is copied.
      try check(unsafe rd_kafka_commit_queue(client.raw, list.raw, queue, nil, nil))
      return
    }
    // Not rd_kafka_commit: without a coordinator that waits for ever.
    // SAFETY: the queue is ours until the end of the function; a late answer finds it gone.
    let answers: OpaquePointer = unsafe rd_kafka_queue_new(client.raw)
    defer { unsafe rd_kafka_queue_destroy(answers) }
    try check(unsafe rd_kafka_commit_queue(client.raw, list.raw, answers, nil, nil))
    guard let event = unsafe rd_kafka_queue_poll(answers, GroupConsumer.commitMilliseconds) else {
      throw .timedOut
    }
    defer { unsafe rd_kafka_event_destroy(event) }
    try check(unsafe rd_kafka_event_error(event))
  }

  /// Goes on reading at other offsets of partitions that are assigned.
  ///
  /// - Parameters:
  ///   - positions: where to go on.
  ///   - timeoutMilliseconds: the longest wait.
  package func seek(_ positions: [Position], timeoutMilliseconds: Int32) throws(KafkaError) {
    let list = GroupConsumer.list(positions)
    // SAFETY: client and list are live.
    let error = unsafe rd_kafka_seek_partitions(client.raw, list.raw, timeoutMilliseconds)
    if let error = unsafe error {
      defer { unsafe rd_kafka_error_destroy(error) }
      throw KafkaError(code: unsafe rd_kafka_error_code(error).rawValue)
    }
    for index in 0..<list.count {
      let code = list.answer(index).code
      if code != 0 { throw KafkaError(code: code) }
    }
  }

  /// Stops or resumes fetching of partitions without leaving the group.
  package func setPaused(_ isPaused: Bool, _ partitions: [TopicPartitions]) throws(KafkaError) {
    let list = TopicPartitionList(capacity: partitions.reduce(0) { $0 + $1.partitions.count })
    for topic in partitions {
      for partition in topic.partitions {
        list.add(topic: topic.topic, partition: partition, offset: -1_001)
      }
    }
    // SAFETY: client and list are live.
    try check(
      isPaused
        ? unsafe rd_kafka_pause_partitions(client.raw, list.raw)
        : unsafe rd_kafka_resume_partitions(client.raw, list.raw))
  }

  /// The partitions that this member reads.
  package func assignment() throws(KafkaError) -> [TopicPartitions] {
    var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    // SAFETY: the list is ours to destroy.
    try check(unsafe rd_kafka_assignment(client.raw, &list))
    guard let list = unsafe list else { return [] }
    return unsafe TopicPartitionList(owning: list).partitions()
  }

  /// The next offset to be delivered of each given partition; negative before the first record.
  package func positions(_ partitions: [Position]) throws(KafkaError) -> [Position] {
    let list = GroupConsumer.list(partitions)
    // SAFETY: client and list are live.
    try check(unsafe rd_kafka_position(client.raw, list.raw))
    var found: [Position] = []
    for index in 0..<list.count {
      let row = list.row(index)
      found.append(Position(topic: row.topic, partition: row.partition, offset: row.offset))
    }
    return found
  }

  /// The id that the coordinator gave to this member; empty before it joined.
  package var memberID: String {
    // SAFETY: the string is ours to free.
    guard let text = unsafe rd_kafka_memberid(client.raw) else { return "" }
    defer { unsafe rd_kafka_mem_free(client.raw, text) }
    return unsafe String(cString: text)
  }

  /// Leaves the group, so that its partitions are given to others at once.
  ///
  /// Blocks until the coordinator knows, a few milliseconds when it can be reached.
  package consuming func close() {
    // SAFETY: the client is live; it is destroyed when `self` ends.
    unsafe rd_kafka_consumer_close(client.raw)
  }

  @unsafe private func rebalance(_ event: OpaquePointer) -> Event {
    // SAFETY: the list belongs to the event, which outlives this call.
    guard let list = unsafe rd_kafka_event_topic_partition_list(event) else { return .nothing }
    let isAssignment =
      unsafe rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
    unsafe rd_kafka_assign(client.raw, isAssignment ? list : nil)
    let partitions = unsafe TopicPartitionList.partitions(list)
    return isAssignment ? .assigned(partitions) : .revoked(partitions)
  }

  @unsafe private static func isEnd(_ event: OpaquePointer) -> Bool {
    // SAFETY: the event is live; asking changes nothing.
    unsafe rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__PARTITION_EOF
  }

  /// The end of a partition, which comes as an error event.
  @unsafe private static func end(_ event: OpaquePointer) -> Event {
    // SAFETY: the row is ours to destroy; the name is copied.
    guard let row = unsafe rd_kafka_event_topic_partition(event) else { return .nothing }
    defer { unsafe rd_kafka_topic_partition_destroy(row) }
    let topic = unsafe row.pointee.topic.map { unsafe String(cString: $0) } ?? ""
    return unsafe .end(topic, row.pointee.partition, row.pointee.offset)
  }

  @unsafe private static func event(_ message: UnsafePointer<rd_kafka_message_t>) -> Event {
    // SAFETY: the message belongs to an event that the caller holds, and names a topic as every
    // fetched one does; the name and the bytes are copied.
    let topic = unsafe rd_kafka_topic_name(message.pointee.rkt).map { unsafe String(cString: $0) }
    let partition = unsafe message.pointee.partition
    let offset = unsafe message.pointee.offset
    let code = unsafe message.pointee.err
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      return .notice(.error(KafkaError(code: code.rawValue)))
    }
    return .message(
      Message(
        topic: topic ?? "", partition: partition, offset: offset,
        timestamp: unsafe rd_kafka_message_timestamp(message, nil),
        key: unsafe bytes(message.pointee.key, message.pointee.key_len),
        value: unsafe bytes(message.pointee.payload, message.pointee.len)))
  }

  @unsafe private static func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> [UInt8]? {
    // SAFETY: librdkafka keeps `count` bytes there until the event is destroyed.
    unsafe start.map { unsafe [UInt8](UnsafeRawBufferPointer(start: $0, count: count)) }
  }

  private static func list(_ positions: [Position]) -> TopicPartitionList {
    let list = TopicPartitionList(capacity: positions.count)
    for position in positions {
      let offset = position.offset < 0 ? Int64(RD_KAFKA_OFFSET_STORED) : position.offset
      list.add(topic: position.topic, partition: position.partition, offset: offset)
    }
    return list
  }

  private func check(_ code: rd_kafka_resp_err_t) throws(KafkaError) {
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code: code.rawValue) }
  }
}
