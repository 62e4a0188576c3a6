import EventLoop
import Glibc
import HTTPServer
import Testing

/// What clients that keep to the rules get, over sockets.
@Suite struct ServerTests {
  @Test func servesHTTP1AndHTTP2OnOnePort() throws {
    let local = try LocalServer()
    let one = try local.connect()
    let two = try local.connect()
    try local.get("/one", from: one)
    try local.deliver(Frame.opening + Frame.request("/two", stream: 1).bytes, from: two)
    #expect(try local.responses(1, to: one).map(\.body) == ["/one"])
    #expect(try local.turn { two.frames.ends(1) })
    #expect(two.frames.content(1) == "/two")
    let counters = local.server.counters
    #expect(counters.connections(.http1) == 1)
    #expect(counters.connections(.http2) == 1)
    #expect(counters.accepted == 2)
    #expect(counters.bytesSent == UInt64(one.received.count + two.received.count))
    #expect(counters.responses.map(\.status) == [.ok])
    #expect(counters.responses.map(\.count) == [2])
    #expect(local.server.openConnections == 2)
  }

  @Test func decidesByteByByte() throws {
    let local = try LocalServer()
    let two = try local.connect()
    for byte in Frame.opening + Frame.request("/a", stream: 1).bytes {
      try local.deliver([byte], from: two)
    }
    #expect(try local.turn { two.frames.ends(1) })
    let one = try local.connect()
    for byte in Array("PRO / HTTP/1.1\r\nHost: x\r\n\r\n".utf8) {
      try local.deliver([byte], from: one)
    }
    #expect(try local.responses(1, to: one).map(\.status) == [501])
  }

  @Test func keepsAConnectionForManyRequests() throws {
    let local = try LocalServer()
    let client = try local.connect()
    for index in 0..<100 { try local.get("/\(index)", from: client) }
    #expect(try local.responses(100, to: client).map(\.body) == (0..<100).map { "/\($0)" })
    #expect(local.server.counters.accepted == 1)
  }

  /// As kubelet probes: a new connection each time.
  @Test func answersAConnectionPerRequest() throws {
    let local = try LocalServer()
    for index in 0..<200 {
      let client = try local.connect()
      try local.get("/\(index)", "Connection: close\r\n", from: client)
      #expect(try local.isClosed(client))
      #expect(client.responses.map(\.body) == ["/\(index)"])
      #expect(!client.isReset)
    }
    #expect(local.server.openConnections == 0)
    #expect(local.server.counters.closed == 200)
  }

  /// What the clients that ask in a cluster send.
  static let wellKnown = [
    "GET /livez HTTP/1.1\r\nHost: 10.0.0.7:18080\r\nUser-Agent: kube-probe/1.29\r\n"
      + "Accept: */*\r\nConnection: close\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: orders:8000\r\nUser-Agent: Go-http-client/1.1\r\n"
      + "Accept-Encoding: gzip\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: 10.0.0.7:18080\r\nUser-Agent: Prometheus/2.42.0\r\n"
      + "Accept: application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
      + "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
      + "Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: localhost:8000\r\nUser-Agent: curl/7.88.1\r\n"
      + "Accept: */*\r\n\r\n",
    // Java's client asks for HTTP/2 with its first request.
    "GET /livez HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 0\r\n"
      + "Host: localhost:8000\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
      + "Upgrade: h2c\r\nUser-Agent: Java-http-client/17.0.1\r\n\r\n",
    "GET /livez HTTP/1.0\r\nHost: orders\r\nUser-Agent: ELB-HealthChecker/2.0\r\n\r\n",
  ]

  @Test(arguments: wellKnown)
  func answersWellKnownClients(_ request: String) throws {
    let local = try LocalServer()
    for _ in 0..<3 {
      let client = try local.connect()
      try local.deliver(request, from: client)
      let response = try #require(try local.responses(1, to: client).first)
      #expect(response.status == 200)
      let closes = request.contains("Connection: close") || request.contains("HTTP/1.0")
      #expect((response.field("connection") == "close") == closes)
      if closes { #expect(try local.isClosed(client)) }
    }
  }

  @Test func answersAClientThatHasFinishedSending() throws {
    let local = try LocalServer()
    let client = try local.connect()
    client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    client.shutdownSending()
    #expect(try local.isClosed(client))
    #expect(client.responses.map(\.body) == ["/a"])
  }

  @Test func sendsLargeAnswersWhole() throws {
    let local = try LocalServer()
    local.handler.responses["/big"] = .letters("b", count: 8_000_000)
    let client = try local.connect()
    try local.get("/big", "Connection: close\r\n", from: client)
    #expect(try local.isClosed(client))
    #expect(client.responses.map(\.body.utf8.count) == [8_000_000])
  }

  @Test func aRefusalArrivesThoughTheClientHasSentMore() throws {
    let local = try LocalServer()
    let client = try local.connect()
    let rest = String(repeating: "a", count: 30_000)
    try local.deliver("GET / HTTP/1.1\r\n\r\n" + rest, from: client)
    try local.deliver(rest, from: client)
    #expect(try local.isClosed(client))
    #expect(client.responses.map(\.status) == [400])
    #expect(!client.isReset)
    // The server waits for the client's end, but not for long.
    #expect(local.server.openConnections == 1)
    try local.advance(seconds: 2.1)
    #expect(local.server.openConnections == 0)
  }

  @Test func lingeringEndsWithTheClientOrAfterSomeBytes() throws {
    let local = try LocalServer()
    let leaving = try local.connect()
    try local.deliver("GET / HTTP/1.1\r\n\r\n", from: leaving)
    leaving.shutdownSending()
    #expect(try local.turn { local.server.openConnections == 0 })
    let talking = try local.connect()
    try local.deliver("GET / HTTP/1.1\r\n\r\n", from: talking)
    let rest = [UInt8](repeating: 0x61, count: 10_000)
    #expect(
      try local.turn {
        talking.send(rest)
        return local.server.openConnections == 0
      })
    #expect(local.server.counters.bytesReceived > 65_536)
  }

