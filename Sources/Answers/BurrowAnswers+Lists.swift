import JSON
package import LagCore

/// What there is: clusters, topics, groups, and the commits of a group.
extension BurrowAnswers {
  /// What a list holds; the key and the message are Burrow's.
  package enum List: Sendable {
    /// `/v3/kafka`.
    case clusters
    /// `/v3/kafka/{cluster}/topic`.
    case topics
    /// `/v3/kafka/{cluster}/topic/{topic}/consumers`.
    case consumersOfTopic
    /// `/v3/kafka/{cluster}/consumer`.
    case consumers

    fileprivate var key: StaticString {
      switch self {
      case .clusters: "clusters"
      case .topics: "topics"
      case .consumersOfTopic, .consumers: "consumers"
      }
    }

    fileprivate var message: StaticString {
      switch self {
      case .clusters: "cluster list returned"
      case .topics: "topic list returned"
      case .consumersOfTopic: "consumers of topic returned"
      case .consumers: "consumer list returned"
      }
    }
  }

  /// Returns a list of names, in the order given.
  package static func list(_ list: List, _ names: [String], request: RequestInfo) -> [UInt8] {
    answer(list.message, request: request) { writer in
      writer.key(list.key)
      writer.beginArray()
      for name in names { writer.value(name) }
      writer.endArray()
    }
  }

  /// Returns the answer to `/v3/kafka/{cluster}/topic/{topic}`.
  ///
  /// - Parameters:
  ///   - heads: the log-end offset of each partition, nil where none is known; as Burrow does,
  ///     those are left out, so that what follows moves up.
  ///   - request: what is repeated of the request.
  package static func topicOffsets(_ heads: [Int64?], request: RequestInfo) -> [UInt8] {
    answer("topic offsets returned", request: request) { writer in
      writer.key("offsets")
      writer.beginArray()
      for case let head? in heads { writer.value(head) }
      writer.endArray()
    }
  }

  /// Returns the answer to `/v3/kafka/{cluster}/consumer/{group}`: every commit that is kept.
  package static func consumer(_ topics: [TopicWindows], request: RequestInfo) -> [UInt8] {
    answer("consumer detail returned", request: request) { writer in
      writer.key("topics")
      writer.beginObject()
      for topic in topics {
        writer.key(string: topic.name)
        writer.beginArray()
        for partition in topic.partitions { write(partition, to: &writer) }
        writer.endArray()
      }
      writer.endObject()
    }
  }

  private static func write(_ partition: PartitionWindow, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("offsets")
    writer.beginArray()
    for _ in 0..<partition.emptySlots { writer.null() }
    for commit in partition.commits { write(commit, to: &writer) }
    writer.endArray()
    writer.field("owner", partition.owner?.host ?? "")
    writer.field("client_id", partition.owner?.clientID ?? "")
    // Burrow spells this key with a hyphen here and with an underscore in a status.
    writer.field("current-lag", partition.currentLag)
    writer.endObject()
  }
}
