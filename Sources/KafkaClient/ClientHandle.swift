import CLibrdkafka
import Glibc

/// Owns one librdkafka client (`rd_kafka_t`) and its main queue.
///
/// A client is never destroyed on the thread that drops it: `rd_kafka_destroy` joins threads that
/// may be resolving a name or inside a TLS handshake, which can take many seconds.
@safe struct ClientHandle: ~Copyable {
  /// The client, valid as long as `self`.
  let raw: OpaquePointer
  private let mainQueue: OpaquePointer
  /// Queues that must be destroyed before the client.
  // SAFETY: empty at first; only queues that this value owns are added.
  private var queues: [OpaquePointer] = unsafe []
  /// Topic handles that must be destroyed before the client.
  // SAFETY: empty at first; only handles that this value owns are added.
  private var topics: [OpaquePointer] = unsafe []
  /// What librdkafka's background thread calls for tokens; it must outlive the client.
  private let tokens: OAuthTokenRefresh?

  /// Creates a client that delivers its logs and errors through its main queue.
  ///
  /// - Parameters:
  ///   - type: consumer or producer.
  ///   - defaults: properties that `properties` may replace.
  ///   - properties: the user's properties.
  ///   - fixed: properties that always win.
  ///   - events: `RD_KAFKA_EVENT_…` bits beyond logs and errors.
  /// - Throws: one configuration error that names every refused property, or librdkafka's reason.
  static func start(
    _ type: rd_kafka_type_t, defaults: [KafkaProperty], properties: KafkaProperties,
    fixed: [KafkaProperty], events: Int32 = 0
  ) throws(KafkaError) -> ClientHandle {
    let configuration = ClientConfiguration()
    let problems =
      configuration.apply(defaults) + configuration.apply(properties.list)
      + configuration.apply(fixed + [KafkaProperty("log.queue", "true")])
    guard problems.isEmpty else {
      throw .configuration(problems.map(\.description).joined(separator: "; "))
    }
    configuration.enableEvents(ClientEvents.enabled | events)
    let tokens = properties.oauthToken.map { OAuthTokenRefresh($0) }
    if let tokens { configuration.enableTokenRefresh(tokens) }
    // librdkafka's own OIDC asks an HTTP server where its requests for tokens are served.
    let usesOIDC = properties["sasl.oauthbearer.method"]?.lowercased() == "oidc"
    if usesOIDC { configuration.enableSASLQueue() }
    // SAFETY: `start` returns a live client, which nobody but the new handle owns.
    let handle = unsafe try ClientHandle(raw: configuration.start(type), tokens: tokens)
    if tokens != nil || usesOIDC {
      // SAFETY: the client is live. It fails only where the mechanism is another one, which then
      // asks for no tokens.
      let problem = unsafe rd_kafka_sasl_background_callbacks_enable(handle.raw)
      if let problem = unsafe problem { unsafe rd_kafka_error_destroy(problem) }
    }
    return handle
  }

  private init(raw: OpaquePointer, tokens: OAuthTokenRefresh?) {
    unsafe self.raw = raw
    self.tokens = tokens
    // SAFETY: `raw` is a live client. Without a queue its logs go to the main queue.
    unsafe rd_kafka_set_log_queue(raw, nil)
    unsafe mainQueue = rd_kafka_queue_get_main(raw)
  }

  deinit {
    // SAFETY: everything named is owned by `self`; nobody else can name it any more.
    unsafe ClientRetirement.retire(
      client: raw, queues: [mainQueue] + queues, topics: topics, tokens: tokens)
  }

  /// Makes a queue that lives as long as the client.
  @unsafe mutating func makeQueue() -> OpaquePointer {
    // SAFETY: the client is live; rd_kafka_queue_new never returns NULL.
    let queue: OpaquePointer = unsafe rd_kafka_queue_new(raw)
    unsafe queues.append(queue)
    return unsafe queue
  }

  /// The queue of a group's member, which lives as long as the client; nil without a `group.id`.
  @unsafe mutating func consumerQueue() -> OpaquePointer? {
    // SAFETY: the client is live.
    guard let queue = unsafe rd_kafka_queue_get_consumer(raw) else { return nil }
    unsafe queues.append(queue)
    return unsafe queue
  }

  /// Opens a topic that lives as long as the client.
  ///
  /// - Throws: what librdkafka says about the name.
  @unsafe mutating func openTopic(_ name: String) throws(KafkaError) -> OpaquePointer {
    // SAFETY: the client is live; the name is copied.
    guard let topic = unsafe rd_kafka_topic_new(raw, name, nil) else {
      throw KafkaError(code: rd_kafka_last_error().rawValue, message: "topic \(name)")
    }
    unsafe topics.append(topic)
    return unsafe topic
  }

