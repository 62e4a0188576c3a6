/// A method that the handler is asked with (RFC 9110 section 9.3, RFC 5789).
package enum Method: Sendable {
  case get
  /// As `get`; the server leaves the content out.
  case head
  /// The only method whose content is kept.
  case post
  case put
  case delete
  case options
  case patch

  /// The method's name.
  package var name: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .patch: "PATCH"
    }
  }
}

/// A version of HTTP.
package enum HTTPVersion: Sendable {
  case http10
  case http11
  case http2
}

/// How a method is dealt with.
enum RequestMethod {
  case handled(Method)
  /// A method of RFC 9110 that asks for no resource of ours: TRACE and CONNECT, 405.
  case notAllowed
  /// A method that nobody knows: 501.
  case notImplemented

  /// Recognises a method; its name is case-sensitive.
  init(_ name: Span<UInt8>) {
    if name.count == 3, ASCII.equal(name, "GET") {
      self = .handled(.get)
    } else if ASCII.equal(name, "HEAD") {
      self = .handled(.head)
    } else if ASCII.equal(name, "POST") {
      self = .handled(.post)
    } else {
      self = .notImplemented
      let others: [Method] = [.put, .delete, .options, .patch]
      for method in others where ASCII.equal(name, method.name) { self = .handled(method) }
      if ASCII.equal(name, "TRACE") || ASCII.equal(name, "CONNECT") { self = .notAllowed }
    }
  }

  var refusal: Refusal? {
    switch self {
    case .handled: nil
    case .notAllowed: .methodNotAllowed
    case .notImplemented: .methodNotImplemented
    }
  }

  var isHead: Bool {
    if case .handled(.head) = self { true } else { false }
  }

  /// Whether it is GET or HEAD.
  var isSafe: Bool {
    switch self {
    case .handled(.get), .handled(.head): true
    default: false
    }
  }

  /// Whether the content is kept for the handler; that of other methods is read and thrown away.
  var keepsContent: Bool {
    if case .handled(.post) = self { true } else { false }
  }
}

