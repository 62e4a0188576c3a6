import Foundation
import HTTPServer
import Testing

/// Real clients over TLS.
@Suite struct TLSProgramTests {
  private let authority: TestAuthority

  init() throws { authority = try TestAuthority.shared.get() }

  private func withServer(
    _ clients: TLSSettings.ClientCertificates = .none, _ body: (RunningServer) throws -> Void
  ) throws {
    let server = try RunningServer(authority.settings(clients))
    defer { server.stop() }
    try body(server)
  }

  private func curl(_ arguments: String...) throws -> ProgramResult {
    try ProgramResult.run(
      "curl", ["-sS", "--max-time", "20", "--cacert", authority.file] + arguments)
  }

  @Test(arguments: [("--http1.1", "1.1"), ("--http2", "2")], ["--tlsv1.2", "--tlsv1.3"])
  func curlGetsAnAnswer(_ version: (flag: String, number: String), _ tls: String) throws {
    try withServer { server in
      let result = try curl(
        version.flag, tls, "--tls-max", String(tls.suffix(3)),
        "-w", " %{http_code} %{http_version} %{ssl_verify_result}", server.url("/a?b"))
      #expect(result.output == "/a 200 \(version.number) 0")
    }
  }

  @Test(arguments: ["--http1.1", "--http2"])
  func curlReadsAndPostsMuch(_ version: String) throws {
    try withServer { server in
      let big = try curl(version, server.url("/big"))
      #expect(big.output.count == 300_000)
      let content = String(repeating: "x", count: 60_000)
      let posted = try curl(version, "-d", content, server.url("/"))
      #expect(posted.output == content)
    }
  }

  @Test func curlShowsItsCertificate() throws {
    try withServer(.required) { server in
      let pair = authority.client
      let known = try curl("--cert", pair.certificate, "--key", pair.key, server.url("/a"))
      #expect(known.output == "/a")
      let unknown = try curl(server.url("/a"))
      #expect(unknown.status != 0 && unknown.output.contains("alert"))
    }
  }

  /// As kubelet probes with `scheme: HTTPS`: no certificate is looked at, HTTP/2 by ALPN, a new
  /// connection each time.
  @Test func curlProbesLikeKubelet() throws {
    try withServer { server in
      for _ in 0..<3 {
        let result = try ProgramResult.run(
          "curl",
          ["-sSk", "--http2", "-A", "kube-probe/1.34", "-H", "Accept: */*"]
            + ["-w", " %{http_version}", server.url("/livez")])
        #expect(result.output == "/livez 2")
      }
    }
  }

  @Test(.enabled(if: ProgramResult.exists("nghttp")))
  func nghttpGetsAnAnswer() throws {
    try withServer { server in
      let result = try ProgramResult.run("nghttp", ["-nv", server.url("/a"), server.url("/big")])
      #expect(result.status == 0 && result.output.contains("The negotiated protocol: h2"))
      #expect(result.output.contains(":status: 200"))
    }
  }

  @Test(
    .enabled(if: ProgramResult.exists("h2load")),
    arguments: [["-m10"], ["--h1"], ["-m10", "-w10"]])
  func h2loadIsServed(_ options: [String]) throws {
    try withServer { server in
      let result = try ProgramResult.run(
        "h2load", ["-n200", "-c10"] + options + [server.url("/livez"), server.url("/big")])
      #expect(
        result.output.contains(
          "200 total, 200 started, 200 done, 200 succeeded, 0 failed, 0 errored"),
        "\(result.output)")
    }
  }

  private func client(_ server: RunningServer, _ arguments: String...) throws -> ProgramResult {
    try ProgramResult.run(
      "openssl",
      ["s_client", "-connect", "127.0.0.1:\(server.port)", "-CAfile", authority.file] + arguments,
      input: "R\n")
  }

  @Test func opensslMayNotNegotiateAgain() throws {
    try withServer { server in
      let result = try client(server, "-tls1_2")
      #expect(result.output.contains("Secure Renegotiation IS supported"))
      #expect(result.output.contains("RENEGOTIATING"))
      #expect(result.output.contains("no renegotiation"))
      #expect(result.output.components(separatedBy: "Certificate chain").count == 2)
      // The connection of whoever tries does not matter, the others go on.
      let other = try curl(server.url("/a"))
      #expect(other.output == "/a")
    }
  }

  @Test func opensslGetsNoTicketAndNoEarlyData() throws {
    try withServer { server in
      let result = try client(server, "-tls1_3")
      #expect(result.output.contains("Verify return code: 0 (ok)"))
      #expect(!result.output.contains("New Session Ticket"))
      #expect(!result.output.contains("Max Early Data: 1"))
      #expect(result.output.contains("Compression: NONE"))
    }
  }
}
