import Configuration
import Connect
import EventLoop
import Foundation
import Testing

@testable import Agent
@testable import HTTPServer

/// An agent with its RPC interface and a client that writes HTTP/1.1, without sockets.
final class RPCWorld: RPCHost, RequestHandler {
  var world: AgentWorld
  var tokens = AccessTokens()
  let program: ProgramInfo? = ProgramInfo(
    version: "1.2.3", librdkafka: "2.0.2", nghttp2: "1.52.0", startedAt: 1_794_999_990_000)
  let hostName = "vole-0"
  var isEnding = false
  var level = Configuration.LogLevel.info
  private(set) lazy var service = RPCService(host: self)
  private lazy var context = ServerContext(
    handler: self, limits: Limits(),
    clock: Clock(monotonicNanoseconds: { 0 }, realtimeMilliseconds: { 784_111_777_000 }))

  init(_ world: AgentWorld) { self.world = world }

  var now: Moment { world.now }
  var nanoseconds: Int64 { world.now.monotonic * 1_000_000 }

  func withAgent<Result, Failure: Error>(
    _ body: (borrowing Agent) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(world.agent)
  }

  func pause(group: String, cluster: String, until: Int64?, because reason: String) {
    world.effects += world.agent.pause(group: group, cluster: cluster, until: until, at: now) ?? []
  }

  func caller(of request: borrowing Request) -> Caller { tokens.caller(of: request) }

  func respond(to request: borrowing Request) -> Response {
    service.respond(to: request) ?? Response(.notFound, .text)
  }

  // MARK: The client

  /// Begins to ask; streams go on with `Exchange.wake`.
  func open(_ method: String, _ json: String, fields: [String] = [], isStream: Bool) -> Exchange {
    var content = Array(json.utf8)
    if isStream {
      let length = UInt32(content.count)
      content = [0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + content
    }
    let type = isStream ? "application/connect+json" : "application/json"
    let lines =
      ["POST /\(method) HTTP/1.1", "Host: x", "Content-Type: \(type)"] + fields
      + ["Content-Length: \(content.count)"]
    let exchange = Exchange(context)
    exchange.send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + content)
    return exchange
  }

  /// Calls a unary method of groups: status code and JSON text.
  func call(_ method: String, _ json: String, fields: [String] = []) -> (code: Int, body: String) {
    let exchange = open("\(RPCService.groups)/\(method)", json, fields: fields, isStream: false)
    return (exchange.status, exchange.body)
  }

  /// Begins a stream of groups.
  func watch(_ method: String, _ json: String, fields: [String] = []) -> Exchange {
    open("\(RPCService.groups)/\(method)", json, fields: fields, isStream: true)
  }

  /// Lets a second pass: the verdict is made anew, and all who watch are told.
  func tick(seconds: Int64 = 1) {
    world.tick(seconds: seconds)
    service.timers.run(now: nanoseconds)
    service.forget()
    service.tell()
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

  /// Lets the stream go on, as the server does when its signal was raised.
  func wake() {
    _ = context.takeRaisedStreams()
    machine.resume()
    take()
  }

  /// The client is gone.
  func close() { machine.close() }

  private var text: String { String(decoding: received, as: UTF8.self) }

  /// The status code.
  var status: Int { Int(text.dropFirst(9).prefix(3)) ?? 0 }

  /// The head, lower case.
  var head: String { text.components(separatedBy: "\r\n\r\n")[0].lowercased() }

  /// The content of an answer with a length.
  var body: String {
    text.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
  }

  /// The messages of a stream so far, without their envelopes.
  var messages: [String] {
    // Envelopes are no text: their lengths need not be UTF-8.
    let separator = Array("\r\n\r\n".utf8)
    let start = received.indices.first { received[$0...].starts(with: separator) }
    guard let start else { return [] }
    var content: [UInt8] = []
    var rest = received[(start + separator.count)...]
    if head.contains("content-length: ") {
      // What ends at once is sent whole.
      content = Array(rest)
      rest = []
    }
    while let end = rest.firstIndex(of: 13),
      let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16), size > 0
    {
      content += rest[(end + 2)..<(end + 2 + size)]
      rest = rest[(end + 4 + size)...]
    }
    var messages: [String] = []
    while content.count >= 5 {
      let length = content[1..<5].reduce(0) { $0 << 8 | Int($1) }
      messages.append(String(decoding: content[5..<(5 + length)], as: UTF8.self))
      content.removeFirst(5 + length)
    }
    return messages
  }
}
