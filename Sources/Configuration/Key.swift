/// A key of a section: its name, its default, and how its values are read and shown.
///
/// Everything that is known about a key stands in one place, so the reader, the check for unknown
/// keys, the environment and the printed configuration cannot disagree.
struct Key<Value> {
  let name: String
  /// The value where no layer has one.
  let fallback: Value
  /// Whether the value must never be shown.
  var isSecret = false
  /// Whether the value is the path of a file whose content counts as part of the configuration.
  var namesFile = false
  /// Checks a raw value.
  let parse: (RawValue) throws(Complaint) -> Value
  /// Writes a value as TOML does; nil where the key is not set.
  let show: (Value) -> String?
}

extension Key where Value == String {
  /// Any text that is not empty; an empty one means the default.
  static func string(_ name: String, default fallback: String) -> Key {
    Key(
      name: name, fallback: fallback,
      parse: { (raw) throws(Complaint) in
        let text = try raw.text(allowed: "text in quotes")
        return text.isEmpty ? fallback : text
      }, show: quoted)
  }
}

extension Key where Value == String? {
  /// Any text; an empty one means not set.
  static func optionalString(_ name: String, isSecret: Bool = false) -> Key {
    Key(
      name: name, fallback: nil, isSecret: isSecret,
      parse: { (raw) throws(Complaint) in
        let text = try raw.text(allowed: "text in quotes")
        return text.isEmpty ? nil : text
      }, show: { $0.map(quoted) })
  }

  /// The path of a file that can be read now; an empty one means not set.
  ///
  /// - Parameters:
  ///   - name: The key.
  ///   - isReadOnce: Whether another content is another configuration.
  /// - Returns: The key.
  static func file(_ name: String, isReadOnce: Bool = true) -> Key {
    Key(
      name: name, fallback: nil, namesFile: isReadOnce,
      parse: { (raw) throws(Complaint) in
        let path = try raw.text(allowed: "the path of a file")
        guard !path.isEmpty else { return nil }
        do {
          _ = try readFile(path, limit: maxFileBytes)
        } catch {
          throw Complaint(message: "cannot read \(quoted(path)): \(error)")
        }
        return path
      }, show: { $0.map(quoted) })
  }
}

/// Bytes of a file that a key names: certificates, passwords.
let maxFileBytes = 4 << 20

extension Key where Value == Bool {
  /// `true` or `false`.
  static func boolean(_ name: String, default fallback: Bool) -> Key {
    Key(
      name: name, fallback: fallback,
      parse: { (raw) throws(Complaint) in
        switch raw {
        case .toml(.boolean(let value)): return value
        case .text(let text) where ["true", "1"].contains(text.lowercased()): return true
        case .text(let text) where ["false", "0"].contains(text.lowercased()): return false
        default: throw raw.wrong("a boolean", allowed: "true or false")
        }
      }, show: { "\($0)" })
  }
}

extension Key where Value == Int {
  /// A whole number within bounds.
  static func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Key {
    let allowed = "\(range.lowerBound) to \(range.upperBound)"
    return Key(
      name: name, fallback: fallback,
      parse: { (raw) throws(Complaint) in try raw.integer(in: range, allowed: allowed) },
      show: { "\($0)" })
  }

  /// Whole seconds within bounds.
  static func seconds(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Key {
    let allowed = "\(range.lowerBound) to \(range.upperBound) seconds"
    return Key(
      name: name, fallback: fallback,
      parse: { (raw) throws(Complaint) in try raw.integer(in: range, allowed: allowed) },
      show: { "\($0)" })
  }
}

extension Key where Value == Int? {
  /// Whole seconds within bounds, or not set.
  static func optionalSeconds(_ name: String, in range: ClosedRange<Int>) -> Key {
    let allowed = "\(range.lowerBound) to \(range.upperBound) seconds"
    return Key(
      name: name, fallback: nil,
      parse: { (raw) throws(Complaint) in try raw.integer(in: range, allowed: allowed) },
      show: { $0.map { "\($0)" } })
  }

