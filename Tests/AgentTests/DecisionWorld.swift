import Configuration
import ConsumerOffsets
import LagCore
import Testing

import Agent

/// An agent in the pod `orders-1` beside two others, each with a member that owns two partitions.
struct DecisionWorld {
  var world: AgentWorld
  /// Where each partition is committed.
  var positions: [Int64] = Array(repeating: 100, count: 6)
  /// Partitions that do not move.
  var stuck: Set<Int> = []
  private var generation: Int32 = 0
  /// How often each pod's container was replaced.
  private var incarnations = [0, 0, 0]

  /// An agent with a short hold.
  init(_ more: String = "", general: String = "", pod: String = "orders-1") throws {
    var sources = ConfigurationSources()
    let file = """
      [general]
      \(general)
      [cluster.local]
      servers = ["broker:9092"]
      offset-refresh = 1
      [consumer.local]
      groups = ["g"]
      [storage.default]
      intervals = 3
      [probe]
      hold = 10
      \(more)
      """
    sources.file = (name: "vole.toml", bytes: Array(file.utf8))
    sources.environment = ["POD_NAME": pod]
    world = AgentWorld(try Configuration(sources))
    world.tick()
    world.answerTopics(["orders": 6])
    world.reachEnd(world.home("g"))
    world.answerHeads([])
    try join()
    try run(seconds: 5)
  }

  /// Writes who is in the group: one member a pod, and a generation of its own.
  mutating func join() throws {
    generation += 1
    var members: [String: [String: [Int32]]] = [:]
    for pod in 0..<3 {
      members["orders-\(pod)-\(incarnations[pod])"] = [
        "orders": [Int32(pod * 2), Int32(pod * 2 + 1)]
      ]
    }
    try world.members("g", generation: generation, members)
  }

  /// Replaces the container of a pod, whose new member comes.
  mutating func restart(pod: Int) throws {
    incarnations[pod] += 1
    try join()
  }

  /// Lets seconds pass in which all partitions but the stuck ones move; describing is refused.
  mutating func run(seconds: Int) throws {
    for _ in 0..<seconds {
      world.advance(seconds: 1)
      for partition in 0..<6 {
        if !stuck.contains(partition) { positions[partition] += 10 }
        try world.commit("g", partition: Int32(partition), offset: positions[partition])
      }
      world.reachEnd(world.home("g"))
      world.send(.tick)
      while case let asked = world.take(), !asked.isEmpty {
        world.kept += asked
        for effect in asked { answer(effect) }
      }
    }
  }

  private mutating func answer(_ effect: AgentEffect) {
    switch effect {
    case .lookUpTopics: world.answerTopics(["orders": 6])
    case .lookUpHeads:
      world.answerHeads(
        positions.enumerated().map { place, position in
          (
            topic: "orders", partition: Int32(place),
            offset: position + (stuck.isEmpty ? 0 : 50)
          )
        })
    case .describe(_, let group, _):
      let fault = ClusterFault(kind: .authorization, message: "may not describe")
      world.send(.groupDescription(cluster: 0, group: group, .fault(fault)))
    default: break
    }
  }

  /// Asks a probe as kubelet does; returns whether it passes and its text.
  mutating func ask(_ probe: String, group: String? = nil) -> (code: UInt16, text: String) {
    var routes = Routes(host: "vm", allowOrigin: nil)
    let path = group.map { "/consumer/\($0)/\(probe)" } ?? "/consumer/\(probe)"
    let answered = routes.answer(
      RouteRequest(path: path), agent: world.agent, now: world.now)
    if let asked = answered.probe { world.effects += world.agent.asked(asked, at: world.now) }
    return (
      answered.response.status.code, String(decoding: answered.response.body, as: UTF8.self)
    )
  }

  /// What the log was told, those of the start included.
  var logged: [String] { (world.kept + world.effects).logged }
}
