/// Whether a record is there for a consumer between two offsets of a partition.
package enum ProbeResult: Equatable, Sendable {
  /// No record from the committed offset up to this one can be read: transaction markers, aborted
  /// records and holes of compaction are all there is.
  ///
  /// It is the end that was asked about, or less when an open transaction withholds the rest.
  case nothingReadable(upTo: Int64)
  /// The first record that a `read_committed` consumer would get.
  case readable(at: Int64)
  /// It could not be found out. `.authorization` means that the principal may not read the topic.
  case failed(KafkaError)
}

/// The answer of a `RecordProbe`.
package struct ProbeReply: Equatable, Sendable {
  /// The request that is answered.
  package let id: RequestID
  /// The topic asked about.
  package let topic: String
  /// The partition asked about.
  package let partition: Int32
  /// What was found.
  package let result: ProbeResult
}

/// One question of a `RecordProbe` that is under way.
package struct ProbeQuestion: Equatable {
  let id: RequestID
  let topic: String
  let partition: Int32
  let committed: Int64
  let end: Int64
  /// When the probe gives up, in milliseconds of the loop's clock.
  let deadline: Int64

  /// Puts the parts together; `id` counts from 1.
  package init(
    number: UInt64, topic: String, partition: Int32, committed: Int64, end: Int64, deadline: Int64
  ) {
    self.id = RequestID(number: number)
    self.topic = topic
    self.partition = partition
    self.committed = committed
    self.end = end
    self.deadline = deadline
  }

  /// What a record says; nil when it says nothing yet.
  package func record(at offset: Int64) -> ProbeResult? {
    if offset >= end { return .nothingReadable(upTo: end) }
    return offset >= committed ? .readable(at: offset) : nil
  }

  /// What the end of the readable records says.
  package func endOfPartition(at offset: Int64) -> ProbeResult {
    .nothingReadable(upTo: max(committed, min(offset, end)))
  }

  func reply(_ result: ProbeResult) -> ProbeReply {
    ProbeReply(id: id, topic: topic, partition: partition, result: result)
  }
}
