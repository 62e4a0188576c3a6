import Agent
import Foundation
import LagCore
import Testing

@Suite("Ingest of captured records of real brokers")
struct CaptureIngestTests {
  private struct Line {
    var partition: Int32
    var offset: Int64
    var key: [UInt8]
    var value: [UInt8]?
    var object: [String: Any]
  }

  /// What a read_committed consumer was handed by Kafka 4.3.1, in order of partition and offset.
  private func visibleLines() throws -> [Line] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
      .appendingPathComponent("ConsumerOffsetsTests/Fixtures/consumer_offsets_capture.jsonl")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { text in
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      guard let visible = object["visible_to"] as? String, visible.contains("read_committed"),
        let key = object["key"] as? String
      else { return nil }
      return Line(
        partition: Int32(object["partition"] as? Int ?? -1),
        offset: Int64(object["offset"] as? Int ?? -1), key: bytes(key),
        value: (object["value"] as? String).map { bytes($0) }, object: object)
    }
  }

  private func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
    }
  }

  private func world() throws -> AgentWorld {
    var world = try AgentWorld(
      """
      [cluster.local]
      servers = ["broker:9092"]
      [consumer.local]
      cluster = "local"
      groups = ["*"]
      """)
    world.now.wall = 1_795_180_000_000
    world.tick()
    world.answerTopics([:])
    return world
  }

  private func ingest(_ line: Line, _ world: inout AgentWorld) {
    if let value = line.value {
      world.agent.ingest(
        cluster: 0, partition: line.partition, offset: line.offset, timestamp: -1,
        key: line.key.span, value: value.span, now: world.now)
    } else {
      world.agent.ingest(
        cluster: 0, partition: line.partition, offset: line.offset, timestamp: -1,
        key: line.key.span, value: nil, now: world.now)
    }
    world.agent.settle(cluster: 0, now: world.now)
  }

  @Test("The newest offset of every group-partition is the one that stands")
  func standingOffsets() throws {
    var world = try world()
    var standing: [String: [String: [Int: Int64]]] = [:]
    let lines = try visibleLines()
    #expect(lines.count > 1000)
    for line in lines {
      ingest(line, &world)
      guard let type = line.object["key_type"] as? Int, type <= 1,
        let key = line.object["key_decoded"] as? [String: Any],
        let group = key["group"] as? String, let topic = key["topic"] as? String,
        let partition = key["partition"] as? Int
      else { continue }
      let value = line.object["value_decoded"] as? [String: Any]
      standing[group, default: [:]][topic, default: [:]][partition] =
        (value?["offset"] as? NSNumber)?.int64Value
    }
    var compared = 0
    for (group, topics) in standing {
      let evaluation = world.agent.evaluate(group: group, cluster: "local", now: world.now)
      for (topic, partitions) in topics {
        let found = evaluation?.topics.first { $0.name == topic }?.partitions ?? []
        for (partition, offset) in partitions {
          #expect(found[partition].end?.offset == offset, "\(group) \(topic)-\(partition)")
          compared += 1
        }
        let present = Set(found.filter { $0.end != nil }.map { Int($0.partition) })
        #expect(present == Set(partitions.keys), "\(group) \(topic)")
      }
    }
    #expect(compared == 193)
    let records = world.status.records
    #expect(records.malformed == 0)
    #expect(records.unsupportedVersions == 0)
    #expect(records.read == Int64(lines.count))
  }

  @Test("Owners are members of the generation that was read last, and nobody else")
  func owners() throws {
    var world = try world()
    var owned = 0
    for line in try visibleLines() {
      ingest(line, &world)
      guard line.object["key_type"] as? Int == 2,
        let key = line.object["key_decoded"] as? [String: Any], let group = key["group"] as? String
      else { continue }
      let value = line.object["value_decoded"] as? [String: Any]
      let members = (value?["members"] as? [[String: Any]] ?? []).map {
        PartitionOwner(
          GroupMember(
            memberID: $0["memberId"] as? String ?? "", clientID: $0["clientId"] as? String ?? "",
            host: $0["clientHost"] as? String ?? "",
            groupInstanceID: $0["groupInstanceId"] as? String))
      }
      let evaluation = world.agent.evaluate(group: group, cluster: "local", now: world.now)
      let owners = evaluation?.topics.flatMap(\.partitions).compactMap(\.owner) ?? []
      owned += owners.count
      #expect(owners.allSatisfy { members.contains($0) }, "\(group)")
    }
    #expect(owned > 100)
  }

  @Test("A partition that nobody reads is of no consequence", arguments: [-1, 50, Int32.min, .max])
  func strangePartition(partition: Int32) throws {
    var world = try world()
    let line = try #require(try visibleLines().first)
    world.agent.ingest(
      cluster: 0, partition: partition, offset: .max, timestamp: -1, key: line.key.span,
      value: nil, now: world.now)
    world.reachEnd(partition)
    world.tick(seconds: 1)
    #expect(world.status.records.read == 1)
    #expect(world.status.partitionsRead == 0)
  }

  @Test("Damaged records never stop the agent, whatever is damaged")
  func damaged() throws {
    var world = try world()
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: .min ... .max, using: &random)
    var state = seed
    func next() -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(truncatingIfNeeded: state >> 33)
    }
    for var line in try visibleLines() {
      for _ in 0..<5 {
        if next() % 2 == 0, !line.key.isEmpty {
          line.key[next() % line.key.count] = UInt8(truncatingIfNeeded: next())
        }
        if let value = line.value, !value.isEmpty {
          line.value?[next() % value.count] = UInt8(truncatingIfNeeded: next())
          if next() % 4 == 0 { line.value = Array(value.prefix(next() % value.count)) }
        }
        ingest(line, &world)
      }
    }
    world.tick(seconds: 1)
    world.tick(seconds: 1)
    let records = world.status.records
    #expect(records.malformed > 0, "seed \(seed)")
    for report in world.agent.reports(now: world.now) {
      _ = world.agent.evaluate(group: report.group, cluster: "local", now: world.now)
    }
  }
}
