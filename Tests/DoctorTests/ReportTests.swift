import Doctor
import KafkaClient
import Testing

@Suite struct ReportTests {
  private func command(
    _ right: AccessRight, for principal: Principal = vole, servers: [String] = ["kafka:9092"]
  ) -> String {
    MissingRight(right, for: principal).command(servers: servers)
  }

  // MARK: Commands

  @Test func commandsThatGrant() {
    #expect(
      command(AccessRight(.read, on: .topic("__consumer_offsets")))
        == "kafka-acls --bootstrap-server kafka:9092 --add --allow-principal User:vole "
        + "--operation Read --topic __consumer_offsets")
    #expect(
      command(AccessRight(.describe, on: .group("orders")), servers: ["a:1", "b:2"])
        == "kafka-acls --bootstrap-server a:1,b:2 --add --allow-principal User:vole "
        + "--operation Describe --group orders")
    #expect(
      command(AccessRight(.describe, on: .cluster), for: .anonymous)
        == "kafka-acls --bootstrap-server kafka:9092 --add --allow-principal User:ANONYMOUS "
        + "--operation Describe --cluster")
  }

  @Test(arguments: [
    ("with space", "'with space'"), ("it's", #"'it'\''s'"#), ("", "''"),
    ("$(rm -rf x)", "'$(rm -rf x)'"),
    ("`x`;y", "'`x`;y'"), ("группа", "'группа'"), ("a\nb'\\", #"$'a\x0ab\'\\'"#),
    ("\u{1B}[31m", #"$'\x1b[31m'"#), ("\u{202E}x", #"$'\xe2\x80\xaex'"#), ("[x]", "'[x]'"),
    ("a.b-c_d:e/f", "a.b-c_d:e/f"),
  ])
  func namesThatAShellWouldTakeApart(name: String, quoted: String) {
    #expect(
      command(AccessRight(.describe, on: .group(name))).hasSuffix(" --group \(quoted)"), "\(name)")
  }

  @Test func whatOneRightImpliesIsNotAskedFor() {
    let read = MissingRight(AccessRight(.read, on: .topic("t")), for: vole)
    let describe = MissingRight(AccessRight(.describe, on: .topic("t")), for: vole)
    let other = MissingRight(AccessRight(.describe, on: .topic("u")), for: vole)
    let group = MissingRight(AccessRight(.describe, on: .group("t")), for: vole)
    let another = MissingRight(AccessRight(.describe, on: .topic("t")), for: .anonymous)
    #expect(
      MissingRight.distinct([describe, other, read, group, other, another])
        == [other, read, group, another])
  }

  // MARK: Principals

  @Test func whomABrokerTakesUsFor() {
    func principal(_ properties: [String: String]) -> Principal {
      Principal(KafkaProperties(properties.map { KafkaProperty($0.key, $0.value) }))
    }
    #expect(principal([:]) == .anonymous)
    #expect(principal(["security.protocol": "SSL"]) == .anonymous)
    #expect(
      principal(["security.protocol": "ssl", "ssl.certificate.location": "/c.pem"]) == .unknown)
    let named = ["security.protocol": "SASL_SSL", "sasl.username": "alice"]
    #expect(principal(named.merging(["sasl.mechanism": "PLAIN"]) { $1 }) == .user("alice"))
    #expect(
      principal(named.merging(["sasl.mechanisms": "SCRAM-SHA-512"]) { $1 }) == .user("alice"))
    #expect(principal(named.merging(["sasl.mechanism": "OAUTHBEARER"]) { $1 }) == .unknown)
    #expect(principal(named) == .unknown, "GSSAPI, librdkafka's default")
    #expect(
      principal(["security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN"]) == .unknown)
  }

  // MARK: Text

  private var report: ClusterReport {
    ClusterReport(
      name: "main", servers: ["kafka:9092"], principal: .unknown,
      findings: [
        Finding(.ok, "cluster", "connect", "3 brokers"),
        Finding(
          .missing, "group a\u{1B}b", "OffsetFetch", "GROUP_AUTHORIZATION_FAILED",
          rights: [MissingRight(AccessRight(.describe, on: .group("x")), for: .unknown)]),
        Finding(
          .untold, "cluster", "ListGroups", "an empty list",
          rights: [MissingRight(AccessRight(.describe, on: .cluster), for: vole)]),
      ])
  }

  @Test func aReportInColumns() {
    #expect(
      ReportText(isColoured: false).text(report) == """
        cluster main at kafka:9092 as User:<principal>
          ok           cluster    connect      3 brokers
          missing      group a\u{FFFD}b  OffsetFetch  GROUP_AUTHORIZATION_FAILED
          unknown      cluster    ListGroups   an empty list
        Missing rights; these commands grant them (put in the principal, which only the broker \
        knows):
          kafka-acls --bootstrap-server kafka:9092 --add --allow-principal 'User:<principal>' \
        --operation Describe --group x
        Perhaps missing, as brokers do not tell; these commands make sure:
          kafka-acls --bootstrap-server kafka:9092 --add --allow-principal User:vole \
        --operation Describe --cluster

        """)
  }

  @Test func coloursAreForWordsOnly() {
    let text = ReportText(isColoured: true).text(report)
    #expect(text.contains("  \u{1B}[32mok         \u{1B}[0m  cluster  "))
    #expect(text.contains("  \u{1B}[31mmissing    \u{1B}[0m  group a\u{FFFD}b"))
    let plain = text.replacing(/\u{1B}\[[0-9]*m/, with: "")
    #expect(plain == ReportText(isColoured: false).text(report))
  }

  @Test func aNoteAsksForNothing() {
    let right = MissingRight(AccessRight(.describe, on: .cluster), for: vole)
    let missing = Finding(.missing, "cluster", "ListGroups", "x", rights: [right])
    #expect(missing.asNote("y") == Finding(.note, "cluster", "ListGroups", "x; y"))
    let sound = Finding(.ok, "cluster", "ListGroups", "x")
    #expect(sound.asNote("y") == sound)
    let report = ClusterReport(
      name: "c", servers: [], principal: vole, findings: [missing.asNote("y")])
    #expect(report.missing.isEmpty && report.possible.isEmpty)
  }

  @Test func whatIsMissingIsNotPerhapsMissingToo() {
    let right = MissingRight(AccessRight(.describe, on: .cluster), for: vole)
    let report = ClusterReport(
      name: "c", servers: [], principal: vole,
      findings: [
        Finding(.untold, "cluster", "a", "", rights: [right]),
        Finding(.missing, "cluster", "b", "", rights: [right]),
      ])
    #expect(report.missing == [right] && report.possible.isEmpty)
  }

  // MARK: Exit codes

  @Test func theWorstFindingDecides() {
    func code(_ outcomes: [Finding.Outcome]) -> Int32 {
      Conclusion(outcomes.map { Finding($0, "", "", "") }).exitCode
    }
    #expect(code([]) == 0 && code([.ok, .note, .untold]) == 0)
    #expect(code([.ok, .missing]) == 1 && code([.absent]) == 1 && code([.failed, .note]) == 1)
    #expect(code([.timeout, .missing, .ok]) == 4)
    #expect(code([.timeout, .unreachable, .missing]) == 3)
  }
}
