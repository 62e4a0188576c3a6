/// One thing a reader delivers: a record, or the end of a partition.
package struct ReaderItem: Equatable, Sendable {
  /// Which of the two it is.
  package enum Kind: Equatable, Sendable {
    /// A record. A record without a value is a tombstone.
    case record(hasKey: Bool, hasValue: Bool)
    /// The reader stands at the end of the partition's committed records.
    case end
  }

  /// The partition of the topic read.
  package let partition: Int32
  /// The record's offset, or at an end the offset that the next record will have at least.
  package let offset: Int64
  /// The record's time in milliseconds since 1970, or -1 when it has none.
  package let timestamp: Int64
  /// Record or end.
  package let kind: Kind
}

/// An error of one partition; librdkafka keeps trying.
package struct PartitionFailure: Equatable, Sendable {
  /// The partition of the topic read.
  package let partition: Int32
  /// What went wrong, for example a missing right to read the topic.
  package let error: KafkaError
}

/// What one slice of draining found.
package struct DrainResult: Equatable, Sendable {
  /// Records delivered.
  package var records = 0
  /// Ends of partitions delivered.
  package var ends = 0
  /// Whether something was left behind, for which no wake-up will be sent: drain again.
  package var mayHaveMore = false
  /// Errors of single partitions.
  package var failures: [PartitionFailure] = []
  /// Logs and errors of the client as a whole.
  package var notices: [ClientNotice] = []
  /// Set when the client is unusable: `reconnect` is needed.
  package var fatalError: KafkaError?

  /// Nothing was found.
  package init() {}
}
