import HTTPServer
import SeededRandom
import Testing

/// The known attacks on HTTP/2 servers, as frames.
@Suite struct HTTP2AbuseTests {
  private static let enhanceYourCalm: UInt32 = 11

  @Test func aWrongPrefaceEndsTheConnection() throws {
    let peer = try HTTP2Peer()
    peer.send(Array("PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n".utf8))
    #expect(peer.session.failure == .malformedHTTP2)
    #expect(peer.context.counters.refused(.malformedHTTP2) == 1)
    // Nothing is done with a session that has failed.
    peer.send(Frame.request("/a", stream: 1))
    peer.flush()
    #expect(peer.handler.requests.isEmpty)
  }

  /// CVE-2016-1544: one field of four thousand bytes in the table, referred to again and again.
  @Test func aHeaderListThatInflatesEndsTheConnection() throws {
    let peer = try HTTP2Peer.connected()
    let field = [0x40] + Frame.string("bomb") + Frame.string(String(repeating: "b", count: 3_900))
    let request =
      Frame.literal(":method", "GET") + Frame.literal(":scheme", "http")
      + Frame.literal(":path", "/") + Frame.literal(":authority", "x")
    peer.send(
      Frame(
        .headers, flags: Frame.endStream | Frame.endHeaders, stream: 1,
        request + field + [UInt8](repeating: 0xBE, count: 10_000)))
    #expect(peer.session.failure == .headerListTooLarge)
    #expect(peer.handler.requests.isEmpty)
  }

  @Test func headerListsHaveABound() throws {
    // Four pseudo-fields and "a": names, values and 32 bytes for each.
    let frame =
      [":methodGET", ":schemehttp", ":path/", ":authorityx", "a"].joined().utf8.count + 160
    for (size, isTaken) in [(16_384, true), (16_385, false)] {
      let peer = try HTTP2Peer.connected()
      let value = String(repeating: "v", count: size - frame)
      let request = Frame.request("/", stream: 1, [("a", value)])
      // Larger than a frame may be: in two.
      var first = request
      first.flags = Frame.endStream
      first.payload = Array(request.payload.prefix(16_000))
      let second = Frame(
        .continuation, flags: Frame.endHeaders, stream: 1, Array(request.payload.dropFirst(16_000)))
      peer.send(first, second)
      #expect(peer.handler.requests.count == (isTaken ? 1 : 0))
      #expect(peer.session.failure == (isTaken ? nil : .headerListTooLarge))
    }
  }

  @Test func fieldsHaveABound() throws {
    for (count, isTaken) in [(60, true), (61, false)] {
      let peer = try HTTP2Peer.connected()
      peer.send(Frame.request("/", stream: 1, (0..<count).map { ("a\($0)", "b") }))
      #expect(peer.session.failure == (isTaken ? nil : .headerListTooLarge))
    }
  }

