extension ReferenceStore {
  /// One evaluated partition.
  package struct PartitionAnswer: Equatable {
    package var status = ReferenceStatus.ok
    package var owner: String?
    package var start: RingCommit?
    package var end: RingCommit?
    package var currentLag: UInt64 = 0
    package var complete: Float = 0
    package var flags: Set<String> = []
    package var headAge: Int64?

    /// An answer to be filled in.
    package init() {}
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

  /// How many partitions are in which state, and how many have which flag.
  package struct Judgement: Equatable {
    package var verdict: String
    package var counts: [String: Int] = [:]
    package var totalLag: UInt64 = 0
    package var maxLag: UInt64 = 0
    /// How many windows are full.
    package var full = 0
    /// How bad the worst judged partition is, and its lag.
    package var worst: [UInt64] = [0, 0]
    /// Since when the partition is behind that has been for longest, of those with an owner.
    package var longestBehind: Int64?
    /// The partitions that are not OK, in words, sorted.
    package var troubled: [String] = []

    /// A judgement to be filled in.
    package init(verdict: String) { self.verdict = verdict }

    /// A partition that is not OK in words; `since` is 0 while it is not behind.
    package static func words(
      _ partition: String, _ state: String, owner: String?, offset: Int64, lag: UInt64,
      since: Int64
    ) -> String {
      "\(partition) \(state) of \(owner ?? "nobody") at \(offset), lag \(lag) since \(since)"
    }
  }

  /// What is asked of an evaluation.
  package struct Question {
    package var nowSeconds: Int64
    package var allowedLag: UInt64
    package var minimumComplete: Float
    package var needsTwoLags: Bool
    package var isPlain: Bool
    /// How far our clock is ahead of the brokers', in milliseconds.
    package var skew: Int64
    /// The age of a head in seconds above which it is old.
    package var staleAfter: Int64

    /// A question with all its parts.
    package init(
      nowSeconds: Int64, allowedLag: UInt64, minimumComplete: Float, needsTwoLags: Bool,
      isPlain: Bool, skew: Int64, staleAfter: Int64
    ) {
      self.nowSeconds = nowSeconds
      self.allowedLag = allowedLag
      self.minimumComplete = minimumComplete
      self.needsTwoLags = needsTwoLags
      self.isPlain = isPlain
      self.skew = skew
      self.staleAfter = staleAfter
    }
  }

  /// Evaluates a group as Burrow does.
  package func evaluate(_ group: String, _ question: Question) -> GroupAnswer? {
    guard let last = lastCommit(group), last >= question.nowSeconds * 1000 - expireAfter else {
      return nil
    }
    var answer = GroupAnswer()
    var largest: UInt64?
    var full = 0
    for (topic, known) in (groups[group] ?? [:]).sorted(by: { $0.key < $1.key }) {
      if !question.isPlain, isLeftOut(group, topic, question.nowSeconds) { continue }
      answer.topics.append(topic)
      var partitions: [PartitionAnswer] = []
      let heads = topics[End(topic: topic, isStable: isStable(group))]
      for number in 0..<Int32(max(known.shown, heads?.count ?? 0)) {
        let partition = evaluate(known.partitions[number], heads, number, question)
        partitions.append(partition)
        answer.partitionCount += 1
        answer.totalLag &+= partition.currentLag
        if partition.complete == 1 { full += 1 }
        if largest.map({ partition.currentLag > $0 }) ?? true {
          largest = partition.currentLag
          answer.maxLagTopic = topic
          answer.maxLagPartition = Int(number)
        }
        switch partition.status {
        case .ok: break
        case .warn: if answer.status == "OK" { answer.status = "WARN" }
        case .stop, .stall, .rewind: answer.status = "ERR"
        }
      }
      answer.partitions.append(partitions)
    }
    if answer.partitionCount > 0 {
      answer.complete = Float(full) / Float(answer.partitionCount)
    }
    return answer
  }

  private func evaluate(
    _ partition: Partition?, _ heads: Heads?, _ number: Int32, _ question: Question
  ) -> PartitionAnswer {
    var answer = PartitionAnswer()
    let known = heads?.heads[number] ?? []
    answer.headAge = heads?.sampled[number].map { question.nowSeconds - $0 }
    guard let partition else { return answer }
    let commits = partition.ring.commits
    if let newest = commits.last, let head = known.last, let sampled = heads?.sampled[number] {
      if question.nowSeconds - sampled > question.staleAfter { answer.flags.insert("old") }
      if head < newest.offset, sampled > Int64(newest.observed) { answer.flags.insert("beyond") }
      if head > newest.offset {
        var from = newest.offset
        if let start = heads?.starts[number], start > newest.offset {
          answer.flags.insert("before")
          if !question.isPlain { from = start }
        }
        if head > from { answer.currentLag = UInt64(head - from) }
        if let read = partition.nothingReadable, !question.isPlain, read.from == newest.offset,
          head <= read.to
        {
          answer.flags.insert("phantom")
          answer.currentLag = 0
        }
      }
    }
    let brokerTime = question.nowSeconds - (question.isPlain ? 0 : question.skew / 1000)
    let verdict = ReferenceRules.evaluate(
      partition.ring.window.map { slot in
        slot.map { ReferenceCommit($0.offset, $0.timestamp, $0.lag) }
      }, heads: known, currentLag: answer.currentLag, nowSeconds: brokerTime,
      allowedLag: question.allowedLag, minimumComplete: question.minimumComplete,
      needsTwoLags: question.needsTwoLags && !question.isPlain)
    answer.status = verdict.status
    answer.complete = verdict.complete
    answer.owner = partition.owner
    answer.start = commits.first
    answer.end = commits.last
    return answer
  }

  /// Judges a group as the probes do.
  package mutating func judge(_ group: String, _ question: Question, hold: Int64) -> Judgement {
    guard hasData(group) else { return Judgement(verdict: "NOTFOUND") }
    var judgement = Judgement(verdict: "OK")
    var rules = question
    rules.minimumComplete = 0
    for (topic, known) in groups[group] ?? [:] {
      let isLeftOut = isLeftOut(group, topic, question.nowSeconds)
      let heads = topics[End(topic: topic, isStable: isStable(group))]
      for (number, partition) in known.partitions {
        guard let newest = partition.ring.commits.last else { continue }
        if isLeftOut {
          judgement.counts["unsubscribed", default: 0] += 1
          continue
        }
        let answer = evaluate(partition, heads, number, rules)
        judgement.totalLag &+= answer.currentLag
        judgement.maxLag = max(judgement.maxLag, answer.currentLag)
        if answer.complete == 1 { judgement.full += 1 }
        let isSeenBehind = answer.currentLag != 0 && !answer.flags.contains("old")
        let since = isSeenBehind ? partition.behindSince ?? question.nowSeconds : nil
        groups[group]?[topic]?.partitions[number]?.behindSince = since
        for flag in answer.flags { judgement.counts[flag, default: 0] += 1 }
        var state = answer.status.rawValue
        if answer.headAge == nil || answer.flags.contains("old") {
          state = "UNKNOWN"
        } else if answer.currentLag > question.allowedLag,
          answer.complete < question.minimumComplete
        {
          let stood = since.map { question.nowSeconds - $0 >= hold } ?? false
          let silence = question.nowSeconds * 1000 - question.skew - newest.timestamp
          if !stood || silence < hold * 1000 { state = "UNKNOWN" }
        }
        judgement.counts[state, default: 0] += 1
        if let since, partition.owner != nil {
          judgement.longestBehind = min(judgement.longestBehind ?? .max, since)
        }
        guard state != "OK" else { continue }
        judgement.troubled.append(
          Judgement.words(
            "\(topic)-\(number)", state, owner: partition.owner, offset: newest.offset,
            lag: answer.currentLag, since: since ?? 0))
        guard state != "UNKNOWN" else { continue }
        let found: [UInt64] = [state == "WARN" ? 2 : 3, answer.currentLag]
        if judgement.worst.lexicographicallyPrecedes(found) { judgement.worst = found }
      }
    }
    judgement.troubled.sort()
    for (state, verdict) in [
      ("WARN", "WARN"), ("UNKNOWN", "UNKNOWN"), ("STOP", "ERR"), ("STALL", "ERR"),
      ("REWIND", "ERR"),
    ] where judgement.counts[state] != nil { judgement.verdict = verdict }
    return judgement
  }
}
