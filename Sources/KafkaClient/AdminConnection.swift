import CLibrdkafka

/// One librdkafka client for requests about groups, with the questions that it has not answered.
///
/// The answers arrive on a queue of its own. It is replaced, never mended.
@safe final class AdminConnection {
  /// What a client is asked.
  enum Purpose {
    case offsets, descriptions, list
  }

  /// How the ids of clusters of librdkafka's mock brokers begin.
  private static let mockClusterPrefix = "mockCluster"
  /// The number of the OffsetFetch that makes contact; those of requests count from 1.
  private static let contactNumber: UInt64 = 0
  /// So often contact is made before a cluster counts as one without an id.
  private static let maximumContactAttempts = 3

  /// A question that waits until the client may be asked.
  private enum Held {
    case offsets(RequestID, group: String, [TopicPartitions]?, timeoutMilliseconds: Int64)
    case descriptions(RequestID, groups: [String], timeoutMilliseconds: Int64)
  }

  /// Whether it is known that the cluster can be asked for descriptions.
  private enum Contact {
    case none, asked, made
  }

  /// Whether it must take no further question.
  var isStale = false
  /// The questions under way by the number of their request.
  private(set) var waiting: [UInt64: GroupsQuestion] = [:]

  private let client: ClientHandle
  private let queue: OpaquePointer
  /// Tells the end of the client's own group; nil for a client that has none.
  private let closing: OpaquePointer?
  private var isReady: Bool
  private var contact: Contact
  private var contactAttempts = 0
  private var held: [Held] = []
  /// Answers that were made here.
  private var made: [GroupsReply] = []

  /// Creates the client; connecting goes on behind it.
  ///
  /// - Parameters:
  ///   - purpose: what it will be asked.
  ///   - properties: the cluster's properties.
  ///   - wakeUpDescriptor: receives 8 bytes when there is something to drain.
  /// - Throws: a configuration error.
  static func open(
    for purpose: Purpose, _ properties: KafkaProperties, wakeUpDescriptor: Int32
  ) throws(KafkaError) -> AdminConnection {
    var fixed = [
      KafkaProperty("enable.auto.commit", "false"),
      KafkaProperty("allow.auto.create.topics", "false"),
    ]
    // librdkafka 2.0.2 hands an OffsetFetch answer NOT_COORDINATOR or COORDINATOR_NOT_AVAILABLE on
    // to the client's group without looking whether it has one, and dies of a null pointer. So it
    // gets one, which is closed before it has asked or joined anything: the name is never sent.
    // While a group closes, librdkafka throws away whatever waits for its main thread, so nothing
    // is asked before that is over.
    let hasGroup = purpose != .list
    if hasGroup { fixed.append(KafkaProperty("group.id", "vole-unused")) }
    var client = try ClientHandle.start(
      RD_KAFKA_CONSUMER,
      defaults: ClientDefaults.common + [
        // An unanswered request must not outlive its round by long.
        KafkaProperty("socket.timeout.ms", "10000")
      ],
      properties: properties, fixed: fixed)
    // SAFETY: both queues live as long as the client, which the connection owns.
    let closing = unsafe hasGroup ? client.makeQueue() : nil
    if let closing = unsafe closing {
      unsafe WakeUp.enable(queue: closing, descriptor: wakeUpDescriptor)
      let problem = unsafe rd_kafka_consumer_close_queue(client.raw, closing)
      if let problem = unsafe problem { unsafe rd_kafka_error_destroy(problem) }
    }
    let queue = unsafe client.makeQueue()
    unsafe WakeUp.enable(queue: queue, descriptor: wakeUpDescriptor)
    client.wakeOnNotice(wakeUpDescriptor)
    return unsafe AdminConnection(
      client: client, queue: queue, closing: closing,
      contact: purpose == .descriptions ? .none : .made)
  }

  private init(
    client: consuming ClientHandle, queue: OpaquePointer, closing: OpaquePointer?, contact: Contact
  ) {
    self.client = client
    // SAFETY: the client owns the queues and destroys them when it goes, not before `self` does.
    unsafe self.queue = queue
    unsafe self.closing = closing
    isReady = unsafe closing == nil
    self.contact = contact
  }

