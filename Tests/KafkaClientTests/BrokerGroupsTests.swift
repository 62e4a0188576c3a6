import KafkaClient
import Testing

/// A member that polls until it has partitions.
func joined(
  _ broker: TestBroker, group: String, topic: String, clientID: String, instanceID: String? = nil
) throws -> GroupConsumer {
  var properties = broker.properties
  properties.set("client.id", clientID)
  if let instanceID { properties.set("group.instance.id", instanceID) }
  let consumer = try GroupConsumer.connect(group: group, properties: properties)
  try consumer.subscribe(topics: [topic])
  let deadline = Instant(in: 15_000)
  while !deadline.hasPassed {
    if case .assigned = consumer.poll(timeoutMilliseconds: 100) { break }
  }
  return consumer
}

extension BrokerTests {
  @Suite("Asking brokers about groups")
  struct GroupsTests {
    /// Asks one question and waits for its answer.
    func ask(
      _ client: inout GroupsClient, _ wakeUp: WakeUpPipe,
      _ question: (inout GroupsClient, Int64) throws -> RequestID
    ) throws -> GroupsReply {
      let id = try question(&client, Instant.nowMilliseconds())
      let replies = groupReplies(&client, wakeUp) { !$0.isEmpty }
      #expect(replies.map(\.id) == [id])
      return try #require(replies.first)
    }

    func describe(
      _ client: inout GroupsClient, _ wakeUp: WakeUpPipe, _ groups: [String]
    ) throws -> [DescribedGroup] {
      try ask(&client, wakeUp) {
        try $0.requestDescription(groups: groups, timeoutMilliseconds: 5_000, now: $1)
      }.described ?? []
    }

    func offsets(
      _ client: inout GroupsClient, _ wakeUp: WakeUpPipe, _ group: String,
      _ partitions: [TopicPartitions]? = nil
    ) throws -> Result<[CommittedTopic], KafkaError> {
      let reply = try ask(&client, wakeUp) {
        try $0.requestOffsets(
          group: group, partitions: partitions, timeoutMilliseconds: 5_000, now: $1)
      }
      return try #require(reply.committed)
    }

    func list(_ client: inout GroupsClient, _ wakeUp: WakeUpPipe) throws -> GroupList {
      let reply = try ask(&client, wakeUp) {
        try $0.requestGroupList(timeoutMilliseconds: 3_000, now: $1)
      }
      guard case .list(let result) = reply.content else { throw KafkaError(code: -1) }
      return try result.get()
    }

