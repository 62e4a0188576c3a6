import COpenSSL
import EventLoop
import HTTPServer
import Testing

/// What clients get that speak TLS.
@Suite struct TLSTests {
  private let authority: TestAuthority

  init() throws { authority = try TestAuthority.shared.get() }

  private func server(
    _ clients: TLSSettings.ClientCertificates = .none, limits: Limits = Limits()
  ) throws -> LocalServer {
    try LocalServer(authority.settings(clients), limits: limits)
  }

  // MARK: - The protocol

  @Test func decidesByALPN() throws {
    let local = try server()
    let two = try local.connectTLS(.init(protocols: ["http/1.1", "h2"]))
    #expect(two.agreedProtocol == "h2")
    // The server's settings come before the client has said a word.
    #expect(try local.turn(two) { two.frames.contains { $0.kind == .settings } })
    two.send(Frame.opening + Frame.request("/two", stream: 1).bytes)
    #expect(try local.turn(two) { two.frames.ends(1) })
    #expect(two.frames.content(1) == "/two")
    let one = try local.connectTLS(.init(protocols: ["http/1.1"]))
    #expect(one.agreedProtocol == "http/1.1")
    #expect(try local.get("/one", from: one).map(\.body) == ["/one"])
    let counters = local.server.counters
    #expect(counters.connections(.http2) == 1 && counters.connections(.http1) == 1)
    #expect(counters.connections(.tls13) == 2 && counters.connections(.tls12) == 0)
  }

  /// What was agreed on holds, whatever comes.
  @Test func keepsToWhatWasAgreedOn() throws {
    let local = try server()
    let one = try local.connectTLS(.init(protocols: ["http/1.1"]))
    one.send(Frame.opening)
    #expect(try local.turn(one) { one.responses.first?.status == 505 })
    let two = try local.connectTLS(.init(protocols: ["h2"]))
    two.get("/")
    #expect(try local.turn(two) { two.isOver })
    #expect(!two.received.starts(with: Array("HTTP/1.1".utf8)))
  }

  @Test func decidesByTheFirstBytesWithoutALPN() throws {
    let local = try server()
    let two = try local.connectTLS()
    #expect(two.agreedProtocol == nil)
    two.send(Frame.opening + Frame.request("/two", stream: 1).bytes)
    #expect(try local.turn(two) { two.frames.ends(1) })
    let one = try local.connectTLS()
    #expect(try local.get("/one", from: one).map(\.body) == ["/one"])
  }

  @Test func refusesOtherProtocols() throws {
    let local = try server()
    let client = try local.connectTLS(.init(protocols: ["http/1.0", "h3"]))
    #expect(!client.isConnected)
    #expect(client.failure?.contains("no application protocol") == true)
    #expect(local.server.counters.refused(.handshakeFailed) == 1)
    try local.advance(seconds: 3)
    #expect(local.server.openConnections == 0)
  }

  @Test(arguments: [TLS1_VERSION, TLS1_1_VERSION])
  func refusesOldVersions(_ version: Int32) throws {
    let local = try server()
    let client = try local.connectTLS(.init(versions: version...version))
    #expect(!client.isConnected && client.failure?.contains("protocol version") == true)
    #expect(local.server.counters.refused(.handshakeFailed) == 1)
  }

  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func speaksBothVersions(_ version: Int32) throws {
    let local = try server()
    let client = try local.connectTLS(.init(versions: version...version))
    #expect(client.version == version && client.serverName == "server")
    #expect(try local.get("/a", from: client).map(\.body) == ["/a"])
    let kind = version == TLS1_3_VERSION ? Counters.Connections.tls13 : .tls12
    #expect(local.server.counters.connections(kind) == 1)
  }

  /// Without forward secrecy, without authentication of the cipher text, with finite fields.
  @Test(arguments: [
    "AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES128-CCM", "DHE-RSA-AES128-GCM-SHA256",
  ])
  func refusesOtherCiphers(_ cipher: String) throws {
    let local = try server()
    let client = try local.connectTLS(
      .init(versions: TLS1_2_VERSION...TLS1_2_VERSION, ciphers: cipher + ":@SECLEVEL=0"))
    #expect(!client.isConnected && client.failure?.contains("handshake failure") == true)
  }

