import Configuration
import Testing

/// A cluster that logs in with profile `P`, whose sections follow.
private func cluster(_ profiles: String) -> String {
  """
  [cluster.k]
  servers = ["a:1"]
  client-profile = "P"
  [consumer.c]
  groups = ["g"]
  [client-profile.P]
  tls = "T"
  sasl = "S"
  \(profiles)
  """
}

@Suite("Secrets")
struct SecretTests {
  private func profile(
    _ profiles: String, environment: [String: String] = [:]
  ) throws -> ClientProfile {
    try load(cluster(profiles), environment: environment).clusters[0].client
  }

  private func properties(
    _ profiles: String, environment: [String: String] = [:]
  ) throws -> [String] {
    try profile(profiles, environment: environment).kafkaProperties(servers: [])
      .map { "\($0.name)=\($0.value)" }
  }

  @Test("Name, password, key password and passed-through secrets come from files")
  func files() throws {
    let files = try SecretFiles([
      "user": "vole\n", "password": "hush-1\r\nsecond line", "cert": "c", "key": "k",
      "key-password": "hush-2", "secret": "hush-3\n",
    ])
    let text = """
      [client-profile.P.librdkafka]
      "sasl.oauthbearer.client.id" = "vole"
      [client-profile.P.librdkafka-files]
      "sasl.oauthbearer.client.secret" = "\(files.path("secret"))"
      [tls.T]
      certfile = "\(files.path("cert"))"
      keyfile = "\(files.path("key"))"
      key-password-file = "\(files.path("key-password"))"
      [sasl.S]
      username-file = "\(files.path("user"))"
      password-file = "\(files.path("password"))"
      """
    #expect(
      try properties(text) == [
        "client.id=vole", "security.protocol=sasl_ssl",
        "ssl.certificate.location=\(files.path("cert"))",
        "ssl.key.location=\(files.path("key"))", "ssl.key.password=hush-2",
        "sasl.mechanism=PLAIN", "sasl.username=vole", "sasl.password=hush-1",
        "sasl.oauthbearer.client.id=vole", "sasl.oauthbearer.client.secret=hush-3",
      ])
    let configuration = try load(cluster(text))
    let shown = configuration.settings.map { "\($0.path) = \($0.value)" }
    #expect(!shown.joined().contains("hush"))
    #expect(shown.contains("sasl.S.password-file = \"\(files.path("password"))\""))
    #expect(
      configuration.files.map(\.path)
        == ["cert", "key", "key-password", "user", "password", "secret"].map { files.path($0) })
  }

  @Test("A variable names the file of a passed-through secret too")
  func variable() throws {
    let files = try SecretFiles(["one": "1", "two": "2"])
    let text = """
      [client-profile.P.librdkafka-files]
      "ssl.key.password" = "\(files.path("one"))"
      [tls.T]
      [sasl.S]
      username = "u"
      password = "p"
      """
    let variable = "VOLE_CLIENT_PROFILE_P_LIBRDKAFKA_FILES_SSL_KEY_PASSWORD"
    #expect(
      try properties(text, environment: [variable: files.path("two")]).last == "ssl.key.password=2")
  }

  @Test("OAUTHBEARER takes a token from a file, or librdkafka fetches it")
  func tokens() throws {
    let files = try SecretFiles(["token": "a.b.c"])
    let file = "token-file = \"\(files.path("token"))\""
    let profile = try profile("[tls.T]\n[sasl.S]\nmechanism = \"OAUTHBEARER\"\n\(file)")
    #expect(profile.sasl?.tokenFile == files.path("token"))
    // A new token is read when it is needed; it is no reason for new connections.
    #expect(profile.files.isEmpty)
    let oidc = try self.profile(
      """
      [client-profile.P.librdkafka]
      "sasl.oauthbearer.method" = "oidc"
      [tls.T]
      [sasl.S]
      mechanism = "OAUTHBEARER"
      """)
    #expect(oidc.sasl?.tokenFile == nil)
  }

  /// What follows `[client-profile.P]`, and the lines of the errors.
  struct Mistake: CustomTestStringConvertible {
    let text: String
    let lines: [String]

    init(_ text: String, _ lines: String...) {
      self.text = text
      self.lines = lines
    }

    var testDescription: String { text.split(separator: "\n").joined(separator: " | ") }
  }

  @Test(
    "Mistakes are told with their place",
    arguments: [
      Mistake(
        "[tls.T]\n[sasl.S]\nmechanism = \"OAUTHBEARER\"",
        "vole.toml:6: sasl.S.token-file: is missing (OAUTHBEARER needs it, or "
          + "\"sasl.oauthbearer.method\" = \"oidc\" in [client-profile.P.librdkafka])"),
      Mistake(
        "[tls.T]\n[sasl.S]\nmechanism = \"OAUTHBEARER\"\ntoken-file = \"/nowhere\"",
        "vole.toml:6: sasl.S.token-file: is missing (OAUTHBEARER needs it, or "
          + "\"sasl.oauthbearer.method\" = \"oidc\" in [client-profile.P.librdkafka])",
        "vole.toml:12: sasl.S.token-file: cannot read \"/nowhere\": No such file or directory"),
      Mistake(
        "[tls.T]\n[sasl.S]\nusername = \"u\"\npassword = \"p\"\ntoken-file = \"/dev/null\"",
        "vole.toml:13: sasl.S.token-file: PLAIN takes no token (mechanism = \"OAUTHBEARER\" does)"),
      Mistake(
        "[tls.T]\n[sasl.S]\nmechanism = \"SCRAM-SHA-256\"",
        "vole.toml:10: sasl.S.username: is missing (SCRAM-SHA-256 needs one: username or "
          + "username-file)",
        "vole.toml:10: sasl.S.password: is missing (password or password-file)"),
      Mistake(
        "[tls.T]\nkey-password = \"p\"\nkey-password-file = \"/dev/null\"\n[sasl.S]\n"
          + "username = \"u\"\nusername-file = \"/dev/null\"\npassword-file = \"/dev/null\"",
        "vole.toml:11: tls.T.key-password-file: key-password is set too (one of the two)",
        "vole.toml:14: sasl.S.username-file: username is set too (one of the two)",
        "vole.toml:15: sasl.S.password-file: \"/dev/null\" has an empty first line"),
      Mistake(
        "[client-profile.P.librdkafka]\n\"ssl.ca.location\" = \"/nowhere/ca.pem\"\n"
          + "\"ssl.key.password\" = \"p\"\n[client-profile.P.librdkafka-files]\n"
          + "\"ssl.key.password\" = \"/dev/null\"\n\"group.id\" = \"/dev/null\"\n"
          + "\"sasl.oauthbearer.client.secret\" = \"/nowhere\"\n[tls.T]\n[sasl.S]\n"
          + "username = \"u\"\npassword = \"p\"",
        "vole.toml:10: client-profile.P.librdkafka.\"ssl.ca.location\": cannot read "
          + "\"/nowhere/ca.pem\": No such file or directory",
        "vole.toml:13: client-profile.P.librdkafka-files.\"ssl.key.password\": stands in "
          + "librdkafka too (one of the two)",
        "vole.toml:14: client-profile.P.librdkafka-files.\"group.id\": cannot be set here (the "
          + "agent sets it itself)",
        "vole.toml:15: client-profile.P.librdkafka-files.\"sasl.oauthbearer.client.secret\": "
          + "cannot read \"/nowhere\": No such file or directory"),
    ])
  func mistakes(_ mistake: Mistake) {
    #expect(errors(cluster(mistake.text)) == mistake.lines)
  }

  @Test("Directories of authorities and librdkafka's own word for them are taken")
  func authorities() throws {
    let text = """
      [client-profile.P.librdkafka]
      "ssl.ca.location" = "CA"
      [tls.T]
      [sasl.S]
      username = "u"
      password = "p"
      """
    for place in ["/", "probe"] {
      let text = text.replacing("CA", with: place)
      #expect(try properties(text).last == "ssl.ca.location=\(place)")
    }
  }

  @Test("A password that is no text is refused without being shown")
  func noText() throws {
    let configuration = """
      [tls.T]
      [sasl.S]
      username = "u"
      password-file = "/proc/self/auxv"
      """
    let lines = errors(cluster(configuration))
    #expect(
      lines == ["vole.toml:12: sasl.S.password-file: \"/proc/self/auxv\" is no UTF-8 text"]
        || lines == [
          "vole.toml:12: sasl.S.password-file: \"/proc/self/auxv\" has an empty first line"
        ])
  }

  // MARK: The library's word

  private func loadAsking(
    _ profiles: String, version: String?, complaint: String? = nil
  ) throws(InvalidConfiguration) -> Configuration {
    var sources = ConfigurationSources()
    sources.file = ("vole.toml", Array(cluster(profiles).utf8))
    sources.library.versionOfRefusedScram = version
    sources.library.clientComplaint = { _ in complaint }
    return try Configuration(sources)
  }

  @Test(
    "SCRAM of a library that Kafka 4 refuses is worth a warning",
    arguments: [
      ("SCRAM-SHA-512", "2.0.2", true), ("SCRAM-SHA-256", "2.6.0", true),
      ("SCRAM-SHA-256", nil, false), ("PLAIN", "2.0.2", false),
    ] as [(String, String?, Bool)])
  func scram(_ mechanism: String, _ version: String?, _ warns: Bool) throws {
    let login =
      "[tls.T]\n[sasl.S]\nmechanism = \"\(mechanism)\"\nusername = \"u\"\npassword = \"p\""
    let configuration = try loadAsking(login, version: version)
    #expect(
      configuration.warnings.map(\.description)
        == (warns
          ? [
            "vole.toml:6: client-profile.P: Kafka 4 and later refuse \(mechanism) of librdkafka "
              + "\(version ?? "") (2.6.1 is the first that they accept)"
          ] : []))
  }

  @Test("SCRAM that is passed through is seen too")
  func passedThroughScram() throws {
    let text = """
      [client-profile.P.librdkafka]
      "sasl.mechanisms" = "SCRAM-SHA-256"
      [tls.T]
      [sasl.S]
      username = "u"
      password = "p"
      """
    #expect(try loadAsking(text, version: "2.0.2").warnings.count == 1)
    #expect(try loadAsking(text, version: nil).warnings.isEmpty)
  }

  @Test("What only a whole client shows is an error of its profile, once")
  func clientComplaint() throws {
    let login = "[tls.T]\n[sasl.S]\nusername = \"u\"\npassword = \"p\""
    let error = #expect(throws: InvalidConfiguration.self) {
      try loadAsking(login, version: nil, complaint: "ssl.key.location failed")
    }
    #expect(
      error?.problems.map(\.description)
        == ["vole.toml:6: client-profile.P: ssl.key.location failed"])
  }

  // MARK: Another content

  @Test("Another content of a file makes another profile; another token does not")
  func contents() throws {
    let files = try SecretFiles(["ca": "one", "password": "one", "token": "one"])
    let login = """
      [tls.T]
      cafile = "\(files.path("ca"))"
      [sasl.S]
      username = "u"
      password-file = "\(files.path("password"))"
      """
    let before = try profile(login)
    #expect(try profile(login) == before)
    try files.write("ca", "two")
    let after = try profile(login)
    #expect(after != before)
    #expect(after.kafkaProperties(servers: []) == before.kafkaProperties(servers: []))
    try files.write("password", "two")
    #expect(try profile(login) != after)

    let token = """
      [tls.T]
      [sasl.S]
      mechanism = "OAUTHBEARER"
      token-file = "\(files.path("token"))"
      """
    let bearer = try profile(token)
    try files.write("token", "two")
    #expect(try profile(token) == bearer)
  }
}
