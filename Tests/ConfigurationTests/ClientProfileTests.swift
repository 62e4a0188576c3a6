import Configuration
import Testing

@Suite("Client profiles")
struct ClientProfileTests {
  private func properties(
    _ profiles: String, environment: [String: String] = [:]
  ) throws -> [String] {
    let text =
      "[cluster.k]\nservers = [\"a:1\", \"b:2\"]\nclient-profile = \"P\"\n"
      + "[consumer.c]\ngroups = [\"g\"]\n" + profiles
    let cluster = try load(text, environment: environment).clusters[0]
    return cluster.client.kafkaProperties(servers: cluster.servers).map { "\($0.name)=\($0.value)" }
  }

  @Test("A profile without TLS and SASL speaks plain text")
  func plain() throws {
    #expect(
      try properties("[client-profile.P]\nclient-id = \"me\"\ndial-timeout = 5\nread-timeout = 7")
        == [
          "bootstrap.servers=a:1,b:2", "client.id=me", "socket.connection.setup.timeout.ms=5000",
          "socket.timeout.ms=7000",
        ])
  }

  @Test("TLS with a client certificate")
  func tls() throws {
    let files = try SecretFiles(["ca.pem": "ca", "c.pem": "c", "k.pem": "k"])
    let text = """
      [client-profile.P]
      tls = "T"
      [tls.T]
      cafile = "\(files.path("ca.pem"))"
      certfile = "\(files.path("c.pem"))"
      keyfile = "\(files.path("k.pem"))"
      noverify = true
      """
    #expect(
      try properties(text) == [
        "bootstrap.servers=a:1,b:2", "client.id=vole", "security.protocol=ssl",
        "ssl.ca.location=\(files.path("ca.pem"))",
        "ssl.certificate.location=\(files.path("c.pem"))",
        "ssl.key.location=\(files.path("k.pem"))", "enable.ssl.certificate.verification=false",
      ])
  }

  @Test("A client certificate needs no authorities of its own, other than in Burrow")
  func systemAuthorities() throws {
    let files = try SecretFiles(["c.pem": "c", "k.pem": "k"])
    let text = """
      [client-profile.P]
      tls = "T"
      [tls.T]
      certfile = "\(files.path("c.pem"))"
      keyfile = "\(files.path("k.pem"))"
      """
    #expect(
      try properties(text).suffix(2) == [
        "ssl.certificate.location=\(files.path("c.pem"))",
        "ssl.key.location=\(files.path("k.pem"))",
      ])
  }

  @Test("SASL with and without TLS")
  func sasl() throws {
    let text = """
      [client-profile.P]
      sasl = "S"
      [sasl.S]
      mechanism = "SCRAM-SHA-512"
      handshake-first = true
      username = "vole"
      password = "from the file"
      """
    let login = [
      "sasl.mechanism=SCRAM-SHA-512", "sasl.username=vole", "sasl.password=from the file",
    ]
    #expect(
      try properties(text)
        == ["bootstrap.servers=a:1,b:2", "client.id=vole", "security.protocol=sasl_plaintext"]
        + login)
    let both = text.replacing("sasl = \"S\"", with: "sasl = \"S\"\ntls = \"T\"\n[tls.T]")
    #expect(try properties(both).contains("security.protocol=sasl_ssl"))
    #expect(
      try properties(text, environment: ["VOLE_SASL_S_PASSWORD": "from outside"]).last
        == "sasl.password=from outside")
  }

  @Test("A password can come from a mounted file, its first line")
  func passwordFile() throws {
    let files = try SecretFiles(["password": "s3cret with blank \n", "empty": "\n"])
    func text(_ name: String) -> String {
      """
      [client-profile.P]
      sasl = "S"
      [sasl.S]
      username = "vole"
      password-file = "\(files.path(name))"
      """
    }
    #expect(try properties(text("password")).last == "sasl.password=s3cret with blank ")
    #expect(throws: InvalidConfiguration.self) { try properties(text("empty")) }
    #expect(throws: InvalidConfiguration.self) { try properties(text("missing")) }
    #expect(throws: InvalidConfiguration.self) {
      try properties(text("password") + "\npassword = \"two\"")
    }
  }

  @Test("Mechanisms without a password need none")
  func kerberos() throws {
    let text = """
      [client-profile.P]
      sasl = "S"
      [client-profile.P.librdkafka]
      "sasl.kerberos.service.name" = "kafka"
      [sasl.S]
      mechanism = "GSSAPI"
      """
    #expect(
      try properties(text).suffix(3) == [
        "security.protocol=sasl_plaintext", "sasl.mechanism=GSSAPI",
        "sasl.kerberos.service.name=kafka",
      ])
  }

  @Test("Properties pass through in order, quoted or dotted, and override the profile's")
  func passThrough() throws {
    let text = """
      [client-profile.P]
      read-timeout = 7
      [client-profile.P.librdkafka]
      "socket.timeout.ms" = 9000
      debug = "broker,security"
      "socket.keepalive.enable" = true
      ssl.key.password = "hush"
      "a.fraction" = 0.5
      """
    #expect(
      try properties(text) == [
        "bootstrap.servers=a:1,b:2", "client.id=vole", "socket.timeout.ms=9000",
        "debug=broker,security", "socket.keepalive.enable=true", "ssl.key.password=hush",
        "a.fraction=0.5",
      ])
    let variable = "VOLE_CLIENT_PROFILE_P_LIBRDKAFKA_SSL_KEY_PASSWORD"
    #expect(try properties(text, environment: [variable: "x"]).contains("ssl.key.password=x"))
  }

  @Test("What librdkafka refuses is reported with its place, beside everything else")
  func refusedProperty() {
    var sources = ConfigurationSources()
    let text = """
      [cluster.k]
      servers = ["a:1"]
      offset-refresh = "often"
      [consumer.c]
      groups = ["g"]
      [client-profile.P.librdkafka]
      "socket.timeout.ms" = "soon"
      "ssl.ca.location" = "/"
      """
    sources.file = ("vole.toml", Array(text.utf8))
    sources.library.propertyComplaint = { $0.value == "soon" ? "is no number" : nil }
    let refusal = #expect(throws: InvalidConfiguration.self) { try Configuration(sources) }
    #expect(
      refusal?.problems.map(\.description) == [
        "vole.toml:3: cluster.k.offset-refresh: is a string, not a whole number "
          + "(1 to 86400 seconds)",
        "vole.toml:7: client-profile.P.librdkafka.\"socket.timeout.ms\": is no number",
      ])
  }

  @Test("A consumer may log in otherwise than its cluster")
  func consumer() throws {
    let text = """
      [client-profile.one]
      client-id = "one"
      [client-profile.two]
      client-id = "two"
      [cluster.k]
      servers = ["a:1"]
      client-profile = "one"
      [cluster.l]
      servers = ["b:1"]
      client-profile = "one"
      [consumer.c]
      cluster = "k"
      groups = ["g"]
      client-profile = "two"
      [consumer.d]
      cluster = "l"
      groups = ["h"]
      """
    let configuration = try load(text)
    #expect(configuration.clusters.map(\.client.clientID) == ["one", "one"])
    #expect(configuration.consumers.map(\.client.clientID) == ["two", "one"])
  }

  @Test("No secret is shown, neither as a setting nor in an error")
  func secrets() throws {
    let text = """
      [cluster.k]
      servers = ["a:1"]
      [consumer.c]
      groups = ["g"]
      [client-profile.P.librdkafka]
      "ssl.key.password" = "hush-1"
      "ssl.key.pem" = "hush-2"
      "sasl.jaas.config" = "hush-3"
      [sasl.S]
      username = "vole"
      password = "hush-4"
      """
    let configuration = try load(text)
    let shown = configuration.settings.map { "\($0)" }.joined()
    #expect(!shown.contains("hush"))
    #expect(configuration.settings.count { $0.value == "\"<hidden>\"" } == 4)
    let refused = errors(
      text + "\nmechanism = 5", environment: ["VOLE_SASL_S_PASSWORD": "hush-5"])
    #expect(refused.count == 1)
    #expect(!refused.joined().contains("hush"))
  }
}
