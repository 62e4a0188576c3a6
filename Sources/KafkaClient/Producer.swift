import CLibrdkafka

/// Writes records, for the demo's world and for tests.
///
/// One thread uses a producer.
@safe package struct Producer: ~Copyable {
  /// What became of records since the last look.
  package struct Deliveries: Equatable, Sendable {
    /// Records that the brokers acknowledged.
    package var delivered = 0
    /// Records that were given up.
    package var failed = 0
    /// The error of the latest record that was given up.
    package var lastError: KafkaError?
    /// Logs and errors of the client.
    package var notices: [ClientNotice] = []
  }

  /// Records that may wait for their acknowledgement; more are refused.
  package static let maximumWaiting = 10_000
  /// The most events handled by one look.
  static let maximumEvents = 1_024

  private let client: ClientHandle

  /// Creates the client; connecting goes on behind it.
  ///
  /// - Parameter properties: the cluster's properties.
  /// - Throws: a configuration error.
  package static func connect(properties: KafkaProperties) throws(KafkaError) -> Producer {
    let client = try ClientHandle.start(
      RD_KAFKA_PRODUCER,
      defaults: ClientDefaults.common + [KafkaProperty("linger.ms", "1")],
      properties: properties,
      fixed: [KafkaProperty("queue.buffering.max.messages", "\(maximumWaiting)")],
      events: RD_KAFKA_EVENT_DR)
    return Producer(client: client)
  }

  private init(client: consuming ClientHandle) {
    self.client = client
  }

  /// Hands a record over.
  ///
  /// - Parameters:
  ///   - topic: the topic.
  ///   - partition: the partition, or nil to have one chosen by the key.
  ///   - key: the key, or nil for none.
  ///   - value: the value, or nil for a tombstone.
  ///   - timestamp: in milliseconds since 1970; nil or 0 for now.
  /// - Throws: `.queueFull` when too many wait; `poll` and try again.
  package func produce(
    topic: String, partition: Int32?, key: [UInt8]?, value: [UInt8]?, timestamp: Int64? = nil
  ) throws(KafkaError) {
    // A handle rather than the name: librdkafka then asks for a new topic's leaders at once, where
    // by itself it would do so within a second. It is found again by its name every time.
    guard let handle = unsafe rd_kafka_topic_new(client.raw, topic, nil) else {
      throw KafkaError(code: rd_kafka_last_error().rawValue, message: "topic \(topic)")
    }
    defer { unsafe rd_kafka_topic_destroy(handle) }
    let error = unsafe Producer.withBytes(key) { key in
      unsafe Producer.withBytes(value) { value in
        // SAFETY: all pointers live for the call, and RD_KAFKA_MSG_F_COPY copies the bytes.
        unsafe produce(handle, partition, key, value, timestamp)
      }
    }
    guard let error = unsafe error else { return }
    defer { unsafe rd_kafka_error_destroy(error) }
    let text = unsafe rd_kafka_error_string(error).map { unsafe String(cString: $0) }
    throw KafkaError(code: unsafe rd_kafka_error_code(error).rawValue, message: text)
  }

  @unsafe private func produce(
    _ topic: OpaquePointer, _ partition: Int32?, _ key: UnsafeRawBufferPointer?,
    _ value: UnsafeRawBufferPointer?, _ timestamp: Int64?
  ) -> OpaquePointer? {
    // SAFETY: each union is written as its tag says; topic, key and value live for the call, which
    // copies what it keeps.
    var fields = unsafe [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 3)
    unsafe fields[0].vtype = RD_KAFKA_VTYPE_RKT
    unsafe fields[0].u.rkt = topic
    unsafe fields[1].vtype = RD_KAFKA_VTYPE_PARTITION
    unsafe fields[1].u.i32 = partition ?? -1
    unsafe fields[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS
    unsafe fields[2].u.i = RD_KAFKA_MSG_F_COPY
    if let timestamp {
      var field = unsafe rd_kafka_vu_t()
      unsafe field.vtype = RD_KAFKA_VTYPE_TIMESTAMP
      unsafe field.u.i64 = timestamp
      unsafe fields.append(field)
    }
    unsafe Producer.append(RD_KAFKA_VTYPE_KEY, key, to: &fields)
    unsafe Producer.append(RD_KAFKA_VTYPE_VALUE, value, to: &fields)
    return unsafe fields.withUnsafeBufferPointer {
      unsafe rd_kafka_produceva(client.raw, $0.baseAddress, $0.count)
    }
  }

  @unsafe private static func append(
    _ type: rd_kafka_vtype_t, _ bytes: UnsafeRawBufferPointer?, to fields: inout [rd_kafka_vu_t]
  ) {
    // SAFETY: only the address is kept, which the caller keeps valid; `mem` is what the types of
    // key and value read.
    guard let bytes = unsafe bytes else { return }
    var field = unsafe rd_kafka_vu_t()
    unsafe field.vtype = type
    unsafe field.u.mem.ptr = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
    unsafe field.u.mem.size = bytes.count
    unsafe fields.append(field)
  }

  /// Calls with a pointer that is not NULL unless the bytes are nil: NULL means "no key" to Kafka.
  @unsafe private static func withBytes<Result>(
    _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> Result
  ) -> Result {
    guard let bytes else { return body(nil) }
    let padded = bytes + [0]
    // SAFETY: `padded` is never empty, so that its address is not NULL, and longer than `bytes`.
    return unsafe padded.withUnsafeBytes {
      unsafe body(UnsafeRawBufferPointer(start: $0.baseAddress, count: bytes.count))
    }
  }

  /// How many records wait for their acknowledgement.
  package var waiting: Int {
    // SAFETY: the client is live.
    Int(unsafe rd_kafka_outq_len(client.raw))
  }

  /// Collects acknowledgements.
  ///
  /// - Parameter timeoutMilliseconds: the longest wait for the first one; 0 does not wait.
  package func poll(timeoutMilliseconds: Int32 = 0) -> Deliveries {
    var deliveries = Deliveries()
    var wait = timeoutMilliseconds
    for _ in 0..<Producer.maximumEvents {
      // SAFETY: the event is not kept.
      let any = unsafe client.takeEvent(timeoutMilliseconds: wait) { event in
        unsafe Producer.collect(event, &deliveries)
      }
      guard any else { break }
      wait = 0
    }
    return deliveries
  }

  /// Waits until every record is acknowledged or given up.
  ///
  /// - Parameter timeoutMilliseconds: the longest wait.
  /// - Returns: what became of them; `waiting` tells what is left.
  package func flush(timeoutMilliseconds: Int64) -> Deliveries {
    let deadline = Deadline(afterMilliseconds: timeoutMilliseconds)
    var all = Deliveries()
    while true {
      // Has the brokers' threads send at once. As acknowledgements are events, it collects none.
      // SAFETY: the client is live.
      unsafe rd_kafka_flush(client.raw, min(10, deadline.remainingMilliseconds))
      let some = poll()
      all.delivered += some.delivered
      all.failed += some.failed
      all.lastError = some.lastError ?? all.lastError
      all.notices += some.notices
      if waiting == 0 || deadline.hasPassed { return all }
    }
  }

  @unsafe private static func collect(_ event: OpaquePointer, _ deliveries: inout Deliveries) {
    guard unsafe rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR else {
      if let notice = unsafe ClientEvents.notice(in: event) { deliveries.notices.append(notice) }
      return
    }
    // SAFETY: the messages belong to the event.
    while let message = unsafe rd_kafka_event_message_next(event) {
      let code = unsafe message.pointee.err
      if code == RD_KAFKA_RESP_ERR_NO_ERROR {
        deliveries.delivered += 1
      } else {
        deliveries.failed += 1
        deliveries.lastError = KafkaError(code: code.rawValue)
      }
    }
  }
}
