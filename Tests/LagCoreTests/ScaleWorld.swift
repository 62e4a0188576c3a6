import LagCore
import SeededRandom

/// A group that consumes one topic, ten seconds by ten, and agents that watch it.
///
/// Each replica has one member and consumes up to `capacity` records a second of its partitions,
/// those with the largest lag first. Agents read the commits with a delay and the heads at the same
/// multiples of the clock, and each begins when it begins.
struct ScaleWorld {
  /// One agent's view.
  struct Agent {
    var store: OffsetStore
    var advisor = ScaleAdvisor()
    /// How many seconds late it reads commits.
    let delay: Int64
    var position = 0
  }

  /// A commit as the log holds it.
  private struct Commit {
    let partition: Int32
    let offset: Int64
    let time: Int64
    let order: Int64
  }

  var agents: [Agent] = []
  var parameters = ScaleParameters()
  var judgement = JudgementParameters(hold: 60)
  /// Records per second and partition that are produced, and that a replica can consume.
  var rates: [Double]
  var capacity: Double
  /// How often partitions are committed, in seconds; a multiple of a step.
  var commitInterval = ScaleWorld.stepLength
  /// By how much a second's production differs at random, as a share.
  var noise = 0.0
  /// Partitions that nobody can get on with.
  var stuck: Set<Int> = []
  /// Whether agents get to know heads.
  var samplesHeads = true
  var assignor: String? = "cooperative-sticky"
  /// The clock in seconds since 1970.
  private(set) var now: Int64
  private(set) var replicas = 0
  private(set) var heads: [Double]
  private(set) var positions: [Double]
  private var changedAt: Int64 = 0
  private var pausedUntil: Int64 = 0
  private var generation: Int32 = 0
  private var log: [Commit] = []
  private var random: SeededGenerator

  /// How much time passes at once, in seconds.
  static let stepLength: Int64 = 10
  static let start: Int64 = 1_700_000_000 / 60 * 60

  init(rates: [Double], capacity: Double, replicas: Int, seed: UInt64 = testSeed) {
    self.rates = rates
    self.capacity = capacity
    now = Self.start
    heads = rates.map { _ in 1000 }
    positions = heads
    random = SeededGenerator(seed: seed)
    setReplicas(replicas)
  }

  /// Lets an agent begin; it reads what stands in the log at once.
  mutating func addAgent(delay: Int64 = 0) {
    var agent = Agent(
      store: OffsetStore(
        limits: WindowLimits(), expireAfter: 7 * 86_400_000, seed: testSeed), delay: delay)
    _ = agent.store.addGroup(Array("g".utf8).span)
    agents.append(agent)
    read(agents.count - 1)
    tellMembers(agents.count - 1)
  }

  /// Gives the group another number of replicas, which takes a pause of a step.
  mutating func setReplicas(_ count: Int) {
    guard count != replicas else { return }
    replicas = count
    changedAt = now
    pausedUntil = now + 2 * Self.stepLength
    generation += 1
    for agent in agents.indices { tellMembers(agent) }
  }

  /// Moves each partition on without consuming anything.
  mutating func moveOffsets(by records: Double) {
    for partition in positions.indices {
      positions[partition] = min(positions[partition] + records, heads[partition])
    }
  }

  /// Tells all agents that a rebalance goes on, or that it is over.
  mutating func tell(_ state: GroupState) {
    for agent in agents.indices { tellMembers(agent, state) }
  }

  private mutating func tellMembers(_ agent: Int, _ state: GroupState = .stable) {
    let members = (0..<replicas).map { number in
      let partitions = rates.indices.filter { $0 % replicas == number }.map { Int32($0) }
      return GroupMember(
        memberID: "m\(number)", clientID: "app", host: "/10.0.0.\(number + 1)",
        assignment: [GroupMember.Assigned(topic: "t", partitions: partitions)])
    }
    agents[agent].store.setMembership(
      GroupMembership(
        state: members.isEmpty ? .empty : state, protocolKind: .classic, assignor: assignor,
        generation: generation, changedAt: changedAt * 1000, members: members), ofGroup: 0,
      now: now * 1000)
  }

