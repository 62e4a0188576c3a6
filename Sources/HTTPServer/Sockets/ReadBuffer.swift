import EventLoop

/// The one buffer that all connections of a server read into, one after the other.
struct ReadBuffer {
  /// Bytes of one read.
  static let size = 65_536

  private var bytes = [UInt8](repeating: 0, count: size)

  /// Reads what has arrived at a socket; the number of bytes, 0 at the end of the stream.
  mutating func receive(from socket: borrowing StreamSocket) throws(Errno) -> Int {
    var space = bytes.mutableSpan
    return try socket.receive(into: &space)
  }

  /// Lends the first `count` bytes of the last read.
  func withBytes(_ count: Int, _ body: (Span<UInt8>) -> Void) {
    body(bytes.span.extracting(first: count))
  }
}
