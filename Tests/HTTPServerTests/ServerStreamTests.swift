import EventLoop
import HTTPServer
import Testing

@Suite("Streamed answers through sockets")
struct ServerStreamTests {
  private func content(_ client: LocalClient) -> String {
    client.receive()
    return String(decoding: client.received, as: UTF8.self)
  }

  @Test func aSignalSendsThePieceAtOnce() throws {
    let local = try LocalServer()
    let source = StreamSource()
    local.handler.responses["/s"] = .streaming(source)
    let client = try local.connect()
    try local.get("/s", from: client)
    #expect(try local.turn { content(client).contains("200 OK") })
    source.give(.text("one"))
    #expect(try local.turn { content(client).hasSuffix("3\r\none\r\n") })
    source.give(.last([]))
    #expect(try local.turn { content(client).hasSuffix("0\r\n\r\n") })
    try local.get("/a", from: client)
    #expect(try local.turn { content(client).hasSuffix("/a") })
  }

  @Test func oneTurnWakesTheStreamsOfManyConnections() throws {
    let local = try LocalServer()
    var sources: [StreamSource] = []
    var clients: [LocalClient] = []
    for index in 0..<20 {
      sources.append(StreamSource())
      local.handler.responses["/\(index)"] = .streaming(sources[index])
      clients.append(try local.connect())
      try local.get("/\(index)", from: clients[index])
    }
    #expect(try local.turn { sources.allSatisfy { $0.signal != nil } })
    for source in sources { source.give(.text("news")) }
    #expect(try local.turn { clients.allSatisfy { content($0).contains("news") } })
  }

  @Test func aClientThatGoesEndsItsSource() throws {
    let local = try LocalServer()
    let source = StreamSource()
    local.handler.responses["/s"] = .streaming(source)
    var client: LocalClient? = try local.connect()
    if let client { try local.get("/s", from: client) }
    #expect(try local.turn { source.signal != nil })
    client = nil
    #expect(try local.turn { source.closed == 1 })
    #expect(local.server.openConnections == 0)
  }

  @Test func silenceIsNoReasonToEndAStream() throws {
    let local = try LocalServer()
    let source = StreamSource()
    local.handler.responses["/s"] = .streaming(source)
    let client = try local.connect()
    try local.get("/s", from: client)
    #expect(try local.turn { source.signal != nil })
    try local.advance(seconds: 4_000)
    #expect(source.closed == 0 && local.server.openConnections == 1)
  }

  /// The time for the next request begins when the answer ends, not when it began.
  @Test func aConnectionStaysAfterALongStream() throws {
    let local = try LocalServer()
    let source = StreamSource()
    local.handler.responses["/s"] = .streaming(source)
    let client = try local.connect()
    try local.get("/s", from: client)
    #expect(try local.turn { source.signal != nil })
    try local.advance(seconds: 500)
    source.give(.last([]))
    #expect(try local.turn { content(client).hasSuffix("0\r\n\r\n") })
    try local.advance(seconds: 74)
    #expect(local.server.openConnections == 1)
    try local.advance(seconds: 1.3)
    #expect(local.server.openConnections == 0)
  }

  @Test func theDrainLetsStreamsSayGoodbye() throws {
    let local = try LocalServer()
    let source = StreamSource()
    local.handler.responses["/s"] = .streaming(source)
    let client = try local.connect()
    try local.get("/s", from: client)
    #expect(try local.turn { source.signal != nil })
    var isDrained = false
    local.server.drain(within: 5 * nanosecondsPerSecond) { isDrained = true }
    #expect(try local.turn { isDrained })
    #expect(content(client).hasSuffix("3\r\nbye\r\n0\r\n\r\n"))
  }

  @Test func aStreamGivesWayToANewConnection() throws {
    var limits = Limits()
    limits.connections = 2
    let local = try LocalServer(limits: limits)
    let sources = [StreamSource(), StreamSource()]
    var clients: [LocalClient] = []
    for index in 0..<2 {
      local.handler.responses["/\(index)"] = .streaming(sources[index])
      clients.append(try local.connect())
      try local.get("/\(index)", from: clients[index])
      try local.advance(seconds: 1)
    }
    #expect(try local.turn { sources.allSatisfy { $0.signal != nil } })
    let probe = try local.connect()
    try local.get("/a", from: probe)
    #expect(try local.responses(1, to: probe).map(\.status) == [200])
    #expect(sources.map(\.closed) == [1, 0])
  }
}
