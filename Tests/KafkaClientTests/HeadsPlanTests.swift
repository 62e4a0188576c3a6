import KafkaClient
import Testing

@Suite("Who is asked for heads, and what the answers mean, without a broker")
struct HeadsPlanTests {
  static let timedOut = KafkaError(code: -185)
  static let transport = KafkaError(code: -195)
  static let notLeader = KafkaError(code: 6)
  static let noLeader = KafkaError(code: 5)
  static let unknownTopic = KafkaError(code: 3)
  static let forbidden = KafkaError(code: 29)

  func topic(_ name: String, _ leaders: [Int32], _ error: KafkaError? = nil) -> TopicMetadata {
    TopicMetadata(name: name, leaders: leaders, error: error)
  }

  func plan(_ request: [(String, [Int32])]) -> HeadsPlan {
    HeadsPlan(request: request.map { TopicPartitions(topic: $0.0, partitions: $0.1) })
  }

  func place(_ topic: Int, _ partition: Int) -> HeadsPlan.Place {
    HeadsPlan.Place(topic: topic, partition: partition)
  }

  func offset(_ offset: Int64) -> HeadsPlan.Element {
    HeadsPlan.Element(offset: offset, error: nil)
  }

  func heads(_ plan: HeadsPlan) -> [[PartitionHead]] {
    plan.result(unanswered: Self.timedOut).map(\.heads)
  }

