import HTTPServer
import SeededRandom
import Testing

@Suite struct HTTP1ConnectionTests {
  private static func get(_ path: String, _ fields: String...) -> String {
    "GET \(path) HTTP/1.1\r\nHost: x\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
  }

  // MARK: - The response

  @Test func writesTheWholeResponse() {
    let peer = HTTP1Peer()
    peer.handler.responses["/livez"] = Response(
      .ok, .json, body: Array("{}".utf8), headers: [Header("cache-control", "no-store")])
    peer.send(Self.get("/livez"))
    #expect(
      String(decoding: peer.received, as: UTF8.self)
        == "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        + "cache-control: no-store\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\n\r\n{}")
  }

  @Test func theDateFollowsTheClock() {
    let peer = HTTP1Peer()
    for (seconds, expected) in [
      (0.9, "Fri, 20 Nov 2026 12:00:00 GMT"), (0.1, "Fri, 20 Nov 2026 12:00:01 GMT"),
      (86_400 * 11 - 1, "Tue, 01 Dec 2026 12:00:00 GMT"),
      (86_400 * 31, "Fri, 01 Jan 2027 12:00:00 GMT"),
      (86_400 * 424, "Tue, 29 Feb 2028 12:00:00 GMT"),
    ] {
      peer.clock.advance(seconds: seconds)
      peer.context.refreshDate(now: peer.clock.now)
      peer.send(Self.get("/"))
      #expect(peer.responses.last?.field("date") == expected)
    }
  }

  @Test func headHasTheSameFieldsAndNoContent() {
    let peer = HTTP1Peer()
    peer.handler.responses["/a"] = .letters("x", count: 200)
    peer.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n" + Self.get("/b"))
    let responses = HTTP1Response.parse(peer.received, heads: [0])
    #expect(responses.map(\.status) == [200, 200])
    #expect(responses[0].field("content-length") == "200")
    #expect(responses[1].body == "/b")
    #expect(peer.handler.requests == ["HEAD /a", "GET /b"])
  }

  @Test func refusalsOfHeadHaveNoContentEither() {
    let peer = HTTP1Peer()
    peer.send("HEAD /% HTTP/1.1\r\nHost: x\r\n\r\n")
    let responses = HTTP1Response.parse(peer.received, heads: [0])
    #expect(responses.map(\.status) == [400])
  }

  @Test func noContentHasNeitherLengthNorType() {
    let peer = HTTP1Peer()
    peer.handler.responses["/none"] = Response(.noContent, .text, body: [1, 2, 3])
    peer.send(Self.get("/none") + Self.get("/b"))
    #expect(peer.statuses == [204, 200])
    #expect(peer.responses[0].field("content-length") == nil)
    #expect(peer.responses[0].field("content-type") == nil)
  }

  @Test func refusalsSayWhy() {
    let peer = HTTP1Peer()
    peer.send("GET / HTTP/1.1\r\n\r\n")
    #expect(peer.responses.first?.body == "the Host field is missing\n")
    #expect(peer.responses.first?.field("content-type") == "text/plain; charset=utf-8")
    #expect(peer.context.counters.refused(.missingHost) == 1)
    #expect(peer.context.counters.responses(.badRequest) == 1)
  }

  @Test func whoSpeaksNeitherProtocolIsLeftWithoutAWord() {
    let peer = HTTP1Peer()
    peer.send("INVALID CONNECTION PREFACE\r\n\r\n")
    #expect(peer.isBroken && peer.received.isEmpty)
    #expect(peer.context.counters.refused(.notHTTP) == 1)
    let later = HTTP1Peer()
    later.send(Self.get("/a") + "INVALID CONNECTION PREFACE\r\n\r\n")
    #expect(later.statuses == [200, 400])
    let lower = HTTP1Peer()
    lower.send("GET / http/1.1\r\nHost: x\r\n\r\n")
    #expect(lower.statuses == [400])
  }

  // MARK: - Methods