  /// A duration within bounds, as seconds or as text like `"90s"`, `"5m"`, `"1h30m"`; in seconds.
  static func duration(_ name: String, in range: ClosedRange<Int>) -> Key {
    let allowed = "\(range.lowerBound) to \(range.upperBound) seconds, or text like \"5m\""
    return Key(
      name: name, fallback: nil,
      parse: { (raw) throws(Complaint) in
        guard case .string(let text) = raw.asTOML, Int(text) == nil else {
          return try raw.integer(in: range, allowed: allowed)
        }
        guard let seconds = secondsOfDuration(text) else {
          throw Complaint(message: "\(quoted(text)) is not a duration (\(allowed))")
        }
        guard range.contains(seconds) else {
          throw Complaint(message: "\(quoted(text)) is out of range (\(allowed))")
        }
        return seconds
      }, show: { $0.map { "\($0)" } })
  }
}

extension Key where Value == UInt16 {
  /// The permission bits of a file, in octal digits as text.
  static func mode(_ name: String, default fallback: UInt16) -> Key {
    let allowed = "\"000\" to \"777\", octal digits in quotes"
    return Key(
      name: name, fallback: fallback,
      parse: { (raw) throws(Complaint) in
        let text = try raw.text(allowed: allowed)
        guard 3...4 ~= text.utf8.count, let mode = UInt16(text, radix: 8), mode <= 0o777,
          text.first != "+"
        else { throw Complaint(message: "\(quoted(text)) is no mode of a file (\(allowed))") }
        return mode
      },
      show: { mode in
        let digits = String(mode, radix: 8)
        return quoted(String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
      })
  }
}

extension Key where Value == UInt64 {
  /// A whole number that is not negative.
  static func unsigned(_ name: String, default fallback: UInt64) -> Key {
    let allowed = "0 to \(UInt64.max)"
    return Key(
      name: name, fallback: fallback,
      parse: { (raw) throws(Complaint) in
        let number: UInt64? =
          switch raw {
          case .toml(.integer(let value)): UInt64(exactly: value)
          case .text(let text): UInt64(text)
          default: nil
          }
        guard let number else { throw raw.wrong("a whole number", allowed: allowed) }
        return number
      }, show: { "\($0)" })
  }
}

extension Key where Value == Float {
  /// A share from 0 to 1.
  static func fraction(_ name: String, default fallback: Float) -> Key {
    Key(
      name: name, fallback: fallback,
      parse: { (raw) throws(Complaint) in
        let number: Double? =
          switch raw {
          case .toml(.float(let value)): value
          case .toml(.integer(let value)): Double(value)
          case .text(let text): Double(text)
          default: nil
          }
        guard let number else { throw raw.wrong("a number", allowed: "0 to 1") }
        guard (0...1).contains(number) else {
          throw Complaint(message: "\(number) is out of range (0 to 1)")
        }
        return Float(number)
      }, show: { "\($0)" })
  }
}

extension Key where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
  /// One of a few words.
  ///
  /// - Parameters:
  ///   - name: The key.
  ///   - fallback: The case where nothing is said.
  ///   - aliases: Other words for a case, in any case of their letters.
  /// - Returns: The key.
  static func choice(
    _ name: String, default fallback: Value, aliases: [String: Value] = [:]
  ) -> Key {
    let words = Value.allCases.map(\.rawValue)
    return Key(
      name: name, fallback: fallback,
      parse: { (raw) throws(Complaint) in
        let allowed = words.joined(separator: ", ")
        let word = try raw.text(allowed: allowed)
        if word.isEmpty { return fallback }
        if let value = Value(rawValue: word) ?? aliases[word.lowercased()] { return value }
        throw Complaint(message: "\(quoted(word)) is unknown (\(allowed))")
      }, show: { quoted($0.rawValue) })
  }
}

extension Key where Value == [String] {
  /// A list of texts; an empty list means not set.
  ///
  /// - Parameters:
  ///   - name: The key.
  ///   - separators: What separates the elements in an environment variable.
  ///   - allowed: What an element must be, in words.
  ///   - isValid: Whether an element is one.
  /// - Returns: The key.
  static func list(
    _ name: String, separators: String, allowed: String, isValid: @escaping (String) -> Bool
  ) -> Key {
    Key(
      name: name, fallback: [],
      parse: { (raw) throws(Complaint) in
        let elements = try raw.list(separators: separators, allowed: allowed)
        var unique: [String] = []
        for (text, line) in elements {
          guard isValid(text) else {
            throw Complaint(message: "\(quoted(text)) is not \(allowed)", line: line)
          }
          if !unique.contains(text) { unique.append(text) }
        }
        return unique
      }, show: { $0.isEmpty ? nil : "[\($0.map(quoted).joined(separator: ", "))]" })
  }
}

extension Key where Value == GroupPattern? {
  /// A regular expression; an empty one means not set.
  static func pattern(_ name: String) -> Key {
    Key(
      name: name, fallback: nil,
      parse: { (raw) throws(Complaint) in
        let text = try raw.text(allowed: "a regular expression")
        guard !text.isEmpty else { return nil }
        do throws(GroupPattern.SyntaxError) {
          return try GroupPattern(text)
        } catch {
          throw Complaint(message: error.description)
        }
      }, show: { $0.map { quoted($0.source) } })
  }
}
