import COpenSSL
import Glibc

/// The functions through which OpenSSL reads and writes a socket.
///
/// OpenSSL's own would raise SIGPIPE where the peer has gone.
@safe final class TLSSocketMethod {
  private let raw: OpaquePointer

  /// Registers the functions; nil when there is no memory.
  init?() {
    // SAFETY: made for this object, which frees it; the functions below live for ever.
    guard let raw = unsafe BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket") else { return nil }
    unsafe self.raw = raw
    unsafe BIO_meth_set_read(raw, readSocket)
    unsafe BIO_meth_set_write(raw, writeSocket)
    unsafe BIO_meth_set_ctrl(raw, controlSocket)
  }

  /// A flag of our own, beside those of OpenSSL: the socket had nothing when it was last read.
  fileprivate static let drained: Int32 = 1 << 20

  /// Whether a socket had nothing when it was last read.
  static func isDrained(_ socket: OpaquePointer?) -> Bool {
    // SAFETY: only looks at the flags.
    unsafe BIO_test_flags(socket, drained) != 0
  }

  deinit {
    // SAFETY: every session that uses it holds this object.
    unsafe BIO_meth_free(raw)
  }

  /// Makes OpenSSL's side of a socket; nil when there is no memory.
  ///
  /// The caller frees it or hands it on.
  func socket(_ descriptor: Int32) -> OpaquePointer? {
    // SAFETY: the data is a number in the shape of a pointer, which is never followed.
    guard let socket = unsafe BIO_new(raw) else { return nil }
    unsafe BIO_set_data(socket, UnsafeMutableRawPointer(bitPattern: Int(descriptor) + 1))
    unsafe BIO_set_init(socket, 1)
    return unsafe socket
  }
}

private func descriptor(of socket: OpaquePointer?) -> Int32 {
  // SAFETY: see `TLSSocketMethod.socket`.
  Int32(truncatingIfNeeded: Int(bitPattern: unsafe BIO_get_data(socket)) - 1)
}

@c private func readSocket(
  _ socket: OpaquePointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ length: Int32
) -> Int32 {
  let number = unsafe descriptor(of: socket)
  // SAFETY: OpenSSL says how much room there is.
  unsafe BIO_clear_flags(
    socket, vole_retry_flags | TLSSocketMethod.drained)
  while true {
    let count = unsafe recv(number, bytes, Int(length), 0)
    if count >= 0 { return Int32(truncatingIfNeeded: count) }
    if errno == EINTR { continue }
    if errno == EAGAIN {
      unsafe BIO_set_flags(
        socket, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY | TLSSocketMethod.drained)
    }
    return -1
  }
}

@c private func writeSocket(
  _ socket: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ length: Int32
) -> Int32 {
  let number = unsafe descriptor(of: socket)
  // SAFETY: OpenSSL says how many bytes there are.
  unsafe BIO_clear_flags(socket, vole_retry_flags)
  while true {
    let count = unsafe send(number, bytes, Int(length), Int32(MSG_NOSIGNAL))
    if count >= 0 { return Int32(truncatingIfNeeded: count) }
    if errno == EINTR { continue }
    if errno == EAGAIN { unsafe BIO_set_flags(socket, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY) }
    return -1
  }
}

/// Nothing is buffered here, so that flushing has always succeeded.
@c private func controlSocket(
  _ socket: OpaquePointer?, _ command: Int32, _ number: Int, _ pointer: UnsafeMutableRawPointer?
) -> Int {
  command == BIO_CTRL_FLUSH ? 1 : 0
}
