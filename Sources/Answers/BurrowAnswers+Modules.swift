import JSON

/// What `/v3/config` and `/v3/kafka/{cluster}` say of the configuration: no secrets.
extension BurrowAnswers {
  /// The parts of Burrow that have modules.
  package enum Coordinator: String, CaseIterable, Sendable {
    case storage
    case evaluator
    case cluster
    case consumer
    case notifier

    fileprivate var notFound: StaticString {
      switch self {
      case .storage: "storage module not found"
      case .evaluator: "evaluator module not found"
      case .cluster: "cluster module not found"
      case .consumer: "consumer module not found"
      case .notifier: "notifier module not found"
      }
    }
  }

  /// A module and its settings, in Burrow's words and units.
  package enum Module: Sendable {
    /// How much is kept of each partition.
    case storage(intervals: Int, minDistance: Int, expireGroup: Int)
    /// How long an evaluation stands, in seconds.
    case evaluator(expireCache: Int)
    /// A Kafka cluster; its refreshes are in seconds.
    case cluster(servers: [String], profile: Profile, topicRefresh: Int, offsetRefresh: Int)
    /// What is read of the offsets topic.
    case consumer(
      cluster: String, servers: [String], allowlist: String, profile: Profile,
      offsetsTopic: String, startsAtEnd: Bool)
  }

  /// How brokers are talked to, without secrets.
  package struct Profile: Sendable {
    /// The name of the profile, empty without one.
    package var name: String
    /// What the brokers' logs call the agent.
    package var clientID: String
    /// The version as written, empty where none is.
    package var kafkaVersion: String
    /// The TLS profile, nil without one.
    package var tls: TLS?
    /// The SASL profile, nil without one.
    package var sasl: SASL?

    /// Files of certificates and keys, by name.
    package struct TLS: Sendable {
      /// The name of the profile.
      package var name: String
      /// Whether the broker's certificate is not looked at.
      package var skipsVerification: Bool
      /// Paths, empty where none is named.
      package var certificateFile: String
      package var keyFile: String
      package var caFile: String

      /// Creates a profile from its parts.
      package init(
        name: String, skipsVerification: Bool, certificateFile: String, keyFile: String,
        caFile: String
      ) {
        self.name = name
        self.skipsVerification = skipsVerification
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.caFile = caFile
      }
    }

    /// Who logs in, without the password.
    package struct SASL: Sendable {
      /// The name of the profile.
      package var name: String
      /// The user, empty for mechanisms that take none.
      package var username: String

      /// Creates a profile from its parts.
      package init(name: String, username: String) {
        self.name = name
        self.username = username
      }
    }

    /// Creates a profile from its parts.
    package init(name: String, clientID: String, kafkaVersion: String, tls: TLS?, sasl: SASL?) {
      self.name = name
      self.clientID = clientID
      self.kafkaVersion = kafkaVersion
      self.tls = tls
      self.sasl = sasl
    }
  }

  /// What concerns the agent as a whole.
  package struct MainConfiguration: Sendable {
    /// The value of the CORS header, empty for none.
    package var allowOrigin: String
    /// The least urgent level that is logged.
    package var logLevel: String
    /// Name, address, TLS profile (empty without one) and timeout in seconds of each listener.
    package var listeners: [(name: String, address: String, tls: String, timeout: Int)]

    /// Creates it from its parts.
    package init(
      allowOrigin: String, logLevel: String,
      listeners: [(name: String, address: String, tls: String, timeout: Int)]
    ) {
      self.allowOrigin = allowOrigin
      self.logLevel = logLevel
      self.listeners = listeners
    }
  }

  /// Returns the answer to `/v3/config`; what this program does not have is empty.
  package static func main(_ main: MainConfiguration, request: RequestInfo) -> [UInt8] {
    var writer = begin("main config returned")
    write(request, to: &writer)
    writer.key("general")
    writer.beginObject()
    writer.field("pidfile", verbatim: "")
    writer.field("stdout-logfile", verbatim: "")
    writer.field("access-control-allow-origin", main.allowOrigin)
    writer.endObject()
    writer.key("logging")
    writer.beginObject()
    writer.field("filename", verbatim: "")
    for key: StaticString in ["max-size", "max-backups", "max-age"] { writer.field(key, 0) }
    for key: StaticString in ["use-local-time", "use-compression"] { writer.field(key, false) }
    writer.field("level", main.logLevel)
    writer.endObject()
    writer.key("zookeeper")
    writer.beginObject()
    writer.nullField("servers")
    writer.field("timeout", 0)
    writer.field("root-path", verbatim: "")
    writer.endObject()
    writer.key("httpserver")
    writer.beginObject()
    for listener in main.listeners.sorted(by: { $0.name < $1.name }) {
      writer.key(string: listener.name)
      writer.beginObject()
      writer.field("address", listener.address)
      writer.field("tls", listener.tls)
      writer.field("timeout", listener.timeout)
      writer.endObject()
    }
    writer.endObject()
    writer.endObject()
    return writer.finish()
  }

