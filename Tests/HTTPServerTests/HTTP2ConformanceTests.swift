import HTTPServer
import Testing

/// Frames of a client and what RFC 9113 or RFC 7541 wants of the server.
struct ConformanceCase: CustomTestStringConvertible, Sendable {
  /// What must come back.
  enum Outcome: Sendable {
    /// The connection ends with one of these codes, or without a word.
    case connectionError([UInt32])
    /// The stream is reset with one of these codes, or the connection ends with it.
    case streamError(UInt32, [UInt32])
    /// The stream is answered.
    case answered(UInt32)
    /// A PING with this payload is acknowledged.
    case pong([UInt8])
  }

  let section: String
  let frames: [Frame]
  let outcome: Outcome
  /// Bytes that arrive at a time where they do not arrive at once.
  let piece: Int

  var testDescription: String { section }

  init(_ section: String, _ outcome: Outcome, piece: Int = 1, _ frames: Frame...) {
    self.section = section
    self.outcome = outcome
    self.piece = piece
    self.frames = frames
  }
}

/// The codes of RFC 9113 section 7.
private enum Code {
  static let protocolError: UInt32 = 1
  static let flowControl: UInt32 = 3
  static let streamClosed: UInt32 = 5
  static let frameSize: UInt32 = 6
  static let refused: UInt32 = 7
  static let compression: UInt32 = 9
}

/// The sections of RFC 9113 and RFC 7541 that a client can try, each broken or kept once.
@Suite struct HTTP2ConformanceTests {
  private static let request: [(String, String)] = [
    (":method", "GET"), (":scheme", "http"), (":path", "/a"), (":authority", "x"),
  ]
  private static let ping = [UInt8](repeating: 7, count: 8)
  private static let priority: [UInt8] = [0, 0, 0, 0, 15]

  /// HEADERS with a header block as it stands.
  private static func block(_ bytes: [UInt8], stream: UInt32 = 1) -> Frame {
    let fields = request.flatMap { Frame.literal($0.0, $0.1) }
    return Frame(
      .headers, flags: Frame.endStream | Frame.endHeaders, stream: stream, fields + bytes)
  }

  private static func open(_ stream: UInt32, _ more: [(String, String)] = []) -> Frame {
    Frame.request("/a", method: "POST", stream: stream, endsStream: false, more)
  }

  private static func without(_ name: String) -> Frame {
    Frame.headers(request.filter { $0.0 != name }, stream: 1)
  }

  private static func twice(_ name: String) -> Frame {
    Frame.headers(request + request.filter { $0.0 == name }, stream: 1)
  }

  private static func with(_ name: String, _ value: String) -> Frame {
    Frame.headers(request + [(name, value)], stream: 1)
  }

  private static func cut(_ frame: Frame, at length: Int) -> [Frame] {
    var first = frame
    first.flags &= ~Frame.endHeaders
    first.payload = Array(frame.payload.prefix(length))
    return [
      first,
      Frame(
        .continuation, flags: Frame.endHeaders, stream: frame.stream,
        Array(frame.payload.dropFirst(length))),
    ]
  }

  private static let get = Frame.request("/a", stream: 1)
  private static let halves = cut(get, at: 10)

  // MARK: - Frames and states

