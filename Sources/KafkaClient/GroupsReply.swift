/// What a group has committed for one partition.
package struct CommittedOffset: Equatable, Sendable {
  /// The partition.
  package let partition: Int32
  /// The offset, or nil when the group has committed none or `error` says why it is not known.
  package let offset: Int64?
  /// Why this partition's offset is not known, for example a missing right to describe the topic.
  package let error: KafkaError?

  /// Puts the parts together.
  package init(partition: Int32, offset: Int64?, error: KafkaError?) {
    self.partition = partition
    self.offset = offset
    self.error = error
  }
}

/// What a group has committed for partitions of one topic.
package struct CommittedTopic: Equatable, Sendable {
  /// The topic.
  package let topic: String
  /// Each partition at most once, in the order of the broker's answer.
  package var partitions: [CommittedOffset]

  /// Puts the parts together.
  package init(topic: String, partitions: [CommittedOffset]) {
    self.topic = topic
    self.partitions = partitions
  }
}

/// A group's state in the words of Kafka's `ConsumerGroupState`.
package enum KafkaGroupState: Equatable, Sendable {
  /// A state that this librdkafka does not know, or a broker older than 2.6 in a list.
  case unknown
  /// Members are called to join.
  case preparingRebalance
  /// The leader distributes the partitions.
  case completingRebalance
  /// Every member has its assignment.
  case stable
  /// There is no such group, or it is of the protocol of KIP-848, which the old request cannot see.
  case dead
  /// The group has no members, but may have offsets.
  case empty
}

/// A member of a group as its coordinator describes it.
package struct GroupMemberDescription: Equatable, Sendable {
  /// The id that the coordinator gave.
  package let memberID: String
  /// The client's `client.id`.
  package let clientID: String
  /// The client's `group.instance.id`, or nil for a dynamic member.
  package let groupInstanceID: String?
  /// Where it connects from, as Kafka writes it: with a leading `/`.
  package let host: String
  /// The partitions assigned to it; empty while the group rebalances.
  package let assignment: [TopicPartitions]

  /// Puts the parts together.
  package init(
    memberID: String, clientID: String, groupInstanceID: String?, host: String,
    assignment: [TopicPartitions]
  ) {
    self.memberID = memberID
    self.clientID = clientID
    self.groupInstanceID = groupInstanceID
    self.host = host
    self.assignment = assignment
  }
}

/// A group as its coordinator describes it.
package struct GroupDescription: Equatable, Sendable {
  /// The group's state.
  package let state: KafkaGroupState
  /// Whether it only stores offsets: no protocol, no members.
  package let isSimple: Bool
  /// The assignor that the members agreed on, for example `range`; empty when there is none.
  package let assignor: String
  /// The broker that coordinates the group, or nil when librdkafka does not say.
  package let coordinator: KafkaBroker?
  /// The members in the coordinator's order.
  package let members: [GroupMemberDescription]

  /// Puts the parts together.
  package init(
    state: KafkaGroupState, isSimple: Bool, assignor: String, coordinator: KafkaBroker?,
    members: [GroupMemberDescription]
  ) {
    self.state = state
    self.isSimple = isSimple
    self.assignor = assignor
    self.coordinator = coordinator
    self.members = members
  }
}

/// The description of one group, or why there is none.
package struct DescribedGroup: Equatable, Sendable {
  /// The group's id.
  package let group: String
  /// What the coordinator says, or its refusal.
  package let result: Result<GroupDescription, KafkaError>

  /// Puts the parts together.
  package init(group: String, result: Result<GroupDescription, KafkaError>) {
    self.group = group
    self.result = result
  }
}

/// A group in a list.
package struct ListedGroup: Equatable, Sendable {
  /// The group's id.
  package let group: String
  /// Its state; `.unknown` from brokers before 2.6.
  package let state: KafkaGroupState
  /// Whether it only stores offsets: no protocol, no members.
  package let isSimple: Bool

  /// Puts the parts together.
  package init(group: String, state: KafkaGroupState, isSimple: Bool) {
    self.group = group
    self.state = state
    self.isSimple = isSimple
  }
}

/// The groups of all brokers, merged.
package struct GroupList: Equatable, Sendable {
  /// The groups that were listed, in no order.
  package let groups: [ListedGroup]
  /// One error for each broker that did not list its groups; without any, the list is whole.
  ///
  /// librdkafka names the broker in the message only when the broker itself refused.
  package let errors: [KafkaError]

  /// Puts the parts together.
  package init(groups: [ListedGroup], errors: [KafkaError]) {
    self.groups = groups
    self.errors = errors
  }
}

/// The answer to one request of a `GroupsClient`.
package struct GroupsReply: Equatable, Sendable {
  /// What is answered.
  package enum Content: Equatable, Sendable {
    /// The committed offsets of a group, or why none are known.
    ///
    /// Topics that the principal may not describe are left out of an answer about all partitions,
    /// without an error.
    case offsets(group: String, Result<[CommittedTopic], KafkaError>)
    /// The descriptions in the order asked, each with its own result.
    case descriptions([DescribedGroup])
    /// The groups that the brokers listed.
    case list(Result<GroupList, KafkaError>)
  }

  /// The request.
  package let id: RequestID
  /// The answer.
  package let content: Content

  /// Puts the parts together.
  package init(id: RequestID, content: Content) {
    self.id = id
    self.content = content
  }
}

/// What one slice of draining a `GroupsClient` or `RecordProbe` found beside its replies.
package struct ClientDrain: Equatable, Sendable {
  /// How many replies were delivered.
  package var replies = 0
  /// Whether something was left behind, for which no wake-up will be sent: drain again.
  package var mayHaveMore = false
  /// Logs and errors of the clients.
  package var notices: [ClientNotice] = []

  /// Nothing was found.
  package init() {}
}
