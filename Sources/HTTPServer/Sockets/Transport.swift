import EventLoop

/// What carries the bytes of a connection: its socket, with or without TLS between.
struct Transport: ~Copyable {
  let socket: StreamSocket
  /// Nil where the connection is not encrypted.
  let tls: TLSSession?

  /// Reads what has arrived, at most as much as fits; the socket's own bytes where the
  /// handshake of TLS has failed.
  ///
  /// - Returns: the number of bytes, 0 at the end of the stream.
  /// - Throws: `wouldBlock` when nothing has arrived, or what broke the connection.
  func receive(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    guard let tls, !tls.isRefused else { return try socket.receive(into: &buffer) }
    return try tls.receive(into: &buffer)
  }

  /// Writes as much as the kernel takes.
  ///
  /// What was not taken is given again before anything else.
  ///
  /// - Returns: the number of bytes taken, which may be fewer than given.
  /// - Throws: `wouldBlock` when the kernel takes none, or what broke the connection.
  func send(_ bytes: Span<UInt8>) throws(Errno) -> Int {
    guard let tls else { return try socket.send(bytes) }
    return try tls.send(bytes)
  }

  /// Whether a read may find something without the socket being readable.
  var hasBufferedInput: Bool { tls.map { $0.hasBufferedInput && !$0.isRefused } ?? false }

  /// What the socket must be ready for before a read can go on.
  var readingInterest: Readiness { tls?.wantsToWrite == true ? .writable : .readable }

  /// Tells the peer that nothing more will come; reading goes on.
  func shutdownSending() {
    tls?.shutdownSending()
    socket.shutdownSending()
  }

  /// Lets the peer know that the connection ends here, where its protocol has a word for that.
  func sayGoodbye() {
    tls?.shutdownSending()
  }

  /// Lets the connection end without a word: what was sent is not complete.
  func abandon() {
    tls?.abandon()
  }
}