  // MARK: Holding back

  /// Asks what has been held back, as soon as the client may be asked.
  func sendHeld() {
    if !isReady {
      // SAFETY: client and queue are live. What the queue holds only wakes; taking it lets the
      // next one wake again.
      while let event = unsafe rd_kafka_queue_poll(closing, 0) {
        unsafe rd_kafka_event_destroy(event)
      }
      guard unsafe rd_kafka_consumer_closed(client.raw) == 1 else { return }
      isReady = true
    }
    switch contact {
    case .none: makeContact()
    case .asked: break
    case .made:
      let questions = held
      held = []
      for question in questions {
        switch question {
        case .offsets(let id, let group, let partitions, let timeout):
          sendOffsets(id, group: group, partitions, timeoutMilliseconds: timeout)
        case .descriptions(let id, let groups, let timeout):
          sendDescriptions(id, groups: groups, timeoutMilliseconds: timeout)
        }
      }
    }
  }

  /// Asks for the offsets of the first group to be described, so that the cluster's id is known.
  ///
  /// Where a broker lacks DescribeGroups librdkafka 2.0.2 uses memory that it has freed: it
  /// deadlocks or dies. The brokers that lack it are librdkafka's own mock brokers, and their
  /// cluster's id tells them. Asking needs the right that describing needs.
  private func makeContact() {
    guard case .descriptions(_, let groups, let timeout)? = held.first, let group = groups.first
    else { return }
    contact = .asked
    contactAttempts += 1
    sendOffsets(
      RequestID(number: AdminConnection.contactNumber), group: group, nil,
      timeoutMilliseconds: timeout)
  }

  /// Decides about what was held back for the sake of contact.
  ///
  /// - Parameter error: why no offsets came, if they did not.
  private func contactEnded(_ error: KafkaError?) {
    if let id = client.clusterID {
      contact = .made
      if id.hasPrefix(AdminConnection.mockClusterPrefix) { failHeld(.describingUnsupported) }
    } else if let error, error.isLocal {
      contact = .none
      failHeld(error)
    } else if contactAttempts < AdminConnection.maximumContactAttempts {
      contact = .none
    } else {
      // Brokers before 0.10.1 have no id to give.
      contact = .made
    }
    sendHeld()
  }

  private func failHeld(_ error: KafkaError) {
    for case .descriptions(let id, _, _) in held {
      guard let question = waiting.removeValue(forKey: id.number) else { continue }
      made.append(GroupsReply(id: id, content: question.failed(error)))
    }
    held = []
  }

  // MARK: Asking

  /// Asks for what a group has committed (OffsetFetch).
  func askOffsets(
    _ id: RequestID, _ question: GroupsQuestion, group: String, _ partitions: [TopicPartitions]?,
    timeoutMilliseconds: Int64
  ) {
    waiting[id.number] = question
    held.append(.offsets(id, group: group, partitions, timeoutMilliseconds: timeoutMilliseconds))
    sendHeld()
  }

  private func sendOffsets(
    _ id: RequestID, group: String, _ partitions: [TopicPartitions]?, timeoutMilliseconds: Int64
  ) {
    var list: TopicPartitionList?
    if let partitions {
      let rows = TopicPartitionList(capacity: partitions.reduce(0) { $0 + $1.partitions.count })
      for topic in partitions {
        for partition in topic.partitions {
          rows.add(topic: topic.topic, partition: partition, offset: Int64(RD_KAFKA_OFFSET_INVALID))
        }
      }
      list = consume rows
    }
    // SAFETY: the list is copied by librdkafka; request and options are ours to destroy; client
    // and queue are live.
    let rows = unsafe list?.raw
    var request: OpaquePointer? = unsafe rd_kafka_ListConsumerGroupOffsets_new(group, rows)
    unsafe withOptions(id, timeoutMilliseconds) { options in
      unsafe rd_kafka_ListConsumerGroupOffsets(client.raw, &request, 1, options, queue)
    }
    if let request = unsafe request { unsafe rd_kafka_ListConsumerGroupOffsets_destroy(request) }
    _ = consume list
  }

