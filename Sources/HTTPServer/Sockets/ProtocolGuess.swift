/// What the first bytes of a connection say about its protocol: both on one port.
enum ProtocolGuess {
  /// What has arrived so far could begin either.
  case undecided
  case http1
  case http2

  /// Recognises an HTTP/2 client that has prior knowledge (RFC 9113 section 3.3).
  ///
  /// The first four bytes of its preface suffice: no method of HTTP/1.1 is called PRI. nghttp2
  /// judges the other twenty.
  init(_ bytes: Span<UInt8>) {
    let preface: StaticString = "PRI "
    let length = preface.utf8CodeUnitCount
    for index in 0..<min(bytes.count, length) {
      // SAFETY: the index is below the literal's length.
      guard unsafe bytes[index] == preface.utf8Start[index] else {
        self = .http1
        return
      }
    }
    self = bytes.count < length ? .undecided : .http2
  }
}
