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
  }
}
