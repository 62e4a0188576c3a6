import CLibrdkafka

/// Something a client says about itself outside of the records: its log lines and its errors.
package enum ClientNotice: Equatable, Sendable {
  /// A log line: syslog level (0 emergency … 7 debug), facility such as `FAIL`, and the text.
  case log(level: Int32, facility: String, message: String)
  /// An error of the client as a whole, such as a broker that is down; librdkafka keeps retrying
  /// unless the error is fatal.
  case error(KafkaError)
}

/// Turns the events of a queue into plain values.
enum ClientEvents {
  /// The events that every client has delivered as values.
  static let enabled = RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_ERROR

  /// Takes the notice out of an event, or nil when the event is something else.
  ///
  /// - Parameter event: an event that the caller owns and destroys afterwards.
  @unsafe static func notice(in event: OpaquePointer) -> ClientNotice? {
    switch unsafe rd_kafka_event_type(event) {
    case RD_KAFKA_EVENT_LOG:
      var facility: UnsafePointer<CChar>?
      var message: UnsafePointer<CChar>?
      var level: Int32 = 0
      // SAFETY: the strings live as long as the event; they are copied here.
      guard unsafe rd_kafka_event_log(event, &facility, &message, &level) == 0 else { return nil }
      return .log(
        level: level, facility: unsafe text(facility), message: unsafe text(message))
    case RD_KAFKA_EVENT_ERROR:
      // SAFETY: the event is live; the string is copied.
      let code = unsafe rd_kafka_event_error(event)
      let message = unsafe text(rd_kafka_event_error_string(event))
      let isFatal = unsafe rd_kafka_event_error_is_fatal(event) != 0
      return .error(KafkaError(code: code.rawValue, message: message, isFatal: isFatal))
    default:
      return nil
    }
  }

  @unsafe private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    // SAFETY: librdkafka's strings are NUL-terminated.
    unsafe pointer.map { unsafe String(cString: $0) } ?? ""
  }
}
