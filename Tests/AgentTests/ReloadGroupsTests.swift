import Agent
import Answers
import Configuration
import LagCore
import SeededRandom
import Testing

/// A configuration of one cluster whose consumer has these keys.
private func file(_ consumer: String, more: String = "") -> String {
  """
  [cluster.local]
  servers = ["broker:9092"]
  offset-refresh = 10
  [consumer.local]
  \(consumer)
  [storage.default]
  intervals = 3
  \(more)
  """
}

private let onlyA = "groups = [\"a\"]"
private let both = "groups = [\"a\", \"b\"]"

@Suite("Reload: groups come and go")
struct ReloadGroupsTests {
  /// A world of one partition of the offsets topic in which `a` commits the same offset over and
  /// over, below a moving head, and `b` commits that head.
  private func world(_ consumer: String = onlyA, turns: Int = 5) throws -> AgentWorld {
    var world = try AgentWorld(file(consumer), partitionCount: 1)
    try world.start(groups: ["a"])
    for _ in 0..<turns { try turn(&world) }
    _ = world.take()
    return world
  }

  /// A second of that.
  private func turn(_ world: inout AgentWorld) throws {
    world.advance(seconds: 1)
    let head = 100 + (world.now.wall - 1_795_000_000_000) / 1000
    try world.commit("a", offset: 1)
    try world.commit("b", offset: head)
    world.reachEnd(0)
    world.tick()
    world.answerTopics()
    world.answerHeads([("orders", 0, head)])
  }

