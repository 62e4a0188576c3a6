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
      #expect(Instant.now() - before < 500_000_000)
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

    @Test("mock brokers, which cannot describe groups, are not asked to; offsets go on")
    func mockDescriptions() throws {
      let cluster = try Self.committedCluster()
      let wakeUp = WakeUpPipe()
      for groups in [["a"], ["a", "b"]] {
        var client = GroupsClient(
          properties: cluster.properties, wakeUpDescriptor: wakeUp.writeEnd)
        let now = Instant.nowMilliseconds()
        let ids = try [
          client.requestDescription(groups: groups, timeoutMilliseconds: 5_000, now: now),
          client.requestOffsets(
            group: "g", partitions: Self.t, timeoutMilliseconds: 5_000, now: now),
        ]
        let replies = groupReplies(&client, wakeUp) { $0.count == 2 }
        #expect(replies.map(\.id).sorted() == ids)
        let described = try #require(replies.first { $0.id == ids[0] }?.described)
        #expect(described.map(\.group) == groups)
        for group in described {
          guard case .failure(let error) = group.result else {
            Issue.record("it was described")
            continue
          }
          #expect(error.isUnsupported)
        }
        #expect(try replies.first { $0.id == ids[1] }?.committed?.get().count == 1)

        // Not asked again for a while: the answer is made without the cluster.
        let isSuspended = client.isDescribingSuspended(now: now)
        #expect(isSuspended)
        let refused = try client.requestDescription(
          groups: groups, timeoutMilliseconds: 60_000, now: now)
        #expect(groupReplies(&client, wakeUp) { !$0.isEmpty }.map(\.id) == [refused])
      }
    }

    @Test("a client that never answers is given up, answered for, and left behind")
    func hang() throws {
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(
        properties: KafkaProperties([KafkaProperty("bootstrap.servers", "127.0.0.1:1")]),
        wakeUpDescriptor: wakeUp.writeEnd)
      let ids = try [
        client.requestDescription(groups: ["a", "b"], timeoutMilliseconds: 60_000, now: 1_000),
        client.requestOffsets(group: "g", timeoutMilliseconds: 60_000, now: 1_000),
        client.requestOffsets(group: "h", timeoutMilliseconds: 100_000, now: 1_000),
      ]
      var replies: [GroupsReply] = []
      for (now, isHung) in [(Int64(180_999), false), (181_000, true)] {
        let isStuck = client.isStuck(now: now)
        #expect(isStuck == isHung)
        _ = client.drain(maximum: 16, now: now) { replies.append($0) }
        #expect(replies.count == (isHung ? 3 : 0))
      }
      #expect(replies.map(\.id).sorted() == ids)
      for reply in replies {
        switch reply.content {
        case .offsets(_, let result): #expect(result.kind == .timedOut)
        case .descriptions(let groups):
          #expect(groups.map(\.group) == ["a", "b"])
          #expect(groups.allSatisfy { $0.result.kind == .timedOut })
        case .list: Issue.record("nobody asked for a list")
        }
      }
      let (isStuck, underWay) = (client.isStuck(now: .max), client.requestsUnderWay)
      #expect(!isStuck && underWay == 0)
      let isSuspended = client.isDescribingSuspended(now: 780_999)
      let isStillSuspended = client.isDescribingSuspended(now: 781_000)
      #expect(isSuspended && !isStillSuspended)
    }
  }
}

extension Result where Failure == KafkaError {
  /// The kind of a failure.
  fileprivate var kind: KafkaError.Kind? {
    if case .failure(let error) = self { error.kind } else { nil }
  }
}
