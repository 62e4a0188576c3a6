import EventLoop

/// A request and what became of it, for the access log.
///
/// Neither a query nor a field that could hold a secret is in it.
package struct AccessRecord: Sendable {
  /// Bytes of a path that are kept.
  package static let maximumPathBytes = 1_024
  /// Bytes of a user agent that are kept.
  package static let maximumAgentBytes = 256

  /// Where the request came from.
  package let connection: ConnectionInfo
  /// The version that the client speaks.
  package let version: HTTPVersion
  /// The method; nil where the server knows none of this name.
  package let method: Method?
  /// The path as received, without its query; empty where it could not be read.
  package let path: [UInt8]
  /// What the client calls itself; empty where it does not say.
  package let userAgent: [UInt8]
  /// The status of the answer.
  package let status: Status
  /// Why the server itself answered; nil where the handler did.
  package let refusal: Refusal?
  /// Bytes of content that were answered: of streamed content, all that was made until its end.
  package internal(set) var bytes: Int
  /// Nanoseconds from the request's first bytes to its answer, or to the end of streamed content.
  package internal(set) var time: Int64

  /// Describes a request that was answered.
  ///
  /// - Parameters:
  ///   - head: as far as it could be read.
  ///   - response: the answer.
  ///   - refusal: why the server itself answered.
  ///   - now: monotonic nanoseconds.
  init(
    _ head: borrowing RequestHead, _ response: borrowing Response, _ refusal: Refusal?, now: Int64
  ) {
    connection = head.connection
    version = head.version
    var isHead = false
    if case .handled(let known) = head.method {
      method = known
      isHead = head.method.isHead
    } else {
      method = nil
    }
    path = Array(head.bytes[head.path].prefix(Self.maximumPathBytes))
    var position = 0
    let agent = head.field("user-agent", after: &position).map { head.bytes[$0] } ?? []
    userAgent = Array(agent.prefix(Self.maximumAgentBytes))
    status = response.status
    self.refusal = refusal
    bytes = isHead || response.hasNoContent ? 0 : response.body.count
    time = max(0, now &- head.began)
  }
}

/// Streamed content that is told of in the access log when it is over.
final class LoggedStream: ResponseStream {
  private let source: any ResponseStream
  private let context: ServerContext
  private var record: AccessRecord
  private let began: Int64

  /// Stands between a source and its connection.
  init(_ source: any ResponseStream, _ record: AccessRecord, context: ServerContext) {
    self.source = source
    self.context = context
    self.record = record
    began = context.clock.monotonicNanoseconds()
  }

  func begin(_ signal: ResponseSignal) { source.begin(signal) }

  func next() -> StreamStep {
    let step = source.next()
    switch step {
    case .piece(let bytes), .last(let bytes): record.bytes += bytes.count
    case .wait, .abort: break
    }
    return step
  }

  func drain() { source.drain() }

  func close() {
    source.close()
    record.time += context.clock.monotonicNanoseconds() &- began
    context.onAccess?(record)
  }
}
