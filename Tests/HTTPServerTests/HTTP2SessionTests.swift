import EventLoop
import HTTPServer
import Testing

@Suite struct HTTP2SessionTests {
  // MARK: - Requests and responses

  @Test func beginsWithItsSettings() throws {
    let peer = try HTTP2Peer()
    peer.send(Frame.preface + Frame.settings().bytes)
    let frames = try peer.frames()
    #expect(frames.map(\.kind) == [.settings, .settings])
    #expect(
      frames[0] == Frame.settings([(3, 100), (6, 16_384)]))
    #expect(frames[1] == Frame.settingsAcknowledgement)
  }

  @Test func answersARequest() throws {
    let peer = try HTTP2Peer.connected()
    peer.handler.inspect = { request in
      #expect(request.version == .http2)
      #expect(String(decoding: request.authority, as: UTF8.self) == "x")
      #expect(request.query.map { String(decoding: $0, as: UTF8.self) } == "b=c")
      #expect(request.segmentCount == 2)
    }
    peer.send(Frame.request("/a/1?b=c", stream: 1, [("x-tag", "t")]))
    let frames = try peer.frames()
    #expect(frames.map(\.kind) == [.headers, .data])
    #expect(frames.indexedStatus(1) == IndexedStatus.ok)
    #expect(frames.content(1) == "/a/1")
    #expect(frames.ends(1))
    #expect(peer.handler.requests == ["GET /a/1 t"])
    #expect(peer.context.counters.responses(.ok) == 1)
    #expect(peer.session.isIdle)
    #expect(!peer.session.isFinished)
  }

  @Test(arguments: [1, 9, 10, 100])
  func answersAlikeHoweverTheBytesAreCut(_ size: Int) throws {
    let bytes =
      Frame.preface + Frame.settings([(4, 1_000)]).bytes + Frame.settingsAcknowledgement.bytes
      + (0..<20).flatMap { Frame.request("/\($0)", stream: UInt32(2 * $0 + 1)).bytes }
    let whole = try HTTP2Peer()
    whole.send(bytes)
    let cut = try HTTP2Peer()
    cut.send(bytes, pieces: size)
    #expect(cut.handler.requests == whole.handler.requests)
    let wholeFrames = try whole.frames()
    let cutFrames = try cut.frames()
    for index in 0..<20 {
      let stream = UInt32(2 * index + 1)
      #expect(wholeFrames.content(stream) == "/\(index)")
      #expect(cutFrames.content(stream) == "/\(index)")
      #expect(cutFrames.ends(stream))
    }
    #expect(cutFrames.count == wholeFrames.count)
  }

  @Test func headHasNoContent() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame.request("/a", method: "HEAD", stream: 1))
    let frames = try peer.frames()
    #expect(frames.map(\.kind) == [.headers])
    #expect(frames.ends(1))
    #expect(peer.handler.requests == ["HEAD /a"])
  }

  @Test func refusesMethods() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(
      Frame.request("/a", method: "DELETE", stream: 1),
      Frame.request("/a", method: "BREW", stream: 3),
      Frame.request("/a", method: "POST", stream: 5, endsStream: false),
      Frame.data("content", stream: 5, endsStream: true),
      Frame.headers([(":method", "CONNECT"), (":authority", "x:1")], stream: 7))
    let frames = try peer.frames()
    #expect(frames.ends(1) && frames.ends(3) && frames.ends(5))
    #expect(frames.content(3) == "the method is not known\n")
    #expect(peer.context.counters.responses(.methodNotAllowed) >= 1)
    #expect(peer.context.counters.responses(.notImplemented) == 1)
    #expect(frames.content(5) == "content")
    #expect(peer.handler.requests == ["DELETE /a", "POST /a"])
    peer.send(Frame.request("/b", stream: 9))
    #expect(try peer.frames().content(9) == "/b")
  }

  @Test(arguments: ["a", "*", "http://x/a", "/a#b", "/%", "/a%2", "/\u{17C}"])
  func refusesTargets(_ path: String) throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame.request(path, stream: 1))
    let frames = try peer.frames()
    // nghttp2 itself resets some of them.
    let isReset = frames.contains { $0.kind == .resetStream && $0.stream == 1 }
    #expect(isReset || frames.indexedStatus(1) == IndexedStatus.badRequest)
    #expect(peer.handler.requests.isEmpty)
  }

  @Test func aHostThatContradictsTheAuthorityIsRefused() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(
      Frame.request("/a", stream: 1, [("host", "y")]),
      Frame.request("/b", stream: 3, [("host", "x")]),
      Frame.headers(
        [(":method", "GET"), (":scheme", "http"), (":path", "/c"), ("host", "z")], stream: 5))
    let frames = try peer.frames()
    #expect(frames.indexedStatus(1) == IndexedStatus.badRequest)
    #expect(peer.handler.requests == ["GET /b", "GET /c"])
    #expect(peer.context.counters.refused(.conflictingHost) == 1)
  }

  @Test func contentIsThrownAwayWithinItsBound() throws {
    var limits = Limits()
    limits.bodyBytes = 10
    let peer = try HTTP2Peer.connected(limits: limits)
    peer.send(
      Frame.request("/a", stream: 1, endsStream: false),
      Frame.data("01234", stream: 1, endsStream: false),
      Frame.data("56789", stream: 1, endsStream: true))
    #expect(try peer.frames().content(1) == "/a")
    peer.send(
      Frame.request("/b", stream: 3, endsStream: false),
      Frame.data("0123456789", stream: 3, endsStream: false))
    #expect(try peer.frames().isEmpty)
    peer.send(Frame.data("a", stream: 3, endsStream: false))
    let frames = try peer.frames()
    #expect(frames.content(3) == "the content is too large\n")
    #expect(frames.last == Frame.reset(3, code: 0))
    #expect(peer.context.counters.responses(.contentTooLarge) == 1)
    // What the client sent before it learnt that is thrown away.
    peer.send(Frame.data("more", stream: 3, endsStream: true), Frame.request("/c", stream: 5))
    #expect(try peer.frames().content(5) == "/c")
    #expect(peer.session.isIdle)
  }

  @Test func aClientThatWaitsForContinueIsAnsweredAtOnce() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame.request("/a", stream: 1, endsStream: false, [("expect", "100-continue")]))
    let frames = try peer.frames()
    #expect(frames.content(1) == "/a")
    #expect(frames.last == Frame.reset(1, code: 0))
  }

  @Test func trailersAreReadOver() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(
      Frame.request("/a", stream: 1, endsStream: false),
      Frame.data("c", stream: 1, endsStream: false),
      Frame.headers([("x-tag", "late")], stream: 1))
    #expect(try peer.frames().content(1) == "/a")
    #expect(peer.handler.requests == ["GET /a"])
  }

  @Test func aRequestThatIsTakenBackAtOnceIsNotAsked() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(
      Frame.request("/a", stream: 1), Frame.reset(1), Frame.request("/b", stream: 3))
    #expect(peer.handler.requests == ["GET /b"])
    #expect(peer.session.isIdle)
  }

  @Test func unknownFramesAndPrioritiesAreIgnored() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(
      Frame(type: 0xBA, flags: 0xFF, stream: 1, payload: [1, 2, 3]),
      Frame(.priority, stream: 3, [0, 0, 0, 0, 15]), Frame.request("/a", stream: 1))
    #expect(try peer.frames().content(1) == "/a")
  }

  // MARK: - Flow control and output

  @Test func contentWaitsForTheWindow() throws {
    let peer = try HTTP2Peer.connected()
    peer.handler.responses["/big"] = .letters("b", count: 200_000)
    peer.send(Frame.request("/big", stream: 1))
    #expect(try peer.frames().content(1).utf8.count == 65_535)
    peer.send(Frame.windowUpdate(1_000_000))
    #expect(try peer.frames().isEmpty)
    peer.send(Frame.windowUpdate(100_000, stream: 1))
    #expect(try peer.frames().content(1).utf8.count == 100_000)
    peer.send(Frame.windowUpdate(100_000, stream: 1))
    let rest = try peer.frames()
    #expect(rest.content(1).utf8.count == 200_000 - 165_535)
    #expect(rest.ends(1))
    #expect(peer.session.isIdle)
  }

  @Test func outputIsMadeInBuffers() throws {
    let peer = try HTTP2Peer.connected(settings: [(4, 0x7FFF_FFFF)])
    peer.send(Frame.windowUpdate(0x7FFF_0000))
    peer.handler.responses["/big"] = .letters("b", count: 1_000_000)
    let bytes = Frame.request("/big", stream: 1).bytes
    var output: [UInt8] = []
    peer.session.receive(bytes.span, now: peer.clock.now, into: &output)
    #expect(output.count <= 65_536 + 16_384 + 9)
    #expect(peer.session.hasMoreOutput)
    var total = output.count
    while peer.session.hasMoreOutput {
      let count = peer.takeOutput()
      #expect(count <= 65_536 + 16_384 + 9)
      total += count
    }
    #expect(total > 1_000_000)
    #expect(peer.session.isIdle)
  }

  @Test func aStreamThatIsResetHalfwayLeavesNothing() throws {
    let peer = try HTTP2Peer.connected()
    peer.handler.responses["/big"] = .letters("b", count: 200_000)
    peer.send(Frame.request("/big", stream: 1))
    #expect(!peer.session.isIdle)
    peer.send(Frame.reset(1))
    #expect(peer.session.isIdle)
    peer.send(Frame.windowUpdate(1_000_000), Frame.request("/a", stream: 3))
    #expect(try peer.frames().content(3) == "/a")
  }

  // MARK: - Deadlines

  @Test func settingsMustBeAcknowledged() throws {
    let peer = try HTTP2Peer()
    peer.send(Frame.preface + Frame.settings().bytes)
    peer.send(Frame.request("/a", stream: 1))
    #expect(peer.session.deadline == 10 * nanosecondsPerSecond)
    peer.clock.advance(seconds: 9.9)
    #expect(peer.session.expire(now: peer.clock.now) == .nothing)
    peer.clock.advance(seconds: 0.1)
    #expect(peer.session.expire(now: peer.clock.now) == .close(.settingsTimeout))
  }

  @Test func aRequestMustComeInTime() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame.request("/a", stream: 1, endsStream: false))
    peer.clock.advance(seconds: 5)
    peer.send(
      Frame.request("/b", stream: 3, endsStream: false),
      Frame.data("c", stream: 1, endsStream: false))
    #expect(peer.session.deadline == 10 * nanosecondsPerSecond)
    peer.clock.advance(seconds: 5)
    #expect(peer.session.expire(now: peer.clock.now) == .flush)
    peer.flush()
    #expect(try peer.frames() == [Frame.reset(1, code: 8)])
    #expect(peer.session.deadline == 15 * nanosecondsPerSecond)
    peer.send(Frame.data("c", stream: 3, endsStream: true))
    #expect(try peer.frames().content(3) == "/b")
  }

  @Test func aHeaderListMustComeInTime() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame.headers([(":method", "GET")], stream: 1, endsHeaders: false))
    peer.clock.advance(seconds: 10)
    #expect(peer.session.expire(now: peer.clock.now) == .close(.requestTimeout))
  }

  @Test func contentMustBeTaken() throws {
    let peer = try HTTP2Peer.connected(settings: [(4, 0)])
    peer.handler.responses["/big"] = .letters("b", count: 100_000)
    peer.send(Frame.request("/big", stream: 1))
    #expect(peer.session.deadline == 30 * nanosecondsPerSecond)
    // A dribble is no progress, and neither are pings.
    for _ in 0..<29 {
      peer.clock.advance(seconds: 1)
      peer.send(Frame.windowUpdate(100, stream: 1), Frame(.ping, [0, 0, 0, 0, 0, 0, 0, 1]))
    }
    #expect(peer.session.expire(now: peer.clock.now) == .nothing)
    #expect(peer.session.deadline == 30 * nanosecondsPerSecond)
    peer.send(Frame.windowUpdate(16_384, stream: 1))
    #expect(peer.session.deadline == 59 * nanosecondsPerSecond)
    peer.clock.advance(seconds: 30)
    #expect(peer.session.expire(now: peer.clock.now) == .close(.writeTimeout))
  }

  @Test func anIdleConnectionEndsGracefully() throws {
    let peer = try HTTP2Peer.connected()
    peer.clock.advance(seconds: 200)
    peer.send(Frame.request("/a", stream: 1))
    peer.clock.advance(seconds: 200)
    peer.send(Frame(.ping, [UInt8](repeating: 7, count: 8)))
    _ = try peer.frames()
    #expect(peer.session.deadline == 500 * nanosecondsPerSecond)
    #expect(peer.session.expire(now: peer.clock.now) == .nothing)
    peer.clock.advance(seconds: 100)
    #expect(peer.session.expire(now: peer.clock.now) == .flush)
    peer.flush()
    let notice = try peer.frames()
    #expect(notice.map(\.kind) == [.goAway, .ping])
    #expect(notice[0].number(at: 0) == 0x7FFF_FFFF)
    // A request that was on its way is still answered.
    peer.send(Frame.request("/b", stream: 3))
    #expect(try peer.frames().content(3) == "/b")
    peer.clock.advance(seconds: 1)
    #expect(peer.session.expire(now: peer.clock.now) == .flush)
    peer.flush()
    let last = try peer.frames()
    #expect(last.map(\.kind) == [.goAway])
    #expect(last[0].number(at: 0) == 3)
    #expect(last[0].number(at: 4) == 0)
    #expect(peer.session.isFinished)
  }

  // MARK: - Draining

  @Test func drainingWaitsForThePingAndForOpenStreams() throws {
    let peer = try HTTP2Peer.connected()
    peer.handler.responses["/big"] = .letters("b", count: 100_000)
    peer.send(Frame.request("/big", stream: 1))
    _ = try peer.frames()
    peer.session.drain(now: peer.clock.now)
    peer.flush()
    let notice = try peer.frames()
    #expect(notice.map(\.kind) == [.goAway, .ping])
    peer.send(Frame.request("/b", stream: 3), Frame(.ping, flags: 1, notice[1].payload))
    let frames = try peer.frames()
    #expect(frames.contains { $0.kind == .goAway && $0.number(at: 0) == 3 })
    #expect(!peer.session.isFinished)
    // Streams after the last one are not answered any more.
    peer.send(Frame.request("/c", stream: 5))
    #expect(peer.handler.requests == ["GET /big", "GET /b"])
    peer.send(Frame.windowUpdate(1_000_000), Frame.windowUpdate(1_000_000, stream: 1))
    let rest = try peer.frames()
    #expect(rest.content(3) == "/b")
    #expect(rest.ends(1))
    #expect(peer.session.isFinished)
  }

  @Test func drainingTwiceIsDrainingOnce() throws {
    let peer = try HTTP2Peer.connected()
    peer.session.drain(now: peer.clock.now)
    peer.session.drain(now: peer.clock.now)
    peer.flush()
    #expect(try peer.frames().map(\.kind) == [.goAway, .ping])
  }
}
