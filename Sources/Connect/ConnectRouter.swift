package import HTTPServer

/// The methods that a server has, and the way from an HTTP request to one of them and back
/// (https://connectrpc.com/docs/protocol).
///
/// It speaks JSON only, unary calls by POST and GET and server streams by POST. Everything is
/// called on the loop's thread.
///
///     let router = ConnectRouter()
///     router.register(
///       .unary("vole.v1.ConsumerGroupService", "GetGroupStatus", request: schema) {
///         message, call, request in .message(cachedJSON(of: message.group))
///       })
///     // In the server's handler; nil says that the path is nobody's.
///     if let response = router.respond(to: request, now: loop.now) { return response }
package final class ConnectRouter {
  /// What is taken from clients.
  package let limits: ConnectLimits
  private var methods: [ConnectMethod] = []
  /// Places of methods by their paths.
  private var places: [ArraySlice<UInt8>: Int] = [:]
  /// How often each method ended in success (first) or in each code, method by method.
  private var counts: [Int] = []

  private static let outcomes = ConnectCode.allCases.count + 1

  /// Makes a router without methods.
  package init(limits: ConnectLimits = ConnectLimits()) {
    self.limits = limits
  }

  /// Adds a method; one of the same path is replaced.
  package func register(_ method: ConnectMethod) {
    let path = Array(method.path.utf8)[...]
    if let place = places[path] {
      methods[place] = method
      return
    }
    places[path] = methods.count
    methods.append(method)
    counts.append(contentsOf: repeatElement(0, count: Self.outcomes))
  }

  /// Answers a request whose path is a method's; nil for any other path.
  ///
  /// - Parameter now: monotonic nanoseconds.
  package func respond(to request: borrowing Request, now: Int64) -> Response? {
    guard let place = places[request.path] else { return nil }
    let method = methods[place]
    switch method.body {
    case .unary(let answer):
      switch (request.method, method.idempotency) {
      case (.post, _): return respondToPost(request, now: now, place, answer)
      case (.get, .noSideEffects): return respondToGet(request, now: now, place, answer)
      case (_, .noSideEffects): return Self.notAllowed("GET, POST")
      case (_, .unknown): return Self.notAllowed("POST")
      }
    case .serverStream(let answer):
      guard request.method == .post else { return Self.notAllowed("POST") }
      return respondToStream(request, now: now, place, answer)
    }
  }

  /// Says in Connect's words why the server does not take a request; nil for other paths.
  ///
  /// To be called from `RequestHandler.respond(to:refused:)`.
  package func respond(to request: borrowing Request, refused refusal: Refusal) -> Response? {
    guard let place = places[request.path] else { return nil }
    let error: ConnectError
    switch refusal {
    case .bodyTooLarge: error = Self.tooLarge(limits.messageBytes)
    case .tooMuchContent: error = ConnectError(.unavailable, "too much content is arriving at once")
    case .tooManyStreams: error = ConnectError(.unavailable, "too many streams are open")
    default: return nil
    }
    switch methods[place].body {
    case .unary:
      return refuse(error, place)
    case .serverStream:
      return ended(error, place)
    }
  }

  // MARK: Counting

  /// Counts a call that ended.
  ///
  /// - Parameter code: why it failed; nil for success, and for a stream that began.
  func count(_ place: Int, _ code: ConnectCode?) {
    let outcome = code.flatMap { ConnectCode.allCases.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
    counts[place * Self.outcomes + outcome] &+= 1
  }

  /// Calls that came to an answer of Connect's, by method and code, without those that are 0.
  ///
  /// The code is `ok` for a success, and for a stream that was begun.
  package var counted: [(service: String, method: String, code: String, calls: Int)] {
    methods.enumerated().flatMap { place, method in
      (0..<Self.outcomes).compactMap { outcome in
        let calls = counts[place * Self.outcomes + outcome]
        let code = outcome == 0 ? "ok" : ConnectCode.allCases[outcome - 1].rawValue
        return calls > 0 ? (method.service, method.name, code, calls) : nil
      }
    }
  }

  // MARK: Refusing

  /// 405 without content, from which clients read `unknown`.
  private static func notAllowed(_ methods: StaticString) -> Response {
    Response(.methodNotAllowed, headers: [Header("allow", methods)])
  }

  /// 415 without content: a client that speaks something else never sees a 200.
  func unsupported(_ accepted: ContentType) -> Response {
    Response(.unsupportedMediaType, headers: [Header("accept-post", accepted.value)])
  }

  /// The answer to a unary call that fails.
  func refuse(
    _ error: ConnectError, _ place: Int, headers: [Header] = []
  ) -> Response {
    count(place, error.code)
    return Response(error.code.status, .json, body: error.json, headers: headers)
  }

  /// What is said of a message that is too large.
  static func tooLarge(_ limit: Int) -> ConnectError {
    ConnectError(.resourceExhausted, "message is larger than \(limit) bytes")
  }

  /// Takes a message out of its encoding and holds it against the limit.
  func decoded(
    _ message: ArraySlice<UInt8>, isGzip: Bool
  ) throws(ConnectError) -> ArraySlice<UInt8> {
    guard isGzip, !message.isEmpty else {
      guard message.count <= limits.messageBytes else { throw Self.tooLarge(limits.messageBytes) }
      return message
    }
    do throws(Gzip.Failure) {
      return try Gzip.inflated(message.span, atMost: limits.messageBytes)[...]
    } catch {
      switch error {
      case .malformed: throw ConnectError(.invalidArgument, "message is no valid gzip")
      case .tooLarge: throw Self.tooLarge(limits.messageBytes)
      case .outOfMemory: throw ConnectError(.unavailable, "no memory to decompress the message")
      }
    }
  }
}