  // MARK: - Draining

  @Test func drainingFinishesWhatIsUnderWay() throws {
    let local = try LocalServer()
    local.handler.responses["/big"] = .letters("b", count: 8_000_000)
    let idle = try local.connect()
    try local.get("/idle", from: idle)
    let partial = try local.connect()
    try local.deliver("GET /partial HTTP/1.1\r\nHo", from: partial)
    let slow = try local.connect()
    try local.get("/big", from: slow)
    let two = try local.connect()
    try local.deliver(Frame.opening + Frame.request("/big", stream: 1).bytes, from: two)

    var isDrained = false
    local.server.drain(within: 5 * nanosecondsPerSecond) { isDrained = true }
    #expect(try local.isClosed(idle))
    #expect(throws: Errno(rawValue: ECONNREFUSED)) { try LocalClient(port: local.port) }
    try local.deliver("st: x\r\n\r\n", from: partial)
    #expect(try local.isClosed(partial))
    #expect(partial.responses.map { $0.field("connection") } == ["close"])
    #expect(!isDrained)
    #expect(try local.isClosed(slow))
    #expect(slow.responses.map(\.body.utf8.count) == [8_000_000])

    #expect(try local.turn { two.frames.contains { $0.kind == .ping } })
    #expect(two.frames.goAways == [0x7FFF_FFFF])
    let ping = try #require(two.frames.last { $0.kind == .ping })
    try local.deliver(
      Frame(.ping, flags: 1, ping.payload).bytes + Frame.windowUpdate(9_000_000).bytes
        + Frame.windowUpdate(9_000_000, stream: 1).bytes, from: two)
    #expect(try local.isClosed(two))
    #expect(two.frames.content(1).utf8.count == 8_000_000)
    #expect(two.frames.goAways == [0x7FFF_FFFF, 1])
    // The connection waits for the client's end.
    two.shutdownSending()
    #expect(try local.turn { isDrained })
    #expect(local.server.openConnections == 0)
  }

  /// What had reached the machine when the drain began is answered, seen or not.
  @Test func drainingAnswersWhatHasArrived() throws {
    let local = try LocalServer()
    let known = try local.connect()
    try local.get("/before", from: known)
    let silent = try local.connect()
    let unknown = try LocalClient(port: local.port)
    for client in [known, unknown] { client.send("GET /late HTTP/1.1\r\nHost: x\r\n\r\n") }
    try local.waitUntilDelivered(known, unknown)
    var isDrained = false
    local.server.drain(within: 5 * nanosecondsPerSecond) { isDrained = true }
    #expect(try local.turn { isDrained })
    #expect(try local.isClosed(known) && local.isClosed(unknown) && local.isClosed(silent))
    #expect(known.responses.map(\.body) == ["/before", "/late"])
    #expect(unknown.responses.map(\.body) == ["/late"])
    #expect(!known.isReset && !unknown.isReset)
  }

  @Test func drainingHasAnEnd() throws {
    let local = try LocalServer()
    let stuck = try local.connect()
    try local.deliver("GET /stuck HTTP/1.1\r\nHo", from: stuck)
    var isDrained = false
    local.server.drain(within: 5 * nanosecondsPerSecond) { isDrained = true }
    try local.advance(seconds: 0)
    try local.advance(seconds: 4.9)
    #expect(!isDrained)
    try local.advance(seconds: 0.2)
    #expect(isDrained)
    #expect(try local.isClosed(stuck))
  }

  @Test func drainingWithoutConnectionsEndsAtOnceAndOnce() throws {
    let local = try LocalServer()
    var ends = 0
    local.server.drain(within: nanosecondsPerSecond) { ends += 1 }
    #expect(ends == 0)
    try local.settle()
    #expect(ends == 1)
    try local.advance(seconds: 2)
    #expect(ends == 1)
  }

  @Test func aHandlerMayDrain() throws {
    let local = try LocalServer()
    var isDrained = false
    local.handler.inspect = { [unowned local] _ in
      local.server.drain(within: nanosecondsPerSecond) { isDrained = true }
    }
    let client = try local.connect()
    try local.get("/last", from: client)
    #expect(try local.turn { isDrained })
    #expect(try local.isClosed(client))
    #expect(client.responses.map(\.body) == ["/last"])
  }
}

extension Frame {
  /// What a client sends first: preface, SETTINGS, and the acknowledgement of the server's.
  static let opening = preface + settings().bytes + settingsAcknowledgement.bytes
}

extension [Frame] {
  /// The last streams of the GOAWAY frames, in order.
  var goAways: [UInt32] { filter { $0.kind == .goAway }.map { $0.number(at: 0) } }
}
