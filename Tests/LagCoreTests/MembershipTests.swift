import LagCore
import Testing

/// Who is in a group, what it owns, when it rebalanced, and what nobody subscribes to any more.
@Suite("Membership of groups")
struct MembershipTests {
  private func member(
    _ name: String, subscription: [String]? = nil, _ assignment: [String: [Int32]]? = [:]
  ) -> GroupMember {
    GroupMember(
      memberID: "\(name)-id", clientID: "\(name)-client", host: "/0:0:0:0:0:0:0:1",
      groupInstanceID: name == "static" ? "instance" : nil, rebalanceTimeout: 300_000,
      subscription: subscription,
      assignment: assignment?.sorted { $0.key < $1.key }.map {
        GroupMember.Assigned(topic: $0.key, partitions: $0.value)
      })
  }

  private func tell(
    _ world: TestStore, _ members: [GroupMember], state: GroupState? = nil, generation: Int32 = -1,
    changedAt: Int64 = 0, at seconds: Int64
  ) {
    let group = world.group("g")
    world.store.setMembership(
      GroupMembership(
        state: state ?? (members.isEmpty ? .empty : .stable), protocolKind: .classic,
        generation: generation, changedAt: changedAt * 1000, members: members),
      ofGroup: group, now: seconds * 1000)
  }

  // MARK: Owners

  @Test("An owner is told by all its names, its host as written and in canonical form")
  func owner() {
    let world = TestStore()
    world.commit(1, at: 1)
    tell(world, [member("static", ["t": [0]])], at: 1)
    let owner = world.partition(at: 1)?.owner
    #expect(owner?.memberID == "static-id")
    #expect(owner?.clientID == "static-client")
    #expect(owner?.host == "/0:0:0:0:0:0:0:1")
    #expect(owner?.address == "::1")
    #expect(owner?.groupInstanceID == "instance")
  }

  @Test("The address follows the host")
  func address() {
    var one = member("m")
    one.host = "/10.0.0.7"
    #expect(one.address == "10.0.0.7")
    #expect(one != member("m"))
  }

  @Test("A membership is kept as it was told, and forgotten with the group")
  func kept() {
    let world = TestStore()
    let group = world.group("g")
    #expect(world.store.membership(ofGroup: group) == nil)
    tell(world, [member("m", subscription: ["t"], ["t": [0]])], generation: 4, changedAt: 7, at: 9)
    let membership = world.store.membership(ofGroup: group)
    #expect(membership?.state == .stable)
    #expect(membership?.generation == 4)
    #expect(membership?.changedAt == 7000)
    #expect(membership?.members.map(\.memberID) == ["m-id"])
    #expect(membership?.members.first?.assignment?.first?.partitions == [0])
    world.store.removeGroup(group)
    #expect(world.store.membership(ofGroup: group) == nil)
    #expect(world.store.rebalances(ofGroup: group).count == 0)
    #expect(world.store.trackedPartitions == 0)
  }

  @Test("A member whose assignment is not known owns nothing")
  func unknownAssignment() {
    let world = TestStore()
    world.commit(1, at: 1)
    tell(world, [member("m", ["t": [0]])], at: 1)
    tell(world, [member("m", nil)], at: 2)
    #expect(world.partition(at: 2)?.owner == nil)
    #expect(world.store.membership(ofGroup: 0)?.members.count == 1)
  }

  @Test("Strange assignments own what can be owned, and the last of two owners wins")
  func strangeAssignments() {
    let world = TestStore()
    world.commit(1, at: 1)
    let strange: [Int32] = [0, 0, -1, .min, .max, Int32(OffsetStore.maximumPartitions)]
    tell(world, [member("a", ["t": strange, "": [0]]), member("b", ["t": [0]])], at: 1)
    #expect(world.partition(at: 1)?.owner?.memberID == "b-id")
    #expect(world.store.trackedPartitions == 2)
    tell(world, [], at: 2)
    #expect(world.store.trackedPartitions == 1)
  }

  // MARK: Rebalances

