import ConsumerOffsets
import LagCore
import Testing

import Agent

@Suite("Verdicts: from records and heads to what the probes are told")
struct AgentVerdictTests {
  /// Commits once a second with the given offsets while the head moves by ten a second.
  private func run(
    _ world: inout AgentWorld, offsets: [Int64?], head: inout Int64
  ) throws {
    for offset in offsets {
      world.advance(seconds: 1)
      head += 10
      if let offset { try world.commit("g", offset: offset) }
      world.send(.tick)
      world.answerHeads([("orders", 0, head)])
    }
  }

  private func started() throws -> AgentWorld {
    var world = try AgentWorld.watching(["g"])
    try world.start(groups: ["g"])
    world.reachEnd(3)
    try world.commit("g", offset: 100)
    world.tick(seconds: 1)
    world.answerTopics()
    world.answerHeads([("orders", 0, 100)])
    return world
  }

  @Test("OK, then STALL while commits repeat, then OK when the consumer moves again")
  func stallsAndRecovers() throws {
    var world = try started()
    var head: Int64 = 100
    try run(&world, offsets: [110, 120, 130], head: &head)
    #expect(world.report("g")?.verdict == .ok)
    try run(&world, offsets: [130, 130, 130, 130, 130], head: &head)
    let report = world.report("g")
    #expect(report?.verdict == .error)
    #expect(report?.judgement.stall == 1)
    #expect(report?.reason.hasPrefix("1 of 1 partition STALL: orders-0 lag ") == true)
    try run(&world, offsets: [180, 190, 200, 210], head: &head)
    #expect(world.report("g")?.verdict == .ok)
  }

  @Test("STOP when nothing is committed any more while the head moves")
  func stops() throws {
    var world = try started()
    var head: Int64 = 100
    // A head that was reached keeps Burrow's rule from firing until it has left the history.
    try run(&world, offsets: [105, 115, 125], head: &head)
    try run(&world, offsets: [nil, nil, nil, nil, nil], head: &head)
    #expect(world.report("g")?.judgement.stop == 1)
    #expect(world.report("g")?.verdict == .error)
  }

  @Test("Inputs older than stale-after make the verdict UNKNOWN, whatever it was")
  func goesStale() throws {
    var world = try started()
    var head: Int64 = 100
    try run(&world, offsets: [105, 105, 105, 105], head: &head)
    #expect(world.report("g")?.verdict == .error)
    for _ in 0..<31 { world.tick(seconds: 1) }
    let report = world.report("g")
    #expect(report?.verdict == .unknown)
    #expect(report?.reason == "for 31 s it could not be proven that all commits were read")
    world.answerHeads([("orders", 0, head)])
    world.tick(seconds: 1)
    world.answerHeads([("orders", 0, head)])
    #expect(world.report("g")?.verdict == .error)
  }

  @Test("Commits that are withheld make the verdict UNKNOWN: the end is not reached")
  func withheldCommits() throws {
    var world = try started()
    for _ in 0..<32 {
      world.tick(seconds: 1)
      // The end of the group's partition moves, and no record comes.
      world.send(
        .heads(
          cluster: 0, .highWatermark,
          .heads([
            .init(topic: "__consumer_offsets", partition: 3, offset: 999),
            .init(topic: "orders", partition: 0, offset: 100),
          ])))
    }
    #expect(world.report("g")?.verdict == .unknown)
  }

  @Test("Heads that cannot be had make the verdict UNKNOWN")
  func headsGoStale() throws {
    var world = try started()
    for _ in 0..<32 {
      world.tick(seconds: 1)
      world.reachEnd(3)
    }
    #expect(world.report("g")?.verdict == .unknown)
    #expect(world.report("g")?.reason.hasPrefix("the log-end offsets are ") == true)
  }

  @Test("Heads of a part of the partitions do not end a trouble; the topics or all heads do")
  func partialHeads() throws {
    var world = try started()
    let fault = ClusterFault(kind: .unreachable, message: "all brokers are down")
    for isWhole in [false, true] {
      _ = world.take()
      world.tick(seconds: 10)
      world.send(.clusterFault(cluster: 0, fault))
      #expect(world.take().logged.contains("cluster cannot be asked"))
      world.answerHeads([("orders", 0, isWhole ? 100 : nil)])
      #expect(world.effects.logged.contains("cluster answers again") == isWhole)
      world.tick(seconds: 1)
      #expect(world.take().topicLookUps.isEmpty == isWhole)
      world.answerTopics()
      #expect(world.take().logged.contains("cluster answers again") == !isWhole)
    }
  }

