import ConsumerOffsets
import EventLoop
import KafkaClient

/// Writes into the mock cluster's `__consumer_offsets` what a broker writes there by itself.
///
/// librdkafka's mock brokers take group commits but do not record them in the topic. Everything
/// behind the topic is the same as with a real cluster.
final class OffsetsBridge {
  /// The topic that real brokers keep.
  static let topic = "__consumer_offsets"
  /// Kafka's default partition count of that topic.
  static let partitionCount: Int32 = 50

  private var producer: Producer
  private var generation: Int32 = 0

  /// Connects to the mock cluster.
  init(properties: KafkaProperties) throws(KafkaError) {
    producer = try Producer.connect(properties: properties)
  }

  /// Records a commit: one record of type 1 for each partition.
  func committed(group: String, _ positions: [GroupConsumer.Position]) {
    let wall = Clock.system.realtimeMilliseconds()
    for position in positions {
      guard
        let key = try? RecordEncoder.offsetCommitKey(
          group: group, topic: position.topic, partition: position.partition),
        let value = try? RecordEncoder.offsetCommitValue(
          RecordEncoder.OffsetCommit(offset: position.offset, commitTimestamp: wall), .version3)
      else { continue }
      write(group: group, key: key, value: value)
    }
  }

  /// Records an assignment: one record of type 2 with the group's only member.
  func assigned(
    group: String, memberID: String, clientID: String, topic: String, partitions: [Int32]
  ) {
    generation += 1
    guard let subscription = try? RecordEncoder.subscription(topics: [topic]),
      let assignment = try? RecordEncoder.assignment([(topic: topic, partitions: partitions)]),
      let key = try? RecordEncoder.groupMetadataKey(group: group)
    else { return }
    let member = RecordEncoder.Member(
      memberId: memberID, clientId: clientID, clientHost: "/127.0.0.1",
      subscription: subscription, assignment: assignment)
    let metadata = RecordEncoder.GroupMetadata(
      generation: generation, protocol: "range", leader: memberID,
      currentStateTimestamp: Clock.system.realtimeMilliseconds(), members: [member])
    guard let value = try? RecordEncoder.groupMetadataValue(metadata) else { return }
    write(group: group, key: key, value: value)
  }

  /// Serves the producer's queue.
  func poll() { _ = producer.poll() }

  private func write(group: String, key: [UInt8], value: [UInt8]) {
    let partition = OffsetsTopicPartitioner.partition(
      ofGroup: group, partitionCount: Self.partitionCount)
    try? producer.produce(topic: Self.topic, partition: partition, key: key, value: value)
  }
}
