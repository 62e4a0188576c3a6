import Configuration
import Foundation
import Testing

/// A configuration that is right: eight lines, to which each case adds its mistake.
private let right = """
  [cluster.local]
  servers = ["kafka:9092"]

  [consumer.local]
  cluster = "local"
  groups = ["orders"]



  """

@Suite("Wrong configurations")
struct WrongConfigurationTests {
  /// What a case adds behind the eight right lines, and the lines of the errors.
  struct Mistake: CustomTestStringConvertible {
    let text: String
    let lines: [String]

    init(_ text: String, _ lines: String...) {
      self.text = text
      self.lines = lines
    }

    var testDescription: String { text.split(separator: "\n").joined(separator: " | ") }
  }

  @Test("The file that the cases build on is right")
  func base() throws {
    let configuration = try load(right)
    #expect(configuration.warnings.isEmpty)
  }

  @Test("Each mistake is one line with its place, the key and what is allowed", arguments: values)
  func oneMistake(_ mistake: Mistake) {
    #expect(errors(right + mistake.text) == mistake.lines)
  }

  static let values: [Mistake] = [
    Mistake(
      "[evaluator.default]\nminimun-complete = 0.5",
      "vole.toml:10: evaluator.default.minimun-complete: unknown key (did you mean "
        + "minimum-complete?)"),
    Mistake(
      "[evaluator.default]\nfoo = 1",
      "vole.toml:10: evaluator.default.foo: unknown key (known: class-name, minimum-complete, "
        + "allowed-lag, compatibility, expire-cache)"),
    Mistake(
      "[storage.default]\nintervals = 0",
      "vole.toml:10: storage.default.intervals: 0 is out of range (1 to 1000)"),
    Mistake(
      "[storage.default]\nintervals = -9223372036854775808",
      "vole.toml:10: storage.default.intervals: -9223372036854775808 is out of range (1 to 1000)"
    ),
    Mistake(
      "[storage.default]\nintervals = \"ten\"",
      "vole.toml:10: storage.default.intervals: is a string, not a whole number (1 to 1000)"),
    Mistake(
      "[storage.default]\nintervals = 10.0",
      "vole.toml:10: storage.default.intervals: 10.0 is not a whole number (1 to 1000)"),
    Mistake(
      "[storage.default]\nexpire-group = 0\nmin-distance = -1",
      "vole.toml:10: storage.default.expire-group: 0 is out of range (1 to 315360000 seconds)",
      "vole.toml:11: storage.default.min-distance: -1 is out of range (0 to 86400 seconds)"),
    Mistake(
      "[storage.a]\n[storage.b]",
      "vole.toml:10: storage.b: there is a second [storage.X] (one can be configured)"),
    Mistake(
      "[storage.a]\nclass-name = \"rocksdb\"",
      "vole.toml:10: storage.a.class-name: \"rocksdb\" is unknown (inmemory)"),
    Mistake(
      "[evaluator.default]\nminimum-complete = 1.1",
      "vole.toml:10: evaluator.default.minimum-complete: 1.1 is out of range (0 to 1)"),
    Mistake(
      "[evaluator.default]\nminimum-complete = nan",
      "vole.toml:10: evaluator.default.minimum-complete: nan is out of range (0 to 1)"),
    Mistake(
      "[evaluator.default]\nminimum-complete = true",
      "vole.toml:10: evaluator.default.minimum-complete: is a boolean, not a number (0 to 1)"),
    Mistake(
      "[evaluator.default]\nallowed-lag = -1",
      "vole.toml:10: evaluator.default.allowed-lag: -1 is not a whole number "
        + "(0 to 18446744073709551615)"),
    Mistake(
      "[evaluator.default]\ncompatibility = \"kminion\"",
      "vole.toml:10: evaluator.default.compatibility: \"kminion\" is unknown (vole, burrow)"),
    Mistake(
      "[logging]\nlevel = \"loud\"",
      "vole.toml:10: logging.level: \"loud\" is unknown (debug, info, warn, error)"),
    Mistake(
      "[logging]\nlevel = 1979-05-27",
      "vole.toml:10: logging.level: is a date or time, not a string (debug, info, warn, error)"),
    Mistake(
      "[probe]\nstale-after = \"5 minutes\"",
      "vole.toml:10: probe.stale-after: \"5 minutes\" is not a duration (1 to 86400 seconds, or "
        + "text like \"5m\")"),
    Mistake(
      "[cluster.b]\nservers = [\"kafka\", \"k:1\"]",
      "vole.toml:10: cluster.b.servers: \"kafka\" is not host:port"),
    Mistake(
      "[cluster.b]\nservers = [\n\"k:1\",\n\"k:99999\"]",
      "vole.toml:12: cluster.b.servers: \"k:99999\" is not host:port"),
    Mistake(
      "[cluster.b]\nservers = \"kafka:9092\"",
      "vole.toml:10: cluster.b.servers: is a string, not a list (each host:port)"),
    Mistake(
      "[cluster.b]\nservers = [9092]",
      "vole.toml:10: cluster.b.servers: has an integer in its list (each host:port)"),
    Mistake(
      "[cluster.b]",
      "vole.toml:9: cluster.b.servers: no broker is named (servers = [\"kafka:9092\"], "
        + "VOLE_BOOTSTRAP_SERVERS or --bootstrap-servers)"),
    Mistake(
      "[cluster.b]\nservers = [\"k:1\"]\noffset-refresh = 0\ntopic-refresh = -5",
      "vole.toml:11: cluster.b.offset-refresh: 0 is out of range (1 to 86400 seconds)",
      "vole.toml:12: cluster.b.topic-refresh: -5 is out of range (1 to 86400 seconds)"),
    Mistake(
      "[cluster.b]\nservers = [\"k:1\"]\nclient-profile = \"prod\"",
      "vole.toml:11: cluster.b.client-profile: there is no [client-profile.prod] (none is known)"),
    Mistake(
      "[client-profile.prd]\ntls = \"t\"\n[tls.T]",
      "vole.toml:10: client-profile.prd.tls: there is no [tls.t] (did you mean T?)"),
    Mistake(
      "[cluster.b]\nservers = [\"k:1\"]\nclass-name = \"pulsar\"",
      "vole.toml:11: cluster.b.class-name: \"pulsar\" is unknown (kafka)"),
    Mistake(
      "[consumer.b]\ncluster = \"loca\"\ngroups = [\"a\"]",
      "vole.toml:10: consumer.b.cluster: there is no [cluster.loca] (did you mean local?)"),
    Mistake(
      "[consumer.b]\ngroups = [\"\"]",
      "vole.toml:10: consumer.b.groups: \"\" is not the name of a group"),
    Mistake(
      "[consumer.b]\ngroups = []\ngroup-allowlist = \"\"",
      "vole.toml:9: consumer.b.groups: no group is named (groups = [\"orders\"], group-allowlist "
        + "= \"^orders-\", VOLE_GROUPS or --group; groups = [\"*\"] watches the whole cluster)"),
    Mistake(
      "[consumer.b]\ngroup-allowlist = \"^orders-(\"",
      "vole.toml:10: consumer.b.group-allowlist: \"^orders-(\" is not a regular expression: "
        + "missing closing parenthesis at position 9"),
    Mistake(
      "[consumer.b]\ngroups = [\"a\", \"b\"]\ngroup-denylist = \"^[ab]$\"",
      "vole.toml:11: consumer.b.group-denylist: leaves none of the named groups (one at least)"),
    Mistake(
      "[consumer.b]\ngroups = [\"a\"]\nsource = \"offsetfetch\"",
      "vole.toml:11: consumer.b.source: \"offsetfetch\" is unknown (auto, offsets-topic, "
        + "offset-fetch)"),
    Mistake(
      "[consumer.b]\ngroups = [\"a\"]\nlag-to = \"LSO\"\nphantom-lag = 1",
      "vole.toml:11: consumer.b.lag-to: \"LSO\" is unknown (high-watermark, lso)",
      "vole.toml:12: consumer.b.phantom-lag: 1 is not a boolean (true or false)"),
    Mistake(
      "[consumer.b]\ngroups = [\"a\"]\nbackfill = \"an hour\"\nbackfill-earliest = \"no\"",
      "vole.toml:11: consumer.b.backfill: \"an hour\" is not a duration (1 to 315360000 seconds, "
        + "or text like \"5m\")",
      "vole.toml:12: consumer.b.backfill-earliest: is a string, not a boolean (true or false)"),
    Mistake(
      "[consumer.b]\ngroups = [\"a\"]\nbackfill = 0",
      "vole.toml:11: consumer.b.backfill: 0 is out of range (1 to 315360000 seconds, or text like "
        + "\"5m\")"),
    Mistake(
      "[consumer.b]\ngroups = [\"a\"]\nbackfill = \"1h\"\nbackfill-earliest = true\n"
        + "start-latest = true",
      "vole.toml:11: consumer.b.backfill: backfill-earliest is set too (one of the two)"),
    Mistake(
      "[consumer.b]\ngroups = [\"a\"]\noffsets-topic = \"other\"\nservers = [\"k:1\"]",
      "vole.toml:9: consumer.b.servers: differs from that of consumer.local (consumers of one "
        + "cluster share it; another cluster section may name the same servers)",
      "vole.toml:9: consumer.b.offsets-topic: differs from that of consumer.local (consumers of "
        + "one cluster share it; another cluster section may name the same servers)"),
    Mistake(
      "[consumer.b]\ngroups = [\"a\"]\nstart-latest = \"yes\"",
      "vole.toml:11: consumer.b.start-latest: is a string, not a boolean (true or false)"),
    Mistake(
      "[httpserver.a]\naddress = \"vole.example.org:80\"",
      "vole.toml:10: httpserver.a.address: \"vole.example.org:80\" is not an address to listen on "
        + "(host:port with an IP address, :port, or unix:/path)"),
    Mistake(
      "[httpserver.a]\naddress = \"0.0.0.0:8000\"\n[httpserver.b]\naddress = \"0.0.0.0:8000\"",
      "vole.toml:12: httpserver.b.address: 0.0.0.0:8000 is that of httpserver.a too (one address "
        + "each)"),
    Mistake(
      "[httpserver.a]\n[httpserver.b]",
      "vole.toml:10: httpserver.b.address: [::]:8000 is that of httpserver.a too (one address "
        + "each)"),
    Mistake(
      "[httpserver.a]\ntls = \"x\"",
      "vole.toml:10: httpserver.a.tls: there is no [tls.x] (none is known)"),
    Mistake(
      "[token.team]\nfile = \"/nowhere/token\"",
      "vole.toml:9: token.team.groups: no group is named (groups = [\"orders\"]; groups = "
        + "[\"*\"] shows all of them)",
      "vole.toml:10: token.team.file: cannot read \"/nowhere/token\": No such file or directory"),
    Mistake(
      "[token.team]\ngroups = [\"a\"]",
      "vole.toml:9: token.team.file: is missing (the file that holds the token)"),
    Mistake(
      "[consumers.a]",
      "vole.toml:9: consumers: unknown section (did you mean consumer?)"),
    Mistake(
      "[kubernetes]",
      "vole.toml:9: kubernetes: unknown section (known: general, logging, client-profile, tls, "
        + "sasl, cluster, consumer, httpserver, storage, evaluator, probe, notifier, scale, "
        + "zookeeper, iam, token)"),
    Mistake(
      "[storage]\nintervals = 3",
      "vole.toml:10: storage.intervals: is an integer, not a section ([storage.NAME])"),
    Mistake(
      "[[httpserver]]",
      "vole.toml:9: httpserver: is a list, not a section ([httpserver.NAME])"),
    Mistake(
      "[httpserver.\"\"]",
      "vole.toml:9: httpserver.\"\": the section has an empty name ([httpserver.NAME])"),
    Mistake(
      "[sasl.a]",
      "vole.toml:9: sasl.a.username: is missing (PLAIN needs one: username or username-file)",
      "vole.toml:9: sasl.a.password: is missing (password or password-file)"),
    Mistake(
      "[general]\naccess-control-allow-origin = \"a\\r\\nset-cookie: b\"",
      "vole.toml:10: general.access-control-allow-origin: \"a\\r\\nset-cookie: b\" is not an "
        + "origin (\"*\" or \"https://HOST\")"),
    Mistake(
      "[probe]\nhold = \"25h\"",
      "vole.toml:10: probe.hold: \"25h\" is out of range (1 to 86400 seconds, or text like \"5m\")"
    ),
    Mistake(
      "[sasl.a]\nmechanism = \"NONE\"",
      "vole.toml:10: sasl.a.mechanism: \"NONE\" is unknown (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, "
        + "GSSAPI, OAUTHBEARER)"),
    Mistake(
      "[sasl.a]\nmechanism = \"SCRAM\"\nusername = \"u\"\npassword = 12345",
      "vole.toml:10: sasl.a.mechanism: \"SCRAM\" is unknown (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, "
        + "GSSAPI, OAUTHBEARER)",
      "vole.toml:12: sasl.a.password: is an integer, not a string (text in quotes)"),
    Mistake(
      "[tls.a]\ncafile = \"/nowhere/ca.pem\"\ncertfile = \"/dev/null\"",
      "vole.toml:9: tls.a.keyfile: is missing (certfile needs its key)",
      "vole.toml:10: tls.a.cafile: cannot read \"/nowhere/ca.pem\": No such file or directory"),
    Mistake(
      "[tls.a]\ncafile = \"/\"",
      "vole.toml:10: tls.a.cafile: cannot read \"/\": Is a directory"),
    Mistake(
      "[client-profile.a.librdkafka]\n\"debug\" = [\"x\"]\n\"bootstrap.servers\" = \"k:1\"",
      "vole.toml:10: client-profile.a.librdkafka.debug: is a list, not a value (a string, "
        + "number or boolean)",
      "vole.toml:11: client-profile.a.librdkafka.\"bootstrap.servers\": cannot be set here "
        + "(servers of the cluster)"),
    Mistake(
      "[client-profile.a]\nlibrdkafka = true",
      "vole.toml:10: client-profile.a.librdkafka: is a boolean, not a table of properties "
        + "(\"ssl.ca.location\" = \"/ca.pem\")"),
    Mistake(
      "[general]\n\"a\\nb\" = 1",
      "vole.toml:10: general.\"a\\nb\": unknown key (known: access-control-allow-origin, "
        + "env-var-prefix, state-dir, termination-log, pidfile, stdout-logfile)"),
    Mistake(
      "[storage.a]\nintervals = ",
      "vole.toml:10: Error while parsing key-value pair: encountered end-of-file (column 13)"),
  ]

