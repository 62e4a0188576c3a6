import LagCore
import Testing

import Agent

/// Where reading begins, and which end lag is measured to.
@Suite("Start modes and log ends")
struct StartModeTests {
  private func world(_ consumer: String) throws -> AgentWorld {
    try AgentWorld.fetching("groups = [\"g\"]\n\(consumer)", source: "auto")
  }

  @Test("start-latest begins at the end")
  func startLatest() throws {
    var world = try world("start-latest = true")
    world.tick()
    world.answerTopics()
    #expect(
      world.take().contains(.read(cluster: 0, partitions: [world.home("g")], from: .end)))
  }

  @Test("start-latest with backfill-earliest begins at the beginning")
  func backfillEarliest() throws {
    var world = try world("start-latest = true\nbackfill-earliest = true")
    world.tick()
    world.answerTopics()
    #expect(
      world.take().contains(.read(cluster: 0, partitions: [world.home("g")], from: .beginning)))
  }

  @Test("backfill begins at a time, and what is older is fetched")
  func backfill() throws {
    var world = try world("backfill = \"1h\"")
    let home = world.home("g")
    let started = world.now.wall
    world.tick()
    world.answerTopics(["orders": 2])
    let time = started - 3_600_000
    #expect(world.take().contains(.lookUpOffsets(cluster: 0, partitions: [home], since: time)))
    world.send(
      .offsetsByTime(cluster: 0, .offsets([.init(partition: home, offset: 700)])))
    let effects = world.take()
    #expect(effects.contains(.read(cluster: 0, partitions: [home], from: .offsets([700]))))
    #expect(effects.fetched == ["g"])
    // Partition 0 was committed since, and is read; partition 1 was not.
    try world.commit("g", partition: 0, offset: 95)
    world.answerOffsets([0: 95, 1: 40])
    world.reachEnd(home)
    let evaluation = try #require(
      world.agent.evaluate(group: "g", cluster: "local", now: world.now))
    let partitions = try #require(evaluation.topics.first?.partitions)
    #expect(partitions.map(\.end?.offset) == [95, 40])
    #expect(partitions.map(\.end?.timestamp) == [started, time])
    #expect(world.status.groupsPolled == 0)
    // A record that is read is newer than what was filled in.
    try world.commit("g", partition: 1, offset: 41)
    let after = world.agent.evaluate(group: "g", cluster: "local", now: world.now)
    #expect(after?.topics.first?.partitions.map(\.end?.offset) == [95, 41])
  }

  @Test("A look-up of times that fails is tried again")
  func backfillFails() throws {
    var world = try world("backfill = \"1h\"")
    world.tick()
    world.answerTopics()
    _ = world.take()
    world.send(
      .offsetsByTime(cluster: 0, .fault(ClusterFault(kind: .unreachable, message: "gone"))))
    #expect(!world.take().contains { if case .lookUpOffsets = $0 { true } else { false } })
    for _ in 0..<6 { world.tick(seconds: 1) }
    #expect(world.take().contains { if case .lookUpOffsets = $0 { true } else { false } })
  }

  @Test("With lag-to lso, lag is measured to the last stable offset")
  func lastStableOffset() throws {
    var world = try world("lag-to = \"lso\"")
    let home = world.home("g")
    world.tick()
    world.answerTopics()
    try world.commit("g", offset: 37)
    world.reachEnd(home)
    for _ in 0..<12 {
      world.tick(seconds: 1)
      for effect in world.take() {
        switch effect {
        case .lookUpTopics: world.answerTopics()
        case .lookUpHeads(_, let end, let requests, _):
          if end == .lastStableOffset { #expect(requests.map(\.topic) == ["orders"]) }
          if end == .highWatermark { #expect(requests.map(\.topic) == ["__consumer_offsets"]) }
          world.send(
            .heads(
              cluster: 0, end,
              .heads(
                requests.flatMap { request in
                  request.partitions.map {
                    HeadsReply.Head(
                      topic: request.topic, partition: $0,
                      offset: request.topic == "orders" ? 37 : 1)
                  }
                })))
        default: break
        }
      }
    }
    #expect(world.status.isReady)
    #expect(world.report("g")?.verdict == .ok)
    #expect(world.report("g")?.judgement.totalLag == 0)
  }

  @Test("Log starts are looked at once a minute, and at once when a log has become shorter")
  func logStarts() throws {
    var world = try world("")
    try world.start(groups: ["g"])
    try world.commit("g", offset: 95)
    var starts: [Int64] = []
    var times = 0
    for second in 0..<100 {
      world.tick(seconds: 1)
      for effect in world.take() {
        guard case .lookUpHeads(_, _, _, let withStarts) = effect else {
          if case .lookUpTopics = effect { world.answerTopics() }
          continue
        }
        times += 1
        if withStarts { starts.append(Int64(second)) }
        world.answerHeads([("orders", 0, second < 75 ? 100 : 5)])
      }
    }
    #expect(times >= 9)
    #expect(starts.count == 3, "\(starts)")
    #expect((starts.last ?? 0) >= 75 && (starts.last ?? 99) <= 82, "\(starts)")
  }

  // MARK: Phantom lag

  @Test("A small lag that stands is searched, and counts as none where nothing can be read")
  func phantom() throws {
    var world = try world("phantom-lag = true")
    let home = world.home("g")
    try world.start(groups: ["g"])
    try owner(&world)
    for _ in 0..<3 {
      world.tick(seconds: 1)
      try world.commit("g", offset: 99)
    }
    let searches = live(&world, home: home, seconds: 90, reply: .nothingReadable)
    #expect(searches == [RecordSearch(topic: "orders", partition: 0, from: 99, to: 100)])
    #expect(world.report("g")?.verdict == .ok)
    #expect(world.report("g")?.judgement.totalLag == 0)
    #expect(world.report("g")?.judgement.phantom == 1)
  }

  @Test("A lag that can be read stands, and is searched once a minute at most")
  func trueLag() throws {
    var world = try world("phantom-lag = true")
    try world.start(groups: ["g"])
    try owner(&world)
    for _ in 0..<3 {
      world.tick(seconds: 1)
      try world.commit("g", offset: 99)
    }
    let searches = live(&world, home: world.home("g"), seconds: 300, reply: .readable)
    #expect(searches.count >= 3 && searches.count <= 5)
    #expect(world.report("g")?.judgement.totalLag == 1)
  }

  @Test("A refusal switches the search off for the topic, told once")
  func searchRefused() throws {
    var world = try world("phantom-lag = true")
    try world.start(groups: ["g"])
    try owner(&world)
    for _ in 0..<3 {
      world.tick(seconds: 1)
      try world.commit("g", offset: 99)
    }
    let searches = live(
      &world, home: world.home("g"), seconds: 400,
      reply: .fault(ClusterFault(kind: .authorization, message: "Topic authorization failed")))
    #expect(searches.count == 1)
    #expect(world.status.unsearchableTopics == 1)
  }

  @Test("Without phantom-lag nothing is searched")
  func switchedOff() throws {
    var world = try world("")
    try world.start(groups: ["g"])
    try owner(&world)
    for _ in 0..<3 {
      world.tick(seconds: 1)
      try world.commit("g", offset: 99)
    }
    #expect(
      live(&world, home: world.home("g"), seconds: 200, reply: .nothingReadable).isEmpty)
  }

  private func owner(_ world: inout AgentWorld) throws {
    try world.members("g", generation: 1, ["c": ["orders": [0]]])
  }

  private func live(
    _ world: inout AgentWorld, home: Int32, seconds: Int, reply: RecordSearchReply
  ) -> [RecordSearch] {
    var searches: [RecordSearch] = []
    for _ in 0..<seconds {
      world.tick(seconds: 1)
      for effect in world.take() {
        switch effect {
        case .lookUpTopics: world.answerTopics()
        case .lookUpHeads(_, .highWatermark, _, _): world.answerHeads([("orders", 0, 100)])
        case .searchRecords(_, let search):
          searches.append(search)
          world.send(.recordSearch(cluster: 0, search, reply))
        default: break
        }
      }
    }
    return searches
  }
}
