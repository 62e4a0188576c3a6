import EventLoop
import Foundation
import HTTPServer
import StubServer
import Testing

/// The client over TLS, with the server of the agent.
@Suite("The client over TLS")
struct ClientTLSTests {
  private let authority: TestAuthority
  private let foreign: TestAuthority

  init() throws {
    authority = try TestAuthority.shared.get()
    foreign = try TestAuthority.foreign.get()
  }

  private func fetch(
    _ path: String, host: String = "127.0.0.1", port: UInt16,
    _ change: (inout ClientTLSSettings) -> Void = { _ in }
  ) throws -> ClientResponse {
    var settings = ClientTLSSettings()
    settings.authorityFile = authority.file
    change(&settings)
    let server = ServerAddress(.tcp(host: host, port: port), isSecure: true)
    return try HTTPClient(server, token: nil, tls: settings).fetch(
      ClientRequest(get: path), by: Deadline(milliseconds: 20_000))
  }

  private func withServer(
    _ clients: TLSSettings.ClientCertificates = .none, _ body: (RunningServer) throws -> Void
  ) throws {
    let server = try RunningServer(authority.settings(clients))
    defer { server.stop() }
    try body(server)
  }

  @Test(
    "A server that an authority vouches for, by address and by name",
    arguments: [
      "127.0.0.1", "localhost",
    ])
  func trusts(host: String) throws {
    try withServer { server in
      let small = try fetch("/a?b", host: host, port: server.port)
      #expect(small.head.status == 200)
      #expect(small.content == Array("/a".utf8))
      #expect(try fetch("/big", host: host, port: server.port).content.count == 300_000)
    }
  }

  @Test("Nobody else is trusted, unless that is wanted")
  func doesNotTrust() throws {
    try withServer { server in
      for file in [foreign.file, nil] {
        let error = #expect(throws: ClientError.self) {
          try fetch("/a", port: server.port) { $0.authorityFile = file }
        }
        guard case .untrusted = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        let response = try fetch("/a", port: server.port) {
          $0.authorityFile = file
          $0.isVerified = false
        }
        #expect(response.head.status == 200)
      }
    }
  }

  @Test("A client's certificate is shown where one is asked for")
  func clientCertificate() throws {
    try withServer(.required) { server in
      let response = try fetch("/a", port: server.port) {
        $0.certificateFile = authority.client.certificate
        $0.keyFile = authority.client.key
      }
      #expect(response.head.status == 200)
      let error = #expect(throws: ClientError.self) { try fetch("/a", port: server.port) }
      guard case .encryption(let text) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(text.contains("certificate required"))
    }
  }

  @Test("Files that cannot be used are named")
  func files() throws {
    for (change, why) in [
      ({ $0.authorityFile = "/nonexistent" }, "\"/nonexistent\" cannot be read"),
      ({ $0.authorityFile = authority.server.key }, "holds no certificate in PEM"),
      (
        {
          $0.certificateFile = authority.client.certificate
          $0.keyFile = authority.server.key
        }, "is not the key of the certificate in"
      ),
      ({ $0.certificateFile = authority.client.certificate }, "holds no key in PEM"),
    ] as [((inout ClientTLSSettings) -> Void, String)] {
      let error = #expect(throws: TLSError.self) { try fetch("/", port: 1, change) }
      #expect(error?.description.contains(why) == true, "\(String(describing: error))")
    }
  }

  @Test("A certificate that is right for another name is a wrong one")
  func name() throws {
    let settings = try TestAuthority.named("elsewhere", by: authority)
    let server = try RunningServer(settings)
    defer { server.stop() }
    let error = #expect(throws: ClientError.self) {
      try fetch("/a", port: server.port) { $0.authorityFile = settings.certificateFile }
    }
    #expect(error == .untrusted("IP address mismatch"))
    let named = #expect(throws: ClientError.self) {
      try fetch("/a", host: "localhost", port: server.port) {
        $0.authorityFile = settings.certificateFile
      }
    }
    #expect(named == .untrusted("hostname mismatch"))
  }

  @Test("Plain HTTP to a port that speaks TLS, and TLS to one that does not, are told")
  func mixedUp() throws {
    try withServer { server in
      let address = ServerAddress(.tcp(host: "127.0.0.1", port: server.port))
      #expect(throws: ClientError.self) {
        try HTTPClient(address, token: nil).fetch(
          ClientRequest(get: "/"), by: Deadline(milliseconds: 20_000))
      }
    }
    let plain = try RunningServer()
    defer { plain.stop() }
    let error = #expect(throws: ClientError.self) { try fetch("/", port: plain.port) }
    guard case .encryption = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}

extension TestAuthority {
  /// A server's certificate for a name that no test server has.
  fileprivate static func named(_ name: String, by authority: TestAuthority) throws -> TLSSettings {
    let path = "\(authority.directory)/\(UUID().uuidString)"
    // It vouches for itself, and is named among the authorities by the test.
    try openssl([
      "req", "-x509", "-days", "2", "-subj", "/CN=\(name)", "-addext",
      "subjectAltName=DNS:\(name)", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
      "-nodes", "-keyout", path + ".key", "-out", path + ".pem",
    ])
    return TLSSettings(certificateFile: path + ".pem", keyFile: path + ".key")
  }
}
