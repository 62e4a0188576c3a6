import KafkaClient
import Testing

/// Waits as the loop does for answers about groups.
func groupReplies(
  _ client: inout GroupsClient, _ wakeUp: WakeUpPipe, within milliseconds: Int = 10_000,
  until done: ([GroupsReply]) -> Bool
) -> [GroupsReply] {
  let deadline = Instant(in: milliseconds)
  var all: [GroupsReply] = []
  while !done(all) {
    guard wakeUp.wait(until: deadline) else { return all }
    while client.drain(maximum: 16, now: Instant.nowMilliseconds(), { all.append($0) }).mayHaveMore
    {}
  }
  return all
}

extension GroupsReply {
  /// The outcome of an offsets request.
  var committed: Result<[CommittedTopic], KafkaError>? {
    if case .offsets(_, let result) = content { result } else { nil }
  }
  /// The outcome of a description.
  var described: [DescribedGroup]? {
    if case .descriptions(let groups) = content { groups } else { nil }
  }
}

extension MockTests {
  @Suite("Asking about groups")
  struct GroupsClientTests {
    static let t = [TopicPartitions(topic: "t", partitions: [0, 1, 2])]

    /// A cluster in which group `g` committed 5 for partition 1 of topic `t`.
    static func committedCluster(brokerCount: Int32 = 3) throws -> MockCluster {
      let cluster = try MockCluster(brokerCount: brokerCount)
      try cluster.createTopic("t", partitions: 3)
      let consumer = try GroupConsumer.connect(group: "g", properties: cluster.properties)
      try consumer.assign([.init(topic: "t", partition: 1, offset: 0)])
      try consumer.commit([.init(topic: "t", partition: 1, offset: 5)])
      consumer.close()
      return cluster
    }

    @Test("committed offsets of named partitions; none is told apart from one")
    func offsets() throws {
      let cluster = try Self.committedCluster()
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(
        properties: cluster.properties, wakeUpDescriptor: wakeUp.writeEnd)
      let id = try client.requestOffsets(
        group: "g", partitions: Self.t, timeoutMilliseconds: 5_000, now: Instant.nowMilliseconds())
      let replies = groupReplies(&client, wakeUp) { !$0.isEmpty }
      #expect(replies.map(\.id) == [id])
      let topics = try #require(try replies.first?.committed?.get())
      #expect(topics.map(\.topic) == ["t"])
      #expect(
        topics.first?.partitions.sorted { $0.partition < $1.partition } == [
          CommittedOffset(partition: 0, offset: nil, error: nil),
          CommittedOffset(partition: 1, offset: 5, error: nil),
          CommittedOffset(partition: 2, offset: nil, error: nil),
        ])
      #expect(client.requestsUnderWay == 0)
    }

    @Test("a coordinator that moved neither kills the process nor stays forgotten")
    func coordinatorMoved() throws {
      let cluster = try Self.committedCluster()
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(
        properties: cluster.properties, wakeUpDescriptor: wakeUp.writeEnd)
      for code in [Int32(16), 15, 14, 30] {
        cluster.pushRequestErrors(apiKey: 9, codes: [code])
        _ = try client.requestOffsets(
          group: "g", partitions: Self.t, timeoutMilliseconds: 5_000, now: Instant.nowMilliseconds()
        )
        let failed = groupReplies(&client, wakeUp) { !$0.isEmpty }
        guard case .failure(let error)? = failed.first?.committed else {
          Issue.record("no failure for \(code): \(failed)")
          continue
        }
        #expect(error.code == code)
        #expect(error.isRetriable == (code != 30))
        _ = try client.requestOffsets(
          group: "g", partitions: Self.t, timeoutMilliseconds: 5_000, now: Instant.nowMilliseconds()
        )
        let healed = groupReplies(&client, wakeUp) { !$0.isEmpty }
        #expect(try healed.first?.committed?.get().count == 1)
      }
    }

    @Test("without a broker every question is answered with a timeout, and closing takes no time")
    func noBroker() throws {
      let wakeUp = WakeUpPipe()
      let before: UInt64
      do {
        var client = GroupsClient(
          properties: KafkaProperties([KafkaProperty("bootstrap.servers", "127.0.0.1:1")]),
          wakeUpDescriptor: wakeUp.writeEnd)
        let now = Instant.nowMilliseconds()
        let ids = [
          try client.requestOffsets(group: "g", timeoutMilliseconds: 300, now: now),
          try client.requestDescription(groups: ["g", "h"], timeoutMilliseconds: 300, now: now),
          try client.requestGroupList(timeoutMilliseconds: 300, now: now),
        ]
        let replies = groupReplies(&client, wakeUp) { $0.count == 3 }
        #expect(replies.map(\.id).sorted() == ids)
        for reply in replies {
          switch reply.content {
          case .offsets(let group, let result):
            #expect(group == "g" && result.kind == .timedOut)
          case .descriptions(let groups):
            #expect(groups.map(\.group) == ["g", "h"])
            #expect(groups.allSatisfy { $0.result.kind == .timedOut })
          case .list(let result):
            #expect(try result.get().errors.map(\.kind) == [.timedOut])
          }
        }
        _ = try client.requestOffsets(group: "g", timeoutMilliseconds: 60_000, now: now)
        before = Instant.now()
      }
      #expect(Instant.now() - before < 20_000_000)
      wakeUp.take()
      #expect(ClientRetirement.wait(timeoutMilliseconds: 10_000))
      #expect(wakeUp.take() == 0)
    }

