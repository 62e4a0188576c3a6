/// What was found wrong, and what is worth a word, while the configuration is read.
struct Report {
  private(set) var problems: [ConfigurationProblem] = []
  private(set) var warnings: [ConfigurationProblem] = []

  mutating func error(_ origin: Origin, _ path: SettingPath?, _ message: String) {
    problems.append(Self.problem(origin, path, message))
  }

  mutating func warning(_ origin: Origin, _ path: SettingPath?, _ message: String) {
    warnings.append(Self.problem(origin, path, message))
  }

  private static func problem(
    _ origin: Origin, _ path: SettingPath?, _ message: String
  ) -> ConfigurationProblem {
    ConfigurationProblem(origin: origin, path: path?.description ?? "", message: message)
  }
}

/// A section of the file, or one that is implied because the file has none of its kind.
struct Section {
  let kind: SectionKind
  /// The `X` of `[kind.X]`, in its case; nil where the kind has no names.
  let name: String?
  /// The line of the section's header; `.builtIn` for an implied section.
  let origin: Origin
  /// The keys with their values; aliases stand under the names of today.
  var table = TOMLTable()

  /// The path of the section.
  var path: [String] { [kind.name] + (name.map { [$0] } ?? []) }

  func path(_ key: String) -> SettingPath { SettingPath(path, key) }
}

/// The sections of a configuration in the order of the file.
struct Sections {
  private(set) var all: [Section] = []

  /// Sorts a file into sections and checks that every section and key is known.
  init(_ file: ConfigurationFile?, report: inout Report) {
    guard let file else { return }
    for entry in file.table.entries {
      let origin = file.origin(entry.line)
      guard let kind = Schema.kinds.first(where: { $0.name == entry.key }) else {
        let known = Schema.kinds.map(\.name)
        report.error(
          origin, SettingPath(entry.key),
          "unknown section (\(Suggestion.text(for: entry.key, among: known)))")
        continue
      }
      guard case .table(let table) = entry.value else {
        let header = kind.isNamed ? "[\(kind.name).NAME]" : "[\(kind.name)]"
        report.error(
          origin, SettingPath(entry.key), "is \(entry.value.kind), not a section (\(header))")
        continue
      }
      if kind.isNamed {
        addNamed(table, kind, file, &report)
      } else {
        add(Section(kind: kind, name: nil, origin: origin, table: table), file, &report)
        if kind.mayHaveNames { addOfGroups(table, file, &report) }
      }
    }
  }

  /// The sections of a kind in the order of the file.
  func of(_ kind: SectionKind) -> [Section] {
    all.filter { $0.kind.name == kind.name }
  }

  /// Adds a section without keys, as if the file had its header.
  mutating func imply(_ kind: SectionKind, name: String?) {
    all.append(Section(kind: kind, name: name, origin: .builtIn))
  }

  /// Takes a key out of a section.
  mutating func remove(_ key: String, from section: Section) {
    guard let index = all.firstIndex(where: { $0.path == section.path }) else { return }
    all[index].table.entries.removeAll { $0.key == key }
  }

  private mutating func addNamed(
    _ table: TOMLTable, _ kind: SectionKind, _ file: ConfigurationFile, _ report: inout Report
  ) {
    for entry in table.entries {
      let origin = file.origin(entry.line)
      let path = SettingPath(kind.name, entry.key)
      guard case .table(let inner) = entry.value else {
        report.error(
          origin, path, "is \(entry.value.kind), not a section ([\(kind.name).NAME])")
        continue
      }
      guard !entry.key.isEmpty else {
        report.error(origin, path, "the section has an empty name ([\(kind.name).NAME])")
        continue
      }
      add(Section(kind: kind, name: entry.key, origin: origin, table: inner), file, &report)
    }
  }

  /// Adds the sections `[probe.X]`, which stand as tables among the keys of `[probe]`.
  private mutating func addOfGroups(
    _ table: TOMLTable, _ file: ConfigurationFile, _ report: inout Report
  ) {
    var named = TOMLTable()
    named.entries = table.entries.filter { if case .table = $0.value { true } else { false } }
    addNamed(named, Schema.probeOfGroups, file, &report)
  }

  private mutating func add(
    _ section: Section, _ file: ConfigurationFile, _ report: inout Report
  ) {
    let path = SettingPath(components: section.path)
    if let reason = section.kind.ignored {
      return report.warning(section.origin, path, "has no effect: \(reason)")
    }
    if section.readsZooKeeper {
      return report.warning(
        section.origin, path, "is left out: offsets are not read from ZooKeeper")
    }
    var section = section
    section.table = checked(section, file, &report)
    all.append(section)
  }

  /// The keys of a section that are read; says what becomes of the others.
  private func checked(
    _ section: Section, _ file: ConfigurationFile, _ report: inout Report
  ) -> TOMLTable {
    var kept = TOMLTable()
    for entry in section.table.entries {
      let origin = file.origin(entry.line)
      let path = section.path(entry.key)
      switch section.kind.use(of: entry.key) {
      case .read, .table:
        kept.entries.append(entry)
      case .ignored(let reason):
        report.warning(origin, path, "has no effect: \(reason)")
      case .alias(let name):
        if section.table[name] != nil {
          report.warning(origin, path, "has no effect: \(name) is there too")
        } else {
          report.warning(origin, path, "is now called \(name)")
          kept.entries.append(
            TOMLTable.Entry(key: name, value: entry.value, line: entry.line))
        }
      case nil:
        // A table is a section of its own.
        if section.kind.mayHaveNames, case .table = entry.value { continue }
        let known = section.kind.namesOfKeys
        report.error(
          origin, path, "unknown key (\(Suggestion.text(for: entry.key, among: known)))")
      }
    }
    return kept
  }
}

extension Section {
  /// Whether this is a consumer of Burrow's class `kafka_zk`.
  fileprivate var readsZooKeeper: Bool {
    kind.name == Schema.consumer.name && table["class-name"]?.value == .string("kafka_zk")
  }
}

/// A configuration file that is TOML.
struct ConfigurationFile {
  /// The name as given, for messages.
  let name: String
  let table: TOMLTable

  func origin(_ line: Int) -> Origin { .file(name, line: line) }
}
