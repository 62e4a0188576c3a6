import ConsumerOffsets
import Glibc
import KafkaClient
import Synchronization

/// The world that the agents of several pods watch: a mock cluster, a producer, a consumer a pod.
///
/// It lives on a thread of its own; the agents see nothing of it but the cluster's address.
final class PodWorld: Sendable {
  /// The mock cluster's addresses.
  let bootstrapServers: String
  private let thread = DemoThread()
  /// The containers that are to be restarted, by the places of their pods.
  private let restarts = Mutex<[Int]>([])

  /// Partitions of each pod.
  static let partitionsOfPod = 2
  /// Messages produced per second and partition.
  private static let rate: Int64 = 30
  /// Messages in each partition before anything begins.
  private static let head = 100
  /// The pause between two steps of the world, in microseconds.
  private static let pauseMicroseconds: UInt32 = 50_000

  /// Why the world cannot go on, nil while it does.
  var failure: String? { thread.failure }

  /// The address of a pod.
  static func address(ofPod place: Int) -> String { "10.1.0.\(place + 1)" }

  /// Starts the cluster and lets the scene begin.
  static func start(_ scene: PodScene) throws(KafkaError) -> PodWorld {
    let cluster = try MockCluster()
    try cluster.createTopic(
      DemoWorld.topic, partitions: Int32(scene.pods.count * Self.partitionsOfPod))
    try cluster.createTopic(OffsetsBridge.topic, partitions: OffsetsBridge.partitionCount)
    let world = PodWorld(bootstrapServers: cluster.bootstrapServers)
    try world.thread.start(cluster) { cluster throws(KafkaError) in
      try world.play(scene, in: cluster)
    }
    return world
  }

  private init(bootstrapServers: String) { self.bootstrapServers = bootstrapServers }

  /// Restarts the container of a pod.
  func restart(pod: Int) { restarts.withLock { $0.append(pod) } }

  /// Ends the world; waits for its thread, but not for ever.
  func stop() { thread.stop() }

  // MARK: On the world's thread

  private func play(_ scene: PodScene, in cluster: MockCluster) throws(KafkaError) {
    let bridge = try OffsetsBridge(properties: cluster.properties)
    let producer = try Producer.connect(properties: cluster.properties)
    let partitions = Int32(scene.pods.count * Self.partitionsOfPod)
    for _ in 0..<Self.head { Self.produce(with: producer, partitions) }
    var containers = try scene.pods.indices.map { place throws(KafkaError) in
      try Container(scene.pods[place], place: place, properties: cluster.properties)
    }
    tell(containers, bridge)
    let start = DemoThread.milliseconds
    var produced: Int64 = 0
    while thread.goesOn {
      let now = DemoThread.milliseconds - start
      while produced < now * Self.rate / 1000 {
        Self.produce(with: producer, partitions)
        produced += 1
      }
      _ = producer.poll()
      var isChanged = false
      let asked = restarts.withLock { places in
        defer { places = [] }
        return places
      }
      for place in containers.indices {
        let isDue = asked.contains(place) || containers[place].isReplacementDue(now: now)
        if isDue {
          try containers[place].restart(properties: cluster.properties, now: now)
          isChanged = true
        }
        let committed = containers[place].consumer.step(now: now)
        if !committed.isEmpty { bridge.committed(group: PodScene.group, committed) }
      }
      if isChanged { tell(containers, bridge) }
      bridge.poll()
      usleep(Self.pauseMicroseconds)
    }
  }

  /// Records who is in the group.
  private func tell(_ containers: [Container], _ bridge: OffsetsBridge) {
    bridge.assigned(
      group: PodScene.group, topic: DemoWorld.topic,
      members: containers.map { container in
        OffsetsBridge.Member(
          id: "\(container.role.name)-\(container.incarnation)", clientID: container.role.name,
          host: "/\(Self.address(ofPod: container.place))",
          partitions: container.consumer.positions.keys.sorted())
      })
  }

  private static func produce(with producer: borrowing Producer, _ partitions: Int32) {
    for partition in 0..<partitions {
      try? producer.produce(
        topic: DemoWorld.topic, partition: partition, key: nil, value: Array("an order".utf8))
    }
  }
}

/// The application's container of a pod, one after the other.
private struct Container {
  let role: PodRole
  let place: Int
  /// How many containers there were.
  var incarnation = 1
  var consumer: PodConsumer

  init(_ role: PodRole, place: Int, properties: KafkaProperties) throws(KafkaError) {
    self.role = role
    self.place = place
    let first = place * PodWorld.partitionsOfPod
    var positions: [Int32: Int64] = [:]
    for partition in first..<(first + PodWorld.partitionsOfPod) { positions[Int32(partition)] = 0 }
    consumer = try PodConsumer(
      role, positions: positions, poisonOffset: nil, isBad: false, properties: properties, now: 0)
  }

  /// Whether the scene replaces the first container now.
  func isReplacementDue(now: Int64) -> Bool {
    switch role.habit {
    case .replaced(let at), .replacedByBad(let at): incarnation == 1 && now >= at * 1000
    default: false
    }
  }

  mutating func restart(properties: KafkaProperties, now: Int64) throws(KafkaError) {
    incarnation += 1
    let isBad = if case .replacedByBad = role.habit { true } else { false }
    consumer = try PodConsumer(
      role, positions: consumer.positions, poisonOffset: consumer.poisonOffset, isBad: isBad,
      properties: properties, now: now)
  }
}
