import JSON
package import LagCore

/// What the agent has to say of one group right now: the verdict and what it rests on.
package struct GroupReport: Sendable, Equatable {
  /// The cluster's name.
  package var cluster: String
  /// The group's name.
  package var group: String
  /// The verdict, with stale inputs taken into account.
  package var verdict: Verdict
  /// The counts behind it.
  package var judgement: GroupJudgement
  /// The topic of the worst partition, nil when none is in trouble.
  package var culpritTopic: String?
  /// Why the verdict is UNKNOWN although commits stand, nil otherwise.
  package var doubt: String?
  /// Seconds since it was proven that all commits of the group had been read; nil when never.
  package var commitsAge: Int64?
  /// Seconds since the heads of the group's cluster were read; nil when never.
  package var headsAge: Int64?
  /// Where the commits come from, in words.
  package var source: String
  /// Who is in the group, in words; nil when that is not known.
  package var members: String?
  /// How often the group rebalanced since it is watched.
  package var rebalances: Int

  /// Creates a report from its parts.
  package init(
    cluster: String, group: String, verdict: Verdict, judgement: GroupJudgement,
    culpritTopic: String?, doubt: String?, commitsAge: Int64?, headsAge: Int64?,
    source: String, members: String?, rebalances: Int = 0
  ) {
    self.cluster = cluster
    self.group = group
    self.verdict = verdict
    self.judgement = judgement
    self.culpritTopic = culpritTopic
    self.doubt = doubt
    self.commitsAge = commitsAge
    self.headsAge = headsAge
    self.source = source
    self.members = members
    self.rebalances = rebalances
  }

  /// The reason of the verdict in one sentence without a period.
  package var reason: String {
    if let doubt { return doubt }
    switch verdict {
    case .notFound: return "no commit of this group is known"
    case .ok: return "\(Self.partitions(judgement.partitions)) OK, lag \(judgement.totalLag)"
    case .unknown:
      return "\(judgement.unknown) of \(Self.partitions(judgement.partitions)) lag behind with too "
        + "few commits seen to judge, or have no known log-end offset"
    case .warning, .error:
      guard let worst = judgement.worst, let culpritTopic else { return "no detail" }
      return sentence(on: worst, of: culpritTopic)
    }
  }

  /// The sentence on the worst partition; put together at once, because every answer has it.
  private func sentence(on worst: GroupJudgement.Culprit, of topic: String) -> String {
    var text: [UInt8] = []
    text.append(addingCapacity: topic.utf8.count + Self.sentenceRoom) { output in
      output.append(decimal: Int64(count(of: worst.rule.status)))
      output.append(verbatim: " of ")
      output.append(decimal: Int64(judgement.partitions))
      output.append(verbatim: judgement.partitions == 1 ? " partition " : " partitions ")
      output.append(verbatim: worst.rule.status.name)
      output.append(verbatim: ": ")
      output.append(verbatim: topic.utf8.span)
      output.append(verbatim: "-")
      output.append(decimal: Int64(worst.partition))
      output.append(verbatim: " lag ")
      output.append(decimal: worst.lag)
      output.append(verbatim: ", ")
      output.append(verbatim: worst.rule.sentence)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Bytes that take four numbers and the words of the longest sentence.
  private static let sentenceRoom = 256

  private func count(of status: PartitionStatus) -> Int {
    switch status {
    case .ok: judgement.ok
    case .warning: judgement.warning
    case .stop: judgement.stop
    case .stall: judgement.stall
    case .rewind: judgement.rewind
    }
  }

  private static func partitions(_ count: Int) -> String {
    count == 1 ? "1 partition" : "\(count) partitions"
  }
}

extension Rule {
  /// What the rule found, in words.
  package var sentence: StaticString {
    switch self {
    case .noLag: "nothing is left to read"
    case .stopped: "nothing was committed for longer than the window spans"
    case .rewound: "the offset went back and has not caught up"
    case .stalled: "every commit of the window has the same offset"
    case .lagNotDecreasing: "the lag has not decreased in the whole window"
    case .lagWasZero: "a commit of the window had no lag"
    case .lagDecreasing: "the lag decreases"
    case .lagUnknown: "fewer than two lags of the window are known"
    case .incomplete: "the window is not filled enough to judge"
    case .noCommits: "nothing was committed"
    }
  }
}