  @Test("Everything that is wrong is said at once, in the order of file, variables and flags")
  func together() {
    let text = """
      [consumer.a]
      source = "kafka"
      [cluster.a]
      servers = ["k:1"]
      offset-refresh = "often"
      [logging]
      colour = true
      """
    let lines = errors(text, environment: ["VOLE_STORAGE_DEFAULT_INTERVALS": "many"]) {
      $0.listen = "here"
      $0.logLevel = "loud"
    }
    #expect(
      lines == [
        "vole.toml:1: consumer.a.groups: no group is named (groups = [\"orders\"], "
          + "group-allowlist = \"^orders-\", VOLE_GROUPS or --group; groups = [\"*\"] watches the "
          + "whole cluster)",
        "vole.toml:2: consumer.a.source: \"kafka\" is unknown (auto, offsets-topic, offset-fetch)",
        "vole.toml:5: cluster.a.offset-refresh: is a string, not a whole number (1 to 86400 "
          + "seconds)",
        "vole.toml:7: logging.colour: unknown key (known: level, filename, maxsize, maxbackups, "
          + "maxage, use-localtime, use-compression)",
        "VOLE_STORAGE_DEFAULT_INTERVALS: storage.default.intervals: \"many\" is not a whole number "
          + "(1 to 1000)",
        "--log-level: logging.level: \"loud\" is unknown (debug, info, warn, error)",
        "--listen: httpserver.default.address: \"here\" is not an address to listen on (host:port "
          + "with an IP address, :port, or unix:/path)",
      ])
  }

  @Test("A file of garbage does not fill the log")
  func bound() {
    let text = "[general]\n" + (0..<5_000).map { "key-\($0) = 1\n" }.joined()
    #expect(errors(text).count == InvalidConfiguration.maxProblems)
  }

  @Test("Files that cannot be read")
  func files() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "vole-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let long = directory.appending(path: "long.toml").path
    try Data(repeating: 0x23, count: Configuration.maxFileBytes + 1)
      .write(to: URL(filePath: long))
    let cases = [
      ("/nowhere/vole.toml", "No such file or directory"), (directory.path, "Is a directory"),
      (long, "longer than 262144 bytes"),
    ]
    for (path, reason) in cases {
      var flags = ConfigurationFlags()
      flags.file = path
      let error = #expect(throws: InvalidConfiguration.self) {
        try Configuration.load(flags: flags, environment: [:], library: ClientLibrary())
      }
      #expect(
        error?.problems.map(\.description) == ["--config: cannot read \"\(path)\": \(reason)"])
    }
    let short = directory.appending(path: "vole.toml").path
    try Data(right.utf8).write(to: URL(filePath: short))
    var flags = ConfigurationFlags()
    flags.file = short
    let configuration = try Configuration.load(
      flags: flags, environment: [:], library: ClientLibrary())
    #expect(configuration.clusters.map(\.name) == ["local"])
  }
}
