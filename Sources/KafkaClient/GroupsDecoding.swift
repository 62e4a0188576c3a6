import CLibrdkafka

/// Copies librdkafka's answers about groups into plain values.
@safe enum GroupsDecoding {
  /// The answer in an event.
  ///
  /// - Parameters:
  ///   - event: a result event that outlives the call.
  ///   - question: what was asked.
  @unsafe static func content(
    _ event: OpaquePointer, _ question: GroupsQuestion
  ) -> GroupsReply.Content {
    // SAFETY: the event is live.
    if let error = unsafe error(in: event) { return question.failed(error) }
    switch question.subject {
    case .offsets(let group):
      return .offsets(group: group, unsafe offsets(event))
    case .descriptions(let groups):
      return .descriptions(unsafe descriptions(event, asked: groups))
    case .list:
      return .list(unsafe list(event))
    }
  }

  /// The error of a whole request, or nil.
  @unsafe static func error(in event: OpaquePointer) -> KafkaError? {
    // SAFETY: the event is live; the text is copied.
    let code = unsafe rd_kafka_event_error(event)
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    let text = unsafe CText.string(rd_kafka_event_error_string(event))
    return KafkaError(code: code.rawValue, message: text)
  }

  @unsafe private static func offsets(
    _ event: OpaquePointer
  ) -> Result<[CommittedTopic], KafkaError> {
    var count = 0
    // SAFETY: the groups live as long as the event; `groups` holds `count` of them.
    guard let result = unsafe rd_kafka_event_ListConsumerGroupOffsets_result(event),
      let groups = unsafe rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count),
      count > 0, let group = unsafe groups[0]
    else { return .failure(.noAnswer) }
    if let error = unsafe error(rd_kafka_group_result_error(group)) { return .failure(error) }
    guard let rows = unsafe rd_kafka_group_result_partitions(group) else { return .success([]) }
    return .success(unsafe committed(rows))
  }

  /// The rows of an OffsetFetch answer by topic; every topic once, however the rows lie.
  @unsafe private static func committed(
    _ list: UnsafePointer<rd_kafka_topic_partition_list_t>
  ) -> [CommittedTopic] {
    var topics: [CommittedTopic] = []
    var indexOfTopic: [String: Int] = [:]
    for index in 0..<max(0, Int(unsafe list.pointee.cnt)) {
      // SAFETY: `elems` holds `cnt` rows; the name is copied.
      let row = unsafe list.pointee.elems[index]
      let name = unsafe CText.string(row.topic)
      let code = unsafe row.err
      let offset = unsafe row.offset
      let committed = CommittedOffset(
        partition: unsafe row.partition,
        // No commit is RD_KAFKA_OFFSET_INVALID; every negative number is no offset.
        offset: code == RD_KAFKA_RESP_ERR_NO_ERROR && offset >= 0 ? offset : nil,
        error: code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code: code.rawValue))
      if let last = topics.indices.last, topics[last].topic == name {
        topics[last].partitions.append(committed)
      } else if let known = indexOfTopic[name] {
        topics[known].partitions.append(committed)
      } else {
        indexOfTopic[name] = topics.count
        topics.append(CommittedTopic(topic: name, partitions: [committed]))
      }
    }
    return topics
  }

  @unsafe private static func descriptions(
    _ event: OpaquePointer, asked: [String]
  ) -> [DescribedGroup] {
    var found: [String: Result<GroupDescription, KafkaError>] = [:]
    var count = 0
    // SAFETY: the groups live as long as the event; `groups` holds `count` of them.
    if let result = unsafe rd_kafka_event_DescribeConsumerGroups_result(event),
      let groups = unsafe rd_kafka_DescribeConsumerGroups_result_groups(result, &count)
    {
      for index in 0..<count {
        guard let group = unsafe groups[index] else { continue }
        let name = unsafe CText.string(rd_kafka_ConsumerGroupDescription_group_id(group))
        found[name] = unsafe description(group)
      }
    }
    return asked.map {
      DescribedGroup(group: $0, result: found[$0] ?? .failure(.noAnswer))
    }
  }

  @unsafe private static func description(
    _ group: OpaquePointer
  ) -> Result<GroupDescription, KafkaError> {
    // SAFETY: everything belongs to the group, which outlives the call; texts are copied.
    if let error = unsafe error(rd_kafka_ConsumerGroupDescription_error(group)) {
      return .failure(error)
    }
    var members: [GroupMemberDescription] = []
    let memberCount = unsafe rd_kafka_ConsumerGroupDescription_member_count(group)
    for index in 0..<memberCount {
      if let member = unsafe rd_kafka_ConsumerGroupDescription_member(group, index) {
        members.append(unsafe self.member(member))
      }
    }
    var coordinator: KafkaBroker?
    if let node = unsafe rd_kafka_ConsumerGroupDescription_coordinator(group) {
      coordinator = unsafe KafkaBroker(
        id: rd_kafka_Node_id(node), host: CText.string(rd_kafka_Node_host(node)),
        port: Int32(rd_kafka_Node_port(node)))
    }
    return .success(
      unsafe GroupDescription(
        state: state(rd_kafka_ConsumerGroupDescription_state(group)),
        isSimple: rd_kafka_ConsumerGroupDescription_is_simple_consumer_group(group) != 0,
        assignor: CText.string(rd_kafka_ConsumerGroupDescription_partition_assignor(group)),
        coordinator: coordinator, members: members))
  }

  @unsafe private static func member(_ member: OpaquePointer) -> GroupMemberDescription {
    var assignment: [TopicPartitions] = []
    // SAFETY: as above.
    if let assigned = unsafe rd_kafka_MemberDescription_assignment(member),
      let list = unsafe rd_kafka_MemberAssignment_partitions(assigned)
    {
      assignment = unsafe TopicPartitionList.partitions(list)
    }
    let instance = unsafe rd_kafka_MemberDescription_group_instance_id(member)
    return unsafe GroupMemberDescription(
      memberID: CText.string(rd_kafka_MemberDescription_consumer_id(member)),
      clientID: CText.string(rd_kafka_MemberDescription_client_id(member)),
      groupInstanceID: instance.map { unsafe CText.string($0) },
      host: CText.string(rd_kafka_MemberDescription_host(member)),
      assignment: assignment)
  }

  @unsafe private static func list(_ event: OpaquePointer) -> Result<GroupList, KafkaError> {
    // SAFETY: groups and errors live as long as the event; the arrays hold `count` entries.
    guard let result = unsafe rd_kafka_event_ListConsumerGroups_result(event) else {
      return .failure(.noAnswer)
    }
    var groups: [ListedGroup] = []
    var count = 0
    if let listed = unsafe rd_kafka_ListConsumerGroups_result_valid(result, &count) {
      for index in 0..<count {
        guard let group = unsafe listed[index] else { continue }
        groups.append(
          unsafe ListedGroup(
            group: CText.string(rd_kafka_ConsumerGroupListing_group_id(group)),
            state: state(rd_kafka_ConsumerGroupListing_state(group)),
            isSimple: rd_kafka_ConsumerGroupListing_is_simple_consumer_group(group) != 0))
      }
    }
    var errors: [KafkaError] = []
    var errorCount = 0
    if let failed = unsafe rd_kafka_ListConsumerGroups_result_errors(result, &errorCount) {
      for index in 0..<errorCount {
        if let error = unsafe error(failed[index]) { errors.append(error) }
      }
    }
    return .success(GroupList(groups: groups, errors: errors))
  }

  /// A librdkafka error object as a value; nil for none and for "no error".
  @unsafe private static func error(_ object: OpaquePointer?) -> KafkaError? {
    // SAFETY: the object belongs to the event, which outlives the call; the text is copied.
    guard let object = unsafe object else { return nil }
    let code = unsafe rd_kafka_error_code(object)
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    return KafkaError(
      code: code.rawValue, message: unsafe CText.string(rd_kafka_error_string(object)))
  }

  static func state(_ state: rd_kafka_consumer_group_state_t) -> KafkaGroupState {
    switch state {
    case RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE: .preparingRebalance
    case RD_KAFKA_CONSUMER_GROUP_STATE_COMPLETING_REBALANCE: .completingRebalance
    case RD_KAFKA_CONSUMER_GROUP_STATE_STABLE: .stable
    case RD_KAFKA_CONSUMER_GROUP_STATE_DEAD: .dead
    case RD_KAFKA_CONSUMER_GROUP_STATE_EMPTY: .empty
    default: .unknown
    }
  }
}
