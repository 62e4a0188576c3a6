/// Everything known of a cluster's groups, kept by name in dictionaries.
///
/// A second statement of what the product's store does: Burrow's storage (`inmemory.go`) and group
/// evaluation (`caching.go`), with Vole's differences: commits without a head are kept, partitions
/// leave one by one, and topics go in the order of their names.
package struct ReferenceStore {
  /// A partition of a group.
  package struct Partition {
    package var ring: ReferenceRing
    package var owner: String?
    /// Since when a head above the newest commit was seen, in seconds; nil when none is.
    package var behindSince: Int64?
  }

  /// A topic of a group: its partitions, and how many it has shown at most.
  private struct GroupTopic {
    var partitions: [Int32: Partition] = [:]
    var shown = 0
  }

  /// What is known of the heads of a topic.
  private struct Heads {
    var count = 0
    var heads: [Int32: [Int64]] = [:]
  }

  /// One evaluated partition.
  package struct PartitionAnswer: Equatable {
    package var status: ReferenceStatus
    package var owner: String?
    package var start: RingCommit?
    package var end: RingCommit?
    package var currentLag: UInt64
    package var complete: Float

    /// An answer with the given parts.
    package init(
      status: ReferenceStatus, owner: String?, start: RingCommit?, end: RingCommit?,
      currentLag: UInt64, complete: Float
    ) {
      self.status = status
      self.owner = owner
      self.start = start
      self.end = end
      self.currentLag = currentLag
      self.complete = complete
    }
  }

  /// One evaluated group; topics by name.
  package struct GroupAnswer: Equatable {
    package var status = "OK"
    package var complete: Float = 0
    package var topics: [String] = []
    package var partitions: [[PartitionAnswer]] = []
    package var partitionCount = 0
    package var maxLagTopic: String?
    package var maxLagPartition: Int?
    package var totalLag: UInt64 = 0

    /// An answer to be filled in.
    package init() {}
  }

  /// How many partitions are in which state.
  package struct Judgement: Equatable {
    package var verdict: String
    package var counts: [String: Int] = [:]
    package var totalLag: UInt64 = 0

    /// A judgement with the given parts.
    package init(verdict: String, counts: [String: Int] = [:], totalLag: UInt64 = 0) {
      self.verdict = verdict
      self.counts = counts
      self.totalLag = totalLag
    }
  }

  private let intervals: Int
  private let minimumDistance: Int64
  private let expireAfter: Int64
  private var groups: [String: [String: GroupTopic]] = [:]
  private var lastCommits: [String: Int64] = [:]
  private var topics: [String: Heads] = [:]

  /// Creates an empty store; distances in milliseconds.
  package init(intervals: Int, minimumDistance: Int64, expireAfter: Int64) {
    self.intervals = intervals
    self.minimumDistance = minimumDistance
    self.expireAfter = expireAfter
  }

  // MARK: What comes in

  /// Stores a commit; returns what became of it, nil when it is too old for the store.
  package mutating func record(
    group: String, topic: String, partition: Int32, _ commit: RingCommit, now: Int64
  ) -> ReferenceRing.Fate? {
    if commit.timestamp < now - expireAfter { return nil }
    let hadData = hasData(group)
    makePartition(group, topic, partition)
    guard var kept = groups[group]?[topic]?.partitions[partition] else { return nil }
    let before = kept.ring.commits.last?.offset
    let fate = kept.ring.add(commit, head: topics[topic]?.heads[partition]?.last)
    if kept.ring.commits.last?.offset != before { kept.behindSince = nil }
    groups[group]?[topic]?.partitions[partition] = kept
    if fate == .appended || fate == .merged || fate == .mergedBehind {
      let last = hadData ? lastCommits[group] ?? .min : .min
      lastCommits[group] = max(last, commit.timestamp)
    }
    return fate
  }

  /// Records a head of a topic that some group has.
  package mutating func recordHead(_ head: Int64, topic: String, partition: Int32) {
    var known = topics[topic] ?? Heads()
    known.count = max(known.count, Int(partition) + 1)
    known.heads[partition] = Array(((known.heads[partition] ?? []) + [head]).suffix(intervals))
    topics[topic] = known
  }

  /// Takes note of a partition count.
  package mutating func setPartitionCount(_ count: Int, topic: String) {
    var known = topics[topic] ?? Heads()
    known.count = max(known.count, count)
    topics[topic] = known
  }

  /// Replaces the owners of a group; each assignment is owner, topic, partition.
  package mutating func setOwners(
    _ assignments: [(owner: String, topic: String, partition: Int32)], group: String
  ) {
    for (topic, known) in groups[group] ?? [:] {
      for partition in known.partitions.keys {
        groups[group]?[topic]?.partitions[partition]?.owner = nil
      }
    }
    for assignment in assignments {
      makePartition(group, assignment.topic, assignment.partition)
      groups[group]?[assignment.topic]?.partitions[assignment.partition]?.owner = assignment.owner
    }
    drop(group) { $0.owner == nil && $0.ring.commits.isEmpty }
  }

  private mutating func makePartition(_ group: String, _ topic: String, _ partition: Int32) {
    var known = groups[group]?[topic] ?? GroupTopic()
    if known.partitions[partition] == nil {
      known.partitions[partition] = Partition(
        ring: ReferenceRing(intervals: intervals, minimumDistance: minimumDistance))
      if known.shown <= Int(partition) {
        known.shown = max(topics[topic]?.count ?? 0, Int(partition) + 1)
      }
    }
    groups[group, default: [:]][topic] = known
  }

  // MARK: What leaves

  /// Takes an offset tombstone; returns whether commits stood.
  package mutating func removeOffset(group: String, topic: String, partition: Int32) -> Bool {
    guard let kept = groups[group]?[topic]?.partitions[partition], !kept.ring.commits.isEmpty else {
      return false
    }
    forgetCommits(group, topic, partition)
    return true
  }

  /// Forgets a group.
  package mutating func removeGroup(_ group: String) {
    drop(group) { _ in true }
  }

  /// Forgets the commits of partitions whose newest one is too old; returns how many.
  package mutating func expire(now: Int64) -> Int {
    var expired = 0
    for (group, known) in groups {
      for (topic, partitions) in known {
        for (partition, kept) in partitions.partitions {
          guard let end = kept.ring.commits.last, end.timestamp < now - expireAfter else {
            continue
          }
          forgetCommits(group, topic, partition)
          expired += 1
        }
      }
    }
    return expired
  }

  private mutating func forgetCommits(_ group: String, _ topic: String, _ partition: Int32) {
    let owner = groups[group]?[topic]?.partitions[partition]?.owner
    groups[group]?[topic]?.partitions[partition] = Partition(
      ring: ReferenceRing(intervals: intervals, minimumDistance: minimumDistance), owner: owner)
    drop(group) { $0.owner == nil && $0.ring.commits.isEmpty }
  }

  /// Drops partitions, and with the last ones of a topic what was known of it.
  private mutating func drop(_ group: String, where isDropped: (Partition) -> Bool) {
    for (topic, known) in groups[group] ?? [:] {
      let left = known.partitions.filter { !isDropped($0.value) }
      groups[group]?[topic]?.partitions = left
      if left.isEmpty { groups[group]?[topic] = nil }
    }
    for topic in Array(topics.keys) where !watchedTopics.contains(topic) { topics[topic] = nil }
  }

  // MARK: Answers

  /// The topics that some group has a partition of, by name.
  package var watchedTopics: [String] {
    Set(groups.values.flatMap(\.keys)).sorted()
  }

  /// How many partitions of groups there are.
  package var trackedPartitions: Int {
    groups.values.flatMap(\.values).map(\.partitions.count).reduce(0, +)
  }

  /// Whether a commit of the group stands.
  package func hasData(_ group: String) -> Bool {
    (groups[group] ?? [:]).values.contains { topic in
      topic.partitions.values.contains { !$0.ring.commits.isEmpty }
    }
  }

  /// The newest commit time of a group.
  package func lastCommit(_ group: String) -> Int64? {
    hasData(group) ? lastCommits[group] : nil
  }

  /// Evaluates a group as Burrow does.
  package func evaluate(
    _ group: String, nowSeconds: Int64, allowedLag: UInt64, minimumComplete: Float,
    needsTwoLags: Bool
  ) -> GroupAnswer? {
    guard let last = lastCommit(group), last >= nowSeconds * 1000 - expireAfter else { return nil }
    var answer = GroupAnswer()
    var largest: UInt64?
    var full = 0
    for (topic, known) in (groups[group] ?? [:]).sorted(by: { $0.key < $1.key }) {
      answer.topics.append(topic)
      var partitions: [PartitionAnswer] = []
      for number in 0..<max(known.shown, topics[topic]?.count ?? 0) {
        let partition = evaluate(
          known.partitions[Int32(number)], heads: topics[topic]?.heads[Int32(number)] ?? [],
          nowSeconds: nowSeconds, allowedLag: allowedLag, minimumComplete: minimumComplete,
          needsTwoLags: needsTwoLags)
        partitions.append(partition)
        answer.partitionCount += 1
        answer.totalLag &+= partition.currentLag
        if partition.complete == 1 { full += 1 }
        if largest.map({ partition.currentLag > $0 }) ?? true {
          largest = partition.currentLag
          answer.maxLagTopic = topic
          answer.maxLagPartition = number
        }
        switch partition.status {
        case .ok: break
        case .warn: if answer.status == "OK" { answer.status = "WARN" }
        case .stop, .stall, .rewind: answer.status = "ERR"
        }
      }
      answer.partitions.append(partitions)
    }
    answer.complete = Float(full) / Float(answer.partitionCount)
    return answer
  }

  private func evaluate(
    _ partition: Partition?, heads: [Int64], nowSeconds: Int64, allowedLag: UInt64,
    minimumComplete: Float, needsTwoLags: Bool
  ) -> PartitionAnswer {
    guard let partition else {
      return PartitionAnswer(
        status: .ok, owner: nil, start: nil, end: nil, currentLag: 0, complete: 0)
    }
    let commits = partition.ring.commits
    var currentLag: UInt64 = 0
    if let newest = commits.last, let head = heads.last, head > newest.offset {
      currentLag = UInt64(head - newest.offset)
    }
    let verdict = ReferenceRules.evaluate(
      partition.ring.window.map { slot in
        slot.map { ReferenceCommit($0.offset, $0.timestamp, $0.lag) }
      }, heads: heads, currentLag: currentLag, nowSeconds: nowSeconds, allowedLag: allowedLag,
      minimumComplete: minimumComplete, needsTwoLags: needsTwoLags)
    return PartitionAnswer(
      status: verdict.status, owner: partition.owner, start: commits.first, end: commits.last,
      currentLag: currentLag, complete: verdict.complete)
  }

  /// Judges a group as the probes do.
  package mutating func judge(
    _ group: String, nowSeconds: Int64, allowedLag: UInt64, minimumComplete: Float, hold: Int64,
    needsTwoLags: Bool
  ) -> Judgement {
    guard hasData(group) else { return Judgement(verdict: "NOTFOUND") }
    var judgement = Judgement(verdict: "OK")
    for (topic, known) in groups[group] ?? [:] {
      for (number, partition) in known.partitions {
        guard let newest = partition.ring.commits.last else { continue }
        let heads = topics[topic]?.heads[number] ?? []
        let answer = evaluate(
          partition, heads: heads, nowSeconds: nowSeconds, allowedLag: allowedLag,
          minimumComplete: 0, needsTwoLags: needsTwoLags)
        judgement.totalLag &+= answer.currentLag
        let since = answer.currentLag == 0 ? nil : partition.behindSince ?? nowSeconds
        groups[group]?[topic]?.partitions[number]?.behindSince = since
        var state = answer.status.rawValue
        if heads.isEmpty {
          state = "UNKNOWN"
        } else if answer.currentLag > allowedLag, answer.complete < minimumComplete {
          let stood = since.map { nowSeconds - $0 >= hold } ?? false
          if !stood || nowSeconds * 1000 - newest.timestamp < hold * 1000 { state = "UNKNOWN" }
        }
        judgement.counts[state, default: 0] += 1
      }
    }
    for (state, verdict) in [
      ("WARN", "WARN"), ("UNKNOWN", "UNKNOWN"), ("STOP", "ERR"), ("STALL", "ERR"),
      ("REWIND", "ERR"),
    ] where judgement.counts[state] != nil { judgement.verdict = verdict }
    return judgement
  }
}
