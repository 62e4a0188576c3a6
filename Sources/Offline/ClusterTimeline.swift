import ConsumerOffsets
import LagCore

/// One cluster of a replayed log: its store, and what is needed to say why a verdict changed.
struct ClusterTimeline {
  /// The cluster's name, empty when the log gives none.
  let source: [UInt8]
  /// Commits and heads, as the agent keeps them.
  var store: OffsetStore
  /// What is known of each group, by the store's index.
  private(set) var groups: [GroupTimeline] = []
  /// Groups that something was read of since they were judged last, in that order.
  private(set) var touched: [Int] = []

  private var transactions = OpenTransactions()
  private var topics: NameTable
  /// The groups that committed to a topic, by the store's index.
  private var committers: [Int: [Int]] = [:]
  private var commitments: Set<Commitment> = []
  /// The newest head of topics that no group has committed to yet, by topic and partition.
  private var waitingHeads: [Int32: [Int32: Int64]] = [:]
  private var waitingHeadCount = 0
  private var newestCommits: [OffsetKey: Evidence] = [:]

  /// The most heads kept for topics that no group has committed to.
  static let maximumWaitingHeads = 1_000_000

  private struct Commitment: Hashable {
    let group: Int
    let topic: Int
  }

  /// Where a record was read.
  struct Evidence {
    let line: Int
    /// The record's offset in `__consumer_offsets`, where the log gives it.
    let recordOffset: Int64?
  }

  /// Something read that may change a verdict.
  struct Event {
    /// What it was.
    enum Kind {
      case commit, offsetTombstone, head

      var name: StaticString {
        switch self {
        case .commit: "commit"
        case .offsetTombstone: "offset_tombstone"
        case .head: "head"
        }
      }
    }

    let kind: Kind
    let evidence: Evidence
    /// The store's index of the topic.
    let topic: Int
    let partition: Int32
  }

  /// What is known of a group beside its windows.
  struct GroupTimeline {
    /// The verdict last said.
    var verdict = Verdict.notFound
    /// The last event since the group was judged.
    var event: Event?
    /// The second of the last event.
    var lastEvent: Int64 = 0
    /// When to judge the group again though nothing is read; `Int64.max` for never.
    var wake = Int64.max
  }

  init(source: [UInt8], settings: TimelineSettings, seed: UInt64) {
    self.source = source
    store = OffsetStore(limits: settings.limits, expireAfter: settings.expireAfter, seed: seed)
    topics = NameTable(seed: seed &+ 3)
  }

  // MARK: Reading the log

  /// Takes a record in.
  ///
  /// - Parameters:
  ///   - line: The line, its record decoded.
  ///   - number: The number of the line.
  ///   - now: The virtual clock in milliseconds since 1970.
  mutating func apply(_ line: CaptureLine, number: Int, now: Int64) throws(LineProblem) {
    if line.isControl { return try applyMarker(line, now: now) }
    guard let record = try line.offsetRecord() else { return }
    let group = try group(named: line.key, record.key.group)
    let key = OffsetKey(
      source: 0, group: Int32(group), topic: try topics.number(of: line.key, record.key.topic),
      partition: record.key.partition)
    guard let value = record.value else {
      return remove(key, Evidence(line: number, recordOffset: line.offset), now: now)
    }
    let commit = CommittedOffset(
      offset: value.offset, leaderEpoch: value.leaderEpoch, metadata: [],
      commitTimestamp: value.commitTimestamp, recordOffset: line.offset ?? Int64(number),
      line: number)
    if line.isTransactional {
      guard transactions.count < ReplayStateFilter.maximumOffsets else {
        throw LineProblem("more than \(ReplayStateFilter.maximumOffsets) commits in transactions")
      }
      transactions.add(commit, for: key, by: producer(of: line))
    } else {
      try apply(commit, for: key, now: now)
    }
  }

  private mutating func applyMarker(_ line: CaptureLine, now: Int64) throws(LineProblem) {
    guard let marker = try TransactionMarker.decode(line.key) else { return }
    for (key, commit) in transactions.end(producer(of: line)) where marker == .commit {
      try apply(commit, for: key, now: now)
    }
  }

  private func producer(of line: CaptureLine) -> OpenTransactions.Producer {
    OpenTransactions.Producer(source: 0, partition: line.partition ?? -1, id: line.producerID)
  }

  private mutating func group(
    named bytes: [UInt8], _ range: Range<Int>
  ) throws(LineProblem) -> Int {
    guard let group = store.addGroup(bytes.span.extracting(range)) else {
      throw LineProblem("more than \(OffsetStore.maximumGroups) groups")
    }
    while groups.count <= group { groups.append(GroupTimeline()) }
    return group
  }

