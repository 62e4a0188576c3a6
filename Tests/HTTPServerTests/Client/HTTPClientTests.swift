import EventLoop
import Foundation
import HTTPServer
import StubServer
import Testing

@Suite("The client, through sockets")
struct HTTPClientTests {
  private static let seconds: Int64 = 20_000

  private func client(_ stub: StubServer, token: String? = nil) throws(TLSError) -> HTTPClient {
    try HTTPClient(ServerAddress(.tcp(host: "127.0.0.1", port: stub.port)), token: token)
  }

  private func fetch(
    _ stub: StubServer, _ request: ClientRequest = ClientRequest(get: "/livez"),
    milliseconds: Int64 = seconds
  ) throws -> ClientResponse {
    try client(stub).fetch(request, by: Deadline(milliseconds: milliseconds))
  }

  @Test("A GET as it is sent, and its answer")
  func get() throws {
    let stub = try StubServer(
      .send("HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\n"),
      .pause(0.02), .send("Content-Length: 3\r\n\r\no"), .pause(0.02), .send("k\n"))
    defer { stub.close() }
    let response = try client(stub, token: "secret").fetch(
      ClientRequest(get: "/livez?verbose"), by: Deadline(milliseconds: Self.seconds))
    #expect(response.head.status == 200)
    #expect(response.head.mediaType == "text/plain")
    #expect(response.content == Array("ok\n".utf8))
    #expect(
      stub.asked.map(\.head) == [
        "GET /livez?verbose HTTP/1.1\r\nHost: 127.0.0.1:\(stub.port)\r\nConnection: close\r\n"
          + "Accept-Encoding: identity\r\nUser-Agent: vole\r\nAuthorization: Bearer secret\r\n\r\n"
      ])
  }

  @Test("A POST below a path, over a Unix domain socket")
  func post() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "v\(UUID())").path
    let stub = try StubServer(path: path, .send("HTTP/1.1 204 No Content\r\n\r\n"))
    defer { stub.close() }
    let server = ServerAddress(.unix(path: path), prefix: "/agent")
    var request = ClientRequest(post: "/call", type: "application/json", content: [0x7B, 0x7D])
    request.fields = [("connect-protocol-version", "1")]
    let response = try HTTPClient(server, token: nil).fetch(
      request, by: Deadline(milliseconds: Self.seconds))
    #expect(response.head.status == 204)
    #expect(stub.asked.first?.path == "/agent/call")
    #expect(stub.asked.first?.content == [0x7B, 0x7D])
    #expect(stub.asked.first?.head.contains("\r\nHost: localhost\r\n") == true)
    #expect(stub.asked.first?.head.contains("\r\nconnect-protocol-version: 1\r\n") == true)
  }

  @Test("Content of a stream is there as soon as it has arrived")
  func streams() throws {
    let stub = try StubServer(
      .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .send("3\r\none\r\n"), .hang)
    defer { stub.close() }
    let exchange = try client(stub).open(
      ClientRequest(get: "/s"), by: Deadline(milliseconds: Self.seconds))
    var content: [UInt8] = []
    while content.count < 3, let piece = try exchange.read(by: Deadline(milliseconds: Self.seconds))
    { content += piece }
    #expect(content == Array("one".utf8))
    #expect(throws: ClientError.timeout(.reading)) {
      try exchange.read(by: Deadline(milliseconds: 30))
    }
  }

  @Test("Nobody listens there")
  func refused() throws {
    let stub = try StubServer(.hang)
    stub.close()
    let error = #expect(throws: ClientError.self) { try fetch(stub) }
    #expect(error?.description == "connection refused")
    let path = ServerAddress(.unix(path: "/nonexistent/vole.sock"))
    #expect(throws: ClientError.cannotConnect(.noSuchEntry)) {
      try HTTPClient(path, token: nil).fetch(
        ClientRequest(get: "/"), by: Deadline(milliseconds: Self.seconds))
    }
  }

  @Test("A name that nobody has")
  func unknownHost() {
    let server = ServerAddress(.tcp(host: "vole.invalid", port: 1))
    let error = #expect(throws: ClientError.self) {
      try HTTPClient(server, token: nil).fetch(
        ClientRequest(get: "/"), by: Deadline(milliseconds: Self.seconds))
    }
    guard case .unknownHost = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("IPv6, and a name of several addresses of which one answers")
  func addresses() throws {
    let stub = try StubServer(.send("HTTP/1.1 204 No Content\r\n\r\n"))
    defer { stub.close() }
    let server = ServerAddress(.tcp(host: "localhost", port: stub.port))
    let response = try HTTPClient(server, token: nil).fetch(
      ClientRequest(get: "/"), by: Deadline(milliseconds: Self.seconds))
    #expect(response.head.status == 204)
    let listener: Listener
    do throws(ListenError) {
      listener = try Listener.listen(host: "::1", port: 0)
    } catch { return }
    // The kernel completes the connection though nobody accepts it.
    let six = ServerAddress(.tcp(host: "::1", port: listener.port))
    #expect(throws: ClientError.timeout(.waiting)) {
      try HTTPClient(six, token: nil).fetch(
        ClientRequest(get: "/"), by: Deadline(milliseconds: 30))
    }
  }

  @Test("One deadline holds whatever the server does")
  func timeouts() throws {
    let silent = try StubServer(.hang)
    defer { silent.close() }
    #expect(throws: ClientError.timeout(.waiting)) { try fetch(silent, milliseconds: 50) }
    let half = try StubServer(.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na"), .hang)
    defer { half.close() }
    #expect(throws: ClientError.timeout(.reading)) { try fetch(half, milliseconds: 50) }
    let slow = try StubServer { _, _ in
      [.send("HTTP/1.1 200 OK\r\n\r\n")]
        + (0..<200).flatMap { _ in [StubServer.Act.send("a"), .pause(0.01)] }
    }
    defer { slow.close() }
    let begun = Clock.system.monotonicNanoseconds()
    #expect(throws: ClientError.timeout(.reading)) { try fetch(slow, milliseconds: 100) }
    let taken = Clock.system.monotonicNanoseconds() - begun
    #expect(taken < 1_500 * nanosecondsPerMillisecond)
  }

  @Test("A server that refuses before it has read everything is heard")
  func refusesEarly() throws {
    let stub = try StubServer(.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"))
    defer { stub.close() }
    var request = ClientRequest(get: "/")
    request.posted = ("application/json", [UInt8](repeating: 0x20, count: 100))
    #expect(try fetch(stub, request).head.status == 413)
  }

  @Test("A connection that ends early is told, and where")
  func endsEarly() throws {
    let silent = try StubServer { _, _ in [] }
    defer { silent.close() }
    let none = #expect(throws: ClientError.self) { try fetch(silent) }
    #expect(none == .endedEarly(.waiting) || none == .broken(.waiting, Errno(rawValue: ECONNRESET)))
    let half = try StubServer(.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na"))
    defer { half.close() }
    #expect(throws: ClientError.endedEarly(.reading)) { try fetch(half) }
  }
}