  /// Writes 8 bytes, the number 1, to a descriptor whenever the main queue stops being empty.
  ///
  /// - Parameter descriptor: an eventfd or pipe, or -1 to stop; it is never closed here.
  func wakeOnNotice(_ descriptor: Int32) {
    // SAFETY: the queue is owned and lives as long as `self`.
    unsafe WakeUp.enable(queue: mainQueue, descriptor: descriptor)
  }

  /// Takes waiting notices off the main queue without blocking.
  ///
  /// - Parameters:
  ///   - maximum: at most this many events are taken.
  ///   - handle: receives each notice.
  /// - Returns: whether events are left; no further wake-up is sent for those.
  func drainNotices(maximum: Int, _ handle: (ClientNotice) -> Void) -> Bool {
    for _ in 0..<maximum {
      // SAFETY: the queue is owned; the event is destroyed in this turn.
      guard let event = unsafe rd_kafka_queue_poll(mainQueue, 0) else { return false }
      defer { unsafe rd_kafka_event_destroy(event) }
      if let notice = unsafe ClientEvents.notice(in: event) { handle(notice) }
    }
    return unsafe rd_kafka_queue_length(mainQueue) > 0
  }

  /// Takes one event off the main queue, waiting for it.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: the longest wait; 0 does not wait.
  ///   - handle: receives the event, which must not be kept.
  /// - Returns: whether there was one.
  @unsafe func takeEvent(timeoutMilliseconds: Int32, _ handle: (OpaquePointer) -> Void) -> Bool {
    // SAFETY: the queue is owned; the event is destroyed in this turn.
    guard let event = unsafe rd_kafka_queue_poll(mainQueue, timeoutMilliseconds) else {
      return false
    }
    defer { unsafe rd_kafka_event_destroy(event) }
    unsafe handle(event)
    return true
  }

  /// Asks the leaders of the listed partitions for the offsets of the times in the list.
  ///
  /// - Parameters:
  ///   - list: times in milliseconds since 1970 as offsets, -1 for the end, -2 for the start;
  ///     holds the answers afterwards. Neighbours in the list should be of one topic.
  ///   - timeoutMilliseconds: the longest wait.
  /// - Returns: the error code of the call as a whole; unless it is 0 the list means nothing.
  func queryOffsets(_ list: borrowing TopicPartitionList, timeoutMilliseconds: Int32) -> Int32 {
    // SAFETY: client and list are live.
    unsafe rd_kafka_offsets_for_times(raw, list.raw, timeoutMilliseconds).rawValue
  }

  /// The cluster's id as the last metadata told it; nil before the first, and from brokers before
  /// 0.10.1.
  var clusterID: String? {
    // SAFETY: the client is live; a timeout of 0 only looks at what is remembered, and the text is
    // ours to free.
    guard let text = unsafe rd_kafka_clusterid(raw, 0) else { return nil }
    defer { unsafe rd_kafka_mem_free(raw, text) }
    return unsafe String(cString: text)
  }

  /// The error that made this client unusable, or nil.
  var fatalError: KafkaError? {
    // SAFETY: `raw` is live; the buffer has the stated size.
    let (code, text) = unsafe withErrorText { buffer, size in
      unsafe rd_kafka_fatal_error(raw, buffer, size)
    }
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    return KafkaError(code: code.rawValue, message: text, isFatal: true)
  }
}

/// The wake-up that librdkafka writes when a queue stops being empty.
enum WakeUp {
  /// Connects a queue to a descriptor, or disconnects it.
  ///
  /// librdkafka copies the payload and writes it from its own threads, only when the queue goes
  /// from empty to non-empty: who leaves something in the queue is not woken again.
  ///
  /// - Parameters:
  ///   - queue: a live queue.
  ///   - descriptor: an eventfd or pipe, or -1 to disconnect.
  @unsafe static func enable(queue: OpaquePointer, descriptor: Int32) {
    var payload: UInt64 = 1
    // SAFETY: the payload is copied during the call.
    if descriptor >= 0 {
      unsafe rd_kafka_queue_io_event_enable(queue, descriptor, &payload, 8)
    } else {
      unsafe rd_kafka_queue_io_event_enable(queue, -1, nil, 0)
    }
  }

  /// Writes the wake-up from a thread of this module.
  ///
  /// A full eventfd or pipe (EAGAIN) is a wake-up that already waits, so errors are ignored.
  static func send(to descriptor: Int32) {
    guard descriptor >= 0 else { return }
    var payload: UInt64 = 1
    // SAFETY: 8 bytes are read from a local variable.
    while unsafe write(descriptor, &payload, 8) < 0 && errno == EINTR {}
  }
}
