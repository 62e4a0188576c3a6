import COpenSSL
import EventLoop
import Glibc

/// A socket under TLS; the handshake is made by what is sent first.
@safe final class TLSTransport: ClientTransport {
  private let raw: OpaquePointer
  private let socket: StreamSocket
  /// Kept as long as the socket's side of it is in use.
  private let method: TLSSocketMethod

  /// Takes over a session that was just made.
  init(_ raw: OpaquePointer, _ socket: consuming StreamSocket, method: TLSSocketMethod) {
    // SAFETY: this object owns the session.
    unsafe self.raw = raw
    self.socket = socket
    self.method = method
  }

  deinit {
    // SAFETY: nobody uses the session after this.
    unsafe SSL_free(raw)
  }

  var fileDescriptor: Int32 { socket.fileDescriptor }

  func receive(
    into buffer: inout MutableSpan<UInt8>, _ stage: ClientError.Stage
  ) throws(ClientError) -> ClientTransportStep {
    TLSFailure.clear()
    // SAFETY: no more is written than the buffer has room for.
    let result = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe SSL_read(raw, bytes.baseAddress, Int32(clamping: bytes.count))
    }
    return try step(result, stage)
  }

  func send(
    _ bytes: Span<UInt8>, _ stage: ClientError.Stage
  ) throws(ClientError) -> ClientTransportStep {
    TLSFailure.clear()
    // SAFETY: only the span's own bytes are read.
    let result = unsafe bytes.withUnsafeBytes { bytes in
      unsafe SSL_write(raw, bytes.baseAddress, Int32(clamping: bytes.count))
    }
    return try step(result, stage)
  }

  private func step(
    _ result: Int32, _ stage: ClientError.Stage
  ) throws(ClientError) -> ClientTransportStep {
    if result > 0 { return .bytes(Int(result)) }
    // SAFETY: only looks at the session and at the errors of this thread.
    switch unsafe SSL_get_error(raw, result) {
    case SSL_ERROR_WANT_READ: return .wait(events: Int16(POLLIN))
    case SSL_ERROR_WANT_WRITE: return .wait(events: Int16(POLLOUT))
    case SSL_ERROR_ZERO_RETURN: return .bytes(0)
    default: throw failure(stage)
    }
  }

  private func failure(_ stage: ClientError.Stage) -> ClientError {
    // SAFETY: only looks at the session; the sentence is a constant.
    let verdict = unsafe SSL_get_verify_result(raw)
    if verdict != Int(X509_V_OK), let text = unsafe X509_verify_cert_error_string(verdict) {
      return .untrusted(unsafe String(cString: text))
    }
    let isEnd = TLSFailure.last(is: SSL_R_UNEXPECTED_EOF_WHILE_READING, of: ERR_LIB_SSL)
    return isEnd || ERR_peek_last_error() == 0 ? .endedEarly(stage) : .encryption(TLSFailure.text)
  }
}
