import KafkaClient
import Testing

/// Everything that runs against librdkafka's mock cluster, one test after another.
@Suite(.serialized)
struct MockTests {}

/// Waits as the loop does for an answer of a worker.
func replies(
  _ worker: inout ClusterWorker, _ wakeUp: WakeUpPipe, within milliseconds: Int = 10_000,
  until done: (WorkerReplies) -> Bool
) -> WorkerReplies {
  let deadline = Instant(in: milliseconds)
  var all = WorkerReplies()
  while !done(all), wakeUp.wait(until: deadline) {
    let new = worker.takeReplies()
    all.metadata = new.metadata ?? all.metadata
    all.heads = new.heads ?? all.heads
    all.times = new.times ?? all.times
    all.notices += new.notices
  }
  return all
}

/// Ends a worker, which must be in time.
func expectStop(_ worker: consuming ClusterWorker) {
  let stopped = worker.stop(timeoutMilliseconds: 5_000)
  #expect(stopped)
}

/// Asks for heads and waits for them.
func heads(
  _ worker: inout ClusterWorker, _ wakeUp: WakeUpPipe, _ partitions: [TopicPartitions],
  includeStart: Bool = false, timeout: Int64 = 3_000
) -> [[PartitionHead]] {
  let id = worker.requestHeads(
    partitions, includeStart: includeStart, timeoutMilliseconds: timeout,
    now: Instant.nowMilliseconds())
  let all = replies(&worker, wakeUp) { $0.heads?.id == id }
  return all.heads?.topics.map(\.heads) ?? []
}

extension PartitionHead {
  var end: Int64? {
    if case .offsets(let end, _, _) = self { end } else { nil }
  }
  var start: Int64? {
    if case .offsets(_, let start, _) = self { start } else { nil }
  }
  var failure: KafkaError? {
    if case .failed(let error) = self { error } else { nil }
  }
}

extension MockTests {
  @Suite("Asking for metadata and heads")
  struct WorkerTests {
    /// Three brokers, topic `t` with partition p led by broker p + 1 and p + 1 records in it.
    static func threeBrokers() throws -> MockCluster {
      let cluster = try MockCluster(brokerCount: 3)
      try cluster.createTopic("t", partitions: 3)
      for partition in Int32(0)..<3 {
        try cluster.setLeader(topic: "t", partition: partition, broker: partition + 1)
      }
      let records = (Int32(0)..<3).flatMap { partition in
        (0...partition).map {
          Seen(partition: partition, offset: Int64($0), timestamp: 1, key: [1], value: [1])
        }
      }
      try write(cluster, topic: "t", records)
      return cluster
    }

    static let t = TopicPartitions(topic: "t", partitions: [0, 1, 2])

    func worker(
      _ properties: KafkaProperties, _ wakeUp: WakeUpPipe
    ) throws -> ClusterWorker {
      try ClusterWorker.start(
        properties: properties, wakeUpDescriptor: wakeUp.writeEnd, clock: wallClock)
    }

    @Test("metadata: brokers, leaders, and an error for each topic that has one")
    func metadata() throws {
      let cluster = try Self.threeBrokers()
      for name in ["dark", "gone"] { try cluster.createTopic(name, partitions: 1) }
      cluster.setTopicError("dark", code: 29)
      cluster.setTopicError("gone", code: 3)
      try cluster.setLeader(topic: "t", partition: 1, broker: nil)
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      let id = worker.requestMetadata(
        topics: ["gone", "t", "dark", "a\0b"], timeoutMilliseconds: 3_000, now: 0)
      let all = replies(&worker, wakeUp) { $0.metadata != nil }
      #expect(all.metadata?.id == id)
      let metadata = try #require(try all.metadata?.result.get())
      #expect(metadata.brokers.map(\.id).sorted() == [1, 2, 3])
      #expect(metadata.brokers.allSatisfy { $0.port > 0 && !$0.host.isEmpty })
      #expect(metadata.topics.map(\.name) == ["gone", "t", "dark", "a\0b"])
      #expect(metadata.topics[0].error?.kind == .unknownTopicOrPartition)
      #expect(metadata.topics[1].leaders == [1, -1, 3] && metadata.topics[1].error == nil)
      #expect(metadata.topics[2].error?.kind == .authorization)
      #expect(metadata.topics[3].error?.kind == .unknownTopicOrPartition)
      expectStop(worker)
    }

    @Test("heads of three brokers, with the time of the sample and the log start when wanted")
    func heads() throws {
      let cluster = try Self.threeBrokers()
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      let before = wallClock()
      let first = KafkaClientTests.heads(&worker, wakeUp, [Self.t])
      #expect(first.map { $0.map(\.end) } == [[1, 2, 3]])
      for head in first.joined() {
        guard case .offsets(_, let start, let sampledAt) = head else { continue }
        #expect(start == nil)
        #expect(sampledAt >= before && sampledAt <= wallClock())
      }
      let second = KafkaClientTests.heads(&worker, wakeUp, [Self.t], includeStart: true)
      #expect(second.map { $0.map(\.end) } == [[1, 2, 3]])
      #expect(second.map { $0.map(\.start) } == [[0, 0, 0]])
      #expect(KafkaClientTests.heads(&worker, wakeUp, []).isEmpty)
      expectStop(worker)
    }

