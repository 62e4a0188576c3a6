/// All that a configuration is made of.
package struct ConfigurationSources {
  /// The name of the configuration file and its bytes; nil where there is none.
  package var file: (name: String, bytes: [UInt8])?
  /// The environment of the process.
  package var environment: [String: String] = [:]
  package var flags = ConfigurationFlags()
  /// Whether "every address" means those of IPv6 too.
  package var hasIPv6 = true
  /// What the library says that is to take the properties.
  package var library = ClientLibrary()

  /// No file, no variable, no flag.
  package init() {}
}

extension Configuration {
  /// Bytes of a configuration file.
  package static let maxFileBytes = 256 << 10

  /// The name of a cluster that only flags and environment configure.
  package static let unnamedCluster = "default"

  /// Reads and checks the configuration of this process.
  ///
  /// Nothing is opened but files: no socket, no connection.
  ///
  /// - Parameters:
  ///   - flags: Those of the command line.
  ///   - environment: All variables of the process.
  ///   - library: What the library says that is to take the properties.
  /// - Returns: The configuration with what is worth a warning.
  /// - Throws: Everything that is wrong.
  package static func load(
    flags: ConfigurationFlags, environment: [String: String], library: ClientLibrary
  ) throws(InvalidConfiguration) -> Configuration {
    var sources = ConfigurationSources()
    sources.flags = flags
    sources.environment = environment
    sources.library = library
    sources.hasIPv6 = systemHasIPv6()
    var file: [NamedFile] = []
    if let path = flags.file {
      file = [NamedFile(path)]
      do throws(FileError) {
        sources.file = (path, try readFile(path, limit: maxFileBytes))
      } catch {
        var refusal = InvalidConfiguration(
          .flag("--config"), "cannot read \(quoted(path)): \(error)")
        refusal.files = file
        throw refusal
      }
    }
    do throws(InvalidConfiguration) {
      var configuration = try Configuration(sources)
      configuration.files.insert(contentsOf: file, at: 0)
      return configuration
    } catch {
      var refusal = error
      refusal.files.insert(contentsOf: file, at: 0)
      throw refusal
    }
  }

  /// Checks a configuration.
  ///
  /// - Throws: Everything that is wrong; where the file is no TOML, the first place of that.
  package init(_ sources: ConfigurationSources) throws(InvalidConfiguration) {
    let file = try ConfigurationFile(sources)
    var loader = Loader(sources, file)
    let configuration = loader.load()
    let report = loader.reader.report
    let warnings = report.warnings.inReadingOrder()
    guard var configuration, report.problems.isEmpty else {
      throw InvalidConfiguration(
        problems: Array(
          report.problems.inReadingOrder().prefix(InvalidConfiguration.maxProblems)),
        warnings: warnings, files: loader.reader.files)
    }
    configuration.settings = loader.reader.settings
    configuration.warnings = warnings
    configuration.files = loader.reader.files
    self = configuration
  }
}

extension InvalidConfiguration {
  fileprivate init(_ origin: Origin, _ message: String) {
    problems = [ConfigurationProblem(origin: origin, path: "", message: message)]
    warnings = []
    files = []
  }
}

extension ConfigurationFile {
  /// Parses the file, if there is one.
  fileprivate init?(_ sources: ConfigurationSources) throws(InvalidConfiguration) {
    guard let (name, bytes) = sources.file else { return nil }
    do throws(TOMLSyntaxError) {
      self.init(name: name, table: try TOMLTable(parsing: bytes))
    } catch {
      throw InvalidConfiguration(
        .file(name, line: error.line), "\(error.message) (column \(error.column))")
    }
  }
}

/// Makes a configuration out of its sources, one kind of section after the other.
struct Loader {
  let sources: ConfigurationSources
  var sections: Sections
  var reader: SettingReader

  init(_ sources: ConfigurationSources, _ file: ConfigurationFile?) {
    self.sources = sources
    reader = SettingReader(file: file, propertyComplaint: sources.library.propertyComplaint)
    sections = Sections(file, report: &reader.report)
    implySections()
  }

  /// Reads everything, in the order in which `vole config` shows it.
  mutating func load() -> Configuration? {
    // The prefix is needed to find variables, so no variable can change it.
    let prefix = section(Schema.general).map {
      reader.value(GeneralKeys.environmentPrefix, in: $0).uppercased()
    }
    reader.overrides = Overrides(
      environment: sources.environment,
      prefix: prefix ?? GeneralKeys.environmentPrefix.fallback, sections: sections,
      report: &reader.report)
    addShortcuts()
    let general = section(Schema.general).map { readGeneral($0, prefix: prefix ?? "") }
    let logging = section(Schema.logging).map { readLogging($0) }
    let profiles = Profiles(sections, &reader)
    let clusters = sections.of(Schema.cluster).map { readCluster($0, profiles) }
    let consumers = readConsumers(clusters, profiles)
    let listeners = readListeners(profiles)
    let tokens = readTokens()
    let storage = only(Schema.storage).map { readStorage($0) }
    let evaluator = only(Schema.evaluator).map { readEvaluator($0) }
    let probe = section(Schema.probe).map { readProbe($0) }
    let overrides = readProbeOverrides(probe?.decisions ?? Configuration.Decisions(), consumers)
    let scales = readScales(consumers)
    if let probe, let general { checkMode(probe, general) }
    let pod = readPod()
    checkClients(clusters, consumers)
    checkListeners(listeners)
    guard let general, let logging, let storage, let evaluator, let probe else { return nil }
    return Configuration(
      general: general, logging: logging, clusters: clusters, consumers: consumers,
      listeners: listeners, tokens: tokens, storage: storage, evaluator: evaluator, probe: probe,
      probeOverrides: overrides, scales: scales, pod: pod,
      source: sources.file?.name, settings: [], warnings: [], files: [])
  }

