import COpenSSL
import EventLoop
import Glibc

/// A file in PEM that is open for reading (RFC 7468).
@safe struct PEMFile: ~Copyable {
  private let raw: OpaquePointer
  private let path: String

  /// Opens a file.
  init(_ path: String) throws(TLSError) {
    TLSFailure.clear()
    // SAFETY: the path is copied.
    guard let raw = unsafe BIO_new_file(path, "r") else {
      throw TLSError(path, "cannot be read: \(Errno(rawValue: errno).message)")
    }
    // SAFETY: made for this value, which frees it.
    unsafe self.raw = raw
    self.path = path
  }

  deinit {
    // SAFETY: nobody else has the pointer.
    unsafe BIO_free_all(raw)
  }

  /// The first key; nil where there is none or the password is not its own.
  ///
  /// The caller frees it.
  func key(password: String?) -> OpaquePointer? {
    guard let password else {
      // SAFETY: the callback needs nothing. Without one OpenSSL would ask at the terminal.
      return unsafe PEM_read_bio_PrivateKey(raw, nil, { _, _, _, _ in -1 }, nil)
    }
    var bytes = Array(password.utf8CString)
    // SAFETY: without a callback the argument is a C string, which is only read.
    return unsafe PEM_read_bio_PrivateKey(raw, nil, nil, &bytes)
  }

  /// Lends each certificate in turn.
  ///
  /// - Throws: that there is none, or that one is malformed.
  func forEachCertificate(_ body: (OpaquePointer) -> Void) throws(TLSError) {
    var count = 0
    TLSFailure.clear()
    // SAFETY: each certificate is freed after it was lent.
    while let certificate = unsafe PEM_read_bio_X509(raw, nil, nil, nil) {
      unsafe body(certificate)
      unsafe X509_free(certificate)
      count += 1
    }
    // Where nothing follows, no line begins a certificate any more.
    guard TLSFailure.last(is: PEM_R_NO_START_LINE, of: ERR_LIB_PEM) else {
      throw TLSError(path, "holds a malformed certificate: \(TLSFailure.text)")
    }
    guard count > 0 else { throw TLSError(path, "holds no certificate in PEM") }
    TLSFailure.clear()
  }
}

extension CertificateFile {
  /// Looks at the certificates of a file.
  init(_ path: String, _ purpose: Purpose) throws(TLSError) {
    var subject: String?
    var expiry = Int64.max
    // SAFETY: each certificate is lent for one call.
    try unsafe PEMFile(path).forEachCertificate { certificate in
      if subject == nil { subject = unsafe TLSName.subject(of: certificate) }
      expiry = min(expiry, unsafe Self.expiry(of: certificate))
    }
    self.init(purpose: purpose, path: path, subject: subject ?? "", expiry: expiry)
  }

  /// Seconds since 1970 at which a certificate expires; 0 where its time is malformed.
  private static func expiry(of certificate: OpaquePointer) -> Int64 {
    var days: Int32 = 0
    var seconds: Int32 = 0
    // SAFETY: the time of 1970 is made and freed here, that of the certificate is lent.
    let origin = unsafe ASN1_TIME_set(nil, 0)
    defer { unsafe ASN1_TIME_free(origin) }
    let result = unsafe ASN1_TIME_diff(
      &days, &seconds, origin, X509_get0_notAfter(certificate))
    return result == 1 ? Int64(days) * 86_400 + Int64(seconds) : 0
  }
}

/// Names in certificates as text.
enum TLSName {
  /// Bytes of the longest name that is taken.
  static let maximumBytes = 1_024

  /// The subject of a certificate in the form of RFC 2253, control characters escaped; nil for one
  /// that is too long.
  static func subject(of certificate: OpaquePointer) -> String? {
    // SAFETY: the memory is made and freed here; the name is the certificate's.
    guard let memory = unsafe BIO_new(BIO_s_mem()) else { return nil }
    defer { unsafe BIO_free_all(memory) }
    let name = unsafe X509_get_subject_name(certificate)
    guard unsafe X509_NAME_print_ex(memory, name, 0, vole_name_form) >= 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
    let count = unsafe BIO_read(memory, &bytes, Int32(bytes.count))
    guard count <= maximumBytes else { return nil }
    return String(decoding: bytes.prefix(max(0, Int(count))), as: UTF8.self)
  }
}
