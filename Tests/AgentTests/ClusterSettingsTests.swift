import Agent
import Configuration
import Testing

@Suite("Settings of a cluster")
struct ClusterSettingsTests {
  private func settings(_ toml: String) throws -> [ClusterSettings] {
    var sources = ConfigurationSources()
    sources.file = (
      name: "vole.toml", bytes: Array(("[cluster.A]\nservers = [\"a:1\"]\n" + toml).utf8)
    )
    let configuration = try Configuration(sources)
    return configuration.clusters.map { ClusterSettings(cluster: $0, of: configuration) }
  }

  private func consumer(_ settings: ClusterSettings, _ group: String) -> String? {
    let bytes = Array(group.utf8)
    return settings.consumer(admitting: bytes.span).index.map { settings.consumers[$0].name }
  }

  @Test("A group belongs to the first consumer that admits it")
  func first() throws {
    let settings = try settings(
      """
      [consumer.fetched]
      groups = ["orders", "orders-test"]
      group-denylist = "-test$"
      source = "offset-fetch"
      [consumer.committed]
      group-allowlist = "^orders"
      lag-to = "lso"
      phantom-lag = true
      [consumer.rest]
      groups = ["*"]
      group-denylist = "^internal-"
      """)[0]
    #expect(consumer(settings, "orders") == "fetched")
    #expect(consumer(settings, "orders-test") == "committed")
    #expect(consumer(settings, "payments") == "rest")
    #expect(consumer(settings, "internal-orders") == nil)
    #expect(settings.namedGroups == ["orders"])
    #expect(settings.exactGroups == nil)
    #expect(settings.consumers.map(\.source) == [.offsetFetch, .automatic, .automatic])
    #expect(
      settings.consumers.map(\.logEnd) == [.highWatermark, .lastStableOffset, .highWatermark])
    #expect(settings.consumers.map(\.phantomLag) == [false, true, false])
  }

  @Test(
    "Burrow's own algorithm is evaluated where it is asked for, and only there",
    arguments: [("", false), ("compatibility = \"burrow\"", true)])
  func compatibility(_ key: String, _ isPlain: Bool) throws {
    let settings = try settings(
      """
      [consumer.c]
      groups = ["g"]
      [evaluator.e]
      \(key)
      """)[0]
    #expect(settings.evaluation.isPlain == isPlain)
    #expect(settings.evaluation.warningNeedsTwoLags != isPlain)
  }

  @Test("A name at which a pattern is given up is not watched, unless another consumer admits it")
  func limit() throws {
    let long = String(repeating: "a", count: 2_000)
    let settings = try settings(
      "[consumer.pattern]\ngroup-allowlist = \"a\"\n[consumer.names]\ngroups = [\"\(long)\"]")[0]
    #expect(consumer(settings, long) == "names")
    let other = Array((long + "b").utf8)
    let outcome = settings.consumer(admitting: other.span)
    #expect(outcome.index == nil)
    #expect(outcome.exceedsLimit)
  }

  @Test(
    "Reading starts where the consumer needs it that needs most",
    arguments: [
      (["start-latest = true", "start-latest = true"], .end),
      (["start-latest = true", "backfill = \"1h\""], .back(seconds: 3600)),
      (["backfill = \"2h\"", "backfill = \"1h\""], .back(seconds: 7200)),
      (["backfill = \"2h\"", ""], .beginning),
      (["source = \"offset-fetch\"", "start-latest = true"], .end),
      (["source = \"offset-fetch\"", "source = \"offset-fetch\""], .beginning),
    ] as [([String], Configuration.ReadingStart)])
  func start(_ keys: [String], _ start: Configuration.ReadingStart) throws {
    let text = keys.enumerated().map { "[consumer.c\($0)]\ngroups = [\"g\"]\n\($1)\n" }.joined()
    #expect(try settings(text)[0].start == start)
  }

  @Test("Clusters of the same letters in another case are two, each with its own consumers")
  func caseOfNames() throws {
    let settings = try settings(
      """
      [cluster.a]
      servers = ["b:1"]
      [consumer.one]
      cluster = "A"
      groups = ["upper"]
      [consumer.two]
      cluster = "a"
      groups = ["lower"]
      """)
    #expect(settings.map(\.name) == ["A", "a"])
    #expect(settings.map(\.namedGroups) == [["upper"], ["lower"]])
  }
}
