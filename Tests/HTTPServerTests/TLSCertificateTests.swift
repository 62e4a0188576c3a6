import COpenSSL
import EventLoop
import Foundation
import HTTPServer
import Testing

/// Certificates of listeners and of their clients.
@Suite struct TLSCertificateTests {
  private let authority: TestAuthority
  private let foreign: TestAuthority

  init() throws {
    authority = try TestAuthority.shared.get()
    foreign = try TestAuthority.foreign.get()
  }

  // MARK: - Clients

  /// The subject that the handler sees; nil where the client is not let in.
  private func subject(
    _ clients: TLSSettings.ClientCertificates, _ certificate: TestAuthority.Pair?,
    version: Int32
  ) throws -> String?? {
    let local = try LocalServer(authority.settings(clients))
    var seen: String??
    local.handler.inspect = { seen = .some($0.connection.clientSubject) }
    let client = try local.connectTLS(
      .init(versions: version...version, certificate: certificate))
    // With TLS 1.3 the client is done before the server has seen its certificate.
    let responses = client.isConnected ? try local.get("/a", from: client) : []
    #expect(responses.isEmpty == (seen == nil))
    if seen == nil {
      #expect(client.isOver)
      #expect(local.server.counters.refused(.clientCertificate) == 1)
      try local.advance(seconds: 3)
      #expect(local.server.openConnections == 0)
    }
    return seen
  }

  private static let orders = "CN=orders,OU=Zürich\\, CH,O=Vole"

  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func letsInWhomItKnows(_ version: Int32) throws {
    #expect(try subject(.required, authority.client, version: version) == Self.orders)
    #expect(try subject(.optional, authority.client, version: version) == Self.orders)
    #expect(try subject(.optional, nil, version: version) == .some(nil))
    #expect(try subject(.none, authority.client, version: version) == .some(nil))
  }

