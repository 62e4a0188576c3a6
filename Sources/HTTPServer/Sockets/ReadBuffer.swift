import EventLoop

/// The one buffer that all connections of a server read into, one after the other.
@safe final class ReadBuffer {
  /// Bytes of one read.
  static let size = 65_536

  private let bytes: UnsafeMutableBufferPointer<UInt8>

  init() {
    // SAFETY: allocated and initialised here for this object alone, which frees it.
    unsafe bytes = .allocate(capacity: Self.size)
    unsafe bytes.initialize(repeating: 0)
  }

  deinit {
    // SAFETY: spans of it are lent to closures only.
    unsafe bytes.deallocate()
  }

  /// Reads what has arrived at a connection; the number of bytes, 0 at the end of the stream.
  func receive(from transport: borrowing Transport) throws(Errno) -> Int {
    // SAFETY: nobody else uses the buffer during the call: the server reads one socket at a time.
    var space = unsafe MutableSpan(_unsafeElements: bytes)
    return try transport.receive(into: &space)
  }

  /// Lends the first `count` bytes of the last read.
  func withBytes(_ count: Int, _ body: (Span<UInt8>) -> Void) {
    // SAFETY: the buffer lives as long as this object, and the span only inside the closure.
    body(unsafe Span(_unsafeElements: bytes).extracting(first: count))
  }
}