  static let frameFormat = [
    ConformanceCase(
      "4.1 frames of unknown type are ignored", .pong(ping),
      Frame(type: 0x16, flags: 0, stream: 0, payload: ping), Frame(.ping, ping)),
    ConformanceCase(
      "4.1 undefined flags are ignored", .pong(ping), Frame(.ping, flags: 0x16, ping)),
    ConformanceCase(
      "4.1 the reserved bit is ignored", .pong(ping), Frame(.ping, stream: 0x8000_0000, ping)),
    ConformanceCase(
      "4.2 a frame may have 16,384 bytes", .answered(1), open(1),
      Frame(.data, flags: Frame.endStream, stream: 1, [UInt8](repeating: 0, count: 16_384))),
    ConformanceCase(
      "4.2 DATA has too many bytes", .streamError(1, [Code.frameSize]), open(1),
      Frame(.data, flags: Frame.endStream, stream: 1, [UInt8](repeating: 0, count: 16_385))),
    ConformanceCase(
      "4.2 HEADERS has too many bytes", .connectionError([Code.frameSize]),
      Frame.request("/a", stream: 1, [("a", String(repeating: "b", count: 16_384))])),
    ConformanceCase(
      "4.3 a header block that is none", .connectionError([Code.compression]),
      Frame(
        .headers, flags: Frame.endStream | Frame.endHeaders, stream: 1, [0x40, 0x01, 0x50, 0xFF])),
    ConformanceCase(
      "4.3 PRIORITY inside of a header block", .connectionError([Code.protocolError]), halves[0],
      Frame(.priority, stream: 1, priority), halves[1]),
    ConformanceCase(
      "4.3 HEADERS inside of another stream's header block",
      .connectionError([Code.protocolError]), halves[0], Frame.request("/b", stream: 3),
      halves[1]),
    ConformanceCase(
      "5.5 an unknown frame inside of a header block", .connectionError([Code.protocolError]),
      halves[0], Frame(type: 0xBA, flags: 0, stream: 1, payload: []), halves[1]),
    ConformanceCase(
      "5.5 an unknown frame outside of one", .answered(1),
      Frame(type: 0xBA, flags: 0, stream: 0, payload: [1]), get),
  ]

  static let states = [
    ConformanceCase(
      "5.1 DATA on an idle stream", .connectionError([Code.protocolError]),
      Frame.data("a", stream: 1, endsStream: true)),
    ConformanceCase(
      "5.1 RST_STREAM on an idle stream", .connectionError([Code.protocolError]), Frame.reset(1)),
    ConformanceCase(
      "5.1 WINDOW_UPDATE on an idle stream", .connectionError([Code.protocolError]),
      Frame.windowUpdate(100, stream: 1)),
    ConformanceCase(
      "5.1 CONTINUATION on an idle stream", .connectionError([Code.protocolError]),
      Frame(.continuation, flags: Frame.endHeaders, stream: 1, Frame.literal("a", "b"))),
    ConformanceCase(
      "5.1 DATA behind the end", .streamError(1, [Code.streamClosed]), get,
      Frame.data("a", stream: 1, endsStream: true)),
    ConformanceCase(
      "5.1 HEADERS behind the end", .streamError(1, [Code.streamClosed]), get, get),
    ConformanceCase(
      "5.1 CONTINUATION behind the end",
      .connectionError([Code.streamClosed, Code.protocolError]), get,
      Frame(.continuation, flags: Frame.endHeaders, stream: 1, Frame.literal("a", "b"))),
    ConformanceCase(
      "5.1 DATA behind a reset", .streamError(1, [Code.streamClosed]), open(1), Frame.reset(1),
      Frame.data("a", stream: 1, endsStream: true)),
    ConformanceCase(
      "5.1 HEADERS behind a reset", .streamError(1, [Code.streamClosed]), open(1),
      Frame.reset(1), get),
    ConformanceCase(
      "5.1 CONTINUATION behind a reset",
      .connectionError([Code.streamClosed, Code.protocolError]), open(1), Frame.reset(1),
      Frame(.continuation, flags: Frame.endHeaders, stream: 1, Frame.literal("a", "b"))),
    ConformanceCase(
      "5.1.1 an even stream", .connectionError([Code.protocolError]),
      Frame.request("/a", stream: 2)),
    ConformanceCase(
      "5.3.1 HEADERS that depend on themselves", .streamError(1, [Code.protocolError]),
      Frame(
        .headers, flags: Frame.endStream | Frame.endHeaders | 0x20, stream: 1,
        [0, 0, 0, 1, 255] + request.flatMap { Frame.literal($0.0, $0.1) })),
    ConformanceCase(
      "5.3.1 PRIORITY that depends on itself", .streamError(3, [Code.protocolError]),
      Frame(.priority, stream: 3, [0, 0, 0, 3, 255])),
  ]