  /// Adds the sections that a file need not have.
  private mutating func implySections() {
    for kind in [Schema.general, Schema.logging, Schema.probe] where sections.of(kind).isEmpty {
      sections.imply(kind, name: nil)
    }
    for kind in [Schema.listener, Schema.storage, Schema.evaluator]
    where sections.of(kind).isEmpty {
      sections.imply(kind, name: "default")
    }
    if sections.of(Schema.cluster).isEmpty {
      sections.imply(Schema.cluster, name: sources.flags.cluster ?? Configuration.unnamedCluster)
    }
    if sections.of(Schema.consumer).isEmpty {
      for cluster in sections.of(Schema.cluster) {
        sections.imply(Schema.consumer, name: cluster.name)
      }
    }
  }

  /// The section of a kind without names.
  private func section(_ kind: SectionKind) -> Section? { sections.of(kind).first }

  /// The section of a kind of which there may be one.
  private mutating func only(_ kind: SectionKind) -> Section? {
    let all = sections.of(kind)
    for section in all.dropFirst() {
      reader.report.error(
        section.origin, SettingPath(components: section.path),
        "there is a second [\(kind.name).X] (one can be configured)")
    }
    return all.first
  }
}

// MARK: - The sections

extension Loader {
  private mutating func readGeneral(
    _ section: Section, prefix: String
  ) -> Configuration.General {
    Configuration.General(
      accessControlAllowOrigin: reader.value(GeneralKeys.accessControlAllowOrigin, in: section),
      environmentPrefix: prefix,
      stateDirectory: reader.value(GeneralKeys.stateDirectory, in: section),
      terminationLog: reader.value(GeneralKeys.terminationLog, in: section))
  }

  private mutating func readLogging(_ section: Section) -> Configuration.Logging {
    Configuration.Logging(level: reader.value(LoggingKeys.level, in: section))
  }

  private mutating func readCluster(
    _ section: Section, _ profiles: Profiles
  ) -> Configuration.Cluster {
    _ = reader.value(ClusterKeys.className, in: section)
    let servers = reader.read(ClusterKeys.servers, in: section)
    if servers.value.isEmpty, !servers.isRefused {
      reader.report.error(
        section.origin, section.path(ClusterKeys.servers.name),
        "no broker is named (servers = [\"kafka:9092\"], VOLE_BOOTSTRAP_SERVERS or "
          + "--bootstrap-servers)")
    }
    return Configuration.Cluster(
      name: section.name ?? "", servers: servers.value,
      client: profiles.client(of: section, &reader) ?? Profiles.unnamed,
      offsetRefresh: reader.value(ClusterKeys.offsetRefresh, in: section),
      topicRefresh: reader.value(ClusterKeys.topicRefresh, in: section))
  }

  private mutating func readStorage(_ section: Section) -> Configuration.Storage {
    _ = reader.value(StorageKeys.className, in: section)
    return Configuration.Storage(
      name: section.name ?? "",
      intervals: reader.value(StorageKeys.intervals, in: section),
      minDistance: reader.value(StorageKeys.minDistance, in: section),
      expireGroup: reader.value(StorageKeys.expireGroup, in: section))
  }

  private mutating func readEvaluator(_ section: Section) -> Configuration.Evaluator {
    _ = reader.value(EvaluatorKeys.className, in: section)
    return Configuration.Evaluator(
      name: section.name ?? "",
      minimumComplete: reader.value(EvaluatorKeys.minimumComplete, in: section),
      allowedLag: reader.value(EvaluatorKeys.allowedLag, in: section),
      compatibility: reader.value(EvaluatorKeys.compatibility, in: section))
  }

  /// Takes the pod's identity from the variables that the downward API fills.
  private mutating func readPod() -> Configuration.PodIdentity {
    Configuration.PodIdentity(
      ip: podAddress("POD_IP"), hostIP: podAddress("HOST_IP"), name: podVariable("POD_NAME"),
      namespace: podVariable("POD_NAMESPACE"))
  }

  private mutating func podVariable(_ name: String) -> String? {
    guard let value = sources.environment[name], !value.isEmpty else { return nil }
    reader.note(SettingPath(name), quoted(value), .environment(name), content: value)
    return value
  }

  private mutating func podAddress(_ name: String) -> String? {
    guard let value = podVariable(name) else { return nil }
    if isIPAddress(value) { return value }
    reader.report.warning(
      .environment(name), nil, "has no effect: \(quoted(value)) is not an IP address")
    return nil
  }
}
