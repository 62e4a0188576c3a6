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

  /// A member of a group.
  struct Member {
    let id: String
    let clientID: String
    /// The host as a broker writes it.
    var host = "/127.0.0.1"
    let partitions: [Int32]
  }

  /// Records an assignment: one record of type 2 with all members of a group.
  func assigned(group: String, topic: String, members: [Member]) {
    generation += 1
    guard let subscription = try? RecordEncoder.subscription(topics: [topic]),
      let key = try? RecordEncoder.groupMetadataKey(group: group)
    else { return }
    var written: [RecordEncoder.Member] = []
    for member in members {
      guard
        let assignment = try? RecordEncoder.assignment(
          [(topic: topic, partitions: member.partitions)])
      else { return }
      written.append(
        RecordEncoder.Member(
          memberId: member.id, clientId: member.clientID, clientHost: member.host,
          subscription: subscription, assignment: assignment))
    }
    let metadata = RecordEncoder.GroupMetadata(
      generation: generation, protocol: "range", leader: members.first?.id,
      currentStateTimestamp: Clock.system.realtimeMilliseconds(), members: written)
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