  // MARK: - Kinds of frames

  static let kinds = [
    ConformanceCase(
      "6.1 DATA on stream 0", .connectionError([Code.protocolError]),
      Frame.data("a", stream: 0, endsStream: true)),
    ConformanceCase(
      "6.1 DATA with more padding than bytes", .connectionError([Code.protocolError]), open(1),
      Frame(.data, flags: Frame.endStream | 0x8, stream: 1, [6, 1, 2, 3, 4])),
    ConformanceCase(
      "6.2 HEADERS on stream 0", .connectionError([Code.protocolError]),
      Frame.request("/a", stream: 0)),
    ConformanceCase(
      "6.2 HEADERS with more padding than bytes", .connectionError([Code.protocolError]),
      Frame(
        .headers, flags: Frame.endStream | Frame.endHeaders | 0x8, stream: 1,
        [200] + Frame.literal(":method", "GET"))),
    ConformanceCase(
      "6.3 PRIORITY on stream 0", .connectionError([Code.protocolError]),
      Frame(.priority, stream: 0, priority)),
    ConformanceCase(
      "6.3 PRIORITY of four bytes", .streamError(1, [Code.frameSize]), open(1),
      Frame(.priority, stream: 1, [0, 0, 0, 0])),
    ConformanceCase(
      "6.4 RST_STREAM on stream 0", .connectionError([Code.protocolError]), Frame.reset(0)),
    ConformanceCase(
      "6.4 RST_STREAM of three bytes", .connectionError([Code.frameSize]), open(1),
      Frame(.resetStream, stream: 1, [0, 0, 8])),
    ConformanceCase(
      "6.5 an acknowledgement with content", .connectionError([Code.frameSize]),
      Frame(.settings, flags: Frame.acknowledgement, [0, 4, 0, 0, 0, 1])),
    ConformanceCase(
      "6.5 SETTINGS on a stream", .connectionError([Code.protocolError]),
      Frame(.settings, stream: 1, [0, 4, 0, 0, 0, 1])),
    ConformanceCase(
      "6.5 SETTINGS of five bytes", .connectionError([Code.frameSize]),
      Frame(.settings, [0, 4, 0, 0, 0])),
    ConformanceCase(
      "6.5.2 ENABLE_PUSH of two", .connectionError([Code.protocolError]),
      Frame.settings([(2, 2)])),
    ConformanceCase(
      "6.5.2 a window that is too large", .connectionError([Code.flowControl]),
      Frame.settings([(4, 0x8000_0000)])),
    ConformanceCase(
      "6.5.2 frames that are too small", .connectionError([Code.protocolError]),
      Frame.settings([(5, 16_383)])),
    ConformanceCase(
      "6.5.2 frames that are too large", .connectionError([Code.protocolError]),
      Frame.settings([(5, 16_777_216)])),
    ConformanceCase(
      "6.5.2 an unknown setting", .pong(ping), Frame.settings([(0xFF, 1)]), Frame(.ping, ping)),
    ConformanceCase("6.7 PING", .pong(ping), Frame(.ping, ping)),
    ConformanceCase(
      "6.7 PING on a stream", .connectionError([Code.protocolError]),
      Frame(.ping, stream: 1, ping)),
    ConformanceCase(
      "6.7 PING of six bytes", .connectionError([Code.frameSize]),
      Frame(.ping, [0, 0, 0, 0, 0, 0])),
    ConformanceCase(
      "6.8 GOAWAY on a stream", .connectionError([Code.protocolError]),
      Frame(.goAway, stream: 1, [0, 0, 0, 0, 0, 0, 0, 0])),
    ConformanceCase(
      "6.9 a WINDOW_UPDATE of nothing", .connectionError([Code.protocolError]),
      Frame.windowUpdate(0)),
    ConformanceCase(
      "6.9 a WINDOW_UPDATE of nothing for a stream", .streamError(1, [Code.protocolError]),
      open(1), Frame.windowUpdate(0, stream: 1)),
    ConformanceCase(
      "6.9 WINDOW_UPDATE of three bytes", .connectionError([Code.frameSize]),
      Frame(.windowUpdate, [0, 0, 1])),
    ConformanceCase(
      "6.9.1 a window beyond its bound", .connectionError([Code.flowControl]),
      Frame.windowUpdate(0x7FFF_FFFF), Frame.windowUpdate(0x7FFF_FFFF)),
    ConformanceCase(
      "6.9.1 a stream's window beyond its bound", .streamError(1, [Code.flowControl]), open(1),
      Frame.windowUpdate(0x7FFF_FFFF, stream: 1), Frame.windowUpdate(0x7FFF_FFFF, stream: 1)),
    ConformanceCase(
      "6.10 CONTINUATION on stream 0", .connectionError([Code.protocolError]), halves[0],
      Frame(.continuation, flags: Frame.endHeaders, stream: 0, halves[1].payload)),
    ConformanceCase(
      "6.10 CONTINUATION behind a complete header block",
      .connectionError([Code.protocolError]), open(1),
      Frame(.continuation, flags: Frame.endHeaders, stream: 1, Frame.literal("a", "b"))),
    ConformanceCase(
      "6.10 CONTINUATION behind the last one", .connectionError([Code.protocolError]),
      Frame(.headers, stream: 1, halves[0].payload), halves[1],
      Frame(.continuation, flags: Frame.endHeaders, stream: 1, Frame.literal("a", "b"))),
    ConformanceCase(
      "6.10 CONTINUATION behind DATA", .connectionError([Code.protocolError]), open(1),
      Frame.data("a", stream: 1, endsStream: false),
      Frame(.continuation, flags: Frame.endHeaders, stream: 1, Frame.literal("a", "b"))),
    ConformanceCase(
      "6.10 DATA inside of a header block", .connectionError([Code.protocolError]), halves[0],
      Frame.data("a", stream: 1, endsStream: true)),
    // nghttp2 takes each piece of a CONTINUATION's head for one of the eight that it lets through.
    ConformanceCase(
      "6.10 two CONTINUATIONs", .answered(1), piece: 5, thirds[0], thirds[1], thirds[2]),
    ConformanceCase(
      "7 GOAWAY with an unknown code", .pong(ping), open(1),
      Frame(.goAway, [0, 0, 0, 0, 0, 0, 0, 0xFF]), Frame(.ping, ping)),
    ConformanceCase(
      "7 RST_STREAM with an unknown code", .pong(ping), open(1), Frame.reset(1, code: 0xFF),
      Frame(.ping, ping)),
  ]

