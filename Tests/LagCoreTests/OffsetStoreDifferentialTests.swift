import LagCore
import LagSimulation
import Testing

/// The store against dictionaries of rings, through long random lives.
@Suite("Offset store, at random")
struct OffsetStoreDifferentialTests {
  /// Both stores and the world that they watch.
  private struct World {
    var store: OffsetStore
    var reference: ReferenceStore
    var random: SeededGenerator
    var now: Int64 = 1_700_000_000_000
    var order: Int64 = 1000
    /// Where the consumers stand, by partition.
    var offsets: [String: Int64] = [:]
    var heads: [String: Int64] = [:]
    /// Statuses and verdicts that came up.
    var seen: Set<String> = []

    static let groups = ["billing", "orders", "x"]
    static let topics = ["events", "t", "payments", "z"]
    static let partitions: Int32 = 4

    init(seed: UInt64, intervals: Int, distance: Int64) {
      random = SeededGenerator(seed: seed)
      let expireAfter: Int64 = 600_000
      store = OffsetStore(
        limits: WindowLimits(intervals: intervals, minimumDistance: distance),
        expireAfter: expireAfter, seed: seed)
      reference = ReferenceStore(
        intervals: intervals, minimumDistance: distance, expireAfter: expireAfter)
      for group in Self.groups { _ = store.addGroup(Array(group.utf8).span) }
    }

    func index(_ group: String) -> Int { store.group(named: Array(group.utf8).span) ?? -1 }
  }

  @Test(
    "A long random life of groups, heads, owners, tombstones and expiry",
    arguments: [(1, Int64(0)), (2, 2000), (3, 0), (10, 0), (10, 5000)])
  func randomLife(intervals: Int, distance: Int64) {
    let seed = testSeed &+ UInt64(intervals) &+ UInt64(distance)
    var world = World(seed: seed, intervals: intervals, distance: distance)
    var comparison = Comparison("stores with windows of \(intervals), seed \(seed)")
    for step in 0..<3000 {
      let what = act(&world, &comparison)
      let place = "step \(step): \(what), seed \(seed)"
      let group = world.random.pick(World.groups)
      compare(group, &world, &comparison, place)
      comparison.expect(
        world.store.trackedPartitions, world.reference.trackedPartitions, place)
      comparison.expect(
        world.store.watchedTopics().map(\.name).sorted(), world.reference.watchedTopics, place)
    }
    comparison.conclude()
    // A window of one commit cannot go back, and has one lag.
    var expected: Set = ["OK", "STOP", "STALL", "NOTFOUND", "UNKNOWN", "ERR"]
    if intervals > 1 { expected.formUnion(["WARN", "REWIND"]) }
    #expect(world.seen.isSuperset(of: expected), "the world was too tame, seed \(seed)")
  }

  /// Does one random thing to both stores; returns what it was.
  private func act(_ world: inout World, _ comparison: inout Comparison) -> String {
    let group = world.random.pick(World.groups)
    let topic = world.random.pick(World.topics)
    let partition = Int32(world.random.below(Int(World.partitions)))
    let index = world.index(group)
    if world.random.oneIn(3) { world.now += Int64(world.random.below(4000)) }
    if world.random.oneIn(400) { world.now += 700_000 }
    switch world.random.below(100) {
    case 0..<62:
      return commit(group, topic, partition, &world, &comparison)
    case 62..<88:
      // Heads come for watched topics only.
      guard let known = world.store.watchedTopics().first(where: { $0.name == topic }) else {
        return "nothing"
      }
      let head = (world.heads["\(topic)-\(partition)"] ?? 500) + Int64(world.random.below(12)) - 1
      world.heads["\(topic)-\(partition)"] = head
      world.store.recordHead(head, topic: known.index, partition: partition, now: world.now)
      world.reference.recordHead(head, topic: topic, partition: partition)
      return "head \(head) of \(topic)-\(partition)"
    case 88..<90:
      guard let known = world.store.watchedTopics().first(where: { $0.name == topic }) else {
        return "nothing"
      }
      let count = world.random.below(7)
      world.store.setPartitionCount(count, ofTopic: known.index)
      world.reference.setPartitionCount(count, topic: topic)
      return "\(count) partitions of \(topic)"
    case 90..<94:
      return own(group, &world)
    case 94..<98:
      let found = world.store.removeOffset(
        group: index, topic: Array(topic.utf8).span, partition: partition)
      let expected = world.reference.removeOffset(
        group: group, topic: topic, partition: partition)
      comparison.expect(found, expected, "tombstone of \(group) \(topic)-\(partition)")
      return "tombstone of \(group) \(topic)-\(partition)"
    case 98:
      comparison.expect(
        world.store.expire(now: world.now), world.reference.expire(now: world.now), "expired")
      return "expiry"
    default:
      world.store.removeGroup(index)
      world.reference.removeGroup(group)
      return "removal of \(group)"
    }
  }

