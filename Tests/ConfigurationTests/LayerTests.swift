import Configuration
import Testing

private let twoClusters = """
  [cluster.east]
  servers = ["east:9092"]
  [cluster.west]
  servers = ["west:9092"]
  [consumer.e]
  cluster = "east"
  groups = ["a"]
  [consumer.w]
  cluster = "west"
  servers = ["west-2:9092"]
  groups = ["b"]
  """

private let oneCluster = """
  [cluster."eu.west-1"]
  servers = ["k:9092"]
  offset-refresh = 20
  [consumer.app]
  groups = ["file"]
  [storage.default]
  intervals = 5
  """

@Suite("Layers: default, file, environment, flags")
struct LayerTests {
  private func names(_ configuration: Configuration, _ index: Int = 0) -> [String] {
    guard case .named(let names) = configuration.consumers[index].groups.admitted else {
      return []
    }
    return names
  }

  @Test("Defaults are Burrow's")
  func defaults() throws {
    let configuration = try load(
      nil, environment: ["VOLE_BOOTSTRAP_SERVERS": "k:9092", "VOLE_GROUPS": "g"])
    #expect(configuration.general.accessControlAllowOrigin == nil)
    #expect(configuration.general.environmentPrefix == "VOLE")
    #expect(configuration.logging.level == .info)
    let cluster = configuration.clusters[0]
    #expect(cluster.name == "default")
    #expect(cluster.offsetRefresh == 10)
    #expect(cluster.topicRefresh == 60)
    #expect(cluster.client.clientID == "vole")
    let consumer = configuration.consumers[0]
    #expect(consumer.name == "default")
    #expect(consumer.source == .automatic)
    #expect(consumer.offsetsTopic == "__consumer_offsets")
    #expect(consumer.start == .beginning)
    #expect(consumer.logEnd == .highWatermark)
    #expect(!consumer.phantomLag)
    #expect(configuration.listeners[0].timeout == 300)
    #expect(configuration.storage.intervals == 10)
    #expect(configuration.storage.minDistance == 0)
    #expect(configuration.storage.expireGroup == 604_800)
    #expect(configuration.evaluator.minimumComplete == 0)
    #expect(configuration.evaluator.allowedLag == 0)
    #expect(configuration.evaluator.compatibility == .vole)
    #expect(configuration.probe.minimumComplete == 1)
    #expect(configuration.probe.staleAfter(offsetRefresh: 5) == 30)
    #expect(configuration.probe.staleAfter(offsetRefresh: 20) == 60)
  }

  @Test("Without IPv6 the default address is that of IPv4")
  func noIPv6() throws {
    var sources = ConfigurationSources()
    sources.flags.bootstrapServers = ["k:9092"]
    sources.flags.groups = ["g"]
    sources.hasIPv6 = false
    #expect(try Configuration(sources).listeners[0].address.description == "0.0.0.0:8000")
    sources.flags.listen = ":9000"
    #expect(try Configuration(sources).listeners[0].address.description == "0.0.0.0:9000")
  }

  @Test("A variable overrides the file, and a flag both")
  func precedence() throws {
    #expect(names(try load(oneCluster)) == ["file"])
    let environment = [
      "VOLE_GROUPS": "environment, other group", "VOLE_CLUSTER_EU_WEST_1_OFFSET_REFRESH": "30",
      "VOLE_STORAGE_DEFAULT_INTERVALS": "7", "VOLE_LOGGING_LEVEL": "error",
      "VOLE_CLUSTER_EU_WEST_1_SERVERS": "j:9092 i:9092,h:9092",
      "VOLE_LISTEN": "127.0.0.1:7000",
    ]
    let overridden = try load(oneCluster, environment: environment)
    #expect(names(overridden) == ["environment", "other group"])
    #expect(overridden.clusters[0].offsetRefresh == 30)
    #expect(overridden.clusters[0].servers == ["j:9092", "i:9092", "h:9092"])
    #expect(overridden.consumers[0].servers == ["j:9092", "i:9092", "h:9092"])
    #expect(overridden.storage.intervals == 7)
    #expect(overridden.logging.level == .error)
    #expect(overridden.listeners[0].address.description == "127.0.0.1:7000")
    #expect(overridden.warnings.isEmpty)
    let flagged = try load(oneCluster, environment: environment) {
      $0.groups = ["flag", "with, comma"]
      $0.bootstrapServers = ["f:1,g:2", "h:3"]
      $0.listen = "[::1]:0"
      $0.logLevel = "debug"
    }
    #expect(names(flagged) == ["flag", "with, comma"])
    #expect(flagged.clusters[0].servers == ["f:1", "g:2", "h:3"])
    #expect(flagged.clusters[0].offsetRefresh == 30)
    #expect(flagged.listeners[0].address == ListenAddress(host: "::1", port: 0))
    #expect(flagged.logging.level == .debug)
  }