  @Test("A group that is added is read from the beginning, and those that stay lose nothing")
  func grows() throws {
    var world = try world()
    #expect(world.report("a")?.verdict == .error)
    #expect(world.report("b") == nil)

    try world.reload(file(both))
    var effects = world.take()
    #expect(effects.rereads == [[0]])
    #expect(effects.reads.isEmpty && effects.stops.isEmpty)
    #expect(
      effects.lines.contains(
        "configuration changed change=consumer.local.groups: [\"a\"] -> [\"a\", \"b\"]"))
    #expect(world.report("a")?.verdict == .error)
    #expect(
      world.report("b")?.reason == "this group was added by a reload, and __consumer_offsets has "
        + "not been read to its end for it yet, about 10 records are left")
    #expect(world.agent.isReady)

    // Much time passes; the first reader goes on, so the group that stays is judged all along.
    for _ in 5..<64 {
      try turn(&world)
      #expect(world.report("a")?.verdict == .error)
      #expect(world.report("b")?.verdict == .unknown)
    }
    world.reread(0, offsets: 0..<60)
    #expect(world.report("b")?.verdict == .unknown)
    _ = world.take()
    world.reread(0, offsets: 60..<128)
    effects = world.take()
    #expect(effects.endedRereads == [0])
    #expect(effects.lines.contains("commits of added groups were read cluster=local records=128"))

    // From here the first reader brings the records of both.
    try turn(&world)
    #expect(world.report("a")?.verdict == .error)
    #expect(world.report("b")?.verdict == .ok)
    #expect(world.report("b")?.judgement.totalLag == 0)
    #expect(world.report("b")?.commitsAge == 0)
  }

  @Test("What is read again does not bring back what a group that stays has given up")
  func keepsTombstones() throws {
    var world = try world()
    try world.commit("a", partition: 1, offset: 7)
    try world.tombstone("a", partition: 1)
    world.reachEnd(0)
    try world.reload(file(both))
    world.reread(0, offsets: 0..<11)
    #expect(world.report("a")?.judgement.partitions == 1)
    #expect(world.report("a")?.judgement.stall == 1)
  }

  @Test("A tombstone of an added group that is read meanwhile stays one")
  func keepsNewTombstones() throws {
    var world = try world()
    try world.reload(file(both))
    try world.tombstone("b")
    world.reachEnd(0)
    world.rereadAll(0)
    #expect(world.agent.evaluate(group: "b", cluster: "local", now: world.now) == nil)
  }

  @Test("A group that is removed is forgotten, answers UNKNOWN, and comes back as a new one")
  func shrinks() throws {
    var world = try world(both)
    #expect(world.report("b")?.verdict == .ok)
    try world.reload(file("groups = [\"b\"]"))
    #expect(world.take().stops.isEmpty)
    #expect(world.report("a")?.verdict == .unknown)
    #expect(world.report("a")?.reason == "this group was removed by a reload")
    #expect(world.agent.evaluate(group: "a", cluster: "local", now: world.now) == nil)
    #expect(world.agent.reports(now: world.now).map(\.group) == ["b"])
    #expect(world.report("b")?.verdict == .ok)
    try turn(&world)
    #expect(world.report("a")?.verdict == .unknown)
    #expect(world.take().lines.allSatisfy { !$0.contains("group=a") })

    try world.reload(file(both))
    #expect(world.take().rereads == [[0]])
    #expect(world.report("a")?.verdict == .unknown)
    world.rereadAll(0)
    try turn(&world)
    #expect(world.report("a")?.verdict == .error)
  }

  @Test("Partitions are read and left as groups need them")
  func partitions() throws {
    var world = try AgentWorld(file(onlyA))
    try world.start(groups: ["a"])
    _ = world.take()
    #expect(world.home("a") != world.home("b"))
    try world.reload(file(both))
    var effects = world.take()
    #expect(effects.reads == [[world.home("b")]])
    #expect(effects.rereads.isEmpty)
    world.reachEnd(world.home("b"))

    try world.reload(file("groups = [\"b\"]"))
    effects = world.take()
    #expect(effects.stops == [[world.home("a")]])
    #expect(effects.reads.isEmpty && effects.rereads.isEmpty)
    #expect(world.status.partitionsNeeded == 1)
  }

  @Test("With start-latest what is added counts from now on")
  func startLatest() throws {
    var world = try world(onlyA + "\nstart-latest = true")
    try world.reload(file(both + "\nstart-latest = true"))
    #expect(world.take().rereads.isEmpty)
    try turn(&world)
    #expect(world.report("b")?.verdict == .ok)

    var wide = try AgentWorld(file(onlyA + "\nstart-latest = true"))
    try wide.start(groups: ["a"])
    _ = wide.take()
    try wide.reload(file(both + "\nstart-latest = true"))
    #expect(
      wide.take().contains(
        .read(cluster: 0, partitions: [wide.home("b")], from: .end)))
  }

  @Test("A pattern that admits more has every partition read again for those that it adds")
  func pattern() throws {
    var world = try world("group-allowlist = \"^a\"")
    try world.reload(file("group-allowlist = \"^[ab]\"\ngroup-denylist = \"^bad\""))
    #expect(world.take().rereads == [[0]])
    #expect(world.report("b") == nil)
    // Known first by the record that was just written, counted when the second reader comes to it.
    try turn(&world)
    #expect(world.report("b")?.verdict == .unknown)
    try world.commit("bad", offset: 1)
    world.reachEnd(0)
    world.rereadAll(0)
    try turn(&world)
    #expect(world.report("b")?.verdict == .ok)
    #expect(world.report("a")?.verdict == .error)
    #expect(world.report("bad") == nil)

    // Nothing more is admitted: nothing is read again, and what is not admitted is forgotten.
    _ = world.take()
    try world.reload(
      file("group-allowlist = \"^[ab]\"\ngroup-denylist = \"^bad\"\nlag-to = \"lso\""))
    #expect(world.take().rereads.isEmpty)
    try world.reload(file("group-allowlist = \"^b\""))
    #expect(world.report("a")?.reason == "this group was removed by a reload")
    #expect(world.report("b")?.verdict != .notFound)
  }

  @Test("A second reload while partitions are read again begins with them anew")
  func twice() throws {
    var world = try world()
    try world.reload(file(both))
    world.reread(0, offsets: 0..<4)
    _ = world.take()
    try world.reload(file("groups = [\"a\", \"b\", \"c\"]"))
    #expect(world.take().rereads == [[0]])
    #expect(world.report("a")?.verdict == .error)
    world.rereadAll(0)
    try turn(&world)
    #expect(world.report("b")?.verdict == .ok)
    #expect(world.report("c")?.reason == "no commit of this group is known")

    // The group that waits is removed: nobody waits any more.
    try world.reload(file("groups = [\"a\", \"b\", \"c\", \"d\"]"))
    #expect(world.take().rereads == [[0]])
    try world.reload(file(both))
    #expect(world.take().endedRereads == [0])
    #expect(world.report("b")?.verdict == .ok)
  }

  @Test("A partition that cannot be read again says why, once")
  func fault() throws {
    var world = try world()
    try world.reload(file(both))
    let fault = ClusterFault(kind: .unreachable, message: "down")
    _ = world.take()
    for _ in 0..<3 { world.send(.rereadingFault(cluster: 0, partition: 0, fault)) }
    #expect(world.take().logged == ["commits of added groups cannot be read"])
    #expect(world.report("b")?.reason == "__consumer_offsets: down")
    #expect(world.report("a")?.verdict == .error)
    world.rereadAll(0)
    try turn(&world)
    #expect(world.report("b")?.verdict == .ok)
  }

  @Test("A refusal of the topic while it is read again turns all groups to OffsetFetch")
  func refusal() throws {
    var world = try world()
    try world.reload(file(both))
    _ = world.take()
    world.send(
      .partitionFault(
        cluster: 0, partition: 0, ClusterFault(kind: .authorization, message: "denied")))
    world.tick(seconds: 1)
    let effects = world.take()
    #expect(effects.endedRereads == [0])
    #expect(Set(effects.fetched) == ["a", "b"])
  }

  @Test("A group can move from OffsetFetch to the topic, and back")
  func sources() throws {
    let fetched = "[consumer.fetched]\ngroups = [\"b\"]\nsource = \"offset-fetch\""
    var world = try world(onlyA)
    try world.reload(file(onlyA, more: fetched))
    #expect(world.take().fetched == ["b"])
    #expect(world.report("b")?.source == "OffsetFetch")

    try world.reload(file(both))
    #expect(world.take().rereads == [[0]])
    world.rereadAll(0)
    try turn(&world)
    #expect(world.report("b")?.verdict == .ok)
    #expect(world.report("b")?.source == "__consumer_offsets-0")

    _ = world.take()
    try world.reload(file(onlyA, more: fetched))
    #expect(world.take().fetched == ["b"])
    #expect(world.report("a")?.verdict == .error)
  }

  @Test("Who is in an added group is known when it has been read")
  func members() throws {
    var world = try world()
    try world.members("b", generation: 3, ["c": ["orders": [0]]])
    world.reachEnd(0)
    try world.reload(file(both))
    world.rereadAll(0)
    try turn(&world)
    #expect(world.report("b")?.members?.hasPrefix("1, stable, generation 3") == true)
  }

  // MARK: Held against an agent that watched all groups from the start

  @Test("Whatever comes in between, an added group ends as if it had always been watched")
  func differential() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededGenerator(seed: seed)
    for round in 0..<60 {
      var grown = try AgentWorld(file("groups = [\"g0\"]"), partitionCount: 1)
      var whole = try AgentWorld(
        file("groups = [\"g0\", \"g1\", \"g2\"]"), partitionCount: 1)
      try grown.start(groups: ["g0"])
      try whole.start(groups: ["g0"])
      var isReloaded = false
      var isHandedOver = false
      var reread = 0
      for _ in 0..<Int.random(in: 20...60, using: &random) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0 where !isReloaded:
          isReloaded = true
          try grown.reload(file("groups = [\"g0\", \"g1\", \"g2\"]"))
          isHandedOver = grown.take().rereads.isEmpty
        case 1..<4 where isReloaded && !isHandedOver:
          let count = grown.journal[0, default: []].count
          let next = min(count, reread + Int.random(in: 1...10, using: &random))
          grown.reread(0, offsets: reread..<next)
          reread = next
          if next == count {
            grown.send(.endOfRereading(cluster: 0, partition: 0, position: Int64(count)))
          }
          isHandedOver = !grown.take().endedRereads.isEmpty
        default:
          let group = "g\(Int.random(in: 0..<3, using: &random))"
          let partition = Int32.random(in: 0..<2, using: &random)
          let offset = Int64.random(in: 0..<50, using: &random)
          let isTombstone = Int.random(in: 0..<5, using: &random) == 0
          try write(&grown, group, partition, isTombstone ? nil : offset)
          try write(&whole, group, partition, isTombstone ? nil : offset)
        }
      }
      if isReloaded, !isHandedOver { grown.rereadAll(0) }
      if !isReloaded { continue }
      for group in ["g0", "g1", "g2"] {
        #expect(
          windows(grown, group) == windows(whole, group), "seed \(seed), round \(round), \(group)")
      }
    }
  }

  /// What stands of a group: the oldest and newest commit of each window, and how full it is.
  ///
  /// Partitions in which nothing stands are listed as far as any was ever seen; that may differ.
  private func windows(_ world: AgentWorld, _ group: String) -> [String] {
    let evaluation = world.agent.evaluate(group: group, cluster: "local", now: world.now)
    return (evaluation?.topics ?? []).flatMap { topic in
      topic.partitions.filter { $0.end != nil }.map {
        "\(topic.name)-\($0.partition) \($0.start?.order ?? -1) \($0.start?.offset ?? -1) "
          + "\($0.end?.order ?? -1) \($0.end?.offset ?? -1) \($0.complete)"
      }
    }
  }

  private func write(
    _ world: inout AgentWorld, _ group: String, _ partition: Int32, _ offset: Int64?
  ) throws {
    world.advance(seconds: 1)
    if let offset {
      try world.commit(group, partition: partition, offset: offset)
    } else {
      try world.tombstone(group, partition: partition)
    }
    world.reachEnd(0)
  }
}