  private func commit(
    _ group: String, _ topic: String, _ partition: Int32, _ world: inout World,
    _ comparison: inout Comparison
  ) -> String {
    let place = "\(group) \(topic)-\(partition)"
    world.order += 1
    var offset = world.offsets[place] ?? 480
    switch world.random.below(20) {
    case 0..<10: offset += Int64(world.random.below(8))
    case 10: offset -= Int64(world.random.below(20))
    case 11: offset += world.random.oneIn(40) ? 1 << 40 : 0
    case 12: offset = world.heads["\(topic)-\(partition)"] ?? offset
    default: break
    }
    if offset > 1 << 41 { offset = 480 }
    world.offsets[place] = offset
    let order = world.random.oneIn(8) ? world.order - Int64(world.random.below(60)) : world.order
    let timestamp =
      world.now - (world.random.oneIn(8) ? Int64(world.random.below(30_000)) : 0)
      - (world.random.oneIn(200) ? 600_000 : 0)
    let outcome = world.store.record(
      group: world.index(group), topic: Array(topic.utf8).span, partition: partition,
      offset: offset, timestamp: timestamp, order: order, now: world.now)
    let fate = world.reference.record(
      group: group, topic: topic, partition: partition,
      RingCommit(
        order: order, offset: offset, timestamp: timestamp, observed: UInt32(world.now / 1000)),
      now: world.now)
    let what = "commit \(offset) of \(place), order \(order), time \(timestamp)"
    let expected: [OffsetStore.CommitOutcome] =
      switch fate {
      case nil: [.expired]
      case .appended?: [.placed(.appended)]
      case .merged?, .mergedBehind?: [.placed(.merged)]
      case .inserted?: [.placed(.inserted)]
      case .dropped?: [.placed(.duplicate), .placed(.tooOld)]
      }
    comparison.expect(expected.contains(outcome), true, "\(what): \(outcome)")
    return what
  }

  private func own(_ group: String, _ world: inout World) -> String {
    var assignments: [(owner: String, topic: String, partition: Int32)] = []
    for member in 0..<world.random.below(3) {
      for topic in World.topics where world.random.oneIn(2) {
        for partition in 0..<World.partitions where world.random.oneIn(3) {
          assignments.append(("m\(member)", topic, partition))
        }
      }
    }
    var members: [GroupMember] = []
    for assignment in assignments {
      members.append(
        GroupMember(
          memberID: assignment.owner, clientID: assignment.owner, host: "/h",
          assignment: [
            GroupMember.Assigned(topic: assignment.topic, partitions: [assignment.partition])
          ]))
    }
    world.store.setMembership(
      GroupMembership(state: .stable, members: members), ofGroup: world.index(group),
      now: world.now)
    world.reference.setOwners(assignments, group: group)
    return "owners of \(group)"
  }

  private func compare(
    _ group: String, _ world: inout World, _ comparison: inout Comparison, _ place: String
  ) {
    let index = world.index(group)
    let allowedLag = world.random.pick([0, 0, 3] as [UInt64])
    let minimumComplete = world.random.pick([0, 0.5, 1] as [Float])
    let needsTwoLags = world.random.oneIn(2)
    let now = world.now / 1000 + Int64(world.random.below(40)) - 3
    let found = world.store.evaluate(
      group: index, nowSeconds: now,
      parameters: EvaluationParameters(
        allowedLag: allowedLag, minimumComplete: minimumComplete,
        warningNeedsTwoLags: needsTwoLags))
    let expected = world.reference.evaluate(
      group, nowSeconds: now, allowedLag: allowedLag, minimumComplete: minimumComplete,
      needsTwoLags: needsTwoLags)
    comparison.expect(found.map(Self.answer), expected, "\(group) at \(now), \(place)")
    comparison.expect(
      world.store.lastCommit(group: index), world.reference.lastCommit(group), place)

    let judgement = world.store.judge(
      group: index, nowSeconds: now,
      parameters: JudgementParameters(
        allowedLag: allowedLag, minimumComplete: minimumComplete, hold: 20,
        warningNeedsTwoLags: needsTwoLags))
    let judged = world.reference.judge(
      group, nowSeconds: now, allowedLag: allowedLag, minimumComplete: minimumComplete, hold: 20,
      needsTwoLags: needsTwoLags)
    world.seen.insert(judged.verdict)
    world.seen.formUnion(judged.counts.keys)
    comparison.expect(Self.judgement(judgement), judged, "judged \(group) at \(now), \(place)")
  }

  private static func judgement(_ judgement: GroupJudgement) -> ReferenceStore.Judgement {
    let counts = [
      "OK": judgement.ok, "WARN": judgement.warning, "STOP": judgement.stop,
      "STALL": judgement.stall, "REWIND": judgement.rewind, "UNKNOWN": judgement.unknown,
    ].filter { $0.value > 0 }
    return ReferenceStore.Judgement(
      verdict: "\(judgement.verdict.name)", counts: counts, totalLag: judgement.totalLag)
  }

  private static func answer(_ group: GroupEvaluation) -> ReferenceStore.GroupAnswer {
    var answer = ReferenceStore.GroupAnswer()
    answer.status = "\(group.status.name)"
    answer.complete = group.complete
    answer.topics = group.topics.map(\.name)
    answer.partitions = group.topics.map { topic in
      topic.partitions.map { partition in
        ReferenceStore.PartitionAnswer(
          status: partition.status.reference, owner: partition.owner?.clientID,
          start: partition.start?.reference, end: partition.end?.reference,
          currentLag: partition.currentLag, complete: partition.complete)
      }
    }
    answer.partitionCount = group.partitionCount
    answer.maxLagTopic = group.maxLag.map { group.topics[$0.topic].name }
    answer.maxLagPartition = group.maxLag?.partition
    answer.totalLag = group.totalLag
    return answer
  }
}