  @Test("Sections that only a default implies can be overridden too")
  func implied() throws {
    let configuration = try load(
      nil,
      environment: [
        "VOLE_CLUSTER_DEFAULT_SERVERS": "k:9092", "VOLE_CONSUMER_DEFAULT_GROUPS": "a b,c",
        "VOLE_EVALUATOR_DEFAULT_ALLOWED_LAG": "18446744073709551615",
        "VOLE_PROBE_STALE_AFTER": "2m", "VOLE_CONSUMER_DEFAULT_START_LATEST": "TRUE",
        "VOLE_HTTPSERVER_DEFAULT_ADDRESS": ":80",
      ])
    #expect(names(configuration) == ["a b", "c"])
    #expect(configuration.evaluator.allowedLag == .max)
    #expect(configuration.probe.staleAfter == 120)
    #expect(configuration.consumers[0].start == .end)
    #expect(configuration.listeners[0].address.port == 80)
  }

  @Test("An empty variable counts as not set")
  func empty() throws {
    let configuration = try load(
      oneCluster,
      environment: [
        "VOLE_GROUPS": "", "VOLE_STORAGE_DEFAULT_INTERVALS": "", "VOLE_LISTEN": "",
        "VOLE_NO_SUCH_THING": "",
      ])
    #expect(names(configuration) == ["file"])
    #expect(configuration.storage.intervals == 5)
    #expect(configuration.warnings.isEmpty)
  }

