import CLibrdkafka

/// Owns a `rd_kafka_topic_partition_list_t`.
@safe struct TopicPartitionList: ~Copyable {
  /// One row of the list.
  struct Row: Equatable {
    let topic: String
    let partition: Int32
    let offset: Int64
    let code: Int32
  }

  /// The list, valid as long as `self`.
  let raw: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  /// An empty list with room for some rows.
  init(capacity: Int) {
    // SAFETY: rd_kafka_topic_partition_list_new never returns NULL.
    unsafe raw = rd_kafka_topic_partition_list_new(Int32(clamping: capacity))
  }

  /// Takes over a list that librdkafka made.
  @unsafe init(owning list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) {
    // SAFETY: the caller gives the list up, so that `deinit` alone destroys it.
    unsafe raw = list
  }

  deinit {
    // SAFETY: `raw` is owned.
    unsafe rd_kafka_topic_partition_list_destroy(raw)
  }

  /// Appends a row.
  func add(topic: String, partition: Int32, offset: Int64) {
    // SAFETY: the name is copied; the returned row belongs to the list.
    let row = unsafe rd_kafka_topic_partition_list_add(raw, topic, partition)
    unsafe row?.pointee.offset = offset
  }

  /// How many rows there are.
  var count: Int {
    // SAFETY: `raw` is live.
    Int(unsafe raw.pointee.cnt)
  }

  /// The offset and error code of a row.
  ///
  /// - Parameter index: 0 ..< `count`.
  func answer(_ index: Int) -> (offset: Int64, code: Int32) {
    precondition(index >= 0 && index < count)
    // SAFETY: checked just above.
    let row = unsafe raw.pointee.elems[index]
    return unsafe (row.offset, row.err.rawValue)
  }

  /// A row with its name.
  ///
  /// - Parameter index: 0 ..< `count`.
  func row(_ index: Int) -> Row {
    precondition(index >= 0 && index < count)
    // SAFETY: checked just above; the name is copied.
    let row = unsafe raw.pointee.elems[index]
    let topic = unsafe row.topic.map { unsafe String(cString: $0) } ?? ""
    return unsafe Row(
      topic: topic, partition: row.partition, offset: row.offset, code: row.err.rawValue)
  }

  /// The rows as partitions by topic, in the order of the list.
  func partitions() -> [TopicPartitions] {
    // SAFETY: `raw` is live.
    unsafe TopicPartitionList.partitions(raw)
  }

  /// The rows of a list that somebody else owns.
  @unsafe static func partitions(
    _ list: UnsafePointer<rd_kafka_topic_partition_list_t>
  ) -> [TopicPartitions] {
    var found: [TopicPartitions] = []
    for index in 0..<max(0, Int(unsafe list.pointee.cnt)) {
      // SAFETY: `elems` holds `cnt` rows; the name is copied.
      let row = unsafe list.pointee.elems[index]
      let topic = unsafe row.topic.map { unsafe String(cString: $0) } ?? ""
      if let last = found.indices.last, found[last].topic == topic {
        found[last].partitions.append(unsafe row.partition)
      } else {
        found.append(TopicPartitions(topic: topic, partitions: [unsafe row.partition]))
      }
    }
    return found
  }
}
