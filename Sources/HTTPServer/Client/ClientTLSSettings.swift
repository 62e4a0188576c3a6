/// What a client needs to speak TLS; every file is in PEM.
package struct ClientTLSSettings: Sendable, Equatable {
  /// The authorities that the server's certificate may come from; nil for those of the system.
  package var authorityFile: String?
  /// Whether the server's certificate and name are looked at.
  package var isVerified = true
  /// The client's own certificate, followed by those above it; nil for none.
  package var certificateFile: String?
  /// The key of that certificate; nil where it stands in the same file.
  package var keyFile: String?

  /// The authorities of the system, and no certificate.
  package init() {}
}
