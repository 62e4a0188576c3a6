import CLibrdkafka

/// Reads a compacted topic such as `__consumer_offsets` with librdkafka's legacy consumer.
///
/// All partitions arrive on one queue. There is no `group.id`: the reader joins nothing, commits
/// nothing, needs no right on any group and asks no coordinator. Only committed records are seen
/// (`read_committed`), and the end of each partition is reported whenever it is reached.
///
/// One thread uses a reader. Nothing here blocks but `stop(partition:)`, which waits for
/// librdkafka's main thread, a thread that does no I/O (about 0.1 ms).
@safe package struct OffsetsTopicReader: ~Copyable {
  /// Where the reading of a partition begins.
  package enum Start: Equatable, Sendable {
    /// At offset 0, or at the start of the log when retention has moved it.
    case beginning
    /// At the end of the log: only what is written from now on.
    case end
    /// At an offset; when it is gone, at the start of the log.
    case offset(Int64)
  }

  /// How a reader fetches.
  package struct Settings: Equatable, Sendable {
    /// The topic to read.
    package var topic = "__consumer_offsets"
    /// How long a broker may hold a Fetch that has nothing to return, in milliseconds.
    ///
    /// Long waits make an idle reader cheap; a mock cluster never cuts them short.
    package var fetchWaitMilliseconds: Int32 = 5_000
    /// What librdkafka may hold for us before we take it, in KiB.
    package var queuedKilobytes: Int32 = 512
    /// The most that one Fetch response carries, in bytes.
    ///
    /// A record of 57 bytes takes about 500 in librdkafka, and a response of every broker may wait.
    package var fetchMaximumBytes: Int32 = 512 * 1_024
    /// The most that one Fetch response carries of one partition, in bytes.
    package var partitionFetchMaximumBytes: Int32 = 64 * 1_024

    /// The settings of a long-running agent.
    package init() {}
  }

  /// Partition numbers at or above this are refused: positions are kept in an array.
  package static let maximumPartitions: Int32 = 65_536
  /// The most messages one `drain` takes, whatever it is asked for.
  package static let maximumBatch = 256
  /// The most notices one `drain` takes.
  static let maximumNotices = 32

  private let settings: Settings
  private let wakeUpDescriptor: Int32
  private var connection: ReaderConnection
  private let batch = MessageBatch(capacity: OffsetsTopicReader.maximumBatch)
  /// By partition; nil when the partition is not read.
  private var cursors: [Cursor?] = []

  private struct Cursor {
    let start: Start
    var position: Int64?
  }

  /// Creates the client; connecting goes on behind it.
  ///
  /// - Parameters:
  ///   - properties: the cluster's properties.
  ///   - settings: how to fetch.
  ///   - wakeUpDescriptor: an eventfd or pipe, made non-blocking by its owner, which receives 8
  ///     bytes when the reader has something to drain. It must stay open as long as the reader.
  /// - Throws: a configuration error.
  package static func connect(
    properties: KafkaProperties, settings: Settings, wakeUpDescriptor: Int32
  ) throws(KafkaError) -> OffsetsTopicReader {
    let connection = try ReaderConnection.open(properties, settings, wakeUpDescriptor)
    return OffsetsTopicReader(
      settings: settings, wakeUpDescriptor: wakeUpDescriptor, connection: connection)
  }

  private init(
    settings: Settings, wakeUpDescriptor: Int32, connection: consuming ReaderConnection
  ) {
    self.settings = settings
    self.wakeUpDescriptor = wakeUpDescriptor
    self.connection = connection
  }

  /// Begins to read a partition, or moves a partition that is being read.
  ///
  /// - Parameters:
  ///   - partition: 0 ..< `maximumPartitions`; it need not exist yet.
  ///   - start: where to begin.
  /// - Throws: an error when the partition or offset is out of range or librdkafka refuses.
  package mutating func start(partition: Int32, at start: Start) throws(KafkaError) {
    guard partition >= 0, partition < OffsetsTopicReader.maximumPartitions else {
      throw KafkaError(code: RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue)
    }
    try connection.start(partition, at: start)
    let index = Int(partition)
    if index >= cursors.count {
      cursors += [Cursor?](repeating: nil, count: index + 1 - cursors.count)
    }
    cursors[index] = Cursor(start: start, position: nil)
  }

  /// Stops reading a partition; nothing of it arrives any more.
  ///
  /// To go on later without losing or repeating a record, remember `position(of:)` before and start
  /// `.offset` there (or where it had been started, when it is nil).
  ///
  /// - Parameter partition: one that was started; others are ignored.
  package mutating func stop(partition: Int32) {
    guard let index = Int(exactly: partition), cursors.indices.contains(index),
      cursors[index] != nil
    else { return }
    cursors[index] = nil
    connection.stop(partition)
  }

  /// The next offset that will be delivered, or nil before the first record or end was seen.
  ///
  /// - Parameter partition: any partition number.
  package func position(of partition: Int32) -> Int64? {
    let index = Int(partition)
    return cursors.indices.contains(index) ? cursors[index]?.position : nil
  }

  /// The log end of a partition when its last Fetch was answered, or nil before the first answer.
  ///
  /// Asks nobody. A reader whose position stays below it stands at the last stable offset: an open
  /// transaction withholds what follows. While a partition is read the value is at most
  /// `fetchWaitMilliseconds` old; when its leader cannot be reached it stays what it was.
  ///
  /// - Parameter partition: one that was started.
  package func highWatermark(of partition: Int32) -> Int64? {
    let index = Int(partition)
    guard cursors.indices.contains(index), cursors[index] != nil else { return nil }
    return connection.highWatermark(of: partition, topic: settings.topic)
  }

  /// Replaces the client, for new credentials or after a fatal error; reading goes on where it
  /// stood, without a record lost or repeated.
  ///
  /// - Parameter properties: the cluster's properties.
  /// - Throws: a configuration error; the old client then stays.
  package mutating func reconnect(properties: KafkaProperties) throws(KafkaError) {
    let fresh = try ReaderConnection.open(properties, settings, wakeUpDescriptor)
    for (index, cursor) in cursors.enumerated() {
      guard let cursor, let partition = Int32(exactly: index) else { continue }
      try fresh.start(partition, at: cursor.position.map { .offset($0) } ?? cursor.start)
    }
    connection = fresh
  }

  /// Takes what waits, up to a bound, without blocking.
  ///
  /// Call it after the wake-up descriptor became readable *and was read*, and again (after
  /// whatever else is due) as long as the result says `mayHaveMore`: librdkafka sends no second
  /// wake-up for what is left behind.
  ///
  /// - Parameters:
  ///   - maximum: at most this many messages, and never more than `maximumBatch`.
  ///   - body: receives each record with its key and value, and each end of a partition, in the
  ///     order of each partition. The spans are empty when the item says there is no key or value,
  ///     and cannot outlive the call.
  package mutating func drain(
    maximum: Int, _ body: (ReaderItem, _ key: Span<UInt8>, _ value: Span<UInt8>) -> Void
  ) -> DrainResult {
    var result = DrainResult()
    let taken = connection.take(into: batch, maximum: maximum)
    for index in 0..<taken {
      // SAFETY: the first `taken` messages of the batch are ours; each is destroyed once, after
      // its delivery, and the spans made of it cannot leave `deliver`.
      unsafe deliver(batch.messages[index], &result, body)
    }
    let noticesLeft = connection.client.drainNotices(maximum: OffsetsTopicReader.maximumNotices) {
      if case .error(let error) = $0, error.isFatal { result.fatalError = error }
      result.notices.append($0)
    }
    result.mayHaveMore = noticesLeft || connection.hasMessages
    return result
  }

  @unsafe private mutating func deliver(
    _ pointer: UnsafeMutablePointer<rd_kafka_message_t>?, _ result: inout DrainResult,
    _ body: (ReaderItem, Span<UInt8>, Span<UInt8>) -> Void
  ) {
    guard let pointer = unsafe pointer else { return }
    defer { unsafe rd_kafka_message_destroy(pointer) }
    let message = unsafe pointer.pointee
    let partition = unsafe message.partition
    let offset = unsafe message.offset
    let index = Int(partition)
    switch unsafe message.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      result.records += 1
      if cursors.indices.contains(index) { cursors[index]?.position = offset &+ 1 }
      let kind = unsafe ReaderItem.Kind.record(
        hasKey: message.key != nil, hasValue: message.payload != nil)
      let timestamp = unsafe rd_kafka_message_timestamp(pointer, nil)
      // SAFETY: librdkafka keeps `key_len` and `len` bytes behind the two pointers until the
      // message is destroyed, which the spans do not outlive.
      let key = unsafe UnsafeRawBufferPointer(start: message.key, count: message.key_len)
      let value = unsafe UnsafeRawBufferPointer(start: message.payload, count: message.len)
      body(
        ReaderItem(partition: partition, offset: offset, timestamp: timestamp, kind: kind),
        unsafe key.assumingMemoryBound(to: UInt8.self).span,
        unsafe value.assumingMemoryBound(to: UInt8.self).span)
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      result.ends += 1
      if cursors.indices.contains(index) { cursors[index]?.position = offset }
      body(
        ReaderItem(partition: partition, offset: offset, timestamp: -1, kind: .end), Span(), Span())
    default:
      let text = unsafe rd_kafka_message_errstr(pointer).map { unsafe String(cString: $0) }
      result.failures.append(
        PartitionFailure(
          partition: partition, error: KafkaError(code: unsafe message.err.rawValue, message: text))
      )
    }
  }
}
