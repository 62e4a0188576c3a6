import Answers
import Configuration
import LagCore

/// Verdicts, and what they rest on.
extension ClusterState {
  /// Makes the verdict of every group anew and tells the log what changed.
  mutating func judge(now: Moment) -> [AgentEffect] {
    var effects: [AgentEffect] = []
    for group in store.groupIndices where !watched[group].isRemoved {
      if watched[group].source != .reread, reading(of: group)?.isCaughtUp == true {
        watched[group].wasRead = true
      }
      if !isReturning(group, now: now.monotonic), !isBehind(group, now: now.monotonic) {
        var troubled = watched[group].decision.troubled
        watched[group].decision.troubled = []
        watched[group].judgement = store.judge(
          group: group, nowSeconds: now.wallSeconds, parameters: judgement(of: group, now: now),
          troubled: &troubled)
        watched[group].decision.troubled = troubled
        watched[group].judgedInDoubt = nil
      }
      let doubt = doubt(group, ages(of: group, now: now))
      watched[group].judgedInDoubt = doubt
      if let told = rebalanced(group) { effects.append(.log(told)) }
      let verdict = doubt == nil ? watched[group].judgement.verdict : .unknown
      guard verdict != watched[group].toldVerdict else { continue }
      // A report is for those who read it: in most seconds nobody does.
      let report = report(group: group, now: now)
      effects.append(
        .log(
          LogRecord(verdict == .error ? .warn : .info, "verdict changed")
            .with("cluster", settings.name).with("group", report.group)
            .with("from", "\(watched[group].toldVerdict.name)").with("to", "\(verdict.name)")
            .with("reason", report.reason)))
      watched[group].toldVerdict = verdict
    }
    return effects
  }

  /// The parameters of the probes' verdict on a group at this moment.
  func judgement(of group: Int, now: Moment) -> JudgementParameters {
    var parameters = settings.judgement
    parameters.clockSkew = skew.correction &+ unseen(group, now: now)
    parameters.staleAfter = UInt32(clamping: settings.staleAfter / 1000)
    if let hold = watched[group].decision.settings.parameters.hold {
      parameters.hold = UInt32(clamping: hold / 1000)
    }
    return parameters
  }

  /// The parameters of Burrow's evaluation of a group at this moment.
  func evaluation(of group: Int, now: Moment) -> EvaluationParameters {
    var parameters = settings.evaluation
    parameters.clockSkew = skew.correction &+ unseen(group, now: now)
    return parameters
  }

  /// How long it is, in milliseconds, since all commits of a group were seen for certain.
  ///
  /// That much of its silence may be ours: an open transaction may withhold commits, or a broker
  /// may have stopped answering. Rules on silence take the time when all was seen for now.
  private func unseen(_ group: Int, now: Moment) -> Int64 {
    completeAt(group).map { max(0, now.monotonic - $0) } ?? 0
  }

  /// Whether the commits that are known of a group are older than the heads that are.
  ///
  /// A verdict on both would blame the consumer for what we have not read: the last one stands
  /// until the commits are seen, or are too old for any verdict.
  private func isBehind(_ group: Int, now: Int64) -> Bool {
    completeAt(group).map { now - $0 > settings.offsetRefresh + PartitionReading.patience } ?? false
  }

  private func completeAt(_ group: Int) -> Int64? {
    switch watched[group].source {
    case .topic: reading(of: group)?.completeAt
    case .fetch: polls.offsetsReadAt(group) ?? reading(of: group)?.completeAt
    case .reread: nil
    }
  }

  /// The partitions of the offsets topic that an open transaction withholds.
  var withheldPartitions: [Int32] {
    readings.indices.filter { readings[$0]?.isWithheld == true }.map { Int32($0) }
  }

