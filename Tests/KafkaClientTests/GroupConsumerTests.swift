import KafkaClient
import Testing

/// Polls until an event matches; returns everything that came before and including it.
func events(
  _ consumer: borrowing GroupConsumer, within milliseconds: Int = 15_000,
  until done: (GroupConsumer.Event) -> Bool
) -> [GroupConsumer.Event] {
  let deadline = Instant(in: milliseconds)
  var all: [GroupConsumer.Event] = []
  while !deadline.hasPassed {
    let event = consumer.poll(timeoutMilliseconds: 50)
    if event == .nothing { continue }
    all.append(event)
    if done(event) { break }
  }
  return all
}

extension GroupConsumer.Event {
  var message: GroupConsumer.Message? {
    if case .message(let message) = self { message } else { nil }
  }
}

extension MockTests {
  @Suite("Producing, and consuming as a member of a group")
  struct GroupConsumerTests {
    typealias Position = GroupConsumer.Position

    static func cluster(records: Int) throws -> MockCluster {
      let cluster = try MockCluster()
      try cluster.createTopic("t", partitions: 2)
      try write(
        cluster, topic: "t",
        (0..<records).map { (index: Int) -> Seen in
          let value: [UInt8]? = index == 1 ? nil : [9]
          return Seen(
            partition: 0, offset: Int64(index), timestamp: Int64(index) + 1, key: [UInt8(index)],
            value: value)
        })
      return cluster
    }

    @Test("assigned partitions are read from where they are told, and commits are remembered")
    func assign() throws {
      let cluster = try Self.cluster(records: 5)
      do {
        let consumer = try GroupConsumer.connect(group: "g", properties: cluster.properties)
        try consumer.assign([Position(topic: "t", partition: 0, offset: 0)])
        #expect(
          try consumer.assignment() == [TopicPartitions(topic: "t", partitions: [0])])
        var messages: [GroupConsumer.Message] = []
        while messages.count < 3 {
          let some = events(consumer) { $0.message != nil }.compactMap(\.message)
          try #require(!some.isEmpty)
          messages += some
        }
        #expect(messages.map(\.offset) == [0, 1, 2])
        #expect(messages.map(\.key) == [[0], [1], [2]])
        #expect(messages.map(\.value) == [[9], nil, [9]])
        #expect(messages.map(\.timestamp) == [1, 2, 3])
        let position = [Position(topic: "t", partition: 0, offset: -1)]
        #expect(try consumer.positions(position).map(\.offset) == [3])
        try consumer.commit([Position(topic: "t", partition: 0, offset: 3)])
        consumer.close()
      }
      let again = try GroupConsumer.connect(group: "g", properties: cluster.properties)
      try again.assign([Position(topic: "t", partition: 0, offset: -1)])
      let first = events(again) { $0.message != nil }.compactMap(\.message).first
      #expect(first?.offset == 3)
      again.close()
    }

    @Test("seek goes back, a pause keeps records away, an asynchronous commit reports itself")
    func seekAndPause() throws {
      let cluster = try Self.cluster(records: 3)
      var properties = cluster.properties
      properties.set("enable.partition.eof", "true")
      let consumer = try GroupConsumer.connect(group: "g", properties: properties)
      try consumer.assign([Position(topic: "t", partition: 0, offset: 2)])
      let end = GroupConsumer.Event.end("t", 0, 3)
      #expect(events(consumer) { $0 == end }.compactMap(\.message).map(\.offset) == [2])

      try consumer.seek(
        [Position(topic: "t", partition: 0, offset: 1)], timeoutMilliseconds: 5_000)
      #expect(events(consumer) { $0 == end }.compactMap(\.message).map(\.offset) == [1, 2])

      let partition = [TopicPartitions(topic: "t", partitions: [0])]
      try consumer.setPaused(true, partition)
      try write(
        cluster, topic: "t", [Seen(partition: 0, offset: 3, timestamp: 4, key: nil, value: [1])])
      #expect(events(consumer, within: 200) { $0.message != nil }.allSatisfy { $0.message == nil })
      try consumer.setPaused(false, partition)
      #expect(events(consumer) { $0.message != nil }.last?.message?.offset == 3)

      try consumer.commit(
        [Position(topic: "t", partition: 0, offset: 4)], isAsynchronous: true)
      #expect(events(consumer) { $0 == .committed(nil) }.last == .committed(nil))
      consumer.close()
    }

    @Test("two members share the partitions; when one leaves the other gets all")
    func group() throws {
      let cluster = try Self.cluster(records: 1)
      var properties = cluster.properties
      properties.set("session.timeout.ms", "3000")
      properties.set("heartbeat.interval.ms", "200")
      let first = try GroupConsumer.connect(group: "g", properties: properties)
      try first.subscribe(topics: ["t"])
      #expect(first.memberID.isEmpty)
      let all = GroupConsumer.Event.assigned([TopicPartitions(topic: "t", partitions: [0, 1])])
      #expect(events(first) { $0 == all }.last == all)
      #expect(!first.memberID.isEmpty)

      let second = try GroupConsumer.connect(group: "g", properties: properties)
      try second.subscribe(topics: ["t"])
      let deadline = Instant(in: 20_000)
      var counts = [2, 0]
      while counts != [1, 1], !deadline.hasPassed {
        _ = first.poll(timeoutMilliseconds: 20)
        _ = second.poll(timeoutMilliseconds: 20)
        counts = [try first.assignment(), try second.assignment()].map {
          $0.reduce(0) { $0 + $1.partitions.count }
        }
      }
      #expect(counts == [1, 1])
      second.close()
      #expect(events(first, within: 20_000) { $0 == all }.last == all)
      first.close()
    }

    @Test("records that nobody takes are given up and counted; a full queue says so")
    func producerFailures() throws {
      var properties = KafkaProperties([KafkaProperty("bootstrap.servers", "127.0.0.1:1")])
      properties.set("message.timeout.ms", "100")
      let producer = try Producer.connect(properties: properties)
      try producer.produce(topic: "t", partition: 0, key: nil, value: [1])
      #expect(producer.waiting > 0)
      let deliveries = producer.flush(timeoutMilliseconds: 10_000)
      #expect(deliveries.failed == 1 && deliveries.delivered == 0)
      #expect(deliveries.lastError?.kind == .timedOut)
      #expect(producer.waiting == 0)

      properties.set("message.timeout.ms", "60000")
      let stuck = try Producer.connect(properties: properties)
      let error = #expect(throws: KafkaError.self) {
        for _ in 0...Producer.maximumWaiting {
          try stuck.produce(topic: "t", partition: 0, key: nil, value: [1])
        }
      }
      #expect(error?.kind == .queueFull)
      let before = Instant.now()
      _ = stuck.flush(timeoutMilliseconds: 50)
      #expect(Instant.now() - before < 1_000_000_000)
      #expect(stuck.waiting >= Producer.maximumWaiting)
    }

    @Test("topic names that cannot be, and a group without a name, are errors")
    func badNames() throws {
      let cluster = try MockCluster()
      let producer = try Producer.connect(properties: cluster.properties)
      #expect(throws: KafkaError.self) {
        try producer.produce(
          topic: String(repeating: "x", count: 600), partition: 0, key: nil, value: nil)
      }
      #expect(throws: KafkaError.self) {
        _ = try GroupConsumer.connect(group: "", properties: cluster.properties)
      }
    }
  }
}
