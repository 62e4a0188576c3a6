/// A status code with its reason phrase (RFC 9110 section 15).
package struct Status: Hashable, Sendable {
  /// The three digits, 200...599.
  package let code: UInt16

  /// A final status; a code outside 200...599 becomes 500, because no client could read it.
  package init(_ code: Int) {
    self.code = 200...599 ~= code ? UInt16(code) : 500
  }

  /// The statuses of RFC 9110 that this program answers with.
  package static let ok = Status(200)
  package static let noContent = Status(204)
  package static let movedPermanently = Status(301)
  package static let badRequest = Status(400)
  package static let unauthorized = Status(401)
  package static let forbidden = Status(403)
  package static let notFound = Status(404)
  package static let methodNotAllowed = Status(405)
  package static let requestTimeout = Status(408)
  package static let contentTooLarge = Status(413)
  package static let uriTooLong = Status(414)
  package static let unsupportedMediaType = Status(415)
  package static let expectationFailed = Status(417)
  package static let requestHeaderFieldsTooLarge = Status(431)
  package static let internalServerError = Status(500)
  package static let notImplemented = Status(501)
  package static let serviceUnavailable = Status(503)
  package static let httpVersionNotSupported = Status(505)

  /// Whether it is 401.
  package var isUnauthorized: Bool { code == 401 }

  /// HTTP/1.1's status line of the statuses that nearly every answer has.
  var commonLine: StaticString? {
    switch code {
    case 200: "HTTP/1.1 200 OK\r\n"
    case 404: "HTTP/1.1 404 Not Found\r\n"
    case 503: "HTTP/1.1 503 Service Unavailable\r\n"
    default: nil
    }
  }

  /// The phrase of HTTP/1.1's status line; empty for a code that RFC 9110 does not name.
  var reasonPhrase: StaticString {
    switch code {
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 417: "Expectation Failed"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 499: "Client Closed Request"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    default: ""
    }
  }
}

/// A media type as it is sent in `Content-Type`; a literal, so that it costs nothing to send.
package struct ContentType: Sendable {
  /// The field's value.
  package let value: StaticString

  /// Names a media type, for example "application/json".
  package init(_ value: StaticString) {
    self.value = value
  }

  /// `text/plain; charset=utf-8`.
  package static let text = ContentType("text/plain; charset=utf-8")
  /// `text/plain; version=0.0.4; charset=utf-8`, Prometheus' text format.
  package static let metrics = ContentType("text/plain; version=0.0.4; charset=utf-8")
  /// `application/openmetrics-text; version=1.0.0; charset=utf-8`.
  package static let openMetrics = ContentType(
    "application/openmetrics-text; version=1.0.0; charset=utf-8")
  /// `application/json`.
  package static let json = ContentType("application/json")
  /// `text/html; charset=utf-8`.
  package static let html = ContentType("text/html; charset=utf-8")
}

/// One further field of a response.
package struct Header: Sendable {
  /// A name, in lower case, or a value.
  enum Text: Sendable {
    /// Costs nothing to send.
    case literal(StaticString)
    case bytes([UInt8])

    fileprivate var bytes: Int {
      switch self {
      case .literal: 0
      case .bytes(let bytes): bytes.count
      }
    }

    fileprivate var count: Int {
      switch self {
      case .literal(let literal): literal.utf8CodeUnitCount
      case .bytes(let bytes): bytes.count
      }
    }
  }

  let name: Text
  let text: Text
  /// Bytes of both that are no literals.
  let bytes: Int
  /// Bytes of both.
  let count: Int

  /// The value's bytes.
  var value: [UInt8] {
    switch text {
    case .bytes(let bytes): return bytes
    case .literal(let literal):
      var bytes: [UInt8] = []
      bytes.append(literal)
      return bytes
    }
  }

  private init(_ name: Text, _ text: Text) {
    self.name = name
    self.text = text
    bytes = name.bytes + text.bytes
    count = name.count + text.count
  }

  /// Builds a field; nil if the value has bytes that would end it or its line.
  ///
  /// - Parameters:
  ///   - name: a field name in lower case. Not `content-length`, `content-type`, `date`,
  ///     `connection` or `transfer-encoding`, which are the server's.
  ///   - value: visible ASCII, spaces inside, or bytes beyond ASCII.
  package init?(_ name: StaticString, _ value: [UInt8]) {
    guard Self.isValue(value) else { return nil }
    self.init(.literal(name), .bytes(value))
  }

  /// Builds a field whose name is known only while the program runs; nil if either is malformed.
  ///
  /// - Parameters:
  ///   - name: a token without upper-case letters, 1...256 bytes.
  ///   - value: as above.
  package init?(name: [UInt8], value: [UInt8]) {
    guard 1...256 ~= name.count, Self.isValue(value) else { return nil }
    guard name.allSatisfy({ ASCII.isToken($0) && ASCII.lowercased($0) == $0 }) else { return nil }
    self.init(.bytes(name), .bytes(value))
  }

  /// Builds a field from a literal value.
  package init(_ name: StaticString, _ value: StaticString) {
    self.init(.literal(name), .literal(value))
  }

  private static func isValue(_ bytes: [UInt8]) -> Bool {
    bytes.allSatisfy(ASCII.isFieldContent) && bytes.first != ASCII.space
      && bytes.last != ASCII.space
  }
}

/// An answer: whole and in memory, or with content that comes piece by piece.
///
/// The body is shared and never copied until it is written to the connection's output: a body that
/// is kept and answered again and again costs no allocation.
package struct Response {
  /// The status.
  package var status: Status
  /// The media type of the body; not sent with an empty body of status 204 or 304.
  package var contentType: ContentType
  /// The content.
  ///
  /// The server adds `Content-Length`, `Date` and `Connection`, and leaves the content
  /// itself out when it answers HEAD.
  package var body: [UInt8]
  /// The content instead of `body`, where it comes piece by piece; for this one response only.
  package var stream: (any ResponseStream)?
  /// Further fields, in this order; at most `maximumHeaders` are sent.
  package var headers: [Header]

  /// The most further fields that are sent.
  package static let maximumHeaders = 32

  /// Builds an answer.
  package init(
    _ status: Status, _ contentType: ContentType = .text, body: [UInt8] = [],
    headers: [Header] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }

  /// Builds an answer whose content comes piece by piece.
  package init(
    _ status: Status, _ contentType: ContentType, stream: any ResponseStream,
    headers: [Header] = []
  ) {
    self.init(status, contentType, headers: headers)
    self.stream = stream
  }

  /// 405 with the methods that the resource has (RFC 9110 section 15.5.6).
  ///
  /// - Parameter allowed: as the `Allow` field lists them, for example "GET, HEAD".
  package static func methodNotAllowed(_ allowed: StaticString) -> Response {
    var body: [UInt8] = []
    body.append("only these methods are allowed here: ")
    body.append(allowed)
    body.append(ASCII.lineFeed)
    return Response(.methodNotAllowed, .text, body: body, headers: [Header("allow", allowed)])
  }

  /// Whether HTTP forbids content with this status (RFC 9110 section 6.4.1).
  var hasNoContent: Bool { status.code == 204 || status.code == 304 }
}
