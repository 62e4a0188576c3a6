import ConsumerOffsets
import LagCore
import Testing

/// Memberships of the captured records against a plain derivation from what Kafka's own classes
/// read from them.
@Suite("Memberships of the captured records")
struct MembershipCaptureTests {
  /// A member, in a form that both sides can be brought to.
  struct Plain: Equatable {
    var id: String
    var client: String
    var host: String
    var instance: String?
    var timeout: Int64?
    var topics: Set<String>?
    var assignment: [String: [Int32]]?
  }

  /// Hands all records of a broker to memberships, and the names of topics as commits tell them.
  private func replay(_ source: String) throws -> (Memberships, [String]) {
    var memberships = Memberships()
    var groups: [String] = []
    var numbers: [String: Int] = [:]
    for line in Capture.records where line.source == source {
      let key = try RecordKey.decode(line.key.span)
      guard let range = key.group, (1...8).contains(key.type) || key.type == 16 else { continue }
      if case .offsetCommit(let commit) = key {
        guard let value = line.value,
          let topicID = try OffsetCommitValue.decode(value.span).topicId
        else { continue }
        _ = memberships.learn(topicID, name: line.key.span.extracting(commit.topic))
        continue
      }
      let name = text(range, in: line.key.span)
      let number = numbers[name] ?? groups.count
      if number == groups.count {
        groups.append(name)
        numbers[name] = number
      }
      _ = try apply(line, key, to: &memberships, group: number)
    }
    return (memberships, groups)
  }

  private func apply(
    _ line: CaptureLine, _ key: RecordKey, to memberships: inout Memberships, group: Int
  ) throws -> Bool {
    guard let value = line.value else {
      return try memberships.apply(key, line.key.span, value: nil, group: group, timestamp: 1)
    }
    return try memberships.apply(
      key, line.key.span, value: value.span, group: group, timestamp: 1)
  }

  /// The newest record of each key of each group, as compaction would leave them.
  private func compacted(_ lines: [CaptureLine]) -> [String: [CaptureLine]] {
    var newest: [[UInt8]: CaptureLine] = [:]
    for line in lines { newest[line.key] = line }
    var groups: [String: [CaptureLine]] = [:]
    for line in newest.values {
      guard let type = line.keyType, (2...8).contains(type) || type == 16,
        let group = groupName(line)
      else { continue }
      groups[group, default: []].append(line)
    }
    return groups
  }

  private func groupName(_ line: CaptureLine) -> String? {
    line.keyDecoded?["group"]?.string ?? line.keyDecoded?["groupId"]?.string
  }

  /// The names that commits and type 4 tell, by the 22 characters of the identifier.
  private func topicNames(_ source: String) -> [String: String] {
    var names: [String: String] = [:]
    for line in Capture.records where line.source == source {
      if let id = line.valueDecoded?["topicId"]?.string, let topic = line.keyDecoded?["topic"] {
        names[id] = topic.string
      }
      for topic in line.valueDecoded?["topics"]?.elements ?? [] {
        if let id = topic["topicId"]?.string { names[id] = topic["topicName"]?.string }
      }
    }
    return names
  }

  /// Classic members, from the newest type 2 record of a group.
  private func classicMembers(_ line: CaptureLine) throws -> [Plain] {
    let decoded = try #require(line.valueDecoded)
    let isConsumer = decoded["protocolType"]?.string == "consumer"
    return try (decoded["members"]?.elements ?? []).map { member in
      // Kafka's converter gives byte fields in base64.
      let subscription = try bytes(base64: member["subscription"]?.string ?? "?")
      let assignment = try bytes(base64: member["assignment"]?.string ?? "?")
      let timeout = member["rebalanceTimeout"]?.number
      return Plain(
        id: try #require(member["memberId"]?.string),
        client: try #require(member["clientId"]?.string),
        host: try #require(member["clientHost"]?.string),
        instance: member["groupInstanceId"]?.string,
        timeout: timeout == -1 ? nil : timeout,
        topics: isConsumer
          ? Set(PlainReader(subscription[...]).topics(withPartitions: false).map(\.0)) : nil,
        assignment: !isConsumer
          ? nil
          : assignment.isEmpty
            ? [:]
            : Dictionary(
              uniqueKeysWithValues: PlainReader(assignment[...]).topics(withPartitions: true)))
    }
  }

  private func consumerMembers(
    _ lines: [CaptureLine], _ names: [String: String]
  ) throws -> [Plain] {
    var expressions: [String: Set<String>] = [:]
    var assigned: [String: [String: [Int32]]] = [:]
    for line in lines where line.keyType == 16 {
      let topics = (line.valueDecoded?["topics"]?.elements ?? []).compactMap(\.string)
      let expression = try #require(line.keyDecoded?["regularExpression"]?.string)
      expressions[expression] = Set(topics)
    }
    for line in lines where line.keyType == 8 {
      let id = try #require(line.keyDecoded?["memberId"]?.string)
      assigned[id] = [:]
      for topic in line.valueDecoded?["assignedPartitions"]?.elements ?? [] {
        let topicID = try #require(topic["topicId"]?.string)
        let name = try #require(names[topicID])
        assigned[id]?[name] = (topic["partitions"]?.elements ?? []).compactMap {
          $0.number.map { Int32($0) }
        }
      }
    }
    return try lines.filter { $0.keyType == 5 }.map { line in
      let id = try #require(line.keyDecoded?["memberId"]?.string)
      let value = try #require(line.valueDecoded)
      var topics: Set<String>? = Set(
        (value["subscribedTopicNames"]?.elements ?? []).compactMap(\.string))
      if let expression = value["subscribedTopicRegex"]?.string, !expression.isEmpty {
        topics = expressions[expression].map { topics?.union($0) ?? [] }
      }
      return Plain(
        id: id, client: try #require(value["clientId"]?.string),
        host: try #require(value["clientHost"]?.string), instance: value["instanceId"]?.string,
        timeout: value["rebalanceTimeoutMs"]?.number, topics: topics,
        assignment: assigned[id] ?? [:])
    }
  }

