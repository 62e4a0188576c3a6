import JSON
package import LagCore

/// The bodies of Burrow's `/v3` API, in its field order and with its escapes.
///
/// The shapes are those of `core/protocol/evaluator.go` and `core/internal/httpserver`, which
/// clients parse; nothing is ever left out, and the two spellings of its keys are Burrow's.
package enum BurrowAnswers {
  /// What every answer repeats of the request.
  package struct RequestInfo: Sendable {
    /// The decoded path without its query.
    package var url: String
    /// The name of the machine that answers.
    package var host: String

    /// Creates request information.
    package init(url: String, host: String) {
      self.url = url
      self.host = host
    }
  }

  /// Which partitions a status answer lists.
  package enum Listing: Sendable {
    /// Only those that are worse than OK (`/status`).
    case troubled
    /// All of them (`/lag`).
    case all
  }

  /// Returns the answer to `/v3/kafka/{cluster}/consumer/{group}/status` and `/lag`.
  ///
  /// - Parameters:
  ///   - evaluation: the evaluated group; nil gives Burrow's NOTFOUND body.
  ///   - cluster: the cluster's name as it was asked for.
  ///   - group: the group's name as it was asked for.
  ///   - listing: which partitions are listed.
  ///   - request: what is repeated of the request.
  package static func status(
    _ evaluation: GroupEvaluation?, cluster: String, group: String, listing: Listing,
    request: RequestInfo
  ) -> [UInt8] {
    var writer = begin("consumer status returned", capacity: 1024)
    writer.key("status")
    writer.beginObject()
    writer.field("cluster", cluster)
    writer.field("group", group)
    if let evaluation {
      write(evaluation, listing: listing, to: &writer)
    } else {
      writer.field("status", verbatim: GroupStatus.notFound.name)
      writer.field("complete", Float(1))
      writer.key("partitions")
      writer.beginArray()
      writer.endArray()
      writer.field("partition_count", 0)
      writer.nullField("maxlag")
      writer.field("totallag", 0)
    }
    writer.endObject()
    write(request, to: &writer)
    writer.endObject()
    return writer.finish()
  }

  /// Returns Burrow's error body with `message`.
  package static func error(_ message: StaticString, request: RequestInfo) -> [UInt8] {
    var writer = JSONWriter(escaping: .html)
    writer.beginObject()
    writer.field("error", true)
    writer.field("message", verbatim: message)
    write(request, to: &writer)
    writer.endObject()
    return writer.finish()
  }

  /// The body of Burrow's answer to a path that it does not know, newline included.
  package static let unknownPath = Array(
    "{\"error\":true,\"message\":\"invalid request type\",\"result\":{}}\n".utf8)

  /// Returns an answer that is no error, with the members that `write` adds to it.
  static func answer(
    _ message: StaticString, request: RequestInfo, write body: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    var writer = begin(message)
    body(&writer)
    write(request, to: &writer)
    writer.endObject()
    return writer.finish()
  }

  /// Opens the object of an answer that is no error.
  static func begin(_ message: StaticString, capacity: Int = 256) -> JSONWriter {
    var writer = JSONWriter(escaping: .html, capacity: capacity)
    writer.beginObject()
    writer.field("error", false)
    writer.field("message", verbatim: message)
    return writer
  }

  /// Writes what is repeated of the request.
  static func write(_ request: RequestInfo, to writer: inout JSONWriter) {
    writer.key("request")
    writer.beginObject()
    writer.field("url", request.url)
    writer.field("host", request.host)
    writer.endObject()
  }

  private static func write(
    _ evaluation: GroupEvaluation, listing: Listing, to writer: inout JSONWriter
  ) {
    writer.field("status", verbatim: evaluation.status.name)
    writer.field("complete", evaluation.complete)
    writer.key("partitions")
    writer.beginArray()
    for topic in evaluation.topics {
      for partition in topic.partitions where listing == .all || partition.status != .ok {
        write(partition, topic: topic.name, to: &writer)
      }
    }
    writer.endArray()
    writer.field("partition_count", evaluation.partitionCount)
    writer.key("maxlag")
    if let place = evaluation.maxLag {
      let topic = evaluation.topics[place.topic]
      write(topic.partitions[place.partition], topic: topic.name, to: &writer)
    } else {
      writer.null()
    }
    writer.field("totallag", evaluation.totalLag)
  }

  private static func write(
    _ partition: PartitionEvaluation, topic: String, to writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.field("topic", topic)
    writer.field("partition", partition.partition)
    writer.field("owner", partition.owner?.host ?? "")
    writer.field("client_id", partition.owner?.clientID ?? "")
    writer.field("status", verbatim: partition.status.name)
    writer.key("start")
    write(partition.start, to: &writer)
    writer.key("end")
    write(partition.end, to: &writer)
    writer.field("current_lag", partition.currentLag)
    writer.field("complete", partition.complete)
    writer.endObject()
  }

  static func write(_ commit: CommitEntry?, to writer: inout JSONWriter) {
    guard let commit else { return writer.null() }
    writer.beginObject()
    writer.field("offset", commit.offset)
    writer.field("timestamp", commit.timestamp)
    writer.field("observedAt", Int64(commit.observedAtSeconds) * 1000)
    if let lag = commit.lag { writer.field("lag", lag) } else { writer.nullField("lag") }
    writer.endObject()
  }
}
