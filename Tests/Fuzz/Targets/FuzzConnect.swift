import Connect
import EventLoop
import HTTPServer
import JSON

/// A message with fields of every kind that is read.
private struct Everything: Sendable {
  var text = ""
  var small: Int32 = 0
  var unsigned: UInt32 = 0
  var large: Int64 = 0
  var unsignedLarge: UInt64 = 0
  var flag = false
  var data: [UInt8] = []
  var wait: ProtoDuration?
  var texts: [String] = []
  var leaves: [Leaf] = []

  struct Leaf: Sendable {
    var text = ""
    var numbers: [Int64] = []
  }

  static let schema = MessageSchema(
    Everything(),
    [
      .field("text", \.text, .string), .field("small", \.small, .int32),
      .field("kind", \.small, .enumeration([("KIND_ONE", 1)])),
      .field("unsigned", \.unsigned, .uint32), .field("large", \.large, .int64),
      .field("unsignedLarge", \.unsignedLarge, .uint64, proto: "unsigned_large"),
      .field("flag", \.flag, .bool), .field("data", \.data, .bytes),
      .field("wait", \.wait, .duration), .repeated("texts", \.texts, .string),
      .repeated("leaves", \.leaves, .message(leaf)),
    ])

  private static let leaf = MessageSchema(
    Leaf(), [.field("text", \.text, .string), .repeated("numbers", \.numbers, .int64)])
}

/// A server of two methods.
private final class FuzzedService: RequestHandler {
  private let router = ConnectRouter()
  private let timers = ConnectTimers()

  init() {
    router.register(
      .unary("f.S", "U", request: Everything.schema, idempotency: .noSideEffects) { _, call, _ in
        .message(Array(call.message))
      })
    router.register(
      .serverStream("f.S", "W", request: Everything.schema) { [timers] _, call, _ in
        let stream = ConnectStream(call, timers: timers)
        stream.offer(StreamMessage(json: call.message.span), at: call.now)
        stream.end()
        return .newest(stream)
      })
  }

  func respond(to request: borrowing Request) -> Response {
    let response = router.respond(to: request, now: 0) ?? Response(.notFound)
    precondition(response.status.code != 500, "a call ends in 500")
    return response
  }

  func respond(to request: borrowing Request, refused refusal: Refusal) -> Response? {
    router.respond(to: request, refused: refusal)
  }
}

/// Requests of Connect: the first byte says what the rest is, and no call may end in 500.
enum FuzzConnect {
  static func run(_ input: [UInt8]) {
    guard let kind = input.first else { return }
    let rest = input.dropFirst()
    switch kind % 8 {
    case 0: _ = try? Everything.schema.read(rest)
    case 1: ask("POST /f.S/U HTTP/1.1\r\ncontent-type: application/json", rest)
    case 2:
      ask("POST /f.S/U HTTP/1.1\r\ncontent-type: application/json\r\ncontent-encoding: gzip", rest)
    case 3: ask("POST /f.S/W HTTP/1.1\r\ncontent-type: application/connect+json", rest)
    case 4:
      ask(
        "POST /f.S/W HTTP/1.1\r\ncontent-type: application/connect+json\r\n"
          + "connect-content-encoding: gzip\r\nconnect-accept-encoding: gzip", rest)
    case 5: ask("GET /f.S/U?\(String(decoding: rest, as: UTF8.self)) HTTP/1.1", [])
    case 6: ask("POST /f.S/U HTTP/1.1\r\n\(String(decoding: rest, as: UTF8.self))", [])
    default: ask("POST /f.S/W HTTP/1.1\r\n\(String(decoding: rest, as: UTF8.self))", [])
    }
  }

  private static func ask(_ head: String, _ content: ArraySlice<UInt8>) {
    let clock = Clock(monotonicNanoseconds: { 0 }, realtimeMilliseconds: { 0 })
    let context = ServerContext(handler: FuzzedService(), limits: Limits(), clock: clock)
    var machine = HTTP1Connection(context: context)
    var output: [UInt8] = []
    let length = head.hasPrefix("POST") ? "content-length: \(content.count)\r\n" : ""
    let request = Array("\(head)\r\nhost: f\r\n\(length)\r\n".utf8) + content
    machine.receive(request.span, into: &output)
    while machine.hasMoreOutput {
      let before = output.count
      machine.fill(&output)
      if output.count == before { break }
    }
    machine.close()
  }
}
