import KafkaClient
import LagCore

extension ClusterFault {
  init(_ error: KafkaError) {
    if error.isUnsupported {
      self.init(kind: .unsupported, message: error.description)
      return
    }
    let kind: Kind =
      switch error.kind {
      case .transport, .timedOut: .unreachable
      case .authentication: .authentication
      case .authorization: .authorization
      case .unknownTopicOrPartition: .unknownTopic
      case .configuration, .leaderNotAvailable, .offsetOutOfRange, .queueFull, .other: .other
      }
    self.init(kind: kind, message: error.description)
  }
}

extension MetadataReply {
  init(_ result: Result<KafkaClient.ClusterMetadata, KafkaError>) {
    switch result {
    case .failure(let error): self = .fault(ClusterFault(error))
    case .success(let metadata):
      self = .topics(
        metadata.topics.map { topic in
          TopicReply(
            name: topic.name, partitionCount: topic.error == nil ? topic.partitionCount : nil,
            fault: topic.error.map { ClusterFault($0) })
        })
    }
  }
}

extension HeadsReply {
  init(_ topics: [KafkaClient.TopicHeads]) {
    var heads: [Head] = []
    var firstError: KafkaError?
    var isAnyKnown = false
    for topic in topics {
      for (partition, head) in zip(topic.request.partitions, topic.heads) {
        var offset: Int64?
        var start: Int64?
        switch head {
        case .offsets(let end, let logStart, _):
          offset = end
          start = logStart
          isAnyKnown = true
        case .leaderless: break
        case .failed(let error): firstError = firstError ?? error
        }
        heads.append(
          Head(topic: topic.request.topic, partition: partition, offset: offset, start: start))
      }
    }
    if !isAnyKnown, let firstError {
      self = .fault(ClusterFault(firstError))
    } else {
      self = .heads(heads)
    }
  }
}

extension OffsetsByTimeReply {
  init(_ topics: [KafkaClient.TopicOffsets]) {
    var places: [Place] = []
    for topic in topics {
      for (partition, found) in zip(topic.request.partitions, topic.offsets) {
        switch found {
        case .offset(let offset): places.append(Place(partition: partition, offset: offset))
        case .nothingSoNew: places.append(Place(partition: partition, offset: nil))
        case .leaderless:
          self = .fault(
            ClusterFault(
              kind: .other, message: "\(topic.request.topic)-\(partition) has no leader"))
          return
        case .failed(let error):
          self = .fault(ClusterFault(error))
          return
        }
      }
    }
    self = .offsets(places)
  }
}

extension AgentEvent {
  /// What an answer about groups means to the agent, an event for each group in it.
  static func events(of reply: GroupsReply, cluster: Int) -> [AgentEvent] {
    switch reply.content {
    case .offsets(let group, let result):
      [.groupOffsets(cluster: cluster, group: group, GroupOffsetsReply(result))]
    case .descriptions(let described):
      described.map {
        .groupDescription(cluster: cluster, group: $0.group, GroupDescriptionReply($0.result))
      }
    case .list(.failure(let error)):
      [.groupList(cluster: cluster, .fault(ClusterFault(error)))]
    case .list(.success(let list)):
      if list.groups.isEmpty, let error = list.errors.first {
        [.groupList(cluster: cluster, .fault(ClusterFault(error)))]
      } else {
        [
          .groupList(
            cluster: cluster,
            .groups(list.groups.map(\.group), isComplete: list.errors.isEmpty))
        ]
      }
    }
  }
}

extension GroupOffsetsReply {
  init(_ result: Result<[CommittedTopic], KafkaError>) {
    switch result {
    case .failure(let error): self = .fault(ClusterFault(error))
    case .success(let topics):
      self = .offsets(
        topics.flatMap { topic in
          topic.partitions.map {
            Committed(
              topic: topic.topic, partition: $0.partition, offset: $0.offset,
              fault: $0.error.map { ClusterFault($0) })
          }
        })
    }
  }
}

extension GroupDescriptionReply {
  init(_ result: Result<GroupDescription, KafkaError>) {
    switch result {
    case .failure(let error): self = .fault(ClusterFault(error))
    case .success(let description): self = .membership(GroupMembership(description))
    }
  }
}

extension GroupMembership {
  /// What a coordinator says of a group of the classic protocol.
  ///
  /// Assignments are known only while the group is stable; members that all have none speak another
  /// protocol than that of consumers (Kafka Connect's workers, for example).
  init(_ description: GroupDescription) {
    let state: GroupState =
      switch description.state {
      case .unknown: .unknown
      case .preparingRebalance, .completingRebalance: .rebalancing
      case .stable: .stable
      case .dead: .dead
      case .empty: .empty
      }
    let areAssigned =
      state == .stable && description.members.contains { !$0.assignment.isEmpty }
    self.init(
      state: state, protocolKind: state == .dead ? nil : .classic,
      assignor: description.assignor.isEmpty ? nil : description.assignor,
      members: description.members.map { member in
        GroupMember(
          memberID: member.memberID, clientID: member.clientID, host: member.host,
          groupInstanceID: member.groupInstanceID,
          assignment: areAssigned
            ? member.assignment.map {
              GroupMember.Assigned(topic: $0.topic, partitions: $0.partitions)
            } : nil)
      })
  }
}

extension RecordSearchReply {
  init(_ result: ProbeResult) {
    switch result {
    case .nothingReadable: self = .nothingReadable
    case .readable: self = .readable
    case .failed(let error): self = .fault(ClusterFault(error))
    }
  }
}
