import LagCore
import Testing

@Suite("Scale hint")
struct ScaleTests {
  /// Twelve partitions with 500 records a second, and replicas that do 100 each.
  private func overloaded(_ replicas: Int = 2) -> ScaleWorld {
    var world = ScaleWorld(
      rates: Array(repeating: 500 / 12, count: 12), capacity: 100, replicas: replicas)
    world.addAgent()
    return world
  }

  // MARK: No number

  @Test("Nothing is said before the history is full")
  func shortHistory() {
    var world = overloaded()
    #expect(world.doubt() == .notObserved)
    world.run(minutes: 10)
    #expect(world.doubt() == .shortHistory(minutes: 9, needed: 17))
    world.run(minutes: 7)
    #expect(world.doubt() == .shortHistory(minutes: 16, needed: 17))
    world.run(minutes: 1)
    #expect(world.doubt() == nil)
  }

  @Test("A shorter history is full sooner")
  func configuredHistory() {
    var world = overloaded()
    world.parameters.history = 2
    world.run(minutes: 5)
    #expect(world.doubt() == nil)
  }

  @Test("The first number rests on whole minutes, whenever the agent began")
  func wholeMinutes() throws {
    for second in stride(from: Int64(0), through: 50, by: 10) {
      var world = ScaleWorld(
        rates: Array(repeating: 500 / 12, count: 12), capacity: 100, replicas: 2)
      world.parameters.history = 1
      world.run(seconds: 60 + second)
      world.addAgent()
      for _ in 0..<60 where world.doubt() != nil { world.run(seconds: 10) }
      let seen = try world.hint().get().observation
      #expect(abs(seen.produced - 500) < 100, "began at second \(second): \(seen.produced)")
    }
  }

