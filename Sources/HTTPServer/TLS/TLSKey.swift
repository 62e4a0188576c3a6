import COpenSSL

/// A private key out of a file in PEM.
@safe struct TLSKey: ~Copyable {
  private let raw: OpaquePointer

  /// Reads a key.
  ///
  /// - Throws: that it cannot be read, is no key, or needs a password or another one.
  init(_ path: String, password: String?) throws(TLSError) {
    let file = try PEMFile(path)
    TLSFailure.clear()
    guard let raw = unsafe file.key(password: password) else {
      throw TLSError(path, Self.reason(hasPassword: password != nil))
    }
    // SAFETY: made for this value, which frees it.
    unsafe self.raw = raw
  }

  deinit {
    // SAFETY: contexts that use it hold references of their own.
    unsafe EVP_PKEY_free(raw)
  }

  private static func reason(hasPassword: Bool) -> String {
    if TLSFailure.last(is: PEM_R_BAD_PASSWORD_READ, of: ERR_LIB_PEM) {
      return "is encrypted, and no password is given"
    }
    if TLSFailure.last(is: vole_error_unsupported, of: ERR_LIB_OSSL_DECODER) {
      return "holds no key in PEM"
    }
    let text = TLSFailure.text
    return hasPassword ? "cannot be read with this password: \(text)" : "cannot be used: \(text)"
  }

  /// Whether it is the key of a certificate.
  func fits(_ certificate: OpaquePointer) -> Bool {
    // SAFETY: both are valid during the call.
    unsafe X509_check_private_key(certificate, raw) == 1
  }

  /// Lets a context use it; false where that refuses, for example because the key is too short.
  func use(in context: OpaquePointer) -> Bool {
    // SAFETY: the context takes a reference of its own.
    unsafe SSL_CTX_use_PrivateKey(context, raw) == 1
  }
}
