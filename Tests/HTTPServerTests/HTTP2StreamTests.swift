import HTTPServer
import Testing

@Suite("Streamed answers of HTTP/2")
struct HTTP2StreamTests {
  private func peer(
    _ source: StreamSource, limits: Limits = Limits(), settings: [(UInt16, UInt32)] = []
  ) throws -> HTTP2Peer {
    let peer = try HTTP2Peer.connected(limits: limits, settings: settings)
    peer.handler.responses["/s"] = .streaming(source)
    return peer
  }

  @Test func piecesComeAndEnd() throws {
    let peer = try peer(.texts("one", "two"))
    peer.send(Frame.request("/s", stream: 1))
    let frames = try peer.frames()
    #expect(frames.content(1) == "onetwo")
    #expect(frames.ends(1))
    #expect(peer.session.isIdle)
  }

  @Test func theHeadGoesBeforeTheFirstPiece() throws {
    let source = StreamSource()
    let peer = try peer(source)
    peer.send(Frame.request("/s", stream: 1))
    #expect(try peer.frames().map(\.kind) == [.headers])
    source.give(.text("a"))
    peer.wake()
    #expect(try peer.frames().content(1) == "a")
    // Other streams go on meanwhile.
    peer.send(Frame.request("/b", stream: 3))
    #expect(try peer.frames().content(3) == "/b")
    source.give(.last(Array("z".utf8)))
    peer.wake()
    let frames = try peer.frames()
    #expect(frames.content(1) == "z" && frames.ends(1))
    #expect(source.closed == 1)
  }

  @Test func aResetEndsTheSource() throws {
    let source = StreamSource()
    let peer = try peer(source)
    peer.send(Frame.request("/s", stream: 1))
    peer.send(Frame.reset(1))
    #expect(source.closed == 1)
    source.signal?.raise()
    #expect(peer.context.raisedSignals == 0)
    #expect(peer.session.isIdle)
  }

  @Test func theEndOfTheConnectionEndsTheSourceOnce() throws {
    let source = StreamSource()
    let peer = try peer(source)
    peer.send(Frame.request("/s", stream: 1))
    peer.session.close()
    #expect(source.closed == 1)
    peer.session.close()
    #expect(source.closed == 1)
  }

  @Test func aSourceThatCannotGoOnResetsItsStreamAlone() throws {
    let source = StreamSource(.text("a"), .abort)
    let peer = try peer(source)
    peer.send(Frame.request("/s", stream: 1), Frame.request("/b", stream: 3))
    let frames = try peer.frames()
    #expect(frames.contains { $0.kind == .resetStream && $0.stream == 1 })
    #expect(!frames.ends(1))
    #expect(frames.content(3) == "/b")
    #expect(source.closed == 1)
  }

  @Test func nothingIsAskedWhileTheWindowIsShut() throws {
    let source = StreamSource()
    source.steps = (0..<10).map { _ in .text("0123456789") }
    let peer = try peer(source, settings: [(4, 15)])
    peer.send(Frame.request("/s", stream: 1))
    #expect(try peer.frames().content(1) == "012345678901234")
    #expect(source.asked <= 2)
    peer.send(Frame.windowUpdate(1_000, stream: 1))
    #expect(try peer.frames().content(1).utf8.count == 85)
    // Only what waits for the client counts as slow, not what waits for the source.
    #expect(peer.session.deadline == .max)
  }

  @Test func theDrainIsTold() throws {
    let source = StreamSource()
    let peer = try peer(source)
    peer.send(Frame.request("/s", stream: 1))
    peer.session.drain(now: peer.clock.now)
    peer.flush()
    let frames = try peer.frames()
    #expect(source.drained == 1)
    #expect(frames.content(1) == "bye" && frames.ends(1))
  }

  @Test func aStreamThatBeginsDuringTheDrainIsToldAtOnce() throws {
    let source = StreamSource()
    let peer = try peer(source)
    peer.context.isDraining = true
    peer.send(Frame.request("/s", stream: 1))
    #expect(source.drained == 1)
    #expect(try peer.frames().content(1) == "bye")
  }

  @Test func contentOfAPostIsKept() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(
      Frame.request("/a", method: "POST", stream: 1, endsStream: false),
      Frame.data("one", stream: 1, endsStream: false),
      Frame.data("two", stream: 1, endsStream: true))
    #expect(try peer.frames().content(1) == "onetwo")
    #expect(peer.context.keptContent == 0)
  }

  @Test func aClientThatWaitsBeforeItPostsIsToldToGoOn() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(
      Frame.request(
        "/a", method: "POST", stream: 1, endsStream: false, [("expect", "100-continue")]))
    let frames = try peer.frames()
    #expect(frames.map(\.kind) == [.headers] && !frames.ends(1))
    peer.send(Frame.data("one", stream: 1, endsStream: true))
    #expect(try peer.frames().content(1) == "one")
  }

  @Test func allContentTogetherHasABound() throws {
    var limits = Limits()
    limits.keptContentBytes = 10
    let peer = try HTTP2Peer.connected(limits: limits)
    peer.send(
      Frame.request("/a", method: "POST", stream: 1, endsStream: false),
      Frame.request("/a", method: "POST", stream: 3, endsStream: false),
      Frame.data("01234567", stream: 1, endsStream: false),
      Frame.data("01234567", stream: 3, endsStream: true))
    let frames = try peer.frames()
    #expect(frames.content(3) == "too much content is arriving at once\n")
    peer.send(Frame.data("89", stream: 1, endsStream: true))
    #expect(try peer.frames().content(1) == "0123456789")
    peer.send(
      Frame.request("/a", method: "POST", stream: 5, endsStream: false),
      Frame.data("01234567", stream: 5, endsStream: false), Frame.reset(5))
    #expect(peer.context.keptContent == 0)
  }
}
