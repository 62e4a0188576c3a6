import Configuration
import Testing

/// A `burrow.toml` with every section of Burrow's documentation.
let burrowFile = """
  # The configuration of a team that comes from Burrow.
  [general]
  pidfile = "/var/run/burrow.pid"
  stdout-logfile = "/var/log/burrow.out"
  access-control-allow-origin = "https://status.example.org"

  [logging]
  filename = "/var/log/burrow.log"
  level = "warn"
  maxsize = 50
  maxbackups = 5
  maxage = 7
  use-localtime = true
  use-compression = false

  [zookeeper]
  servers = ["zk-1.example.org:2181", "zk-2.example.org:2181"]
  timeout = 6
  root-path = "/burrow"

  [client-profile.Production]
  client-id = "burrow-prod"
  kafka-version = "2.8.0"

  [cluster.Production]
  class-name = "kafka"
  servers = ["kafka-1.example.org:9092", "kafka-2.example.org:9092"]
  client-profile = "Production"
  topic-refresh = 120
  offset-refresh = 30
  groups-reaper-refresh = 0

  [consumer.Production]
  class-name = "kafka"
  cluster = "Production"
  servers = ["kafka-1.example.org:9092", "kafka-2.example.org:9092"]
  client-profile = "Production"
  group-denylist = "^(console-consumer-|quick-).*$"
  group-allowlist = ""

  [consumer.Production_zk]
  class-name = "kafka_zk"
  cluster = "Production"
  servers = ["zk-1.example.org:2181"]
  zookeeper-path = "/kafka"
  zookeeper-timeout = 30
  group-allowlist = ""

  [httpserver.default]
  address = ":8000"

  [storage.default]
  class-name = "inmemory"
  workers = 20
  intervals = 15
  expire-group = 86400
  min-distance = 1

  [evaluator.default]
  class-name = "caching"
  expire-cache = 10

  [notifier.mail]
  class-name = "email"
  interval = 60
  threshold = 2
  from = "burrow@example.org"

  [notifier.web]
  class-name = "http"
  url-open = "https://alerts.example.org/v1"
  extras = { api_key = "k", app = "burrow" }
  """

@Suite("A burrow.toml")
struct BurrowFileTests {
  @Test("It starts once the groups are named")
  func starts() throws {
    let configuration = try load(burrowFile, environment: ["VOLE_GROUPS": "orders, payments"])
    #expect(
      configuration.general.accessControlAllowOrigin == "https://status.example.org")
    #expect(configuration.logging.level == .warn)
    let cluster = try #require(configuration.clusters.first)
    #expect(configuration.clusters.count == 1)
    #expect(cluster.name == "Production")
    #expect(cluster.client.clientID == "burrow-prod")
    #expect(cluster.client.kafkaVersion == "2.8.0")
    #expect(cluster.offsetRefresh == 30)
    #expect(cluster.topicRefresh == 120)
    let consumer = try #require(configuration.consumers.first)
    #expect(configuration.consumers.count == 1)
    #expect(consumer.cluster == "Production")
    #expect(consumer.source == .automatic)
    #expect(consumer.offsetsTopic == "__consumer_offsets")
    #expect(consumer.start == .beginning)
    guard case .named(let names) = consumer.groups.admitted else {
      Issue.record("the groups are named")
      return
    }
    #expect(names == ["orders", "payments"])
    #expect(consumer.groups.denied?.source == "^(console-consumer-|quick-).*$")
    #expect(configuration.listeners.map(\.address.description) == ["[::]:8000"])
    #expect(configuration.storage.intervals == 15)
    #expect(configuration.storage.expireGroup == 86_400)
    #expect(configuration.storage.minDistance == 1)
    #expect(configuration.evaluator.minimumComplete == 0)
    #expect(configuration.evaluator.allowedLag == 0)
  }

  @Test("What has no effect is said once each, with its line")
  func warnings() throws {
    let configuration = try load(burrowFile, environment: ["VOLE_GROUPS": "orders"])
    let log = "has no effect: the log goes to standard error"
    #expect(
      configuration.warnings.map(\.description) == [
        "vole.toml:3: general.pidfile: has no effect: no PID file is written",
        "vole.toml:4: general.stdout-logfile: \(log)",
        "vole.toml:8: logging.filename: \(log)",
        "vole.toml:10: logging.maxsize: \(log)",
        "vole.toml:11: logging.maxbackups: \(log)",
        "vole.toml:12: logging.maxage: \(log)",
        "vole.toml:13: logging.use-localtime: \(log)",
        "vole.toml:14: logging.use-compression: \(log)",
        "vole.toml:16: zookeeper: has no effect: ZooKeeper is not used",
        "vole.toml:23: client-profile.Production.kafka-version: has no effect: librdkafka asks the "
          + "broker for its versions",
        "vole.toml:31: cluster.Production.groups-reaper-refresh: has no effect: groups are "
          + "forgotten by tombstones and expiry",
        "vole.toml:41: consumer.Production_zk: is left out: offsets are not read from ZooKeeper",
        "vole.toml:54: storage.default.workers: has no effect: one thread owns all state",
        "vole.toml:61: evaluator.default.expire-cache: has no effect: verdicts are made every "
          + "second",
        "vole.toml:63: notifier.mail: has no effect: not available in this version",
        "vole.toml:69: notifier.web: has no effect: not available in this version",
      ])
  }

  @Test("Without named groups it does not start")
  func noGroups() {
    let lines = errors(burrowFile)
    #expect(lines.count == 1)
    #expect(
      lines.first?.hasPrefix("vole.toml:33: consumer.Production.groups: no group is named") == true)
  }

  @Test("The names of before count, with a warning")
  func oldNames() throws {
    let text = """
      [cluster.a]
      servers = ["k:9092"]
      [consumer.a]
      cluster = "a"
      group-whitelist = "^orders-"
      group-blacklist = "-test$"
      """
    let configuration = try load(text)
    let groups = configuration.consumers[0].groups
    guard case .matching(let pattern) = groups.admitted else {
      Issue.record("the groups are matched")
      return
    }
    #expect(pattern.source == "^orders-")
    #expect(groups.denied?.source == "-test$")
    #expect(
      configuration.warnings.map(\.description) == [
        "vole.toml:5: consumer.a.group-whitelist: is now called group-allowlist",
        "vole.toml:6: consumer.a.group-blacklist: is now called group-denylist",
      ])
  }

  @Test("Names keep their case")
  func nameCase() throws {
    let text = """
      [cluster.MyKafka]
      servers = ["k:9092"]
      [cluster.mykafka]
      servers = ["j:9092"]
      [consumer.One]
      cluster = "mykafka"
      groups = ["*"]
      """
    let configuration = try load(text)
    #expect(configuration.clusters.map(\.name) == ["MyKafka", "mykafka"])
    #expect(configuration.consumers[0].servers == ["j:9092"])
    guard case .all = configuration.consumers[0].groups.admitted else {
      Issue.record("every group is watched")
      return
    }
  }
}
