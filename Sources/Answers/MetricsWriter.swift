/// Writes metrics in Prometheus' text format, version 0.0.4.
///
/// The format's rules: a family's `HELP` and `TYPE` come before its samples, which stand together;
/// label values escape backslash, double quote and line feed.
package struct MetricsWriter {
  /// The kinds of metrics that are written.
  package enum Kind: String, Sendable {
    /// A number that only grows; its name ends in `_total`.
    case counter
    /// A number that goes up and down.
    case gauge
  }

  private var bytes: [UInt8] = []
  private var name = ""

  /// Creates a writer with nothing written.
  package init() { bytes.reserveCapacity(4096) }

  /// Begins a family of metrics.
  ///
  /// - Parameters:
  ///   - name: the name, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
  ///   - kind: its kind.
  ///   - help: one sentence without a line break.
  package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    bytes += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n".utf8
  }

  /// Writes a sample of the family.
  ///
  /// - Parameters:
  ///   - value: the value, a whole number.
  ///   - labels: pairs of name and value, any text.
  package mutating func sample(_ value: Int64, _ labels: [(name: String, value: String)] = []) {
    bytes += name.utf8
    if !labels.isEmpty {
      var opening: UInt8 = UInt8(ascii: "{")
      for label in labels {
        bytes.append(opening)
        bytes += label.name.utf8
        bytes += "=\"".utf8
        escape(label.value)
        bytes.append(UInt8(ascii: "\""))
        opening = UInt8(ascii: ",")
      }
      bytes.append(UInt8(ascii: "}"))
    }
    bytes += " \(value)\n".utf8
  }

  private mutating func escape(_ value: String) {
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      default: bytes.append(byte)
      }
    }
  }

  /// The text.
  package consuming func finish() -> [UInt8] { bytes }
}