  @Test("one group for each leader, places sorted by topic, answers in the order asked")
  func grouping() {
    var plan = plan([("z", [0, 1]), ("a", [2, 0])])
    let groups = plan.groups(
      metadata: ["z": topic("z", [1, 2]), "a": topic("a", [2, 1, 1])], suspects: [],
      unknown: Self.timedOut)
    #expect(groups.map(\.leader) == [1, 2])
    #expect(groups[0].places == [place(1, 0), place(0, 0)])
    #expect(groups[1].places == [place(1, 1), place(0, 1)])
    for group in groups {
      let next = plan.takeEnds(
        group.places, callError: nil,
        elements: group.places.map { offset(Int64($0.topic * 10 + $0.partition)) }, sampledAt: 7)
      #expect(next == .done)
    }
    let result = plan.result(unanswered: Self.timedOut)
    #expect(result.map(\.request.topic) == ["z", "a"])
    #expect(
      heads(plan) == [
        [.offsets(end: 0, start: nil, sampledAt: 7), .offsets(end: 1, start: nil, sampledAt: 7)],
        [.offsets(end: 10, start: nil, sampledAt: 7), .offsets(end: 11, start: nil, sampledAt: 7)],
      ])
  }

  @Test("a leader that did not answer last time is asked last")
  func suspectsLast() {
    var plan = plan([("t", [0, 1, 2])])
    let groups = plan.groups(
      metadata: ["t": topic("t", [3, 1, 2])], suspects: [3, 9], unknown: Self.timedOut)
    #expect(groups.map(\.leader) == [1, 2, 3])
  }

  @Test("a leaderless partition is left out of every call")
  func leaderless() {
    var plan = plan([("t", [0, 1, 2])])
    let groups = plan.groups(
      metadata: ["t": topic("t", [1, -1, 1])], suspects: [], unknown: Self.timedOut)
    #expect(groups == [.init(leader: 1, places: [place(0, 0), place(0, 2)])])
    #expect(heads(plan)[0][1] == .leaderless)
    #expect(plan.misdirectedTopics() == ["t"])
  }

  @Test("unknown topics, missing partitions and forbidden topics each fail alone")
  func unknown() {
    var plan = plan([("gone", [0]), ("t", [0, 5, -1]), ("dark", [0]), ("new", [0])])
    let groups = plan.groups(
      metadata: [
        "gone": topic("gone", [], Self.unknownTopic), "t": topic("t", [4]),
        "dark": topic("dark", [4], Self.forbidden),
      ], suspects: [], unknown: Self.transport)
    #expect(groups == [.init(leader: 4, places: [place(1, 0)])])
    let heads = heads(plan)
    #expect(heads[0] == [.failed(Self.unknownTopic)])
    #expect(heads[2] == [.failed(Self.forbidden)])
    #expect(heads[3] == [.failed(Self.transport)])
    for index in [1, 2] {
      guard case .failed(let error) = heads[1][index] else {
        Issue.record("\(heads[1][index])")
        continue
      }
      #expect(error.kind == .unknownTopicOrPartition)
    }
  }

  @Test("a topic whose metadata says `leader not available` still uses the leaders it has")
  func topicWithoutSomeLeaders() {
    var plan = plan([("t", [0, 1])])
    let groups = plan.groups(
      metadata: ["t": topic("t", [1, -1], Self.noLeader)], suspects: [], unknown: Self.timedOut)
    #expect(groups == [.init(leader: 1, places: [place(0, 0)])])
  }

  @Test("when the call fails its elements mean nothing: -1 without an error is never an offset")
  func callErrorFirst() {
    var plan = plan([("t", [0, 1])])
    let places = [place(0, 0), place(0, 1)]
    let next = plan.takeEnds(
      places, callError: Self.notLeader, elements: [offset(5), offset(-1)], sampledAt: 1)
    #expect(next == .askOneByOne(places))
    #expect(heads(plan) == [[.failed(Self.timedOut), .failed(Self.timedOut)]])
  }

  @Test("an unreachable broker is not asked again for each partition")
  func wholeBroker() {
    for error in [Self.transport, Self.timedOut, KafkaError(code: -169)] {
      var plan = plan([("t", [0, 1])])
      let next = plan.takeEnds(
        [place(0, 0), place(0, 1)], callError: error, elements: [], sampledAt: 1)
      #expect(next == .done)
      #expect(heads(plan) == [[.failed(error), .failed(error)]])
      #expect(plan.incompleteTopics() == ["t"] && plan.misdirectedTopics().isEmpty)
    }
  }

  @Test("an element without offset and error is asked for alone, and fails if that helps nothing")
  func lostElement() {
    var plan = plan([("t", [0, 1])])
    let next = plan.takeEnds(
      [place(0, 0), place(0, 1)], callError: nil, elements: [offset(0), offset(-1)], sampledAt: 3)
    #expect(next == .askOneByOne([place(0, 1)]))
    let last = plan.takeEnds(
      [place(0, 1)], callError: nil, elements: [offset(-1)], sampledAt: 4)
    #expect(last == .done)
    #expect(heads(plan)[0][0] == .offsets(end: 0, start: nil, sampledAt: 3))
    guard case .failed(let error) = heads(plan)[0][1] else {
      Issue.record("\(heads(plan))")
      return
    }
    #expect(error.message == "the broker returned no offset")
  }

  @Test("fewer elements than partitions, as only a broken library would answer, is a failure")
  func tooFewElements() {
    var plan = plan([("t", [0, 1])])
    #expect(
      plan.takeEnds(
        [place(0, 0), place(0, 1)], callError: nil, elements: [offset(9)], sampledAt: 3) == .done)
    #expect(heads(plan)[0][0] == .offsets(end: 9, start: nil, sampledAt: 3))
    #expect(plan.incompleteTopics() == ["t"])
  }

  @Test("an error of one element leaves its neighbours alone")
  func elementErrors() {
    var plan = plan([("t", [0, 1, 2])])
    let next = plan.takeEnds(
      [place(0, 0), place(0, 1), place(0, 2)], callError: nil,
      elements: [
        .init(offset: -1, error: Self.noLeader), .init(offset: -1, error: Self.notLeader),
        offset(8),
      ], sampledAt: 3)
    #expect(next == .done)
    #expect(
      heads(plan) == [
        [.leaderless, .failed(Self.notLeader), .offsets(end: 8, start: nil, sampledAt: 3)]
      ])
  }

  @Test("newer metadata is used for misdirected partitions alone")
  func secondPass() {
    var plan = plan([("t", [0, 1, 2]), ("u", [0])])
    _ = plan.takeEnds(
      [place(0, 0), place(0, 1), place(0, 2), place(1, 0)], callError: nil,
      elements: [
        offset(1), .init(offset: -1, error: Self.notLeader),
        .init(offset: -1, error: Self.forbidden), .init(offset: -1, error: Self.notLeader),
      ], sampledAt: 3)
    #expect(plan.misdirectedTopics() == ["t", "u"])
    plan.forgetMisdirected(in: ["t"])
    let groups = plan.groups(
      metadata: ["t": topic("t", [7, 8, 9]), "u": topic("u", [7])], suspects: [],
      unknown: Self.timedOut)
    #expect(groups == [.init(leader: 8, places: [place(0, 1)])])
    #expect(heads(plan)[1] == [.failed(Self.notLeader)])
  }

  @Test("log starts are added to known ends, and never lie beyond them")
  func starts() {
    var plan = plan([("t", [0, 1, 2, 3])])
    let places = (0..<4).map { place(0, $0) }
    _ = plan.takeEnds(
      places, callError: nil,
      elements: [offset(10), offset(10), offset(10), .init(offset: -1, error: Self.forbidden)],
      sampledAt: 3)
    let asked = plan.answered(places)
    #expect(asked == [place(0, 0), place(0, 1), place(0, 2)])
    plan.takeStarts(asked, callError: Self.timedOut, elements: [offset(1), offset(1), offset(1)])
    #expect(heads(plan)[0][0] == .offsets(end: 10, start: nil, sampledAt: 3))
    plan.takeStarts(asked, callError: nil, elements: [offset(4), offset(11), offset(-1)])
    #expect(
      heads(plan)[0].prefix(3) == [
        .offsets(end: 10, start: 4, sampledAt: 3), .offsets(end: 10, start: 10, sampledAt: 3),
        .offsets(end: 10, start: nil, sampledAt: 3),
      ])
  }

  @Test("an empty request has an empty answer")
  func empty() {
    var plan = plan([])
    #expect(plan.groups(metadata: [:], suspects: [], unknown: Self.timedOut).isEmpty)
    #expect(heads(plan).isEmpty)
    var hollow = self.plan([("t", [])])
    #expect(hollow.groups(metadata: [:], suspects: [], unknown: Self.timedOut).isEmpty)
    #expect(heads(hollow) == [[]])
  }
}
