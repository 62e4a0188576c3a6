import LagCore

/// What the records of a group of the consumer protocol (KIP-848) have told, type by type.
///
/// Compaction keeps the newest record of each key, so a reader that begins in the past meets the
/// parts of a group in any order; they are kept apart and put together when asked for.
struct ConsumerGroup: Sendable {
  /// A member as its record of type 5 describes it.
  struct Description: Sendable, Equatable {
    var clientID: String
    var host: String
    var groupInstanceID: String?
    var rebalanceTimeout: Int32?
    /// The topics subscribed to by name; nil when they were too many.
    var topics: [String]?
    /// The regular expression subscribed to, if any.
    var regularExpression: String?
    /// The assignor that the member asks for; nil where it leaves that to the broker.
    var assignor: String?
  }

  /// Partitions of a topic of which only the identifier is known.
  struct Assigned: Sendable, Equatable {
    var topicID: Uuid
    var partitions: [Int32]
  }

  /// What a member is assigned, as its record of type 8 says.
  struct Current: Sendable, Equatable {
    var epoch: Int32
    /// Whether it waits neither for giving up nor for getting partitions (`MemberState.STABLE`).
    var isSettled: Bool
    /// Nil when there was too much of it.
    var assigned: [Assigned]?

    /// How many partitions it holds.
    var partitionCount: Int {
      (assigned ?? []).reduce(0) { $0 &+ $1.partitions.count }
    }
  }

  struct Member: Sendable {
    var description: Description?
    var current: Current?
  }

  /// The group epoch (type 3).
  private(set) var epoch: Int32?
  /// The epoch that the target assignment was made for (type 6).
  private(set) var assignmentEpoch: Int32?
  private(set) var members: [String: Member] = [:]
  /// What regular expressions stand for (type 16); nil when it was too many topics.
  private(set) var expressions: [String: [String]?] = [:]
  /// The identifiers in assignments whose names were not known; some may be gone by now.
  private var awaited: Set<Uuid> = []
  private var assignedPartitions = 0

  /// Whether nothing is known any more.
  var isEmpty: Bool {
    epoch == nil && assignmentEpoch == nil && members.isEmpty && expressions.isEmpty
  }

  // MARK: Taking records in; each says whether anything changed

  mutating func setEpoch(_ new: Int32?) -> Bool {
    defer { epoch = new }
    return epoch != new
  }

  mutating func setAssignmentEpoch(_ new: Int32?) -> Bool {
    defer { assignmentEpoch = new }
    return assignmentEpoch != new
  }

  mutating func describe(
    _ member: String, _ new: Description?, _ limits: MembershipLimits
  ) -> Bool {
    guard new != members[member]?.description, hasRoom(for: member, limits) else { return false }
    members[member, default: Member()].description = new
    dropIfVacant(member)
    return true
  }

  mutating func assign(
    _ member: String, _ new: Current?, _ limits: MembershipLimits, _ names: TopicNames
  ) -> Bool {
    guard hasRoom(for: member, limits) else { return false }
    let old = members[member]?.current
    var kept = new
    let others = assignedPartitions &- (old?.partitionCount ?? 0)
    if others &+ (new?.partitionCount ?? 0) > limits.assignedPartitions { kept?.assigned = nil }
    guard kept != old else { return false }
    assignedPartitions = others &+ (kept?.partitionCount ?? 0)
    members[member, default: Member()].current = kept
    dropIfVacant(member)
    for assigned in kept?.assigned ?? [] where names.name(of: assigned.topicID) == nil {
      awaitName(of: assigned.topicID, limits, names)
    }
    return true
  }

  mutating func resolve(
    _ expression: String, _ topics: [String]??, _ limits: MembershipLimits
  ) -> Bool {
    guard let topics else { return expressions.removeValue(forKey: expression) != nil }
    guard expressions[expression] != nil || expressions.count < limits.regularExpressions
    else { return false }
    return expressions.updateValue(topics, forKey: expression) != .some(topics)
  }

  private func hasRoom(for member: String, _ limits: MembershipLimits) -> Bool {
    members.count < limits.members || members[member] != nil
  }

