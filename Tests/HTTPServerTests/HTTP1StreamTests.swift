import HTTPServer
import Testing

@Suite("Streamed answers of HTTP/1.1")
struct HTTP1StreamTests {
  private func peer(_ source: StreamSource, limits: Limits = Limits()) -> HTTP1Peer {
    let peer = HTTP1Peer(limits: limits)
    peer.handler.responses["/s"] = .streaming(source)
    return peer
  }

  private func get(_ path: String, _ version: String = "1.1") -> String {
    "GET \(path) HTTP/\(version)\r\nHost: x\r\n\r\n"
  }

  /// What came back after the head.
  private func content(_ peer: HTTP1Peer) -> String {
    let text = String(decoding: peer.received, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return text }
    return String(text[end.upperBound...])
  }

  @Test func eachPieceIsAChunk() {
    let peer = peer(.texts("one", "sixteen letters."))
    peer.send(get("/s"))
    #expect(content(peer) == "3\r\none\r\n10\r\nsixteen letters.\r\n0\r\n\r\n")
    #expect(peer.responses[0].field("transfer-encoding") == "chunked")
    #expect(peer.responses[0].field("content-length") == nil)
    #expect(!peer.isStreaming)
  }

  @Test func theHeadGoesBeforeTheFirstPiece() {
    let source = StreamSource()
    let peer = peer(source)
    peer.send(get("/s"))
    #expect(peer.responses[0].status == 200)
    #expect(content(peer) == "")
    #expect(peer.isStreaming && !peer.hasMoreOutput)
    source.give(.text("a"), .wait)
    peer.resume()
    #expect(content(peer) == "1\r\na\r\n")
    source.give(.last(Array("b".utf8)))
    peer.resume()
    #expect(content(peer) == "1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    #expect(source.closed == 1)
  }

  @Test func aSignalIsCollectedOnceAndNotAfterTheEnd() {
    let source = StreamSource()
    let peer = peer(source)
    peer.send(get("/s"))
    source.signal?.raise()
    source.signal?.raise()
    #expect(peer.context.raisedSignals == 1)
    source.give(.last([]))
    peer.resume()
    source.signal?.raise()
    #expect(peer.context.raisedSignals == 1)
  }

  @Test func requestsBehindTheStreamWait() {
    let source = StreamSource()
    let peer = peer(source)
    peer.send(get("/s") + get("/a"))
    peer.send(get("/b"))
    #expect(peer.handler.requests == ["GET /s"])
    source.give(.last([]))
    peer.resume()
    #expect(peer.handler.requests == ["GET /s", "GET /a", "GET /b"])
    #expect(content(peer).contains("/b"))
  }

  @Test func aClientThatSendsOnIsGivenUp() {
    var limits = Limits()
    limits.pipelinedBytes = 100
    let source = StreamSource()
    let peer = peer(source, limits: limits)
    peer.send(get("/s"))
    peer.send(String(repeating: "a", count: 60))
    #expect(!peer.isBroken)
    peer.send(String(repeating: "a", count: 60))
    #expect(peer.isBroken)
    #expect(peer.context.counters.refused(.tooMuchPipelined) == 1)
    peer.close()
    #expect(source.closed == 1)
  }

  @Test func http10HasNoChunks() {
    let peer = peer(.texts("one", "two"))
    peer.send("GET /s HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get("/a", "1.0"))
    #expect(content(peer) == "onetwo")
    #expect(peer.responses[0].field("connection") == "close")
    #expect(peer.responses[0].field("transfer-encoding") == nil)
    #expect(peer.isFinished)
    #expect(peer.handler.requests == ["GET /s"])
  }

  @Test func headHasNoContentAndTheSourceIsNotAsked() {
    let source = StreamSource.texts("one")
    let peer = peer(source)
    peer.send("HEAD /s HTTP/1.1\r\nHost: x\r\n\r\n" + get("/a"))
    #expect(source.asked == 0 && source.closed == 1)
    #expect(HTTP1Response.parse(peer.received, heads: [0]).map(\.status) == [200, 200])
  }

  @Test func aSourceThatCannotGoOnBreaksTheConnection() {
    let source = StreamSource(.text("a"), .abort)
    let peer = peer(source)
    peer.send(get("/s"))
    #expect(peer.isBroken)
    #expect(!content(peer).contains("0\r\n\r\n"))
  }

  @Test func nothingIsAskedWhileTheOutputIsFull() {
    var limits = Limits()
    limits.outputBytes = 1_000
    let source = StreamSource()
    source.steps = (0..<100).map { _ in .text(String(repeating: "x", count: 400)) }
    let peer = peer(source, limits: limits)
    #expect(peer.sendWithoutDraining(get("/s")) <= 1_000)
    #expect(source.asked <= 3)
    while peer.takeOutput() > 0 {}
    #expect(source.asked == 101)
    // 100 chunks of "190", 400 letters and two line ends.
    #expect(content(peer).utf8.count == 100 * 407)
  }

  @Test func emptyPiecesDoNotHoldTheLoop() {
    let source = StreamSource()
    source.steps = (0..<1_000).map { _ in .piece([]) }
    let peer = peer(source)
    peer.send(get("/s"))
    #expect(source.asked <= 16)
    #expect(!peer.hasMoreOutput)
  }

  @Test func theDrainIsTold() {
    let source = StreamSource()
    let peer = peer(source)
    peer.send(get("/s"))
    peer.drain()
    #expect(source.drained == 1)
    #expect(content(peer) == "3\r\nbye\r\n0\r\n\r\n")
  }

  @Test func nothingIsLateWhileAnAnswerIsStreamed() {
    let source = StreamSource()
    let peer = peer(source)
    peer.send(get("/s"))
    peer.timeOut()
    #expect(source.closed == 0 && !peer.isFinished)
  }

  @Test func aStreamThatBeginsDuringTheDrainIsToldAtOnce() {
    let source = StreamSource()
    let peer = peer(source)
    peer.context.isDraining = true
    peer.send(get("/s"))
    #expect(source.drained == 1)
    #expect(content(peer) == "3\r\nbye\r\n0\r\n\r\n")
    #expect(peer.isFinished)
  }

  @Test func streamsHaveABound() {
    var limits = Limits()
    limits.streams = 0
    let source = StreamSource()
    let peer = peer(source, limits: limits)
    peer.send(get("/s") + get("/a"))
    #expect(peer.statuses == [503, 200])
    #expect(source.closed == 1 && source.asked == 0)
    #expect(peer.context.counters.refused(.tooManyStreams) == 1)
  }
}
