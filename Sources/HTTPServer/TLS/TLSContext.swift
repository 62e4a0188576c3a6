import COpenSSL

/// The certificates and rules of a listener that speaks TLS (RFC 8446, RFC 5246).
///
/// TLS 1.2 and 1.3, ephemeral elliptic curves and authenticated ciphers only (RFC 9113 section 9.2,
/// RFC 9325). Nothing is renegotiated, compressed or resumed and there is no early data: every
/// connection proves anew who it is, so that another authority counts at once.
@safe package final class TLSContext {
  /// For TLS 1.2, without those of RFC 9113 appendix A; TLS 1.3 has no others.
  private static let ciphers = [
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
  ].joined(separator: ":")
  /// OpenSSL's own list has finite fields too, whose arithmetic costs fifty times as much.
  private static let groups = "X25519:P-256:P-384"

  /// The pointer that new connections are made with; those that stand keep the one they have.
  private var raw: OpaquePointer
  /// The functions through which connections reach their sockets.
  let socketMethod: TLSSocketMethod
  /// The files that were read last, for whoever watches their expiry.
  package private(set) var files: [CertificateFile]

  /// Reads the files of a listener.
  ///
  /// - Throws: the file that is wrong and the reason.
  package init(_ settings: TLSSettings) throws(TLSError) {
    guard let method = TLSSocketMethod() else { throw TLSError(nil, "there is no memory") }
    socketMethod = method
    var files: [CertificateFile] = []
    // SAFETY: made for this object alone, which frees it.
    unsafe raw = try Self.make(settings, &files)
    self.files = files
  }

  deinit {
    // SAFETY: connections that were made with it hold references of their own.
    unsafe SSL_CTX_free(raw)
  }

  /// Reads the files again, for the connections that come from now on.
  ///
  /// - Throws: the file that is wrong and the reason; then everything stays as it was.
  package func reload(_ settings: TLSSettings) throws(TLSError) {
    var files: [CertificateFile] = []
    // SAFETY: what is made takes the place of what is freed; connections that were made with it
    // hold references of their own.
    let other = try unsafe Self.make(settings, &files)
    unsafe SSL_CTX_free(raw)
    unsafe raw = other
    self.files = files
  }

  /// Makes the server's side of a connection; nil when there is no memory.
  ///
  /// - Parameter descriptor: a socket that stays open as long as the session lives.
  func session(descriptor: Int32) -> TLSSession? {
    // SAFETY: the pointer is valid; the session takes what is made over.
    guard let session = unsafe SSL_new(raw) else { return nil }
    return unsafe TLSSession(session, descriptor: descriptor, method: socketMethod)
  }

  // MARK: - Making

  private static func make(
    _ settings: TLSSettings, _ files: inout [CertificateFile]
  ) throws(TLSError) -> OpaquePointer {
    TLSFailure.clear()
    // SAFETY: what is made here is freed here or handed out.
    guard let raw = unsafe SSL_CTX_new(TLS_server_method()) else {
      throw TLSError(nil, "TLS cannot be used: \(TLSFailure.text)")
    }
    do throws(TLSError) {
      try unsafe setRules(raw)
      try unsafe setCertificate(raw, settings, &files)
      try unsafe setClientCertificates(raw, settings, &files)
    } catch {
      unsafe SSL_CTX_free(raw)
      throw error
    }
    return unsafe raw
  }

  private static func setRules(_ raw: OpaquePointer) throws(TLSError) {
    // SAFETY: the pointer is valid, texts are copied, and the callback needs nothing.
    unsafe SSL_CTX_set_options(raw, vole_tls_options)
    unsafe control(raw, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF))
    unsafe SSL_CTX_set_num_tickets(raw, 0)
    unsafe SSL_CTX_set_max_early_data(raw, 0)
    let isTaken =
      unsafe control(raw, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION)) == 1
      && control(raw, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_3_VERSION)) == 1
      && SSL_CTX_set_cipher_list(raw, ciphers) == 1
      && setGroups(raw)
    guard isTaken else { throw TLSError(nil, "TLS cannot be used: \(TLSFailure.text)") }
    // Buffers exist only while something is in them. What is written again after it blocked may
    // have moved. A read returns after each record that holds no content, so that a client which
    // sends nothing else cannot keep the loop.
    unsafe control(
      raw, SSL_CTRL_MODE,
      Int(SSL_MODE_RELEASE_BUFFERS) | Int(SSL_MODE_ENABLE_PARTIAL_WRITE)
        | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
    unsafe control(raw, SSL_CTRL_CLEAR_MODE, Int(SSL_MODE_AUTO_RETRY))
    // One system call for a record, not one for its head and one for the rest.
    unsafe control(raw, SSL_CTRL_SET_READ_AHEAD, 1)
    unsafe SSL_CTX_set_alpn_select_cb(raw, selectProtocol, nil)
  }

  @discardableResult
  private static func control(_ raw: OpaquePointer, _ command: Int32, _ value: Int) -> Int {
    // SAFETY: these commands take a number and no pointer.
    unsafe SSL_CTX_ctrl(raw, command, value, nil)
  }

  private static func setGroups(_ raw: OpaquePointer) -> Bool {
    var groups = Array(groups.utf8CString)
    // SAFETY: the text is only read, in spite of its type.
    return unsafe SSL_CTX_ctrl(raw, SSL_CTRL_SET_GROUPS_LIST, 0, &groups) == 1
  }

  // MARK: - Certificates

  private static func setCertificate(
    _ raw: OpaquePointer, _ settings: TLSSettings, _ files: inout [CertificateFile]
  ) throws(TLSError) {
    let path = settings.certificateFile
    files.append(try CertificateFile(path, .served))
    TLSFailure.clear()
    // SAFETY: the path is copied; the certificate is lent by the context.
    guard unsafe SSL_CTX_use_certificate_chain_file(raw, path) == 1,
      let certificate = unsafe SSL_CTX_get0_certificate(raw)
    else { throw TLSError(path, "cannot be used: \(TLSFailure.text)") }
    let key = try TLSKey(settings.keyFile, password: settings.keyPassword)
    guard unsafe key.fits(certificate) else {
      throw TLSError(settings.keyFile, "is not the key of the certificate in \"\(path)\"")
    }
    TLSFailure.clear()
    guard unsafe key.use(in: raw) else {
      throw TLSError(settings.keyFile, "cannot be used: \(TLSFailure.text)")
    }
  }

  private static func setClientCertificates(
    _ raw: OpaquePointer, _ settings: TLSSettings, _ files: inout [CertificateFile]
  ) throws(TLSError) {
    var mode = SSL_VERIFY_PEER
    switch settings.clientCertificates {
    case .none: return
    case .optional: break
    case .required: mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT
    }
    guard let path = settings.authorityFile else {
      throw TLSError(nil, "no file of authorities is named for the clients' certificates")
    }
    files.append(try CertificateFile(path, .authority))
    TLSFailure.clear()
    // SAFETY: the path is copied, and the context takes the list of names over.
    guard unsafe SSL_CTX_load_verify_file(raw, path) == 1,
      let names = unsafe SSL_load_client_CA_file(path)
    else { throw TLSError(path, "cannot be used: \(TLSFailure.text)") }
    unsafe SSL_CTX_set_client_CA_list(raw, names)
    unsafe SSL_CTX_set_verify(raw, mode, nil)
  }
}