  /// Lets seconds pass.
  mutating func run(seconds: Int64) {
    for _ in 0..<(seconds / Self.stepLength) { step() }
  }

  /// Lets minutes pass and calls `body` at the end of each.
  mutating func run(minutes: Int, _ body: (inout ScaleWorld) -> Void = { _ in }) {
    for _ in 0..<minutes {
      run(seconds: 60)
      body(&self)
    }
  }

  private mutating func step() {
    now += Self.stepLength
    for partition in rates.indices {
      let share = noise > 0 ? 1 + noise * (Double(random.below(2001)) / 1000 - 1) : 1
      heads[partition] += rates[partition] * share * Double(Self.stepLength)
    }
    if now >= pausedUntil { consume() }
    for partition in rates.indices
    where replicas > 0
      && (now / Self.stepLength + Int64(partition)) % (commitInterval / Self.stepLength) == 0
    {
      log.append(
        Commit(
          partition: Int32(partition), offset: Int64(positions[partition]),
          time: now * 1000 - Int64(random.below(10_000)), order: Int64(log.count)))
    }
    for agent in agents.indices { tick(agent) }
  }

  private mutating func consume() {
    for number in 0..<replicas {
      let own = rates.indices.filter { $0 % replicas == number && !stuck.contains($0) }
      var room = capacity * Double(Self.stepLength)
      while room > 0.001 {
        let waiting = own.filter { heads[$0] - positions[$0] > 0.001 }
        guard !waiting.isEmpty else { break }
        let share = room / Double(waiting.count)
        for partition in waiting {
          let taken = min(share, heads[partition] - positions[partition])
          positions[partition] += taken
          room -= taken
        }
      }
    }
  }

  // MARK: Agents

  private mutating func read(_ agent: Int) {
    let until = (now - agents[agent].delay) * 1000
    while agents[agent].position < log.count, log[agents[agent].position].time <= until {
      let commit = log[agents[agent].position]
      agents[agent].position += 1
      _ = agents[agent].store.record(
        group: 0, topic: Array("t".utf8).span, partition: commit.partition, offset: commit.offset,
        timestamp: commit.time, order: commit.order, now: now * 1000)
    }
  }

  private mutating func tick(_ agent: Int) {
    read(agent)
    if samplesHeads, let topic = agents[agent].store.topic(named: Array("t".utf8).span) {
      agents[agent].store.setPartitionCount(rates.count, ofTopic: topic)
      for partition in rates.indices {
        agents[agent].store.recordHead(
          Int64(heads[partition]), topic: topic, partition: Int32(partition), now: now * 1000)
      }
    }
    _ = agents[agent].store.judge(group: 0, nowSeconds: now, parameters: judgement)
    guard let minute = agents[agent].advisor.dueMinute(now: now * 1000),
      let seen = agents[agent].store.observeScale(
        group: 0, minute: minute,
        history: agents[agent].advisor.minutes(at: minute, parameters: parameters),
        nowSeconds: now, headInterval: 10_000, parameters: judgement)
    else { return }
    agents[agent].advisor.observe(seen, parameters: parameters)
  }

  func hint(_ agent: Int = 0) -> Result<ScaleHint, ScaleDoubt> {
    agents[agent].advisor.hint(nowSeconds: now, parameters: parameters)
  }

  func desired(_ agent: Int = 0) -> Int? { try? hint(agent).get().desired }

  func reason(_ agent: Int = 0) -> ScaleReason? { try? hint(agent).get().reason }

  func doubt(_ agent: Int = 0) -> ScaleDoubt? {
    if case .failure(let doubt) = hint(agent) { doubt } else { nil }
  }
}