  /// What the log has to be told of a group's rebalances: the first is the start, and no news.
  private mutating func rebalanced(_ group: Int) -> LogRecord? {
    let count = store.rebalances(ofGroup: group).count
    guard count != watched[group].toldRebalances else { return nil }
    defer { watched[group].toldRebalances = count }
    guard isReady, let membership = store.membership(ofGroup: group) else { return nil }
    return LogRecord(.info, "group rebalanced").with("cluster", settings.name)
      .with("group", store.groupName(group)).with("generation", Int64(membership.generation))
      .with("state", "\(membership.state.name)").with("members", Int64(membership.members.count))
  }

  /// The groups that there is something to say of: those named exactly, and those with commits.
  var reportedGroups: [Int] {
    store.groupIndices.filter {
      !watched[$0].isRemoved && (consumer(of: $0).namesGroups || store.hasData(group: $0))
    }
  }

  /// Returns what is to be said of a group now.
  func report(group: Int, now: Moment) -> GroupReport {
    if watched[group].isRemoved { return removedReport(group) }
    let judgement = watched[group].judgement
    let ages = ages(of: group, now: now)
    let doubt = doubt(group, ages)
    return GroupReport(
      cluster: settings.name, group: store.groupName(group),
      verdict: doubt == nil ? judgement.verdict : .unknown, judgement: judgement,
      culpritTopic: judgement.worst.map { store.topicName($0.topic) }, doubt: doubt,
      commitsAge: ages.commits.map { $0 / 1000 }, headsAge: ages.heads.map { $0 / 1000 },
      source: sourceText(group), members: membersText(group, now: now),
      rebalances: store.rebalances(ofGroup: group).count)
  }

  /// Returns the verdict on a group as it stands now.
  func verdict(_ group: Int, now: Moment) -> Verdict {
    doubt(group, ages(of: group, now: now)) == nil ? watched[group].judgement.verdict : .unknown
  }

  /// Whether nothing can be said of a group now.
  func isDoubtful(_ group: Int, now: Moment) -> Bool {
    doubt(group, ages(of: group, now: now)) != nil
  }

  /// Why nothing is said of a group that no consumer admits any more.
  static let removedByReload = "this group was removed by a reload"

  private func removedReport(_ group: Int) -> GroupReport {
    GroupReport(
      cluster: settings.name, group: store.groupName(group), verdict: .unknown,
      judgement: .notFound, culpritTopic: nil, doubt: Self.removedByReload, commitsAge: nil,
      headsAge: nil, source: "none", members: nil)
  }

  /// The ages of what is known of a group, in milliseconds; nil where nothing is.
  private func ages(of group: Int, now: Moment) -> (commits: Int64?, heads: Int64?) {
    let end = LogEnd(settings.consumers[watched[group].consumer].logEnd)
    return (
      commitsProvenAt(group).map { max(0, now.monotonic - $0) },
      lookUps[end].readAt.map { max(0, now.monotonic - $0) }
    )
  }

  /// The latest time for which it is proven that all commits of a group were read.
  private func commitsProvenAt(_ group: Int) -> Int64? {
    switch watched[group].source {
    case .topic: reading(of: group)?.provenAt
    case .fetch:
      // What was read of the topic stands until the first fetch is answered.
      polls.offsetsReadAt(group) ?? (watched[group].wasRead ? reading(of: group)?.provenAt : nil)
    case .reread: nil
    }
  }

  /// Why nothing can be said of a group although it may have commits; nil when something can.
  private func doubt(_ group: Int, _ ages: (commits: Int64?, heads: Int64?)) -> String? {
    doubt(group, commitsAge: ages.commits, headsAge: ages.heads) ?? watched[group].judgedInDoubt
  }

