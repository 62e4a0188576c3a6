import KafkaClient
import Testing

/// Waits as the loop does for the answer of a probe.
func probeReplies(
  _ probe: inout RecordProbe, _ wakeUp: WakeUpPipe, count: Int = 1,
  within milliseconds: Int = 10_000
) -> [ProbeReply] {
  let deadline = Instant(in: milliseconds)
  var all: [ProbeReply] = []
  while all.count < count, !deadline.hasPassed {
    _ = wakeUp.wait(until: Instant(in: min(100, deadline.milliseconds)))
    while probe.drain(now: Instant.nowMilliseconds(), { all.append($0) }).mayHaveMore {}
  }
  return all
}

extension BrokerTests {
  @Suite("Log ends, moments and readable records")
  struct ReadingTests {
    static let pairs = #""pairs": [["01", "02"], ["03", "04"], ["05", "06"]]"#

    /// A topic `t` with one partition: records 0-2, an aborted transaction in 3-5 (marker 5),
    /// and a transaction that is open from 6 on.
    func hungTopic(_ broker: TestBroker) throws {
      try broker.tell("create_topic", #""topic": "t", "partitions": 1"#)
      try broker.tell("append", "\"topic\": \"t\", \"partition\": 0, \(Self.pairs)")
      let aborted = try broker.tell(
        "open_transaction", #""topic": "t", "partition": 0, "count": 2"#)
      try broker.tell("end_transaction", "\"transaction\": \(aborted)")
      try broker.tell("open_transaction", #""topic": "t", "partition": 0"#)
    }

    func probe(
      _ probe: inout RecordProbe, _ wakeUp: WakeUpPipe, topic: String = "t", from committed: Int64,
      to end: Int64
    ) throws -> ProbeResult {
      let id = try probe.start(
        topic: topic, partition: 0, committed: committed, end: end, timeoutMilliseconds: 5_000,
        now: Instant.nowMilliseconds())
      let reply = try #require(probeReplies(&probe, wakeUp).first)
      #expect(reply.id == id && reply.topic == topic && reply.partition == 0)
      return reply.result
    }

    @Test("two workers of one process tell high watermark and last stable offset apart")
    func isolation() throws {
      let broker = try TestBroker()
      try hungTopic(broker)
      let (wakeUp, stableWakeUp) = (WakeUpPipe(), WakeUpPipe())
      var worker = try ClusterWorker.start(
        properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd, clock: wallClock)
      var stable = try ClusterWorker.start(
        properties: broker.properties, isolation: .readCommitted,
        wakeUpDescriptor: stableWakeUp.writeEnd, clock: wallClock)
      let partitions = [TopicPartitions(topic: "t", partitions: [0])]
      for _ in 0..<3 {
        let ends = heads(&worker, wakeUp, partitions, includeStart: true)
        let stableEnds = heads(&stable, stableWakeUp, partitions)
        #expect(ends.map { $0.map(\.end) } == [[7]] && ends.map { $0.map(\.start) } == [[0]])
        #expect(stableEnds.map { $0.map(\.end) } == [[6]])
      }
      try broker.tell("delete_records", #""topic": "t", "partition": 0, "offset": 2"#)
      #expect(heads(&worker, wakeUp, partitions, includeStart: true)[0].map(\.start) == [2])
      expectStop(worker)
      expectStop(stable)
    }

    @Test("metadata of a cluster: brokers, its controller, its id, leaders that are away")
    func metadata() throws {
      let broker = try TestBroker()
      try broker.tell("create_topic", #""topic": "t", "partitions": 3"#)
      let wakeUp = WakeUpPipe()
      var worker = try ClusterWorker.start(
        properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd, clock: wallClock)
      func fetch(_ worker: inout ClusterWorker) throws -> ClusterMetadata {
        let id = worker.requestMetadata(
          topics: ["t"], timeoutMilliseconds: 5_000, now: Instant.nowMilliseconds())
        let all = replies(&worker, wakeUp) { $0.metadata?.id == id }
        return try #require(try all.metadata?.result.get())
      }
      let whole = try fetch(&worker)
      #expect(
        whole.brokers.map { "\($0.host):\($0.port)" }.sorted()
          == broker.bootstrapServers.split(separator: ",").map(String.init).sorted())
      #expect(whole.brokers.map(\.id).contains(whole.controllerID ?? -1))
      #expect(whole.clusterID?.isEmpty == false)
      #expect(whole.topics[0].partitionErrors.isEmpty)
      let gone = whole.topics[0].leaders[1]
      try broker.tell("stop", "\"broker\": \(gone)")
      let deadline = Instant(in: 20_000)
      var part = whole
      while part.topics[0].leaders[1] != -1, !deadline.hasPassed {
        // The broker that was asked before may be the one that is away.
        if let found = try? fetch(&worker) { part = found }
      }
      #expect(part.topics[0].partitionErrors[1]?.kind == .leaderNotAvailable)
      #expect(part.topics[0].partitionErrors[0] == nil)
      expectStop(worker)
    }

    @Test("a moment is found in each partition; where nothing is so new that is said")
    func moments() throws {
      let broker = try TestBroker()
      try broker.tell("create_topic", #""topic": "t", "partitions": 3"#)
      for (partition, times) in [(0, [1_000, 2_000, 3_000]), (1, [500]), (2, [])] {
        for time in times {
          try broker.tell(
            "append",
            "\"topic\": \"t\", \"partition\": \(partition), "
              + "\"time\": \(1_700_000_000_000 + time), \(Self.pairs)"
          )
        }
      }
      let wakeUp = WakeUpPipe()
      var worker = try ClusterWorker.start(
        properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd, clock: wallClock)
      func offsets(_ worker: inout ClusterWorker, at time: Int64) -> [PartitionOffset]? {
        let id = worker.requestOffsets(
          [TopicPartitions(topic: "t", partitions: [0, 1, 2])], atTime: 1_700_000_000_000 + time,
          timeoutMilliseconds: 5_000, now: Instant.nowMilliseconds())
        return replies(&worker, wakeUp) { $0.times?.id == id }.times?.topics.first?.offsets
      }
      #expect(offsets(&worker, at: 2_000) == [.offset(3), .nothingSoNew, .nothingSoNew])
      #expect(offsets(&worker, at: 2_001) == [.offset(6), .nothingSoNew, .nothingSoNew])
      #expect(offsets(&worker, at: 0) == [.offset(0), .offset(0), .nothingSoNew])
      #expect(
        offsets(&worker, at: 3_001) == [.nothingSoNew, .nothingSoNew, .nothingSoNew])
      try broker.tell(
        "inject",
        #""api": "ListOffsets", "error": "TOPIC_AUTHORIZATION_FAILED", "partition": 1"#)
      let part = offsets(&worker, at: 2_000)
      #expect(part?[0] == .offset(3) && part?[2] == .nothingSoNew)
      guard case .failed(let error)? = part?[1] else {
        Issue.record("no error: \(String(describing: part))")
        return
      }
      #expect(error.kind == .authorization)
      expectStop(worker)
    }

    @Test(
      "a reader that an open transaction withholds records from stands below the high watermark")
    func highWatermark() throws {
      let broker = try TestBroker()
      try hungTopic(broker)
      let wakeUp = WakeUpPipe()
      var reader = try OffsetsTopicReader.connect(
        properties: broker.properties, settings: quickSettings(topic: "t"),
        wakeUpDescriptor: wakeUp.writeEnd)
      #expect(reader.highWatermark(of: 0) == nil)
      try reader.start(partition: 0, at: .beginning)
      var harvest = Harvest()
      #expect(harvest.gather(&reader, wakeUp) { $0.ends[0] == 6 }, "\(harvest.ends)")
      #expect(harvest.records.map(\.offset) == [0, 1, 2])
      #expect(reader.position(of: 0) == 6 && reader.highWatermark(of: 0) == 7)
      try broker.tell("append", "\"topic\": \"t\", \"partition\": 0, \(Self.pairs)")
      let deadline = Instant(in: 5_000)
      while reader.highWatermark(of: 0) != 10, !deadline.hasPassed {
        _ = wakeUp.wait(until: Instant(in: 20))
        _ = harvest.drain(&reader, maximum: 64)
      }
      #expect(reader.position(of: 0) == 6 && reader.highWatermark(of: 0) == 10)
      reader.stop(partition: 0)
      #expect(reader.highWatermark(of: 0) == nil && reader.highWatermark(of: -1) == nil)
    }

    @Test("markers and aborted records are no lag; records are, and the open rest is left open")
    func probes() throws {
      let broker = try TestBroker()
      try hungTopic(broker)
      let wakeUp = WakeUpPipe()
      var probe = RecordProbe(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      var isConnected = probe.isConnected
      #expect(!isConnected)
      #expect(try self.probe(&probe, wakeUp, from: 3, to: 6) == .nothingReadable(upTo: 6))
      #expect(try self.probe(&probe, wakeUp, from: 1, to: 6) == .readable(at: 1))
      #expect(try self.probe(&probe, wakeUp, from: 3, to: 7) == .nothingReadable(upTo: 6))
      #expect(try self.probe(&probe, wakeUp, from: 5, to: 6) == .nothingReadable(upTo: 6))
      isConnected = probe.isConnected && probe.questionsUnderWay == 0
      #expect(isConnected)
      probe.disconnect()
      isConnected = probe.isConnected
      #expect(!isConnected)
      #expect(try self.probe(&probe, wakeUp, from: 2, to: 6) == .readable(at: 2))
    }

    @Test("a record behind the end that was asked about is none of it; an offset gone is an error")
    func probeEdges() throws {
      let broker = try TestBroker()
      try broker.tell("create_topic", #""topic": "t", "partitions": 1"#)
      let aborted = try broker.tell(
        "open_transaction", #""topic": "t", "partition": 0, "count": 4"#)
      try broker.tell("end_transaction", "\"transaction\": \(aborted)")
      try broker.tell("append", "\"topic\": \"t\", \"partition\": 0, \(Self.pairs)")
      let wakeUp = WakeUpPipe()
      var probe = RecordProbe(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      #expect(try self.probe(&probe, wakeUp, from: 0, to: 5) == .nothingReadable(upTo: 5))
      #expect(try self.probe(&probe, wakeUp, from: 0, to: 6) == .readable(at: 5))
      try broker.tell("delete_records", #""topic": "t", "partition": 0, "offset": 6"#)
      guard case .failed(let error) = try self.probe(&probe, wakeUp, from: 2, to: 8) else {
        Issue.record("the start of the log was read instead")
        return
      }
      #expect(error.kind == .offsetOutOfRange)
      for (committed, end) in [(Int64(5), Int64(5)), (6, 5), (-1, 5)] {
        #expect(throws: KafkaError.self) {
          try probe.start(
            topic: "t", partition: 0, committed: committed, end: end, timeoutMilliseconds: 1_000,
            now: 0)
        }
      }
    }

    @Test("a topic that may not be read is told, a slow broker is a timeout")
    func probeFailures() throws {
      let broker = try TestBroker()
      for topic in ["t", "u"] {
        try broker.tell("create_topic", "\"topic\": \"\(topic)\", \"partitions\": 1")
        try broker.tell("append", "\"topic\": \"\(topic)\", \"partition\": 0, \(Self.pairs)")
      }
      let wakeUp = WakeUpPipe()
      var probe = RecordProbe(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      try broker.tell("delay", #""api": "Fetch", "seconds": 3, "times": 1"#)
      let id = try probe.start(
        topic: "u", partition: 0, committed: 0, end: 3, timeoutMilliseconds: 300,
        now: Instant.nowMilliseconds())
      let late = probeReplies(&probe, wakeUp)
      #expect(late.map(\.id) == [id] && late.first?.result == .failed(KafkaError(code: -185)))
      probe.disconnect()

      try broker.tell("authorize")
      try broker.tell(
        "allow",
        #""principal": "User:ANONYMOUS", "operation": "Describe", "resource": "Topic""#)
      if case .failed(let error) = try self.probe(&probe, wakeUp, from: 0, to: 3) {
        #expect(error.kind == .authorization)
      } else {
        Issue.record("it was allowed")
      }
      // Another topic is read on the same client once it may be.
      try broker.tell(
        "allow", #""principal": "User:ANONYMOUS", "operation": "Read", "resource": "Topic""#)
      #expect(try self.probe(&probe, wakeUp, topic: "u", from: 0, to: 3) == .readable(at: 0))
      #expect(try self.probe(&probe, wakeUp, from: 0, to: 3) == .readable(at: 0))
    }

    @Test("eight partitions are looked at together, a ninth is refused until one is answered")
    func probesTogether() throws {
      let broker = try TestBroker()
      try broker.tell("create_topic", #""topic": "t", "partitions": 9"#)
      for partition in 0..<9 where partition % 2 == 0 {
        try broker.tell("append", "\"topic\": \"t\", \"partition\": \(partition), \(Self.pairs)")
      }
      let wakeUp = WakeUpPipe()
      var probe = RecordProbe(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      func start(_ probe: inout RecordProbe, _ partition: Int32) throws {
        _ = try probe.start(
          topic: "t", partition: partition, committed: 0, end: 3, timeoutMilliseconds: 5_000,
          now: Instant.nowMilliseconds())
      }
      for partition in Int32(0)..<8 { try start(&probe, partition) }
      #expect(throws: KafkaError.self) { try start(&probe, 8) }
      let found = probeReplies(&probe, wakeUp, count: 8)
      #expect(
        found.sorted { $0.partition < $1.partition }.map(\.result)
          == (0..<8).map { $0 % 2 == 0 ? .readable(at: 0) : .nothingReadable(upTo: 0) })
      try start(&probe, 8)
      #expect(throws: KafkaError.self) { try start(&probe, 8) }
      #expect(probeReplies(&probe, wakeUp).map(\.result) == [.readable(at: 0)])
    }
  }
}
