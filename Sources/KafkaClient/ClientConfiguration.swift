import CLibrdkafka
import Text

/// Owns a `rd_kafka_conf_t` until a client takes it over.
@safe struct ClientConfiguration: ~Copyable {
  /// librdkafka's messages are cut at this many bytes.
  static let errorTextBytes = 512

  private let raw: OpaquePointer

  /// An empty configuration whose logs go to the client's queue and never to stderr.
  init() {
    // SAFETY: rd_kafka_conf_new never returns NULL (it aborts without memory).
    unsafe raw = rd_kafka_conf_new()
    // SAFETY: `raw` is owned; no log callback means that what librdkafka says before the client
    // exists goes nowhere, and what it says later goes to the queue.
    unsafe rd_kafka_conf_set_log_cb(raw, nil)
  }

  deinit {
    // SAFETY: `raw` is owned here: `start` forgets `self` when librdkafka took it over.
    unsafe rd_kafka_conf_destroy(raw)
  }

  /// Sets each property in order.
  ///
  /// - Returns: the properties that librdkafka refused; the others are set.
  func apply(_ properties: [KafkaProperty]) -> [KafkaPropertyProblem] {
    var problems: [KafkaPropertyProblem] = []
    for property in properties {
      if let problem = apply(property) { problems.append(problem) }
    }
    return problems
  }

  private func apply(_ property: KafkaProperty) -> KafkaPropertyProblem? {
    if property.name.utf8.contains(0) || property.value.utf8.contains(0) {
      return KafkaPropertyProblem(name: property.name, reason: "contains a NUL byte")
    }
    // SAFETY: `raw` is owned, the strings live for the call, `buffer` has `size` bytes.
    let (result, text) = unsafe withErrorText { buffer, size in
      unsafe rd_kafka_conf_set(raw, property.name, property.value, buffer, size)
    }
    switch result {
    case RD_KAFKA_CONF_OK:
      return nil
    case RD_KAFKA_CONF_UNKNOWN:
      return KafkaPropertyProblem(name: property.name, reason: "no such property")
    default:
      // librdkafka's text repeats the value, but for properties that it was built without.
      let isTold = !property.isSecret || text.holds("not supported in this build")
      let reason = isTold && !text.isEmpty ? text : "this value is not accepted"
      return KafkaPropertyProblem(name: property.name, reason: reason)
    }
  }

  /// Delivers these kinds of events through the client's queues.
  ///
  /// - Parameter events: `RD_KAFKA_EVENT_…` bits.
  func enableEvents(_ events: Int32) {
    // SAFETY: `raw` is owned.
    unsafe rd_kafka_conf_set_events(raw, events)
  }

  /// Has librdkafka ask for OAUTHBEARER tokens on a queue that a thread of its own serves.
  ///
  /// - Parameter tokens: is called until the client is gone, so it must live as long.
  func enableTokenRefresh(_ tokens: OAuthTokenRefresh) {
    // SAFETY: `raw` is owned. The callback gets the pointer back; the handle that is made of this
    // configuration keeps the object until its client is destroyed.
    unsafe rd_kafka_conf_set_opaque(raw, Unmanaged.passUnretained(tokens).toOpaque())
    unsafe rd_kafka_conf_set_oauthbearer_token_refresh_cb(raw) { client, _, opaque in
      guard let client = unsafe client, let opaque = unsafe opaque else { return }
      unsafe Unmanaged<OAuthTokenRefresh>.fromOpaque(opaque).takeUnretainedValue().refresh(client)
    }
    enableSASLQueue()
  }

  /// Keeps token requests off the main queue, which the loop drains.
  func enableSASLQueue() {
    // SAFETY: `raw` is owned.
    unsafe rd_kafka_conf_enable_sasl_queue(raw, 1)
  }

  /// Creates the client.
  ///
  /// - Throws: a configuration error with librdkafka's reason.
  consuming func start(_ type: rd_kafka_type_t) throws(KafkaError) -> OpaquePointer {
    let conf = unsafe raw
    // SAFETY: `conf` is owned; on success librdkafka owns it, on failure it stays ours.
    let (client, text) = unsafe withErrorText { buffer, size in
      unsafe rd_kafka_new(type, conf, buffer, size)
    }
    guard let client = unsafe client else {
      _ = consume self
      throw .configuration(text)
    }
    discard self
    return unsafe client
  }
}

/// Calls C with a buffer for an error text and returns what was written into it.
func withErrorText<Result>(
  _ body: (UnsafeMutablePointer<CChar>?, Int) -> Result
) -> (Result, String) {
  var bytes = [CChar](repeating: 0, count: ClientConfiguration.errorTextBytes)
  // SAFETY: the pointer is used for the duration of the call only.
  let result = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
    unsafe body(buffer.baseAddress, buffer.count)
  }
  let text = bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  return (result, String(decoding: text, as: UTF8.self))
}
