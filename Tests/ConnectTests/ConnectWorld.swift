import Connect
import ConnectClient
import EventLoop
import HTTPServer
import Testing

/// A server of one service, without sockets, and a client that writes HTTP/1.1.
final class ConnectWorld: RequestHandler {
  /// The service's methods are called here.
  static let service = "/test.v1.TestService/"

  let router: ConnectRouter
  let timers = ConnectTimers()
  /// Monotonic nanoseconds; moved by hand.
  var now: Int64 = 5_000_000_000
  /// What the methods were asked, oldest first.
  private(set) var asked: [TestMessage] = []
  private(set) var calls: [ConnectCall] = []
  /// Values of `x-tag` and `x-tag-bin` that they saw.
  private(set) var tags: [String] = []
  private(set) var binaryTags: [[UInt8]?] = []
  /// What is answered next, by all methods; an echo without it.
  var unaryAnswer: UnaryAnswer?
  var streamAnswer: StreamAnswer?
  /// The streams that were begun.
  private(set) var streams: [ConnectStream] = []
  /// The maximum interval of the streams that begin.
  var maximumInterval: Int64?

  /// Made on first use, because it keeps this handler.
  private(set) lazy var context = ServerContext(
    handler: self, limits: limits,
    clock: Clock(monotonicNanoseconds: { 0 }, realtimeMilliseconds: { 784_111_777_000 }))
  private let limits: Limits

  init(limits: Limits = Limits(), connectLimits: ConnectLimits = ConnectLimits()) {
    router = ConnectRouter(limits: connectLimits)
    self.limits = limits
    router.register(
      .unary("test.v1.TestService", "Get", request: .test, idempotency: .noSideEffects) {
        [unowned self] message, call, request in unary(message, call, request)
      })
    router.register(
      .unary("test.v1.TestService", "Set", request: .test) {
        [unowned self] message, call, request in unary(message, call, request)
      })
    router.register(
      .serverStream("test.v1.TestService", "Watch", request: .test) {
        [unowned self] message, call, request in
        note(message, call, request)
        if let streamAnswer { return streamAnswer }
        let stream = ConnectStream(call, timers: timers, maximumInterval: maximumInterval)
        streams.append(stream)
        return .newest(stream)
      })
  }

  private func note(_ message: TestMessage, _ call: ConnectCall, _ request: borrowing Request) {
    asked.append(message)
    calls.append(call)
    if let tag = request.header("x-tag") { tags.append(String(decoding: tag, as: UTF8.self)) }
    binaryTags.append(request.binaryMetadata("x-tag-bin"))
  }

  private func unary(
    _ message: TestMessage, _ call: ConnectCall, _ request: borrowing Request
  ) -> UnaryAnswer {
    note(message, call, request)
    return unaryAnswer ?? .message(Array(call.message))
  }

  func respond(to request: borrowing Request) -> Response {
    router.respond(to: request, now: now) ?? Response(.notFound, .text, body: Array("no\n".utf8))
  }

  func respond(to request: borrowing Request, refused refusal: Refusal) -> Response? {
    router.respond(to: request, refused: refusal)
  }

  /// Moves the clock and does what is due.
  func advance(milliseconds: Int64) {
    now += milliseconds * 1_000_000
    timers.run(now: now)
  }

  // MARK: The client

  /// Begins to ask: a method's name or a whole target, further fields, content.
  func open(
    _ verb: String, _ target: String, _ fields: [String] = [], _ content: [UInt8] = []
  ) -> Exchange {
    let path = target.hasPrefix("/") ? target : Self.service + target
    var lines = ["\(verb) \(path) HTTP/1.1", "Host: x"] + fields
    if verb == "POST" { lines.append("Content-Length: \(content.count)") }
    let head = lines.map { $0 + "\r\n" }.joined() + "\r\n"
    let exchange = Exchange(context)
    exchange.send(Array(head.utf8) + content)
    return exchange
  }

  /// Asks and takes the whole answer.
  func ask(
    _ verb: String, _ target: String, _ fields: [String] = [], _ content: [UInt8] = []
  ) -> Reply {
    open(verb, target, fields, content).reply
  }

  /// Calls a unary method by POST.
  func post(_ method: String, _ json: String, _ fields: [String] = []) -> Reply {
    ask("POST", method, ["Content-Type: application/json"] + fields, Array(json.utf8))
  }

  /// Calls a unary method by GET.
  func get(_ query: String, _ fields: [String] = []) -> Reply {
    ask("GET", "\(Self.service)Get?\(query)", fields)
  }

  /// Begins a stream.
  func watch(_ json: String, _ fields: [String] = []) -> Exchange {
    watch(Envelope.framed(Array(json.utf8).span), fields)
  }

  func watch(_ content: [UInt8], _ fields: [String] = []) -> Exchange {
    open("POST", "Watch", ["Content-Type: application/connect+json"] + fields, content)
  }
}

/// A message with fields of every kind that is read.
struct TestMessage: Equatable {
  var name = ""
  var count: Int32 = 0
  var small: UInt32 = 0
  var totalLag: Int64 = 0
  var size: UInt64 = 0
  var isOn = false
  var data: [UInt8] = []
  var wait: ProtoDuration?
  var maybe: Int64?
  var kind: Int32 = 0
  var names: [String] = []
  var numbers: [Int64] = []
  var inner: Inner?
  var inners: [Inner] = []

  struct Inner: Equatable {
    var group = ""
  }
}

extension MessageSchema<TestMessage> {
  static var test: MessageSchema {
    let inner = MessageSchema<TestMessage.Inner>(
      TestMessage.Inner(), [.field("group", \.group, .string)])
    return MessageSchema(
      TestMessage(),
      [
        .field("name", \.name, .string),
        .field("count", \.count, .int32),
        .field("small", \.small, .uint32),
        .field("totalLag", \.totalLag, .int64, proto: "total_lag"),
        .field("size", \.size, .uint64),
        .field("isOn", \.isOn, .bool, proto: "is_on"),
        .field("data", \.data, .bytes),
        .field("wait", \.wait, .duration),
        .field("maybe", \.maybe, .int64),
        .field("kind", \.kind, .enumeration([("KIND_UNKNOWN", 0), ("KIND_GOOD", 1)])),
        .repeated("names", \.names, .string),
        .repeated("numbers", \.numbers, .int64),
        .field("inner", \.inner, .message(inner)),
        .repeated("inners", \.inners, .message(inner)),
      ])
  }
}
