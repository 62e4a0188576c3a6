import Agent
import Configuration
import LagCore
import SeededRandom
import Testing

/// Reloads of every kind among events of every kind: nothing may trap, and what is left at the end
/// is what the last configuration says.
@Suite("Reload: storms")
struct ReloadStormTests {
  private static let groups = ["a", "b", "c", "aa", "bb"]

  /// A configuration made of random parts.
  private func configuration(_ random: inout SeededGenerator) -> String {
    var text = ""
    var names = ["one", "two", "three"]
    names.removeLast(random.below(3))
    for name in names {
      text += "[cluster.\(name)]\nservers = [\"\(name):909\(random.below(3))\"]\n"
      text += "offset-refresh = \(1 + random.below(20))\n"
      for part in 0..<(random.below(3) + (name == "one" ? 1 : 0)) {
        text += "[consumer.\(name)\(part)]\ncluster = \"\(name)\"\n"
        text += random.pick([
          "groups = [\"a\"]\n", "groups = [\"a\", \"b\"]\n", "groups = [\"*\"]\n",
          "group-allowlist = \"^a\"\n", "group-allowlist = \".\"\ngroup-denylist = \"^b\"\n",
        ])
        text += random.pick([
          "", "", "source = \"offset-fetch\"\n", "source = \"offsets-topic\"\n",
          "lag-to = \"lso\"\n", "phantom-lag = true\n",
        ])
        // Consumers of one cluster share the topic.
        text += random.pick([
          "", "", "start-latest = true\n", "backfill = \"1h\"\n",
        ])
      }
    }
    text += "[storage.s]\nintervals = \(1 + random.below(6))\n"
    text += "expire-group = \(random.pick([60, 604_800]))\n"
    return text
  }

  private func fault(_ random: inout SeededGenerator) -> ClusterFault {
    ClusterFault(
      kind: random.pick([.unreachable, .authentication, .authorization, .unknownTopic, .other]),
      message: "trouble")
  }

  /// Something that may happen at any time, asked for or not.
  private func event(_ random: inout SeededGenerator, clusters: Int) -> AgentEvent {
    let cluster = random.below(clusters + 1)
    let partition = Int32(random.below(5)) - 1
    let group = random.pick(Self.groups)
    switch random.below(12) {
    case 0: return .metadata(cluster: cluster, .fault(fault(&random)))
    case 1:
      return .metadata(
        cluster: cluster,
        .topics([
          MetadataReply.TopicReply(
            name: "__consumer_offsets", partitionCount: random.pick([nil, 1, 3, 4]),
            fault: nil),
          MetadataReply.TopicReply(name: "orders", partitionCount: 2, fault: nil),
        ]))
    case 2:
      return .heads(
        cluster: cluster, random.pick([.highWatermark, .lastStableOffset]),
        .heads([
          HeadsReply.Head(
            topic: random.pick(["orders", "__consumer_offsets"]), partition: partition,
            offset: random.pick([nil, 0, 50]), start: random.pick([nil, 0, 60]))
        ]))
    case 3:
      return .endOfPartition(
        cluster: cluster, partition: partition, position: Int64(random.below(100)),
        highWatermark: random.pick([nil, 100]))
    case 4:
      return .endOfRereading(
        cluster: cluster, partition: partition, position: Int64(random.below(100)))
    case 5: return .partitionFault(cluster: cluster, partition: partition, fault(&random))
    case 6: return .rereadingFault(cluster: cluster, partition: partition, fault(&random))
    case 7:
      return .groupOffsets(
        cluster: cluster, group: group,
        random.oneIn(3)
          ? .fault(fault(&random))
          : .offsets([
            GroupOffsetsReply.Committed(
              topic: "orders", partition: 0, offset: Int64(random.below(50)))
          ]))
    case 8:
      return .groupDescription(cluster: cluster, group: group, .fault(fault(&random)))
    case 9: return .groupList(cluster: cluster, .groups(Self.groups, isComplete: true))
    case 10: return .clusterFault(cluster: cluster, fault(&random))
    default:
      return .offsetsByTime(
        cluster: cluster,
        .offsets([OffsetsByTimeReply.Place(partition: max(0, partition), offset: 3)]))
    }
  }

  @Test("Whatever is reloaded whenever, the agent lives and watches what it was told last")
  func storm() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed of the storm of reloads: \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<40 {
      var text = configuration(&random)
      var world = try AgentWorld(text, partitionCount: 3)
      for step in 0..<150 {
        switch random.below(10) {
        case 0:
          text = configuration(&random)
          try world.reload(text, because: random.pick([.files, .signal]))
        case 1..<4:
          let group = random.pick(Self.groups)
          if random.oneIn(4) {
            try world.tombstone(group, partition: Int32(random.below(2)))
          } else {
            try world.commit(
              group, partition: Int32(random.below(2)), offset: Int64(random.below(50)))
          }
        case 4:
          let partition = Int32(random.below(3))
          let count = world.journal[partition, default: []].count
          world.reread(partition, offsets: 0..<count)
        case 5: world.tick(seconds: Int64(random.below(40)))
        default:
          world.send(event(&random, clusters: world.agent.clusterNames.count))
        }
        if step % 8 == 0 { try check(world, text) }
        _ = world.take()
      }
    }
  }

  private func check(_ world: AgentWorld, _ text: String) throws {
    let settings = ClusterSettings.all(of: try AgentWorld.configuration(text))
    #expect(world.agent.clusterNames == settings.map(\.name))
    for report in world.agent.reports(now: world.now) {
      let cluster = settings.first { $0.name == report.cluster }
      let name = Array(report.group.utf8)
      #expect(cluster?.consumer(admitting: name.span).index != nil, "\(report.group)")
    }
    for group in Self.groups {
      let isWatched = settings.contains { cluster in
        cluster.consumer(admitting: Array(group.utf8).span).index != nil
      }
      for report in world.agent.reports(group: group, now: world.now) where !isWatched {
        #expect(report.verdict == .unknown)
      }
    }
    var routes = Routes(host: "vm", allowOrigin: nil)
    for path in ["/metrics", "/readyz", "/consumer/readyz", "/v3/kafka/one/consumer/a/lag"] {
      let request = RouteRequest(path: path, isVerbose: true)
      _ = routes.answer(request, agent: world.agent, now: world.now)
    }
  }
}
