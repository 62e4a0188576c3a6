/// A kind of section: what it is called and which keys it may have.
struct SectionKind {
  /// What becomes of a key.
  enum Use {
    /// It is read; an environment variable may override it.
    case read
    /// It is known and has no effect, for this reason.
    case ignored(String)
    /// It is an older name of another key.
    case alias(String)
    /// It is a table of its own, read by its own rules.
    case table
  }

  let name: String
  /// Whether the section is `[name.X]`, not `[name]`.
  let isNamed: Bool
  let keys: [(name: String, use: Use)]
  /// Why sections of this kind have no effect; nil where they have one.
  var ignored: String?
  /// Whether a name below `[name]` is a section of its own, `[name.X]`.
  var mayHaveNames = false

  func use(of key: String) -> Use? {
    keys.first { $0.name == key }?.use
  }

  var namesOfKeys: [String] { keys.map(\.name) }

  /// The keys that are read.
  var readKeys: [String] {
    keys.compactMap { if case .read = $0.use { $0.name } else { nil } }
  }
}

/// Every section and key that this program or Burrow has.
///
/// Burrow's are those that `core/internal` asks viper for. What stands in neither list is
/// a typing error, and an error.
enum Schema {
  static let general = SectionKind(
    name: "general", isNamed: false,
    keys: [
      (GeneralKeys.accessControlAllowOrigin.name, .read),
      (GeneralKeys.environmentPrefix.name, .read), (GeneralKeys.stateDirectory.name, .read),
      (GeneralKeys.terminationLog.name, .read),
      ("pidfile", .ignored("no PID file is written")), ("stdout-logfile", .ignored(logsToStderr)),
    ])

  static let logging = SectionKind(
    name: "logging", isNamed: false,
    keys: [
      (LoggingKeys.level.name, .read), ("filename", .ignored(logsToStderr)),
      ("maxsize", .ignored(logsToStderr)), ("maxbackups", .ignored(logsToStderr)),
      ("maxage", .ignored(logsToStderr)), ("use-localtime", .ignored(logsToStderr)),
      ("use-compression", .ignored(logsToStderr)),
    ])

  static let clientProfile = SectionKind(
    name: "client-profile", isNamed: true,
    keys: [
      (ClientProfileKeys.clientID.name, .read), (ClientProfileKeys.kafkaVersion.name, .read),
      (ClientProfileKeys.tls.name, .read), (ClientProfileKeys.sasl.name, .read),
      (ClientProfileKeys.dialTimeout.name, .read), (ClientProfileKeys.readTimeout.name, .read),
      (ClientProfileKeys.librdkafka, .table), (ClientProfileKeys.librdkafkaFiles, .table),
      ("iam", .ignored("AWS IAM is not supported")),
    ])

  static let tls = SectionKind(
    name: "tls", isNamed: true,
    keys: [
      (TLSKeys.caFile.name, .read), (TLSKeys.certificateFile.name, .read),
      (TLSKeys.keyFile.name, .read), (TLSKeys.keyPassword.name, .read),
      (TLSKeys.keyPasswordFile.name, .read), (TLSKeys.skipsVerification.name, .read),
    ])

  static let sasl = SectionKind(
    name: "sasl", isNamed: true,
    keys: [
      (SASLKeys.mechanism.name, .read), (SASLKeys.handshakeFirst.name, .read),
      (SASLKeys.username.name, .read), (SASLKeys.usernameFile.name, .read),
      (SASLKeys.password.name, .read), (SASLKeys.passwordFile.name, .read),
      (SASLKeys.tokenFile.name, .read),
    ])

  static let cluster = SectionKind(
    name: "cluster", isNamed: true,
    keys: [
      (ClusterKeys.className.name, .read), (ClusterKeys.servers.name, .read),
      (ClusterKeys.clientProfile.name, .read), (ClusterKeys.offsetRefresh.name, .read),
      (ClusterKeys.topicRefresh.name, .read),
      ("groups-reaper-refresh", .ignored("groups are forgotten by tombstones and expiry")),
    ])

