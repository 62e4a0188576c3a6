import LagCore
import Testing

import Agent

@Suite("Start: what is looked up, what is read, when the agent is ready")
struct AgentStartTests {
  @Test("The first tick asks for the offsets topic only")
  func asksForOffsetsTopic() throws {
    var world = try AgentWorld.watching(["g"])
    world.tick()
    #expect(world.take().topicLookUps == [["__consumer_offsets"]])
  }

  @Test("With exact names only the partitions are read to which the groups hash")
  func readsHashedPartitions() throws {
    // Vectors measured on a real broker with 50 partitions.
    var world = try AgentWorld.watching(["g", "rdk-classic", "txn-hang2"])
    world.tick()
    world.answerTopics([:])
    #expect(world.take().reads == [[3, 24, 47]])
  }

  @Test("The actual partition count decides, not the default")
  func hashesByActualCount() throws {
    var world = try AgentWorld.watching(["rdk-classic"])
    world.tick()
    world.send(
      .metadata(
        cluster: 0,
        .topics([.init(name: "__consumer_offsets", partitionCount: 7, fault: nil)])))
    #expect(world.take().reads == [[Int32(681_069_374 % 7)]])
  }

  @Test("With a pattern all partitions are read")
  func readsAllPartitionsForPattern() throws {
    var world = try AgentWorld(
      """
      [cluster.local]
      servers = ["broker:9092"]
      [consumer.local]
      cluster = "local"
      group-allowlist = "^team-"
      """)
    world.tick()
    world.answerTopics([:])
    #expect(world.take().reads == [(0..<50).map { Int32($0) }])
  }

