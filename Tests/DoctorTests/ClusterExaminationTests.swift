import Configuration
import Doctor
import KafkaClient
import LagCore
import Testing

@Suite struct ClusterExaminationTests {
  private let offsets = "__consumer_offsets"
  private var read: [AccessRight] { [AccessRight(.read, on: .topic(offsets))] }
  private let describeCluster = [AccessRight(.describe, on: .cluster)]

  private func topic(_ name: String, _ count: Int, _ error: KafkaError? = nil) -> TopicMetadata {
    TopicMetadata(name: name, leaders: Array(repeating: 1, count: count), error: error)
  }

  private func readings(
    _ readings: [Int32: ClusterExamination.Reading], error: KafkaError? = nil
  ) -> [Gist] {
    ClusterExamination.offsetsTopic(
      topic(offsets, error == nil ? 50 : 0, error), readings, records: 3, principal: vole
    ).map { Gist($0) }
  }

  @Test func aClusterThatDoesNotAnswer() {
    let silent = ClusterExamination.notConnected(nil, seconds: 1)
    #expect(Gist(silent) == Gist(.timeout, "cluster", "connect"))
    #expect(silent.detail == "no answer within 1 second")
    let refused = ClusterExamination.notConnected(Code.authentication, seconds: 20)
    #expect(Gist(refused) == Gist(.unreachable, "cluster", "connect"))
    #expect(refused.detail.contains("does not let us in: Invalid username"))
    #expect(ClusterExamination.notConnected(Code.down, seconds: 20).outcome == .unreachable)
  }

