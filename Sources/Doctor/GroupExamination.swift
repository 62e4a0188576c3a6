package import KafkaClient
package import LagCore

/// What the brokers and the log say about one group, and what follows from both.
///
/// Kafka denies a group loudly (GROUP_AUTHORIZATION_FAILED) and a topic silently: OffsetFetch of
/// everything leaves out topics that the principal may not describe. So topics that the log or the
/// members' assignments name are asked for once more by name, which is answered loudly.
package struct GroupExamination {
  /// The group.
  package let group: String
  /// Who asks.
  package let principal: Principal
  /// What OffsetFetch of everything answered; nil while it has not.
  package var offsets: Result<[CommittedTopic], KafkaError>?
  /// What DescribeGroups answered; nil while it has not.
  package var description: Result<GroupDescription, KafkaError>?
  /// What the log says; nil where nothing, or where it could not be read.
  package var logged: LoggedGroups.Group?
  /// Whether the log was read to its end.
  package var isLogWhole = false
  /// What OffsetFetch of the topics left out answered; nil when it was not asked.
  package var named: Result<[CommittedTopic], KafkaError>?

  /// What the request for committed offsets is called.
  static let check = "OffsetFetch"

  /// Begins with nothing known.
  package init(group: String, principal: Principal) {
    self.group = group
    self.principal = principal
  }

  private var subject: String { "group \(group)" }

  // MARK: What else is to be asked

  /// The topics that the group has to do with, as far as anybody tells.
  package var topics: Set<String> {
    var topics = Set(leftOut.map(\.topic))
    for topic in (try? offsets?.get()) ?? [] { topics.insert(topic.topic) }
    return topics
  }

  /// The partitions that the answer of everything lacks although there should be a word on them.
  package var leftOut: [TopicPartitions] {
    var expected: [String: Set<Int32>] = logged?.committed ?? [:]
    for member in members {
      for one in member.assignment ?? [] {
        expected[one.topic, default: []].formUnion(one.partitions)
      }
    }
    for topic in (try? offsets?.get()) ?? [] { expected[topic.topic] = nil }
    return expected.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map {
      TopicPartitions(topic: $0.key, partitions: $0.value.sorted())
    }
  }

  /// The members as the coordinator or else the log tells them.
  package var members: [GroupMember] {
    if case .success(let described) = description, !described.members.isEmpty {
      return described.members.map { member in
        GroupMember(
          memberID: member.memberID, clientID: member.clientID, host: member.host,
          groupInstanceID: member.groupInstanceID,
          assignment: member.assignment.map {
            GroupMember.Assigned(topic: $0.topic, partitions: $0.partitions)
          })
      }
    }
    return logged?.membership.members ?? []
  }

  // MARK: What follows

  /// What was found out, a line for each request.
  package var findings: [Finding] {
    var findings = [offsetsFinding]
    findings += namedFindings
    if let description { findings.append(finding(description)) }
    return findings
  }

  private var describeGroup: [MissingRight] {
    [MissingRight(AccessRight(.describe, on: .group(group)), for: principal)]
  }

  private var offsetsFinding: Finding {
    switch offsets {
    case nil:
      return Finding(.timeout, subject, Self.check, "no answer")
    case .failure(let error):
      return refusal(error, Self.check)
    case .success(let topics) where topics.isEmpty:
      return emptyFinding
    case .success(let topics):
      let partitions = topics.reduce(0) { $0 + $1.partitions.count }
      let counted =
        "\(amount(partitions, "committed offset")) of \(amount(topics.count, "topic"))"
      return Finding(
        .ok, subject, Self.check,
        isLogWhole
          ? counted : counted + "; topics without Describe would be left out without a word")
    }
  }

  /// What an answer without an error and without an offset means.
  private var emptyFinding: Finding {
    if !leftOut.isEmpty {
      return Finding(.ok, subject, Self.check, "allowed; the answer leaves out what stands below")
    }
    if case .success(let described) = description, described.state != .dead {
      return emptyFinding(described.state)
    }
    if isLogWhole {
      return Finding(
        logged?.exists == true ? .note : .absent, subject, Self.check,
        logged?.exists == true
          ? "allowed; the group has committed nothing yet" : "allowed; there is no such group")
    }
    if case .success = description {
      return Finding(
        .absent, subject, Self.check,
        "allowed; no such group, or one of KIP-848 whose topics may not be described")
    }
    return Finding(
      .untold, subject, Self.check,
      "allowed, but empty: no such group, nothing committed, or no Describe on its topics")
  }

  /// The same of a group that is there.
  private func emptyFinding(_ state: KafkaGroupState) -> Finding {
    if isLogWhole {
      return Finding(
        .note, subject, Self.check, "allowed; the group has committed nothing yet")
    }
    if state == .empty {
      // Kafka deletes a group that has neither members nor offsets within minutes.
      return Finding(
        .missing, subject, Self.check,
        "allowed, but empty, although a group without members is kept for its offsets alone: "
          + "Describe is missing on its topics, unless it has just left without a commit")
    }
    return Finding(
      .untold, subject, Self.check,
      "allowed, but empty: nothing committed, or no Describe on its topics; brokers do not "
        + "tell which")
  }

  /// The topics that were left out, each with the reason that the broker gives by name.
  private var namedFindings: [Finding] {
    guard let named else { return [] }
    switch named {
    case .failure(let error):
      return [refusal(error, Self.check + " by name")]
    case .success(let topics):
      return topics.map { topic in
        let errors = topic.partitions.compactMap(\.error)
        let subject = "topic \(topic.topic)"
        if let refused = errors.first(where: { $0.kind == .authorization }) {
          return Finding(
            .missing, subject, Self.check,
            "\(group): left out without an error; by name \(refused.name)",
            rights: [MissingRight(AccessRight(.describe, on: .topic(topic.topic)), for: principal)])
        }
        if let error = errors.first {
          return Finding(.failed, subject, Self.check, "\(group): \(error.name)")
        }
        return Finding(.note, subject, Self.check, "\(group) has committed nothing of it yet")
      }
    }
  }

  private func finding(_ description: Result<GroupDescription, KafkaError>) -> Finding {
    let check = "DescribeGroups"
    switch description {
    case .failure(let error): return refusal(error, check)
    case .success(let described):
      switch described.state {
      case .dead where logged?.membership.protocolKind == .consumer && logged?.exists == true:
        return Finding(
          .note, subject, check,
          "the group speaks the protocol of KIP-848, which this request cannot see; the log has "
            + amount(members.count, "member"))
      case .dead:
        let isThere = logged?.exists == true || ((try? offsets?.get()) ?? []).isEmpty == false
        return Finding(
          .note, subject, check,
          isThere
            ? "no members: a group of KIP-848, or one that only commits"
            : "no such group of the classic protocol")
      default:
        return Finding(
          .ok, subject, check,
          "\(described.state.word), \(amount(described.members.count, "member"))")
      }
    }
  }

  private func refusal(_ error: KafkaError, _ check: String) -> Finding {
    switch error.kind {
    case .authorization:
      Finding(.missing, subject, check, error.name, rights: describeGroup)
    case .timedOut:
      Finding(.timeout, subject, check, error.message)
    case .authentication:
      Finding(.unreachable, subject, check, error.description)
    default:
      Finding(.failed, subject, check, error.description)
    }
  }
}

/// A number with its noun.
func amount(_ count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}

extension KafkaGroupState {
  /// The word for it, as Kafka's tools show it.
  var word: String {
    switch self {
    case .unknown: "Unknown"
    case .preparingRebalance: "PreparingRebalance"
    case .completingRebalance: "CompletingRebalance"
    case .stable: "Stable"
    case .dead: "Dead"
    case .empty: "Empty"
    }
  }
}