  private static let thirds: [Frame] = {
    let first = cut(get, at: 10)
    var second = first[1]
    second.flags = 0
    second.payload = Array(first[1].payload.prefix(10))
    let third = Frame(
      .continuation, flags: Frame.endHeaders, stream: 1, Array(first[1].payload.dropFirst(10)))
    return [first[0], second, third]
  }()

  // MARK: - Requests

  static let requests = [
    ConformanceCase(
      "8.1 a second HEADERS that does not end the stream",
      .streamError(1, [Code.protocolError]), open(1),
      Frame.headers([("x-tag", "b")], stream: 1, endsStream: false)),
    ConformanceCase(
      "8.2.1 a name with a capital letter", .streamError(1, [Code.protocolError]),
      with("X-TEST", "ok")),
    ConformanceCase(
      "8.3 an unknown pseudo-field", .streamError(1, [Code.protocolError]), with(":test", "ok")),
    ConformanceCase(
      "8.3 a pseudo-field of responses", .streamError(1, [Code.protocolError]),
      with(":status", "200")),
    ConformanceCase(
      "8.3 a pseudo-field in a trailer", .streamError(1, [Code.protocolError]), open(1),
      Frame.headers([(":method", "GET")], stream: 1)),
    ConformanceCase(
      "8.3 a pseudo-field behind a field", .streamError(1, [Code.protocolError]),
      Frame.headers([request[0], ("x-tag", "b")] + request.dropFirst(), stream: 1)),
    ConformanceCase(
      "8.2.2 a field of the connection", .streamError(1, [Code.protocolError]),
      with("connection", "keep-alive")),
    ConformanceCase(
      "8.2.2 te with something but trailers", .streamError(1, [Code.protocolError]),
      with("te", "trailers, deflate")),
    ConformanceCase(
      "8.3.1 an empty path", .streamError(1, [Code.protocolError]),
      Frame.request("", stream: 1)),
    ConformanceCase(
      "8.3.1 no method", .streamError(1, [Code.protocolError]), without(":method")),
    ConformanceCase(
      "8.3.1 no scheme", .streamError(1, [Code.protocolError]), without(":scheme")),
    ConformanceCase("8.3.1 no path", .streamError(1, [Code.protocolError]), without(":path")),
    ConformanceCase(
      "8.3.1 two methods", .streamError(1, [Code.protocolError]), twice(":method")),
    ConformanceCase(
      "8.3.1 two schemes", .streamError(1, [Code.protocolError]), twice(":scheme")),
    ConformanceCase("8.3.1 two paths", .streamError(1, [Code.protocolError]), twice(":path")),
    ConformanceCase(
      "8.1.1 more content than said", .streamError(1, [Code.protocolError]),
      open(1, [("content-length", "1")]), Frame.data("test", stream: 1, endsStream: true)),
    ConformanceCase(
      "8.1.1 less content than said, in two frames", .streamError(1, [Code.protocolError]),
      open(1, [("content-length", "9")]), Frame.data("test", stream: 1, endsStream: false),
      Frame.data("test", stream: 1, endsStream: true)),
    ConformanceCase(
      "8.4 a client that pushes", .connectionError([Code.protocolError]), open(1),
      Frame(
        .pushPromise, flags: Frame.endHeaders, stream: 1,
        [0, 0, 0, 2] + request.flatMap { Frame.literal($0.0, $0.1) })),
  ]