    @Test("one leaderless partition does not lose the others, before or after the worker knows")
    func leaderless() throws {
      let cluster = try Self.threeBrokers()
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      #expect(KafkaClientTests.heads(&worker, wakeUp, [Self.t])[0].map(\.end) == [1, 2, 3])
      try cluster.setLeader(topic: "t", partition: 1, broker: nil)
      for _ in 0..<3 {
        let heads = KafkaClientTests.heads(&worker, wakeUp, [Self.t])
        #expect(heads[0].map(\.end) == [1, nil, 3])
        #expect(heads[0][1] == .leaderless)
      }
      try cluster.setLeader(topic: "t", partition: 1, broker: 1)
      #expect(KafkaClientTests.heads(&worker, wakeUp, [Self.t])[0].map(\.end) == [1, 2, 3])
      expectStop(worker)
    }

    @Test("a leader that moved is followed in the same round")
    func moved() throws {
      let cluster = try Self.threeBrokers()
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      #expect(KafkaClientTests.heads(&worker, wakeUp, [Self.t])[0].map(\.end) == [1, 2, 3])
      try cluster.setLeader(topic: "t", partition: 1, broker: 3)
      #expect(KafkaClientTests.heads(&worker, wakeUp, [Self.t])[0].map(\.end) == [1, 2, 3])
      expectStop(worker)
    }

    @Test(
      "one broker of three down: the heads of the others, and never -1", arguments: [true, false])
    func brokerDown(isConnected: Bool) throws {
      let cluster = try Self.threeBrokers()
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      if isConnected {
        #expect(KafkaClientTests.heads(&worker, wakeUp, [Self.t])[0].map(\.end) == [1, 2, 3])
      }
      try cluster.setBroker(2, isUp: false)
      for _ in 0..<2 {
        // librdkafka needs a second to try another broker when the first it tried is down.
        let before = Instant.now()
        let heads = KafkaClientTests.heads(&worker, wakeUp, [Self.t], timeout: 3_000)
        #expect(heads[0].map(\.end) == [1, nil, 3])
        #expect(heads[0][1].failure?.concernsWholeBroker == true, "\(heads)")
        #expect(Instant.now() - before < 4_500_000_000)
      }
      try cluster.setBroker(2, isUp: true)
      // It comes back by itself, at the latest after the longest pause between attempts.
      let deadline = Instant(in: 10_000)
      var ends: [Int64?] = []
      while ends != [1, 2, 3], !deadline.hasPassed {
        ends = KafkaClientTests.heads(&worker, wakeUp, [Self.t])[0].map(\.end)
      }
      #expect(ends == [1, 2, 3])
      expectStop(worker)
    }

    @Test("topics that are missing or forbidden, and partitions that are not there, fail alone")
    func missing() throws {
      let cluster = try Self.threeBrokers()
      for name in ["dark", "gone"] { try cluster.createTopic(name, partitions: 1) }
      cluster.setTopicError("dark", code: 29)
      cluster.setTopicError("gone", code: 3)
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      for _ in 0..<2 {
        let heads = KafkaClientTests.heads(
          &worker, wakeUp,
          [
            TopicPartitions(topic: "gone", partitions: [0]),
            TopicPartitions(topic: "t", partitions: [2, 7]),
            TopicPartitions(topic: "dark", partitions: [0]),
          ])
        #expect(heads.map { $0.map(\.end) } == [[nil], [3, nil], [nil]])
        #expect(heads[0][0].failure?.kind == .unknownTopicOrPartition)
        #expect(heads[1][1].failure?.kind == .unknownTopicOrPartition)
        #expect(heads[2][0].failure?.kind == .authorization)
      }
      expectStop(worker)
    }

    @Test("many topics and more partitions than one call takes")
    func many() throws {
      let cluster = try MockCluster(brokerCount: 3)
      try cluster.createTopic("wide", partitions: 2_000)
      for index in 0..<4 { try cluster.createTopic("t\(index)", partitions: 4) }
      try write(
        cluster, topic: "wide",
        [Seen(partition: 1_999, offset: 0, timestamp: 1, key: nil, value: [1])])
      var request = [TopicPartitions(topic: "wide", partitions: Array(0..<2_000))]
      request += (0..<4).map { TopicPartitions(topic: "t\($0)", partitions: [3, 0]) }
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      let heads = KafkaClientTests.heads(&worker, wakeUp, request, timeout: 10_000)
      #expect(heads.count == 5)
      #expect(heads[0].compactMap(\.end).count == 2_000)
      #expect(heads[0].last?.end == 1)
      #expect(heads.dropFirst().allSatisfy { $0.map(\.end) == [0, 0] })
      expectStop(worker)
    }

