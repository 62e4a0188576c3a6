import CLibrdkafka
import Glibc

/// A Kafka cluster inside this process: librdkafka's mock brokers, for the demo and for tests.
///
/// It speaks the protocol on ports of the loopback interface. What it cannot do: it keeps at most
/// 5 MB or 100,000 records of a partition, its last stable offset is always the high watermark, it
/// writes no group commits to `__consumer_offsets`, it creates any topic that is asked for, and a
/// Fetch always waits its full time.
///
/// Dropping it takes no time; the ports are closed a moment later, within about a second.
@safe package final class MockCluster {
  private let owner: OpaquePointer
  private let raw: OpaquePointer
  /// The brokers' addresses, `host:port` separated by commas, for `bootstrap.servers`.
  package let bootstrapServers: String
  /// How many brokers there are; their ids count from 1.
  package let brokerCount: Int32

  /// Starts the brokers.
  ///
  /// - Parameter brokerCount: how many, at least one.
  /// - Throws: an error when librdkafka cannot open the ports.
  package init(brokerCount: Int32 = 1) throws(KafkaError) {
    let configuration = ClientConfiguration()
    _ = configuration.apply([KafkaProperty("log_level", "0")])
    // SAFETY: the client is owned by this object and destroyed last.
    let owner = unsafe try configuration.start(RD_KAFKA_PRODUCER)
    guard let raw = unsafe rd_kafka_mock_cluster_new(owner, max(1, brokerCount)) else {
      unsafe rd_kafka_destroy(owner)
      throw KafkaError(code: RD_KAFKA_RESP_ERR__FAIL.rawValue, message: "no mock cluster")
    }
    unsafe self.owner = owner
    unsafe self.raw = raw
    self.brokerCount = max(1, brokerCount)
    // SAFETY: the string lives as long as the cluster; it is copied.
    self.bootstrapServers =
      unsafe rd_kafka_mock_cluster_bootstraps(raw).map { unsafe String(cString: $0) } ?? ""
  }

  deinit {
    nonisolated(unsafe) let (raw, owner) = unsafe (self.raw, self.owner)
    // SAFETY: both are owned by the closure alone from here on; the cluster must go before the
    // client that carries it.
    _ = HelperThread.start {
      unsafe rd_kafka_mock_cluster_destroy(raw)
      unsafe rd_kafka_destroy(owner)
    }
  }

  /// The properties of a client of this cluster: the address, and waits as short as a test likes.
  package var properties: KafkaProperties {
    KafkaProperties([KafkaProperty("bootstrap.servers", bootstrapServers)])
  }

  /// Creates a topic; its partitions are led by the brokers in turn.
  ///
  /// - Parameters:
  ///   - name: a name that is not taken.
  ///   - partitions: how many, at least one.
  ///   - replication: how many brokers hold each partition.
  package func createTopic(
    _ name: String, partitions: Int32, replication: Int32 = 1
  ) throws(KafkaError) {
    // SAFETY: the cluster is live; the name is copied.
    try check { unsafe rd_kafka_mock_topic_create(raw, name, partitions, replication) }
  }

  /// Makes a broker the leader of a partition, or leaves the partition without one.
  ///
  /// - Parameters:
  ///   - topic: the topic; it is created when it does not exist.
  ///   - partition: the partition.
  ///   - broker: a broker's id, or nil for no leader.
  package func setLeader(topic: String, partition: Int32, broker: Int32?) throws(KafkaError) {
    // SAFETY: the cluster is live; the name is copied.
    try check { unsafe rd_kafka_mock_partition_set_leader(raw, topic, partition, broker ?? -1) }
  }

  /// Disconnects a broker and refuses new connections, or lets it come back on the same port.
  ///
  /// - Parameters:
  ///   - broker: a broker's id, or nil for all.
  ///   - isUp: whether it accepts connections.
  package func setBroker(_ broker: Int32?, isUp: Bool) throws(KafkaError) {
    let id = broker ?? -1
    // SAFETY: the cluster is live; an id that it does not have is an error, not a crash.
    try check {
      isUp
        ? unsafe rd_kafka_mock_broker_set_up(raw, id)
        : unsafe rd_kafka_mock_broker_set_down(raw, id)
    }
  }

  /// Delays every answer of a broker.
  ///
  /// - Parameters:
  ///   - broker: a broker's id, or nil for all.
  ///   - milliseconds: the delay.
  package func setRoundTrip(broker: Int32?, milliseconds: Int32) throws(KafkaError) {
    // SAFETY: the cluster is live; an id that it does not have is an error, not a crash.
    try check { unsafe rd_kafka_mock_broker_set_rtt(raw, broker ?? -1, milliseconds) }
  }

  /// Makes the metadata of a topic carry an error.
  ///
  /// - Parameters:
  ///   - topic: a topic of this cluster.
  ///   - code: one of Kafka's error codes; 0 clears it.
  package func setTopicError(_ topic: String, code: Int32) {
    MockCluster.settle()
    // SAFETY: the cluster is live; the name is copied.
    unsafe rd_kafka_mock_topic_set_error(raw, topic, rd_kafka_resp_err_t(rawValue: code))
  }

  /// Fails the next requests of a kind, one for each code.
  ///
  /// Metadata requests ignore this: use `setTopicError`.
  ///
  /// - Parameters:
  ///   - apiKey: the number of the request in Kafka's protocol, for example 1 for Fetch.
  ///   - codes: Kafka's error codes; -195 (`_TRANSPORT`) breaks the connection.
  package func pushRequestErrors(apiKey: Int16, codes: [Int32]) {
    MockCluster.settle()
    let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
    // SAFETY: the codes are copied during the call.
    unsafe errors.withUnsafeBufferPointer {
      unsafe rd_kafka_mock_push_request_errors_array(raw, apiKey, $0.count, $0.baseAddress)
    }
  }

  /// Waits until the mock brokers' thread sleeps, before a command is given to it.
  ///
  /// That thread serves its commands first and empties its wake-up pipe afterwards, so a command
  /// that follows another at once loses its wake-up and waits for a second.
  private static func settle() {
    var pause = timespec(tv_sec: 0, tv_nsec: 1_000_000)
    // SAFETY: reads a local variable.
    unsafe nanosleep(&pause, nil)
  }

  private func check(_ command: () -> rd_kafka_resp_err_t) throws(KafkaError) {
    MockCluster.settle()
    let code = command()
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code: code.rawValue) }
  }
}
