import COpenSSL
import EventLoop
import Glibc

/// The rules of TLS connections to a server (RFC 8446, RFC 5246, RFC 9525).
@safe final class ClientTLSContext {
  private let raw: OpaquePointer
  private let socketMethod: TLSSocketMethod

  /// Reads the files.
  ///
  /// - Throws: the file that is wrong and the reason.
  init(_ settings: ClientTLSSettings) throws(TLSError) {
    TLSFailure.clear()
    // SAFETY: made for this object alone, which frees it.
    guard let method = TLSSocketMethod(), let raw = unsafe SSL_CTX_new(TLS_client_method()) else {
      throw TLSError(nil, "TLS cannot be used: \(TLSFailure.text)")
    }
    socketMethod = method
    unsafe self.raw = raw
    // SAFETY: the pointer is valid and texts are copied.
    _ = unsafe SSL_CTX_ctrl(raw, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    unsafe SSL_CTX_set_verify(raw, settings.isVerified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    try setAuthorities(settings)
    try setCertificate(settings)
  }

  deinit {
    // SAFETY: connections that were made with it hold references of their own.
    unsafe SSL_CTX_free(raw)
  }

  private func setAuthorities(_ settings: ClientTLSSettings) throws(TLSError) {
    TLSFailure.clear()
    // SAFETY: the pointer is valid and the path is copied.
    guard let path = settings.authorityFile else {
      unsafe SSL_CTX_set_default_verify_paths(raw)
      return
    }
    _ = try CertificateFile(path, .authority)
    guard unsafe SSL_CTX_load_verify_file(raw, path) == 1 else {
      throw TLSError(path, "cannot be used: \(TLSFailure.text)")
    }
  }

  private func setCertificate(_ settings: ClientTLSSettings) throws(TLSError) {
    guard let path = settings.certificateFile else { return }
    _ = try CertificateFile(path, .served)
    TLSFailure.clear()
    // SAFETY: the path is copied; the certificate is lent by the context.
    guard unsafe SSL_CTX_use_certificate_chain_file(raw, path) == 1,
      let certificate = unsafe SSL_CTX_get0_certificate(raw)
    else { throw TLSError(path, "cannot be used: \(TLSFailure.text)") }
    let keyPath = settings.keyFile ?? path
    let key = try TLSKey(keyPath, password: nil)
    guard unsafe key.fits(certificate) else {
      throw TLSError(keyPath, "is not the key of the certificate in \"\(path)\"")
    }
    TLSFailure.clear()
    guard unsafe key.use(in: raw) else {
      throw TLSError(keyPath, "cannot be used: \(TLSFailure.text)")
    }
  }

  /// Protects a connection to a host; nil when there is no memory.
  func transport(_ socket: consuming StreamSocket, host: String) -> TLSTransport? {
    // SAFETY: the session is handed on, or freed here.
    guard let session = unsafe SSL_new(raw) else { return nil }
    guard let side = unsafe socketMethod.socket(socket.fileDescriptor) else {
      unsafe SSL_free(session)
      return nil
    }
    unsafe SSL_set_bio(session, side, side)
    unsafe SSL_set_connect_state(session)
    unsafe Self.expect(host, session)
    return unsafe TLSTransport(session, socket, method: socketMethod)
  }

  /// Says whom the client wants to speak with, and in which protocol.
  private static func expect(_ host: String, _ session: OpaquePointer) {
    var address = in6_addr()
    let family = host.utf8.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
    // SAFETY: every text is copied; an in6_addr is large enough for both families.
    if unsafe inet_pton(family, host, &address) == 1 {
      unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host)
    } else {
      unsafe SSL_set1_host(session, host)
      unsafe vole_set_server_name(session, host)
    }
    let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
    _ = unsafe SSL_set_alpn_protos(session, protocols, UInt32(protocols.count))
  }
}
