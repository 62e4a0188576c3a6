import Connect
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

/// One connection with one request in it.
final class Exchange {
  private let context: ServerContext
  private var machine: HTTP1Connection
  private var received: [UInt8] = []

  init(_ context: ServerContext) {
    self.context = context
    machine = HTTP1Connection(context: context)
  }

  func send(_ bytes: [UInt8]) {
    var output: [UInt8] = []
    machine.receive(bytes.span, into: &output)
    received += output
    take()
  }

  private func take() {
    while machine.hasMoreOutput {
      var output: [UInt8] = []
      machine.fill(&output)
      if output.isEmpty { return }
      received += output
    }
  }

  /// Lets the stream go on if its signal was raised.
  func wake() {
    guard !context.takeRaisedStreams().isEmpty else { return }
    machine.resume()
    take()
  }

  /// The server drains.
  func drain() {
    machine.drain()
    take()
  }

  /// The client is gone.
  func close() { machine.close() }

  /// What has come back so far.
  var reply: Reply { Reply(received) }
}

/// A response as a client sees it, possibly still under way.
struct Reply {
  private(set) var status = 0
  private(set) var fields: [(name: String, value: String)] = []
  private(set) var content: [UInt8] = []
  /// The chunks of the content, without the last empty one.
  private(set) var chunks: [[UInt8]] = []
  /// Whether all of the content is there.
  private(set) var isComplete = false

  init(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return }
    let lines = text[..<end.lowerBound].components(of: "\r\n")
    status = Int(lines[0].split(separator: " ")[1]) ?? 0
    fields = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
      return (parts[0].lowercased(), String(value))
    }
    let head = text[..<end.upperBound].utf8.count
    let rest = Array(bytes[head...])
    if field("transfer-encoding") == "chunked" {
      takeChunks(rest)
    } else {
      content = rest
      isComplete = field("content-length") == "\(rest.count)"
    }
  }

  private mutating func takeChunks(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 13),
      let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16)
    {
      let start = end + 2
      guard rest.endIndex >= start + size + 2 else { return }
      if size == 0 {
        isComplete = true
        return
      }
      chunks.append(Array(rest[start..<start + size]))
      content += chunks[chunks.count - 1]
      rest = rest[(start + size + 2)...]
    }
  }

  func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
  func values(_ name: String) -> [String] {
    fields.filter { $0.name == name }.map(\.value)
  }

  var text: String { String(decoding: content, as: UTF8.self) }

  /// The envelopes of the content: flags and text.
  var envelopes: [(flags: UInt8, text: String)] {
    var result: [(UInt8, String)] = []
    var rest = content[...]
    while rest.count >= 5 {
      let start = rest.startIndex
      let length = rest[(start + 1)..<(start + 5)].reduce(0) { $0 << 8 | Int($1) }
      guard rest.count >= 5 + length else { break }
      var message = Array(rest[(start + 5)..<(start + 5 + length)])
      if rest[start] & 1 == 1 {
        message = gunzip(message) ?? []
      }
      result.append((rest[start], String(decoding: message, as: UTF8.self)))
      rest = rest[(start + 5 + length)...]
    }
    return result
  }

  /// The envelopes as lines: flags, a space, text.
  var lines: [String] { envelopes.map { "\($0.flags) \($0.text)" } }
}

extension Substring {
  fileprivate func components(of separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}

/// Bytes in the gzip format; none if they do not become smaller.
func gzip(_ bytes: [UInt8]) -> [UInt8] { Gzip.compressed(bytes.span) ?? [] }

/// Bytes out of the gzip format; nil if they are in none, or too many.
func gunzip(_ bytes: [UInt8]) -> [UInt8]? { try? Gzip.inflated(bytes.span, atMost: 1 << 20) }

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
