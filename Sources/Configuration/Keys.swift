import LagCore

/// The keys of `[general]`.
enum GeneralKeys {
  static var accessControlAllowOrigin: Key<String?> {
    let text = Key<String?>.optionalString("access-control-allow-origin")
    return Key(
      name: text.name, fallback: nil,
      parse: { (raw) throws(Complaint) in
        // What no field of HTTP may hold would be left out of every answer.
        let origin = try text.parse(raw)
        if let origin, !origin.isPlain {
          throw Complaint(
            message: "\(quoted(origin)) is not an origin (\"*\" or \"https://HOST\")")
        }
        return origin
      }, show: text.show)
  }
  static var environmentPrefix: Key<String> { .string("env-var-prefix", default: "VOLE") }
  static var stateDirectory: Key<String?> { .optionalString("state-dir") }
  static var terminationLog: Key<String?> { .optionalString("termination-log") }
}

/// The keys of `[logging]`.
enum LoggingKeys {
  static var level: Key<Configuration.LogLevel> {
    .choice(
      "level", default: .info, aliases: ["warning": .warn, "panic": .error, "fatal": .error])
  }
}

/// The keys of `[client-profile.X]`.
enum ClientProfileKeys {
  static var clientID: Key<String> { .string("client-id", default: "vole") }
  static var kafkaVersion: Key<String?> { .optionalString("kafka-version") }
  static var tls: Key<String?> { .optionalString("tls") }
  static var sasl: Key<String?> { .optionalString("sasl") }
  static var dialTimeout: Key<Int?> { .optionalSeconds("dial-timeout", in: 1...86_400) }
  static var readTimeout: Key<Int?> { .optionalSeconds("read-timeout", in: 1...300) }
  /// The table of properties that go to librdkafka as they are.
  static let librdkafka = "librdkafka"
  /// The table of properties whose values are the first lines of files.
  static let librdkafkaFiles = "librdkafka-files"
}

/// The keys of `[tls.X]`.
enum TLSKeys {
  static var caFile: Key<String?> { .file("cafile") }
  static var certificateFile: Key<String?> { .file("certfile") }
  static var keyFile: Key<String?> { .file("keyfile") }
  static var keyPassword: Key<String?> { .optionalString("key-password", isSecret: true) }
  static var keyPasswordFile: Key<String?> { .file("key-password-file") }
  static var skipsVerification: Key<Bool> { .boolean("noverify", default: false) }
}

/// The keys of `[sasl.X]`.
enum SASLKeys {
  static var mechanism: Key<SASLProfile.Mechanism> { .choice("mechanism", default: .plain) }
  static var handshakeFirst: Key<Bool> { .boolean("handshake-first", default: true) }
  static var username: Key<String?> { .optionalString("username") }
  static var usernameFile: Key<String?> { .file("username-file") }
  static var password: Key<String?> { .optionalString("password", isSecret: true) }
  static var passwordFile: Key<String?> { .file("password-file") }
  /// Its content is read whenever a token is needed, so a new one is no change of configuration.
  static var tokenFile: Key<String?> { .file("token-file", isReadOnce: false) }
}

/// The keys of `[cluster.X]`.
enum ClusterKeys {
  static var className: Key<ClassNames.Kafka> { .choice("class-name", default: .kafka) }
  static var servers: Key<[String]> {
    .list("servers", separators: ", \t\n", allowed: "host:port", isValid: isBroker)
  }
  static var clientProfile: Key<String?> { .optionalString("client-profile") }
  static var offsetRefresh: Key<Int> { .seconds("offset-refresh", default: 10, in: 1...86_400) }
  static var topicRefresh: Key<Int> { .seconds("topic-refresh", default: 60, in: 1...86_400) }
}

