import LagCore
import Testing

import Agent

/// `source = "offset-fetch"`: commits as polls see them.
@Suite("Source offset-fetch")
struct FetchSourceTests {
  @Test("A group is asked at once, and nothing is asked about the offsets topic")
  func begins() throws {
    var world = try AgentWorld.fetching()
    world.tick()
    let first = world.take()
    #expect(first.fetched == ["g"])
    #expect(first.topicLookUps.isEmpty)
    #expect(first.reads.isEmpty)
    #expect(!world.status.isReady)
    world.answerOffsets([0: 90])
    #expect(world.take().topicLookUps == [["orders"]])
  }

  @Test("The agent is ready once offsets and heads were read")
  func ready() throws {
    var world = try AgentWorld.fetching()
    world.tick()
    world.answerAll(head: 100, committed: 90, state: .stable, partitions: [0])
    #expect(world.status.isReady)
    #expect(world.kept.logged.contains("ready: commits and log-end offsets were read"))
  }

  @Test("Of a group one request is under way at most, and pauses are not in step")
  func oneAtATime() throws {
    var world = try AgentWorld.fetching()
    world.tick()
    _ = world.take()
    for _ in 0..<25 { world.tick(seconds: 1) }
    #expect(world.take().fetched.isEmpty)
    #expect(world.take().described.isEmpty)
    world.answerOffsets([0: 90])
    let next = world.take()
    #expect(next.fetched == ["g"] || next.described == ["g"])
  }

  @Test("A member that does not move becomes STALL within a window of minutes")
  func stall() throws {
    var world = try AgentWorld.fetching()
    world.live(seconds: 60, head: 100, committed: 90, state: .stable, partitions: [0])
    #expect(world.report("g")?.verdict == .unknown)
    world.live(seconds: 150, head: 100, committed: 90, state: .stable, partitions: [0])
    let report = try #require(world.report("g"))
    #expect(report.verdict == .error)
    #expect(report.judgement.stall == 1)
  }

  @Test("A group that was left becomes STOP: what nobody commits is not repeated")
  func stop() throws {
    var world = try AgentWorld.fetching()
    for step in 0..<6 {
      world.live(
        seconds: 20, head: Int64(100 + step * 10), committed: Int64(90 + step * 10),
        state: .stable, partitions: [0])
    }
    #expect(world.report("g")?.verdict == .ok || world.report("g")?.verdict == .warning)
    world.live(seconds: 300, head: 200, committed: 140, state: .empty)
    let report = try #require(world.report("g"))
    #expect(report.verdict == .error)
    #expect(report.judgement.stop == 1)
  }

  @Test("Refused descriptions are never STOP")
  func unknownMembership() throws {
    var world = try AgentWorld.fetching()
    for step in 0..<6 {
      world.live(
        seconds: 20, head: Int64(100 + step * 10), committed: Int64(90 + step * 10), state: nil)
    }
    for _ in 0..<60 {
      world.live(seconds: 30, head: 500, committed: 140, state: nil)
      #expect(world.report("g")?.judgement.stop == 0)
    }
    #expect(world.report("g")?.judgement.stall == 1)
  }

  @Test(
    "A group that looks dead but moves has members that cannot be seen",
    arguments: [
      GroupState.dead, .empty,
    ])
  func invisibleMembers(state: GroupState) throws {
    var world = try AgentWorld.fetching()
    for step in 0..<8 {
      world.live(
        seconds: 20, head: Int64(100 + step * 10), committed: Int64(90 + step * 10), state: state)
    }
    for _ in 0..<60 {
      world.live(seconds: 30, head: 500, committed: 160, state: state)
      #expect(world.report("g")?.judgement.stop == 0)
    }
    #expect(world.report("g")?.judgement.stall == 1)
  }

  @Test("The last commit of a member that leaves does not make it invisible")
  func lastCommitBeforeLeaving() throws {
    var world = try AgentWorld.fetching()
    for step in 0..<6 {
      world.live(
        seconds: 20, head: Int64(100 + step * 10), committed: Int64(90 + step * 10),
        state: .stable, partitions: [0])
    }
    // Described as empty first; the commit of the last moment is seen by the next fetch.
    var isEmpty = false
    for _ in 0..<400 {
      world.tick(seconds: 1)
      for effect in world.take() {
        switch effect {
        case .lookUpTopics: world.answerTopics()
        case .lookUpHeads: world.answerHeads([("orders", 0, 200)])
        case .fetchOffsets: world.answerOffsets([0: isEmpty ? 141 : 140])
        case .describe:
          isEmpty = true
          world.answerDescription(.empty)
        default: break
        }
      }
    }
    #expect(world.report("g")?.judgement.stop == 1)
  }

