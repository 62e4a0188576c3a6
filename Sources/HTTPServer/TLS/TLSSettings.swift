/// What a listener needs to speak TLS: files in PEM, and what it wants of its clients.
package struct TLSSettings: Sendable, Equatable {
  /// What a listener wants of its clients.
  package enum ClientCertificates: String, CaseIterable, Sendable {
    /// No certificate is asked for.
    case none
    /// One is asked for; whoever has none is let in, whoever has a wrong one is not.
    case optional
    /// Nobody is let in without one.
    case required
  }

  /// The listener's certificate, followed by those between it and its authority.
  package var certificateFile: String
  /// The key of the certificate.
  package var keyFile: String
  /// The password of the key, a secret; nil where the key has none.
  package var keyPassword: String?
  /// The authorities that clients' certificates come from; needed where any are asked for.
  package var authorityFile: String?
  /// What the listener wants of its clients.
  package var clientCertificates = ClientCertificates.none

  /// Names the files of a listener that asks its clients for nothing.
  package init(certificateFile: String, keyFile: String) {
    self.certificateFile = certificateFile
    self.keyFile = keyFile
  }
}

/// Why a listener cannot speak TLS.
package struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file that is wrong; nil where none is.
  package let file: String?
  /// What is wrong, in words that follow the file's name: "is not the key of …".
  package let reason: String

  init(_ file: String?, _ reason: String) {
    self.file = file
    self.reason = reason
  }

  /// One line: the file in quotes, and what is wrong with it.
  package var description: String { file.map { "\"\($0)\" \(reason)" } ?? reason }
}

/// A file of certificates that a listener uses, as it was read last.
package struct CertificateFile: Sendable, Equatable {
  /// What the file is for.
  package enum Purpose: String, Sendable {
    /// The certificate that clients are shown, with those above it.
    case served
    /// The authorities of clients' certificates.
    case authority
  }

  /// What the file is for.
  package let purpose: Purpose
  /// The path as it was given.
  package let path: String
  /// The subject of the first certificate, in the form of RFC 2253.
  package let subject: String
  /// Seconds since 1970 at which the first of its certificates expires.
  package let expiry: Int64
}
