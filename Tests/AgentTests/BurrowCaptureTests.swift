import Agent
import ConsumerOffsets
import Foundation
import Testing

@testable import HTTPServer

/// The genuine Burrow's answers, reproduced from the same state byte for byte.
@Suite("Burrow's captured answers")
struct BurrowCaptureTests {
  /// When the capture was made, in seconds since 1970.
  private static let moment: Int64 = 1_795_174_763

  /// Defaults that the captured module had not been told, and our own.
  private static let defaults = [
    ("\"topic-refresh\":0,\"offset-refresh\":0", "\"topic-refresh\":60,\"offset-refresh\":10"),
    ("\"client-id\":\"\"", "\"client-id\":\"vole\""), ("\"level\":\"\"", "\"level\":\"info\""),
    ("\"offsets-topic\":\"\"", "\"offsets-topic\":\"__consumer_offsets\""),
    ("\"expire-cache\":10", "\"expire-cache\":1"),
  ]

  /// A group with a full window, one commit, and no commit on three partitions.
  private static func world() throws -> AgentWorld {
    var world = try AgentWorld(
      """
      [cluster.local]
      servers = ["127.0.0.1:9092"]
      [consumer.local]
      cluster = "local"
      groups = ["*"]
      [httpserver.default]
      address = "127.0.0.1:18765"
      """)
    world.now.wall = moment * 1000
    world.tick()
    world.answerTopics([:])
    for partition in 0..<world.partitionCount { world.reachEnd(partition) }
    world.answerHeads([])
    // A head is looked up once the topic is watched; what was committed before has no lag and is
    // pushed out or withdrawn.
    commit(0, 50, ago: 11, in: &world)
    commit(1, 190, ago: 11, in: &world)
    world.tick()
    world.answerTopics(["t": 3])
    world.answerHeads([("t", 0, 100), ("t", 1, 200), ("t", 2, nil)])
    try world.tombstone("g", topic: "t", partition: 1)
    for offset in Int64(51)...60 { commit(0, offset, ago: 61 - offset, in: &world) }
    commit(1, 190, ago: 5, in: &world)
    try world.members("g", generation: 1, ["cid": ["t": [0]]], subscription: ["t"])
    world.tick()
    return world
  }

  private static func commit(
    _ partition: Int32, _ offset: Int64, ago: Int64, in world: inout AgentWorld
  ) {
    guard
      let key = try? RecordEncoder.offsetCommitKey(group: "g", topic: "t", partition: partition),
      let value = try? RecordEncoder.offsetCommitValue(
        RecordEncoder.OffsetCommit(offset: offset, commitTimestamp: (moment - ago) * 1000),
        .version3)
    else { return }
    world.record(group: "g", key: key, value: value)
  }

  private static func answer(_ exchange: BurrowExchange, _ world: AgentWorld) throws -> Response {
    let methods: [String: Method] = [
      "GET": .get, "HEAD": .head, "POST": .post, "PUT": .put, "OPTIONS": .options,
      "DELETE": .delete,
    ]
    let path = try #require(exchange.target.removingPercentEncoding)
    let method = try #require(methods[exchange.method])
    var routes = Routes(host: "vm", allowOrigin: nil)
    return routes.answer(
      RouteRequest(method, path: path), agent: world.agent, now: world.now
    ).response
  }

  private static func header(_ name: String, of response: Response) -> String? {
    for header in response.headers {
      guard case .literal(let known) = header.name, "\(known)" == name else { continue }
      return String(decoding: header.value, as: UTF8.self)
    }
    return nil
  }

  @Test("The capture is read whole")
  func sight() {
    #expect(BurrowCapture.exchanges.count == 57)
    #expect(BurrowCapture.reproduced.count == 43)
  }

  @Test("Status, type, fields and body are Burrow's", arguments: BurrowCapture.reproduced)
  func reproduces(_ exchange: BurrowExchange) throws {
    let response = try Self.answer(exchange, Self.world())
    #expect(response.status.code == exchange.status)
    var body = exchange.body
    if exchange.target.hasPrefix("/v3/config") || exchange.body.contains("cluster module detail") {
      for (theirs, ours) in Self.defaults { body = body.replacing(theirs, with: ours) }
    }
    if exchange.method != "HEAD" {
      #expect(String(decoding: response.body, as: UTF8.self) == body)
    } else {
      #expect(String(response.body.count) == exchange.headers["content-length"])
    }
    if !response.body.isEmpty {
      #expect("\(response.contentType.value)" == exchange.headers["content-type"])
    }
    for name in ["allow", "location", "x-content-type-options"] {
      #expect(Self.header(name, of: response) == exchange.headers[name], "\(name)")
    }
  }

  @Test("What changes anything is refused", arguments: BurrowCapture.changing)
  func refuses(_ exchange: BurrowExchange) throws {
    let response = try Self.answer(exchange, Self.world())
    #expect(response.status.code == 405)
    let isTopic = exchange.target.contains("/topic/")
    #expect(Self.header("allow", of: response) == (isTopic ? "OPTIONS" : "GET, OPTIONS"))
  }

  @Test("Before anything was read the agent is starting")
  func notReady() throws {
    let exchange = try #require(BurrowCapture.exchanges.first { $0.target.hasSuffix("/ready") })
    let response = try Self.answer(exchange, AgentWorld.watching(["g"]))
    #expect(response.status.code == exchange.status)
    #expect(String(decoding: response.body, as: UTF8.self) == exchange.body)
    let ready = try Self.answer(exchange, Self.world())
    #expect(ready.status.code == 200)
    #expect(String(decoding: ready.body, as: UTF8.self) == "READY")
  }
}
