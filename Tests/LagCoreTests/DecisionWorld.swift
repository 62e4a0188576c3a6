import LagCore

/// A group of pods that is decided on once a second, for the tests: pod i has the address 10.0.0.i
/// and the name orders-i, and the agent is that of pod 1.
final class DecisionWorld {
  /// One partition of topic t.
  struct Partition {
    var committed: Int64 = 0
    var head: Int64 = 0
    /// Whether its consumer processes, and whether it commits.
    var processes = true
    var commits = true
    /// Whether anything is written to it.
    var isWritten = true
  }

  var store = OffsetStore(
    limits: WindowLimits(intervals: 10, minimumDistance: 0), expireAfter: 7 * 86_400_000,
    seed: testSeed)
  var decisions: Decisions
  var parameters: ProbeParameters
  var now = DecisionTime(wall: 1_700_000_000_000, monotonic: 1_000_000)
  var partitions: [Partition]
  /// The owner of each partition, as the index of its member.
  var owners: [Int]
  var members: [GroupMember] = []
  var generation: Int32 = 0
  var isDoubtful = false
  var isUnreachable = false
  var skew: Int64 = 0
  /// How the coordinator answers; nil does not.
  var stability: StabilityAnswer? = .state(.stable)
  var commitEvery = 5
  private(set) var endings: [PodGovernor.Ending] = []
  private(set) var questions = 0
  let group: Int
  let number: Int
  private var order: Int64 = 0
  private var second = 0

  /// Pods with one member each, `perPod` partitions for each.
  init(
    pods: Int = 4, perPod: Int = 1, identity: PodIdentity = PodIdentity(address: "10.0.0.1"),
    _ parameters: ProbeParameters = ProbeParameters(), setUp: (inout Decisions) -> Void = { _ in }
  ) {
    self.parameters = parameters
    decisions = Decisions(identity: identity)
    setUp(&decisions)
    group = store.addGroup(Array("g".utf8).span) ?? -1
    number = decisions.add(group: "g", cluster: "c", parameters)
    partitions = Array(repeating: Partition(), count: pods * perPod)
    owners = (0..<pods * perPod).map { $0 / perPod }
    members = (0..<pods).map { Self.member($0 + 1) }
    rebalance()
  }

  static func member(_ pod: Int, _ name: String = "a", clientID: String = "consumer-1")
    -> GroupMember
  {
    GroupMember(
      memberID: "\(name)-\(pod)", clientID: clientID, host: "/10.0.0.\(pod)",
      rebalanceTimeout: 300_000, subscription: ["t"], assignment: [])
  }

  /// Writes who owns what.
  func rebalance(_ kind: GroupProtocol = .classic) {
    generation += 1
    for (number, _) in members.enumerated() {
      let mine = owners.indices.filter { owners[$0] == number }.map { Int32($0) }
      members[number].assignment =
        mine.isEmpty ? [] : [GroupMember.Assigned(topic: "t", partitions: mine)]
    }
    store.setMembership(
      GroupMembership(
        state: members.isEmpty ? .empty : .stable, protocolKind: kind, generation: generation,
        changedAt: now.wall - skew, members: members),
      ofGroup: group, now: now.wall)
  }

  /// Replaces the member of a pod by a new one that owns the same.
  func replace(_ member: Int, _ name: String) {
    members[member].memberID = name
    rebalance()
  }

  /// Lets seconds pass; liveness is asked every ten seconds if probes are on.
  func run(_ seconds: Int, probes: Bool = false) {
    for _ in 0..<seconds {
      step()
      if probes, second % 10 == 0 { _ = decisions.answerLiveness(now: now) }
    }
  }

  /// Lets seconds pass until a condition holds; returns how many, nil when it never did.
  func run(atMost seconds: Int, probes: Bool = false, until condition: () -> Bool) -> Int? {
    for passed in 0...seconds {
      if condition() { return passed }
      run(1, probes: probes)
    }
    return nil
  }

  private func step() {
    second += 1
    now.wall += 1000
    now.monotonic += 1000
    for index in partitions.indices {
      if partitions[index].isWritten { partitions[index].head += 10 }
      let isOwned = members.indices.contains(owners[index])
      if isOwned, second % commitEvery == index % commitEvery {
        if partitions[index].processes { partitions[index].committed = partitions[index].head }
        if partitions[index].commits { commit(index) }
      }
    }
    if second % 10 == 0, let topic = store.topic(named: Array("t".utf8).span) {
      for (index, partition) in partitions.enumerated() {
        store.recordHead(partition.head, topic: topic, partition: Int32(index), now: now.wall)
      }
    }
    decide()
  }

  func commit(_ index: Int) {
    order += 1
    _ = store.record(
      group: group, topic: Array("t".utf8).span, partition: Int32(index),
      offset: partitions[index].committed, timestamp: now.wall - skew, order: order, now: now.wall)
  }

  func decide() {
    var judging = JudgementParameters()
    judging.hold = UInt32(parameters.hold(of: store.membership(ofGroup: group)) / 1000)
    judging.clockSkew = skew
    var troubled: [TroubledPartition] = []
    let judgement = store.judge(
      group: group, nowSeconds: now.wallSeconds, parameters: judging, troubled: &troubled)
    let view = GroupView(
      group: group, judgement: judgement, troubled: troubled, isDoubtful: isDoubtful,
      isUnreachable: isUnreachable, clockSkew: skew)
    if let ending = decisions.decide(number, store, view, now: now) { endings.append(ending) }
    for asked in decisions.descriptionsDue {
      questions += 1
      if let stability { decisions.described(asked, stability, now: now) }
    }
    if let ending = decisions.settle(now: now) { endings.append(ending) }
  }

  /// Asks liveness, as kubelet does; returns whether it passes.
  func ask() -> Bool { decisions.answerLiveness(now: now) }

  /// Whether the agent is to end itself now.
  func exits() -> Bool { decisions.exits(now: now) }

  /// A new container of the application begins.
  func startup() {
    let ending = decisions.startupAsked(now: now) { _ in (self.store, self.group) }
    if let ending { endings.append(ending) }
  }

  /// Lets a pod's consumer hang: it commits the same offset over and over, or nothing any more.
  func hang(_ partition: Int, commits: Bool = true) {
    partitions[partition].processes = false
    partitions[partition].commits = commits
  }

  func recover(_ partition: Int) {
    partitions[partition].processes = true
    partitions[partition].commits = true
  }

  var decision: GroupDecision { decisions.decision(number) }
  var fails: Bool { decision.liveness.fails }
  var deciding: LivenessClause? { decision.liveness.deciding }

  func evidence(_ clause: LivenessClause) -> ClauseEvidence {
    decision.liveness.findings[Int(clause.rawValue)].evidence
  }
}