  private mutating func dropIfVacant(_ id: String) {
    guard let member = members[id], member.description == nil, member.current == nil
    else { return }
    members[id] = nil
  }

  // MARK: Names of topics

  /// The identifiers that stand in assignments.
  var topicIDs: Set<Uuid> {
    var ids: Set<Uuid> = []
    for member in members.values {
      for assigned in member.current?.assigned ?? [] { ids.insert(assigned.topicID) }
    }
    return ids
  }

  private mutating func awaitName(
    of topicID: Uuid, _ limits: MembershipLimits, _ names: TopicNames
  ) {
    if awaited.count >= limits.awaitedTopics, !awaited.contains(topicID) {
      awaited = topicIDs.filter { names.name(of: $0) == nil }
      guard awaited.count < limits.awaitedTopics else { return }
    }
    awaited.insert(topicID)
  }

  /// Whether a name is awaited.
  var awaitsNames: Bool { !awaited.isEmpty }

  /// Says that a name is known now; returns whether it was awaited.
  mutating func nameLearned(of topicID: Uuid) -> Bool { awaited.remove(topicID) != nil }

  // MARK: Putting it together

  /// The state, by the rules of Kafka's own `ConsumerGroup.maybeUpdateGroupState`.
  var state: GroupState {
    guard let epoch else { return .unknown }
    let described = members.values.filter { $0.description != nil }
    if described.isEmpty { return .empty }
    guard let assignmentEpoch, epoch <= assignmentEpoch else { return .rebalancing }
    for member in described {
      guard let current = member.current, current.isSettled, current.epoch == assignmentEpoch
      else { return .rebalancing }
    }
    return .stable
  }

  /// The group in the order of member ids.
  func membership(_ names: TopicNames, changedAt: Int64) -> GroupMembership {
    var list: [GroupMember] = []
    list.reserveCapacity(members.count)
    for (id, member) in members.sorted(by: { $0.key < $1.key }) {
      guard let description = member.description else { continue }
      list.append(
        GroupMember(
          memberID: id, clientID: description.clientID, host: description.host,
          groupInstanceID: description.groupInstanceID,
          rebalanceTimeout: description.rebalanceTimeout,
          subscription: subscription(of: description),
          assignment: assignment(of: member.current, names)))
    }
    return GroupMembership(
      state: state, protocolKind: .consumer, assignor: assignor, generation: epoch ?? -1,
      changedAt: changedAt, members: list)
  }

  /// The assignor that most members ask for (Kafka, `ConsumerGroup.preferredServerAssignor`), nil
  /// when none asks for any: the broker's own choice does not stand in the log.
  private var assignor: String? {
    var votes: [String: Int] = [:]
    for case .some(let name) in members.values.lazy.map({ $0.description?.assignor }) {
      votes[name, default: 0] += 1
    }
    return votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
  }

  private func subscription(of description: Description) -> [String]? {
    guard var topics = description.topics else { return nil }
    guard let expression = description.regularExpression else { return topics }
    guard case .some(.some(let matched)) = expressions[expression] else { return nil }
    let named = Set(topics)
    topics += matched.filter { !named.contains($0) }
    return topics
  }

  /// What is assigned under a known name; nil when names are missing for all of it.
  private func assignment(
    of current: Current?, _ names: TopicNames
  ) -> [GroupMember.Assigned]? {
    guard let current else { return [] }
    guard let assigned = current.assigned else { return nil }
    var known = AssignmentByTopic()
    for one in assigned {
      if let name = names.name(of: one.topicID) { known.add(name, one.partitions) }
    }
    return known.topics.isEmpty && !assigned.isEmpty ? nil : known.topics
  }

  /// What members are assigned of topics whose names are not known, by member id.
  func unresolved(_ names: TopicNames) -> [String: [(topicID: Uuid, partitions: [Int32])]] {
    members.compactMapValues { member in
      let unknown = (member.current?.assigned ?? []).filter {
        names.name(of: $0.topicID) == nil
      }
      return unknown.isEmpty || member.description == nil
        ? nil : unknown.map { ($0.topicID, $0.partitions) }
    }
  }
}
