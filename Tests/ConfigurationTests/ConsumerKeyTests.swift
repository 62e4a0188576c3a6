import Configuration
import Testing

/// What stands around the keys of a case.
private func consumer(_ keys: String) -> String {
  """
  [cluster.local]
  servers = ["kafka:9092"]
  [consumer.local]
  groups = ["orders"]
  \(keys)
  """
}

@Suite("Keys of a consumer")
struct ConsumerKeyTests {
  @Test(
    "Where reading starts",
    arguments: [
      ("", .beginning),
      ("start-latest = false", .beginning),
      ("start-latest = true", .end),
      ("start-latest = true\nbackfill-earliest = true", .beginning),
      ("start-latest = true\nbackfill-earliest = false", .end),
      ("backfill = \"1h\"", .back(seconds: 3600)),
      ("backfill = 90", .back(seconds: 90)),
      ("backfill = \"1d12h\"\nstart-latest = true", .back(seconds: 129_600)),
      ("backfill = \"1h\"\nbackfill-earliest = false", .back(seconds: 3600)),
      ("source = \"offsets-topic\"\nstart-latest = true", .end),
    ] as [(String, Configuration.ReadingStart)])
  func start(_ keys: String, _ start: Configuration.ReadingStart) throws {
    let configuration = try load(consumer(keys))
    #expect(configuration.consumers[0].start == start)
    #expect(configuration.warnings.isEmpty)
  }

  @Test(
    "Keys that have no effect beside others are said",
    arguments: [
      (
        "backfill-earliest = true",
        [
          "vole.toml:5: consumer.local.backfill-earliest: has no effect: without start-latest "
            + "everything is read"
        ]
      ),
      (
        "source = \"offset-fetch\"\nstart-latest = true\nbackfill = \"1h\"",
        [
          "vole.toml:6: consumer.local.start-latest: has no effect: source \"offset-fetch\" reads "
            + "no old commits",
          "vole.toml:7: consumer.local.backfill: has no effect: source \"offset-fetch\" reads no "
            + "old commits",
        ]
      ),
    ])
  func noEffect(_ keys: String, _ warnings: [String]) throws {
    let configuration = try load(consumer(keys))
    #expect(configuration.consumers[0].start == .beginning)
    #expect(configuration.warnings.map(\.description) == warnings)
  }

  @Test("Source, log end and phantom lag are kept for each consumer")
  func perConsumer() throws {
    let configuration = try load(
      consumer(
        """
        source = "offset-fetch"
        lag-to = "lso"
        phantom-lag = true
        [consumer.rest]
        group-allowlist = "."
        group-denylist = "^test-"
        """))
    let (named, rest) = (configuration.consumers[0], configuration.consumers[1])
    #expect(named.source == .offsetFetch)
    #expect(named.logEnd == .lastStableOffset)
    #expect(named.phantomLag)
    #expect(rest.source == .automatic)
    #expect(rest.logEnd == .highWatermark)
    #expect(!rest.phantomLag)
    #expect(rest.groups.outcome(Array("test-1".utf8).span) == .noMatch)
    #expect(rest.groups.outcome(Array("orders".utf8).span) == .match)
  }

  @Test("Variables set the keys too")
  func variables() throws {
    let configuration = try load(
      consumer("source = \"offsets-topic\""),
      environment: [
        "VOLE_CONSUMER_LOCAL_SOURCE": "auto", "VOLE_CONSUMER_LOCAL_LAG_TO": "lso",
        "VOLE_CONSUMER_LOCAL_PHANTOM_LAG": "1", "VOLE_CONSUMER_LOCAL_BACKFILL": "2h",
      ])
    let consumer = configuration.consumers[0]
    #expect(consumer.source == .automatic)
    #expect(consumer.logEnd == .lastStableOffset)
    #expect(consumer.phantomLag)
    #expect(consumer.start == .back(seconds: 7200))
  }
}
