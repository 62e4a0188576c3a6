import LagCore

extension Loader {
  /// Reads `[probe]`.
  mutating func readProbe(_ section: Section) -> Configuration.Probe {
    let minimumComplete = reader.value(ProbeKeys.minimumComplete, in: section)
    let staleAfter = reader.value(ProbeKeys.staleAfter, in: section)
    let mode = reader.read(ProbeKeys.mode, in: section)
    var base = ProbeParameters()
    base.mode = mode.value == .exit88 ? .exit88 : .probe
    let decisions = readDecisions(DecisionKeys(base: base), in: section)
    return Configuration.Probe(
      minimumComplete: minimumComplete, staleAfter: staleAfter, decisions: decisions)
  }

  /// Says what is missing for a restart by exit.
  mutating func checkMode(_ probe: Configuration.Probe, _ general: Configuration.General) {
    guard probe.decisions.parameters.mode == .exit88, general.stateDirectory == nil,
      let section = sections.of(Schema.probe).first
    else { return }
    // Without a memory the budget of restarts begins anew with each of them.
    let origin = reader.layer(
      of: section.path(ProbeKeys.mode.name), entry: section.table[ProbeKeys.mode.name])?.origin
    reader.report.error(
      origin ?? section.origin, section.path(ProbeKeys.mode.name),
      "\(quoted("exit-88")) needs a state-dir that can be written ([general] state-dir)")
  }

  /// Reads `[probe.X]`: what is said otherwise for some groups.
  mutating func readProbeOverrides(
    _ base: Configuration.Decisions, _ consumers: [Configuration.Consumer]
  ) -> [Configuration.GroupSettings<Configuration.Decisions>] {
    var overrides: [Configuration.GroupSettings<Configuration.Decisions>] = []
    for section in sections.of(Schema.probe) {
      guard let name = section.name else { continue }
      let groups = readGroups(of: section, consumers, needsSome: true, after: overrides)
      let keys = DecisionKeys(base: base.parameters, pausedUntil: base.pausedUntil)
      overrides.append(
        Configuration.GroupSettings(
          name: name, groups: groups, value: readDecisions(keys, in: section)))
    }
    return overrides
  }

  /// Reads `[scale.X]`.
  mutating func readScales(
    _ consumers: [Configuration.Consumer]
  ) -> [Configuration.GroupSettings<ScaleParameters>] {
    var scales: [Configuration.GroupSettings<ScaleParameters>] = []
    for section in sections.of(Schema.scale) {
      let groups = readGroups(of: section, consumers, needsSome: false, after: scales)
      if groups.isEmpty, let twin = scales.first(where: { $0.groups.isEmpty }) {
        reader.report.error(
          section.origin, section.path(ScaleKeys.groups.name),
          "is missing, as in scale.\(twin.name) (one section may speak of all other groups)")
      }
      let minimum = reader.read(ScaleKeys.minimum, in: section)
      let maximum = reader.read(ScaleKeys.maximum, in: section)
      if let most = maximum.value, most < minimum.value {
        reader.report.error(
          maximum.origin, section.path(ScaleKeys.maximum.name),
          "\(most) is below minimum (\(minimum.value) or more)")
      }
      scales.append(
        Configuration.GroupSettings(
          name: section.name ?? "", groups: groups,
          value: ScaleParameters(
            drainTarget: Int64(reader.value(ScaleKeys.drainTarget, in: section)),
            headroom: Double(reader.value(ScaleKeys.headroom, in: section)),
            minimum: minimum.value, maximum: maximum.value ?? .max,
            history: reader.value(ScaleKeys.history, in: section) / 60,
            decayAfter: reader.value(ScaleKeys.decayAfter, in: section) / 60)))
    }
    return scales
  }

  private mutating func readDecisions(
    _ keys: DecisionKeys, in section: Section
  ) -> Configuration.Decisions {
    var parameters = keys.base
    parameters.scope = reader.value(keys.scope, in: section) == .group ? .group : .pod
    let failOn = reader.value(keys.livenessFailOn, in: section)
    parameters.livenessFailOn = Set(
      DecisionKeys.words.filter { failOn.contains($0.word) }.map(\.status))
    parameters.hold = reader.value(keys.hold, in: section).map { Int64($0) * 1000 }
    parameters.failFor = Int64(reader.value(keys.failFor, in: section)) * 1000
    parameters.restartGrace = Int64(reader.value(keys.restartGrace, in: section)) * 1000
    parameters.maximumRestarts = reader.value(keys.maximumRestarts, in: section)
    parameters.restartWindow = Int64(reader.value(keys.restartWindow, in: section)) * 1000
    parameters.gateTimeout = Int64(reader.value(keys.gateTimeout, in: section)) * 1000
    parameters.readinessAfterGate =
      reader.value(keys.readinessAfterGate, in: section) == .verdict ? .verdict : .pass
    let verdicts = reader.value(keys.readinessFailOn, in: section)
    parameters.readinessFailOn = Set(
      DecisionKeys.verdicts.filter { verdicts.contains($0.word) }.map(\.verdict))
    parameters.passesReadinessOnUnknown =
      reader.value(keys.readinessOnUnknown, in: section) == .pass
    return Configuration.Decisions(
      parameters: parameters, pausedUntil: reader.value(keys.paused, in: section))
  }

  /// Reads the groups that a section speaks of; each may have one section of a kind.
  private mutating func readGroups<Value>(
    of section: Section, _ consumers: [Configuration.Consumer], needsSome: Bool,
    after others: [Configuration.GroupSettings<Value>]
  ) -> [String] {
    let groups = reader.read(DecisionKeys.groups, in: section)
    let path = section.path(DecisionKeys.groups.name)
    if needsSome, groups.value.isEmpty, !groups.isRefused {
      reader.report.error(
        section.origin, path,
        "no group is named (groups = [\"orders\"]; for all groups there is [probe])")
    }
    for group in groups.value {
      if let twin = others.first(where: { $0.groups.contains(group) }) {
        reader.report.error(
          groups.origin, path,
          "\(quoted(group)) is one of \(section.kind.name).\(twin.name) too (one section each)")
      } else if !consumers.isEmpty, !consumers.contains(where: { $0.admits(group) }) {
        reader.report.warning(groups.origin, path, "\(quoted(group)) is watched by no consumer")
      }
    }
    return groups.value
  }
}

extension Configuration.Consumer {
  fileprivate func admits(_ group: String) -> Bool {
    let bytes = Array(group.utf8)
    return groups.outcome(bytes.span) == .match
  }
}
