import EventLoop
import HTTPServer
import Testing

/// A client of the HTTP/2 machine, without a socket: frames in, frames out.
final class HTTP2Peer {
  let handler = EchoHandler()
  let clock = ManualClock()
  let context: ServerContext
  let session: HTTP2Session
  private(set) var received: [UInt8] = []
  private var readUpTo = 0

  init(limits: Limits = Limits()) throws {
    context = ServerContext(handler: handler, limits: limits, clock: clock.clock)
    session = try #require(HTTP2Session.server(context: context, now: clock.now))
  }

  /// A peer that has sent preface and SETTINGS, acknowledged the server's and read its answers.
  static func connected(
    limits: Limits = Limits(), settings: [(UInt16, UInt32)] = []
  ) throws -> HTTP2Peer {
    let peer = try HTTP2Peer(limits: limits)
    peer.send(
      Frame.preface + Frame.settings(settings).bytes + Frame.settingsAcknowledgement.bytes)
    _ = try peer.frames()
    return peer
  }

  /// Sends bytes in pieces of a size, and takes all that comes back.
  func send(_ bytes: [UInt8], pieces size: Int = .max) {
    var start = 0
    while start < bytes.count {
      let end = bytes.count - start > size ? start + size : bytes.count
      var output: [UInt8] = []
      session.receive(bytes.span.extracting(start..<end), now: clock.now, into: &output)
      received += output
      flush()
      start = end
    }
  }

  func send(_ frames: Frame...) {
    send(frames.flatMap(\.bytes))
  }

  /// Takes all that the session wants to write.
  func flush() {
    while session.failure == nil {
      let count = takeOutput()
      if count == 0 { return }
    }
  }

  /// Lets the streams go on whose signals were raised.
  func wake() {
    for place in context.takeRaisedStreams() { session.resume(place) }
    flush()
  }

  /// Takes one buffer of output.
  @discardableResult func takeOutput() -> Int {
    var output: [UInt8] = []
    session.fill(&output, now: clock.now)
    received += output
    return output.count
  }

  /// The frames that came since the last time.
  func frames() throws -> [Frame] {
    let frames = try #require(Frame.parse(Array(received[readUpTo...])), "half a frame")
    readUpTo = received.count
    return frames
  }

  /// The frames of a kind that came since the last time.
  func frames(_ kind: Frame.Kind) throws -> [Frame] {
    try frames().filter { $0.kind == kind }
  }
}

extension [Frame] {
  /// The content of a stream.
  func content(_ stream: UInt32) -> String {
    String(
      decoding: filter { $0.kind == .data && $0.stream == stream }.flatMap(\.payload),
      as: UTF8.self)
  }

  /// The first byte of a stream's response, which for some statuses is the whole field.
  func indexedStatus(_ stream: UInt32) -> UInt8? {
    first { $0.kind == .headers && $0.stream == stream }?.payload.first { $0 & 0xE0 != 0x20 }
  }

  /// Whether a stream's response is complete.
  func ends(_ stream: UInt32) -> Bool {
    contains {
      ($0.kind == .data || $0.kind == .headers) && $0.stream == stream
        && $0.flags & Frame.endStream != 0
    }
  }
}

/// `:status` of the static table (RFC 7541 appendix A) as an indexed field.
enum IndexedStatus {
  static let ok: UInt8 = 0x88
  static let badRequest: UInt8 = 0x8C
}
