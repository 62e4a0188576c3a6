import LagCore
import LagSimulation
import SeededRandom
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
    /// The identifier that each topic has.
    var ids: [String: UInt64] = [:]
    var stable: Set<String> = []
    /// Whether log starts are told, and lags in which there is nothing to read.
    let hasCorrections: Bool
    var troubled: [TroubledPartition] = []
    /// Statuses, verdicts and flags that came up.
    var seen: Set<String> = []

    static let groups = ["billing", "orders", "x"]
    static let topics = ["events", "t", "payments", "z"]
    static let partitions: Int32 = 4

    init(seed: UInt64, intervals: Int, distance: Int64, hasCorrections: Bool) {
      self.hasCorrections = hasCorrections
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

    /// The index of a topic at one end, nil while it is not watched there.
    func topic(_ topic: String, isStable: Bool) -> Int? {
      store.watchedTopics().first {
        $0.name == topic && ($0.logEnd == .lastStableOffset) == isStable
      }?.index
    }
  }

  @Test(
    "A long random life of groups, ends of logs, members, tombstones and expiry",
    arguments: [(1, Int64(0)), (2, 2000), (3, 0), (10, 0), (10, 5000)], [true, false])
  func randomLife(_ window: (intervals: Int, distance: Int64), hasCorrections: Bool) {
    let (intervals, distance) = window
    let seed = testSeed &+ UInt64(intervals) &+ UInt64(distance)
    var world = World(
      seed: seed, intervals: intervals, distance: distance, hasCorrections: hasCorrections)
    var comparison = Comparison("stores with windows of \(intervals), seed \(seed)")
    for step in 0..<5000 {
      let what = act(&world, &comparison)
      let place = "step \(step): \(what), seed \(seed)"
      let group = world.random.pick(World.groups)
      compare(group, &world, &comparison, place)
      comparison.expect(
        world.store.trackedPartitions, world.reference.trackedPartitions, place)
      comparison.expect(
        world.store.watchedTopics().map { "\($0.name) \($0.logEnd == .lastStableOffset)" }.sorted(),
        world.reference.watchedTopics, place)
      if comparison.differences > 0 { break }
    }
    comparison.conclude()
    // A window of one commit cannot go back, and has one lag.
    var expected: Set = [
      "OK", "STOP", "STALL", "NOTFOUND", "UNKNOWN", "ERR", "old", "beyond", "unsubscribed",
      "recreated", "stale",
    ]
    if hasCorrections { expected.formUnion(["before", "phantom", "restarted"]) }
    if intervals > 1 { expected.formUnion(["WARN", "REWIND"]) }
    #expect(
      world.seen.isSuperset(of: expected),
      "the world was too tame: \(expected.subtracting(world.seen)), seed \(seed)")
  }

  /// Does one random thing to both stores; returns what it was.
  private func act(_ world: inout World, _ comparison: inout Comparison) -> String {
    let group = world.random.pick(World.groups)
    let topic = world.random.pick(World.topics)
    let partition = Int32(world.random.below(Int(World.partitions)))
    if world.random.oneIn(3) { world.now += Int64(world.random.below(4000)) }
    if world.random.oneIn(400) { world.now += Int64(world.random.pick([20_000, 700_000])) }
    switch world.random.below(200) {
    case 0..<118:
      return commit(group, topic, partition, &world, &comparison)
    case 118..<180:
      return sample(group, topic, partition, &world, &comparison)
    case 180..<188:
      return tell(group, &world)
    default:
      return leave(group, topic, partition, &world, &comparison)
    }
  }

  // MARK: Commits

  private func commit(
    _ group: String, _ topic: String, _ partition: Int32, _ world: inout World,
    _ comparison: inout Comparison
  ) -> String {
    let place = "\(group) \(topic)-\(partition)"
    world.order += 1
    if world.random.oneIn(150) {
      // Deleted and made anew.
      world.ids[topic, default: 1] += 1
      for partition in 0..<World.partitions {
        world.heads["\(topic)-\(partition)"] = 0
        for group in World.groups { world.offsets["\(group) \(topic)-\(partition)"] = 0 }
      }
    }
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
    var id: UInt64?
    if world.random.oneIn(2) { id = world.ids[topic, default: 1] }
    if world.random.oneIn(40) { id = max(1, world.ids[topic, default: 1] - 1) }
    let outcome = world.store.record(
      group: world.index(group), topic: Array(topic.utf8).span, partition: partition,
      offset: offset, timestamp: timestamp, order: order,
      topicID: id.map { TopicID(high: 7, low: $0) }, now: world.now)
    let recreations = world.store.recreations.count
    let fate = world.reference.record(
      group: group, topic: topic, partition: partition,
      RingCommit(
        order: order, offset: offset, timestamp: timestamp, observed: UInt32(world.now / 1000)),
      id: id, now: world.now)
    if recreations > 0 { world.seen.insert("recreated") }
    if fate == .ofDeletedTopic { world.seen.insert("stale") }
    let what = "commit \(offset) of \(place), order \(order), time \(timestamp), id \(id ?? 0)"
    let expected: [OffsetStore.CommitOutcome] =
      switch fate {
      case .expired: [.expired]
      case .ofDeletedTopic: [.ofDeletedTopic]
      case .placed(.appended): [.placed(.appended)]
      case .placed(.merged), .placed(.mergedBehind): [.placed(.merged)]
      case .placed(.inserted): [.placed(.inserted)]
      case .placed(.dropped): [.placed(.duplicate), .placed(.tooOld)]
      }
    comparison.expect(expected.contains(outcome), true, "\(what): \(outcome)")
    return what
  }

  // MARK: Ends of logs

  private func sample(
    _ group: String, _ topic: String, _ partition: Int32, _ world: inout World,
    _ comparison: inout Comparison
  ) -> String {
    let isStable = world.random.oneIn(3)
    // Ends come for watched topics only.
    guard let known = world.topic(topic, isStable: isStable) else { return "nothing" }
    let place = "\(topic)-\(partition)"
    let kind = world.random.below(16)
    // The last are heads.
    switch world.hasCorrections || kind == 0 ? kind : 15 {
    case 0:
      let count = world.random.below(7)
      world.store.setPartitionCount(count, ofTopic: known)
      world.reference.setPartitionCount(count, topic: topic, isStable: isStable)
      return "\(count) partitions of \(topic)"
    case 1, 2, 5, 6, 7:
      let head = world.heads[place] ?? 500
      let start = world.random.pick([0, 0, 0, 0, 0, head - 30, head - 5, head, head + 5])
      let restarted = world.store.recordLogStart(
        start, topic: known, partition: partition, now: world.now)
      let expected =
        start < 0
        ? 0 : world.reference.recordLogStart(start, topic: topic, partition: partition)
      comparison.expect(restarted, expected, "log start \(start) of \(place)")
      if restarted > 0 { world.seen.insert("restarted") }
      return "log start \(start) of \(place)"
    case 3, 4:
      let from = world.offsets["\(group) \(place)"] ?? 0
      let to = (world.heads[place] ?? 500) + Int64(world.random.below(4)) - 1
      if world.stable.contains(group) == isStable {
        world.store.setNothingReadable(
          group: world.index(group), topic: known, partition: partition, from: from, to: to)
        world.reference.setNothingReadable(
          group: group, topic: topic, partition: partition, from: from, to: to)
      }
      return "nothing in \(from)..<\(to) of \(group) \(place)"
    default:
      var head = max(0, (world.heads[place] ?? 500) + Int64(world.random.below(12)) - 1)
      if world.random.oneIn(40) { head = Int64(world.random.below(20)) }
      world.heads[place] = head
      let outcome = world.store.recordHead(
        head, topic: known, partition: partition, now: world.now)
      let fell = world.reference.recordHead(
        head, topic: topic, isStable: isStable, partition: partition, seconds: world.now / 1000)
      comparison.expect(outcome, fell ? .fellBack : .taken, "head \(head) of \(place)")
      return "head \(head) of \(place), stable \(isStable)"
    }
  }

  // MARK: Members

  private func tell(_ group: String, _ world: inout World) -> String {
    let states: [(String, GroupState)] = [
      ("stable", .stable), ("stable", .stable), ("stable", .stable), ("rebalancing", .rebalancing),
      ("empty", .empty), ("dead", .dead), ("unknown", .unknown),
    ]
    let (state, told) = world.random.pick(states)
    var members: [ReferenceStore.Member] = []
    for member in 0..<world.random.below(3) where state != "empty" && state != "dead" {
      var assignment: [String: [Int32]] = [:]
      for topic in World.topics where world.random.oneIn(2) {
        for partition in 0..<World.partitions where world.random.oneIn(3) {
          assignment[topic, default: []].append(partition)
        }
      }
      var subscription: [String]? = World.topics.filter { _ in world.random.oneIn(2) }
      if world.random.oneIn(12) { subscription = nil }
      members.append(
        ReferenceStore.Member(
          name: "m\(member)", subscription: subscription, assignment: assignment))
    }
    let changedAt = world.random.oneIn(2) ? 0 : world.now - Int64(world.random.below(900_000))
    world.reference.setMembership(
      ReferenceStore.Membership(state: state, members: members, changedAt: changedAt),
      group: group, now: world.now)
    world.store.setMembership(
      GroupMembership(
        state: told, changedAt: changedAt,
        members: members.map { member in
          GroupMember(
            memberID: member.name, clientID: member.name, host: "/h",
            subscription: member.subscription,
            assignment: member.assignment.sorted { $0.key < $1.key }.map {
              GroupMember.Assigned(topic: $0.key, partitions: $0.value)
            })
        }), ofGroup: world.index(group), now: world.now)
    return "members of \(group): \(state), \(members)"
  }

  // MARK: Leaving

  private func leave(
    _ group: String, _ topic: String, _ partition: Int32, _ world: inout World,
    _ comparison: inout Comparison
  ) -> String {
    let index = world.index(group)
    switch world.random.below(24) {
    case 0..<16:
      let found = world.store.removeOffset(
        group: index, topic: Array(topic.utf8).span, partition: partition)
      let expected = world.reference.removeOffset(
        group: group, topic: topic, partition: partition)
      comparison.expect(found, expected, "tombstone of \(group) \(topic)-\(partition)")
      return "tombstone of \(group) \(topic)-\(partition)"
    case 16..<20:
      comparison.expect(
        world.store.expire(now: world.now), world.reference.expire(now: world.now), "expired")
      return "expiry"
    case 20, 21:
      world.store.removeGroup(index)
      world.reference.removeGroup(group)
      return "removal of \(group)"
    case 22:
      let isStable = !world.stable.contains(group)
      if isStable { world.stable.insert(group) } else { world.stable.remove(group) }
      world.store.setLogEnd(
        isStable ? .lastStableOffset : .highWatermark, ofGroup: index, now: world.now)
      world.reference.setStable(isStable, group: group, now: world.now)
      return "\(group) measured to the stable end: \(isStable)"
    default:
      guard let known = world.topic(topic, isStable: false) else { return "nothing" }
      comparison.expect(
        world.store.removeTopic(known), world.reference.removeTopic(topic), "removed")
      return "removal of \(topic)"
    }
  }

  // MARK: Comparing

  private func compare(
    _ group: String, _ world: inout World, _ comparison: inout Comparison, _ place: String
  ) {
    let index = world.index(group)
    let question = ReferenceStore.Question(
      nowSeconds: world.now / 1000 + Int64(world.random.below(40)) - 3,
      allowedLag: world.random.pick([0, 0, 3]),
      minimumComplete: world.random.pick([0, 0.5, 1]), needsTwoLags: world.random.oneIn(2),
      isPlain: world.random.oneIn(4), skew: world.random.pick([0, 0, 7000, -9000]),
      staleAfter: world.random.pick([5, 60, 100_000]))
    let found = world.store.evaluate(
      group: index, nowSeconds: question.nowSeconds,
      parameters: EvaluationParameters(
        allowedLag: question.allowedLag, minimumComplete: question.minimumComplete,
        warningNeedsTwoLags: question.needsTwoLags, isPlain: question.isPlain,
        clockSkew: question.skew, staleAfter: UInt32(question.staleAfter)))
    let expected = world.reference.evaluate(group, question)
    comparison.expect(found.map(Self.answer), expected, "\(group), \(question), \(place)")
    comparison.expect(
      world.store.lastCommit(group: index), world.reference.lastCommit(group), place)
    comparison.expect(
      world.store.standingCommits(ofGroup: index).map { "\($0.topic)-\($0.partition) \($0.offset)" }
        .sorted(), world.reference.standingCommits(group), place)

    var judged = question
    judged.isPlain = false
    let judgement = world.store.judge(
      group: index, nowSeconds: question.nowSeconds,
      parameters: JudgementParameters(
        allowedLag: question.allowedLag, minimumComplete: question.minimumComplete, hold: 20,
        warningNeedsTwoLags: question.needsTwoLags, staleAfter: UInt32(question.staleAfter),
        clockSkew: question.skew), troubled: &world.troubled)
    let verdict = world.reference.judge(group, judged, hold: 20)
    world.seen.insert(verdict.verdict)
    world.seen.formUnion(verdict.counts.keys)
    comparison.expect(
      Self.judgement(judgement, world, index), verdict, "judged \(group), \(judged), \(place)")
  }

  private static func judgement(
    _ judgement: GroupJudgement, _ world: World, _ group: Int
  ) -> ReferenceStore.Judgement {
    var answer = ReferenceStore.Judgement(verdict: "\(judgement.verdict.name)")
    answer.counts = [
      "OK": judgement.ok, "WARN": judgement.warning, "STOP": judgement.stop,
      "STALL": judgement.stall, "REWIND": judgement.rewind, "UNKNOWN": judgement.unknown,
      "old": judgement.headOld, "before": judgement.beforeLogStart, "beyond": judgement.beyondEnd,
      "phantom": judgement.phantom, "unsubscribed": judgement.unsubscribed,
    ].filter { $0.value > 0 }
    answer.totalLag = judgement.totalLag
    answer.maxLag = judgement.maxLag
    answer.full = judgement.full
    if let worst = judgement.worst {
      answer.worst = [UInt64(GroupStatus(causedBy: worst.rule.status).rawValue), worst.lag]
    }
    answer.longestBehind = judgement.longestBehind.map { Int64($0.since) }
    let members = world.store.membership(ofGroup: group)?.members ?? []
    answer.troubled = world.troubled.map { one in
      ReferenceStore.Judgement.words(
        "\(world.store.topicName(one.topic))-\(one.partition)",
        one.isJudged ? "\(one.rule.status.name)" : "UNKNOWN",
        owner: one.member < 0 ? nil : members[one.member].memberID, offset: one.offset,
        lag: one.lag, since: Int64(one.behindSince))
    }.sorted()
    return answer
  }

  private static func answer(_ group: GroupEvaluation) -> ReferenceStore.GroupAnswer {
    var answer = ReferenceStore.GroupAnswer()
    answer.status = "\(group.status.name)"
    answer.complete = group.complete
    answer.topics = group.topics.map(\.name)
    answer.partitions = group.topics.map { $0.partitions.map(Self.answer) }
    answer.partitionCount = group.partitionCount
    answer.maxLagTopic = group.maxLag.map { group.topics[$0.topic].name }
    answer.maxLagPartition = group.maxLag?.partition
    answer.totalLag = group.totalLag
    return answer
  }

  private static func answer(
    _ partition: PartitionEvaluation
  ) -> ReferenceStore.PartitionAnswer {
    var answer = ReferenceStore.PartitionAnswer()
    answer.status = partition.status.reference
    answer.owner = partition.owner?.clientID
    answer.start = partition.start?.reference
    answer.end = partition.end?.reference
    answer.currentLag = partition.currentLag
    answer.complete = partition.complete
    answer.headAge = partition.headAge
    let names: [(PartitionFlags, String)] = [
      (.headOld, "old"), (.beyondEnd, "beyond"), (.beforeLogStart, "before"), (.phantom, "phantom"),
    ]
    for (flag, name) in names where partition.flags.contains(flag) { answer.flags.insert(name) }
    return answer
  }
}
