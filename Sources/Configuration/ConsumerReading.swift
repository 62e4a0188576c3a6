extension Loader {
  /// Reads the consumers; several of one cluster share its connection and offsets topic.
  mutating func readConsumers(
    _ clusters: [Configuration.Cluster], _ profiles: Profiles
  ) -> [Configuration.Consumer] {
    var consumers: [Configuration.Consumer] = []
    for section in sections.of(Schema.consumer) {
      guard let consumer = readConsumer(section, clusters, profiles) else { continue }
      if let first = consumers.first(where: { $0.cluster == consumer.cluster }) {
        for (key, isEqual) in [
          (ConsumerKeys.servers.name, first.servers == consumer.servers),
          (ConsumerKeys.clientProfile.name, first.client == consumer.client),
          (ConsumerKeys.offsetsTopic.name, first.offsetsTopic == consumer.offsetsTopic),
        ] where !isEqual {
          reader.report.error(
            section.origin, section.path(key),
            "differs from that of consumer.\(first.name) (consumers of one cluster share it; "
              + "another cluster section may name the same servers)")
        }
      }
      consumers.append(consumer)
    }
    return consumers
  }

  /// Reads a consumer; nil where its cluster is unknown.
  mutating func readConsumer(
    _ section: Section, _ clusters: [Configuration.Cluster], _ profiles: Profiles
  ) -> Configuration.Consumer? {
    _ = reader.value(ConsumerKeys.className, in: section)
    let cluster = clusterOf(section, clusters)
    let servers = reader.value(ConsumerKeys.servers, in: section)
    let client = profiles.client(of: section, &reader)
    let groups = readGroups(section)
    let source = reader.value(ConsumerKeys.source, in: section)
    let topic = reader.value(ConsumerKeys.offsetsTopic, in: section)
    let start = readStart(section, source)
    let logEnd = reader.value(ConsumerKeys.lagTo, in: section)
    let phantomLag = reader.value(ConsumerKeys.phantomLag, in: section)
    guard let cluster, let groups else { return nil }
    return Configuration.Consumer(
      name: section.name ?? "", cluster: cluster.name,
      servers: servers.isEmpty ? cluster.servers : servers, client: client ?? cluster.client,
      groups: groups, source: source, offsetsTopic: topic, start: start,
      logEnd: logEnd, phantomLag: phantomLag)
  }

  /// Decides where reading begins.
  ///
  /// As in Burrow, `backfill-earliest` beside `start-latest` reads everything all the same
  /// (core/internal/consumer/kafka_client.go).
  private mutating func readStart(
    _ section: Section, _ source: Configuration.Source
  ) -> Configuration.ReadingStart {
    let latest = reader.read(ConsumerKeys.startLatest, in: section)
    let earliest = reader.read(ConsumerKeys.backfillEarliest, in: section)
    let backfill = reader.read(ConsumerKeys.backfill, in: section)
    if source == .offsetFetch {
      for (key, isSet, origin) in [
        (ConsumerKeys.startLatest.name, latest.value, latest.origin),
        (ConsumerKeys.backfillEarliest.name, earliest.value, earliest.origin),
        (ConsumerKeys.backfill.name, backfill.value != nil, backfill.origin),
      ] where isSet {
        reader.report.warning(
          origin, section.path(key), "has no effect: source \"offset-fetch\" reads no old commits")
      }
      return .beginning
    }
    if earliest.value, backfill.value != nil {
      reader.report.error(
        backfill.origin, section.path(ConsumerKeys.backfill.name),
        "\(ConsumerKeys.backfillEarliest.name) is set too (one of the two)")
    }
    if earliest.value, !latest.value {
      reader.report.warning(
        earliest.origin, section.path(ConsumerKeys.backfillEarliest.name),
        "has no effect: without start-latest everything is read")
    }
    if earliest.value { return .beginning }
    if let seconds = backfill.value { return .back(seconds: seconds) }
    return latest.value ? .end : .beginning
  }

  /// The cluster that a consumer names, or the only one.
  private mutating func clusterOf(
    _ section: Section, _ clusters: [Configuration.Cluster]
  ) -> Configuration.Cluster? {
    let name = reader.read(ConsumerKeys.cluster, in: section)
    let path = section.path(ConsumerKeys.cluster.name)
    let known = clusters.map(\.name)
    if let wanted = name.value {
      if let cluster = clusters.first(where: { $0.name == wanted }) { return cluster }
      reader.report.error(
        name.origin, path,
        "there is no [\(SettingPath("cluster", wanted))] "
          + "(\(Suggestion.text(for: wanted, among: known)))")
      return nil
    }
    if section.origin == .builtIn { return clusters.first { $0.name == section.name } }
    if clusters.count == 1 { return clusters[0] }
    if name.isMissing {
      reader.report.error(
        section.origin, path, "is missing (known: \(known.joined(separator: ", ")))")
    }
    return nil
  }

  /// Decides which groups a consumer watches; nil where that is not said.
  private mutating func readGroups(_ section: Section) -> GroupSelection? {
    let named = reader.read(ConsumerKeys.groups, in: section)
    let allowed = reader.read(ConsumerKeys.allowlist, in: section)
    let denied = reader.read(ConsumerKeys.denylist, in: section)
    if let pattern = allowed.value {
      // Of two that are set, the stronger layer decides; in the same one, the names.
      if named.value.isEmpty || allowed.origin.rank > named.origin.rank {
        return GroupSelection(admitted: .matching(pattern), denied: denied.value)
      }
      if allowed.origin.rank == named.origin.rank {
        reader.report.warning(
          allowed.origin, section.path(ConsumerKeys.allowlist.name),
          "has no effect: groups names the groups")
      }
    }
    guard !named.value.isEmpty else {
      if !named.isRefused, !allowed.isRefused {
        reader.report.error(
          section.origin, section.path(ConsumerKeys.groups.name),
          "no group is named (groups = [\"orders\"], group-allowlist = \"^orders-\", VOLE_GROUPS "
            + "or --group; groups = [\"*\"] watches the whole cluster)")
      }
      return nil
    }
    if named.value.contains("*") { return GroupSelection(admitted: .all, denied: denied.value) }
    let selection = GroupSelection(admitted: .named(named.value), denied: denied.value)
    warnOfDenied(named.value, selection, denied.origin, section)
    return selection
  }

  /// Says which of the named groups the denylist takes away again.
  private mutating func warnOfDenied(
    _ names: [String], _ selection: GroupSelection, _ origin: Origin, _ section: Section
  ) {
    let denied = names.filter { selection.outcome(Array($0.utf8).span) != .match }
    guard !denied.isEmpty else { return }
    let path = section.path(ConsumerKeys.denylist.name)
    if denied.count == names.count {
      reader.report.error(origin, path, "leaves none of the named groups (one at least)")
    } else {
      let list = denied.map(quoted).joined(separator: ", ")
      reader.report.warning(origin, path, "takes away groups that are named: \(list)")
    }
  }
}
