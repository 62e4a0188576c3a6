/// Reads values through the layers (default, file, environment, flag) and keeps the account.
struct SettingReader {
  /// A value and the layer it came from.
  struct Reading<Value> {
    let value: Value
    let origin: Origin
    /// Whether a layer has a value that was refused; it is reported, and `value` is the default.
    var isRefused = false

    /// Whether no layer says anything, right or wrong.
    var isMissing: Bool { origin == .builtIn }
  }

  let file: ConfigurationFile?
  /// Says why a property of librdkafka is refused; nil when it is taken.
  let propertyComplaint: (ClientProperty) -> String?
  /// The files that values name, each with the path of its section.
  private var namedFiles: [(section: [String], file: NamedFile)] = []
  var overrides = Overrides()
  var report = Report()
  private(set) var settings: [Setting] = []

  init(file: ConfigurationFile?, propertyComplaint: @escaping (ClientProperty) -> String?) {
    self.file = file
    self.propertyComplaint = propertyComplaint
  }

  /// Reads a value, reports what is wrong with it, and notes it for `settings`.
  mutating func read<Value>(_ key: Key<Value>, in section: Section) -> Reading<Value> {
    if key.namesFile,
      let raw = layer(of: section.path(key.name), entry: section.table[key.name])?.raw,
      case .string(let path) = raw.asTOML, !path.isEmpty
    {
      noteFile(path, in: section)
    }
    let reading = peek(key, in: section, report: &report)
    guard !reading.isRefused, let shown = key.show(reading.value) else { return reading }
    note(
      section.path(key.name), key.isSecret ? Self.hidden : shown, reading.origin, content: shown)
    return reading
  }

  /// Reads a value whose origin is of no interest.
  mutating func value<Value>(_ key: Key<Value>, in section: Section) -> Value {
    read(key, in: section).value
  }

  /// Reads a value and reports what is wrong with it elsewhere.
  func peek<Value>(
    _ key: Key<Value>, in section: Section, report: inout Report
  ) -> Reading<Value> {
    let path = section.path(key.name)
    guard let (origin, raw) = layer(of: path, entry: section.table[key.name]) else {
      return Reading(value: key.fallback, origin: .builtIn)
    }
    do throws(Complaint) {
      return Reading(value: try key.parse(raw), origin: origin)
    } catch {
      var origin = origin
      if let line = error.line, let file { origin = file.origin(line) }
      report.error(origin, path, error.message)
      return Reading(value: key.fallback, origin: origin, isRefused: true)
    }
  }

  /// The strongest layer that has a value.
  func layer(of path: SettingPath, entry: TOMLTable.Entry?) -> (origin: Origin, raw: RawValue)? {
    if let override = overrides[path] { return (override.origin, override.raw) }
    guard let entry, let file else { return nil }
    return (file.origin(entry.line), .toml(entry.value))
  }

  /// Notes a value for the effective configuration.
  ///
  /// - Parameters:
  ///   - path: Section, name and key.
  ///   - shown: The value as it may be shown.
  ///   - origin: Where the value came from.
  ///   - content: What tells this value from another, however it is shown.
  mutating func note(_ path: SettingPath, _ shown: String, _ origin: Origin, content: String) {
    settings.append(
      Setting(path: path.description, value: shown, origin: origin, content: content.hashValue))
  }

  /// Stands where a secret would.
  static let hidden = "\"<hidden>\""

  // MARK: Files

  /// Takes note of a file that a value names, and of what it holds now.
  ///
  /// This comes before the content is used: what changes in between is then seen as a change.
  mutating func noteFile(_ path: String, in section: Section) {
    namedFiles.append((section.path, NamedFile(path)))
  }

  /// The files that the values of a section name.
  func files(of section: [String]) -> [NamedFile] {
    namedFiles.filter { $0.section == section }.map(\.file)
  }

  /// Every file that a value names, once each.
  var files: [NamedFile] {
    var files: [NamedFile] = []
    for named in namedFiles where !files.contains(where: { $0.path == named.file.path }) {
      files.append(named.file)
    }
    return files
  }
}