    @Test("no broker: every answer is an error within the time, and a later one succeeds")
    func noBroker() throws {
      let cluster = try Self.threeBrokers()
      try cluster.setBroker(nil, isUp: false)
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      let before = Instant.now()
      _ = worker.requestMetadata(
        topics: ["t"], timeoutMilliseconds: 300, now: Instant.nowMilliseconds())
      let all = replies(&worker, wakeUp) { $0.metadata != nil }
      guard case .failure(let error)? = all.metadata?.result else {
        Issue.record("\(all)")
        return
      }
      #expect(error.kind == .transport || error.kind == .timedOut)
      let heads = KafkaClientTests.heads(&worker, wakeUp, [Self.t], timeout: 300)
      #expect(heads[0].allSatisfy { $0.failure?.concernsWholeBroker == true })
      #expect(Instant.now() - before < 2_000_000_000)

      try cluster.setBroker(nil, isUp: true)
      let deadline = Instant(in: 10_000)
      var ends: [Int64?] = []
      while ends != [1, 2, 3], !deadline.hasPassed {
        ends = KafkaClientTests.heads(&worker, wakeUp, [Self.t], timeout: 1_000)[0].map(\.end)
      }
      #expect(ends == [1, 2, 3])
      expectStop(worker)
    }

    @Test("properties that make no client: every answer names them")
    func badProperties() throws {
      let wakeUp = WakeUpPipe()
      var worker = try worker(KafkaProperties([KafkaProperty("no.such", "1")]), wakeUp)
      let heads = KafkaClientTests.heads(&worker, wakeUp, [Self.t])
      #expect(heads[0].allSatisfy { $0.failure?.message.contains("no.such") == true })
      _ = worker.requestMetadata(topics: ["t"], timeoutMilliseconds: 100, now: 0)
      let all = replies(&worker, wakeUp) { $0.metadata != nil }
      #expect(throws: KafkaError.self) { try all.metadata?.result.get() }
      expectStop(worker)
    }

    @Test(
      "a broker that answers too late: the worker is stuck, is replaced, and writes nothing later"
    )
    func stuck() throws {
      let cluster = try Self.threeBrokers()
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      #expect(KafkaClientTests.heads(&worker, wakeUp, [Self.t])[0].map(\.end) == [1, 2, 3])
      try cluster.setRoundTrip(broker: nil, milliseconds: 1_500)
      let start = Instant.nowMilliseconds()
      _ = worker.requestHeads([Self.t], includeStart: false, timeoutMilliseconds: 1_000, now: start)
      let stuck = [2_999, 3_000].map { worker.isStuck(now: start + $0) }
      #expect(stuck == [false, true])
      // No answer yet: the worker is inside its call.
      #expect(!wakeUp.wait(until: Instant(in: 200)))
      let before = Instant.now()
      let stopped = worker.stop(timeoutMilliseconds: 50)
      #expect(!stopped)
      #expect(Instant.now() - before < 500_000_000)
      wakeUp.take()

      try cluster.setRoundTrip(broker: nil, milliseconds: 0)
      let other = WakeUpPipe()
      var next = try self.worker(cluster.properties, other)
      #expect(KafkaClientTests.heads(&next, other, [Self.t])[0].map(\.end) == [1, 2, 3])
      expectStop(next)
      // By then the abandoned call is over, and its answer went nowhere.
      #expect(!wakeUp.wait(until: Instant(in: 1_700)))
    }

    @Test("a newer question replaces one that waits, and is the one that is answered")
    func replaced() throws {
      let cluster = try Self.threeBrokers()
      try cluster.setRoundTrip(broker: nil, milliseconds: 100)
      let wakeUp = WakeUpPipe()
      var worker = try worker(cluster.properties, wakeUp)
      var last: RequestID?
      for _ in 0..<50 {
        last = worker.requestHeads(
          [Self.t], includeStart: false, timeoutMilliseconds: 5_000, now: 0)
      }
      var answers = 0
      let deadline = Instant(in: 10_000)
      var newest: RequestID?
      while newest != last, wakeUp.wait(until: deadline) {
        if let reply = worker.takeReplies().heads {
          answers += 1
          newest = reply.id
        }
      }
      #expect(newest == last)
      #expect(answers <= 3)
      expectStop(worker)
    }

    @Test("stopping an idle worker, and one whose brokers are down, keeps to its bound")
    func stop() throws {
      let wakeUp = WakeUpPipe()
      let idle = try worker(
        KafkaProperties([KafkaProperty("bootstrap.servers", "127.0.0.1:1")]), wakeUp)
      expectStop(idle)
      var busy = try worker(
        KafkaProperties([KafkaProperty("bootstrap.servers", "127.0.0.1:1")]), wakeUp)
      _ = busy.requestHeads([Self.t], includeStart: false, timeoutMilliseconds: 2_000, now: 0)
      let before = Instant.now()
      _ = busy.stop(timeoutMilliseconds: 100)
      #expect(Instant.now() - before < 1_000_000_000)
    }
  }
}
