import CLibrdkafka

/// Finds out whether anything is left to be read between a committed offset and the end of a log.
///
/// Lag counts offsets, and an offset may hold a transaction marker, an aborted record or nothing.
/// The probe reads from the committed offset as a `read_committed` consumer without a group would,
/// a few partitions at a time, and looks at no key and no value. It needs READ on the topic. The
/// client is created by the first question; `disconnect` drops it when nobody asks any more. One
/// thread uses a probe, and nothing here blocks but for about 0.1 ms at the end of a partition's
/// reading. A topic that is not there gives a timeout: librdkafka only logs that.
package struct RecordProbe: ~Copyable {
  /// Partitions that are read at a time; further questions are refused.
  package static let maximumProbes = 8
  /// The most messages one `drain` takes.
  static let maximumBatch = 64
  /// The most notices one `drain` takes.
  static let maximumNotices = 32
  /// Topics for which a client keeps its books; a client that has met more is replaced when it is
  /// idle.
  static let maximumTopics = 64

  private var properties: KafkaProperties
  private let wakeUpDescriptor: Int32
  private let batch = MessageBatch(capacity: RecordProbe.maximumBatch)
  private var connection: ProbeConnection?
  private var questions: [ProbeQuestion] = []
  private var lastNumber: UInt64 = 0

  /// Connects nothing yet.
  ///
  /// - Parameters:
  ///   - properties: the cluster's properties.
  ///   - wakeUpDescriptor: an eventfd or pipe, made non-blocking by its owner, which receives 8
  ///     bytes when there is something to drain. It must stay open as long as the probe.
  package init(properties: KafkaProperties, wakeUpDescriptor: Int32) {
    self.properties = properties
    self.wakeUpDescriptor = wakeUpDescriptor
  }

  /// How many questions are under way.
  package var questionsUnderWay: Int { questions.count }

  /// Whether there is a client, with its threads and connections.
  package var isConnected: Bool {
    switch connection {
    case .some: true
    case .none: false
    }
  }

  /// Begins to look whether a record can be read in `committed ..< end` of a partition.
  ///
  /// - Parameters:
  ///   - topic: the topic.
  ///   - partition: a partition that no question under way is about.
  ///   - committed: the committed offset, at or above the log start, not negative.
  ///   - end: the log's end, above `committed`.
  ///   - timeoutMilliseconds: when the answer becomes a timeout.
  ///   - now: the loop's monotonic time in milliseconds.
  /// - Throws: an error when `maximumProbes` are under way, the range is empty, the partition is
  ///   being looked at, or librdkafka refuses.
  package mutating func start(
    topic: String, partition: Int32, committed: Int64, end: Int64, timeoutMilliseconds: Int64,
    now: Int64
  ) throws(KafkaError) -> RequestID {
    guard questions.count < RecordProbe.maximumProbes else { throw .tooManyRequests }
    guard committed >= 0, committed < end else { throw .configuration("nothing to look for") }
    guard partition >= 0 else { throw .unknownPartition }
    guard !questions.contains(where: { $0.topic == topic && $0.partition == partition }) else {
      throw .configuration("the partition is being looked at")
    }
    if questions.isEmpty, (connection?.topicCount ?? 0) >= RecordProbe.maximumTopics {
      connection = nil
    }
    if !isConnected { connection = try ProbeConnection.open(properties, wakeUpDescriptor) }
    try connection?.start(topic, partition, at: committed)
    lastNumber &+= 1
    let timeout = ClusterWorker.clamp(timeoutMilliseconds)
    let question = ProbeQuestion(
      number: lastNumber, topic: topic, partition: partition, committed: committed, end: end,
      deadline: now &+ timeout)
    questions.append(question)
    return question.id
  }

  /// Drops the client; questions under way are never answered.
  package mutating func disconnect() {
    connection = nil
    questions = []
  }

  /// Uses other properties from now on, for new credentials; questions under way are answered with
  /// an error by the next `drain`.
  package mutating func reconnect(properties: KafkaProperties) {
    self.properties = properties
    connection = nil
    if !questions.isEmpty { WakeUp.send(to: wakeUpDescriptor) }
  }

  /// Takes what has come, without blocking.
  ///
  /// Call it after the wake-up descriptor became readable *and was read*, again as long as the
  /// result says `mayHaveMore`, and now and then while questions are under way: it answers those
  /// whose time is over.
  ///
  /// - Parameters:
  ///   - now: the loop's monotonic time in milliseconds.
  ///   - body: receives each answer.
  package mutating func drain(now: Int64, _ body: (ProbeReply) -> Void) -> ClientDrain {
    var result = ClientDrain()
    let taken = connection?.take(into: batch, maximum: RecordProbe.maximumBatch) ?? 0
    for index in 0..<taken {
      // SAFETY: the first `taken` messages of the batch are ours; each is destroyed once.
      guard let message = unsafe batch.messages[index] else { continue }
      defer { unsafe rd_kafka_message_destroy(message) }
      if let (question, found) = unsafe outcome(of: message) {
        finish(question, found, &result, body)
      }
    }
    var fatal: KafkaError?
    let noticesLeft =
      connection?.drainNotices(maximum: RecordProbe.maximumNotices) {
        if case .error(let error) = $0, error.isFatal { fatal = error }
        result.notices.append($0)
      } ?? false
    if fatal != nil { connection = nil }
    for question in questions where now >= question.deadline || !isConnected {
      finish(question, .failed(fatal ?? (isConnected ? .timedOut : .abandoned)), &result, body)
    }
    result.mayHaveMore = noticesLeft || (connection?.hasMessages ?? false)
    return result
  }

  private mutating func finish(
    _ question: ProbeQuestion, _ found: ProbeResult, _ result: inout ClientDrain,
    _ body: (ProbeReply) -> Void
  ) {
    questions.removeAll { $0.id == question.id }
    connection?.stop(question.topic, question.partition)
    result.replies += 1
    body(question.reply(found))
  }

  /// What a message says about a question, or nil when it says nothing.
  @unsafe private func outcome(
    of message: UnsafeMutablePointer<rd_kafka_message_t>
  ) -> (ProbeQuestion, ProbeResult)? {
    // SAFETY: the message is live and names a topic as every one of a partition does; the texts
    // are copied.
    guard let topic = unsafe message.pointee.rkt else { return nil }
    let name = unsafe CText.string(rd_kafka_topic_name(topic))
    let partition = unsafe message.pointee.partition
    let offset = unsafe message.pointee.offset
    guard
      let question = questions.first(where: { $0.topic == name && $0.partition == partition })
    else { return nil }
    switch unsafe message.pointee.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      return question.record(at: offset).map { (question, $0) }
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      return (question, question.endOfPartition(at: offset))
    default:
      let text = unsafe CText.string(rd_kafka_message_errstr(message))
      let error = KafkaError(code: unsafe message.pointee.err.rawValue, message: text)
      return (question, .failed(error))
    }
  }
}
