import Text

/// What the environment and the flags say, by the path of the value they override.
struct Overrides {
  /// One value of a stronger layer.
  struct Value {
    let origin: Origin
    let raw: RawValue
  }

  private var values: [SettingPath: Value] = [:]

  subscript(path: SettingPath) -> Value? { values[path] }

  /// Adds a value; a flag replaces a variable, and two variables for one value are an error.
  mutating func add(_ value: Value, for path: SettingPath, report: inout Report) {
    if let there = values[path], there.origin.rank >= value.origin.rank {
      if there.origin.rank == value.origin.rank {
        report.error(value.origin, path, "\(there.origin) says this too (say it once)")
      }
      return
    }
    values[path] = value
  }
}

/// The shortcuts: variables with a name of their own.
enum Shortcut: String, CaseIterable {
  case bootstrapServers = "VOLE_BOOTSTRAP_SERVERS"
  case groups = "VOLE_GROUPS"
  case listen = "VOLE_LISTEN"

  /// The flag that says the same.
  var flag: String {
    switch self {
    case .bootstrapServers: "--bootstrap-servers"
    case .groups: "--group"
    case .listen: "--listen"
    }
  }
}

/// Variables of the commands that ask a running agent: where it is, and the file of a token.
private let askingVariables: Set = ["VOLE_SERVER", "VOLE_TOKEN_FILE"]

extension Overrides {
  /// Finds the variables that override keys of the sections.
  ///
  /// A variable's name is the prefix and the upper-cased path, `-` and `.` as `_`. An empty one
  /// counts as not set, as with Burrow.
  ///
  /// - Parameters:
  ///   - environment: All variables of the process.
  ///   - prefix: What the names begin with, upper-case.
  ///   - sections: The sections of the file, and the implied ones.
  ///   - report: Takes what is wrong, and the variables that have no effect.
  init(
    environment: [String: String], prefix: String, sections: Sections, report: inout Report
  ) {
    var candidates: [String: [SettingPath]] = [:]
    for section in sections.all {
      for path in section.overridablePaths {
        candidates[path.variable(prefix: prefix), default: []].append(path)
      }
    }
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
      if value.isEmpty || Shortcut(rawValue: name) != nil || askingVariables.contains(name) {
        continue
      }
      guard let paths = candidates[name] else {
        if name.hasPrefix("VOLE_"), !isServiceLink(name, value) {
          let known = Shortcut.allCases.map(\.rawValue) + candidates.keys.sorted()
          report.warning(.environment(name), nil, Self.unknown(name, among: known))
        }
        continue
      }
      guard paths.count == 1 else {
        let list = paths.map(\.description).joined(separator: " and ")
        report.error(.environment(name), nil, "overrides both \(list) (rename one of them)")
        continue
      }
      add(
        Value(origin: .environment(name), raw: .text(value)), for: paths[0], report: &report)
    }
  }

  private static func unknown(_ name: String, among known: [String]) -> String {
    if let nearest = Suggestion.nearest(to: name, among: known) {
      return "has no effect (did you mean \(nearest)?)"
    }
    return "has no effect: it names no key of a section that is configured"
  }
}

/// Whether Kubernetes made the variable for a Service called `vole` or `vole-…`.
private func isServiceLink(_ name: String, _ value: String) -> Bool {
  name.hasSuffix("_SERVICE_HOST") || name.holds("_SERVICE_PORT")
    || (name.holds("_PORT")
      && (name.hasSuffix("_PROTO") || name.hasSuffix("_ADDR") || name.hasSuffix("_PORT")
        || value.holds("://")))
}

extension Section {
  /// The paths of the values that a variable may override.
  fileprivate var overridablePaths: [SettingPath] {
    var paths = kind.readKeys.map { path($0) }
    for key in [ClientProfileKeys.librdkafka, ClientProfileKeys.librdkafkaFiles] {
      guard let entry = table[key], case .table(let properties) = entry.value else { continue }
      paths += properties.flattened.map { property in
        SettingPath(components: path + [key, property.key])
      }
    }
    return paths
  }
}

extension TOMLTable {
  /// The entries of this table and of the tables in it, under dotted names, in file order.
  var flattened: [Entry] {
    entries.flatMap { entry -> [Entry] in
      guard case .table(let table) = entry.value else { return [entry] }
      return table.flattened.map {
        Entry(key: "\(entry.key).\($0.key)", value: $0.value, line: $0.line)
      }
    }
  }
}