  @Test func trailersHaveTheSameBound() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(
      Frame.request("/", stream: 1, endsStream: false),
      Frame.headers((0..<65).map { ("a\($0)", "b") }, stream: 1))
    #expect(peer.session.failure == .headerListTooLarge)
  }

  /// CVE-2023-44487.
  @Test func rapidResetEndsTheConnection() throws {
    let peer = try HTTP2Peer.connected()
    for index in 0..<200 {
      let stream = UInt32(2 * index + 1)
      peer.send(Frame.request("/a", stream: stream), Frame.reset(stream))
      if peer.session.isFinished { break }
    }
    #expect(peer.session.isFinished)
    #expect(try peer.frames(.goAway).count == 1)
    #expect(peer.handler.requests.count <= 101)
  }

  /// CVE-2025-8671: the client makes the server reset, which its own limit does not count.
  @Test func madeYouResetEndsTheConnection() throws {
    let peer = try HTTP2Peer.connected()
    var resets = 0
    for index in 0..<200 where !peer.session.isFinished {
      let stream = UInt32(2 * index + 1)
      peer.send(
        Frame.request("/a", stream: stream, endsStream: false),
        Frame.windowUpdate(0x7FFF_FFFF, stream: stream))
      let frames = try peer.frames()
      resets += frames.count { $0.kind == .resetStream }
      if let goAway = frames.first(where: { $0.kind == .goAway }) {
        #expect(goAway.number(at: 4) == Self.enhanceYourCalm)
      }
    }
    #expect(resets == 101)
    #expect(peer.session.isFinished)
    #expect(peer.context.counters.refused(.tooManyResets) == 1)
  }

  @Test func aFewResetsASecondAreForgiven() throws {
    let peer = try HTTP2Peer.connected()
    for index in 0..<300 {
      let stream = UInt32(2 * index + 1)
      peer.clock.advance(seconds: 0.1)
      peer.send(
        Frame.request("/a", stream: stream, endsStream: false),
        Frame.windowUpdate(0x7FFF_FFFF, stream: stream))
    }
    #expect(!peer.session.isFinished)
    peer.send(Frame.request("/b", stream: 1_001))
    #expect(try peer.frames().content(1_001) == "/b")
  }

  /// CVE-2024-28182.
  @Test func aFloodOfContinuationsEndsTheConnection() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame.headers([(":method", "GET")], stream: 1, endsHeaders: false))
    for index in 0..<20 {
      peer.send(Frame(.continuation, stream: 1, Frame.literal("a\(index)", "b")))
    }
    #expect(peer.session.failure == .malformedHTTP2)
  }

  /// CVE-2019-9512 and 9515: more acknowledgements than a client can want at once.
  @Test(arguments: [Frame(.ping, [UInt8](repeating: 0, count: 8)), Frame.settings()])
  func aFloodOfFramesToAcknowledgeEndsTheConnection(_ frame: Frame) throws {
    let peer = try HTTP2Peer.connected()
    peer.send((0..<100).flatMap { _ in frame.bytes })
    #expect(peer.session.failure == nil)
    peer.send((0..<102).flatMap { _ in frame.bytes })
    #expect(peer.session.failure == .tooManyQueuedFrames)
  }

  /// CVE-2020-11080.
  @Test func hugeSettingsEndTheConnection() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame.settings((0..<33).map { _ in (4, 65_535) }))
    #expect(peer.session.isFinished || peer.session.failure != nil)
  }

  @Test func streamsBeyondTheLimitAreRefused() throws {
    // A window of nothing keeps all streams open.
    let peer = try HTTP2Peer()
    peer.send(Frame.preface + Frame.settings([(4, 0)]).bytes)
    for index in 0..<101 { peer.send(Frame.request("/\(index)", stream: UInt32(2 * index + 1))) }
    let frames = try peer.frames()
    #expect(frames.filter { $0.kind == .resetStream } == [Frame.reset(201, code: 7)])
    #expect(peer.handler.requests.count == 100)
    #expect(peer.session.failure == nil)
  }

  /// Answers pile up in nghttp2 when one read brings more mistakes than the queue may hold.
  @Test func theQueueHasABound() throws {
    var limits = Limits()
    limits.queuedFrames = 50
    let peer = try HTTP2Peer(limits: limits)
    peer.send(Frame.preface + Frame.settings([(4, 0)]).bytes)
    peer.send((0..<200).flatMap { Frame.request("/a", stream: UInt32(2 * $0 + 1)).bytes })
    #expect(peer.session.failure == .tooManyQueuedFrames)
  }

  @Test func emptyFramesCostNothing() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame.request("/a", stream: 1, endsStream: false))
    for _ in 0..<1_000 {
      peer.send(
        Frame.data("", stream: 1, endsStream: false), Frame.windowUpdate(1),
        Frame(.priority, stream: 1, [0, 0, 0, 0, 15]))
    }
    peer.send(Frame.data("", stream: 1, endsStream: true))
    #expect(try peer.frames().content(1) == "/a")
  }

  /// Frames that ask for nothing, without end: 10,000 at once and then 10,000 a second.
  @Test(arguments: [
    Frame.windowUpdate(1), Frame(.priority, stream: 1, [0, 0, 0, 0, 15]),
    Frame(.data, stream: 1, []),
  ])
  func aFloodOfFramesThatAskForNothingEndsTheConnection(_ frame: Frame) throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame.request("/a", stream: 1, endsStream: false))
    let hundred = (0..<100).flatMap { _ in frame.bytes }
    for _ in 0..<50 { peer.send(hundred) }
    peer.clock.advance(seconds: 0.5)
    for _ in 0..<99 { peer.send(hundred) }
    #expect(!peer.session.isFinished)
    for _ in 0..<3 { peer.send(hundred) }
    #expect(peer.session.isFinished)
    #expect(try peer.frames(.goAway).map { $0.number(at: 4) } == [Self.enhanceYourCalm])
    #expect(peer.context.counters.refused(.tooManyFrames) == 1)
  }

  /// Whoever is sent much opens windows often.
  @Test func windowsOpenedForContentAreNoFlood() throws {
    var limits = Limits()
    limits.controlFrameBurst = 20
    limits.controlFramesPerSecond = 1
    let peer = try HTTP2Peer.connected(limits: limits)
    for index in 0..<200 {
      let stream = UInt32(2 * index + 1)
      peer.send(
        Frame.request("/a", stream: stream), Frame.windowUpdate(2), Frame.windowUpdate(1))
    }
    #expect(!peer.session.isFinished)
    #expect(peer.handler.requests.count == 200)
  }

  /// Heads without their content are kept, but not without end.
  @Test func headsThatAreKeptHaveABound() throws {
    var limits = Limits()
    limits.keptHeadBytes = 1_000
    let peer = try HTTP2Peer.connected(limits: limits)
    let field = [("a", String(repeating: "b", count: 400))]
    for stream: UInt32 in [1, 3, 5] {
      peer.send(Frame.request("/\(stream)", stream: stream, endsStream: false, field))
    }
    let refused = try peer.frames()
    #expect(refused.content(5) == "too much content is arriving at once\n")
    #expect(!refused.ends(1) && !refused.ends(3))
    peer.send(Frame.data("", stream: 1, endsStream: true), Frame.reset(3))
    #expect(try peer.frames().content(1) == "/1")
    #expect(peer.context.keptHeads == 0)
    peer.send(Frame.request("/7", stream: 7, endsStream: false, field))
    #expect(peer.context.keptHeads > 400)
    peer.session.close()
    #expect(peer.context.keptHeads == 0)
  }

  /// A client that has once had many streams costs no more than others when they are over.
  @Test func placesOfStreamsAreFreed() throws {
    let peer = try HTTP2Peer.connected()
    for index in 0..<100 {
      peer.send(Frame.request("/a", stream: UInt32(2 * index + 1), endsStream: false))
    }
    #expect(peer.session.places == 100)
    for index in 0..<100 {
      peer.send(Frame.data("", stream: UInt32(2 * index + 1), endsStream: true))
    }
    #expect(peer.handler.requests.count == 100)
    #expect(peer.session.isIdle && peer.session.places <= 16)
    peer.send(Frame.request("/b", stream: 201))
    #expect(try peer.frames().content(201) == "/b")
  }

  /// A hundred large answers are not made for a client that takes none.
  @Test func answersWaitForTheClientToTakeThoseBefore() throws {
    let peer = try HTTP2Peer.connected(settings: [(4, 0)])
    peer.handler.responses["/big"] = .letters("b", count: 100_000)
    for index in 0..<50 { peer.send(Frame.request("/big", stream: UInt32(2 * index + 1))) }
    #expect(peer.handler.requests.count == 3)
    #expect(peer.context.unsent == 300_000)
    // Requests that are taken back are never answered.
    for index in 10..<50 { peer.send(Frame.reset(UInt32(2 * index + 1))) }
    peer.send(Frame.windowUpdate(10_000_000))
    for index in 0..<10 { peer.send(Frame.windowUpdate(100_000, stream: UInt32(2 * index + 1))) }
    let frames = try peer.frames()
    #expect((0..<10).allSatisfy { frames.content(UInt32(2 * $0 + 1)).utf8.count == 100_000 })
    #expect(peer.handler.requests.count == 10)
    #expect(peer.context.unsent == 0)
    #expect(peer.session.isIdle)
  }

  /// Random damage: no trap, and what comes back is whole frames.
  @Test func survivesRandomBytes() throws {
    let seed: UInt64 = 20_261_120
    var generator = SeededGenerator(seed: seed)
    for round in 0..<600 {
      var bytes = Frame.settings([(4, 100)]).bytes + Frame.settingsAcknowledgement.bytes
      for index in 0..<Int(generator.next() % 20) {
        let stream = UInt32(2 * index + 1)
        switch generator.next() % 6 {
        case 0: bytes += Frame.reset(stream).bytes
        case 1: bytes += Frame.windowUpdate(1_000, stream: stream).bytes
        case 2: bytes += Frame.request("/a", stream: stream, endsStream: false).bytes
        case 3: bytes += Frame.data("abc", stream: stream, endsStream: true).bytes
        case 4: bytes += Frame(.ping, [UInt8](repeating: 1, count: 8)).bytes
        default: bytes += Frame.request("/a", stream: stream).bytes
        }
      }
      for _ in 0..<(generator.next() % 5) {
        let place = Int(generator.next() % UInt64(bytes.count))
        bytes[place] = UInt8(truncatingIfNeeded: generator.next())
      }
      let peer = try HTTP2Peer()
      peer.send(Frame.preface)
      peer.send(bytes, pieces: 1 + Int(generator.next() % 64))
      #expect(Frame.parse(peer.received) != nil, "seed \(seed), round \(round)")
      peer.clock.advance(seconds: 1_000)
      _ = peer.session.expire(now: peer.clock.now)
      peer.flush()
      #expect(Frame.parse(peer.received) != nil, "seed \(seed), round \(round)")
    }
  }
}
