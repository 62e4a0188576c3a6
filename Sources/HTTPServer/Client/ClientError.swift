package import EventLoop

/// Why a server gave no answer that can be read.
package enum ClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The host is no address and no known name; the resolver's sentence.
  case unknownHost(String)
  /// Nobody listens there, or the way is closed.
  case cannotConnect(Errno)
  /// The server's certificate is not to be trusted; OpenSSL's words.
  case untrusted(String)
  /// TLS failed otherwise; OpenSSL's words.
  case encryption(String)
  /// The time was over while this was done.
  case timeout(Stage)
  /// The connection broke while this was done.
  case broken(Stage, Errno)
  /// The connection was closed before the answer was complete.
  case endedEarly(Stage)
  /// What came is no HTTP/1.1, or not as strictly as it must be.
  case malformed(MalformedResponse)
  /// The head has more bytes than the limit.
  case headTooLarge(limit: Int)
  /// The content has more bytes than the limit.
  case contentTooLarge(limit: Int)

  /// What a client is doing.
  package enum Stage: String, Hashable, Sendable {
    /// Making a connection.
    case connecting = "connecting"
    /// Sending the request.
    case sending = "sending the request"
    /// Waiting for the head of the answer.
    case waiting = "waiting for an answer"
    /// Reading the content of the answer.
    case reading = "reading the answer"
  }

  /// One clause without a period: "connection refused".
  package var description: String {
    switch self {
    case .unknownHost(let sentence): sentence
    case .cannotConnect(let error): error.message
    case .untrusted(let sentence): "the server's certificate is not trusted: \(sentence)"
    case .encryption(let sentence): "TLS failed: \(sentence)"
    case .timeout(let stage): "the time is over, while \(stage.rawValue)"
    case .broken(let stage, let error): "\(error.message), while \(stage.rawValue)"
    case .endedEarly(.reading): "the connection was closed within the answer"
    case .endedEarly: "the connection was closed without an answer"
    case .malformed(let what): "the answer is no HTTP/1.1: \(what.rawValue)"
    case .headTooLarge(let limit): "the answer's header is larger than \(limit) bytes"
    case .contentTooLarge(let limit): "the answer is larger than \(limit) bytes"
    }
  }
}

/// What is wrong with an answer; each a clause for a message.
package enum MalformedResponse: String, Hashable, Sendable, CaseIterable {
  /// The first line is not `HTTP/1.1 200 OK`.
  case statusLine = "the status line is malformed"
  /// A line ends in a line feed alone, or has a carriage return inside.
  case lineEnd = "a line does not end in CR LF"
  /// A field has no name, no colon, or a byte that cannot stand there.
  case field = "a header field is malformed"
  /// More fields than the limit.
  case tooManyFields = "the header has too many fields"
  /// A second answer of the kind 1xx after the limit of them.
  case interim = "too many interim answers"
  /// The protocol was changed, which nobody asked for.
  case upgrade = "it changes the protocol"
  /// Content-Length is no number, is repeated, or contradicts Transfer-Encoding.
  case contentLength = "the Content-Length makes no sense"
  /// The Transfer-Encoding is not `chunked`.
  case transferEncoding = "its Transfer-Encoding is not chunked"
  /// The content is encoded although none but identity is accepted.
  case contentEncoding = "its content is encoded"
  /// A chunk breaks RFC 9112 section 7.1.
  case chunk = "a chunk is malformed"
  /// Bytes follow the complete answer, though there was one request only.
  case trailingBytes = "bytes follow its end"
}
