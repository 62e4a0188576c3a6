import LagCore
import SeededRandom

/// A world of one group: brokers, consumers, pods, kubelet and agents, in steps of five seconds.
///
/// It has no thread and no clock; the same seed makes the same world. The agents' stores and
/// decisions are the real ones. Two of them that saw the same log share a store.
package struct World {
  let plan: WorldPlan
  let policy: Policy
  let guards: LivenessGuards
  var random: SeededGenerator
  /// Seconds since the world began.
  var time = 0
  var partitions: [SimulatedPartition] = []
  /// The last commits of each partition, oldest first.
  var logs: [[SimulatedCommit]] = []
  /// All members that ever were; their places are their names.
  var members: [SimulatedMember] = []
  var pods: [SimulatedPod] = []
  var stores = [SimulatedStore()]
  var nextEvent = 0
  var nextInstance = 1

  // The group.
  var generation: Int32 = 0
  var needsRebalance = false
  var rebalanceSince: Int?
  var rebalancedAt = 0
  var order: Int64 = 0

  // What befell the world, until when.
  var outageUntil = 0
  var outageSince = 0
  var outageCrashes = false
  var coordinatorDownUntil = 0
  var brokersDownUntil = 0
  var slowUntil = 0
  var stoppedUntil = 0
  var resetBy: Int64?
  /// When something common was wrong, and since when nothing is any more.
  var troubles: [ClosedRange<Int>] = []
  var troubleEndedAt = 0
  /// Since when brokers are down.
  var troubleBeganAt = 0
  var rollout: Rollout?
  /// When poisoned partitions are mended, and when they were.
  var poisonEnds: [Int: Int] = [:]
  var mendedAt: [Int: Int] = [:]
  /// Restarts because of records that nobody can process, by partition.
  var poisonRestarts: [Int: [(offset: Int64, time: Int)]] = [:]
  var lastOutageRestart: Int?
  /// When not everybody got on last.
  var unrestAt = 0
  /// When any partition progressed last.
  var progressedAt = 0

  package var tally = Tally()
  package var violations: [Violation] = []
  /// What happened, for whoever replays a seed; nil unless asked for.
  package let story: Story?

  /// Seconds of a step.
  static let step = 5
  /// The wall clock when the world began, in milliseconds since 1970.
  static let start: Int64 = 1_700_000_000_000
  /// The name of the topic.
  private static let topic = Array("t".utf8)

  struct Rollout {
    /// The pods that are still to be replaced.
    var left: [Int]
    var waitsFor: Int?
    var since = 0
  }

  /// Creates the world of a plan.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - policy: what decides on liveness.
  ///   - guards: the guards that stand.
  ///   - tells: whether to keep a story.
  package init(
    _ plan: WorldPlan, policy: Policy = .vole, guards: LivenessGuards = .all, tells: Bool = false
  ) {
    self.plan = plan
    self.policy = policy
    self.guards = guards
    story = tells ? Story() : nil
    random = SeededGenerator(seed: plan.seed)
    for index in 0..<plan.partitions {
      var partition = SimulatedPartition()
      partition.rate = 20 + Double(random.below(200))
      if plan.traffic == .quiet, index > 0 {
        partition.rate = 1 / Double(90 + random.below(240))
      }
      if plan.traffic == .lone, index > 0 { partition.rate = 0 }
      partitions.append(partition)
      logs.append([])
    }
    for index in 0..<plan.pods { pods.append(newPod(index)) }
  }

  /// The wall clock in milliseconds since 1970, without anybody's error.
  var wall: Int64 { Self.start + Int64(time) * 1000 }

  /// See `WorldPlan.hold`.
  var hold: Int { plan.hold }

  mutating func violate(_ text: String) {
    story?.add(time, "VIOLATION \(text)")
    if violations.count < 3 {
      violations.append(Violation(seed: plan.seed, at: time, what: text))
    }
  }

  /// Lets the world run to its end, or to its first violation.
  package mutating func run() {
    while time < plan.length, violations.isEmpty || story != nil {
      time += Self.step
      befall()
      runContainers()
      runGroup()
      consume()
      sample()
      judge()
      adviseScale()
      runAgents()
      check()
    }
    for index in partitions.indices where partitions[index].hungBy >= 0 { countHang(index) }
    tally.hours = plan.length / 3600
  }

  // MARK: Brokers

  var isCoordinatorUp: Bool { time >= coordinatorDownUntil && time >= brokersDownUntil }
  var areBrokersUp: Bool { time >= brokersDownUntil }
  var isOutage: Bool { time < outageUntil }

  /// Writes records, and lets agents see the ends of the log.
  private mutating func sample() {
    for index in partitions.indices { partitions[index].written += partitions[index].rate * 5 }
    guard time % 10 == 0, areBrokersUp else { return }
    for slot in stores.indices where isRead(slot) {
      guard let topic = stores[slot].store.topic(named: Self.topic.span) else { continue }
      stores[slot].store.setPartitionCount(plan.partitions, ofTopic: topic)
      for index in partitions.indices where time >= partitions[index].leaderDownUntil {
        stores[slot].store.recordHead(
          partitions[index].head, topic: topic, partition: Int32(index),
          now: wall + stores[slot].clock)
      }
    }
  }

  mutating func commit(_ index: Int, _ offset: Int64) {
    order += 1
    if offset > partitions[index].committed {
      progressedAt = time
      partitions[index].progressedAt = time
    }
    partitions[index].committed = offset
    let commit = SimulatedCommit(offset: offset, time: wall, order: order)
    if logs[index].count == 10 { logs[index].removeFirst() }
    logs[index].append(commit)
    for slot in stores.indices where isRead(slot) {
      stores[slot].observeClock(at: wall)
      record(commit, of: index, in: slot)
    }
  }

  private mutating func record(_ commit: SimulatedCommit, of index: Int, in slot: Int) {
    _ = stores[slot].store.record(
      group: stores[slot].group, topic: Self.topic.span, partition: Int32(index),
      offset: commit.offset, timestamp: commit.time, order: commit.order,
      now: wall + stores[slot].clock)
  }

  /// Returns a store that has read what compaction left of the log.
  mutating func freshStore(clock: Int64) -> Int {
    stores.append(SimulatedStore(clock: clock))
    for index in partitions.indices {
      for commit in logs[index] { record(commit, of: index, in: stores.count - 1) }
    }
    writeMembership(to: stores.count - 1)
    return stores.count - 1
  }

  // MARK: Verdicts

  /// Whether anybody reads a store: some agent, or the checks, which go by the first.
  func isRead(_ slot: Int) -> Bool {
    slot == 0 || pods.contains { $0.agent.store == slot }
  }

  private mutating func judge() {
    for slot in stores.indices where isRead(slot) {
      // The agents have of it what they need: it is the timeout of all members.
      stores[slot].judge(
        at: wall + stores[slot].clock, hold: UInt32(plan.hold))
    }
  }
}