  private mutating func apply(
    _ commit: CommittedOffset, for key: OffsetKey, now: Int64
  ) throws(LineProblem) {
    let group = Int(key.group)
    let name = Array(topics.name(Int(key.topic)))
    let outcome = store.record(
      group: group, topic: name.span, partition: key.partition, offset: commit.offset,
      timestamp: commit.commitTimestamp, order: commit.recordOffset, now: now)
    switch outcome {
    case .placed: break
    case .expired, .ofDeletedTopic: return
    case .partitionOutOfRange:
      throw LineProblem("commit of partition \(key.partition), which is out of range")
    case .full: throw LineProblem("more than \(OffsetStore.maximumGroupTopics) topics of groups")
    }
    guard let topic = store.topic(named: name.span) else { return }
    if commitments.insert(Commitment(group: group, topic: topic)).inserted {
      committers[topic, default: []].append(group)
      releaseHeads(of: key.topic, to: topic, now: now)
    }
    let evidence = Evidence(line: commit.line, recordOffset: commit.recordOffset)
    let place = OffsetKey(
      source: 0, group: key.group, topic: Int32(topic), partition: key.partition)
    if newestCommits.count < ReplayStateFilter.maximumOffsets || newestCommits[place] != nil {
      newestCommits[place] = evidence
    }
    touch(
      group, Event(kind: .commit, evidence: evidence, topic: topic, partition: key.partition),
      now: now)
  }

  private mutating func remove(_ key: OffsetKey, _ evidence: Evidence, now: Int64) {
    transactions.remove(key)
    let name = Array(topics.name(Int(key.topic)))
    let group = Int(key.group)
    guard store.removeOffset(group: group, topic: name.span, partition: key.partition),
      let topic = store.topic(named: name.span)
    else { return }
    newestCommits[
      OffsetKey(source: 0, group: key.group, topic: Int32(topic), partition: key.partition)] = nil
    touch(
      group,
      Event(kind: .offsetTombstone, evidence: evidence, topic: topic, partition: key.partition),
      now: now)
  }

  // MARK: Heads

  /// Takes a log-end offset in.
  ///
  /// As in the agent, which asks for the heads of a topic once a group has committed to it, the
  /// first commit of a topic has an unknown lag.
  mutating func applyHead(
    _ head: Int64, topic name: [UInt8], partition: Int32, number: Int, now: Int64
  ) throws(LineProblem) {
    guard let topic = store.topic(named: name.span) else {
      let number = try topics.number(of: name)
      guard waitingHeadCount < Self.maximumWaitingHeads else {
        throw LineProblem(
          "more than \(Self.maximumWaitingHeads) heads of topics without a commit")
      }
      if waitingHeads[number, default: [:]].updateValue(head, forKey: partition) == nil {
        waitingHeadCount += 1
      }
      return
    }
    store.recordHead(head, topic: topic, partition: partition, now: now)
    let evidence = Evidence(line: number, recordOffset: nil)
    for group in committers[topic] ?? [] {
      touch(
        group, Event(kind: .head, evidence: evidence, topic: topic, partition: partition), now: now)
    }
  }

  private mutating func releaseHeads(of number: Int32, to topic: Int, now: Int64) {
    guard let heads = waitingHeads.removeValue(forKey: number) else { return }
    waitingHeadCount -= heads.count
    for (partition, head) in heads {
      store.recordHead(head, topic: topic, partition: partition, now: now)
    }
  }

  // MARK: Judging

  private mutating func touch(_ group: Int, _ event: Event, now: Int64) {
    if groups[group].event == nil { touched.append(group) }
    groups[group].event = event
    groups[group].lastEvent = now / 1000
  }

  /// Hands out the groups that something was read of, and begins anew.
  mutating func takeTouched() -> [Int] {
    defer { touched.removeAll(keepingCapacity: true) }
    return touched
  }

  /// Takes note of what was said of a group; returns the event since it was judged last.
  mutating func settle(_ group: Int, _ verdict: Verdict, wake: Int64) -> Event? {
    defer {
      groups[group].event = nil
      groups[group].verdict = verdict
      groups[group].wake = wake
    }
    return groups[group].event
  }

  /// Where the newest commit of a partition was read.
  func newestCommit(group: Int, topic: Int, partition: Int32) -> Evidence? {
    newestCommits[
      OffsetKey(source: 0, group: Int32(group), topic: Int32(topic), partition: partition)]
  }

  /// When a verdict could change next though nothing is read; `Int64.max` for never.
  ///
  /// A partition becomes STOP when its silence exceeds the span of its window. One whose window is
  /// not filled is judged once it has stood still for `hold`, which is looked after every second as
  /// long as that can come. A silent group is forgotten in the end, at a full hour.
  func nextWake(
    of group: Int, after now: Int64, _ judgement: GroupJudgement, _ settings: TimelineSettings
  ) -> Int64 {
    var next = Int64.max
    func consider(_ second: Int64) {
      if second > now, second < next { next = second }
    }
    if let last = store.lastCommit(group: group) {
      let hour = (last &+ settings.expireAfter) / 3_600_000 &+ 1
      consider(hour &* 3600)
    }
    guard judgement.totalLag > 0 else { return next }
    if judgement.unknown > 0 {
      // What begins to stand still does so at an event, and is judged one second after it.
      let patience = Int64(settings.parameters.hold) + 1
      if now &- groups[group].lastEvent <= patience { consider(now &+ 1) }
    }
    let rules = EvaluationParameters(
      allowedLag: settings.parameters.allowedLag,
      warningNeedsTwoLags: settings.parameters.warningNeedsTwoLags)
    let evaluation = store.evaluate(group: group, nowSeconds: now, parameters: rules)
    for topic in evaluation?.topics ?? [] {
      for partition in topic.partitions where partition.currentLag > rules.allowedLag {
        guard let start = partition.start, let end = partition.end else { continue }
        let span = end.timestamp &- start.timestamp
        consider((end.timestamp &+ span) / 1000 &+ 1)
      }
    }
    return next
  }
}