  static let consumer = SectionKind(
    name: "consumer", isNamed: true,
    keys: [
      (ConsumerKeys.className.name, .read), (ConsumerKeys.cluster.name, .read),
      (ConsumerKeys.servers.name, .read), (ConsumerKeys.clientProfile.name, .read),
      (ConsumerKeys.groups.name, .read), (ConsumerKeys.allowlist.name, .read),
      (ConsumerKeys.denylist.name, .read), (ConsumerKeys.source.name, .read),
      (ConsumerKeys.offsetsTopic.name, .read), (ConsumerKeys.startLatest.name, .read),
      (ConsumerKeys.backfillEarliest.name, .read), (ConsumerKeys.backfill.name, .read),
      (ConsumerKeys.lagTo.name, .read), (ConsumerKeys.phantomLag.name, .read),
      ("group-whitelist", .alias(ConsumerKeys.allowlist.name)),
      ("group-blacklist", .alias(ConsumerKeys.denylist.name)),
      ("zookeeper-path", .ignored(noZooKeeper)), ("zookeeper-timeout", .ignored(noZooKeeper)),
    ])

  static let listener = SectionKind(
    name: "httpserver", isNamed: true,
    keys: [
      ("address", .read), (ListenerKeys.socketMode.name, .read), (ListenerKeys.timeout.name, .read),
      (ListenerKeys.tls.name, .read), (ListenerKeys.clientCertificates.name, .read),
      (ListenerKeys.allowsUpgrade.name, .read), (ListenerKeys.logsAccess.name, .read),
    ] + ListenerLimit.allCases.map { ($0.rawValue, .read) })

  static let token = SectionKind(
    name: "token", isNamed: true,
    keys: [(TokenKeys.file.name, .read), (TokenKeys.groups.name, .read)])

  static let storage = SectionKind(
    name: "storage", isNamed: true,
    keys: [
      (StorageKeys.className.name, .read), (StorageKeys.intervals.name, .read),
      (StorageKeys.minDistance.name, .read), (StorageKeys.expireGroup.name, .read),
      ("workers", .ignored("one thread owns all state")),
      ("queue-depth", .ignored("one thread owns all state")),
      ("group-allowlist", .ignored("the consumer's list decides")),
      ("group-denylist", .ignored("the consumer's list decides")),
      ("group-whitelist", .ignored("the consumer's list decides")),
      ("group-blacklist", .ignored("the consumer's list decides")),
    ])

  static let evaluator = SectionKind(
    name: "evaluator", isNamed: true,
    keys: [
      (EvaluatorKeys.className.name, .read), (EvaluatorKeys.minimumComplete.name, .read),
      (EvaluatorKeys.allowedLag.name, .read), (EvaluatorKeys.compatibility.name, .read),
      ("expire-cache", .ignored("verdicts are made every second")),
    ])

  static let probe = SectionKind(
    name: "probe", isNamed: false,
    keys: [
      (ProbeKeys.minimumComplete.name, .read), (ProbeKeys.staleAfter.name, .read),
      (ProbeKeys.mode.name, .read),
    ] + DecisionKeys.names.map { ($0, .read) },
    mayHaveNames: true)

  /// `[probe.X]`.
  static let probeOfGroups = SectionKind(
    name: probe.name, isNamed: true,
    keys: ([DecisionKeys.groups.name] + DecisionKeys.names).map { ($0, .read) })

  static let scale = SectionKind(
    name: "scale", isNamed: true,
    keys: [
      (ScaleKeys.groups.name, .read), (ScaleKeys.drainTarget.name, .read),
      (ScaleKeys.headroom.name, .read), (ScaleKeys.minimum.name, .read),
      (ScaleKeys.maximum.name, .read), (ScaleKeys.history.name, .read),
      (ScaleKeys.decayAfter.name, .read),
    ])

  /// In the order in which the effective configuration is shown.
  static let kinds: [SectionKind] = [
    general, logging, clientProfile, tls, sasl, cluster, consumer, listener, storage, evaluator,
    probe,
    SectionKind(name: "notifier", isNamed: true, keys: [], ignored: notYet),
    scale,
    SectionKind(name: "zookeeper", isNamed: false, keys: [], ignored: noZooKeeper),
    SectionKind(name: "iam", isNamed: true, keys: [], ignored: "AWS IAM is not supported"),
    token,
  ]

  private static let logsToStderr = "the log goes to standard error"
  private static let noZooKeeper = "ZooKeeper is not used"
  private static let notYet = "not available in this version"
}