  @Test("Each generation is a rebalance, but for the first that is learned")
  func generations() {
    let world = TestStore()
    tell(world, [member("a", ["t": [0]])], generation: 1, changedAt: 100, at: 900)
    #expect(world.store.rebalances(ofGroup: 0).count == 0)
    tell(world, [member("a", ["t": [0]])], generation: 1, changedAt: 105, at: 901)
    tell(world, [member("b", ["t": [0]])], generation: 1, changedAt: 110, at: 902)
    #expect(world.store.rebalances(ofGroup: 0).count == 0)
    #expect(world.store.membership(ofGroup: 0)?.changedAt == 110_000)
    tell(world, [member("b", ["t": [0]])], generation: 2, changedAt: 120, at: 903)
    tell(world, [], generation: 3, changedAt: 130, at: 904)
    #expect(world.store.rebalances(ofGroup: 0).count == 2)
    #expect(world.store.rebalances(ofGroup: 0).lastAt == 130_000)
    tell(world, [], generation: 3, changedAt: 140, at: 905)
    #expect(world.store.membership(ofGroup: 0)?.changedAt == 130_000)
  }

  @Test("Without generations a rebalance counts once, from its beginning to its end")
  func withoutGenerations() {
    let world = TestStore()
    let two = [member("a", ["t": [0]]), member("b", ["t": [1]])]
    tell(world, two, at: 100)
    tell(world, two, at: 110)
    #expect(world.store.rebalances(ofGroup: 0).count == 0)
    // The coordinator names no assignments while it goes on.
    tell(world, [member("a", nil), member("b", nil)], state: .rebalancing, at: 120)
    #expect(world.store.rebalances(ofGroup: 0).count == 1)
    #expect(world.store.rebalances(ofGroup: 0).lastAt == 120_000)
    tell(world, [member("a", nil)], state: .rebalancing, at: 130)
    tell(world, [member("a", ["t": [0, 1]])], at: 140)
    #expect(world.store.rebalances(ofGroup: 0).count == 1)
    #expect(world.store.membership(ofGroup: 0)?.changedAt == 140_000)
    // One that no poll saw.
    tell(world, two, at: 150)
    #expect(world.store.rebalances(ofGroup: 0).count == 2)
    tell(world, [], at: 160)
    #expect(world.store.rebalances(ofGroup: 0).count == 3)
  }

  @Test("When it changed is not known of the first membership that does not say so")
  func changedAtUnknown() {
    let world = TestStore()
    tell(world, [member("a")], at: 100)
    #expect(world.store.membership(ofGroup: 0)?.changedAt == 0)
    tell(world, [member("b")], at: 110)
    #expect(world.store.membership(ofGroup: 0)?.changedAt == 110_000)
  }

  @Test("What became known is no rebalance")
  func fromUnknown() {
    let world = TestStore()
    tell(world, [], state: .unknown, at: 100)
    tell(world, [member("a")], at: 110)
    #expect(world.store.rebalances(ofGroup: 0).count == 0)
  }

  // MARK: Subscriptions

  private func verdicts(_ world: TestStore, at seconds: Int64) -> (Int, Int, [String]) {
    let judgement = world.judge(at: seconds)
    return (
      judgement.partitions, judgement.unsubscribed,
      world.evaluate(at: seconds)?.topics.map(\.name) ?? ["not found"]
    )
  }

  /// A group with commits to t and old, whose members subscribe to t alone from second 1000 on.
  private func unsubscribed() -> TestStore {
    let world = TestStore()
    world.commit("g", "old", 0, 10, at: 900)
    world.commit("g", "t", 0, 10, at: 900)
    tell(world, [member("m", subscription: ["old", "t"])], generation: 1, at: 900)
    tell(world, [member("m", subscription: ["t"])], generation: 2, at: 1000)
    return world
  }