  @Test func theOffsetsTopic() {
    let sound = [Gist(.ok, "topic \(offsets)", "Metadata")]
    #expect(
      readings([1: .read(isWhole: true), 2: .read(isWhole: true)])
        == sound + [Gist(.ok, "topic \(offsets)", "Fetch")])
    // Describe alone: metadata and log ends, but no records.
    #expect(
      readings([1: .read(isWhole: true), 2: .failed(Code.topic)])
        == sound + [Gist(.missing, "topic \(offsets)", "Fetch", read)])
    #expect(
      readings([1: .unanswered, 2: .read(isWhole: true)])
        == sound + [Gist(.timeout, "topic \(offsets)", "Fetch")])
    #expect(
      readings([1: .failed(Code.loading)]) == sound + [Gist(.failed, "topic \(offsets)", "Fetch")])
    #expect(
      readings([:], error: Code.topic) == [Gist(.missing, "topic \(offsets)", "Metadata", read)])
    #expect(
      readings([:], error: Code.unknownTopic) == [Gist(.note, "topic \(offsets)", "Metadata")])
    #expect(readings([:], error: Code.loading) == [Gist(.failed, "topic \(offsets)", "Metadata")])
  }

  @Test func aLogThatIsLongerThanTheTime() {
    let findings = ClusterExamination.offsetsTopic(
      topic(offsets, 50), [1: .read(isWhole: false)], records: 9, principal: vole)
    #expect(findings[1].outcome == .ok && findings[1].detail.contains("the rest would take longer"))
  }

  // MARK: The list of groups

  private func list(
    _ names: [String], errors: [KafkaError] = [], logged: [String]? = nil, isLogWhole: Bool = false
  ) -> Gist {
    let groups = names.map { ListedGroup(group: $0, state: .stable, isSimple: false) }
    let known = logged.map { names in
      Dictionary(
        uniqueKeysWithValues: names.map {
          ($0, LoggedGroups.Group(committed: ["t": [0]], membership: GroupMembership()))
        })
    }
    return Gist(
      ClusterExamination.list(
        .success(GroupList(groups: groups, errors: errors)), logged: known, isLogWhole: isLogWhole,
        principal: vole))
  }

  @Test func anEmptyListSaysNothingWithoutTheLog() {
    let untold = Gist(.untold, "cluster", "ListGroups", describeCluster)
    #expect(list([]) == untold)
    #expect(list(["a"]) == untold, "others may be left out")
    #expect(list([], logged: [], isLogWhole: false) == untold)
    #expect(list([], logged: [], isLogWhole: true) == Gist(.ok, "cluster", "ListGroups"))
  }

  @Test func aListThatLacksWhatTheLogHasIsADenial() {
    let missing = Gist(.missing, "cluster", "ListGroups", describeCluster)
    #expect(list([], logged: ["orders"]) == missing, "although the log was not read to its end")
    #expect(list(["orders"], logged: ["orders", "payments"], isLogWhole: true) == missing)
    #expect(
      list(["orders", "x"], logged: ["orders"], isLogWhole: true)
        == Gist(.ok, "cluster", "ListGroups"))
  }

  @Test func aListThatFails() {
    #expect(
      list([], errors: [Code.cluster]) == Gist(.missing, "cluster", "ListGroups", describeCluster))
    #expect(list(["a"], errors: [Code.timedOut]) == Gist(.timeout, "cluster", "ListGroups"))
    #expect(list(["a"], errors: [Code.down]).outcome == .failed)
    for (result, outcome) in [
      (Result<GroupList, KafkaError>.failure(Code.timedOut), Finding.Outcome.timeout),
      (.failure(Code.loading), .failed),
    ] {
      #expect(
        ClusterExamination.list(result, logged: nil, isLogWhole: false, principal: vole).outcome
          == outcome)
    }
    #expect(
      ClusterExamination.list(nil, logged: nil, isLogWhole: false, principal: vole).outcome
        == .timeout)
  }

  // MARK: Topics

  @Test func topicsOfTheGroups() {
    let head = PartitionHead.offsets(end: 5, start: nil, sampledAt: 0)
    let findings = ClusterExamination.topics(
      [
        topic("hidden", 0, Code.topic), topic("sound", 2), topic("gone", 0, Code.unknownTopic),
        topic("leaderless", 2), topic("late", 1), topic("half", 1), topic("slow", 1),
        topic("odd", 0, Code.loading),
      ],
      heads: [
        "sound": [head, head], "leaderless": [head, .leaderless], "half": [.failed(Code.topic)],
        "slow": [.failed(Code.timedOut)],
      ], principal: vole)
    #expect(
      findings.map { Gist($0) } == [
        Gist(.ok, "topic sound", "ListOffsets"),
        Gist(
          .missing, "topic hidden", "Metadata", [AccessRight(.describe, on: .topic("hidden"))]),
        Gist(.note, "topic gone", "Metadata"),
        Gist(.failed, "topic leaderless", "ListOffsets"),
        Gist(.timeout, "topic late", "ListOffsets"),
        Gist(.missing, "topic half", "ListOffsets", [AccessRight(.describe, on: .topic("half"))]),
        Gist(.timeout, "topic slow", "ListOffsets"),
        Gist(.failed, "topic odd", "Metadata"),
      ])
  }

  @Test func manySoundTopicsShareALine() {
    let names = (0..<40).map { "t\($0)" }
    let heads = Dictionary(
      uniqueKeysWithValues: names.map {
        ($0, [PartitionHead.offsets(end: 1, start: nil, sampledAt: 0)])
      })
    let findings = ClusterExamination.topics(
      names.map { topic($0, 1) }, heads: heads, principal: vole)
    #expect(findings.count == ClusterExamination.maximumSoundTopics + 1)
    #expect(findings.last?.subject == "30 more topics")
  }

  @Test func phantomLagNeedsToRead() {
    let gists = [
      ClusterExamination.Reading.read(isWhole: true), .unanswered, .failed(Code.topic),
      .failed(Code.loading),
    ].map { Gist(ClusterExamination.phantomLag("t", $0, principal: vole)) }
    #expect(
      gists == [
        Gist(.ok, "topic t", "Fetch"), Gist(.timeout, "topic t", "Fetch"),
        Gist(.missing, "topic t", "Fetch", [AccessRight(.read, on: .topic("t"))]),
        Gist(.failed, "topic t", "Fetch"),
      ])
  }

  // MARK: Sources

  private func source(
    _ sources: [Configuration.Source], topic: Finding.Outcome, group: Finding.Outcome?,
    named: Finding.Outcome? = nil
  ) -> Finding {
    var groups: [Finding] = []
    if let group { groups.append(Finding(group, "group g", "OffsetFetch", "")) }
    if let named { groups.append(Finding(named, "topic t", "OffsetFetch", "")) }
    return ClusterExamination.source(
      sources, topic: [Finding(topic, "topic o", "Fetch", "")], groups: groups)
  }

  @Test func whatTheSourceMakesOfIt() {
    #expect(source([.automatic], topic: .ok, group: .ok).outcome == .ok)
    #expect(source([.automatic], topic: .ok, group: .ok).detail.hasSuffix("can be followed"))
    #expect(source([.automatic], topic: .missing, group: .ok).detail.contains("falls back"))
    let alone = source([.automatic], topic: .ok, group: .missing)
    #expect(alone.outcome == .ok && alone.detail.contains("falling back would"))
    #expect(source([.automatic], topic: .missing, group: .missing).outcome == .failed)
    #expect(source([.offsetsTopic], topic: .missing, group: .ok).outcome == .failed)
    #expect(source([.offsetsTopic], topic: .ok, group: .missing).outcome == .ok)
    #expect(source([.offsetFetch], topic: .ok, group: .missing).outcome == .failed)
    #expect(source([.offsetFetch], topic: .missing, group: .ok).outcome == .ok)
    #expect(source([.offsetFetch], topic: .missing, group: nil).outcome == .failed)
    let inPart = source([.offsetFetch], topic: .missing, group: .ok, named: .missing)
    #expect(inPart.outcome == .ok && inPart.detail.contains("works in part"))
    #expect(source([.offsetsTopic, .offsetFetch], topic: .ok, group: .missing).outcome == .failed)
  }
}
