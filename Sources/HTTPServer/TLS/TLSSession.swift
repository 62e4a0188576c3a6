import COpenSSL
import EventLoop

/// The TLS of one connection: content in and out, records through its socket, which never blocks.
@safe final class TLSSession {
  /// What became of a step of the handshake.
  enum Handshake: Equatable {
    case complete
    /// It goes on when the socket is readable, or writable where `wantsToWrite` says so.
    case pending
    /// It cannot succeed; nil where the client has only gone.
    case failed(Refusal?)
  }

  private let raw: OpaquePointer
  /// Kept as long as the socket's side of it is in use.
  private let method: TLSSocketMethod
  /// After a fatal error nothing more is said.
  private var isBroken = false
  /// Whether the handshake has failed: what still comes is thrown away as it is.
  private(set) var isRefused = false
  private var isShut = false

  /// Whether what was last tried goes on when the socket is writable.
  private(set) var wantsToWrite = false
  /// Whether a read may find something without the socket being readable.
  private(set) var hasBufferedInput = false

  /// Takes over a session that was just made; nil when there is no memory.
  ///
  /// - Parameters:
  ///   - raw: the session, which this object frees.
  ///   - descriptor: a socket that stays open as long as this object lives.
  ///   - method: how the socket is read and written.
  init?(_ raw: OpaquePointer, descriptor: Int32, method: TLSSocketMethod) {
    // SAFETY: this object owns the session, and the session its socket's side.
    unsafe self.raw = raw
    self.method = method
    guard let socket = unsafe method.socket(descriptor) else { return nil }
    unsafe SSL_set_bio(raw, socket, socket)
    unsafe SSL_set_accept_state(raw)
  }

  deinit {
    // SAFETY: nobody uses the session after this.
    unsafe SSL_free(raw)
  }

  // MARK: - The handshake

  /// Goes on with the handshake as far as what has arrived allows.
  func shakeHands() -> Handshake {
    wantsToWrite = false
    TLSFailure.clear()
    // SAFETY: the session is this object's.
    let result = unsafe SSL_do_handshake(raw)
    hasBufferedInput = holdsInput
    if result == 1 { return .complete }
    if case .waiting = failure(result) { return .pending }
    isRefused = true
    return .failed(Self.reason())
  }

  private static func reason() -> Refusal? {
    if TLSFailure.last(is: SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, of: ERR_LIB_SSL)
      || TLSFailure.last(is: SSL_R_CERTIFICATE_VERIFY_FAILED, of: ERR_LIB_SSL)
    {
      return .clientCertificate
    }
    let isEnd = TLSFailure.last(is: SSL_R_UNEXPECTED_EOF_WHILE_READING, of: ERR_LIB_SSL)
    return isEnd || ERR_peek_last_error() == 0 ? nil : .handshakeFailed
  }

  /// The protocol that client and server agreed on; nil where the client offered none.
  var agreedProtocol: ProtocolGuess? {
    var name: UnsafePointer<UInt8>?
    var length: UInt32 = 0
    // SAFETY: the name lives as long as the session.
    unsafe SSL_get0_alpn_selected(raw, &name, &length)
    guard let name = unsafe name else { return nil }
    let agreed = unsafe Span(_unsafeStart: name, count: Int(length))
    return ASCII.equal(agreed, "h2") ? .http2 : .http1
  }

  /// The version that is spoken, for the counters.
  var version: Counters.Connections {
    // SAFETY: only looks at the session.
    unsafe SSL_version(raw) == TLS1_3_VERSION ? .tls13 : .tls12
  }

  /// The subject of the client's certificate, which was found right; nil without one.
  ///
  /// - Throws: that it is too long to be handed on.
  func clientSubject() throws(Refusal) -> String? {
    // SAFETY: the certificate is the session's.
    guard let certificate = unsafe SSL_get0_peer_certificate(raw) else { return nil }
    guard let subject = unsafe TLSName.subject(of: certificate) else { throw .clientCertificate }
    return subject
  }

  // MARK: - Content

