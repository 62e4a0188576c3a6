import JSON

/// The frames of a stream: one byte of flags, the length in four bytes, the message (Connect
/// protocol, "Enveloped-Message").
package enum Envelope {
  /// Bytes before the message.
  package static let prefixBytes = 5
  /// The message is compressed.
  static let compressed: UInt8 = 1
  /// The last one: not a message but how the stream ended.
  static let endStream: UInt8 = 2

  /// Frames a message.
  package static func framed(_ message: Span<UInt8>, flags: UInt8 = 0) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(prefixBytes + message.count)
    bytes.append(contentsOf: repeatElement(0, count: prefixBytes))
    for index in message.indices { bytes.append(message[index]) }
    complete(&bytes, flags: flags)
    return bytes
  }

  /// Writes flags and length before a message that was written behind room for them.
  static func complete(_ bytes: inout [UInt8], flags: UInt8) {
    let length = UInt32(clamping: bytes.count - prefixBytes)
    bytes[0] = flags
    for place in 1...4 {
      bytes[place] = UInt8(truncatingIfNeeded: length >> UInt32(8 * (4 - place)))
    }
  }

  /// The last envelope of a stream.
  ///
  /// - Parameters:
  ///   - error: why it ended; nil if all is well.
  ///   - trailers: metadata behind the messages.
  package static func end(
    _ error: ConnectError? = nil, trailers: ConnectMetadata = ConnectMetadata()
  ) -> [UInt8] {
    var writer = JSONWriter(appendingTo: [UInt8](repeating: 0, count: prefixBytes))
    writer.beginObject()
    if let error {
      writer.key("error")
      error.write(to: &writer)
    }
    if !trailers.isEmpty {
      writer.key("metadata")
      trailers.write(to: &writer)
    }
    writer.endObject()
    var bytes = writer.finish()
    complete(&bytes, flags: endStream)
    return bytes
  }

  /// The one envelope that a request to a server stream has.
  ///
  /// - Returns: its message, and whether that is compressed.
  /// - Throws: what connect-go answers: `unimplemented` for none and for several (they belong to
  ///   kinds of streams that this method is not), `invalid_argument` for one that is cut off.
  static func only(
    in content: [UInt8]
  ) throws(ConnectError) -> (message: ArraySlice<UInt8>, isCompressed: Bool) {
    guard !content.isEmpty else {
      throw ConnectError(.unimplemented, "unary request has zero messages")
    }
    guard content.count >= prefixBytes else {
      throw ConnectError(.invalidArgument, "protocol error: incomplete envelope")
    }
    let length = content[1..<prefixBytes].reduce(0) { $0 << 8 | Int($1) }
    guard content[0] & ~compressed == 0 else {
      throw ConnectError(.invalidArgument, "protocol error: invalid envelope flags \(content[0])")
    }
    guard content.count - prefixBytes >= length else {
      throw ConnectError(
        .invalidArgument,
        "protocol error: promised \(length) bytes in enveloped message, "
          + "got \(content.count - prefixBytes) bytes")
    }
    guard content.count - prefixBytes == length else {
      throw ConnectError(.unimplemented, "unary request has multiple messages")
    }
    return (content[prefixBytes...], content[0] & compressed != 0)
  }
}
