package import Configuration
package import KafkaClient

/// What answers about the cluster and its topics mean.
package enum ClusterExamination {
  /// What became of reading a partition of the offsets topic.
  package enum Reading: Equatable, Sendable {
    /// It was read to its end, or as far as the time went.
    case read(isWhole: Bool)
    /// The broker refused, or something else went wrong.
    case failed(KafkaError)
    /// Nothing came within the time.
    case unanswered
  }

  /// The most topics without fault that have a line of their own.
  package static let maximumSoundTopics = 10

  // MARK: Connecting

  /// A cluster that answered.
  package static func connected(_ metadata: ClusterMetadata, protocolName: String) -> Finding {
    var detail = "\(amount(metadata.brokers.count, "broker")) by \(protocolName)"
    if let id = metadata.clusterID { detail += ", cluster id \(id)" }
    return Finding(.ok, "cluster", "connect", detail)
  }

  /// A cluster that did not answer.
  ///
  /// - Parameters:
  ///   - last: the newest error of the client, nil when it had none to tell.
  ///   - seconds: how long was waited.
  package static func notConnected(_ last: KafkaError?, seconds: Int) -> Finding {
    guard let last else {
      return Finding(
        .timeout, "cluster", "connect", "no answer within \(amount(seconds, "second"))")
    }
    let what =
      last.kind == .authentication ? "the broker does not let us in: " : ""
    return Finding(.unreachable, "cluster", "connect", what + last.description)
  }

  // MARK: The offsets topic

  /// What metadata and reading of the offsets topic say.
  ///
  /// - Parameters:
  ///   - topic: what metadata says of it.
  ///   - readings: what became of reading, by partition.
  ///   - records: how many records were read.
  ///   - principal: who asks.
  package static func offsetsTopic(
    _ topic: TopicMetadata, _ readings: [Int32: Reading], records: Int, principal: Principal
  ) -> [Finding] {
    let subject = "topic \(topic.name)"
    let read = [MissingRight(AccessRight(.read, on: .topic(topic.name)), for: principal)]
    if let error = topic.error {
      switch error.kind {
      case .authorization:
        return [Finding(.missing, subject, "Metadata", error.name, rights: read)]
      case .unknownTopicOrPartition:
        return [
          Finding(
            .note, subject, "Metadata",
            "is not there: no group has ever been used, or the principal may not know of it")
        ]
      default:
        return [Finding(.failed, subject, "Metadata", error.description)]
      }
    }
    return [
      Finding(.ok, subject, "Metadata", amount(topic.partitionCount, "partition")),
      reading(readings, records: records, subject, read),
    ]
  }

  private static func reading(
    _ readings: [Int32: Reading], records: Int, _ subject: String, _ read: [MissingRight]
  ) -> Finding {
    let sorted = readings.sorted { $0.key < $1.key }
    for (partition, reading) in sorted {
      guard case .failed(let error) = reading else { continue }
      return switch error.kind {
      case .authorization: Finding(.missing, subject, "Fetch", error.name, rights: read)
      case .authentication: Finding(.unreachable, subject, "Fetch", error.description)
      default: Finding(.failed, subject, "Fetch", "partition \(partition): \(error.description)")
      }
    }
    if let unanswered = sorted.first(where: { $0.value == .unanswered }) {
      return Finding(.timeout, subject, "Fetch", "partition \(unanswered.key): no answer")
    }
    let whole = readings.values.count { $0 == .read(isWhole: true) }
    let amounts = "\(amount(records, "record")) of \(amount(readings.count, "partition"))"
    return Finding(
      .ok, subject, "Fetch",
      whole == readings.count
        ? "\(amounts) read" : "\(amounts) read; the rest would take longer than the time given")
  }

  // MARK: The list of groups

  /// What a list of groups says, which a pattern needs.
  ///
  /// An empty list, or one that lacks groups, comes without an error where rights are missing. The
  /// log tells, if it could be read.
  ///
  /// - Parameters:
  ///   - result: the list; nil when there was no answer.
  ///   - logged: what the log says of the groups of interest; nil when it could not be read.
  ///   - isLogWhole: whether the log was read to its end.
  ///   - principal: who asks.
  package static func list(
    _ result: Result<GroupList, KafkaError>?, logged: [String: LoggedGroups.Group]?,
    isLogWhole: Bool, principal: Principal
  ) -> Finding {
    let check = "ListGroups"
    let rights = [MissingRight(AccessRight(.describe, on: .cluster), for: principal)]
    switch result {
    case nil:
      return Finding(.timeout, "cluster", check, "no answer")
    case .failure(let error):
      return Finding(
        error.kind == .timedOut ? .timeout : .failed, "cluster", check, error.description)
    case .success(let list):
      if let error = list.errors.first {
        return error.kind == .authorization
          ? Finding(.missing, "cluster", check, error.name, rights: rights)
          : Finding(
            error.kind == .timedOut ? .timeout : .failed, "cluster", check, error.description)
      }
      let listed = Set(list.groups.map(\.group))
      let found = amount(listed.count, "group")
      // Groups that only once had members may be of another protocol type, which is not listed.
      let hidden = (logged ?? [:]).filter {
        !$0.value.committed.isEmpty && !listed.contains($0.key)
      }
      if let example = hidden.keys.min() {
        return Finding(
          .missing, "cluster", check,
          "\(found), and no error; but the log has \(hidden.count) more, such as \(example)",
          rights: rights)
      }
      if isLogWhole, logged != nil {
        return Finding(.ok, "cluster", check, "\(found), as many as the log has or more")
      }
      return Finding(
        .untold, "cluster", check,
        listed.isEmpty
          ? "an empty list and no error: no group, or no Describe on cluster or groups; brokers do "
            + "not tell which"
          : "\(found); those without Describe would be left out without a word", rights: rights)
    }
  }

  // MARK: Topics

  /// What metadata and log ends of the groups' topics say, a line for each that is not in order.
  ///
  /// - Parameters:
  ///   - topics: what metadata says of each.
  ///   - heads: the log ends by topic; topics that were not asked for are not in it.
  ///   - principal: who asks.
  package static func topics(
    _ topics: [TopicMetadata], heads: [String: [PartitionHead]], principal: Principal
  ) -> [Finding] {
    var sound: [Finding] = []
    var others: [Finding] = []
    for topic in topics {
      let finding = finding(topic, heads[topic.name], principal)
      if finding.outcome == .ok { sound.append(finding) } else { others.append(finding) }
    }
    if sound.count > maximumSoundTopics {
      let more = sound.count - maximumSoundTopics
      sound.removeLast(more)
      sound.append(Finding(.ok, amount(more, "more topic"), "ListOffsets", "as above"))
    }
    return sound + others
  }

  private static func finding(
    _ topic: TopicMetadata, _ heads: [PartitionHead]?, _ principal: Principal
  ) -> Finding {
    let subject = "topic \(topic.name)"
    let rights = [MissingRight(AccessRight(.describe, on: .topic(topic.name)), for: principal)]
    if let error = topic.error {
      switch error.kind {
      case .authorization:
        return Finding(.missing, subject, "Metadata", error.name, rights: rights)
      case .unknownTopicOrPartition:
        return Finding(.note, subject, "Metadata", "is not there any more: \(error.name)")
      default:
        return Finding(.failed, subject, "Metadata", error.description)
      }
    }
    guard let heads else { return Finding(.timeout, subject, "ListOffsets", "no answer") }
    var leaderless = 0
    for head in heads {
      switch head {
      case .offsets: continue
      case .leaderless: leaderless += 1
      case .failed(let error):
        return switch error.kind {
        case .authorization:
          Finding(.missing, subject, "ListOffsets", error.name, rights: rights)
        case .timedOut: Finding(.timeout, subject, "ListOffsets", error.message)
        default: Finding(.failed, subject, "ListOffsets", error.description)
        }
      }
    }
    if leaderless > 0 {
      return Finding(
        .failed, subject, "ListOffsets",
        "\(leaderless) of \(amount(heads.count, "partition")) without a leader")
    }
    return Finding(
      .ok, subject, "ListOffsets", "log ends of \(amount(heads.count, "partition"))")
  }

  // MARK: Sources

  /// Which way of learning the commits works, and what the configured source makes of it.
  ///
  /// - Parameters:
  ///   - sources: what the consumers of the cluster ask for.
  ///   - topic: the findings about the offsets topic.
  ///   - groups: the findings about the groups.
  package static func source(
    _ sources: [Configuration.Source], topic: [Finding], groups: [Finding]
  ) -> Finding {
    let topicWorks = topic.contains { $0.check == "Fetch" && $0.outcome == .ok }
    let fetch = fetchWay(groups)
    let fetchWorks = fetch == .works || fetch == .worksInPart
    let isServed = sources.allSatisfy { source in
      switch source {
      case .automatic: topicWorks || fetchWorks
      case .offsetsTopic: topicWorks
      case .offsetFetch: fetchWorks
      }
    }
    let effect =
      if !isServed {
        "commits cannot be followed"
      } else if sources.contains(.automatic), !topicWorks {
        "falls back to what has no commit times"
      } else if sources.contains(.automatic), fetch != .works {
        "falling back would lose something"
      } else {
        "commits can be followed"
      }
    let topicWay = topicWorks ? Way.works : .worksNot
    return Finding(
      isServed ? .ok : .failed, "source",
      Set(sources).count == 1 ? sources[0].rawValue : "several",
      "topic \(topicWay.rawValue), OffsetFetch \(fetch.rawValue); \(effect)")
  }

  /// How well a way of learning the commits works.
  private enum Way: String {
    case works
    case worksInPart = "works in part"
    case worksNot = "does not work"
    case untried = "not tried"
  }

  private static func fetchWay(_ groups: [Finding]) -> Way {
    let asked = groups.filter { $0.check.hasPrefix(GroupExamination.check) }
    if asked.isEmpty { return .untried }
    let bad = asked.filter { [.missing, .failed, .timeout].contains($0.outcome) }
    if bad.isEmpty { return .works }
    return bad.contains { $0.check == GroupExamination.check && $0.subject.hasPrefix("group ") }
      ? .worksNot : .worksInPart
  }

  // MARK: Phantom lag

  /// What reading of a topic says, which `phantom-lag` needs.
  package static func phantomLag(
    _ topic: String, _ reading: Reading, principal: Principal
  ) -> Finding {
    let subject = "topic \(topic)"
    switch reading {
    case .read: return Finding(.ok, subject, "Fetch", "can be read, which phantom-lag needs")
    case .unanswered: return Finding(.timeout, subject, "Fetch", "no answer")
    case .failed(let error) where error.kind == .authorization:
      return Finding(
        .missing, subject, "Fetch", "\(error.name); phantom-lag needs it",
        rights: [MissingRight(AccessRight(.read, on: .topic(topic)), for: principal)])
    case .failed(let error):
      return Finding(.failed, subject, "Fetch", error.description)
    }
  }
}