  private func doubt(_ group: Int, commitsAge: Int64?, headsAge: Int64?) -> String? {
    if let fault = health.fault, headsAge == nil || commitsAge == nil {
      return "cluster \(settings.name): \(fault.message)"
    }
    let doubt =
      switch watched[group].source {
      case .topic: topicDoubt(group, commitsAge: commitsAge)
      case .reread: rereadDoubt(group)
      case .fetch: fetchDoubt(group, commitsAge: commitsAge)
      }
    if let doubt { return doubt }
    if watched[group].judgement.verdict == .notFound { return "no commit of this group is known" }
    guard let headsAge else { return "no log-end offset has been read yet" }
    if headsAge > settings.staleAfter {
      return "the log-end offsets are \(headsAge / 1000) s old"
    }
    return nil
  }

  private func topicDoubt(_ group: Int, commitsAge: Int64?) -> String? {
    guard let reading = reading(of: group) else {
      return "\(settings.offsetsTopic) has not been looked up yet"
    }
    // A fault proves nothing by itself: where nothing new was written, nothing is missed.
    let why = reading.fault.map { "\(settings.offsetsTopic): \($0.message)" }
    guard reading.isCaughtUp || watched[group].wasRead, let commitsAge else {
      if let why { return why }
      let left = reading.remaining.map { ", about \($0) records are left" } ?? ""
      return "\(settings.offsetsTopic) has not been read to its end yet\(left)"
    }
    if commitsAge > settings.staleAfter {
      if let why { return why }
      return "for \(commitsAge / 1000) s it could not be proven that all commits were read"
    }
    return nil
  }

  private func rereadDoubt(_ group: Int) -> String {
    let partition = watched[group].partition
    if let fault = rereading.fault(of: partition) {
      return "\(settings.offsetsTopic): \(fault.message)"
    }
    let left = (reading(of: group)?.position ?? 0) - (rereading.position(of: partition) ?? 0)
    return "this group was added by a reload, and \(settings.offsetsTopic) has not been read to "
      + "its end for it yet, about \(max(0, left)) records are left"
  }

  private func fetchDoubt(_ group: Int, commitsAge: Int64?) -> String? {
    let why = polls.offsetsFault(group).map { ": \($0.message)" } ?? ""
    if let refused = watched[group].refusedTopics.min(by: { $0.key < $1.key }) {
      return "offsets of topic \(refused.key) may not be fetched: \(refused.value.message)"
    }
    if polls.offsetsReadAt(group) == nil, !why.isEmpty {
      return "the offsets of this group cannot be fetched\(why)"
    }
    guard let commitsAge else { return "the offsets of this group have not been fetched yet" }
    if commitsAge > settings.staleAfter {
      return "the offsets of this group were last fetched \(commitsAge / 1000) s ago\(why)"
    }
    return nil
  }

  // MARK: Evidence

  /// Where the commits of a group come from, in words.
  private func sourceText(_ group: Int) -> String {
    guard watched[group].source == .fetch else {
      // Which partition it is cannot be told before the topic was looked up.
      let partition = watched[group].partition
      return partition < 0 ? settings.offsetsTopic : "\(settings.offsetsTopic)-\(partition)"
    }
    if reading(of: group)?.isWithheld == true {
      return "OffsetFetch, because an open transaction withholds "
        + "\(settings.offsetsTopic)-\(watched[group].partition)"
    }
    if consumer(of: group).source != .offsetFetch, let fault = fallback.fault {
      return "OffsetFetch, because \(settings.offsetsTopic) may not be read (\(fault.message))"
    }
    return "OffsetFetch"
  }

  /// Who is in a group, in words; nil when that is not known.
  private func membersText(_ group: Int, now: Moment) -> String? {
    if let fault = polls.descriptionFault(group), watched[group].source == .fetch {
      return "not known: \(fault.message)"
    }
    guard let known = store.membership(ofGroup: group), known.state != .unknown else { return nil }
    var text = "\(known.members.count), \(known.state.name)"
    if known.generation >= 0 { text += ", generation \(known.generation)" }
    if known.changedAt > 0 {
      text += " since \(max(0, now.wall &- known.changedAt) / 1000) s"
    }
    return text
  }
}