  private func plain(_ member: GroupMember) -> Plain {
    Plain(
      id: member.memberID, client: member.clientID, host: member.host,
      instance: member.groupInstanceID, timeout: member.rebalanceTimeout.map { Int64($0) },
      topics: member.subscription.map { Set($0) },
      assignment: member.assignment.map {
        Dictionary(uniqueKeysWithValues: $0.map { ($0.topic, $0.partitions) })
      })
  }

  /// Compares a group with what the newest records of its keys say.
  private func check(
    _ got: GroupMembership, _ newest: [CaptureLine], _ names: [String: String], _ place: Comment
  ) throws {
    let lines = newest.filter { $0.value != nil }
    if let classic = lines.first(where: { $0.keyType == 2 }) {
      let expected = try classicMembers(classic)
      #expect(got.members.map(plain) == expected, place)
      #expect(got.protocolKind == .classic, place)
      #expect(got.assignor == classic.valueDecoded?["protocol"]?.string, place)
      #expect(
        got.generation == classic.valueDecoded?["generation"]?.number.map { Int32($0) }, place)
      #expect(got.state == (expected.isEmpty ? .empty : .stable), place)
      return
    }
    let expected = try consumerMembers(lines, names).sorted { $0.id < $1.id }
    #expect(got.members.map(plain) == expected, place)
    let epochs = [Int16(3), 6].map { type in
      let line = lines.first { $0.keyType == type }?.valueDecoded
      return line?["epoch"]?.number ?? line?["assignmentEpoch"]?.number
    }
    guard let epoch = epochs[0] else {
      #expect([.dead, .unknown].contains(got.state), place)
      #expect(got.state == .unknown || expected.isEmpty, place)
      return
    }
    #expect(got.protocolKind == .consumer && got.generation == Int32(epoch), place)
    let assignors = lines.filter { $0.keyType == 5 }.compactMap {
      $0.valueDecoded?["serverAssignor"]?.string
    }
    if Set(assignors).count < 2 { #expect(got.assignor == assignors.first, place) }
    // Every member has a current assignment, and all of them that of the group's epoch.
    let reached = lines.filter { $0.keyType == 8 }.map { $0.valueDecoded }.filter {
      $0?["memberEpoch"]?.number == epoch && $0?["state"]?.number == 0
    }
    let isStable = epochs[1] == epoch && reached.count == expected.count
    #expect(got.state == (expected.isEmpty ? .empty : isStable ? .stable : .rebalancing), place)
  }

  @Test(
    "every group has the members, hosts and assignments that its newest records name",
    arguments: Set(Capture.records.map(\.source)).sorted())
  func everyGroup(source: String) throws {
    let (memberships, groups) = try replay(source)
    let names = topicNames(source)
    let compacted = compacted(Capture.records.filter { $0.source == source })
    #expect(Set(groups) == Set(compacted.keys))
    var seen: [GroupState: Int] = [:]
    for (number, group) in groups.enumerated() {
      let got = memberships.membership(of: number)
      seen[got.state, default: 0] += 1
      try check(got, try #require(compacted[group]), names, "\(group)")
      #expect(memberships.unresolved(of: number).isEmpty, "\(group)")
    }
    if source == "kafka-4.3.1" { #expect(seen[.dead] ?? 0 > 5 && seen[.empty] ?? 0 > 3) }
  }

  @Test(
    "and so it has at every moment of its life, joins, leaves and migrations included",
    arguments: Set(Capture.records.map(\.source)).sorted())
  func everyMoment(source: String) throws {
    let names = topicNames(source)
    let records = Capture.records.filter {
      $0.source == source && ((2...8).contains($0.keyType ?? 0) || $0.keyType == 16)
    }
    let lines = Dictionary(grouping: records, by: { groupName($0) ?? "?" })
    var seen: [GroupState: Int] = [:]
    var largest = 0
    for (group, lines) in lines {
      // The names are known beforehand: in the log they may come later than the assignments.
      var (memberships, _) = try replay(source)
      let number = 1_000
      for index in lines.indices {
        let line = lines[index]
        let key = try RecordKey.decode(line.key.span)
        let isChanged = try apply(line, key, to: &memberships, group: number)
        let got = memberships.membership(of: number)
        if isChanged { seen[got.state, default: 0] += 1 }
        largest = max(largest, got.members.count)
        let newest = compacted(Array(lines[...index])).values.first ?? []
        try check(got, newest, names, "\(group), line \(lines[index].number)")
      }
    }
    if source == "kafka-4.3.1" {
      #expect(largest == 24 && seen.keys.count == GroupState.allCases.count)
      #expect(seen.values.allSatisfy { $0 > 5 }, "\(seen)")
    }
  }
}
