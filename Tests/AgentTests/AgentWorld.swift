import Answers
import Configuration
import ConsumerOffsets
import LagCore
import Testing

import Agent

/// An agent with a virtual clock and a cluster that answers when the test says so.
struct AgentWorld {
  var agent: Agent
  var now = Moment(wall: 1_795_000_000_000, monotonic: 1_000_000)
  /// Everything that the agent wanted since the last look.
  var effects: [AgentEffect] = []
  /// What `answerAll` has taken.
  var kept: [AgentEffect] = []
  private var nextRecord: [Int32: Int64] = [:]
  /// Every record that was written, by partition of the offsets topic.
  var journal: [Int32: [(key: [UInt8], value: [UInt8]?)]] = [:]
  let partitionCount: Int32

  /// Starts an agent on a configuration file; the cluster's offsets topic has `partitionCount`.
  init(_ toml: String, partitionCount: Int32 = 50) throws {
    var sources = ConfigurationSources()
    sources.file = (name: "vole.toml", bytes: Array(toml.utf8))
    let configuration = try Configuration(sources)
    self.init(configuration, partitionCount: partitionCount)
  }

  init(_ configuration: Configuration, partitionCount: Int32 = 50) {
    agent = Agent(configuration, seed: 42, now: now)
    self.partitionCount = partitionCount
  }

  /// A world with one exact group and small windows.
  static func watching(
    _ groups: [String], intervals: Int = 3, more: String = ""
  ) throws -> AgentWorld {
    let names = groups.map { "\"\($0)\"" }.joined(separator: ", ")
    return try AgentWorld(
      """
      [cluster.local]
      servers = ["broker:9092"]
      offset-refresh = 10
      [consumer.local]
      cluster = "local"
      groups = [\(names)]
      [storage.default]
      intervals = \(intervals)
      \(more)
      """)
  }

  // MARK: The world's turn

  mutating func advance(seconds: Int64) {
    now.wall += seconds * 1000
    now.monotonic += seconds * 1000
  }

  mutating func send(_ event: AgentEvent) {
    effects += agent.handle(event, at: now)
  }

  mutating func tick(seconds: Int64 = 0) {
    advance(seconds: seconds)
    send(.tick)
  }

  /// Returns what the agent wanted since the last call.
  mutating func take() -> [AgentEffect] {
    defer { effects = [] }
    return effects
  }

  /// The partition of the offsets topic that a group lies in.
  func home(_ group: String) -> Int32 {
    OffsetsTopicPartitioner.partition(ofGroup: group, partitionCount: partitionCount) ?? -1
  }

  mutating func record(
    group: String, key: [UInt8], value: [UInt8]?, partition: Int32? = nil
  ) {
    let home = partition ?? home(group)
    let offset = nextRecord[home, default: 0]
    nextRecord[home] = offset + 1
    journal[home, default: []].append((key, value))
    let value = value
    if let value {
      agent.ingest(
        cluster: 0, partition: home, offset: offset, timestamp: now.wall, key: key.span,
        value: value.span, now: now)
    } else {
      agent.ingest(
        cluster: 0, partition: home, offset: offset, timestamp: now.wall, key: key.span,
        value: nil, now: now)
    }
    agent.settle(cluster: 0, now: now)
  }

  /// A broker's commit record, now.
  mutating func commit(
    _ group: String, topic: String = "orders", partition: Int32 = 0, offset: Int64
  ) throws {
    record(
      group: group,
      key: try RecordEncoder.offsetCommitKey(group: group, topic: topic, partition: partition),
      value: try RecordEncoder.offsetCommitValue(
        RecordEncoder.OffsetCommit(offset: offset, commitTimestamp: now.wall), .version3))
  }

  /// A broker's record of who is in a group, written when a rebalance has ended, now.
  mutating func members(
    _ group: String, generation: Int32, _ members: [String: [String: [Int32]]],
    subscription: [String] = ["orders"]
  ) throws {
    let written = try members.sorted { $0.key < $1.key }.map { name, assigned in
      RecordEncoder.Member(
        memberId: "\(name)-1", clientId: name, clientHost: "/10.0.0.1",
        subscription: try RecordEncoder.subscription(topics: subscription),
        assignment: try RecordEncoder.assignment(
          assigned.sorted { $0.key < $1.key }.map { (topic: $0.key, partitions: $0.value) }))
    }
    record(
      group: group, key: try RecordEncoder.groupMetadataKey(group: group),
      value: try RecordEncoder.groupMetadataValue(
        RecordEncoder.GroupMetadata(
          generation: generation, protocol: "range", leader: written.first?.memberId,
          currentStateTimestamp: now.wall, members: written)))
  }

  mutating func tombstone(_ group: String, topic: String = "orders", partition: Int32 = 0) throws {
    record(
      group: group,
      key: try RecordEncoder.offsetCommitKey(group: group, topic: topic, partition: partition),
      value: nil)
  }

  /// The cluster tells the partition counts of the offsets topic and of others.
  mutating func answerTopics(_ topics: [String: Int] = ["orders": 1]) {
    var replies = [
      MetadataReply.TopicReply(
        name: "__consumer_offsets", partitionCount: Int(partitionCount), fault: nil)
    ]
    for (name, count) in topics.sorted(by: { $0.key < $1.key }) {
      replies.append(MetadataReply.TopicReply(name: name, partitionCount: count, fault: nil))
    }
    send(.metadata(cluster: 0, .topics(replies)))
  }

  /// The cluster tells heads: those of the offsets topic as they stand, and the given ones.
  mutating func answerHeads(_ heads: [(topic: String, partition: Int32, offset: Int64?)]) {
    var replies = (0..<partitionCount).map {
      HeadsReply.Head(
        topic: "__consumer_offsets", partition: $0, offset: nextRecord[$0, default: 0])
    }
    replies += heads.map {
      HeadsReply.Head(topic: $0.topic, partition: $0.partition, offset: $0.offset)
    }
    send(.heads(cluster: 0, .highWatermark, .heads(replies)))
  }

  mutating func reachEnd(_ partition: Int32) {
    send(
      .endOfPartition(
        cluster: 0, partition: partition, position: nextRecord[partition, default: 0],
        highWatermark: nil))
  }

  /// Brings the agent to the point where everything that stood at the start has been read.
  mutating func start(groups: [String], head: Int64 = 100) throws {
    tick()
    answerTopics()
    for group in Set(groups.map { home($0) }) { reachEnd(group) }
    answerHeads([])
    tick(seconds: 1)
    answerTopics()
    answerHeads([("orders", 0, head)])
  }

  /// What the agent says of a group now.
  func report(_ group: String) -> GroupReport? {
    agent.reports(group: group, now: now).first
  }

  /// Where the reading of the cluster stands.
  var status: Agent.ClusterStatus { agent.clusterStatuses()[0] }
}

extension [AgentEffect] {
  /// The messages of the log lines among the effects.
  var logged: [String] {
    compactMap { if case .log(let record) = $0 { record.message } else { nil } }
  }

  /// The topics that are to be looked up.
  var topicLookUps: [[String]] {
    compactMap { if case .lookUpTopics(_, let topics) = $0 { topics } else { nil } }
  }

  /// The heads that are to be looked up.
  var headLookUps: [[HeadRequest]] {
    compactMap {
      if case .lookUpHeads(_, .highWatermark, let topics, _) = $0 { topics } else { nil }
    }
  }

  /// The partitions that are to be read.
  var reads: [[Int32]] {
    compactMap { if case .read(_, let partitions, _) = $0 { partitions } else { nil } }
  }
}
