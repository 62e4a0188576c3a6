import Foundation
import HTTPServer

/// Certificates that are made once for all tests, with the openssl command.
final class TestAuthority: Sendable {
  /// A certificate and its key, as files.
  struct Pair: Sendable, Equatable {
    let certificate: String
    let key: String
  }

  /// The authority that servers and clients of the tests trust.
  static let shared = Result { try TestAuthority("vole authority") }
  /// Another one, which nobody trusts.
  static let foreign = Result { try TestAuthority("foreign authority") }

  let directory: String
  /// The authority's own certificate.
  let file: String
  private let key: String
  /// For servers: 127.0.0.1 and localhost.
  let server: Pair
  /// Another one for servers.
  let other: Pair
  /// For a client called `orders`.
  let client: Pair
  /// For a client; expired a day ago.
  let expired: Pair

  private init(_ name: String) throws {
    let url = FileManager.default.temporaryDirectory.appending(
      path: "vole-tests-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let directory = url.path
    self.directory = directory
    (file, key) = (directory + "/ca.pem", directory + "/ca.key")
    try Self.openssl(
      ["req", "-x509", "-days", "30", "-subj", "/CN=\(name)", "-out", file]
        + ["-addext", "basicConstraints=critical,CA:TRUE"] + Self.newKey(key))
    let issue = { [file, key] (subject: String, days: Int) throws -> Pair in
      try Self.issue(subject, days: days, in: directory, by: file, key)
    }
    server = try issue("/CN=server", 20)
    other = try issue("/CN=other server", 10)
    client = try issue("/O=Vole/OU=Zürich, CH/CN=orders", 20)
    expired = try issue("/CN=late", -1)
  }

  private static func newKey(_ path: String) -> [String] {
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path]
  }

  private static func issue(
    _ subject: String, days: Int, in directory: String, by authority: String, _ key: String
  ) throws -> Pair {
    let path = directory + "/" + UUID().uuidString
    let pair = Pair(certificate: path + ".pem", key: path + ".key")
    try openssl(
      ["req", "-new", "-utf8", "-subj", subject, "-out", path + ".csr"] + newKey(pair.key))
    let names = path + ".ext"
    try "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n".write(
      toFile: names, atomically: true, encoding: .utf8)
    try openssl([
      "x509", "-req", "-in", path + ".csr", "-CA", authority, "-CAkey", key, "-days", "\(days)",
      "-extfile", names, "-out", pair.certificate,
    ])
    return pair
  }

  /// Runs openssl; throws with what it printed.
  static func openssl(_ arguments: [String]) throws {
    let result = try ProgramResult.run("openssl", arguments)
    guard result.status == 0 else { throw OpenSSLFailed(output: result.output) }
  }

  struct OpenSSLFailed: Error {
    let output: String
  }

  /// What a listener with the server's certificate needs.
  func settings(_ clients: TLSSettings.ClientCertificates = .none) -> TLSSettings {
    var settings = TLSSettings(certificateFile: server.certificate, keyFile: server.key)
    settings.authorityFile = clients == .none ? nil : file
    settings.clientCertificates = clients
    return settings
  }

  /// Writes a file that is there until the tests end.
  func write(_ text: String) throws -> String {
    let path = directory + "/" + UUID().uuidString
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }
}
