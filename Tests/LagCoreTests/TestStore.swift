import LagCore
import Testing

/// A store with short words for the tests: names as text, times in seconds.
final class TestStore {
  var store: OffsetStore
  private var order: Int64 = 0

  /// A store that remembers an hour and knows no group.
  init(intervals: Int = 3, distance: Int64 = 0, expireAfter: Int64 = 3_600_000) {
    store = OffsetStore(
      limits: WindowLimits(intervals: intervals, minimumDistance: distance),
      expireAfter: expireAfter, seed: testSeed)
  }

  /// The index of a group, which is added when it is new.
  func group(_ name: String) -> Int { store.addGroup(Array(name.utf8).span) ?? -1 }

  func topic(_ name: String) -> Int? { store.topic(named: Array(name.utf8).span) }

  /// Commits an offset at a time; without an order it comes after the commits before it.
  @discardableResult
  func commit(
    _ group: String, _ topic: String, _ partition: Int32, _ offset: Int64, at seconds: Int64,
    order: Int64? = nil, id: UInt64? = nil, now: Int64? = nil
  ) -> OffsetStore.CommitOutcome {
    self.order += 1
    let index = self.group(group)
    return store.record(
      group: index, topic: Array(topic.utf8).span, partition: partition,
      offset: offset, timestamp: seconds * 1000, order: order ?? self.order,
      topicID: id.map { TopicID(high: $0, low: 7) }, now: (now ?? seconds) * 1000)
  }

  /// Commits an offset of partition 0 of topic t for group g.
  @discardableResult
  func commit(
    _ offset: Int64, at seconds: Int64, order: Int64? = nil, now: Int64? = nil
  ) -> OffsetStore.CommitOutcome {
    commit("g", "t", 0, offset, at: seconds, order: order, now: now)
  }

  /// Records a head; the topic must be known.
  func head(_ topic: String, _ partition: Int32, _ head: Int64, at seconds: Int64) {
    guard let index = self.topic(topic) else {
      Issue.record("\(topic) is not known")
      return
    }
    store.recordHead(head, topic: index, partition: partition, now: seconds * 1000)
  }

  func head(_ head: Int64, at seconds: Int64) { self.head("t", 0, head, at: seconds) }

  /// Records the log start of partition 0 of topic t; returns how many windows began anew.
  @discardableResult
  func start(_ start: Int64, at seconds: Int64) -> Int {
    guard let topic = topic("t") else {
      Issue.record("t is not known")
      return 0
    }
    return store.recordLogStart(start, topic: topic, partition: 0, now: seconds * 1000)
  }

  /// The evaluation of partition 0 of topic t for group g.
  func partition(
    at seconds: Int64, _ parameters: EvaluationParameters = EvaluationParameters()
  ) -> PartitionEvaluation? {
    evaluate("g", at: seconds, parameters)?.topics.first { $0.name == "t" }?.partitions.first
  }

  @discardableResult
  func tombstone(
    _ group: String = "g", _ topic: String = "t", _ partition: Int32 = 0
  ) -> Bool {
    let index = self.group(group)
    return store.removeOffset(
      group: index, topic: Array(topic.utf8).span, partition: partition)
  }

  /// Gives partitions to members, each with its own name for member id, client id and host.
  func own(
    _ group: String = "g", by owners: [(String, [(name: String, partitions: [Int32])])],
    now: Int64 = 0
  ) {
    let members = owners.map { name, topics in
      GroupMember(
        memberID: name, clientID: name, host: "/\(name)",
        assignment: topics.map {
          GroupMember.Assigned(topic: $0.name, partitions: $0.partitions)
        })
    }
    let index = self.group(group)
    store.setMembership(
      GroupMembership(state: members.isEmpty ? .empty : .stable, members: members),
      ofGroup: index, now: now)
  }

  func evaluate(
    _ group: String = "g", at seconds: Int64,
    _ parameters: EvaluationParameters = EvaluationParameters()
  ) -> GroupEvaluation? {
    let index = self.group(group)
    return store.evaluate(group: index, nowSeconds: seconds, parameters: parameters)
  }

  func judge(
    _ group: String = "g", at seconds: Int64,
    _ parameters: JudgementParameters = JudgementParameters()
  ) -> GroupJudgement {
    let index = self.group(group)
    return store.judge(group: index, nowSeconds: seconds, parameters: parameters)
  }
}

extension OffsetStore: CustomTestStringConvertible {
  package var testDescription: String { "store of \(trackedPartitions) partitions" }
}