  /// Returns the answer to `/v3/config/{coordinator}`.
  package static func modules(
    of coordinator: Coordinator, _ names: [String], request: RequestInfo
  ) -> [UInt8] {
    var writer = begin("module list returned")
    write(request, to: &writer)
    writer.field("coordinator", coordinator.rawValue)
    writer.key("modules")
    writer.beginArray()
    for name in names { writer.value(name) }
    writer.endArray()
    writer.endObject()
    return writer.finish()
  }

  /// Returns the answer to a module that is not there.
  package static func noModule(of coordinator: Coordinator, request: RequestInfo) -> [UInt8] {
    error(coordinator.notFound, request: request)
  }

  /// Returns the answer to `/v3/config/{coordinator}/{name}`, and to `/v3/kafka/{cluster}`.
  package static func module(_ module: Module, request: RequestInfo) -> [UInt8] {
    answer(module.message, request: request) { writer in
      writer.key("module")
      writer.beginObject()
      writer.field("class-name", verbatim: module.className)
      module.writeSettings(to: &writer)
      writer.endObject()
    }
  }

  /// Returns the answer to `/v3/admin/loglevel`.
  package static func logLevel(_ level: String, request: RequestInfo) -> [UInt8] {
    answer("log level returned", request: request) { $0.field("level", level) }
  }
}

extension BurrowAnswers.Module {
  fileprivate var message: StaticString {
    switch self {
    case .storage: "storage module detail returned"
    case .evaluator: "evaluator module detail returned"
    case .cluster: "cluster module detail returned"
    case .consumer: "consumer module detail returned"
    }
  }

  fileprivate var className: StaticString {
    switch self {
    case .storage: "inmemory"
    case .evaluator: "caching"
    case .cluster, .consumer: "kafka"
    }
  }

  fileprivate func writeSettings(to writer: inout JSONWriter) {
    switch self {
    case .storage(let intervals, let minDistance, let expireGroup):
      writer.field("intervals", intervals)
      writer.field("min-distance", minDistance)
      writer.field("group-allowlist", verbatim: "")
      writer.field("expire-group", expireGroup)
    case .evaluator(let expireCache):
      writer.field("expire-cache", expireCache)
    case .cluster(let servers, let profile, let topicRefresh, let offsetRefresh):
      writer.field("servers", servers)
      profile.write(to: &writer)
      writer.field("topic-refresh", topicRefresh)
      writer.field("offset-refresh", offsetRefresh)
    case .consumer(
      let cluster, let servers, let allowlist, let profile, let offsetsTopic, let startsAtEnd):
      writer.field("cluster", cluster)
      writer.field("servers", servers)
      writer.field("group-allowlist", allowlist)
      writer.field("zookeeper-path", verbatim: "")
      writer.field("zookeeper-timeout", 0)
      profile.write(to: &writer)
      writer.field("offsets-topic", offsetsTopic)
      writer.field("start-latest", startsAtEnd)
    }
  }
}

extension BurrowAnswers.Profile {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.key("client-profile")
    writer.beginObject()
    writer.field("name", name)
    writer.field("client-id", clientID)
    writer.field("kafka-version", kafkaVersion)
    if let tls {
      writer.key("tls")
      writer.beginObject()
      writer.field("name", tls.name)
      writer.field("noverify", tls.skipsVerification)
      writer.field("certfile", tls.certificateFile)
      writer.field("keyfile", tls.keyFile)
      writer.field("cafile", tls.caFile)
      writer.endObject()
    } else {
      writer.nullField("tls")
    }
    if let sasl {
      writer.key("sasl")
      writer.beginObject()
      writer.field("name", sasl.name)
      writer.field("handshake-first", true)
      writer.field("username", sasl.username)
      writer.endObject()
    } else {
      writer.nullField("sasl")
    }
    writer.endObject()
  }
}

extension JSONWriter {
  fileprivate mutating func field(_ name: StaticString, _ values: [String]) {
    key(name)
    beginArray()
    for value in values { self.value(value) }
    endArray()
  }
}
