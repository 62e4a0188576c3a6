import LagCore
import Testing

import Agent

/// When nothing can be said, and when something can be said again.
@Suite("Doubt")
struct DoubtTests {
  private static let broken = ClusterFault(kind: .other, message: "Fetch failed: Corrupt message")

  /// A world whose group commits once a second and keeps up.
  private func keepingUp() throws -> AgentWorld {
    var world = try AgentWorld.watching(["g"])
    try world.start(groups: ["g"])
    for offset in Int64(0)..<12 {
      world.advance(seconds: 1)
      try world.commit("g", offset: 100 + offset)
      world.reachEnd(3)
      world.send(.tick)
      world.answerHeads([("orders", 0, 100 + offset)])
    }
    return world
  }

  /// The cluster tells heads: the group's partition of the offsets topic ends further than was
  /// read.
  private func answer(_ world: inout AgentWorld, head: Int64) {
    world.send(
      .heads(
        cluster: 0, .highWatermark,
        .heads([
          .init(topic: "__consumer_offsets", partition: 3, offset: 1_000_000),
          .init(topic: "orders", partition: 0, offset: head),
        ])))
  }

  @Test("A verdict that was made over missing commits is not shown when they have come")
  func madeInDoubt() throws {
    var world = try keepingUp()
    #expect(world.report("g")?.verdict == .ok)
    // Heads move, commits cannot be read: that the consumer has stopped would be our mistake.
    for second in Int64(0)..<40 {
      world.tick(seconds: 1)
      answer(&world, head: 200 + second)
    }
    #expect(world.report("g")?.judgement.stop == 0)
    #expect(world.report("g")?.verdict == .unknown)
    // The consumer was well all the time, and what it committed is read between two ticks.
    try world.commit("g", offset: 239)
    world.send(
      .endOfPartition(
        cluster: 0, partition: 3, position: 1_000_100, highWatermark: 1_000_100))
    #expect(world.report("g")?.verdict == .unknown)
    world.tick(seconds: 1)
    #expect(world.report("g")?.verdict == .ok)
  }

  @Test("A fault of the partition is no doubt while it is proven that nothing is missing")
  func atRest() throws {
    var world = try keepingUp()
    world.send(.partitionFault(cluster: 0, partition: 3, Self.broken))
    world.tick(seconds: 1)
    #expect(world.report("g")?.verdict == .ok)
    #expect(world.take().logged.contains("commits cannot be read"))
    #expect(world.status.readingFault == Self.broken.message)
    // Once something stands there that was not read, the fault is the reason.
    for _ in 0..<40 {
      world.tick(seconds: 1)
      answer(&world, head: 111)
    }
    #expect(world.report("g")?.verdict == .unknown)
    #expect(
      world.report("g")?.reason == "__consumer_offsets: Fetch failed: Corrupt message")
    // A record that is read ends the fault, without an end of the partition.
    try world.commit("g", offset: 111)
    world.tick(seconds: 1)
    #expect(world.report("g")?.reason.contains("Corrupt message") == false)
    #expect(world.status.readingFault == nil)
  }
}
