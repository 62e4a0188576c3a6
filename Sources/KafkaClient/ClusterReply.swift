/// Names a request of one worker; later requests have greater numbers.
package struct RequestID: Equatable, Comparable, Sendable {
  let number: UInt64

  package static func < (left: RequestID, right: RequestID) -> Bool {
    left.number < right.number
  }
}

/// The answer to a metadata request.
package struct MetadataReply: Equatable, Sendable {
  /// The request that is answered.
  package let id: RequestID
  /// What the cluster said, or why it said nothing at all.
  package let result: Result<ClusterMetadata, KafkaError>
}

/// The answer to a heads request.
package struct HeadsReply: Equatable, Sendable {
  /// The request that is answered.
  package let id: RequestID
  /// The heads in the order asked; each partition has an answer of its own.
  package let topics: [TopicHeads]
}

/// The answer to a request for offsets of a moment.
package struct TimesReply: Equatable, Sendable {
  /// The request that is answered.
  package let id: RequestID
  /// The offsets in the order asked; each partition has an answer of its own.
  package let topics: [TopicOffsets]
}

/// Everything that a worker has to say at one moment.
package struct WorkerReplies: Equatable, Sendable {
  /// The newest metadata answer not taken yet.
  package var metadata: MetadataReply?
  /// The newest heads answer not taken yet.
  package var heads: HeadsReply?
  /// The newest answer about offsets of a moment not taken yet.
  package var times: TimesReply?
  /// Logs and errors of the worker's client.
  package var notices: [ClientNotice] = []
  /// Notices that were dropped because nobody took them.
  package var droppedNotices = 0

  /// Nothing to say.
  package init() {}
}
