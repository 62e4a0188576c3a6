/// An HTTP/2 frame (RFC 9113 section 4.1), as a client writes and reads it.
struct Frame: Equatable, CustomStringConvertible {
  enum Kind: UInt8 {
    case data = 0
    case headers = 1
    case priority = 2
    case resetStream = 3
    case settings = 4
    case pushPromise = 5
    case ping = 6
    case goAway = 7
    case windowUpdate = 8
    case continuation = 9
  }

  static let endStream: UInt8 = 0x1
  static let acknowledgement: UInt8 = 0x1
  static let endHeaders: UInt8 = 0x4

  /// The 24 bytes with which a client begins.
  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  var type: UInt8
  var flags: UInt8 = 0
  var stream: UInt32 = 0
  var payload: [UInt8] = []

  init(_ kind: Kind, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
    self.init(type: kind.rawValue, flags: flags, stream: stream, payload: payload)
  }

  init(type: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8]) {
    self.type = type
    self.flags = flags
    self.stream = stream
    self.payload = payload
  }

  var kind: Kind? { Kind(rawValue: type) }

  var bytes: [UInt8] {
    let length = UInt32(payload.count)
    return [UInt8(length >> 16 & 0xFF), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF)]
      + [type, flags] + Self.big(stream) + payload
  }

  var description: String {
    let name = kind.map { "\($0)" } ?? "type \(type)"
    return "\(name) flags \(flags) stream \(stream) \(payload.count) bytes"
  }

  static func big(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(number >> $0 & 0xFF) }
  }

  /// The number in four bytes of the payload.
  func number(at offset: Int) -> UInt32 {
    payload[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Reads whole frames; nil if bytes are left over.
  static func parse(_ bytes: [UInt8]) -> [Frame]? {
    var frames: [Frame] = []
    var position = 0
    while position < bytes.count {
      guard bytes.count - position >= 9 else { return nil }
      let head = bytes[position..<position + 9].map { UInt32($0) }
      let end = position + 9 + Int(head[0] << 16 | head[1] << 8 | head[2])
      guard end <= bytes.count else { return nil }
      let stream = head[5] << 24 | head[6] << 16 | head[7] << 8 | head[8]
      frames.append(
        Frame(
          type: UInt8(head[3]), flags: UInt8(head[4]), stream: stream & 0x7FFF_FFFF,
          payload: Array(bytes[position + 9..<end])))
      position = end
    }
    return frames
  }

  // MARK: - What clients send

  static func settings(_ entries: [(UInt16, UInt32)] = []) -> Frame {
    Frame(
      .settings, entries.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xFF)] + big($0.1) })
  }

  static let settingsAcknowledgement = Frame(.settings, flags: acknowledgement)

  static func windowUpdate(_ increment: UInt32, stream: UInt32 = 0) -> Frame {
    Frame(.windowUpdate, stream: stream, big(increment))
  }

  static func reset(_ stream: UInt32, code: UInt32 = 8) -> Frame {
    Frame(.resetStream, stream: stream, big(code))
  }

  static func data(_ text: String, stream: UInt32, endsStream: Bool) -> Frame {
    Frame(.data, flags: endsStream ? endStream : 0, stream: stream, Array(text.utf8))
  }

  /// HEADERS with literal fields that touch no table (RFC 7541 section 6.2.2).
  static func headers(
    _ fields: [(String, String)], stream: UInt32, endsStream: Bool = true, endsHeaders: Bool = true
  ) -> Frame {
    let flags = (endsStream ? endStream : 0) | (endsHeaders ? endHeaders : 0)
    return Frame(
      .headers, flags: flags, stream: stream, fields.flatMap { literal($0.0, $0.1) })
  }

  static func literal(_ name: String, _ value: String) -> [UInt8] {
    [0] + string(name) + string(value)
  }

  static func string(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return integer(bytes.count, prefix: 7) + bytes
  }

  /// An integer with a prefix of so many bits (RFC 7541 section 5.1).
  static func integer(_ number: Int, prefix: Int) -> [UInt8] {
    let most = (1 << prefix) - 1
    guard number >= most else { return [UInt8(number)] }
    var bytes = [UInt8(most)]
    var rest = number - most
    while rest >= 128 {
      bytes.append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// A whole request in one frame.
  static func request(
    _ path: String, method: String = "GET", stream: UInt32, endsStream: Bool = true,
    _ more: [(String, String)] = []
  ) -> Frame {
    headers(
      [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x")] + more,
      stream: stream, endsStream: endsStream)
  }
}
