extension Loader {
  /// Adds what flags and the variables with names of their own say.
  mutating func addShortcuts() {
    let flags = sources.flags
    if let wanted = flags.cluster { checkCluster(wanted) }
    for shortcut in Shortcut.allCases {
      if let text = sources.environment[shortcut.rawValue], !text.isEmpty {
        let value = Overrides.Value(origin: .environment(shortcut.rawValue), raw: .text(text))
        add(value, shortcut)
      }
      if let raw = flags.raw(shortcut) {
        add(Overrides.Value(origin: .flag(shortcut.flag), raw: raw), shortcut)
      }
    }
    if let level = flags.logLevel {
      reader.overrides.add(
        Overrides.Value(origin: .flag("--log-level"), raw: .text(level)),
        for: SettingPath(Schema.logging.name, LoggingKeys.level.name), report: &reader.report)
    }
  }

  private mutating func add(_ value: Overrides.Value, _ shortcut: Shortcut) {
    switch shortcut {
    case .bootstrapServers: addServers(value)
    case .groups: addGroups(value)
    case .listen: addListen(value)
    }
  }

  /// Replaces the servers of a cluster, and those that its consumers name themselves.
  private mutating func addServers(_ value: Overrides.Value) {
    guard let cluster = targetCluster(value.origin) else { return }
    let key = ClusterKeys.servers.name
    reader.overrides.add(value, for: cluster.path(key), report: &reader.report)
    for consumer in consumers(of: cluster) {
      sections.remove(ConsumerKeys.servers.name, from: consumer)
    }
  }

  private mutating func addGroups(_ value: Overrides.Value) {
    guard let cluster = targetCluster(value.origin) else { return }
    let consumers = consumers(of: cluster)
    guard consumers.count == 1 else {
      let names = consumers.map { SettingPath(components: $0.path).description }
      reader.report.error(
        value.origin, nil,
        names.isEmpty
          ? "there is no consumer of cluster \(cluster.name ?? "")"
          : "several consumers could be meant (known: \(names.joined(separator: ", ")); set "
            + "groups of each)")
      return
    }
    reader.overrides.add(
      value, for: consumers[0].path(ConsumerKeys.groups.name), report: &reader.report)
  }

  private mutating func addListen(_ value: Overrides.Value) {
    let listeners = sections.of(Schema.listener)
    guard listeners.count == 1 else {
      let names = listeners.map { SettingPath(components: $0.path).description }
      reader.report.error(
        value.origin, nil,
        "several listeners could be meant (known: \(names.joined(separator: ", ")); set address "
          + "of each)")
      return
    }
    reader.overrides.add(value, for: listeners[0].path("address"), report: &reader.report)
  }

  private mutating func checkCluster(_ wanted: String) {
    guard !wanted.isEmpty else {
      return reader.report.error(.flag("--cluster"), nil, "is empty (the name of a cluster)")
    }
    let known = sections.of(Schema.cluster).compactMap(\.name)
    if known.contains(wanted) { return }
    reader.report.error(
      .flag("--cluster"), nil,
      "there is no [\(SettingPath("cluster", wanted))] "
        + "(\(Suggestion.text(for: wanted, among: known)))")
  }

  /// The cluster that a shortcut is about: that of `--cluster`, or the only one.
  private mutating func targetCluster(_ origin: Origin) -> Section? {
    let clusters = sections.of(Schema.cluster)
    if let wanted = sources.flags.cluster { return clusters.first { $0.name == wanted } }
    if clusters.count == 1 { return clusters[0] }
    let known = clusters.compactMap(\.name).joined(separator: ", ")
    reader.report.error(origin, nil, "several clusters could be meant (--cluster: \(known))")
    return nil
  }

  private func consumers(of cluster: Section) -> [Section] {
    let isOnly = sections.of(Schema.cluster).count == 1
    return sections.of(Schema.consumer).filter { consumer in
      // What is wrong with the name is said when the consumer is read.
      var ignored = Report()
      let name = reader.peek(ConsumerKeys.cluster, in: consumer, report: &ignored).value
      if let name { return name == cluster.name }
      return consumer.origin == .builtIn ? consumer.name == cluster.name : isOnly
    }
  }
}

extension ConfigurationFlags {
  /// What the flag of a shortcut says; nil where it is not given.
  fileprivate func raw(_ shortcut: Shortcut) -> RawValue? {
    switch shortcut {
    case .bootstrapServers:
      bootstrapServers.isEmpty ? nil : .text(bootstrapServers.joined(separator: ","))
    case .groups: groups.isEmpty ? nil : .texts(groups)
    case .listen: listen.map { .text($0) }
    }
  }
}
