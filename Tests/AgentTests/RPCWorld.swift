import Configuration
import Connect
import ConnectClient
import EventLoop
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

  /// Begins to ask; streams go on with `Exchange.resume`.
  func open(_ method: String, _ json: String, fields: [String] = [], isStream: Bool) -> Exchange {
    let message = Array(json.utf8)
    let content = isStream ? Envelope.framed(message.span) : message
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
