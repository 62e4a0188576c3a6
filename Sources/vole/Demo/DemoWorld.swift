import ConsumerOffsets
import Glibc
import KafkaClient

/// The world that the demo's agent watches: a mock cluster, a producer and consumers.
///
/// It lives on a thread of its own; the agent sees nothing of it but the cluster's address.
final class DemoWorld: Sendable {
  /// The topic that is produced to.
  static let topic = "orders"
  /// How many partitions the topic has.
  static let partitionCount: Int32 = 3
  /// Messages produced per second and partition.
  private static let rate: Int64 = 30
  /// Messages in each partition before anything begins.
  private static let head = 300
  /// The pause between two steps of the world, in microseconds.
  private static let pauseMicroseconds: UInt32 = 50_000

  /// The mock cluster's addresses.
  let bootstrapServers: String
  private let thread = DemoThread()

  /// Why the world cannot go on, nil while it does.
  var failure: String? { thread.failure }

  /// Starts the cluster and lets the scene begin.
  ///
  /// - Throws: an error when librdkafka cannot open the mock cluster's ports, or there is no
  ///   thread.
  static func start(_ scene: DemoScene) throws(KafkaError) -> DemoWorld {
    let cluster = try MockCluster()
    try cluster.createTopic(topic, partitions: partitionCount)
    try cluster.createTopic(OffsetsBridge.topic, partitions: OffsetsBridge.partitionCount)
    let world = DemoWorld(bootstrapServers: cluster.bootstrapServers)
    try world.thread.start(cluster) { cluster throws(KafkaError) in
      try world.play(scene, in: cluster)
    }
    return world
  }

  private init(bootstrapServers: String) {
    self.bootstrapServers = bootstrapServers
  }

  /// Ends the world; waits for its thread, but not for ever.
  func stop() { thread.stop() }

  // MARK: On the world's thread

  private func play(_ scene: DemoScene, in cluster: MockCluster) throws(KafkaError) {
    let bridge = try OffsetsBridge(properties: cluster.properties)
    let producer = try Producer.connect(properties: cluster.properties)
    for _ in 0..<Self.head { produce(with: producer) }
    var consumers: [DemoConsumer] = []
    for role in scene.roles {
      consumers.append(
        try DemoConsumer(
          group: role.name, topic: Self.topic, habit: role.habit,
          commitInterval: role.commitInterval, properties: cluster.properties, bridge: bridge))
    }
    let start = DemoThread.milliseconds
    var produced: Int64 = 0
    while thread.goesOn {
      let now = DemoThread.milliseconds
      while produced < (now - start) * Self.rate / 1000 {
        produce(with: producer)
        produced += 1
      }
      _ = producer.poll()
      for consumer in consumers { consumer.step(now: now) }
      bridge.poll()
      usleep(Self.pauseMicroseconds)
    }
  }

  /// Puts one message into each partition.
  private func produce(with producer: borrowing Producer) {
    for partition in 0..<Self.partitionCount {
      try? producer.produce(
        topic: Self.topic, partition: partition, key: nil, value: Array("an order".utf8))
    }
  }
}
