import CLibrdkafka

/// What librdkafka or a broker answered instead of a result.
package struct KafkaError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What an error asks its receiver to do.
  package enum Kind: Equatable, Sendable {
    /// A property or an argument is wrong; asking again changes nothing.
    case configuration
    /// No broker can be reached, or a connection broke.
    case transport
    /// A broker or TLS refused who we are.
    case authentication
    /// The principal lacks a right on a topic, group or cluster.
    case authorization
    /// The topic or partition does not exist (or was deleted).
    case unknownTopicOrPartition
    /// The partition has no leader now, or the asked broker no longer leads it; the same of a
    /// group's coordinator.
    case leaderNotAvailable
    /// An offset outside of the log was asked for.
    case offsetOutOfRange
    /// No answer within the time given.
    case timedOut
    /// A local queue is full; ask again after polling.
    case queueFull
    /// Anything else.
    case other
  }

  /// The number: Kafka's own error codes are positive, librdkafka's local ones negative.
  package let code: Int32
  /// The name of the code, for example `TOPIC_AUTHORIZATION_FAILED` or `_TRANSPORT`.
  package let name: String
  /// One sentence for people; never contains a secret property.
  package let message: String
  /// What to do about it.
  package let kind: Kind
  /// Whether librdkafka declared the handle unusable; it must be rebuilt.
  package let isFatal: Bool

  /// Whether the same question may succeed later without anybody changing something.
  package var isRetriable: Bool {
    switch kind {
    case .transport, .leaderNotAvailable, .timedOut, .queueFull: !isFatal
    case .configuration, .authentication, .authorization, .unknownTopicOrPartition,
      .offsetOutOfRange, .other:
      false
    }
  }

  /// Whether the answer came from (or failed to come from) the broker as a whole, so that asking
  /// the same broker about another partition is useless for now.
  package var concernsWholeBroker: Bool {
    switch kind {
    case .transport, .authentication, .timedOut, .configuration: true
    case .authorization, .unknownTopicOrPartition, .leaderNotAvailable, .offsetOutOfRange,
      .queueFull, .other:
      false
    }
  }

  package var description: String { "\(message) (\(name))" }

  /// Classifies a librdkafka code; the message defaults to librdkafka's sentence for the code.
  package init(code: Int32, message: String? = nil, isFatal: Bool = false) {
    let response = rd_kafka_resp_err_t(rawValue: code)
    self.code = code
    // SAFETY: both functions return static strings for every code, known or not.
    self.name = unsafe rd_kafka_err2name(response).map { unsafe String(cString: $0) } ?? "\(code)"
    if let message, !message.isEmpty {
      self.message = message
    } else {
      // SAFETY: as above.
      self.message =
        unsafe rd_kafka_err2str(response).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
    self.kind = KafkaError.kind(of: response)
    self.isFatal = isFatal || response == RD_KAFKA_RESP_ERR__FATAL
  }

  /// A configuration that librdkafka does not take.
  static func configuration(_ message: String) -> KafkaError {
    KafkaError(code: RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue, message: message)
  }

  private static func kind(of response: rd_kafka_resp_err_t) -> Kind {
    switch response {
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
      RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
      RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR__DESTROY:
      .transport
    case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
      RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      .timedOut
    case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL,
      RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE,
      RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
      .authentication
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      .authorization
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
      RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      .unknownTopicOrPartition
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
      RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
      RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
      .leaderNotAvailable
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      .offsetOutOfRange
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: .queueFull
    case RD_KAFKA_RESP_ERR__INVALID_ARG: .configuration
    default: .other
    }
  }
}

extension KafkaError {
  /// The partition does not exist.
  static let unknownPartition = KafkaError(code: RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue)
  /// The system gives no further thread.
  package static let noThread = KafkaError(
    code: RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE.rawValue, message: "cannot create a thread")
  /// The time given has run out.
  static let timedOut = KafkaError(code: RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue)
  /// A call returned neither an offset nor an error.
  static let noOffset = KafkaError(
    code: RD_KAFKA_RESP_ERR__FAIL.rawValue, message: "the broker returned no offset")

  /// Whether the partition has no leader at all, rather than another one than was asked.
  var isNoLeader: Bool { code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE.rawValue }

  /// An answer about groups that holds nothing about what was asked.
  static let noAnswer = KafkaError(
    code: RD_KAFKA_RESP_ERR__FAIL.rawValue, message: "the answer is empty")
  /// The client was left behind before it answered.
  static let abandoned = KafkaError(code: RD_KAFKA_RESP_ERR__DESTROY.rawValue)
  /// Too much is under way already.
  static let tooManyRequests = KafkaError(
    code: RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue, message: "too many requests are under way")
  /// Groups are not described at present.
  static let describingHangs = KafkaError(
    code: RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue,
    message: "librdkafka hung when it described groups: not asked again for a while")

  /// The brokers are librdkafka's own mock brokers.
  static let describingUnsupported = KafkaError(
    code: RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE.rawValue,
    message: "librdkafka's mock brokers do not describe groups")

  /// Whether the error was made by librdkafka rather than by a broker.
  var isLocal: Bool { code < 0 }

  /// Whether broker or librdkafka lack the request itself.
  package var isUnsupported: Bool {
    code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE.rawValue
      || code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION.rawValue
  }

  /// Whether only a new client gets over this error: see `GroupsReply.Content.retiresClient`.
  var retiresAdminClient: Bool {
    [
      RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR__TIMED_OUT,
    ].contains { code == $0.rawValue }
  }
}
