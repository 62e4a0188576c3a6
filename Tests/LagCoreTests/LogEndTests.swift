import LagCore
import Testing

/// What lag is measured between: two ends, log starts, heads of all ages.
@Suite("Ends of logs")
struct LogEndTests {
  private func world() -> TestStore {
    let world = TestStore()
    let stable = Array("stable".utf8)
    _ = world.store.addGroup(stable.span, logEnd: .lastStableOffset)
    return world
  }

  private func topic(_ world: TestStore, _ logEnd: LogEnd) -> Int {
    let name = Array("t".utf8)
    return world.store.topic(named: name.span, logEnd: logEnd) ?? -1
  }

  // MARK: Two ends

  @Test("Two groups of one topic may measure to different ends")
  func twoEnds() {
    let world = world()
    world.commit("g", "t", 0, 30, at: 10)
    world.commit("stable", "t", 0, 30, at: 10)
    #expect(
      world.store.watchedTopics().map { "\($0.name) \($0.logEnd)" }
        == ["t highWatermark", "t lastStableOffset"])
    #expect(world.store.watchedTopics().map(\.index) == [0, 1])
    #expect(world.store.logEnd(ofTopic: 1) == .lastStableOffset)
    world.store.recordHead(38, topic: topic(world, .highWatermark), partition: 0, now: 11_000)
    world.store.recordHead(37, topic: topic(world, .lastStableOffset), partition: 0, now: 11_000)
    #expect(world.evaluate("g", at: 11)?.totalLag == 8)
    #expect(world.evaluate("stable", at: 11)?.totalLag == 7)
    world.commit("stable", "t", 0, 37, at: 12)
    #expect(world.evaluate("stable", at: 12)?.topics[0].partitions[0].end?.lag == 0)
    #expect(world.evaluate("stable", at: 12)?.topics.map(\.name) == ["t"])
  }

  @Test("A topic is known only at the ends that some group measures to")
  func oneEnd() {
    let world = world()
    world.commit("stable", "t", 0, 30, at: 10)
    #expect(topic(world, .lastStableOffset) == 0)
    #expect(topic(world, .highWatermark) == -1)
  }

  @Test("A known group keeps its end when it is added again")
  func addedAgain() {
    let world = world()
    #expect(world.group("stable") == 0)
    world.commit("stable", "t", 0, 30, at: 10)
    #expect(topic(world, .highWatermark) == -1)
  }

  @Test("A group that measures to another end keeps its windows, and has new heads")
  func otherEnd() {
    let world = world()
    world.commit("g", "t", 0, 30, at: 10)
    world.commit("g", "t", 3, 30, at: 10)
    world.commit("h", "t", 0, 30, at: 10)
    world.head(40, at: 10)
    world.store.setPartitionCount(6, ofTopic: 0)
    let revision = world.store.watchRevision
    world.store.setLogEnd(.lastStableOffset, ofGroup: world.group("g"), now: 11_000)
    #expect(world.store.watchRevision > revision)
    #expect(world.partition(at: 11)?.end?.offset == 30)
    #expect(world.partition(at: 11)?.headAge == nil)
    #expect(world.evaluate("g", at: 11)?.partitionCount == 6)
    #expect(world.evaluate("h", at: 11)?.totalLag == 10)
    #expect(world.store.watchedTopics().count == 2)
    world.store.recordHead(32, topic: topic(world, .lastStableOffset), partition: 0, now: 12_000)
    #expect(world.partition(at: 12)?.currentLag == 2)
    world.commit("g", "t", 3, 31, at: 13)
    world.commit("g", "new", 0, 31, at: 13)
    #expect(world.store.trackedPartitions == 4)
    // The last one that measures to an end takes its heads along.
    world.store.setLogEnd(.lastStableOffset, ofGroup: world.group("h"), now: 14_000)
    #expect(world.store.watchedTopics().map(\.logEnd) == [.lastStableOffset, .lastStableOffset])
    #expect(world.store.heads(ofTopic: 0).newest(of: 0) == nil)
    #expect(world.evaluate("h", at: 14)?.totalLag == 2)
    // And back.
    world.store.setLogEnd(.highWatermark, ofGroup: world.group("g"), now: 15_000)
    world.head(50, at: 15)
    #expect(world.partition(at: 15)?.currentLag == 20)
    #expect(world.evaluate("h", at: 15)?.totalLag == 2)
    world.tombstone("g", "t", 0)
    world.tombstone("g", "t", 3)
    #expect(world.evaluate("g", at: 15)?.topics.map(\.name) == ["new"])
    #expect(world.evaluate("h", at: 15)?.totalLag == 2)
  }

  @Test("The same end again changes nothing")
  func sameEnd() {
    let world = world()
    world.commit("g", "t", 0, 30, at: 10)
    world.head(40, at: 10)
    let revision = world.store.watchRevision
    world.store.setLogEnd(.highWatermark, ofGroup: world.group("g"), now: 11_000)
    #expect(world.store.watchRevision == revision)
    #expect(world.partition(at: 11)?.currentLag == 10)
  }

  // MARK: Heads

  @Test("A head is taken, lower than the one before it, or none")
  func outcomes() {
    let world = TestStore()
    world.commit(10, at: 1)
    func record(_ head: Int64, _ partition: Int32 = 0) -> HeadOutcome {
      world.store.recordHead(head, topic: 0, partition: partition, now: 1000)
    }
    #expect(record(5) == .taken)
    #expect(record(5) == .taken)
    #expect(record(4) == .fellBack)
    #expect(record(9) == .taken)
    #expect(record(8, 1) == .taken)
    #expect(record(.max) == .taken)
    #expect(record(0) == .fellBack)
    for (head, partition) in [(-1, 0), (.min, 0), (1, -1), (1, .max), (1, .min)] as [(Int64, Int32)]
    {
      #expect(record(head, partition) == .refused)
    }
    #expect(
      world.store.recordHead(1, topic: 0, partition: Int32(OffsetStore.maximumPartitions), now: 0)
        == .refused)
    #expect(world.store.heads(ofTopic: 0).newest(of: 0) == 0)
  }

  @Test("Each partition shows the age of its own head, and is unknown once that is too old")
  func headAge() {
    let world = TestStore(intervals: 1)
    for partition: Int32 in 0..<2 {
      world.commit("g", "t", partition, 10, at: 100)
      world.head("t", partition, 10, at: 100)
    }
    world.head("t", 1, 10, at: 130)
    let parameters = JudgementParameters(staleAfter: 30)
    #expect(world.judge(at: 130, parameters).verdict == .ok)
    let judgement = world.judge(at: 131, parameters)
    #expect(judgement.verdict == .unknown)
    #expect(judgement.unknown == 1)
    #expect(judgement.headOld == 1)
    #expect(judgement.ok == 1)
    let plain = EvaluationParameters(staleAfter: 30)
    let partitions = world.evaluate(at: 131, plain)?.topics[0].partitions
    #expect(partitions?.map(\.headAge) == [31, 1])
    #expect(partitions?.map(\.flags) == [.headOld, []])
    #expect(partitions?.map(\.rule) == [.noLag, .noLag])
    // A partition without a leader comes back.
    world.head("t", 0, 10, at: 140)
    #expect(world.judge(at: 140, parameters).verdict == .ok)
  }

  @Test("An old head makes even what looks broken unknown, and the lag still counts")
  func oldHeadOfLag() {
    let world = TestStore(intervals: 1)
    world.commit(10, at: 100)
    world.head(30, at: 100)
    #expect(world.judge(at: 110, JudgementParameters(staleAfter: 10)).verdict == .error)
    let judgement = world.judge(at: 111, JudgementParameters(staleAfter: 10))
    #expect(judgement.verdict == .unknown)
    #expect(judgement.totalLag == 20)
    #expect(judgement.stop == 0)
  }

  @Test("By default no head is ever too old, and a clock set back makes none")
  func noStaleness() {
    let world = TestStore(intervals: 1)
    world.commit(10, at: 100)
    world.head(10, at: 100)
    #expect(world.judge(at: 4_000_000_000).headOld == 0)
    #expect(world.judge(at: 50, JudgementParameters(staleAfter: 0)).verdict == .ok)
    #expect(world.partition(at: 50)?.headAge == -50)
    #expect(world.partition(at: 100)?.headAge == 0)
    for extreme: Int64 in [.min, .max] {
      _ = world.judge(at: extreme, JudgementParameters(staleAfter: 1, clockSkew: extreme))
      _ = world.evaluate(
        at: extreme, EvaluationParameters(clockSkew: extreme, staleAfter: 1))
    }
  }

  // MARK: Log starts

  @Test("A commit below the log start lags from there, and says so")
  func clamped() {
    let world = TestStore(intervals: 1)
    world.commit(10, at: 100)
    world.head(100, at: 100)
    #expect(world.start(60, at: 100) == 0)
    #expect(world.partition(at: 100)?.currentLag == 40)
    #expect(world.partition(at: 100)?.flags == .beforeLogStart)
    #expect(world.partition(at: 100)?.rule == .stalled)
    let judgement = world.judge(at: 100)
    #expect(judgement.totalLag == 40)
    #expect(judgement.beforeLogStart == 1)
    #expect(judgement.worst?.lag == 40)
  }

  @Test("A log that is empty behind the commit leaves no lag")
  func allDeleted() {
    let world = TestStore(intervals: 1)
    world.commit(10, at: 100)
    world.head(100, at: 100)
    world.start(100, at: 100)
    #expect(world.partition(at: 200)?.currentLag == 0)
    #expect(world.partition(at: 200)?.rule == .noLag)
    #expect(world.judge(at: 200).verdict == .ok)
    #expect(world.judge(at: 200).beforeLogStart == 1)
  }

  @Test("A log start is kept only where a commit lies below it")
  func keptWhereNeeded() {
    let world = TestStore()
    world.commit("g", "t", 0, 10, at: 100)
    world.commit("h", "t", 0, 70, at: 100)
    world.head(100, at: 100)
    for (start, kept) in [(0, nil), (10, nil), (11, 11), (60, 60), (10, nil)] as [(Int64, Int64?)] {
      world.start(start, at: 100)
      #expect(world.store.logStart(ofTopic: 0, partition: 0) == kept)
    }
    world.start(60, at: 100)
    #expect(world.evaluate("h", at: 100)?.totalLag == 30)
    #expect(world.evaluate("h", at: 100)?.topics[0].partitions[0].flags == [])
    // The group moved beyond it.
    world.commit("g", "t", 0, 60, at: 101)
    #expect(world.partition(at: 101)?.currentLag == 40)
    #expect(world.partition(at: 101)?.flags == [])
    world.start(60, at: 101)
    #expect(world.store.logStart(ofTopic: 0, partition: 0) == nil)
  }

  @Test("Log starts go with their topic")
  func forgotten() {
    let world = TestStore()
    world.commit(10, at: 100)
    world.head(100, at: 100)
    world.start(60, at: 100)
    world.tombstone()
    #expect(world.store.logStart(ofTopic: 0, partition: 0) == nil)
    world.commit(10, at: 101)
    world.head(100, at: 101)
    #expect(world.partition(at: 101)?.currentLag == 90)
  }

  @Test("A log start counts for both ends, whichever it was told for")
  func bothEnds() {
    let world = world()
    world.commit("g", "t", 0, 10, at: 100)
    world.commit("stable", "t", 0, 20, at: 100)
    for logEnd in LogEnd.allCases {
      world.store.recordHead(100, topic: topic(world, logEnd), partition: 0, now: 100_000)
    }
    world.store.recordLogStart(
      70, topic: topic(world, .lastStableOffset), partition: 0, now: 100_000)
    #expect(world.evaluate("g", at: 100)?.totalLag == 30)
    #expect(world.evaluate("stable", at: 100)?.totalLag == 30)
  }

  @Test("What is no offset, or of no partition, is no log start")
  func badStarts() {
    let world = TestStore()
    world.commit(10, at: 100)
    for start: Int64 in [-1, .min] { #expect(world.start(start, at: 100) == 0) }
    for partition: Int32 in [-1, .min, .max, Int32(OffsetStore.maximumPartitions), 5] {
      #expect(
        world.store.recordLogStart(99, topic: 0, partition: partition, now: 100_000) == 0)
      #expect(world.store.logStart(ofTopic: 0, partition: partition) == nil)
    }
    // Beyond every head: the lag is none.
    world.head(50, at: 100)
    world.start(.max, at: 100)
    #expect(world.partition(at: 100)?.currentLag == 0)
  }

  @Test("The plain algorithm measures from the commit, and the flag stays")
  func plain() {
    let world = TestStore(intervals: 1)
    world.commit(10, at: 100)
    world.head(100, at: 100)
    world.start(100, at: 100)
    let plain = world.partition(at: 200, EvaluationParameters(isPlain: true))
    #expect(plain?.currentLag == 90)
    #expect(plain?.rule == .stopped)
    #expect(plain?.flags == .beforeLogStart)
  }

  // MARK: The brokers' clock

  @Test("Silence is measured by the brokers' clock")
  func skew() {
    let world = TestStore(intervals: 2)
    // The brokers' clocks are 60 s ahead of this machine's.
    world.commit("g", "t", 0, 10, at: 1060, now: 1000)
    world.commit("g", "t", 0, 11, at: 1070, now: 1010)
    world.head(99, at: 1010)
    #expect(world.partition(at: 1060)?.rule != .stopped)
    let corrected = EvaluationParameters(clockSkew: -60_000)
    #expect(world.partition(at: 1020, corrected)?.rule != .stopped)
    #expect(world.partition(at: 1021, corrected)?.rule == .stopped)
    #expect(
      world.partition(at: 1021, EvaluationParameters(isPlain: true, clockSkew: -60_000))?.rule
        != .stopped)
    #expect(world.judge(at: 1021, JudgementParameters(clockSkew: -60_000)).stop == 1)
    #expect(world.judge(at: 1021).stop == 0)
  }

  @Test("A clock ahead of the brokers' stops nobody")
  func skewAhead() {
    let world = TestStore(intervals: 2)
    world.commit("g", "t", 0, 10, at: 1000, now: 1060)
    world.commit("g", "t", 0, 11, at: 1010, now: 1070)
    world.head(99, at: 1070)
    #expect(world.judge(at: 1071).stop == 1)
    #expect(world.judge(at: 1071, JudgementParameters(clockSkew: 60_000)).stop == 0)
    #expect(world.judge(at: 1080, JudgementParameters(clockSkew: 60_000)).stop == 0)
    #expect(world.judge(at: 1081, JudgementParameters(clockSkew: 60_000)).stop == 1)
  }

  @Test("The hold of a commit is measured by the brokers' clock, that of a head by our own")
  func skewOfHold() {
    let world = TestStore(intervals: 5)
    world.commit("g", "t", 0, 10, at: 1060, now: 1000)
    world.head(11, at: 1000)
    func verdict(_ seconds: Int64) -> Verdict {
      world.judge(at: seconds, JudgementParameters(hold: 60, clockSkew: -60_000)).verdict
    }
    #expect(verdict(1000) == .unknown)
    #expect(verdict(1059) == .unknown)
    #expect(verdict(1060) == .error)
  }
}