/// The keys of `[consumer.X]`.
enum ConsumerKeys {
  static var className: Key<ClassNames.Kafka> { .choice("class-name", default: .kafka) }
  static var cluster: Key<String?> { .optionalString("cluster") }
  static var servers: Key<[String]> { ClusterKeys.servers }
  static var clientProfile: Key<String?> { ClusterKeys.clientProfile }
  static var groups: Key<[String]> {
    .list("groups", separators: ",", allowed: "the name of a group") { !$0.isEmpty }
  }
  static var allowlist: Key<GroupPattern?> { .pattern("group-allowlist") }
  static var denylist: Key<GroupPattern?> { .pattern("group-denylist") }
  static var source: Key<Configuration.Source> { .choice("source", default: .automatic) }
  static var offsetsTopic: Key<String> { .string("offsets-topic", default: "__consumer_offsets") }
  static var startLatest: Key<Bool> { .boolean("start-latest", default: false) }
  static var backfillEarliest: Key<Bool> { .boolean("backfill-earliest", default: false) }
  static var backfill: Key<Int?> { .duration("backfill", in: 1...315_360_000) }
  static var lagTo: Key<Configuration.LogEnd> { .choice("lag-to", default: .highWatermark) }
  static var phantomLag: Key<Bool> { .boolean("phantom-lag", default: false) }
}

/// The keys of `[httpserver.X]`.
enum ListenerKeys {
  static var timeout: Key<Int> { .seconds("timeout", default: 300, in: 1...86_400) }
  static var tls: Key<String?> { .optionalString("tls") }
  static var clientCertificates: Key<Configuration.ClientCertificates> {
    .choice("client-certificates", default: .none)
  }
  static var allowsUpgrade: Key<Bool> { .boolean("h2c-upgrade", default: true) }
  static var logsAccess: Key<Bool> { .boolean("access-log", default: false) }
  static var socketMode: Key<UInt16> { .mode("socket-mode", default: 0o660) }

  /// The address to listen on; every address of the machine where none is given.
  ///
  /// - Parameter hasIPv6: Whether "every address" means those of IPv6 too.
  /// - Returns: The key.
  static func address(hasIPv6: Bool) -> Key<ListenAddress> {
    let allowed = "host:port with an IP address, :port, or unix:/path"
    return Key(
      name: "address", fallback: .everywhere(port: 8_000, hasIPv6: hasIPv6),
      parse: { (raw) throws(Complaint) in
        let text = try raw.text(allowed: allowed)
        guard let address = ListenAddress(parsing: text, hasIPv6: hasIPv6) else {
          throw Complaint(message: "\(quoted(text)) is not an address to listen on (\(allowed))")
        }
        return address
      }, show: { quoted($0.description) })
  }
}

/// The keys of `[token.X]`.
enum TokenKeys {
  static var file: Key<String?> { .file("file") }
  static var groups: Key<[String]> { ConsumerKeys.groups }
}

/// The keys of `[storage.X]`.
enum StorageKeys {
  static var className: Key<ClassNames.Storage> { .choice("class-name", default: .inmemory) }
  static var intervals: Key<Int> {
    .integer("intervals", default: 10, in: 1...WindowLimits.maximumIntervals)
  }
  static var minDistance: Key<Int> { .seconds("min-distance", default: 0, in: 0...86_400) }
  static var expireGroup: Key<Int> {
    .seconds("expire-group", default: 604_800, in: 1...315_360_000)
  }
}

/// The keys of `[evaluator.X]`.
enum EvaluatorKeys {
  static var className: Key<ClassNames.Evaluator> { .choice("class-name", default: .caching) }
  static var minimumComplete: Key<Float> { .fraction("minimum-complete", default: 0) }
  static var allowedLag: Key<UInt64> { .unsigned("allowed-lag", default: 0) }
  static var compatibility: Key<Configuration.Compatibility> {
    .choice("compatibility", default: .vole)
  }
}

/// Words of keys that allow a single one, so that another is an error.
enum ClassNames {
  enum Kafka: String, CaseIterable { case kafka }
  enum Storage: String, CaseIterable { case inmemory }
  enum Evaluator: String, CaseIterable { case caching }
}