  @Test("A partition that the member does not have is nobody's")
  func unassigned() throws {
    var world = try AgentWorld.fetching()
    for step in 0..<6 {
      world.live(
        seconds: 20, head: Int64(100 + step * 10), committed: Int64(90 + step * 10),
        state: .stable, partitions: [0])
    }
    world.live(seconds: 300, head: 200, committed: 140, state: .stable, partitions: [1])
    #expect(world.report("g")?.judgement.stop == 1)
  }

  @Test("Owners come from descriptions")
  func owners() throws {
    var world = try AgentWorld.fetching()
    world.live(seconds: 40, head: 100, committed: 90, state: .stable, partitions: [0])
    let evaluation = world.agent.evaluate(group: "g", cluster: "local", now: world.now)
    #expect(evaluation?.topics.first?.partitions.first?.owner?.clientID == "c")
    #expect(world.report("g")?.members?.hasPrefix("1, stable") == true)
  }

  @Test("What a fetch no longer finds is forgotten")
  func vanished() throws {
    var world = try AgentWorld.fetching()
    world.live(seconds: 30, head: 100, committed: 90, state: .stable, partitions: [0])
    #expect(world.report("g")?.judgement.partitions == 1)
    for _ in 0..<12 {
      world.tick(seconds: 1)
      if !world.take().fetched.isEmpty { world.answerOffsets([:]) }
    }
    #expect(world.report("g")?.verdict == .unknown)
    #expect(world.status.trackedPartitions == 0 || world.report("g")?.judgement.partitions == 0)
  }

  @Test("Without fresh answers the verdict is UNKNOWN, and it recovers by itself")
  func stale() throws {
    var world = try AgentWorld.fetching()
    world.live(seconds: 30, head: 100, committed: 100, state: .stable, partitions: [0])
    #expect(world.report("g")?.verdict == .ok)
    for _ in 0..<60 {
      world.tick(seconds: 1)
      for _ in world.take().fetched { world.failOffsets(.unreachable) }
    }
    #expect(world.report("g")?.verdict == .unknown)
    // Look-ups of heads are still to be given up, which were not answered either.
    world.live(seconds: 45, head: 100, committed: 100, state: .stable, partitions: [0])
    #expect(world.report("g")?.verdict == .ok)
  }

  @Test("A missing right is told once and named")
  func notAuthorized() throws {
    var world = try AgentWorld.fetching()
    var logged: [String] = []
    for _ in 0..<200 {
      world.tick(seconds: 1)
      let asked = world.take()
      logged += asked.logged
      for _ in asked.fetched { world.failOffsets(.authorization, "Group authorization failed") }
      logged += world.take().logged
    }
    #expect(logged.count { $0 == "offsets of a group cannot be fetched" } == 1)
    #expect(world.report("g")?.doubt?.contains("Group authorization failed") == true)
  }

  @Test("Requests that are never answered are given up, and their client replaced")
  func stuck() throws {
    var world = try AgentWorld.fetching()
    world.tick()
    _ = world.take()
    var replaced = 0
    for _ in 0..<40 {
      world.tick(seconds: 1)
      replaced += world.take().count { $0 == .replaceGroupsClient(cluster: 0) }
    }
    #expect(replaced == 1)
  }

  @Test("A pattern takes its groups from the list, and forgets those that are gone")
  func pattern() throws {
    var world = try AgentWorld.fetching("group-allowlist = \"^a\"")
    world.tick()
    #expect(world.take().contains(.listGroups(cluster: 0)))
    world.send(.groupList(cluster: 0, .groups(["a1", "b1", "a2"], isComplete: true)))
    #expect(Set(world.take().fetched) == ["a1", "a2"])
    world.answerOffsets([0: 5], group: "a1")
    world.answerOffsets([0: 5], group: "a2")
    #expect(world.agent.reports(now: world.now).map(\.group).sorted() == ["a1", "a2"])
    for _ in 0..<70 where !world.take().contains(.listGroups(cluster: 0)) {
      world.tick(seconds: 1)
    }
    // A list that is not whole proves nothing of what is not in it.
    world.send(.groupList(cluster: 0, .groups(["a2"], isComplete: false)))
    #expect(world.agent.reports(now: world.now).count == 2)
    for _ in 0..<70 where !world.take().contains(.listGroups(cluster: 0)) {
      world.tick(seconds: 1)
    }
    world.send(.groupList(cluster: 0, .groups(["a2"], isComplete: true)))
    #expect(world.agent.reports(now: world.now).map(\.group) == ["a2"])
  }

