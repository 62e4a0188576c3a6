import KafkaClient
import Testing

@Suite("What a record says about lag")
struct ProbeQuestionTests {
  let question = ProbeQuestion(
    number: 1, topic: "t", partition: 0, committed: 10, end: 20, deadline: 0)

  @Test("only a record between committed and end is left to be read")
  func records() {
    #expect(question.record(at: 9) == nil)
    #expect(question.record(at: 10) == .readable(at: 10))
    #expect(question.record(at: 19) == .readable(at: 19))
    #expect(question.record(at: 20) == .nothingReadable(upTo: 20))
    #expect(question.record(at: .max) == .nothingReadable(upTo: 20))
  }

  @Test("the end of the partition never says more than was asked, nor less than is known")
  func ends() {
    #expect(question.endOfPartition(at: 25) == .nothingReadable(upTo: 20))
    #expect(question.endOfPartition(at: 15) == .nothingReadable(upTo: 15))
    #expect(question.endOfPartition(at: 3) == .nothingReadable(upTo: 10))
  }
}

@Suite("When describing is tried again after a hang")
struct HangBackoffTests {
  @Test("the pause doubles, and the fifth hang is the last")
  func pauses() {
    var backoff = HangBackoff()
    var now: Int64 = 1_000
    #expect(backoff.isAllowed(now: .min))
    for minutes in [Int64(10), 20, 40, 80] {
      backoff.hung(now: now)
      #expect(!backoff.isAllowed(now: now + minutes * 60_000 - 1))
      now += minutes * 60_000
      #expect(backoff.isAllowed(now: now))
    }
    backoff.hung(now: now)
    #expect(!backoff.isAllowed(now: .max))
    backoff.hung(now: now)
    #expect(backoff.hangs == HangBackoff.maximumHangs)
  }
}

@Suite("Which offsets belong to a moment")
struct TimesPlanTests {
  static let request = [TopicPartitions(topic: "o", partitions: [0, 1, 2])]
  static let metadata = ["o": TopicMetadata(name: "o", leaders: [1, 1, -1], error: nil)]
  static let error = KafkaError(code: -185)

  func plan() -> (TimesPlan, [HeadsPlan.LeaderGroup]) {
    var plan = TimesPlan(request: Self.request, time: 1_700_000_000_000)
    let groups = plan.groups(metadata: Self.metadata, suspects: [], unknown: Self.error)
    return (plan, groups)
  }

  @Test("-1 is an answer here, that nothing is so new; without a leader there is none")
  func nothingSoNew() {
    var (plan, groups) = plan()
    #expect(groups.map(\.leader) == [1])
    let next = plan.take(
      groups[0].places, callError: nil,
      elements: [.init(offset: 5, error: nil), .init(offset: -1, error: nil)], sampledAt: 0)
    #expect(next == .done)
    #expect(
      plan.offsets(unanswered: Self.error).map(\.offsets) == [
        [.offset(5), .nothingSoNew, .leaderless]
      ])
  }

  @Test("an offset of 0 is an offset")
  func zero() {
    var (plan, groups) = plan()
    _ = plan.take(
      groups[0].places, callError: nil,
      elements: [.init(offset: 0, error: nil), .init(offset: 0, error: nil)], sampledAt: 0)
    #expect(plan.offsets(unanswered: Self.error)[0].offsets[0] == .offset(0))
  }

  @Test("the question itself, or another negative number, is no answer and is asked alone")
  func unanswered() {
    var (plan, groups) = plan()
    let next = plan.take(
      groups[0].places, callError: nil,
      elements: [.init(offset: 1_700_000_000_000, error: nil), .init(offset: -1_001, error: nil)],
      sampledAt: 0)
    #expect(next == .askOneByOne(groups[0].places))
    _ = plan.take(
      [groups[0].places[0]], callError: nil,
      elements: [.init(offset: 1_700_000_000_000, error: nil)],
      sampledAt: 0)
    guard case .failed = plan.offsets(unanswered: Self.error)[0].offsets[0] else {
      Issue.record("the time was taken for an offset")
      return
    }
  }

  @Test("when the call fails, -1 means nothing at all")
  func callError() {
    var (plan, groups) = plan()
    let next = plan.take(
      groups[0].places, callError: KafkaError(code: 3),
      elements: [.init(offset: -1, error: nil), .init(offset: -1, error: nil)], sampledAt: 0)
    #expect(next == .askOneByOne(groups[0].places))
    _ = plan.take(
      [groups[0].places[0]], callError: Self.error, elements: [], sampledAt: 0)
    #expect(plan.offsets(unanswered: Self.error)[0].offsets[0] == .failed(Self.error))
  }

  @Test("an error of one element leaves its neighbour alone")
  func elementError() {
    var (plan, groups) = plan()
    let denied = KafkaError(code: 29)
    _ = plan.take(
      groups[0].places, callError: nil,
      elements: [.init(offset: -1, error: denied), .init(offset: -1, error: nil)], sampledAt: 0)
    #expect(
      plan.offsets(unanswered: Self.error)[0].offsets
        == [.failed(denied), .nothingSoNew, .leaderless])
  }

  @Test("a moment before 1970 is not taken for one of the protocol's own numbers")
  func negative() {
    for time in [Int64.min, -2, -1, 0] {
      #expect(TimesPlan(request: [], time: time).timestamp == TimesPlan.earliestTime)
    }
  }
}

@Suite("Log starts beside ends")
struct StartsTests {
  static let request = [TopicPartitions(topic: "a", partitions: [0, 1])]

  func planWithEnds() -> (HeadsPlan, [HeadsPlan.Place]) {
    var plan = HeadsPlan(request: Self.request)
    let metadata = ["a": TopicMetadata(name: "a", leaders: [1, 1], error: nil)]
    let groups = plan.groups(metadata: metadata, suspects: [], unknown: KafkaError(code: -185))
    _ = plan.takeEnds(
      groups[0].places, callError: nil,
      elements: [.init(offset: 7, error: nil), .init(offset: 8, error: nil)], sampledAt: 1)
    return (plan, plan.answeredGroups(metadata: metadata).flatMap(\.places))
  }

  @Test("one start that fails takes neither its end nor its neighbour's start away")
  func oneFails() {
    var (plan, places) = planWithEnds()
    #expect(places.count == 2)
    let next = plan.takeStarts(places, callError: KafkaError(code: 3), elements: [])
    #expect(next == .askOneByOne(places))
    #expect(plan.takeStarts([places[0]], callError: KafkaError(code: 3), elements: []) == .done)
    plan.takeStarts([places[1]], callError: nil, elements: [.init(offset: 2, error: nil)])
    #expect(
      plan.result(unanswered: KafkaError(code: -185))[0].heads == [
        .offsets(end: 7, start: nil, sampledAt: 1), .offsets(end: 8, start: 2, sampledAt: 1),
      ])
  }

  @Test("a broker that is gone is not asked for each start alone")
  func brokerGone() {
    var (plan, places) = planWithEnds()
    #expect(plan.takeStarts(places, callError: KafkaError(code: -195), elements: []) == .done)
    #expect(plan.heads[0].compactMap { $0?.end } == [7, 8])
  }
}
