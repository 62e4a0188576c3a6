import EventLoop
import HTTPServer
import Testing

/// `Upgrade: h2c` (RFC 7540 section 3.2), over sockets.
@Suite struct UpgradeTests {
  static let switching =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
  private static let asking =
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n"

  /// A request that asks for the change.
  private static func request(
    _ path: String, method: String = "GET", fields: String = asking
  ) -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
  }

  private static func asking(settings: String) -> String {
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \(settings)\r\n"
  }

  @Test func theRequestBecomesTheFirstStream() throws {
    let local = try LocalServer()
    local.handler.inspect = { request in
      #expect(request.version == .http2)
      #expect(String(decoding: request.authority, as: UTF8.self) == "x")
      #expect(request.query.map { String(decoding: $0, as: UTF8.self) } == "b")
    }
    let client = try local.connect()
    try local.deliver(Self.request("/a?b"), from: client)
    #expect(try local.turn { client.upgradedFrames?.map(\.kind) == [.settings] })
    // Nothing is answered before the client has begun.
    #expect(local.handler.requests.isEmpty)
    try local.deliver(Frame.opening, from: client)
    #expect(try local.turn { client.upgradedFrames?.ends(1) ?? false })
    let frames = try #require(client.upgradedFrames)
    #expect(frames.map(\.kind) == [.settings, .settings, .headers, .data])
    #expect(frames.indexedStatus(1) == IndexedStatus.ok)
    #expect(frames.content(1) == "/a")
    local.handler.inspect = nil
    try local.deliver(Frame.request("/c", stream: 3).bytes, from: client)
    #expect(try local.turn { client.upgradedFrames?.content(3) == "/c" })
    #expect(local.handler.requests == ["GET /a", "GET /c"])
    #expect(local.server.counters.connections(.upgraded) == 1)
    // As every other HTTP/2 connection it must acknowledge the settings, and has.
    try local.advance(seconds: 11)
    #expect(local.server.openConnections == 1)
  }

  @Test func headHasNoContent() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver(Self.request("/a", method: "HEAD"), from: client)
    try local.deliver(Frame.opening, from: client)
    #expect(try local.turn { client.upgradedFrames?.ends(1) ?? false })
    #expect(client.upgradedFrames?.map(\.kind) == [.settings, .settings, .headers])
  }

  /// SETTINGS_INITIAL_WINDOW_SIZE of three: the answer begins with three bytes.
  @Test func theSettingsInTheFieldCount() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver(
      Self.request("/12345", fields: Self.asking(settings: "AAQAAAAD")), from: client)
    try local.deliver(Frame.opening, from: client)
    #expect(try local.turn { client.upgradedFrames?.content(1) == "/12" })
    try local.deliver(Frame.windowUpdate(100, stream: 1).bytes, from: client)
    #expect(try local.turn { client.upgradedFrames?.content(1) == "/12345" })
  }

  @Test func aClientThatNeverBeginsIsClosed() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver(Self.request("/a"), from: client)
    try local.advance(seconds: 10.3)
    #expect(local.server.openConnections == 0)
    #expect(local.server.counters.refused(.settingsTimeout) == 1)
  }

  @Test func judgesAlikeHoweverTheBytesAreCut() throws {
    let request = Array(Self.request("/a", fields: Self.asking(settings: "AAQAAAAD")).utf8)
    let bytes =
      request + Frame.opening + Frame.windowUpdate(9, stream: 1).bytes
      + Frame.request("/b", stream: 3).bytes + Frame.windowUpdate(9, stream: 3).bytes
    let local = try LocalServer()
    for cut in 1..<bytes.count {
      let client = try local.connect()
      try local.deliver(Array(bytes[..<cut]), from: client)
      try local.deliver(Array(bytes[cut...]), from: client)
      #expect(
        try local.turn {
          client.upgradedFrames?.content(1) == "/a" && client.upgradedFrames?.content(3) == "/b"
        }, "cut at \(cut)")
    }
    let client = try local.connect()
    for byte in bytes { try local.deliver([byte], from: client) }
    #expect(try local.turn { client.upgradedFrames?.content(3) == "/b" })
    #expect(Set(local.handler.requests) == ["GET /a", "GET /b"])
    #expect(local.handler.requests.count == 2 * bytes.count)
  }

  // MARK: - What is ignored

  static let ignored = [
    ("no HTTP2-Settings", "GET", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"),
    ("two HTTP2-Settings", "GET", asking + "HTTP2-Settings: AAQAAAAD\r\n"),
    (
      "not listed", "GET",
      "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAQAAAAD\r\n"
    ),
    (
      "without upgrade in Connection", "GET",
      "Connection: HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAQAAAAD\r\n"
    ),
    (
      "another protocol", "GET",
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: websocket, h2\r\nHTTP2-Settings: \r\n"
    ),
    ("no whole entry", "GET", asking(settings: "AAQAAA")),
    ("an entry and two bytes", "GET", asking(settings: "AAQAAAADAAA")),
    ("padding", "GET", asking(settings: "AAQAAAA=")),
    ("not of the URL's alphabet", "GET", asking(settings: "AAQAAA+/")),
    ("too many settings", "GET", asking(settings: String(repeating: "AAQAAAAD", count: 33))),
    ("a length of nothing", "GET", asking + "Content-Length: 0\r\n"),
    ("a client that waits", "GET", asking + "Expect: 100-continue\r\n"),
    ("POST", "POST", asking),
    ("DELETE", "DELETE", asking),
  ]

  @Test(arguments: ignored)
  func everythingElseIsServedAsHTTP1(_ name: String, _ method: String, _ fields: String) throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver(Self.request("/a", method: method, fields: fields), from: client)
    try local.get("/b", from: client)
    let statuses = try local.responses(2, to: client).map(\.status)
    #expect(statuses == [method == "DELETE" ? 405 : 200, 200], "\(name)")
    #expect(local.handler.requests == ["\(method) /a", "GET /b"])
    #expect(local.server.counters.connections(.upgraded) == 0)
  }

  @Test func contentIsNeverCarriedOver() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver(
      Self.request("/a", fields: Self.asking + "Content-Length: 3\r\n") + "abc", from: client)
    try local.deliver(
      Self.request("/b", fields: Self.asking + "Transfer-Encoding: chunked\r\n")
        + "1\r\na\r\n0\r\n\r\n", from: client)
    #expect(try local.responses(2, to: client).map(\.body) == ["/a", "/b"])
  }

  @Test func connectionsThatEndAnywayDoNotChange() throws {
    let local = try LocalServer()
    let closing = try local.connect()
    try local.deliver(
      Self.request("/a", fields: Self.asking + "Connection: close\r\n"), from: closing)
    #expect(try local.isClosed(closing))
    let old = try local.connect()
    try local.deliver(
      "GET /b HTTP/1.0\r\n" + Self.asking + "Connection: keep-alive\r\n\r\n", from: old)
    #expect(try local.responses(1, to: old).map(\.body) == ["/b"])
    #expect(closing.responses.map(\.body) == ["/a"])
  }

  @Test func theSwitchIsHeeded() throws {
    var limits = Limits()
    limits.allowsUpgrade = false
    let local = try LocalServer(limits: limits)
    let client = try local.connect()
    try local.deliver(Self.request("/a"), from: client)
    #expect(try local.responses(1, to: client).map(\.body) == ["/a"])
  }

  @Test func aServerThatEndsDoesNotChange() {
    let peer = HTTP1Peer()
    peer.context.isDraining = true
    peer.send(Self.request("/a"))
    #expect(peer.statuses == [200])
  }

  @Test func anEncryptedConnectionDoesNotChange() {
    let peer = HTTP1Peer(connection: ConnectionInfo(isEncrypted: true))
    peer.send(Self.request("/a") + Self.request("/b"))
    #expect(peer.responses.map(\.body) == ["/a", "/b"])
  }

  // MARK: - What stands behind the request

  /// Behind 101 nothing is HTTP/1.1 any more, even what came with the request.
  @Test func aRequestBehindTheChangeIsNotRead() throws {
    let local = try LocalServer()
    let client = try local.connect()
    client.send(Self.request("/a") + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(try local.isClosed(client))
    #expect(!local.handler.requests.contains("GET /smuggled"))
    #expect(local.server.counters.refused(.malformedHTTP2) == 1)
  }

  /// Without 101 nothing is HTTP/2.
  @Test func aPrefaceBehindAnIgnoredChangeIsARequest() throws {
    let local = try LocalServer()
    let client = try local.connect()
    let request = Self.request("/a", method: "POST")
    client.send(Array(request.utf8) + Frame.opening + Frame.request("/b", stream: 1).bytes)
    #expect(try local.isClosed(client))
    #expect(client.responses.map(\.status) == [200, 505])
    #expect(local.handler.requests == ["POST /a"])
  }

  /// The change is made in its turn, after the answers to the requests before it.
  @Test func theChangeWaitsForTheAnswersBeforeIt() throws {
    let local = try LocalServer()
    local.handler.responses["/big"] = .letters("b", count: 4_000_000)
    let client = try local.connect()
    client.send("GET /big HTTP/1.1\r\nHost: x\r\n\r\n" + Self.request("/a"))
    let switching = Array(Self.switching.utf8)
    #expect(try local.turn { client.tail(100).contains(switching) })
    #expect(client.responses[0].body.utf8.count == 4_000_000)
    try local.deliver(Frame.opening + Frame.request("/b", stream: 3).bytes, from: client)
    #expect(try local.turn { client.tail(100).contains(Array("/b".utf8)) })
    #expect(local.handler.requests == ["GET /big", "GET /a", "GET /b"])
  }

  @Test func aStreamedAnswerGoesOnInTheFirstStream() throws {
    let local = try LocalServer()
    let source = StreamSource()
    local.handler.responses["/s"] = .streaming(source)
    let client = try local.connect()
    try local.deliver(Self.request("/s"), from: client)
    try local.deliver(Frame.opening, from: client)
    #expect(try local.turn { source.signal != nil })
    source.give(.text("one"), .last([]))
    #expect(try local.turn { client.upgradedFrames?.ends(1) ?? false })
    #expect(client.upgradedFrames?.content(1) == "one")
  }

  @Test func theDrainEndsAnUpgradedConnection() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver(Self.request("/a"), from: client)
    try local.deliver(Frame.opening, from: client)
    var isDrained = false
    local.server.drain(within: 5 * nanosecondsPerSecond) { isDrained = true }
    #expect(try local.turn { client.upgradedFrames?.contains { $0.kind == .ping } ?? false })
    let ping = try #require(client.upgradedFrames?.last { $0.kind == .ping })
    try local.deliver(Frame(.ping, flags: 1, ping.payload).bytes, from: client)
    #expect(try local.isClosed(client))
    #expect(client.upgradedFrames?.goAways == [0x7FFF_FFFF, 1])
    client.shutdownSending()
    #expect(try local.turn { isDrained })
  }
}

extension LocalClient {
  /// The last bytes that have arrived.
  func tail(_ count: Int) -> ArraySlice<UInt8> {
    receive()
    return received.suffix(count)
  }

  /// The frames behind 101, if they are whole; nil without 101.
  var upgradedFrames: [Frame]? {
    receive()
    let head = Array(UpgradeTests.switching.utf8)
    guard received.starts(with: head) else { return nil }
    return Frame.parse(Array(received[head.count...])) ?? []
  }
}