  /// Asks for the members of groups (DescribeGroups).
  func askDescriptions(
    _ id: RequestID, _ question: GroupsQuestion, groups: [String], timeoutMilliseconds: Int64
  ) {
    waiting[id.number] = question
    held.append(.descriptions(id, groups: groups, timeoutMilliseconds: timeoutMilliseconds))
    sendHeld()
  }

  private func sendDescriptions(
    _ id: RequestID, groups: [String], timeoutMilliseconds: Int64
  ) {
    // SAFETY: the names are copied during the call and freed here; client and queue are live.
    var names: [UnsafePointer<CChar>?] = unsafe groups.map { unsafe UnsafePointer(CText.copy($0)) }
    unsafe withOptions(id, timeoutMilliseconds) { options in
      unsafe rd_kafka_DescribeConsumerGroups(
        client.raw, &names, names.count, options, queue)
    }
    unsafe names.forEach { unsafe CText.free($0) }
  }

  /// Asks every broker for its groups (ListGroups).
  func askList(_ id: RequestID, _ question: GroupsQuestion, timeoutMilliseconds: Int64) {
    waiting[id.number] = question
    // SAFETY: client and queue are live.
    unsafe withOptions(id, timeoutMilliseconds) { options in
      unsafe rd_kafka_ListConsumerGroups(client.raw, options, queue)
    }
  }

  @unsafe private func withOptions(
    _ id: RequestID, _ timeoutMilliseconds: Int64, _ body: (OpaquePointer?) -> Void
  ) {
    // SAFETY: the client is live; librdkafka copies the options during the call, and they are
    // destroyed here. The opaque value is a number, never a pointer that is followed.
    let options = unsafe rd_kafka_AdminOptions_new(client.raw, RD_KAFKA_ADMIN_OP_ANY)
    defer { if let options = unsafe options { unsafe rd_kafka_AdminOptions_destroy(options) } }
    if let options = unsafe options {
      _ = unsafe rd_kafka_AdminOptions_set_request_timeout(
        options, Int32(clamping: timeoutMilliseconds), nil, 0)
      let number = UInt(clamping: id.number)
      unsafe rd_kafka_AdminOptions_set_opaque(options, UnsafeMutableRawPointer(bitPattern: number))
    }
    unsafe body(options)
  }

  // MARK: Answers

  /// Takes one answer.
  ///
  /// - Returns: the answer of a question that waits, or nil when none has come.
  func takeReply() -> GroupsReply? {
    while true {
      if !made.isEmpty { return made.removeFirst() }
      // SAFETY: the queue is live; the event is ours to destroy.
      guard let event = unsafe rd_kafka_queue_poll(queue, 0) else { return nil }
      defer { unsafe rd_kafka_event_destroy(event) }
      let number = UInt64(UInt(bitPattern: unsafe rd_kafka_event_opaque(event)))
      if number == AdminConnection.contactNumber {
        contactEnded(unsafe GroupsDecoding.error(in: event))
        continue
      }
      guard let question = waiting.removeValue(forKey: number) else { continue }
      return GroupsReply(
        id: RequestID(number: number),
        content: unsafe GroupsDecoding.content(event, question))
    }
  }

  /// Whether answers wait, for which no wake-up will come.
  var hasReplies: Bool {
    // SAFETY: the queue is live.
    unsafe !made.isEmpty || rd_kafka_queue_length(queue) > 0
  }

  /// Whether a question is overdue: the client hangs.
  func isHung(now: Int64) -> Bool {
    waiting.values.contains { now >= $0.overdueAt }
  }

  /// Gives up on everything that waits.
  func failAll(_ error: KafkaError) -> [GroupsReply] {
    let replies = waiting.sorted { $0.key < $1.key }.map {
      GroupsReply(id: RequestID(number: $0.key), content: $0.value.failed(error))
    }
    waiting = [:]
    held = []
    defer { made = [] }
    return made + replies
  }

  /// Moves the client's logs and errors out.
  ///
  /// - Returns: whether some are left.
  func drainNotices(maximum: Int, _ handle: (ClientNotice) -> Void) -> Bool {
    client.drainNotices(maximum: maximum, handle)
  }

  /// The error that made the client unusable, or nil.
  var fatalError: KafkaError? { client.fatalError }
}