  @Test("What was observed too long ago is no number")
  func stale() {
    var world = overloaded()
    world.run(minutes: 20)
    let advisor = world.agents[0].advisor
    let mark = world.now / 60 * 60 - 60
    #expect(
      (try? advisor.hint(nowSeconds: mark + 150, parameters: world.parameters).get()) != nil)
    #expect(
      advisor.hint(nowSeconds: mark + 151, parameters: world.parameters)
        == .failure(.stale(seconds: 151)))
    // A clock that was set back makes it no fresher.
    #expect(
      advisor.hint(nowSeconds: mark - 1, parameters: world.parameters)
        == .failure(.stale(seconds: -1)))
  }

  @Test("Without members, or without heads, there is no number")
  func inputs() {
    var world = overloaded()
    world.run(minutes: 20)
    #expect(world.doubt() == nil)
    world.judgement.staleAfter = 30
    world.samplesHeads = false
    world.run(minutes: 2)
    #expect(world.doubt() == .withoutHeads(partitions: 12))
    world.samplesHeads = true
    world.run(minutes: 2)
    #expect(world.doubt() == nil)
    world.setReplicas(0)
    world.run(minutes: 2)
    #expect(world.doubt() == .noMembers)
  }

  // MARK: How many

  @Test("While no replica was saturated, as many are asked for as there are")
  func capacityUnknown() {
    var world = overloaded(8)
    world.run(minutes: 60)
    #expect(world.desired() == 8)
    #expect(world.reason() == .capacityUnknown)
    // More pods of a rollout are not more replicas at once.
    world.setReplicas(9)
    world.run(minutes: 10)
    #expect(world.desired() == 8)
    world.run(minutes: 10)
    #expect(world.desired() == 9)
  }

  @Test("A saturated group asks for what load and backlog need, with a fifth kept free")
  func overload() throws {
    var world = overloaded()
    world.run(minutes: 19)
    let hint = try world.hint().get()
    #expect(hint.reason == .draining)
    let capacity = try #require(hint.capacity)
    #expect(abs(capacity - 100) < 3, "capacity \(capacity)")
    #expect(abs(hint.observation.produced - 500) < 3, "in \(hint.observation.produced)")
    #expect(abs(hint.observation.consumed - 200) < 3, "out \(hint.observation.consumed)")
    #expect(hint.observation.lagging == 12)
    #expect(hint.timeToDrain == nil)
    // 500 a second and 300,000 records in 300 s need 19 replicas: more than partitions.
    #expect(hint.desired == 12)
    world.parameters.drainTarget = 86_400
    world.run(minutes: 1)
    // The same backlog in a day: 7 suffice, but fewer are not asked for while there is one.
    #expect(world.desired() == 12)
  }

  @Test("Parameters bound what is asked for")
  func bounds() {
    var world = overloaded()
    world.parameters.maximum = 5
    world.run(minutes: 20)
    #expect(world.desired() == 5)
    world.parameters.maximum = .max
    world.parameters.drainTarget = 86_400
    world.parameters.headroom = 0.5
    world.run(minutes: 1)
    // 500 + 380,000 / 86,400 over half of what was the best pace, a bit more than 100.
    #expect((10...11).contains(world.desired() ?? 0))
    var idle = overloaded(8)
    idle.parameters.minimum = 10
    idle.run(minutes: 20)
    #expect(idle.desired() == 10)
  }

  @Test("Replicas that follow the hint end where the load is, after two changes, and stay there")
  func closedLoop() {
    var world = overloaded()
    world.noise = 0.2
    var changes: [Int] = []
    world.run(minutes: 23 * 60) { world in
      guard let desired = world.desired(), desired != world.replicas else { return }
      world.setReplicas(desired)
      changes.append(desired)
    }
    #expect(changes == [12, 7])
    #expect(world.reason() == .sufficient)
    #expect(zip(world.heads, world.positions).allSatisfy { $0 - $1 < 1000 })
  }

  @Test("A hint that nobody follows does not waver", arguments: [0.05, 0.5])
  func openLoop(noise: Double) {
    // 5.0 replicas' worth: noise lies on both sides of the step.
    var world = overloaded()
    world.rates = Array(repeating: 400 / 12, count: 12)
    world.run(minutes: 20)
    world.setReplicas(12)
    world.noise = noise
    var seen: [Int] = []
    world.run(minutes: 23 * 60) { world in
      guard let desired = world.desired(), desired != seen.last else { return }
      seen.append(desired)
    }
    #expect(seen.count <= 3, "\(seen)")
    #expect(seen.last == 6)
  }

  @Test("What a replica can do is forgotten after a day")
  func forgetting() {
    var world = overloaded()
    world.run(minutes: 20)
    world.setReplicas(12)
    world.run(minutes: 22 * 60)
    #expect(world.reason() == .sufficient)
    #expect(world.desired() == 7)
    world.run(minutes: 3 * 60)
    #expect(world.reason() == .capacityUnknown)
    #expect(world.desired() == 12)
  }

  // MARK: What does not scale

  @Test("A stuck partition asks for nothing, and neither does what is produced for it")
  func stuck() throws {
    var world = overloaded()
    world.run(minutes: 20)
    world.setReplicas(12)
    world.rates = Array(repeating: 30, count: 11) + [80]
    world.run(minutes: 40)
    world.stuck = [11]
    world.run(minutes: 40)
    let hint = try world.hint().get()
    #expect(hint.observation.stuck == 1)
    #expect(hint.observation.scalableLag == 0)
    #expect(hint.observation.totalLag > 100_000)
    #expect(abs(hint.observation.produced - 330) < 3, "\(hint.observation.produced)")
    #expect(hint.reason == .stuck)
    #expect(hint.desired <= 7)
  }

  @Test("Fewer are not asked for while a partition is stuck")
  func stuckHoldsFewer() {
    var world = overloaded()
    world.run(minutes: 20)
    world.setReplicas(12)
    world.run(minutes: 8)
    world.stuck = [3]
    world.run(minutes: 90)
    #expect(world.reason() == .stuck)
    #expect(world.desired() == 12)
    world.stuck = []
    world.run(minutes: 90)
    #expect(world.desired() == 7)
  }

  @Test("A rebalance holds the answer, and so does a change of members for two minutes")
  func rebalance() {
    var world = overloaded()
    world.run(minutes: 20)
    #expect(world.desired() == 12)
    world.rates = Array(repeating: 1, count: 12)
    world.tell(.rebalancing)
    world.run(minutes: 30)
    #expect(world.reason() == .rebalancing)
    #expect(world.desired() == 12)
    world.tell(.stable)
    world.setReplicas(6)
    world.run(minutes: 1)
    #expect(world.reason() == .rebalancing)
    world.run(minutes: 3)
    #expect(world.reason() != .rebalancing)
  }

  @Test("A healthy group that commits once a minute has no backlog")
  func slowCommits() throws {
    var world = overloaded(8)
    world.commitInterval = 60
    world.run(minutes: 40)
    let hint = try world.hint().get()
    #expect(hint.observation.totalLag > 5000)
    #expect(hint.observation.scalableLag == 0)
    #expect(hint.observation.lagging == 0)
    #expect(abs(hint.observation.consumed - 500) < 10, "\(hint.observation.consumed)")
    #expect(hint.desired == 8)
  }

  @Test("A move of offsets is no capacity")
  func movedOffsets() throws {
    var world = overloaded()
    world.run(minutes: 20)
    // A consumer that seeks within its backlog leaves it standing, so that it looks busy still.
    world.moveOffsets(by: 5000)
    world.run(minutes: 10)
    let hint = try world.hint().get()
    #expect(hint.observation.lagging == 12)
    #expect(try #require(hint.capacity) < 110)
  }

  // MARK: Who is of use

  @Test("Range leaves members behind the largest topic idle, other assignors do not")
  func usefulMembers() throws {
    for (assignor, expected) in [("range", 12), ("roundrobin", 20), (nil, 20)] {
      let world = TestStore(intervals: 10)
      for partition: Int32 in 0..<12 { world.commit("g", "a", partition, 1, at: 60) }
      for partition: Int32 in 0..<8 { world.commit("g", "b", partition, 1, at: 60) }
      let members = (0..<8).map {
        GroupMember(memberID: "\($0)", clientID: "c", host: "/10.0.0.\($0 / 2)")
      }
      world.store.setMembership(
        GroupMembership(state: .stable, assignor: assignor, changedAt: 1, members: members),
        ofGroup: 0, now: 60_000)
      let observation = world.store.observeScale(
        group: 0, minute: 1, history: 1, nowSeconds: 70, headInterval: 10_000,
        parameters: JudgementParameters())
      let seen = try #require(observation)
      #expect(seen.members == 8)
      #expect(seen.replicas == 4)
      #expect(seen.usefulMembers == expected)
      // Two members a replica.
      #expect(seen.usefulReplicas == expected / 2)
    }
  }

  @Test("Useful replicas are rounded up, and never none")
  func rounding() {
    var seen = ScaleObservation(minute: 1)
    #expect(seen.usefulReplicas == 0)
    seen.members = 3
    seen.replicas = 2
    seen.usefulMembers = 4
    #expect(seen.usefulReplicas == 3)
    seen.usefulMembers = 0
    #expect(seen.usefulReplicas == 1)
    seen.usefulMembers = .max
    #expect(seen.usefulReplicas == 2)
  }
}