/// Takes HTTP/2 if the client offers it, else HTTP/1.1 (RFC 7301); whoever offers neither is told.
@c private func selectProtocol(
  _ session: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  _ chosenLength: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
  _ offeredLength: UInt32, _ argument: UnsafeMutableRawPointer?
) -> Int32 {
  // SAFETY: the list is valid during the call, and OpenSSL copies what is chosen of it.
  guard let offered = unsafe offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
  let list = unsafe Span(_unsafeStart: offered, count: Int(offeredLength))
  let preferred: [StaticString] = ["h2", "http/1.1"]
  for name in preferred {
    guard let place = TLSProtocols.find(name, in: list) else { continue }
    unsafe chosen?.pointee = offered + place
    unsafe chosenLength?.pointee = UInt8(name.utf8CodeUnitCount)
    return SSL_TLSEXT_ERR_OK
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL
}

/// The list of protocols that a client offers: names behind their lengths (RFC 7301 section 3.1).
enum TLSProtocols {
  /// Where a name stands in a list; nil where it does not.
  static func find(_ name: StaticString, in list: Span<UInt8>) -> Int? {
    var position = 0
    while position < list.count {
      let start = position + 1
      let end = start + Int(list[position])
      guard end <= list.count else { return nil }
      if ASCII.equal(list.extracting(start..<end), name) { return start }
      position = end
    }
    return nil
  }
}
