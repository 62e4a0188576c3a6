import LagCore
import Testing

import Agent

/// `source = "auto"`: the topic first, and OffsetFetch where it may not be read or is withheld.
@Suite("Source auto")
struct FallbackTests {
  private static let denied = ClusterFault(
    kind: .authorization, message: "Topic authorization failed")

  @Test("A topic that may not be described is given up, told once")
  func metadataDenied() throws {
    var world = try AgentWorld.fetching(source: "auto")
    world.tick()
    #expect(world.take().topicLookUps == [["__consumer_offsets"]])
    world.send(
      .metadata(
        cluster: 0,
        .topics([.init(name: "__consumer_offsets", partitionCount: nil, fault: Self.denied)])))
    let effects = world.take()
    #expect(effects.fetched == ["g"])
    #expect(effects.logged == ["the offsets topic may not be read; commits are fetched instead"])
    world.answerOffsets([0: 100])
    for _ in 0..<3 {
      world.tick(seconds: 60)
      world.send(
        .metadata(
          cluster: 0,
          .topics([
            .init(name: "__consumer_offsets", partitionCount: nil, fault: Self.denied),
            .init(name: "orders", partitionCount: 1, fault: nil),
          ])))
    }
    #expect(
      !world.effects.logged.contains(
        "the offsets topic may not be read; commits are fetched instead"))
    world.answerAll(head: 100, committed: 100, state: .stable, partitions: [0])
    #expect(world.status.isReady)
    #expect(world.status.fallback == "Topic authorization failed")
    #expect(world.status.fallbacks == 1)
    #expect(world.report("g")?.source.hasPrefix("OffsetFetch, because __consumer_offsets") == true)
  }

  @Test("A topic that may not be read is given up while it is read, and its windows stay")
  func readDenied() throws {
    var world = try AgentWorld.fetching(source: "auto")
    try world.start(groups: ["g"])
    for offset in [90, 95, 100] as [Int64] {
      world.tick(seconds: 1)
      try world.commit("g", offset: offset)
    }
    _ = world.take()
    world.send(.partitionFault(cluster: 0, partition: world.home("g"), Self.denied))
    let effects = world.take()
    #expect(effects.contains(.stopReading(cluster: 0, partitions: [world.home("g")])))
    #expect(effects.fetched == ["g"])
    world.answerOffsets([0: 100])
    world.live(seconds: 45, head: 100, committed: 100, state: .stable, partitions: [0])
    let report = try #require(world.report("g"))
    #expect(report.verdict == .ok, "\(report.reason)")
    #expect(world.status.trackedPartitions == 1)
  }

  @Test("With source offsets-topic a refusal is told, and nothing is fetched")
  func onlyTopic() throws {
    var world = try AgentWorld.fetching(source: "offsets-topic")
    try world.start(groups: ["g"])
    _ = world.take()
    world.send(.partitionFault(cluster: 0, partition: world.home("g"), Self.denied))
    // What was read stands for as long as anything that is read.
    for _ in 0..<31 { world.tick(seconds: 1) }
    #expect(world.take().fetched.isEmpty)
    #expect(world.report("g")?.verdict == .unknown)
    #expect(world.report("g")?.doubt?.contains("Topic authorization failed") == true)
  }

  @Test("It is tried from time to time whether the topic may be read by now")
  func comesBack() throws {
    var world = try AgentWorld.fetching(source: "auto")
    try world.start(groups: ["g"])
    let home = world.home("g")
    world.send(.partitionFault(cluster: 0, partition: home, Self.denied))
    world.live(seconds: 599, head: 100, committed: 100, state: .stable, partitions: [0])
    #expect(!world.kept.contains(.read(cluster: 0, partitions: [home], from: .end)))
    // The first try is refused.
    world.live(seconds: 1, head: 100, committed: 100, state: .stable, partitions: [0])
    #expect(world.kept.contains(.read(cluster: 0, partitions: [home], from: .end)))
    world.send(.partitionFault(cluster: 0, partition: home, Self.denied))
    #expect(world.take().contains(.stopReading(cluster: 0, partitions: [home])))
    world.kept = []
    // The second is not.
    world.live(seconds: 600, head: 100, committed: 100, state: .stable, partitions: [0])
    #expect(world.kept.contains(.read(cluster: 0, partitions: [home], from: .end)))
    #expect(world.report("g")?.verdict == .ok)
    world.send(.endOfPartition(cluster: 0, partition: home, position: 0, highWatermark: nil))
    #expect(world.take().contains(.read(cluster: 0, partitions: [home], from: .beginning)))
    // What polls have seen stands until the records are read.
    world.tick(seconds: 1)
    #expect(world.report("g")?.judgement.partitions == 1)
    try world.commit("g", offset: 100)
    world.reachEnd(home)
    world.tick(seconds: 1)
    #expect(world.report("g")?.verdict == .ok)
    #expect(world.status.fallback == nil)
    #expect(world.status.groupsPolled == 0)
  }

  @Test("Where neither source is allowed, the topic is tried every minute")
  func bothRefused() throws {
    var world = try AgentWorld.fetching(source: "auto")
    try world.start(groups: ["g"])
    let home = world.home("g")
    world.send(.partitionFault(cluster: 0, partition: home, Self.denied))
    var tried = 0
    for _ in 0..<190 {
      world.tick(seconds: 1)
      for effect in world.take() {
        switch effect {
        case .lookUpTopics: world.answerTopics()
        case .fetchOffsets: world.failOffsets(.authorization)
        case .read(_, [home], from: .end):
          tried += 1
          world.send(.partitionFault(cluster: 0, partition: home, Self.denied))
        default: break
        }
      }
    }
    #expect(tried == 3)
    #expect(world.report("g")?.verdict == .unknown)
  }

  // MARK: An open transaction

  /// A world in which a transaction hangs in the group's partition for `seconds`.
  private func withheld(source: String, seconds: Int) throws -> AgentWorld {
    var world = try AgentWorld.fetching(source: source)
    try world.start(groups: ["g"])
    for offset in [90, 95, 100] as [Int64] {
      world.tick(seconds: 1)
      try world.commit("g", offset: offset)
    }
    let home = world.home("g")
    world.answerAll(head: 100, committed: 100, state: .stable, partitions: [0])
    world.reachEnd(home)
    try hang(&world, seconds: seconds)
    return world
  }

  /// Lets seconds pass in which the high watermark is 50 above the last stable offset.
  private func hang(_ world: inout AgentWorld, seconds: Int, head: Int64 = 100) throws {
    let home = world.home("g")
    for _ in 0..<seconds {
      world.tick(seconds: 1)
      for effect in world.take() {
        world.kept.append(effect)
        switch effect {
        case .lookUpTopics: world.answerTopics()
        case .lookUpHeads(_, let end, _, _):
          var heads = [
            HeadsReply.Head(
              topic: "__consumer_offsets", partition: home,
              offset: end == .highWatermark ? 53 : 3)
          ]
          if end == .highWatermark {
            heads.append(HeadsReply.Head(topic: "orders", partition: 0, offset: head))
          }
          world.send(.heads(cluster: 0, end, .heads(heads)))
        case .fetchOffsets: world.answerOffsets([0: 100])
        case .describe: world.answerDescription(.stable, partitions: [0])
        default: break
        }
      }
    }
  }

  @Test(
    "A hung transaction is noticed after 30 s, and the group is fetched",
    arguments: [
      "auto", "offsets-topic",
    ])
  func hungTransaction(source: String) throws {
    var world = try withheld(source: source, seconds: 25)
    #expect(world.status.withheldPartitions.isEmpty)
    #expect(world.report("g")?.verdict == .ok)
    try hang(&world, seconds: 40)
    #expect(world.status.withheldPartitions == [world.home("g")])
    #expect(world.status.withholdings == 1)
    #expect(world.kept.fetched.contains("g"))
    #expect(
      world.kept.logged.count {
        $0 == "an open transaction withholds commits; they are fetched"
      } == 1)
    #expect(world.report("g")?.verdict == .ok)
    #expect(world.report("g")?.source.contains("open transaction") == true)
    try hang(&world, seconds: 120)
    #expect(world.report("g")?.verdict == .ok)
    #expect(world.status.withholdings == 1)
  }

  @Test("Silence behind an open transaction is not the consumer's")
  func withheldSilence() throws {
    var world = try AgentWorld.fetching(source: "auto")
    try world.start(groups: ["g"])
    for offset in [80, 90, 100] as [Int64] {
      world.tick(seconds: 1)
      try world.commit("g", offset: offset)
    }
    world.live(seconds: 30, head: 100, committed: nil, state: nil)
    #expect(world.report("g")?.verdict == .ok)
    // Everything was read for half a minute, and there is more now; nobody knows what was
    // committed since.
    for _ in 0..<45 {
      try hang(&world, seconds: 1, head: 200)
      #expect(world.report("g")?.verdict != .error)
    }
  }

  @Test("Silence that is proven is the consumer's")
  func provenSilence() throws {
    var world = try AgentWorld.fetching(source: "auto")
    try world.start(groups: ["g"])
    for offset in [80, 90, 99] as [Int64] {
      world.tick(seconds: 1)
      try world.commit("g", offset: offset)
    }
    for _ in 0..<35 {
      world.tick(seconds: 1)
      world.answerAll(head: 200, committed: nil, state: nil)
    }
    #expect(world.report("g")?.judgement.stop == 1)
  }

  @Test("When the transaction ends the records count again, with their own times")
  func transactionEnds() throws {
    var world = try withheld(source: "auto", seconds: 80)
    #expect(!world.status.withheldPartitions.isEmpty)
    let before = world.now.wall
    try world.commit("g", offset: 100)
    #expect(world.status.withheldPartitions.isEmpty)
    world.tick(seconds: 1)
    world.reachEnd(world.home("g"))
    world.tick(seconds: 1)
    #expect(world.report("g")?.source == "__consumer_offsets-\(world.home("g"))")
    #expect(world.status.groupsPolled == 0)
    let evaluation = world.agent.evaluate(group: "g", cluster: "local", now: world.now)
    #expect(evaluation?.topics.first?.partitions.first?.end?.timestamp == before)
    #expect(world.report("g")?.verdict == .ok)
  }

  @Test("Where the group may not be described, it is UNKNOWN and the reason is said")
  func notBridged() throws {
    var world = try withheld(source: "auto", seconds: 25)
    for _ in 0..<60 {
      world.tick(seconds: 1)
      for effect in world.take() {
        switch effect {
        case .lookUpTopics: world.answerTopics()
        case .lookUpHeads(_, let end, _, _):
          world.send(
            .heads(
              cluster: 0, end,
              .heads([
                .init(
                  topic: "__consumer_offsets", partition: world.home("g"),
                  offset: end == .highWatermark ? 53 : 3),
                .init(topic: "orders", partition: 0, offset: 100),
              ])))
        case .fetchOffsets: world.failOffsets(.authorization, "Group authorization failed")
        default: break
        }
      }
    }
    #expect(world.report("g")?.verdict == .unknown)
    #expect(world.report("g")?.doubt?.contains("Group authorization failed") == true)
  }

  @Test("A transaction that was open at the start keeps nobody from being ready")
  func openAtStart() throws {
    var world = try AgentWorld.fetching(source: "auto")
    world.tick()
    world.answerTopics()
    let home = world.home("g")
    try world.commit("g", offset: 100)
    world.send(.endOfPartition(cluster: 0, partition: home, position: 1, highWatermark: nil))
    try hang(&world, seconds: 3)
    #expect(world.status.isReady)
  }
}