  /// Reads what has arrived, as much as fits.
  ///
  /// - Returns: the number of bytes, 0 at the end of the stream.
  /// - Throws: `wouldBlock` when nothing is complete, or what broke the connection.
  func receive(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    var count = 0
    var end: End?
    wantsToWrite = false
    // SAFETY: no more is written than the buffer has room for.
    unsafe buffer.withUnsafeMutableBytes { bytes in
      repeat {
        TLSFailure.clear()
        let room = Int32(truncatingIfNeeded: bytes.count - count)
        let result = unsafe SSL_read(raw, bytes.baseAddress.map { unsafe $0 + count }, room)
        if result > 0 { count += Int(result) } else { end = failure(result) }
      } while end == nil && count < bytes.count && holdsInput
    }
    hasBufferedInput = holdsInput
    switch end {
    case nil: return count
    case .waiting: if count == 0 { throw .wouldBlock }
    // It is told the next time, after the content in front of it.
    case .finished, .broken: if count > 0 { hasBufferedInput = true }
    }
    if count == 0, case .broken = end { throw .protocolError }
    return count
  }

  /// Writes as much as the socket takes.
  ///
  /// What was not taken must be given again, the same bytes in front, and more may follow them.
  ///
  /// - Returns: the number of bytes taken, which may be fewer than given.
  /// - Throws: `wouldBlock` when the socket takes none, or what broke the connection.
  func send(_ bytes: Span<UInt8>) throws(Errno) -> Int {
    var count = 0
    var end: End?
    // SAFETY: only the span's own bytes are read.
    unsafe bytes.withUnsafeBytes { bytes in
      while end == nil, count < bytes.count {
        TLSFailure.clear()
        let length = Int32(truncatingIfNeeded: bytes.count - count)
        let result = unsafe SSL_write(raw, bytes.baseAddress.map { unsafe $0 + count }, length)
        if result > 0 { count += Int(result) } else { end = failure(result) }
      }
    }
    // Whoever has something to send waits for that anyway.
    wantsToWrite = false
    switch end {
    case .waiting where count == 0: throw .wouldBlock
    case .broken, .finished: throw .protocolError
    case .waiting, nil: return count
    }
  }

  /// Whether OpenSSL has taken bytes from the socket that it may make content of.
  private var holdsInput: Bool {
    // SAFETY: both only look at the session. Where the socket was empty, OpenSSL has a part of a
    // record at most.
    unsafe SSL_has_pending(raw) != 0 && !TLSSocketMethod.isDrained(SSL_get_rbio(raw))
  }

  // MARK: - The end

  /// Says that nothing more will come (close_notify), if it still can.
  func shutdownSending() {
    guard !isBroken, !isShut else { return }
    isShut = true
    TLSFailure.clear()
    // SAFETY: one alert is written or thrown away; nothing waits for the peer's.
    _ = unsafe SSL_shutdown(raw)
  }

  /// Lets the connection end without the word that it is complete.
  func abandon() { isBroken = true }

  /// Why a call has not succeeded.
  private enum End {
    /// It can be made again when the socket is ready.
    case waiting
    /// The peer has said that nothing more comes.
    case finished
    case broken
  }

  /// What a result means that is no success.
  private func failure(_ result: Int32) -> End {
    // SAFETY: only looks at the session and at the errors of this thread.
    switch unsafe SSL_get_error(raw, result) {
    case SSL_ERROR_WANT_READ: return .waiting
    case SSL_ERROR_WANT_WRITE:
      wantsToWrite = true
      return .waiting
    case SSL_ERROR_ZERO_RETURN: return .finished
    default:
      isBroken = true
      return .broken
    }
  }
}

extension ConnectionInfo {
  /// A connection whose handshake is complete.
  ///
  /// - Throws: that the client's name is too long to be handed on.
  convenience init(_ accepted: ConnectionInfo, protectedBy tls: TLSSession) throws(Refusal) {
    self.init(
      listener: accepted.listener, peer: accepted.peer, isEncrypted: true,
      clientSubject: try tls.clientSubject())
  }
}