  @Test("A hundred groups are polled with eight requests under way at most")
  func manyGroups() throws {
    let names = (0..<100).map { "\"g\($0)\"" }.joined(separator: ", ")
    var world = try AgentWorld.fetching("groups = [\(names)]")
    world.tick()
    var underWay = world.take().fetched
    #expect(underWay.count == 8)
    var answered: Set<String> = []
    while let group = underWay.first {
      underWay.removeFirst()
      answered.insert(group)
      world.answerOffsets([0: 1], group: group)
      underWay += world.take().fetched
      #expect(underWay.count <= 8)
    }
    #expect(answered.count == 100)
  }
}

/// What brokers leave out of an answer about all partitions without a word.
@Suite("Offsets by name")
struct NamedOffsetsTests {
  /// Answers everything; fetches that name partitions are answered by `named`, others by `all`.
  private func live(
    _ world: inout AgentWorld, seconds: Int, all: [Int32: Int64?],
    named: (HeadRequest) -> [GroupOffsetsReply.Committed]
  ) -> (all: Int, named: Int) {
    var asked = (all: 0, named: 0)
    for _ in 0..<seconds {
      world.tick(seconds: 1)
      while case let effects = world.take(), !effects.isEmpty {
        world.kept += effects
        for effect in effects {
          switch effect {
          case .lookUpTopics: world.answerTopics()
          case .lookUpHeads: world.answerHeads([("orders", 0, 100)])
          case .describe: world.answerDescription(.stable, partitions: [0])
          case .fetchOffsets(_, let group, let partitions, _):
            if partitions.isEmpty {
              asked.all += 1
              world.answerOffsets(all)
            } else {
              asked.named += 1
              world.send(
                .groupOffsets(
                  cluster: 0, group: group, .offsets(partitions.flatMap { named($0) })))
            }
          default: break
          }
        }
      }
    }
    return asked
  }

  @Test("A broker that is too old to tell all is asked for what is assigned")
  func oldBroker() throws {
    var world = try AgentWorld.fetching()
    var offset: Int64 = 100
    let asked = live(&world, seconds: 120, all: [:]) { request in
      offset += 1
      return [.init(topic: request.topic, partition: 0, offset: offset)]
    }
    #expect(asked.named >= 9, "\(asked)")
    #expect(asked.all <= 3, "\(asked)")
    #expect(world.report("g")?.verdict == .ok)
    #expect(world.report("g")?.judgement.partitions == 1)
  }

  @Test("A topic that is left out because it may not be described is found, and told once")
  func silentDenial() throws {
    var world = try AgentWorld.fetching()
    _ = live(&world, seconds: 400, all: [:]) { request in
      [
        .init(
          topic: request.topic, partition: 0, offset: nil,
          fault: ClusterFault(kind: .authorization, message: "Topic authorization failed"))
      ]
    }
    #expect(world.report("g")?.verdict == .unknown)
    #expect(
      world.report("g")?.doubt
        == "offsets of topic orders may not be fetched: Topic authorization failed")
    #expect(
      world.kept.logged.count {
        $0 == "offsets of a topic may not be fetched; the group cannot be judged"
      } == 1)
    // Once it may be described, all is well again.
    _ = live(&world, seconds: 60, all: [0: 100]) { _ in [] }
    #expect(world.report("g")?.verdict == .ok)
  }

  @Test("Members that have not committed yet cost a request more a poll, and are no trouble")
  func nothingCommitted() throws {
    var world = try AgentWorld.fetching()
    let asked = live(&world, seconds: 100, all: [:]) { request in
      [.init(topic: request.topic, partition: 0, offset: nil)]
    }
    #expect(asked.all + asked.named <= 24, "\(asked)")
    #expect(world.report("g")?.verdict == .unknown)
    #expect(world.report("g")?.doubt == "no commit of this group is known")
  }
}