    @Test("members, hosts, instances and assignments are what the members themselves say")
    func descriptions() throws {
      let broker = try TestBroker()
      try broker.tell("create_topic", #""topic": "t", "partitions": 4"#)
      let one = try joined(broker, group: "g", topic: "t", clientID: "app-1", instanceID: "pod-1")
      try broker.tell("commit", #""group": "idle", "topic": "t", "partition": 0, "offset": 3"#)
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      let groups = try describe(&client, wakeUp, ["no-such", "g", "idle"])
      #expect(groups.map(\.group) == ["no-such", "g", "idle"])
      #expect(try groups[0].result.get().state == .dead)
      #expect(try groups[0].result.get().members.isEmpty)
      let group = try groups[1].result.get()
      #expect(group.state == .stable && !group.isSimple && !group.assignor.isEmpty)
      #expect(try group.coordinator?.id == Int32(broker.tell("coordinator", #""group": "g""#)))
      let member = try #require(group.members.first)
      #expect(group.members.count == 1)
      #expect(member.memberID == one.memberID && !member.memberID.isEmpty)
      #expect(member.clientID == "app-1" && member.groupInstanceID == "pod-1")
      #expect(member.host == "/127.0.0.1")
      #expect(member.assignment == [TopicPartitions(topic: "t", partitions: [0, 1, 2, 3])])
      #expect(try one.assignment() == member.assignment)
      let idle = try groups[2].result.get()
      #expect(idle.state == .empty && idle.members.isEmpty)
      one.close()
    }

    @Test("all offsets of a group, of every topic; a group without any has none")
    func allOffsets() throws {
      let broker = try TestBroker()
      for topic in ["a", "b"] {
        try broker.tell("create_topic", "\"topic\": \"\(topic)\", \"partitions\": 3")
      }
      for (topic, partition, offset) in [("a", 2, 7), ("b", 0, 0), ("a", 0, 5)] {
        try broker.tell(
          "commit",
          "\"group\": \"g\", \"topic\": \"\(topic)\", \"partition\": \(partition), "
            + "\"offset\": \(offset)")
      }
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      let all = try offsets(&client, wakeUp, "g").get().sorted { $0.topic < $1.topic }
      #expect(all.map(\.topic) == ["a", "b"])
      #expect(
        all.map { $0.partitions.sorted { $0.partition < $1.partition }.map(\.offset) }
          == [[5, 7], [0]])
      #expect(try offsets(&client, wakeUp, "nobody").get() == [])
    }

    @Test("brokers before 2.4 tell nothing about all partitions, and everything about named ones")
    func oldBrokers() throws {
      let broker = try TestBroker()
      try broker.tell("set_versions", #""api": "OffsetFetch", "versions": [1, 5]"#)
      try broker.tell("create_topic", #""topic": "t", "partitions": 1"#)
      try broker.tell("commit", #""group": "g", "topic": "t", "partition": 0, "offset": 3"#)
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      #expect(try offsets(&client, wakeUp, "g").get() == [])
      let named = [TopicPartitions(topic: "t", partitions: [0])]
      let committed = CommittedOffset(partition: 0, offset: 3, error: nil)
      #expect(
        try offsets(&client, wakeUp, "g", named).get()
          == [CommittedTopic(topic: "t", partitions: [committed])])
    }

    @Test("a missing right on the group is an error; one on a topic only leaves the topic out")
    func rights() throws {
      let broker = try TestBroker()
      try broker.tell("create_topic", #""topic": "t", "partitions": 1"#)
      try broker.tell("commit", #""group": "g", "topic": "t", "partition": 0, "offset": 3"#)
      try broker.tell("authorize")
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      guard case .failure(let error) = try offsets(&client, wakeUp, "g") else {
        Issue.record("it was allowed")
        return
      }
      #expect(error.kind == .authorization && error.name == "GROUP_AUTHORIZATION_FAILED")
      guard case .failure(let refused) = try describe(&client, wakeUp, ["g"])[0].result else {
        Issue.record("it was allowed")
        return
      }
      #expect(refused.kind == .authorization)
      #expect(try list(&client, wakeUp).groups.isEmpty)

      try broker.tell(
        "allow",
        #""principal": "User:ANONYMOUS", "operation": "Describe", "resource": "Group""#)
      #expect(try offsets(&client, wakeUp, "g").get() == [])
      let named = try offsets(
        &client, wakeUp, "g", [TopicPartitions(topic: "t", partitions: [0])]
      ).get()
      #expect(named.first?.partitions.first?.error?.kind == .authorization)
      #expect(named.first?.partitions.first?.offset == nil)
      #expect(try describe(&client, wakeUp, ["g"])[0].result.get().state == .empty)
      #expect(try list(&client, wakeUp).groups.map(\.group) == ["g"])
    }

    @Test("a coordinator that moves costs one answer, of offsets and of descriptions")
    func coordinatorMoves() throws {
      let broker = try TestBroker()
      try broker.tell("create_topic", #""topic": "t", "partitions": 1"#)
      try broker.tell("commit", #""group": "g", "topic": "t", "partition": 0, "offset": 3"#)
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      #expect(try offsets(&client, wakeUp, "g").get().count == 1)
      #expect(try describe(&client, wakeUp, ["g"])[0].result.get().state == .empty)
      let old = try Int(broker.tell("coordinator", #""group": "g""#)) ?? 0
      try broker.tell("move_coordinator", "\"group\": \"g\", \"broker\": \(old % 3 + 1)")
      if case .failure(let error) = try offsets(&client, wakeUp, "g") {
        #expect(error.name == "NOT_COORDINATOR" && error.isRetriable)
      } else {
        Issue.record("the old coordinator answered")
      }
      if case .failure(let error) = try describe(&client, wakeUp, ["g"])[0].result {
        #expect(error.name == "NOT_COORDINATOR" && error.isRetriable)
      } else {
        Issue.record("the old coordinator answered")
      }
      #expect(try offsets(&client, wakeUp, "g").get().count == 1)
      #expect(try describe(&client, wakeUp, ["g"])[0].result.get().state == .empty)
    }

    @Test("the groups of all brokers in one list, beside the error of one that refuses")
    func groupList() throws {
      let broker = try TestBroker()
      try broker.tell("create_topic", #""topic": "t", "partitions": 1"#)
      let names = (0..<12).map { "group-\($0)" }
      var ofSecond: Set<String> = []
      for name in names {
        try broker.tell(
          "commit", "\"group\": \"\(name)\", \"topic\": \"t\", \"partition\": 0, \"offset\": 1")
        if try broker.tell("coordinator", "\"group\": \"\(name)\"") == "2" {
          ofSecond.insert(name)
        }
      }
      #expect(!ofSecond.isEmpty && ofSecond.count < names.count)
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      let whole = try list(&client, wakeUp)
      #expect(Set(whole.groups.map(\.group)) == Set(names) && whole.errors.isEmpty)
      #expect(whole.groups.allSatisfy { $0.state == .empty })

      try broker.tell(
        "inject", #""api": "ListGroups", "error": "COORDINATOR_LOAD_IN_PROGRESS", "broker": 2"#)
      let part = try list(&client, wakeUp)
      #expect(Set(part.groups.map(\.group)) == Set(names).subtracting(ofSecond))
      #expect(part.errors.map(\.name) == ["COORDINATOR_LOAD_IN_PROGRESS"])
      #expect(part.errors.first?.message.contains("[2]") == true)
      try broker.tell("clear")

      try broker.tell("delay", #""api": "ListGroups", "seconds": 20, "broker": 3, "times": 1"#)
      let late = try list(&client, wakeUp)
      #expect(!late.groups.isEmpty && late.groups.count < names.count)
      #expect(late.errors.map(\.kind) == [.timedOut])
      try broker.tell("clear")
      #expect(try list(&client, wakeUp).groups.count == names.count)
    }

    @Test("a coordinator that is slow or gone answers with a timeout, and is asked afresh then")
    func slowCoordinator() throws {
      let broker = try TestBroker()
      try broker.tell("create_topic", #""topic": "t", "partitions": 1"#)
      try broker.tell("commit", #""group": "g", "topic": "t", "partition": 0, "offset": 3"#)
      let wakeUp = WakeUpPipe()
      var client = GroupsClient(properties: broker.properties, wakeUpDescriptor: wakeUp.writeEnd)
      try broker.tell("delay", #""api": "OffsetFetch", "seconds": 5, "times": 1"#)
      let id = try client.requestOffsets(
        group: "g", timeoutMilliseconds: 300, now: Instant.nowMilliseconds())
      let replies = groupReplies(&client, wakeUp) { !$0.isEmpty }
      #expect(replies.map(\.id) == [id])
      guard case .failure(let error)? = replies.first?.committed else {
        Issue.record("no timeout: \(replies)")
        return
      }
      #expect(error.kind == .timedOut)
      #expect(try offsets(&client, wakeUp, "g").get().count == 1)

      let coordinator = try broker.tell("coordinator", #""group": "g""#)
      try broker.tell("stop", "\"broker\": \(coordinator), \"failover\": true")
      let deadline = Instant(in: 10_000)
      var healed = false
      while !healed, !deadline.hasPassed {
        if case .success(let topics) = try offsets(&client, wakeUp, "g") {
          healed = topics.count == 1
        }
      }
      #expect(healed)
    }
  }
}
