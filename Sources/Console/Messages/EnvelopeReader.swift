/// Takes the messages out of a stream of the Connect protocol: each has a flag byte and a length of
/// four bytes before it (connectrpc.com/docs/protocol, "Enveloped-Message").
package struct EnvelopeReader {
  /// A message, or the end of the stream.
  package enum Message: Equatable, Sendable {
    /// One of the stream's messages, as JSON.
    case message([UInt8])
    /// The last envelope: an error or nothing, as JSON.
    case end([UInt8])
  }

  /// Bytes before a message.
  private static let headerBytes = 5
  /// Bytes of the longest message that is taken.
  package static let maximumBytes = 32 << 20

  private var bytes: [UInt8] = []
  private var start = 0
  private var hasEnded = false

  /// Awaits the first message.
  package init() {}

  /// Adds what has arrived.
  package mutating func add(_ added: [UInt8]) {
    bytes.removeFirst(start)
    start = 0
    bytes += added
  }

  /// The next message; nil where more has to arrive.
  ///
  /// - Throws: What is wrong with the stream; nothing more can be read then.
  package mutating func next() throws(AnswerError) -> Message? {
    guard bytes.count - start > 0 else { return nil }
    guard !hasEnded else { throw AnswerError("bytes follow the end of the stream") }
    let flags = bytes[start]
    guard flags == 0 || flags == 2 else {
      throw AnswerError(
        flags & 1 == 1 ? "a message is compressed" : "a message has unknown flags (\(flags))")
    }
    guard bytes.count - start >= Self.headerBytes else { return nil }
    var length = 0
    for index in start + 1..<start + Self.headerBytes { length = length << 8 | Int(bytes[index]) }
    guard length <= Self.maximumBytes else {
      throw AnswerError("a message is larger than \(Self.maximumBytes) bytes")
    }
    let first = start + Self.headerBytes
    guard bytes.count - first >= length else { return nil }
    start = first + length
    let message = Array(bytes[first..<start])
    hasEnded = flags == 2
    return hasEnded ? .end(message) : .message(message)
  }

  /// Puts a message into its envelope, as a request is sent.
  package static func envelope(_ message: [UInt8]) -> [UInt8] {
    let length = UInt32(clamping: message.count)
    return [
      0, UInt8(truncatingIfNeeded: length >> 24), UInt8(truncatingIfNeeded: length >> 16),
      UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length),
    ] + message
  }
}