  @Test("A tombstone takes the partition out of the verdict at once")
  func tombstone() throws {
    var world = try started()
    var head: Int64 = 100
    try run(&world, offsets: [105, 105, 105, 105], head: &head)
    #expect(world.report("g")?.verdict == .error)
    try world.tombstone("g")
    world.tick()
    #expect(world.report("g")?.verdict == .unknown)
    #expect(world.report("g")?.reason == "no commit of this group is known")
  }

  @Test("Owners come with the group's metadata and go with its tombstone; commits stay")
  func owners() throws {
    var world = try started()
    let assignment = try RecordEncoder.assignment([(topic: "orders", partitions: [0])])
    let member = RecordEncoder.Member(
      memberId: "m-1", clientId: "orders-app", clientHost: "/10.0.0.7",
      subscription: try RecordEncoder.subscription(topics: ["orders"]), assignment: assignment)
    let key = try RecordEncoder.groupMetadataKey(group: "g")
    let value = try RecordEncoder.groupMetadataValue(
      RecordEncoder.GroupMetadata(
        generation: 1, protocol: "range", leader: "m-1", currentStateTimestamp: 0,
        members: [member]))
    world.record(group: "g", key: key, value: value)
    let evaluation = world.agent.evaluate(group: "g", cluster: "local", now: world.now)
    let owner = evaluation?.topics.first?.partitions.first?.owner
    #expect(owner?.memberID == "m-1")
    #expect(owner?.clientID == "orders-app")
    #expect(owner?.host == "/10.0.0.7")
    #expect(owner?.address == "10.0.0.7")
    world.record(group: "g", key: key, value: nil)
    let after = world.agent.evaluate(group: "g", cluster: "local", now: world.now)
    #expect(after?.topics.first?.partitions.first?.owner == nil)
    #expect(after?.topics.first?.partitions.first?.end?.offset == 100)
  }

  @Test("Foreign groups leave nothing behind but a count")
  func foreignGroups() throws {
    var world = try started()
    let before = world.status.trackedPartitions
    for number in 0..<1000 {
      let key = try RecordEncoder.offsetCommitKey(
        group: "other-\(number)", topic: "orders", partition: 0)
      let value = try RecordEncoder.offsetCommitValue(
        RecordEncoder.OffsetCommit(offset: 1, commitTimestamp: world.now.wall), .version4)
      world.record(group: "other", key: key, value: value, partition: 3)
    }
    #expect(world.status.records.foreign == 1000)
    #expect(world.status.trackedPartitions == before)
    #expect(world.report("other-1") == nil)
  }

  @Test("Patterns let groups in by name, and the denylist keeps some out")
  func patterns() throws {
    var world = try AgentWorld(
      """
      [cluster.local]
      servers = ["broker:9092"]
      [consumer.local]
      cluster = "local"
      group-allowlist = "^team-"
      group-denylist = "-test$"
      """)
    for group in ["team-a", "team-a-test", "other", "team-a", "other"] {
      try world.commit(group, offset: 1)
    }
    #expect(world.report("team-a") != nil)
    #expect(world.report("team-a-test") == nil)
    #expect(world.report("other") == nil)
    #expect(world.status.records.foreign == 3)
  }

  @Test("Records that cannot be read are counted, told once a minute, and stop nothing")
  func malformedRecords() throws {
    var world = try started()
    _ = world.take()
    for _ in 0..<10 {
      world.record(group: "g", key: [0, 1, 0, 1, 0x67, 0, 9], value: [0, 3])
      world.record(
        group: "g",
        key: try RecordEncoder.offsetCommitKey(group: "g", topic: "orders", partition: 0),
        value: [0, 99, 1, 2, 3])
    }
    #expect(world.status.records.malformed == 10)
    #expect(world.status.records.unsupportedVersions == 10)
    var told = 0
    for _ in 0..<59 {
      world.tick(seconds: 1)
      world.record(group: "g", key: [0], value: nil)
      told += world.take().logged.filter { $0.contains("cannot be read") }.count
    }
    #expect(told == 1)
    try world.commit("g", offset: 123)
    let evaluation = world.agent.evaluate(group: "g", cluster: "local", now: world.now)
    #expect(evaluation?.topics.first?.partitions.first?.end?.offset == 123)
  }

  @Test("Old commits are forgotten after expire-group")
  func expiry() throws {
    var world = try AgentWorld.watching(["g"], more: "expire-group = 60")
    try world.start(groups: ["g"])
    try world.commit("g", offset: 1)
    #expect(world.status.trackedPartitions == 1)
    for _ in 0..<130 { world.tick(seconds: 1) }
    #expect(world.status.trackedPartitions == 0)
  }
}