  @Test("Ready comes when commits were read to the end and the heads of their topics are known")
  func becomesReady() throws {
    var world = try AgentWorld.watching(["g"])
    world.tick()
    #expect(!world.agent.isReady)
    world.answerTopics([:])
    try world.commit("g", offset: 5)
    world.answerHeads([])
    #expect(!world.agent.isReady, "the topic of the commit has no head yet")
    _ = world.take()
    world.reachEnd(3)
    #expect(world.take().topicLookUps == [["__consumer_offsets", "orders"]])
    world.answerTopics()
    #expect(
      world.take().headLookUps == [
        [
          HeadRequest(topic: "__consumer_offsets", partitions: [3]),
          HeadRequest(topic: "orders", partitions: [0]),
        ]
      ])
    world.answerHeads([("orders", 0, 9)])
    #expect(world.agent.isReady)
    #expect(world.take().logged.contains("ready: commits and log-end offsets were read"))
  }

  @Test("A long catch-up tells how far it is every ten seconds, and /readyz does at any time")
  func tellsProgress() throws {
    var world = try AgentWorld.watching(["g"])
    world.tick()
    world.answerTopics([:])
    world.send(
      .heads(
        cluster: 0, .highWatermark,
        .heads([.init(topic: "__consumer_offsets", partition: 3, offset: 1000)])))
    for offset in 0..<200 { try world.commit("g", offset: Int64(offset)) }
    var told: [LogRecord] = []
    for _ in 0..<25 {
      world.tick(seconds: 1)
      for case .log(let record) in world.take() where record.message == "catching up" {
        told.append(record)
      }
    }
    #expect(told.count == 2)
    let fields = told.first?.fields ?? []
    #expect(fields.contains(LogRecord.Field(name: "left", value: .number(800))))
    #expect(fields.contains(LogRecord.Field(name: "per-second", value: .number(20))))
    #expect(fields.contains(LogRecord.Field(name: "seconds-left", value: .number(40))))
    #expect(world.status.recordsLeft == 800)
    #expect(
      world.report("g")?.reason
        == "__consumer_offsets has not been read to its end yet, about 800 records are left")
  }

  @Test("The record that completes the catch-up makes the agent ready, for its probe and others")
  func readyAtLastRecord() throws {
    var world = try AgentWorld.watching(["g"])
    world.tick()
    world.answerTopics([:])
    let end = HeadsReply.Head(topic: "__consumer_offsets", partition: 3, offset: 2)
    world.send(.heads(cluster: 0, .highWatermark, .heads([end])))
    try world.commit("g", offset: 5)
    world.tick(seconds: 10)
    world.answerTopics()
    let head = HeadsReply.Head(topic: "orders", partition: 0, offset: 9)
    world.send(.heads(cluster: 0, .highWatermark, .heads([end, head])))
    #expect(!world.agent.isReady && !world.status.isReady && !world.status.areCommitsRead)
    _ = world.take()
    try world.commit("g", offset: 6)
    #expect(world.agent.isReady && world.status.isReady && world.status.areCommitsRead)
    world.tick(seconds: 1)
    #expect(world.take().logged.contains("ready: commits and log-end offsets were read"))
  }

  @Test("A group that never committed makes the agent ready all the same")
  func readyWithoutCommits() throws {
    var world = try AgentWorld.watching(["g"])
    world.tick()
    world.answerTopics([:])
    world.reachEnd(3)
    world.answerHeads([])
    #expect(world.agent.isReady)
    #expect(world.report("g")?.verdict == .unknown)
    #expect(world.report("g")?.reason == "no commit of this group is known")
  }

  @Test(
    "A broker that is not there is told once, asked again with pauses, and told when it is back")
  func brokerComesLater() throws {
    var world = try AgentWorld.watching(["g"])
    var lookUps = 0
    let fault = ClusterFault(kind: .unreachable, message: "all brokers are down")
    for _ in 0..<60 {
      world.tick(seconds: 1)
      if !world.effects.topicLookUps.isEmpty {
        lookUps += 1
        let told = world.take().logged
        #expect(told.filter { $0 == "cluster cannot be asked" }.isEmpty)
        world.send(.metadata(cluster: 0, .fault(fault)))
        let isFirst = lookUps == 1
        #expect(world.take().logged.contains("cluster cannot be asked") == isFirst)
      }
    }
    #expect((10...40).contains(lookUps), "\(lookUps) tries in 60 s")
    #expect(world.report("g")?.verdict == .unknown)
    #expect(world.report("g")?.reason == "cluster local: all brokers are down")
    #expect(world.report("g")?.source == "__consumer_offsets", "nobody knows which partition")
    world.tick(seconds: 6)
    world.answerTopics([:])
    #expect(world.take().logged.contains("cluster answers again"))
  }

  @Test("An offsets topic that does not exist yet is waited for")
  func offsetsTopicComesLater() throws {
    var world = try AgentWorld.watching(["g"])
    world.tick()
    let fault = ClusterFault(kind: .unknownTopic, message: "unknown topic")
    world.send(
      .metadata(
        cluster: 0,
        .topics([.init(name: "__consumer_offsets", partitionCount: nil, fault: fault)])))
    #expect(world.take().reads.isEmpty)
    #expect(world.report("g")?.reason.contains("does not exist yet") == true)
    world.tick(seconds: 2)
    world.answerTopics([:])
    #expect(world.take().reads == [[3]])
  }

  @Test("At most one look-up of a kind is under way, and a stuck one gets a new thread")
  func replacesStuckWorker() throws {
    var world = try AgentWorld.watching(["g"])
    world.tick()
    #expect(world.take().topicLookUps.count == 1)
    for _ in 0..<30 { world.tick(seconds: 1) }
    #expect(world.take().topicLookUps.isEmpty)
    world.tick(seconds: 1)
    let effects = world.take()
    #expect(effects.contains(.replaceWorker(cluster: 0)))
    #expect(effects.topicLookUps.count == 1)
  }

  @Test("Heads are asked for at wall-clock multiples of offset-refresh")
  func headsAtMultiples() throws {
    var world = try AgentWorld.watching(["g"])
    try world.start(groups: ["g"])
    _ = world.take()
    var asked: [Int64] = []
    for _ in 0..<40 {
      world.tick(seconds: 1)
      if !world.take().headLookUps.isEmpty {
        asked.append(world.now.wallSeconds % 10)
        world.answerHeads([("orders", 0, 1)])
      }
    }
    #expect(asked == [0, 0, 0, 0])
  }

  @Test("A signal drains once")
  func drains() throws {
    var world = try AgentWorld.watching(["g"])
    world.send(.terminate(signal: "SIGTERM"))
    #expect(world.take().filter { $0 == .drain }.count == 1)
    world.send(.terminate(signal: "SIGTERM"))
    #expect(world.take().isEmpty)
  }
}