  @Test(arguments: ["DELETE", "TRACE"])
  func whatIsNotAllowedLeavesTheConnection(_ method: String) {
    let peer = HTTP1Peer()
    peer.send(
      "\(method) /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + Self.get("/b"))
    #expect(peer.statuses == [405, 200])
    #expect(peer.responses[0].field("allow") == "GET, HEAD, POST")
    #expect(peer.handler.requests.last == "GET /b")
  }

  @Test(arguments: ["PUT", "OPTIONS", "PATCH", "POST", "HEAD"])
  func theHandlerIsAskedWithEveryMethodOfAResource(_ method: String) {
    let peer = HTTP1Peer()
    peer.send("\(method) /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" + Self.get("/b"))
    #expect(peer.handler.requests == ["\(method) /a", "GET /b"])
  }

  @Test func targetsOfOtherMethodsDoNotMatter() {
    let peer = HTTP1Peer()
    peer.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\nCONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(peer.statuses == [405, 405])
  }

  @Test(arguments: ["BREW", "get", "PRIX", "GETT"])
  func unknownMethodsAreNotImplemented(_ method: String) {
    let peer = HTTP1Peer()
    peer.send("\(method) / HTTP/1.1\r\nHost: x\r\n\r\n" + Self.get("/b"))
    #expect(peer.statuses == [501, 200])
  }

  // MARK: - Persistence

  @Test func answersPipelinedRequestsInOrder() {
    let peer = HTTP1Peer()
    let requests = (0..<50).map { Self.get("/\($0)") }.joined()
    peer.send(requests)
    #expect(peer.responses.map(\.body) == (0..<50).map { "/\($0)" })
    let cut = HTTP1Peer()
    cut.send(requests, cutAt: Array(stride(from: 7, to: requests.utf8.count, by: 7)))
    #expect(cut.received == peer.received)
  }

  @Test func closesWhenTheClientSaysSo() {
    let peer = HTTP1Peer()
    peer.send(Self.get("/a", "Connection: foo, Close") + Self.get("/b"))
    #expect(peer.responses.map(\.body) == ["/a"])
    #expect(peer.responses[0].field("connection") == "close")
    #expect(peer.isFinished)
  }

  @Test func http10ClosesUnlessAskedNotTo() {
    let closing = HTTP1Peer()
    closing.send("GET /a HTTP/1.0\r\n\r\n")
    #expect(closing.isFinished)
    #expect(closing.responses.first?.field("connection") == "close")
    let keeping = HTTP1Peer()
    keeping.send("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n")
    #expect(keeping.responses.map { $0.field("connection") } == ["keep-alive", "close"])
    #expect(keeping.isFinished)
  }

  @Test func drainingEndsTheConnectionWithTheNextAnswer() {
    let peer = HTTP1Peer()
    peer.send("GET /a HTTP/1.1\r\n")
    peer.context.isDraining = true
    peer.send("Host: x\r\n\r\n" + Self.get("/b"))
    #expect(peer.responses.map(\.body) == ["/a"])
    #expect(peer.responses[0].field("connection") == "close")
    #expect(peer.isFinished)
  }

  @Test func aRequestThatComesTooSlowlyIsToldSo() {
    let peer = HTTP1Peer()
    peer.send("GET /a HT")
    #expect(peer.isReadingRequest)
    peer.timeOut()
    #expect(peer.statuses == [408])
    #expect(peer.isFinished)
    let idle = HTTP1Peer()
    idle.send(Self.get("/a"))
    idle.timeOut()
    #expect(idle.statuses == [200])
    #expect(idle.isFinished)
  }

  // MARK: - Content

  @Test func contentIsThrownAwayWithinItsBound() {
    var limits = Limits()
    limits.bodyBytes = 10
    for (length, status) in [(10, 200), (11, 413)] {
      let plain = HTTP1Peer(limits: limits)
      let content = String(repeating: "c", count: length)
      plain.send(Self.get("/a", "Content-Length: \(length)") + "")
      plain.send(content)
      #expect(plain.statuses == [status])
      #expect(plain.isFinished == (status == 413))
      let chunked = HTTP1Peer(limits: limits)
      chunked.send(Self.get("/a", "Transfer-Encoding: chunked"))
      for letter in content { chunked.send("1\r\n\(letter)\r\n") }
      chunked.send("0\r\n\r\n")
      #expect(chunked.statuses == [status])
    }
  }

  @Test func trailersCountForTheBound() {
    var limits = Limits()
    limits.bodyBytes = 10
    let peer = HTTP1Peer(limits: limits)
    peer.send(Self.get("/a", "Transfer-Encoding: chunked") + "0\r\nabcdefgh: ijkl\r\n")
    #expect(peer.statuses == [413])
  }

  @Test func saysContinueWhenTheClientWaitsForIt() {
    let peer = HTTP1Peer()
    peer.send(Self.get("/a", "Expect: 100-Continue", "Content-Length: 3"))
    #expect(String(decoding: peer.received, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
    peer.send("abc")
    #expect(peer.statuses == [100, 200])
  }

  @Test func saysNoContinueWhenTheContentIsComing() {
    let peer = HTTP1Peer()
    peer.send(Self.get("/a", "Expect: 100-continue", "Content-Length: 3") + "abc")
    #expect(peer.statuses == [200])
    let without = HTTP1Peer()
    without.send(Self.get("/a", "Expect: 100-continue"))
    #expect(without.statuses == [200])
  }

  @Test func refusesBeforeTheContentComesAndCloses() {
    let peer = HTTP1Peer()
    peer.send("TRACE /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    #expect(peer.statuses == [405])
    #expect(peer.isFinished)
    let large = HTTP1Peer()
    large.send(Self.get("/a", "Expect: 100-continue", "Content-Length: 1000000"))
    #expect(large.statuses == [413])
    #expect(large.isFinished)
  }

  // MARK: - Bounds

  @Test func theRequestLineHasABound() {
    for (length, status) in [(4_096, 200), (4_097, 414)] {
      let target = "/" + String(repeating: "a", count: length - "GET / HTTP/1.1".utf8.count)
      let whole = HTTP1Peer()
      whole.send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(whole.statuses == [status])
    }
    // It is not waited for the end of a line that is too long.
    let endless = HTTP1Peer()
    endless.send("GET /" + String(repeating: "a", count: 5_000))
    #expect(endless.statuses == [414])
  }

  @Test func theHeadHasABound() {
    let frame = "GET / HTTP/1.1\r\nHost: x\r\na: \r\n\r\n".utf8.count
    for (length, status) in [(8_192, 200), (8_193, 431)] {
      let peer = HTTP1Peer()
      peer.send(Self.get("/", "a: " + String(repeating: "b", count: length - frame)))
      #expect(peer.statuses == [status])
    }
    let endless = HTTP1Peer()
    for _ in 0..<90 where !endless.isFinished {
      endless.send(
        endless.received.isEmpty && !endless.isReadingRequest ? "GET / HTTP/1.1\r\n" : "")
      endless.send("a: " + String(repeating: "b", count: 200) + "\r\n")
    }
    #expect(endless.statuses == [431])
  }

  @Test func fieldsHaveABound() {
    for (count, status) in [(63, 200), (64, 431)] {
      let peer = HTTP1Peer()
      let fields = (0..<count).map { "a\($0): b\r\n" }.joined()
      peer.send("GET / HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
      #expect(peer.statuses == [status])
    }
  }

  /// A client that sends and never reads makes the server keep one buffer, not its answers.
  @Test func requestsWaitWhileTheOutputIsFull() {
    let peer = HTTP1Peer()
    peer.handler.responses["/big"] = .letters("b", count: 50_000)
    let made = peer.sendWithoutDraining((0..<20).map { _ in Self.get("/big") }.joined())
    #expect(made <= 65_536 + 500)
    #expect(peer.handler.requests.count == 2)
    #expect(peer.hasMoreOutput)
    var buffers = 1
    while peer.hasMoreOutput {
      #expect(peer.takeOutput() <= 65_536 + 500)
      buffers += 1
    }
    #expect(peer.responses.map(\.body.utf8.count) == Array(repeating: 50_000, count: 20))
    #expect(buffers >= 16)
  }

  @Test func aLargeAnswerIsWrittenInBuffers() {
    let peer = HTTP1Peer()
    peer.handler.responses["/huge"] = .letters("h", count: 1_000_000)
    peer.send(Self.get("/huge", "Connection: close"))
    #expect(peer.responses.map(\.body.utf8.count) == [1_000_000])
    #expect(peer.isFinished)
    #expect(!peer.hasMoreOutput)
  }

  /// Random mutations of requests: no trap, and every answer is a response.
  @Test func survivesRandomBytes() {
    let seed: UInt64 = 20_261_120
    var generator = SeededGenerator(seed: seed)
    let seeds = (HTTP1ReaderTests.accepted + HTTP1ReaderTests.lenientElsewhere).map {
      Array($0.bytes.utf8)
    }
    for round in 0..<1_500 {
      var bytes: [UInt8] = []
      for _ in 0..<(1 + generator.next() % 3) {
        bytes += seeds[Int(generator.next() % UInt64(seeds.count))]
      }
      for _ in 0..<(generator.next() % 4) {
        let place = Int(generator.next() % UInt64(bytes.count))
        switch generator.next() % 3 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
        case 1: bytes.remove(at: place)
        default: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
        }
        if bytes.isEmpty { bytes = [13] }
      }
      let whole = HTTP1Peer()
      whole.send(bytes)
      let cut = HTTP1Peer()
      cut.send(bytes, cutAt: [bytes.count / 3, bytes.count / 2])
      // Two mistakes in one line may be told in either order, but both are refused.
      #expect(whole.statuses == cut.statuses, "seed \(seed), round \(round)")
      #expect(whole.handler.requests == cut.handler.requests, "seed \(seed), round \(round)")
      #expect(!whole.statuses.contains(-2), "seed \(seed), round \(round)")
    }
  }
}
