/// Why the server itself refuses a request or a connection, without asking the handler.
package enum Refusal: UInt8, Error, CaseIterable, Sendable {
  // The request line.
  case emptyLines
  case malformedRequestLine
  case notHTTP
  case malformedTarget
  case targetTooLong
  case versionNotSupported
  case methodNotAllowed
  case methodNotImplemented
  // The fields.
  case bareCarriageReturn
  case bareLineFeed
  case malformedField
  case foldedField
  case headTooLarge
  case tooManyFields
  case missingHost
  case repeatedHost
  case malformedHost
  case conflictingHost
  case unknownExpectation
  // The content.
  case malformedContentLength
  case repeatedContentLength
  case contentLengthWithTransferEncoding
  case transferEncodingInHTTP10
  case malformedTransferEncoding
  case unsupportedTransferEncoding
  case malformedChunk
  case bodyTooLarge
  case tooMuchContent
  case tooManyStreams
  // Time.
  case requestTimeout
  case writeTimeout
  case settingsTimeout
  case handshakeTimeout
  // TLS.
  case handshakeFailed
  case clientCertificate
  // HTTP/2 connections.
  case malformedHTTP2
  case headerListTooLarge
  case tooManyResets
  case tooManyQueuedFrames
  case tooManyFrames
  // HTTP/1.1 connections.
  case tooMuchPipelined
  // The connection table.
  case tooMuchUnsent
  case connectionLimit
  case noDescriptor

  /// The label in metrics and logs: the name in snake case.
  package var label: StaticString { explanation.label }

  /// What the client is told.
  var text: StaticString { explanation.text }

  /// The answer's status; nil where a connection ends without one.
  var status: Status? { explanation.status }

  /// Whether the handler may say it in its own words: the head was read and is in order.
  var isAnsweredByHandler: Bool {
    self == .bodyTooLarge || self == .tooMuchContent || self == .tooManyStreams
  }

  private typealias Explanation = (label: StaticString, text: StaticString, status: Status?)

  private var explanation: Explanation {
    switch self {
    case .emptyLines: ("empty_lines", "more than one empty line before the request", .badRequest)
    case .malformedRequestLine:
      ("malformed_request_line", "the request line is not METHOD TARGET HTTP/1.1", .badRequest)
    case .notHTTP:
      ("not_http", "the request line does not end in a version of HTTP", .badRequest)
    case .malformedTarget:
      ("malformed_target", "the request target is malformed", .badRequest)
    case .targetTooLong: ("target_too_long", "the request line is too long", .uriTooLong)
    case .versionNotSupported:
      ("version_not_supported", "only HTTP/1.0, HTTP/1.1 and HTTP/2", .httpVersionNotSupported)
    case .methodNotAllowed:
      ("method_not_allowed", "this method is not allowed anywhere", .methodNotAllowed)
    case .methodNotImplemented:
      ("method_not_implemented", "the method is not known", .notImplemented)
    case .bareCarriageReturn:
      ("bare_carriage_return", "a carriage return without a line feed", .badRequest)
    case .bareLineFeed:
      ("bare_line_feed", "a line feed without a carriage return", .badRequest)
    case .malformedField: ("malformed_field", "a header field is malformed", .badRequest)
    case .foldedField: ("folded_field", "a header field is folded", .badRequest)
    case .headTooLarge:
      ("head_too_large", "the header is too large", .requestHeaderFieldsTooLarge)
    case .tooManyFields:
      ("too_many_fields", "the header has too many fields", .requestHeaderFieldsTooLarge)
    case .missingHost: ("missing_host", "the Host field is missing", .badRequest)
    case .repeatedHost: ("repeated_host", "the Host field is repeated", .badRequest)
    case .malformedHost: ("malformed_host", "the host is malformed", .badRequest)
    case .conflictingHost:
      ("conflicting_host", "the Host field contradicts the authority", .badRequest)
    case .unknownExpectation:
      ("unknown_expectation", "only 100-continue can be expected", .expectationFailed)
    default: contentExplanation
    }
  }

  private var contentExplanation: Explanation {
    switch self {
    case .malformedContentLength:
      ("malformed_content_length", "the Content-Length is no number", .badRequest)
    case .repeatedContentLength:
      ("repeated_content_length", "the Content-Length is repeated", .badRequest)
    case .contentLengthWithTransferEncoding:
      (
        "content_length_with_transfer_encoding", "both Content-Length and Transfer-Encoding",
        .badRequest
      )
    case .transferEncodingInHTTP10:
      ("transfer_encoding_in_http10", "HTTP/1.0 has no Transfer-Encoding", .badRequest)
    case .malformedTransferEncoding:
      ("malformed_transfer_encoding", "the Transfer-Encoding does not end in chunked", .badRequest)
    case .unsupportedTransferEncoding:
      ("unsupported_transfer_encoding", "only chunked Transfer-Encoding", .notImplemented)
    case .malformedChunk: ("malformed_chunk", "a chunk is malformed", .badRequest)
    case .bodyTooLarge: ("body_too_large", "the content is too large", .contentTooLarge)
    case .tooMuchContent:
      ("too_much_content", "too much content is arriving at once", .serviceUnavailable)
    case .tooManyStreams:
      ("too_many_streams", "too many streams are open", .serviceUnavailable)
    case .requestTimeout: ("request_timeout", "the request came too slowly", .requestTimeout)
    default: connectionExplanation
    }
  }

  private var connectionExplanation: Explanation {
    switch self {
    case .writeTimeout: ("write_timeout", "", nil)
    case .settingsTimeout: ("settings_timeout", "", nil)
    case .handshakeTimeout: ("handshake_timeout", "", nil)
    case .handshakeFailed: ("handshake_failed", "", nil)
    case .clientCertificate: ("client_certificate", "", nil)
    case .malformedHTTP2: ("malformed_http2", "", nil)
    case .headerListTooLarge: ("header_list_too_large", "", nil)
    case .tooManyResets: ("too_many_resets", "", nil)
    case .tooManyQueuedFrames: ("too_many_queued_frames", "", nil)
    case .tooManyFrames: ("too_many_frames", "", nil)
    case .tooMuchUnsent: ("too_much_unsent", "", nil)
    case .tooMuchPipelined: ("too_much_pipelined", "", nil)
    case .connectionLimit: ("connection_limit", "", nil)
    default: ("no_descriptor", "", nil)
    }
  }

  /// The answer that says so: one line of text.
  var response: Response {
    var body: [UInt8] = []
    body.append(text)
    body.append(ASCII.lineFeed)
    let headers = self == .methodNotAllowed ? [Header("allow", "GET, HEAD, POST")] : []
    return Response(status ?? .badRequest, .text, body: body, headers: headers)
  }
}