/// A request, lent to the handler while it answers.
///
/// Everything is bytes as they were received. A slice that the handler keeps stays valid, it is
/// then copied before the request's memory is used again.
@safe package struct Request: ~Copyable {
  private let headMemory: UnsafePointer<RequestHead>

  /// The method.
  package let method: Method

  /// Lends a head to a handler; the pointer must be valid until the handler returns.
  init(_ head: UnsafePointer<RequestHead>, method: Method) {
    // SAFETY: a handler can neither copy nor keep what it borrows, so nobody uses it afterwards.
    unsafe headMemory = head
    self.method = method
  }

  private var head: RequestHead {
    // SAFETY: see `init`.
    _read { yield unsafe headMemory.pointee }
  }

  /// Whether the method is GET or HEAD.
  package var isRead: Bool { method == .get || method == .head }

  /// Whether the method is HEAD.
  package var isHead: Bool { method == .head }

  /// Where the request came from.
  package var connection: ConnectionInfo { head.connection }

  /// The content of a POST, empty for every other method; at most `Limits.bodyBytes`.
  package var content: [UInt8] { head.content?.bytes ?? [] }

  /// The version that the client speaks.
  package var version: HTTPVersion { head.version }

  /// The target as received: path and query, or an absolute `http://…`.
  package var target: ArraySlice<UInt8> { head.bytes[head.target] }

  /// Whether the target as received is exactly this.
  package func targetEquals(_ bytes: borrowing [UInt8]) -> Bool {
    ASCII.equal(head.bytes.span.extracting(head.target), bytes.span)
  }

  /// The host and port that the client asked, from `:authority`, an absolute target or `Host`.
  package var authority: ArraySlice<UInt8> { head.bytes[head.authority] }

  // MARK: - Path

  /// The path as received: begins with a slash, and its percent escapes are valid.
  package var path: ArraySlice<UInt8> { head.bytes[head.path] }

  /// The path with its percent escapes decoded once; an escaped slash looks like any other.
  package var decodedPath: [UInt8] { RequestTarget.decoded(path) }

  /// Whether the path as received is this literal.
  package func pathEquals(_ literal: StaticString) -> Bool {
    ASCII.equal(head.bytes.span.extracting(head.path), literal)
  }

  /// How many segments the path has, at least one.
  ///
  /// `/` has one, which is empty; `/a` has one; `/a/` has two, the second of them empty. An escaped
  /// slash (`%2F`) does not separate.
  package var segmentCount: Int { head.segmentCount }

  /// A segment as received, without slashes; empty for an index beyond the last.
  package func segment(_ index: Int) -> ArraySlice<UInt8> {
    head.segment(index).map { head.bytes[$0] } ?? []
  }

  /// A segment with its percent escapes decoded once; empty for an index beyond the last.
  package func decodedSegment(_ index: Int) -> [UInt8] {
    RequestTarget.decoded(segment(index))
  }

  /// Whether a segment as received is this literal; false for an index beyond the last.
  package func segment(_ index: Int, equals literal: StaticString) -> Bool {
    guard let range = head.segment(index), range.count == literal.utf8CodeUnitCount else {
      return false
    }
    return ASCII.equal(head.bytes.span.extracting(range), literal)
  }

  // MARK: - Query

  /// What follows the first question mark, as received; nil without one.
  package var query: ArraySlice<UInt8>? { head.query.map { head.bytes[$0] } }

  /// Whether the query has a parameter of this name, with or without a value: `?verbose`.
  package func hasQueryParameter(_ name: StaticString) -> Bool {
    var found = false
    forEachQueryParameter(name) { _ in found = true }
    return found
  }

  /// The values of a parameter, in their order, with `+` and percent escapes decoded.
  package func queryValues(_ name: StaticString) -> [[UInt8]] {
    var values: [[UInt8]] = []
    forEachQueryParameter(name) { value in
      let spaced = value.map { $0 == UInt8(ascii: "+") ? ASCII.space : $0 }
      values.append(RequestTarget.decoded(spaced[...]))
    }
    return values
  }

  private func forEachQueryParameter(
    _ name: StaticString, _ body: (ArraySlice<UInt8>) -> Void
  ) {
    guard let query else { return }
    for pair in query.split(separator: UInt8(ascii: "&")) {
      let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      let received = pair[..<equals]
      guard ASCII.equal(received.span, name) else { continue }
      body(equals == pair.endIndex ? [] : pair[(equals + 1)...])
    }
  }

  // MARK: - Fields

  /// The value of the first field of this name, without white space around it.
  ///
  /// - Parameter name: in lower case.
  package func header(_ name: StaticString) -> ArraySlice<UInt8>? {
    var position = 0
    return head.field(name, after: &position).map { head.bytes[$0] }
  }

  /// The values of all fields of this name, in their order.
  ///
  /// - Parameter name: in lower case.
  package func headers(_ name: StaticString) -> [ArraySlice<UInt8>] {
    var values: [ArraySlice<UInt8>] = []
    var position = 0
    while let range = head.field(name, after: &position) { values.append(head.bytes[range]) }
    return values
  }

  /// Hands out all fields in their order, names in the case in which they came.
  package func forEachHeader(
    _ body: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void
  ) {
    for field in head.currentFields { body(head.bytes[field.name], head.bytes[field.value]) }
  }
}

/// What answers requests.
package protocol RequestHandler: AnyObject {
  /// Answers one request, at once and without blocking: it is called on the loop's thread.
  func respond(to request: borrowing Request) -> Response

  /// Answers a request whose head was read, but which the server does not take.
  ///
  /// - Parameters:
  ///   - request: without its content.
  ///   - refusal: the reason: the content is too large, or there is no room for it or for a stream.
  /// - Returns: nil to let the server answer by itself.
  func respond(to request: borrowing Request, refused refusal: Refusal) -> Response?
}

extension RequestHandler {
  /// Lets the server answer by itself.
  package func respond(to request: borrowing Request, refused refusal: Refusal) -> Response? {
    nil
  }
}