  @Test("A variable that fits two sections is an error")
  func ambiguous() {
    let text = """
      [cluster.a-b]
      servers = ["k:1"]
      [cluster.a_b]
      servers = ["k:1"]
      [consumer.c]
      cluster = "a_b"
      groups = ["g"]
      """
    #expect(errors(text).isEmpty)
    #expect(
      errors(text, environment: ["VOLE_CLUSTER_A_B_OFFSET_REFRESH": "5"]) == [
        "VOLE_CLUSTER_A_B_OFFSET_REFRESH: overrides both cluster.a-b.offset-refresh and "
          + "cluster.a_b.offset-refresh (rename one of them)"
      ])
  }

  @Test("Two variables for one value are an error")
  func twice() {
    #expect(
      errors(oneCluster, environment: ["VOLE_GROUPS": "a", "VOLE_CONSUMER_APP_GROUPS": "b"]) == [
        "VOLE_GROUPS: consumer.app.groups: VOLE_CONSUMER_APP_GROUPS says this too (say it once)"
      ])
  }

  @Test("A mistyped variable is a warning; what Kubernetes makes of a Service is none")
  func unknownVariables() throws {
    let configuration = try load(
      oneCluster,
      environment: [
        "VOLE_GROUP": "a", "VOLE_SASL_PRD_PASSWORD": "3", "VOLE_SERVICE_HOST": "10.0.0.1",
        "VOLE_SERVER": "http://127.0.0.1:1", "VOLE_TOKEN_FILE": "/t",
        "VOLE_SERVICE_PORT": "8000", "VOLE_PORT": "tcp://10.0.0.1:8000",
        "VOLE_PORT_8000_TCP_ADDR": "10.0.0.1", "VOLE_METRICS_SERVICE_PORT_HTTP": "80",
        "PATH": "/bin", "VOLETA": "x",
      ])
    #expect(
      configuration.warnings.map(\.description) == [
        "VOLE_GROUP: has no effect (did you mean VOLE_GROUPS?)",
        "VOLE_SASL_PRD_PASSWORD: has no effect: it names no key of a section that is "
          + "configured",
      ])
  }

  @Test("The prefix of variables can be another one, as with Burrow")
  func prefix() throws {
    let text = "[general]\nenv-var-prefix = \"team\"\n" + oneCluster
    let configuration = try load(
      text, environment: ["TEAM_STORAGE_DEFAULT_INTERVALS": "9", "TEAM_MEMBERS": "5"])
    #expect(configuration.storage.intervals == 9)
    #expect(configuration.warnings.isEmpty)
  }

  @Test("Where several clusters could be meant, --cluster decides")
  func clusters() throws {
    #expect(
      errors(twoClusters) {
        $0.groups = ["x"]
        $0.bootstrapServers = ["k:1"]
      } == [
        "--bootstrap-servers: several clusters could be meant (--cluster: east, west)",
        "--group: several clusters could be meant (--cluster: east, west)",
      ])
    let configuration = try load(twoClusters) {
      $0.groups = ["x"]
      $0.bootstrapServers = ["k:1"]
      $0.cluster = "west"
    }
    #expect(configuration.clusters.map(\.servers) == [["east:9092"], ["k:1"]])
    #expect(configuration.consumers.map(\.servers) == [["east:9092"], ["k:1"]])
    #expect(names(configuration, 0) == ["a"])
    #expect(names(configuration, 1) == ["x"])
    #expect(
      errors(twoClusters) { $0.cluster = "wets" } == [
        "--cluster: there is no [cluster.wets] (did you mean west?)"
      ])
    #expect(
      errors(nil) {
        $0.cluster = ""
        $0.bootstrapServers = ["k:1"]
        $0.groups = ["g"]
      } == ["--cluster: is empty (the name of a cluster)"])
    let named = try load(nil) {
      $0.cluster = "prod"
      $0.bootstrapServers = ["k:1"]
      $0.groups = ["g"]
    }
    #expect(named.clusters.map(\.name) == ["prod"])
    #expect(named.consumers.map(\.cluster) == ["prod"])
  }

  @Test("A cluster without a consumer in the file gets one, for the groups of flags")
  func impliedConsumer() throws {
    let configuration = try load("[cluster.k]\nservers = [\"k:1\"]") { $0.groups = ["g"] }
    #expect(configuration.consumers.map(\.name) == ["k"])
    #expect(configuration.consumers.map(\.cluster) == ["k"])
  }

  @Test("Shortcuts that could mean several consumers or listeners are errors")
  func several() {
    let text = """
      [cluster.k]
      servers = ["k:1"]
      [consumer.a]
      groups = ["a"]
      [consumer.b]
      groups = ["b"]
      [httpserver.a]
      address = ":1"
      [httpserver.b]
      address = ":2"
      """
    #expect(
      errors(text, environment: ["VOLE_GROUPS": "g", "VOLE_LISTEN": ":3"]) == [
        "VOLE_GROUPS: several consumers could be meant (known: consumer.a, consumer.b; set groups "
          + "of each)",
        "VOLE_LISTEN: several listeners could be meant (known: httpserver.a, httpserver.b; set "
          + "address of each)",
      ])
  }

  @Test("Of names and a pattern the stronger layer decides, in one layer the names")
  func namesAndPattern() throws {
    let text = "[cluster.k]\nservers = [\"k:1\"]\n[consumer.a]\ngroup-allowlist = \"^f\"\n"
    #expect(names(try load(text, environment: ["VOLE_GROUPS": "g"])) == ["g"])
    #expect(try load(text, environment: ["VOLE_GROUPS": "g"]).warnings.isEmpty)
    let both = try load(text + "groups = [\"h\"]")
    #expect(names(both) == ["h"])
    #expect(
      both.warnings.map(\.description) == [
        "vole.toml:4: consumer.a.group-allowlist: has no effect: groups names the groups"
      ])
    let pattern = try load(
      text + "groups = [\"h\"]", environment: ["VOLE_CONSUMER_A_GROUP_ALLOWLIST": "^env"])
    guard case .matching(let matched) = pattern.consumers[0].groups.admitted else {
      Issue.record("the variable's pattern decides")
      return
    }
    #expect(matched.source == "^env")
  }

  @Test("Groups that the denylist takes away are said")
  func denied() throws {
    let text = "[cluster.k]\nservers = [\"k:1\"]\n[consumer.a]\ngroups = [\"a\", \"b\", \"a\"]\n"
    let configuration = try load(text + "group-denylist = \"b\"")
    #expect(names(configuration) == ["a", "b"])
    #expect(
      configuration.warnings.map(\.description) == [
        "vole.toml:5: consumer.a.group-denylist: takes away groups that are named: \"b\""
      ])
  }

  @Test("The pod's identity comes from the downward API's variables")
  func pod() throws {
    let configuration = try load(
      oneCluster,
      environment: [
        "POD_IP": "fd00::7", "HOST_IP": "nonsense", "POD_NAME": "orders-1",
        "POD_NAMESPACE": "shop",
      ])
    #expect(configuration.pod.ip == "fd00::7")
    #expect(configuration.pod.hostIP == nil)
    #expect(configuration.pod.name == "orders-1")
    #expect(configuration.pod.namespace == "shop")
    #expect(
      configuration.warnings.map(\.description) == [
        "HOST_IP: has no effect: \"nonsense\" is not an IP address"
      ])
  }

  @Test("A variable's name that would break the line is escaped")
  func variableNames() throws {
    let configuration = try load(oneCluster, environment: ["VOLE_A\u{1B}[2J\n": "1"])
    #expect(
      configuration.warnings.map(\.description) == [
        "VOLE_A\\u001B[2J\\n: has no effect: it names no key of a section that is configured"
      ])
  }

  @Test("Every value remembers where it came from")
  func origins() throws {
    let configuration = try load(
      oneCluster, environment: ["VOLE_STORAGE_DEFAULT_MIN_DISTANCE": "2"]
    ) { $0.groups = ["g"] }
    let lines = configuration.settings.map { "\($0.path) = \($0.value) # \($0.origin)" }
    #expect(
      lines == [
        "general.env-var-prefix = \"VOLE\" # default",
        "logging.level = \"info\" # default",
        "cluster.\"eu.west-1\".class-name = \"kafka\" # default",
        "cluster.\"eu.west-1\".servers = [\"k:9092\"] # vole.toml:2",
        "cluster.\"eu.west-1\".offset-refresh = 20 # vole.toml:3",
        "cluster.\"eu.west-1\".topic-refresh = 60 # default",
        "consumer.app.class-name = \"kafka\" # default",
        "consumer.app.groups = [\"g\"] # --group",
        "consumer.app.source = \"auto\" # default",
        "consumer.app.offsets-topic = \"__consumer_offsets\" # default",
        "consumer.app.start-latest = false # default",
        "consumer.app.backfill-earliest = false # default",
        "consumer.app.lag-to = \"high-watermark\" # default",
        "consumer.app.phantom-lag = false # default",
        "httpserver.default.address = \"[::]:8000\" # default",
        "httpserver.default.timeout = 300 # default",
        "httpserver.default.client-certificates = \"none\" # default",
        "httpserver.default.h2c-upgrade = true # default",
        "httpserver.default.access-log = false # default",
        "httpserver.default.connections = 1024 # default",
        "httpserver.default.response-streams = 1024 # default",
        "httpserver.default.arriving-bytes = 4194304 # default",
        "httpserver.default.waiting-head-bytes = 4194304 # default",
        "httpserver.default.unsent-bytes = 16777216 # default",
        "httpserver.default.request-line-bytes = 4096 # default",
        "httpserver.default.head-bytes = 8192 # default",
        "httpserver.default.header-list-bytes = 16384 # default",
        "httpserver.default.header-fields = 64 # default",
        "httpserver.default.body-bytes = 65536 # default",
        "httpserver.default.request-timeout = 10 # default",
        "httpserver.default.handshake-timeout = 10 # default",
        "httpserver.default.idle-timeout-http1 = 75 # default",
        "httpserver.default.idle-timeout-http2 = 300 # default",
        "httpserver.default.write-timeout = 30 # default",
        "httpserver.default.progress-bytes = 16384 # default",
        "httpserver.default.stall-timeout = 1 # default",
        "httpserver.default.output-bytes = 65536 # default",
        "httpserver.default.pipelined-bytes = 65536 # default",
        "httpserver.default.lingering-bytes = 65536 # default",
        "httpserver.default.lingering-timeout = 2 # default",
        "httpserver.default.concurrent-streams = 100 # default",
        "httpserver.default.unsent-bytes-per-connection = 262144 # default",
        "httpserver.default.queued-frames = 1000 # default",
        "httpserver.default.queued-acknowledgements = 100 # default",
        "httpserver.default.reset-burst = 100 # default",
        "httpserver.default.resets-per-second = 10 # default",
        "httpserver.default.control-frame-burst = 10000 # default",
        "httpserver.default.control-frames-per-second = 10000 # default",
        "httpserver.default.settings-timeout = 10 # default",
        "httpserver.default.goaway-timeout = 1 # default",
        "storage.default.class-name = \"inmemory\" # default",
        "storage.default.intervals = 5 # vole.toml:7",
        "storage.default.min-distance = 2 # VOLE_STORAGE_DEFAULT_MIN_DISTANCE",
        "storage.default.expire-group = 604800 # default",
        "evaluator.default.class-name = \"caching\" # default",
        "evaluator.default.minimum-complete = 0.0 # default",
        "evaluator.default.allowed-lag = 0 # default",
        "evaluator.default.compatibility = \"vole\" # default",
        "probe.minimum-complete = 1.0 # default",
        "probe.mode = \"probe\" # default",
        "probe.scope = \"pod\" # default",
        "probe.liveness-fail-on = [\"STOP\", \"STALL\"] # default",
        "probe.hold = \"auto\" # default",
        "probe.fail-for = 180 # default",
        "probe.restart-grace = 300 # default",
        "probe.max-restarts = 3 # default",
        "probe.restart-window = 3600 # default",
        "probe.gate-timeout = 300 # default",
        "probe.readiness-after-gate = \"pass\" # default",
        "probe.readiness-fail-on = [\"ERR\"] # default",
        "probe.readiness-on-unknown = \"pass\" # default",
        "probe.paused = false # default",
      ])
  }
}