  @Test(arguments: ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])
  func takesAuthenticatedCiphers(_ cipher: String) throws {
    let local = try server()
    let client = try local.connectTLS(
      .init(versions: TLS1_2_VERSION...TLS1_2_VERSION, ciphers: cipher))
    #expect(client.isConnected)
  }

  @Test func refusesFiniteFields() throws {
    let local = try server()
    #expect(!(try local.connectTLS(.init(groups: "ffdhe2048")).isConnected))
    #expect(try local.connectTLS(.init(groups: "P-256")).isConnected)
  }

  // MARK: - Pieces

  /// Handshake and request, a byte at a time.
  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func takesEverythingByteByByte(_ version: Int32) throws {
    let local = try server(.optional)
    let socket = try local.connect()
    let client = TLSClient(
      socket, .init(versions: version...version, certificate: authority.client))
    client.pieces = 1
    #expect(try local.turn(client) { client.isConnected })
    #expect(try local.get("/a", from: client).map(\.body) == ["/a"])
  }

  /// More than one read and more than one record of OpenSSL's buffer.
  @Test func answersEverythingThatCameAtOnce() throws {
    let local = try server()
    let client = try local.connectTLS()
    let filling = String(repeating: "f", count: 900)
    let request = "GET /a HTTP/1.1\r\nHost: x\r\nx-fill: \(filling)\r\n\r\n"
    client.send(String(repeating: request, count: 300))
    #expect(try local.turn(client) { client.responses.count >= 300 })
    #expect(client.responses.allSatisfy { $0.status == 200 && $0.body == "/a" })
  }

  /// The socket tells nothing while the rest of a record lies in OpenSSL's buffer.
  @Test func readsOnAfterTheOutputWasTaken() throws {
    let local = try server()
    local.handler.responses["/big"] = .letters("b", count: 900_000)
    let client = try local.connectTLS()
    client.get("/big")
    client.get("/big")
    client.get("/last")
    #expect(try local.turn(client) { client.responses.count == 3 })
    #expect(client.responses.map(\.body.count) == [900_000, 900_000, 5])
  }

  @Test func sendsBigAnswersInHTTP2() throws {
    let local = try server()
    local.handler.responses["/big"] = .letters("b", count: 300_000)
    let client = try local.connectTLS(.init(protocols: ["h2"]))
    client.send(
      Frame.preface + Frame.settings([(4, 1 << 20)]).bytes + Frame.windowUpdate(1 << 20).bytes
        + Frame.request("/big", stream: 1).bytes)
    #expect(try local.turn(client) { client.frames.ends(1) })
    #expect(client.frames.content(1) == String(repeating: "b", count: 300_000))
  }

  @Test func streamsPieceByPiece() throws {
    let local = try server()
    let source = StreamSource()
    local.handler.responses["/s"] = .streaming(source)
    let client = try local.connectTLS()
    client.get("/s")
    #expect(try local.turn(client) { source.signal != nil })
    source.give(.text("one"))
    let content = { String(decoding: client.received, as: UTF8.self) }
    #expect(try local.turn(client) { content().hasSuffix("3\r\none\r\n") })
    source.give(.last([]))
    #expect(try local.turn(client) { content().hasSuffix("0\r\n\r\n") })
    #expect(try local.get("/a", from: client).last?.body == "/a")
  }

  @Test func followsChangesOfKeys() throws {
    let local = try server()
    let client = try local.connectTLS()
    client.updateKeys()
    #expect(try local.get("/a", from: client).map(\.body) == ["/a"])
    client.updateKeys(times: 500)
    #expect(try local.get("/b", from: client).map(\.body) == ["/a", "/b"])
  }

  /// Records without content are taken one a turn, so that nobody else waits behind them.
  @Test func emptyRecordsDoNotKeepTheLoop() throws {
    let local = try server()
    let client = try local.connectTLS()
    let other = try local.connectTLS()
    client.updateKeys(times: 2_000)
    try local.waitUntilDelivered(client.socket)
    other.get("/probe")
    try local.waitUntilDelivered(other.socket)
    for _ in 0..<20 { try local.loop.turn(blocking: false) }
    #expect(try local.turn(other) { other.responses.count == 1 })
    #expect(try local.get("/a", from: client).map(\.body) == ["/a"])
  }

  // MARK: - Ends

  @Test func closesInOrder() throws {
    let local = try server()
    let client = try local.connectTLS()
    client.get("/a", "Connection: close\r\n")
    #expect(try local.turn(client) { client.isEnded })
    #expect(client.responses.map(\.body) == ["/a"])
    #expect(client.failure == nil && !client.socket.isReset)
    #expect(try local.turn { local.server.openConnections == 0 })
  }

  @Test func answersAClientThatHasSaidAll() throws {
    let local = try server()
    local.handler.responses["/big"] = .letters("b", count: 2_000_000)
    let client = try local.connectTLS()
    client.get("/big")
    client.shutdownSending()
    client.socket.shutdownSending()
    #expect(try local.turn(client) { client.responses.first?.body.count == 2_000_000 })
    #expect(try local.turn(client) { client.isEnded && local.server.openConnections == 0 })
  }

  @Test func forgetsAClientThatGoesInTheHandshake() throws {
    let local = try server()
    var client: TLSClient? = TLSClient(try local.connect())
    #expect(client?.isConnected == false)
    try local.settle()
    client = nil
    #expect(try local.turn { local.server.openConnections == 0 })
    #expect(local.server.counters.refused(.handshakeFailed) == 0)
  }

  @Test func closesAClientThatSpeaksPlainHTTP() throws {
    let local = try server()
    let client = try local.connect()
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(try local.isClosed(client))
    #expect(local.server.counters.refused(.handshakeFailed) == 1)
    #expect(local.handler.requests.isEmpty)
  }

  @Test func waitsOnlySoLongForTheHandshake() throws {
    let local = try server()
    let silent = try local.connect()
    let slow = TLSClient(try local.connect())
    slow.pieces = 1
    for _ in 0..<9 {
      slow.pump()
      try local.advance(seconds: 1)
    }
    #expect(local.server.openConnections == 2)
    slow.pump()
    try local.advance(seconds: 1.5)
    #expect(try local.isClosed(silent))
    #expect(local.server.openConnections == 0)
    #expect(local.server.counters.refused(.handshakeTimeout) == 2)
  }

  /// The time of the request begins when the handshake is complete.
  @Test func waitsOnlySoLongForTheRequest() throws {
    let local = try server()
    let client = try local.connectTLS()
    #expect(try local.turn(client) { local.server.counters.connections(.tls13) == 1 })
    try local.advance(seconds: 9)
    #expect(local.server.openConnections == 1)
    try local.advance(seconds: 1.5)
    #expect(local.server.openConnections == 0)
    #expect(local.server.counters.refused(.requestTimeout) == 1)
    #expect(try local.turn(client) { client.isEnded })
  }

  @Test func givesUpAHandshakeForANewConnection() throws {
    var limits = Limits()
    limits.connections = 2
    let local = try server(limits: limits)
    let silent = [try local.connect(), try local.connect()]
    let client = try local.connectTLS()
    #expect(try local.get("/a", from: client).map(\.body) == ["/a"])
    #expect(silent.filter(\.isClosed).count == 1)
  }

  @Test func drains() throws {
    let local = try server()
    let source = StreamSource()
    local.handler.responses["/s"] = .streaming(source)
    let idle = try local.connectTLS()
    #expect(try local.get("/a", from: idle).count == 1)
    let streaming = try local.connectTLS()
    streaming.get("/s")
    #expect(try local.turn(streaming) { source.signal != nil })
    let two = try local.connectTLS(.init(protocols: ["h2"]))
    two.send(Frame.opening + Frame.request("/two", stream: 1).bytes)
    #expect(try local.turn(two) { two.frames.ends(1) })
    let silent = try local.connect()
    var isDrained = false
    local.server.drain(within: 5 * nanosecondsPerSecond) { isDrained = true }
    #expect(
      try local.turn {
        for client in [idle, streaming, two] { client.pump() }
        // The client answers the PING behind the notice.
        for frame in two.frames where frame.kind == .ping && frame.flags == 0 && !isDrained {
          two.send(Frame(.ping, flags: Frame.acknowledgement, frame.payload).bytes)
        }
        return isDrained
      })
    for client in [idle, streaming, two] {
      #expect(try local.turn(client) { client.isEnded })
      #expect(client.failure == nil)
    }
    #expect(String(decoding: streaming.received, as: UTF8.self).contains("3\r\nbye\r\n0\r\n\r\n"))
    #expect(two.frames.contains { $0.kind == .goAway })
    #expect(silent.isClosed)
  }
}