    @Test("names that are none, empty lists, duplicates and too much at once are refused")
    func refused() throws {
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(
        properties: KafkaProperties([KafkaProperty("bootstrap.servers", "127.0.0.1:1")]),
        wakeUpDescriptor: wakeUp.writeEnd)
      for group in ["a\0b", String(repeating: "g", count: 32_768)] {
        #expect(throws: KafkaError.self) {
          try client.requestOffsets(group: group, timeoutMilliseconds: 100, now: 0)
        }
      }
      for partitions in [
        [], [TopicPartitions(topic: "t", partitions: [])],
        [TopicPartitions(topic: "", partitions: [0])],
        [TopicPartitions(topic: "a\0", partitions: [0])],
      ] {
        #expect(throws: KafkaError.self) {
          try client.requestOffsets(
            group: "g", partitions: partitions, timeoutMilliseconds: 100, now: 0)
        }
      }
      for groups in [[], ["g", "g"], (0...100).map { "\($0)" }] {
        #expect(throws: KafkaError.self) {
          try client.requestDescription(groups: groups, timeoutMilliseconds: 100, now: 0)
        }
      }
      let untouched = client.requestsUnderWay
      #expect(untouched == 0)
      for _ in 0..<GroupsClient.maximumRequests {
        _ = try client.requestOffsets(group: "g", timeoutMilliseconds: 60_000, now: 0)
      }
      let error = #expect(throws: KafkaError.self) {
        try client.requestOffsets(group: "g", timeoutMilliseconds: 60_000, now: 0)
      }
      #expect(error?.kind == .queueFull)
    }

    @Test("new properties are used from the next question on; bad ones fail it")
    func reconnect() throws {
      let cluster = try Self.committedCluster()
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(
        properties: cluster.properties, wakeUpDescriptor: wakeUp.writeEnd)
      func ask(_ client: inout GroupsClient) throws -> Int? {
        _ = try client.requestOffsets(
          group: "g", partitions: Self.t, timeoutMilliseconds: 5_000,
          now: Instant.nowMilliseconds())
        return try groupReplies(&client, wakeUp) { !$0.isEmpty }.first?.committed?.get().count
      }
      #expect(try ask(&client) == 1)
      var bad = cluster.properties
      bad.set("no.such", "1")
      client.reconnect(properties: bad)
      #expect(throws: KafkaError.self) { try ask(&client) }
      client.reconnect(properties: cluster.properties)
      #expect(try ask(&client) == 1)
      client.disconnectIdle()
      #expect(try ask(&client) == 1)
    }

    @Test("where describing hangs librdkafka, offsets go on, and it is not tried at once again")
    func hang() async {
      // librdkafka's mock brokers lack DescribeGroups. The client that hangs stays for ever, which
      // other tests of this process would notice.
      await #expect(processExitsWith: .success) {
        let cluster = try GroupsClientTests.committedCluster()
        let wakeUp = WakeUpPipe()
        var client = GroupsClient(
          properties: cluster.properties, wakeUpDescriptor: wakeUp.writeEnd)
        func offsetsAnswer(_ client: inout GroupsClient) throws -> Int? {
          _ = try client.requestOffsets(
            group: "g", partitions: GroupsClientTests.t, timeoutMilliseconds: 5_000,
            now: Instant.nowMilliseconds())
          return try groupReplies(&client, wakeUp) { !$0.isEmpty }.first?.committed?.get().count
        }
        let asked = Instant.nowMilliseconds()
        let id = try client.requestDescription(
          groups: ["a", "b"], timeoutMilliseconds: 200, now: asked)
        #expect(try offsetsAnswer(&client) == 1)
        var replies: [GroupsReply] = []
        let deadline = Instant(in: 10_000)
        while replies.isEmpty, !deadline.hasPassed {
          _ = wakeUp.wait(until: Instant(in: 20))
          _ = client.drain(maximum: 16, now: Instant.nowMilliseconds()) { replies.append($0) }
        }
        #expect(replies.map(\.id) == [id])
        #expect(replies.first?.described?.map(\.group) == ["a", "b"])
        let now = Instant.nowMilliseconds()
        let isSuspended = client.isDescribingSuspended(now: now)
        #expect(isSuspended)
        let isStuck = client.isStuck(now: now)
        #expect(!isStuck)
        #expect(try offsetsAnswer(&client) == 1)

        // Refused without a question while it is suspended, and tried again afterwards.
        let refused = try client.requestDescription(
          groups: ["a", "b"], timeoutMilliseconds: 200, now: now)
        #expect(groupReplies(&client, wakeUp) { !$0.isEmpty }.map(\.id) == [refused])
        let isStillSuspended = client.isDescribingSuspended(now: now + 600_000)
        #expect(!isStillSuspended)
      }
    }
  }
}

extension Result where Failure == KafkaError {
  /// The kind of a failure.
  fileprivate var kind: KafkaError.Kind? {
    if case .failure(let error) = self { error.kind } else { nil }
  }
}