  static let compression = [
    ConformanceCase(
      "HPACK 2.3.3 an indexed field that is not there", .connectionError([Code.compression]),
      block([0xFF, 0x00])),
    ConformanceCase(
      "HPACK 2.3.3 a literal whose name is not there", .connectionError([Code.compression]),
      block([0x7F, 0x00] + Frame.string("a"))),
    ConformanceCase(
      "HPACK 4.2 a size behind the first field", .connectionError([Code.compression]),
      block([0x20])),
    ConformanceCase(
      "HPACK 5.2 padding of more than seven bits", .connectionError([Code.compression]),
      block([0x00, 0x01, 0x61, 0x82, 0x1F, 0xFF])),
    ConformanceCase(
      "HPACK 5.2 padding of zeros", .connectionError([Code.compression]),
      block([0x00, 0x01, 0x61, 0x81, 0x18])),
    ConformanceCase(
      "HPACK 5.2 the end of the string inside of it", .connectionError([Code.compression]),
      block([0x00, 0x01, 0x61, 0x84, 0xFF, 0xFF, 0xFF, 0xFF])),
    ConformanceCase(
      "HPACK 6.1 index 0", .connectionError([Code.compression]), block([0x80])),
    ConformanceCase(
      "HPACK 6.3 a table that is too large", .connectionError([Code.compression]),
      Frame(
        .headers, flags: Frame.endStream | Frame.endHeaders, stream: 1,
        [0x3F, 0xE2, 0x1F] + request.flatMap { Frame.literal($0.0, $0.1) })),
  ]