  @Test(arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
  func refusesWhomItDoesNotKnow(_ version: Int32) throws {
    #expect(try subject(.required, nil, version: version) == nil)
    for clients in [TLSSettings.ClientCertificates.required, .optional] {
      #expect(try subject(clients, foreign.client, version: version) == nil)
      #expect(try subject(clients, authority.expired, version: version) == nil)
    }
  }

  @Test func connectionsSayWhereTheyComeFrom() throws {
    let local = try LocalServer(authority.settings())
    var seen: ConnectionInfo?
    local.handler.inspect = { seen = $0.connection }
    let client = try local.connectTLS()
    _ = try local.get("/a", from: client)
    #expect(seen?.isEncrypted == true && seen?.listener == 0)
    #expect(seen?.peer.description.hasPrefix("127.0.0.1:") == true)
  }

  // MARK: - Files

  private func refusal(_ change: (inout TLSSettings) throws -> Void) throws -> String {
    var settings = authority.settings(.required)
    try change(&settings)
    do throws(TLSError) {
      _ = try TLSContext(settings)
      return "none"
    } catch {
      return error.description
    }
  }

  @Test func saysWhatIsWrongWithItsFiles() throws {
    let (server, other) = (authority.server, authority.other)
    let text = try authority.write("nothing")
    #expect(try refusal { _ in } == "none")
    #expect(
      try refusal { $0.keyFile = other.key }
        == "\"\(other.key)\" is not the key of the certificate in \"\(server.certificate)\"")
    #expect(
      try refusal { $0.certificateFile = "/no/such/file" }
        == "\"/no/such/file\" cannot be read: no such file or directory")
    #expect(
      try refusal { $0.keyFile = "/no/such/key" }
        == "\"/no/such/key\" cannot be read: no such file or directory")
    #expect(
      try refusal { $0.certificateFile = text } == "\"\(text)\" holds no certificate in PEM")
    #expect(try refusal { $0.keyFile = text } == "\"\(text)\" holds no key in PEM")
    #expect(
      try refusal { $0.authorityFile = text } == "\"\(text)\" holds no certificate in PEM")
    #expect(
      try refusal { $0.authorityFile = nil }
        == "no file of authorities is named for the clients' certificates")
    let certificate = try String(contentsOfFile: server.certificate, encoding: .utf8)
    let torn = try authority.write(certificate.replacing("MII", with: "!!!"))
    #expect(
      try refusal { $0.certificateFile = torn }.hasPrefix(
        "\"\(torn)\" holds a malformed certificate: "))
  }

  @Test func needsThePasswordOfAnEncryptedKey() throws {
    let path = authority.directory + "/encrypted.key"
    try TestAuthority.openssl(
      ["pkey", "-in", authority.server.key, "-aes256", "-passout", "pass:s3cret", "-out", path])
    #expect(
      try refusal { $0.keyFile = path } == "\"\(path)\" is encrypted, and no password is given")
    let wrong = try refusal {
      $0.keyFile = path
      $0.keyPassword = "other"
    }
    #expect(wrong.hasPrefix("\"\(path)\" cannot be read with this password: "))
    #expect(
      try refusal {
        $0.keyFile = path
        $0.keyPassword = "s3cret"
      } == "none")
  }

  @Test func refusesAKeyThatIsTooShort() throws {
    let key = authority.directory + "/short.key"
    let certificate = authority.directory + "/short.pem"
    try TestAuthority.openssl([
      "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=short", "-days", "2",
      "-keyout", key, "-out", certificate,
    ])
    let text = try refusal {
      $0.keyFile = key
      $0.certificateFile = certificate
    }
    #expect(text == "\"\(certificate)\" cannot be used: ee key too small")
  }

  @Test func tellsWhenItsCertificatesExpire() throws {
    let files = try TLSContext(authority.settings(.optional)).files
    #expect(files.map(\.purpose) == [.served, .authority])
    #expect(files.map(\.path) == [authority.server.certificate, authority.file])
    #expect(files.map(\.subject) == ["CN=server", "CN=vole authority"])
    let days = files.map { Double($0.expiry) - Date().timeIntervalSince1970 }.map { $0 / 86_400 }
    #expect(19.9...20 ~= days[0] && 29.9...30 ~= days[1])
    // Of several certificates the first that expires counts.
    let several = try [authority.server, authority.expired, authority.other].map {
      try String(contentsOfFile: $0.certificate, encoding: .utf8)
    }
    var settings = authority.settings()
    settings.certificateFile = try authority.write(several.joined(separator: "\n"))
    let expiry = try #require(try TLSContext(settings).files.first?.expiry)
    #expect(-1.1...(-0.9) ~= (Double(expiry) - Date().timeIntervalSince1970) / 86_400)
  }

  // MARK: - Rotation

  @Test func newConnectionsGetTheNewCertificate() throws {
    let local = try LocalServer(authority.settings(.optional))
    let before = try local.connectTLS()
    #expect(before.serverName == "server")
    var settings = authority.settings(.required)
    settings.certificateFile = authority.other.certificate
    settings.keyFile = authority.other.key
    settings.authorityFile = foreign.file
    try local.tls?.reload(settings)
    #expect(local.tls?.files.map(\.subject) == ["CN=other server", "CN=foreign authority"])
    #expect(try local.get("/a", from: before).map(\.body) == ["/a"])
    let after = try local.connectTLS(.init(certificate: foreign.client))
    #expect(after.serverName == "other server")
    #expect(try local.get("/b", from: after).map(\.body) == ["/b"])
    let old = try local.connectTLS(.init(certificate: authority.client))
    #expect(try local.turn(old) { old.isOver })
    #expect(try local.get("/c", from: before).map(\.body) == ["/a", "/c"])
  }

  @Test func aPairThatDoesNotFitChangesNothing() throws {
    let local = try LocalServer(authority.settings())
    var settings = authority.settings()
    settings.certificateFile = authority.other.certificate
    #expect(throws: TLSError.self) { try local.tls?.reload(settings) }
    #expect(local.tls?.files.map(\.subject) == ["CN=server"])
    let client = try local.connectTLS()
    #expect(client.serverName == "server")
    #expect(try local.get("/a", from: client).map(\.body) == ["/a"])
  }
}
