/// The state of a group, as far as its records or the coordinator tell it.
package enum GroupState: UInt8, Sendable, CaseIterable {
  /// Nothing has told it.
  case unknown
  /// A rebalance goes on; members may be without partitions.
  case rebalancing
  /// All members have what they were assigned.
  case stable
  /// The group has no members.
  case empty
  /// The group is gone.
  case dead

  /// The word for it.
  package var name: StaticString {
    switch self {
    case .unknown: "unknown"
    case .rebalancing: "rebalancing"
    case .stable: "stable"
    case .empty: "empty"
    case .dead: "dead"
    }
  }
}

/// Which protocol a group's members speak with the coordinator.
package enum GroupProtocol: UInt8, Sendable, CaseIterable {
  /// JoinGroup and SyncGroup.
  case classic
  /// ConsumerGroupHeartbeat (KIP-848).
  case consumer

  /// The word for it, as `ListGroups` gives it (KIP-848).
  package var name: StaticString {
    switch self {
    case .classic: "classic"
    case .consumer: "consumer"
    }
  }
}

/// One member of a group.
package struct GroupMember: Sendable, Equatable {
  /// Partitions of a topic.
  package struct Assigned: Sendable, Equatable {
    /// The topic's name.
    package var topic: String
    /// The partitions, in the order written.
    package var partitions: [Int32]

    /// Makes an assignment of one topic.
    package init(topic: String, partitions: [Int32]) {
      self.topic = topic
      self.partitions = partitions
    }
  }

  /// The identifier that broker or client gave the member.
  package var memberID: String
  /// The member's `client.id`.
  package var clientID: String
  /// The host as Kafka wrote it, usually with a leading `/`; Burrow's API shows it so.
  package var host: String {
    didSet { address = canonicalAddress(of: host) }
  }
  /// The host in canonical form, to be compared with other addresses; see `canonicalAddress`.
  package private(set) var address: String
  /// The `group.instance.id` of a static member.
  package var groupInstanceID: String?
  /// How long a rebalance may take, in milliseconds; nil where the record does not say it.
  package var rebalanceTimeout: Int32?
  /// The topics that the member subscribes to; nil when not known.
  package var subscription: [String]?
  /// What the member is assigned; nil when not known.
  package var assignment: [Assigned]?

  /// Makes a member.
  package init(
    memberID: String, clientID: String, host: String, groupInstanceID: String? = nil,
    rebalanceTimeout: Int32? = nil, subscription: [String]? = nil, assignment: [Assigned]? = nil
  ) {
    self.memberID = memberID
    self.clientID = clientID
    self.host = host
    address = canonicalAddress(of: host)
    self.groupInstanceID = groupInstanceID
    self.rebalanceTimeout = rebalanceTimeout
    self.subscription = subscription
    self.assignment = assignment
  }
}

/// Who is in a group and what is assigned to whom.
package struct GroupMembership: Sendable, Equatable {
  /// The state of the group.
  package var state: GroupState
  /// The protocol of its members; nil while no record has told it.
  package var protocolKind: GroupProtocol?
  /// The assignor that gives partitions to the members, such as `range`; nil while not known.
  package var assignor: String?
  /// The generation, or the group epoch of KIP-848; -1 while not known.
  package var generation: Int32
  /// When it last changed, in milliseconds since 1970 by the broker's clock; 0 when not known.
  package var changedAt: Int64
  /// The members.
  package var members: [GroupMember]

  /// Makes a membership; without parts, one of which nothing is known.
  package init(
    state: GroupState = .unknown, protocolKind: GroupProtocol? = nil, assignor: String? = nil,
    generation: Int32 = -1, changedAt: Int64 = 0, members: [GroupMember] = []
  ) {
    self.state = state
    self.protocolKind = protocolKind
    self.assignor = assignor
    self.generation = generation
    self.changedAt = changedAt
    self.members = members
  }
}

extension GroupMembership {
  /// The memory that the members take, in bytes, as far as it can be computed.
  var footprint: Int {
    members.reduce(members.capacity * MemoryLayout<GroupMember>.stride) { $0 + $1.footprint }
  }
}

extension GroupMember {
  /// The memory that lies outside of the value itself, in bytes.
  fileprivate var footprint: Int {
    let array = 32
    var bytes = 0
    for text in [memberID, clientID, host, address, groupInstanceID ?? ""] + (subscription ?? []) {
      // Strings of up to 15 bytes lie within the value.
      bytes += text.utf8.count > 15 ? array + text.utf8.count : 0
    }
    bytes += subscription.map { array + $0.capacity * MemoryLayout<String>.stride } ?? 0
    for topic in assignment ?? [] {
      bytes += array + topic.partitions.capacity * 4 + MemoryLayout<Assigned>.stride
    }
    return bytes
  }
}