  @Test("A topic that nobody subscribes to leaves after ten minutes, and its window stays")
  func leaves() {
    let world = unsubscribed()
    world.head("old", 0, 99, at: 1000)
    #expect(verdicts(world, at: 1599) == (2, 0, ["old", "t"]))
    #expect(verdicts(world, at: 1600) == (1, 1, ["t"]))
    #expect(world.judge(at: 1600).totalLag == 0)
    #expect(world.evaluate(at: 1600)?.totalLag == 0)
    #expect(world.evaluate(at: 1600)?.partitionCount == 1)
    let topic = world.topic("old") ?? -1
    #expect(world.store.isUnsubscribed(group: 0, topic: topic, nowSeconds: 1600))
    #expect(!world.store.isUnsubscribed(group: 0, topic: topic, nowSeconds: 1599))
    #expect(!world.store.isUnsubscribed(group: 0, topic: world.topic("t") ?? -1, nowSeconds: 9999))
    #expect(world.store.trackedPartitions == 2)
    #expect(world.store.watchedTopics().count == 2)
    #expect(world.store.standingCommits(ofGroup: 0).count == 2)
    // The plain algorithm knows no subscriptions.
    #expect(
      world.evaluate(at: 3000, EvaluationParameters(isPlain: true))?.topics.map(\.name)
        == ["old", "t"])
  }

  @Test("It comes back at once when it is subscribed to again, and its hold begins anew")
  func comesBack() {
    let world = unsubscribed()
    world.head("old", 0, 99, at: 1000)
    let parameters = JudgementParameters(hold: 60)
    #expect(world.judge(at: 1500, parameters).stop == 0)
    #expect(world.judge(at: 1590, parameters).stop == 1)
    #expect(world.judge(at: 1600, parameters).verdict == .unknown)
    tell(world, [member("m", subscription: ["old"]), member("n", subscription: ["t"])], at: 2000)
    #expect(verdicts(world, at: 2000) == (2, 0, ["old", "t"]))
    #expect(world.judge(at: 2000, parameters).stop == 0)
    #expect(world.judge(at: 2060, parameters).stop == 1)
  }

  @Test("It comes back when somebody's subscription is not known")
  func unknownSubscription() {
    let world = unsubscribed()
    tell(world, [member("m", subscription: ["t"]), member("n", subscription: nil)], at: 1700)
    #expect(verdicts(world, at: 1700) == (2, 0, ["old", "t"]))
    // Known again: ten minutes from then on.
    tell(world, [member("m", subscription: ["t"])], at: 1800)
    #expect(verdicts(world, at: 2399) == (2, 0, ["old", "t"]))
    #expect(verdicts(world, at: 2400) == (1, 1, ["t"]))
  }

  @Test("Further generations, and rebalances between them, do not begin the time anew")
  func furtherGenerations() {
    let world = unsubscribed()
    tell(world, [member("m", nil)], state: .rebalancing, at: 1200)
    tell(world, [member("n", subscription: ["t"])], generation: 3, at: 1210)
    tell(world, [member("o", subscription: ["t", "u"])], generation: 4, at: 1500)
    #expect(verdicts(world, at: 1599) == (2, 0, ["old", "t"]))
    #expect(verdicts(world, at: 1600) == (1, 1, ["t"]))
  }

  @Test("An empty group keeps what has not left yet, and what has left stays away")
  func emptyGroup() {
    let early = unsubscribed()
    tell(early, [], generation: 3, at: 1300)
    #expect(verdicts(early, at: 3000) == (2, 0, ["old", "t"]))
    tell(early, [member("m", subscription: ["t"])], generation: 4, at: 3000)
    #expect(verdicts(early, at: 3599) == (2, 0, ["old", "t"]))
    #expect(verdicts(early, at: 3600) == (1, 1, ["t"]))
    for state in [GroupState.empty, .dead] {
      let late = unsubscribed()
      tell(late, [], state: state, generation: 3, at: 1600)
      #expect(verdicts(late, at: 1600) == (1, 1, ["t"]))
      tell(late, [member("m", subscription: ["t"])], generation: 4, at: 1700)
      #expect(verdicts(late, at: 1700) == (1, 1, ["t"]))
    }
  }

  @Test("Only a standing generation with members tells")
  func noGeneration() {
    for state in [GroupState.unknown, .rebalancing, .empty, .dead] {
      let world = TestStore()
      world.commit(10, at: 900)
      tell(world, [], state: state, at: 900)
      tell(world, [member("m", subscription: ["u"])], state: state, at: 1000)
      #expect(verdicts(world, at: 3000) == (1, 0, ["t"]), "\(state)")
    }
    let world = TestStore()
    world.commit(10, at: 900)
    tell(world, [], state: .stable, at: 900)
    #expect(verdicts(world, at: 3000) == (1, 0, ["t"]))
  }

  @Test("The time counts from when the generation began, where that is known")
  func sinceGeneration() {
    let world = TestStore()
    world.commit("g", "t", 0, 10, at: 4000, now: 5000)
    tell(world, [member("m", subscription: ["u"])], generation: 1, changedAt: 4500, at: 5000)
    #expect(verdicts(world, at: 5099) == (1, 0, ["t"]))
    #expect(verdicts(world, at: 5100) == (0, 1, []))
    // Nothing to be judged is not nothing known.
    #expect(world.judge(at: 5100).verdict == .ok)
    #expect(world.evaluate(at: 5100)?.status == .ok)
    #expect(world.evaluate(at: 5100)?.complete == 0)
  }

  @Test("A generation of the future began now")
  func futureGeneration() {
    let world = TestStore()
    world.commit(10, at: 1000)
    tell(world, [member("m", subscription: ["u"])], changedAt: 90_000, at: 1000)
    #expect(verdicts(world, at: 1600) == (0, 1, []))
  }

  @Test("A topic that is first named after the generation began is known to be unsubscribed")
  func namedLater() {
    let world = TestStore()
    tell(world, [member("m", subscription: ["t"])], generation: 1, changedAt: 1000, at: 5000)
    world.commit("g", "t", 0, 10, at: 900, now: 3900)
    world.commit("g", "old", 0, 10, at: 900, now: 3900)
    #expect(verdicts(world, at: 3900) == (1, 1, ["t"]))
  }

  @Test("What is committed to is in use, whatever the members say")
  func committedTo() {
    let world = unsubscribed()
    // A producer that commits in transactions without being a member.
    for seconds in stride(from: Int64(1100), through: 1900, by: 100) {
      world.commit("g", "old", 0, seconds, at: seconds)
    }
    #expect(verdicts(world, at: 2499) == (2, 0, ["old", "t"]))
    #expect(verdicts(world, at: 2500) == (1, 1, ["t"]))
    world.commit("g", "old", 0, 3000, at: 2600)
    #expect(verdicts(world, at: 2600) == (2, 0, ["old", "t"]))
    #expect(verdicts(world, at: 3200) == (1, 1, ["t"]))
    // A commit from before the generation is none of it.
    let replayed = unsubscribed()
    replayed.commit("g", "old", 0, 11, at: 950, now: 1550)
    #expect(verdicts(replayed, at: 1600) == (1, 1, ["t"]))
  }

  @Test("Removing the group forgets what it subscribed to")
  func removed() {
    let world = unsubscribed()
    world.store.removeGroup(0)
    world.commit("g", "old", 0, 10, at: 1700)
    #expect(verdicts(world, at: 3000) == (1, 0, ["old"]))
  }

  @Test("Times before 1970 and at the ends of all times are times like any other")
  func extremeTimes() {
    for extreme: Int64 in [.min, -1, 0, 1, .max] {
      let world = TestStore(expireAfter: .max)
      world.commit(10, at: 0)
      let group = world.group("g")
      for changedAt: Int64 in [.min, 0, extreme, .max] {
        for name in ["t", "u"] {
          world.store.setMembership(
            GroupMembership(
              state: .stable, generation: .max, changedAt: changedAt,
              members: [member(name, subscription: [name], [name: [0]])]),
            ofGroup: group, now: extreme)
          _ = world.judge(at: extreme)
          _ = world.store.expire(now: extreme)
        }
      }
    }
  }
}
