import Configuration
import Testing

/// A cluster and a consumer; sections follow.
private let base = """
  [cluster.k]
  servers = ["a:1"]
  [consumer.c]
  groups = ["g"]

  """

@Suite("Listeners: [httpserver.X]")
struct ListenerTests {
  private func listeners(_ sections: String) throws -> [Configuration.Listener] {
    let configuration = try load(base + sections)
    #expect(configuration.warnings.isEmpty)
    return configuration.listeners
  }

  @Test("What nobody says has its default")
  func defaults() throws {
    let listener = try listeners("")[0]
    #expect(listener.tls == nil && listener.clientCertificates == .none)
    #expect(listener.allowsUpgrade && !listener.logsAccess)
    for limit in ListenerLimit.allCases {
      #expect(listener.limits[limit] == limit.fallback && limit.range.contains(limit.fallback))
    }
  }

  @Test("Every limit can be set from its least to its greatest value", arguments: [true, false])
  func limits(_ isGreatest: Bool) throws {
    let value = { (limit: ListenerLimit) in
      isGreatest ? limit.range.upperBound : limit.range.lowerBound
    }
    let lines = ListenerLimit.allCases.map { "\($0.rawValue) = \(value($0))" }
    let listener = try listeners("[httpserver.a]\n" + lines.joined(separator: "\n"))[0]
    for limit in ListenerLimit.allCases { #expect(listener.limits[limit] == value(limit)) }
  }

  @Test("A limit out of its range is an error, as is one that nobody knows")
  func wrongLimits() {
    let text = "[httpserver.a]\nhead-bytes = 10\nrequest-timeout = 0\nconections = 1"
    let lines = errors(base + text)
    #expect(
      lines.prefix(2) == [
        "vole.toml:6: httpserver.a.head-bytes: 10 is out of range (1024 to 262144)",
        "vole.toml:7: httpserver.a.request-timeout: 0 is out of range (1 to 3600 seconds)",
      ])
    #expect(
      lines.last == "vole.toml:8: httpserver.a.conections: unknown key (did you mean connections?)")
  }

  @Test("timeout shortens the times that have no value of their own")
  func timeout() throws {
    let listener = try listeners("[httpserver.a]\ntimeout = 20\nidle-timeout-http1 = 600")[0]
    #expect(listener.limits[.requestTimeout] == 10)
    #expect(listener.limits[.idleTimeoutHTTP1] == 600)
    #expect(listener.limits[.idleTimeoutHTTP2] == 20)
    #expect(listener.limits[.writeTimeout] == 20)
    #expect(listener.limits[.settingsTimeout] == 10)
  }

  @Test("Variables override limits")
  func environment() throws {
    let configuration = try load(
      base, environment: ["VOLE_HTTPSERVER_DEFAULT_CONNECTIONS": "8"])
    #expect(configuration.listeners[0].limits[.connections] == 8)
  }

  @Test("Unix domain sockets have a path and a mode")
  func unix() throws {
    let found = try listeners(
      "[httpserver.a]\naddress = \"unix:/run/vole.sock\"\nsocket-mode = \"0666\"\n"
        + "[httpserver.b]\naddress = \"unix:/run/b\"\n[httpserver.c]\naddress = \":0\"\n"
        + "[httpserver.d]\naddress = \":0\"")
    #expect(found.map(\.address.path) == ["/run/vole.sock", "/run/b", nil, nil])
    #expect(found.map(\.socketMode).prefix(2) == [0o666, 0o660])
    #expect(found[0].address.description == "unix:/run/vole.sock")
    #expect(!found[0].address.choosesPort && found[2].address.choosesPort)
  }

  @Test("What is wrong with an address, a mode or a pair of addresses is said")
  func wrongAddresses() throws {
    let allowed = "host:port with an IP address, :port, or unix:/path"
    for path in [
      "unix:run/vole.sock", "unix:", "unix:/", "unix:/" + String(repeating: "p", count: 107),
    ] {
      #expect(
        errors(base + "[httpserver.a]\naddress = \"\(path)\"") == [
          "vole.toml:6: httpserver.a.address: \"\(path)\" is not an address to listen on "
            + "(\(allowed))"
        ])
    }
    for mode in ["888", "7", "01777", "+77", "rw-"] {
      #expect(
        errors(base + "[httpserver.a]\naddress = \"unix:/s\"\nsocket-mode = \"\(mode)\"") == [
          "vole.toml:7: httpserver.a.socket-mode: \"\(mode)\" is no mode of a file (\"000\" to "
            + "\"777\", octal digits in quotes)"
        ])
    }
    let twins = "[httpserver.a]\naddress = \"unix:/s\"\n[httpserver.b]\naddress = \"unix:/s\""
    #expect(
      errors(base + twins) == [
        "vole.toml:8: httpserver.b.address: unix:/s is that of httpserver.a too (one address each)"
      ])
    let configuration = try load(base + "[httpserver.a]\nsocket-mode = \"600\"")
    #expect(
      configuration.warnings.map(\.description) == [
        "vole.toml:6: httpserver.a.socket-mode: has no effect: the address is no Unix domain socket"
      ])
  }

  // MARK: - TLS

  private func encrypted(_ files: borrowing SecretFiles, _ more: String, _ profile: String = "")
    -> String
  {
    """
    [httpserver.a]
    tls = "t"
    \(more)
    [tls.t]
    certfile = "\(files.path("cert"))"
    keyfile = "\(files.path("key"))"
    \(profile)
    """
  }

  private func files() throws -> SecretFiles {
    try SecretFiles(["cert": "c", "key": "k", "ca": "a", "password": "hush\n"])
  }

  @Test("A listener takes certificate, key, password and authorities from its profile")
  func profile() throws {
    let files = try files()
    let text = encrypted(
      files, "client-certificates = \"optional\"",
      "cafile = \"\(files.path("ca"))\"\nkey-password-file = \"\(files.path("password"))\"")
    let configuration = try load(base + text)
    let listener = configuration.listeners[0]
    #expect(listener.clientCertificates == .optional)
    #expect(listener.tls?.name == "t" && listener.tls?.keyPassword == "hush")
    #expect(listener.tls?.certificateFile == files.path("cert"))
    #expect(listener.tls?.keyFile == files.path("key"))
    #expect(listener.tls?.caFile == files.path("ca"))
    let watched = ["ca", "cert", "key", "password"].map { files.path($0) }
    #expect(Set(configuration.files.map(\.path)) == Set(watched))
    #expect(!configuration.settings.contains { $0.value.contains("hush") })
  }

  @Test("Another content of a certificate is another profile")
  func rotation() throws {
    let files = try files()
    let text = base + encrypted(files, "")
    let before = try load(text)
    try files.write("cert", "another")
    let after = try load(text)
    #expect(before.listeners[0].tls != after.listeners[0].tls)
    #expect(
      after.changes(since: before).map(\.description) == [
        "\"\(files.path("cert"))\": the file has changed"
      ])
    #expect(try load(text).listeners == after.listeners)
  }

  @Test("What a listener's TLS lacks is said")
  func lacks() throws {
    let files = try files()
    #expect(
      errors(base + "[httpserver.a]\ntls = \"t\"\n[tls.t]\ncafile = \"\(files.path("ca"))\"") == [
        "vole.toml:6: httpserver.a.tls: [tls.t] has no certificate for a listener (certfile and "
          + "keyfile)"
      ])
    #expect(
      errors(base + encrypted(files, "client-certificates = \"optional\"")) == [
        "vole.toml:7: httpserver.a.client-certificates: [tls.t] names no authority of the clients' "
          + "certificates (cafile)"
      ])
    #expect(
      errors(base + "[httpserver.a]\nclient-certificates = \"optional\"") == [
        "vole.toml:6: httpserver.a.client-certificates: only TLS has certificates (tls = \"NAME\" "
          + "of a [tls.NAME])"
      ])
  }

  @Test("A file that cannot be read is one line, not two")
  func unreadable() throws {
    let files = try SecretFiles(["cert": "c"])
    #expect(
      errors(base + encrypted(files, "")) == [
        "vole.toml:10: tls.t.keyfile: cannot read \"\(files.path("key"))\": No such file or "
          + "directory"
      ])
  }

  @Test("A listener that kubelet can ask must be left")
  func probes() throws {
    let files = try files()
    let authority = "cafile = \"\(files.path("ca"))\""
    let required = encrypted(files, "client-certificates = \"required\"", authority)
    #expect(
      errors(base + required) == [
        "vole.toml:7: httpserver.a.client-certificates: kubelet has no certificate, and no other "
          + "listener lets its probes in (\"optional\", or another [httpserver.X])"
      ])
    let both = try load(base + required + "\n[httpserver.b]\naddress = \":18080\"")
    #expect(both.listeners.map(\.clientCertificates) == [.required, .none])
  }

  @Test("The library that speaks TLS is asked about the files, once everything else is right")
  func complaint() throws {
    let files = try files()
    var sources = ConfigurationSources()
    sources.library.listenerComplaint = { "no \($0.name)" }
    sources.file = ("vole.toml", Array((base + encrypted(files, "")).utf8))
    let error = #expect(throws: InvalidConfiguration.self) { try Configuration(sources) }
    #expect(error?.problems.map(\.description) == ["vole.toml:6: httpserver.a.tls: no a"])
    sources.file = ("vole.toml", Array((base + encrypted(files, "timeout = 0")).utf8))
    let other = #expect(throws: InvalidConfiguration.self) { try Configuration(sources) }
    #expect(other?.problems.count == 1)
  }
}
