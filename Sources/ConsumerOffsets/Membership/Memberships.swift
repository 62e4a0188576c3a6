package import LagCore

/// Who is in which group of one cluster and what is assigned to whom, from the metadata records of
/// `__consumer_offsets`: types 2 (classic groups), 3 to 8 and 16 (KIP-848).
///
/// Groups are known by the numbers that the caller gives them, which should be small: there is a
/// place for each up to the largest. Records are handed in in the order of the log, which is total
/// for a group. Nothing is derived before it is asked for: `takeChanged()` says which groups are
/// worth asking for again, once after many records.
package struct Memberships: Sendable {
  private struct Entry: Sendable {
    var classic: GroupMembership?
    var consumer: ConsumerGroup?
    /// The protocol spoken last; nil until a record has told it.
    var lastProtocol: GroupProtocol?
    /// When anything last changed, in milliseconds since 1970; 0 when not known.
    var changedAt: Int64 = 0
    /// Whether the group stands in `changed`.
    var isMarked = false
  }

  private let limits: MembershipLimits
  private var entries: [Entry] = []
  private var names: TopicNames
  /// The groups that wait for the name of a topic.
  private var awaiting: Set<Int> = []
  private var changed: [Int] = []

  /// Makes memberships of no group.
  package init(limits: MembershipLimits = MembershipLimits()) {
    self.limits = limits
    names = TopicNames(maximumCount: limits.topicNames)
  }

  // MARK: Asking

  /// The groups that changed since the last call, each once, in the order in which they did.
  package mutating func takeChanged() -> [Int] {
    for group in changed { entries[group].isMarked = false }
    defer { changed.removeAll(keepingCapacity: true) }
    return changed
  }

  /// The membership of a group; one of which no record told anything is `unknown`.
  ///
  /// A classic group's members are in the order of the record, a consumer group's in that of their
  /// ids. The owner of a partition under KIP-848 is who has it in its current assignment (type 8).
  package func membership(of group: Int) -> GroupMembership {
    guard entries.indices.contains(group) else { return GroupMembership() }
    let entry = entries[group]
    if let classic = entry.classic {
      var membership = classic
      membership.changedAt = entry.changedAt
      return membership
    }
    if let consumer = entry.consumer {
      return consumer.membership(names, changedAt: entry.changedAt)
    }
    guard let last = entry.lastProtocol else { return GroupMembership() }
    return GroupMembership(state: .dead, protocolKind: last, changedAt: entry.changedAt)
  }

  /// What members of a group are assigned of topics whose names no record has told, by member id.
  package func unresolved(of group: Int) -> [String: [(topicID: Uuid, partitions: [Int32])]] {
    guard entries.indices.contains(group) else { return [:] }
    return entries[group].consumer?.unresolved(names) ?? [:]
  }

  /// The name of a topic, as far as the log has told it.
  package func topicName(of topicID: Uuid) -> String? { names.name(of: topicID) }

  // MARK: Taking records in

  /// Takes a record in.
  ///
  /// Commits say nothing here; their topic identifiers go to `learn`.
  ///
  /// - Parameters:
  ///   - key: The record's key.
  ///   - bytes: The bytes it was decoded from.
  ///   - value: The record's value; nil for a tombstone.
  ///   - group: The caller's number for the group, not negative.
  ///   - timestamp: When the record was written, in milliseconds since 1970; -1 when not known.
  /// - Returns: Whether the group's membership changed, or that of one that had waited for a name.
  /// - Throws: `DecodeError` if the value is malformed or of an unknown version; nothing changed.
  package mutating func apply(
    _ key: RecordKey, _ bytes: Span<UInt8>, value: Span<UInt8>?, group: Int, timestamp: Int64
  ) throws(DecodeError) -> Bool {
    switch key {
    case .offsetCommit, .other, .consumerGroupTargetAssignmentMember:
      // A target says what a member shall have, not what it has.
      return false
    case .groupMetadata:
      return try applyClassic(value, group, timestamp)
    case .consumerGroupPartitionMetadata:
      return try learnTopics(value)
    default:
      break
    }
    var consumer = entry(of: group)?.consumer
    let isNew = consumer == nil
    if value == nil, isNew {
      guard case .consumerGroupMetadata = key else { return false }
      return die(group, .consumer, timestamp)
    }
    var parts = consumer ?? ConsumerGroup()
    consumer = nil
    if !isNew { entries[group].consumer = nil }  // so that `parts` is not copied
    var isChanged = false
    do throws(DecodeError) {
      isChanged = try take(key, bytes, value, into: &parts)
    } catch {
      if !isNew { entries[group].consumer = parts }
      throw error
    }
    finish(group, parts, isNew: isNew, isChanged: isChanged, timestamp)
    return isChanged
  }

  /// Forgets a group, as if no record of it had been read.
  package mutating func forget(group: Int) {
    guard entries.indices.contains(group) else { return }
    let isMarked = entries[group].isMarked
    entries[group] = Entry()
    entries[group].isMarked = isMarked
    awaiting.remove(group)
  }

  // MARK: Names of topics

  /// Learns a topic's name, from a commit that has both, as those of Kafka 4.1 and later.
  ///
  /// Cheap when the name is known, so that it can be called for each commit.
  ///
  /// - Parameters:
  ///   - topicID: The identifier.
  ///   - name: The name.
  /// - Returns: Whether groups had waited for it, which `takeChanged()` names.
  @inline(__always)
  package mutating func learn(_ topicID: Uuid, name: Span<UInt8>) -> Bool {
    if names.knows(topicID) { return false }
    return learnNew(topicID, name: name)
  }

  @inline(never)
  private mutating func learnNew(_ topicID: Uuid, name: Span<UInt8>) -> Bool {
    if names.needsSweep {
      var inUse: Set<Uuid> = []
      for entry in entries { inUse.formUnion(entry.consumer?.topicIDs ?? []) }
      names.sweep(keeping: inUse)
    }
    guard names.add(topicID, text(0..<name.count, in: name)) else { return false }
    var isAwaited = false
    for group in awaiting where entries[group].consumer?.nameLearned(of: topicID) ?? false {
      isAwaited = true
      mark(group)
    }
    awaiting = awaiting.filter { entries[$0].consumer?.awaitsNames ?? false }
    return isAwaited
  }

  private mutating func learnTopics(_ value: Span<UInt8>?) throws(DecodeError) -> Bool {
    guard let value else { return false }
    var isAwaited = false
    for topic in try ConsumerGroupPartitionMetadataValue.decode(value).topics
    where learn(topic.topicId, name: value.extracting(topic.topicName)) {
      isAwaited = true
    }
    return isAwaited
  }

  // MARK: Classic groups

  private mutating func applyClassic(
    _ value: Span<UInt8>?, _ group: Int, _ timestamp: Int64
  ) throws(DecodeError) -> Bool {
    guard let value else {
      // One that has changed its protocol since is not meant.
      if entry(of: group)?.consumer != nil { return false }
      return die(group, .classic, timestamp)
    }
    let metadata = try GroupMetadataValue.decode(value)
    var membership = ClassicGroupReader(limits: limits).membership(
      metadata, in: value, timestamp: timestamp)
    let time = membership.changedAt
    membership.changedAt = 0
    makePlace(for: group)
    guard membership != entries[group].classic else { return false }
    entries[group].classic = membership
    // The group has gone back from the consumer protocol; its tombstones came before.
    entries[group].consumer = nil
    entries[group].lastProtocol = .classic
    awaiting.remove(group)
    changed(group, at: time)
    return true
  }

  /// Notes that a group is gone that has no parts of the other protocol.
  ///
  /// Brokers write such tombstones for groups of which there never was a record too: those that
  /// only committed.
  private mutating func die(_ group: Int, _ last: GroupProtocol, _ timestamp: Int64) -> Bool {
    makePlace(for: group)
    if last == .consumer, entries[group].classic != nil { return false }
    if entries[group].classic == nil, entries[group].lastProtocol != nil { return false }
    entries[group].classic = nil
    entries[group].lastProtocol = last
    changed(group, at: timestamp)
    return true
  }

  // MARK: Consumer groups

  private func take(
    _ key: RecordKey, _ bytes: Span<UInt8>, _ value: Span<UInt8>?, into parts: inout ConsumerGroup
  ) throws(DecodeError) -> Bool {
    switch key {
    case .consumerGroupMetadata:
      guard let value else {
        // The group itself is gone, and its parts with it.
        parts = ConsumerGroup()
        return true
      }
      return parts.setEpoch(try ConsumerGroupMetadataValue.decode(value).epoch)
    case .consumerGroupTargetAssignmentMetadata:
      guard let value else { return parts.setAssignmentEpoch(nil) }
      return parts.setAssignmentEpoch(
        try ConsumerGroupTargetAssignmentMetadataValue.decode(value).assignmentEpoch)
    case .consumerGroupMemberMetadata(_, let member):
      return parts.describe(text(member, in: bytes), try description(value), limits)
    case .consumerGroupCurrentMemberAssignment(_, let member):
      return parts.assign(text(member, in: bytes), try current(value), limits, names)
    case .consumerGroupRegularExpression(_, let expression):
      return parts.resolve(text(expression, in: bytes), try topics(value), limits)
    default:
      return false
    }
  }

  private func description(
    _ value: Span<UInt8>?
  ) throws(DecodeError) -> ConsumerGroup.Description? {
    guard let value else { return nil }
    let metadata = try ConsumerGroupMemberMetadataValue.decode(value)
    let expression = metadata.subscribedTopicRegex.map { text($0, in: value) }
    return ConsumerGroup.Description(
      clientID: text(metadata.clientId, in: value), host: text(metadata.clientHost, in: value),
      groupInstanceID: metadata.instanceId.map { text($0, in: value) },
      rebalanceTimeout: metadata.rebalanceTimeoutMs < 0 ? nil : metadata.rebalanceTimeoutMs,
      topics: strings(metadata.subscribedTopicNames, in: value),
      regularExpression: expression.flatMap { $0.isEmpty ? nil : $0 },
      assignor: metadata.serverAssignor.map { text($0, in: value) })
  }

  private func current(_ value: Span<UInt8>?) throws(DecodeError) -> ConsumerGroup.Current? {
    guard let value else { return nil }
    let current = try ConsumerGroupCurrentMemberAssignmentValue.decode(value)
    let assigned = current.assignedPartitions
    return ConsumerGroup.Current(
      epoch: current.memberEpoch, isSettled: current.state == 0,
      assigned: assigned.count > limits.subscribedTopics
        ? nil
        : assigned.map {
          ConsumerGroup.Assigned(topicID: $0.topicId, partitions: $0.partitions)
        })
  }

  /// The topics of a regular expression: nil for a tombstone, nil within when too many.
  private func topics(_ value: Span<UInt8>?) throws(DecodeError) -> [String]?? {
    guard let value else { return nil }
    let resolved = try ConsumerGroupRegularExpressionValue.decode(value)
    return .some(strings(resolved.topics, in: value))
  }

  private func strings(_ ranges: [Range<Int>], in value: Span<UInt8>) -> [String]? {
    guard ranges.count <= limits.subscribedTopics else { return nil }
    var strings: [String] = []
    strings.reserveCapacity(ranges.count)
    for range in ranges { strings.append(text(range, in: value)) }
    return strings
  }

  private mutating func finish(
    _ group: Int, _ parts: ConsumerGroup, isNew: Bool, isChanged: Bool, _ timestamp: Int64
  ) {
    makePlace(for: group)
    let isGone = parts.isEmpty
    entries[group].consumer = isGone ? nil : parts
    if parts.awaitsNames { awaiting.insert(group) } else { awaiting.remove(group) }
    guard isChanged else { return }
    // The group has come from the classic protocol; its tombstone came before.
    entries[group].classic = nil
    entries[group].lastProtocol = .consumer
    changed(group, at: timestamp)
  }

  // MARK: Places

  private func entry(of group: Int) -> Entry? {
    entries.indices.contains(group) ? entries[group] : nil
  }

  private mutating func makePlace(for group: Int) {
    while entries.count <= group { entries.append(Entry()) }
  }

  private mutating func changed(_ group: Int, at timestamp: Int64) {
    if timestamp >= 0 { entries[group].changedAt = timestamp }
    mark(group)
  }

  private mutating func mark(_ group: Int) {
    guard !entries[group].isMarked else { return }
    entries[group].isMarked = true
    changed.append(group)
  }
}