  @Test(arguments: frameFormat + states + kinds + requests + compression)
  func theServerKeepsTo(_ example: ConformanceCase) throws {
    // Once in one piece, once mostly byte by byte.
    for size in [Int.max, example.piece] {
      let peer = try HTTP2Peer.connected()
      peer.send(example.frames.flatMap(\.bytes), pieces: size)
      let frames = try peer.frames()
      let ended = frames.first { $0.kind == .goAway }?.number(at: 4)
      let isFailed = peer.session.failure != nil
      switch example.outcome {
      case .connectionError(let codes):
        #expect(isFailed || ended.map { codes.contains($0) } ?? false, "\(frames)")
        #expect(isFailed || peer.session.isFinished)
      case .streamError(let stream, let codes):
        let code =
          frames.first { $0.kind == .resetStream && $0.stream == stream }?.number(at: 0) ?? ended
        #expect(isFailed || code.map { codes.contains($0) } ?? false, "\(frames)")
      case .answered(let stream):
        #expect(frames.ends(stream), "\(frames)")
      case .pong(let payload):
        #expect(frames.contains(Frame(.ping, flags: Frame.acknowledgement, payload)))
        #expect(!isFailed)
      }
    }
  }

  // MARK: - What takes several turns

  @Test func aPingThatIsAcknowledgedIsNotAnswered() throws {
    let peer = try HTTP2Peer.connected()
    peer.send(Frame(.ping, flags: Frame.acknowledgement, Self.ping))
    peer.send(Frame(.ping, [UInt8](repeating: 1, count: 8)))
    #expect(
      try peer.frames() == [
        Frame(.ping, flags: Frame.acknowledgement, [UInt8](repeating: 1, count: 8))
      ])
  }

  @Test func theLastOfRepeatedSettingsCounts() throws {
    let peer = try HTTP2Peer.connected(settings: [(4, 100), (4, 1)])
    peer.send(Self.get)
    #expect(try peer.frames().content(1) == "/")
  }

  @Test func aWindowThatGrowsLaterLetsContentThrough() throws {
    let peer = try HTTP2Peer.connected(settings: [(4, 0)])
    peer.send(Self.get)
    #expect(try peer.frames().content(1) == "")
    peer.send(Frame.settings([(4, 1)]))
    #expect(try peer.frames().content(1) == "/")
  }

  @Test func aWindowMayBecomeNegative() throws {
    let peer = try HTTP2Peer.connected(settings: [(4, 3)])
    peer.handler.responses["/a"] = .letters("b", count: 10)
    peer.send(Self.get)
    #expect(try peer.frames().content(1) == "bbb")
    peer.send(Frame.settings([(4, 2)]), Frame.windowUpdate(1, stream: 1))
    #expect(try peer.frames().content(1) == "")
    peer.send(Frame.windowUpdate(1, stream: 1))
    #expect(try peer.frames().content(1) == "b")
  }

  @Test func aStreamTooManyIsRefused() throws {
    let peer = try HTTP2Peer.connected()
    for index in 0..<101 { peer.send(Self.open(UInt32(2 * index + 1))) }
    let frames = try peer.frames()
    // nghttp2 takes a client that has acknowledged the bound at its word.
    #expect(
      frames.goAwayCodes == [Code.protocolError] || frames.contains { $0.kind == .resetStream })
    #expect(peer.handler.requests.isEmpty)
  }

  @Test func anotherPrefaceEndsTheConnection() throws {
    let peer = try HTTP2Peer()
    peer.send(Array("INVALID CONNECTION PREFACE\r\n\r\n".utf8))
    #expect(peer.session.failure != nil)
  }

  @Test func theFirstFrameMustBeSettings() throws {
    let peer = try HTTP2Peer()
    peer.send(Frame.preface + Frame(.ping, Self.ping).bytes)
    let frames = try peer.frames()
    #expect(peer.session.failure != nil || frames.goAwayCodes == [Code.protocolError])
  }
}

extension [Frame] {
  /// The codes of the GOAWAY frames, in order.
  fileprivate var goAwayCodes: [UInt32] {
    filter { $0.kind == .goAway }.map { $0.number(at: 4) }
  }
}
