import LagCore
import Testing

import Agent

/// An hour in which nothing, or not everything, can be had from the cluster.
@Suite("Long faults")
struct LongFaultTests {
  /// What goes wrong, and what the agent hears of it.
  enum Trouble: String, CaseIterable, Sendable {
    case silence
    case unreachable
    case authentication
    case authorization
    case other
    case leaderless
  }

  @Test("Commits that came while the brokers took long to tell log ends are of no deleted topic")
  func slowHeads() throws {
    var world = try AgentWorld.watching(["g"])
    try world.start(groups: ["g"])
    try world.commit("g", offset: 100)
    world.reachEnd(world.home("g"))
    world.answerTopics()
    world.answerHeads([("orders", 0, 100)])
    // Starts of logs are asked for once a minute; the answer takes four seconds, in which the
    // consumer commits what was produced after the question.
    _ = world.take()
    world.tick(seconds: 61)
    world.answerTopics()
    let asked = world.take().contains {
      if case .lookUpHeads(_, _, _, withStarts: true) = $0 { true } else { false }
    }
    #expect(asked)
    for offset in 101...104 {
      world.advance(seconds: 1)
      try world.commit("g", offset: Int64(offset))
    }
    world.advance(seconds: 1)
    world.send(
      .heads(
        cluster: 0, .highWatermark,
        .heads([HeadsReply.Head(topic: "orders", partition: 0, offset: 100, start: 0)])))
    #expect(world.status.trackedPartitions == 1)
    #expect(!world.take().logged.contains { $0.contains("created again") })
  }

  @Test(
    "An hour of trouble makes the verdict UNKNOWN, is told in few lines, and loses no window",
    arguments: Trouble.allCases, ["offsets-topic", "offset-fetch"])
  func anHour(trouble: Trouble, source: String) throws {
    var world = try AgentWorld.fetching(source: source)
    var offset: Int64 = 100
    try live(&world, source, seconds: 120, offset: &offset)
    #expect(world.report("g")?.verdict == .ok)
    let tracked = world.status.trackedPartitions
    #expect(tracked == 1)

    var logged: [String] = []
    for second in 0..<3600 {
      world.tick(seconds: 1)
      let asked = world.take()
      logged += asked.logged
      for effect in asked { answer(effect, with: trouble, &world) }
      if second > 60 { #expect(world.report("g")?.verdict == .unknown) }
    }
    #expect(world.status.trackedPartitions == tracked)
    // A stuck look-up is replaced, and told, every half minute; all else is told once.
    let few = logged.filter { !$0.contains("replaced") }
    #expect(few.count <= 8, "\(few)")

    try live(&world, source, seconds: 90, offset: &offset)
    #expect(world.report("g")?.verdict == .ok, "\(world.report("g")?.reason ?? "")")
  }

  private func answer(
    _ effect: AgentEffect, with trouble: Trouble, _ world: inout AgentWorld
  ) {
    let kind: ClusterFault.Kind
    switch trouble {
    case .silence: return
    case .unreachable: kind = .unreachable
    case .authentication: kind = .authentication
    case .authorization: kind = .authorization
    case .other: kind = .other
    case .leaderless:
      if case .lookUpHeads(_, let end, let requests, _) = effect {
        let heads = requests.flatMap { request in
          request.partitions.map {
            HeadsReply.Head(topic: request.topic, partition: $0, offset: nil)
          }
        }
        world.send(.heads(cluster: 0, end, .heads(heads)))
      } else if case .lookUpTopics = effect {
        world.answerTopics()
      }
      return
    }
    let fault = ClusterFault(kind: kind, message: trouble.rawValue)
    switch effect {
    case .lookUpTopics: world.send(.metadata(cluster: 0, .fault(fault)))
    case .lookUpHeads(_, let end, _, _): world.send(.heads(cluster: 0, end, .fault(fault)))
    case .fetchOffsets(_, let group, _, _):
      world.send(.groupOffsets(cluster: 0, group: group, .fault(fault)))
    case .describe(_, let group, _):
      world.send(.groupDescription(cluster: 0, group: group, .fault(fault)))
    default: break
    }
  }

  /// A healthy consumer that commits every 5 s, and a cluster that answers.
  private func live(
    _ world: inout AgentWorld, _ source: String, seconds: Int, offset: inout Int64
  ) throws {
    let home = world.home("g")
    for second in 0..<seconds {
      world.advance(seconds: 1)
      if second % 5 == 0 {
        offset += 10
        if source == "offsets-topic" {
          try world.commit("g", offset: offset)
          world.reachEnd(home)
        }
      }
      world.send(.tick)
      world.answerAll(head: offset, committed: offset, state: .stable, partitions: [0])
    }
  }
}
