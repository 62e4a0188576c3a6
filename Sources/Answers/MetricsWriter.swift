/// Writes metrics in Prometheus' text format 0.0.4, or as OpenMetrics 1.0.0.
///
/// The formats' rules: a family's `HELP` and `TYPE` come before its samples, which stand together;
/// label values escape backslash, double quote and line feed. OpenMetrics names the family of a
/// counter without `_total`, and ends with `# EOF`.
package struct MetricsWriter {
  /// The formats that are written.
  package enum Format: Sendable {
    /// `text/plain; version=0.0.4`.
    case text
    /// `application/openmetrics-text; version=1.0.0`.
    case openMetrics
  }

  /// The kinds of metrics that are written.
  package enum Kind: String, Sendable {
    /// A number that only grows; its name ends in `_total`.
    case counter
    /// A number that goes up and down.
    case gauge
  }

  /// What all partitions of one topic of one group have in common: everything but a number.
  package struct PartitionLabels: Sendable {
    fileprivate let before: [UInt8]
    fileprivate let behind: [UInt8]

    /// Writes labels in the order of their names, as Prometheus' own client does.
    ///
    /// - Parameters:
    ///   - cluster: the cluster's name.
    ///   - group: the group's name, nil for a label less.
    ///   - topic: the topic's name.
    package init(cluster: String, group: String?, topic: String) {
      var writer = MetricsWriter(.text, capacity: 128)
      writer.write(label: "cluster", cluster, opening: UInt8(ascii: "{"))
      if let group { writer.write(label: "consumer_group", group, opening: UInt8(ascii: ",")) }
      writer.bytes += ",partition=\"".utf8
      before = writer.bytes
      writer.bytes = [UInt8(ascii: "\"")]
      writer.write(label: "topic", topic, opening: UInt8(ascii: ","))
      writer.bytes += "} ".utf8
      behind = writer.bytes
    }
  }

  /// The format that is written.
  package let format: Format
  private var bytes: [UInt8] = []
  private var name: [UInt8] = []

  /// Creates a writer with nothing written.
  ///
  /// - Parameters:
  ///   - format: the format.
  ///   - capacity: bytes to reserve at once, for example as many as the last text had.
  package init(_ format: Format = .text, capacity: Int = 4096) {
    self.format = format
    bytes.reserveCapacity(capacity)
  }

  /// Begins a family of metrics.
  ///
  /// - Parameters:
  ///   - name: the name of its samples, `[a-zA-Z_:][a-zA-Z0-9_:]*`; that of a counter ends in
  ///     `_total`.
  ///   - kind: its kind.
  ///   - help: one sentence without line break, backslash or quotation mark.
  package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    var family = name
    if format == .openMetrics, kind == .counter, family.hasSuffix("_total") {
      family.removeLast("_total".count)
    }
    self.name = Array(name.utf8)
    bytes += "# HELP \(family) \(help)\n# TYPE \(family) \(kind.rawValue)\n".utf8
  }

  /// Writes a sample of the family.
  ///
  /// - Parameters:
  ///   - value: the value, a whole number.
  ///   - labels: pairs of name and value, any text.
  package mutating func sample(_ value: Int64, _ labels: [(name: String, value: String)] = []) {
    writeName(labels)
    bytes.append(decimal: value)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Writes a sample of the family.
  ///
  /// - Parameters:
  ///   - value: the value; what is no number is written as both formats spell it.
  ///   - labels: pairs of name and value, any text.
  package mutating func sample(real value: Double, _ labels: [(name: String, value: String)] = []) {
    writeName(labels)
    if value.isNaN {
      bytes += "NaN".utf8
    } else if value.isInfinite {
      bytes += (value < 0 ? "-Inf" : "+Inf").utf8
    } else {
      bytes += value.description.utf8
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Writes a sample of a partition; for the thousands of them.
  @inline(__always)
  package mutating func sample(_ value: Int64, _ labels: PartitionLabels, partition: Int32) {
    bytes += name
    bytes += labels.before
    bytes.append(decimal: Int64(partition))
    bytes += labels.behind
    bytes.append(decimal: value)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Ends the text.
  package consuming func finish() -> [UInt8] {
    if format == .openMetrics { bytes += "# EOF\n".utf8 }
    return bytes
  }

  private mutating func writeName(_ labels: [(name: String, value: String)]) {
    bytes += name
    var opening = UInt8(ascii: "{")
    for label in labels {
      write(label: label.name, label.value, opening: opening)
      opening = UInt8(ascii: ",")
    }
    if !labels.isEmpty { bytes.append(UInt8(ascii: "}")) }
    bytes.append(UInt8(ascii: " "))
  }

  private mutating func write(label name: String, _ value: String, opening: UInt8) {
    bytes.append(opening)
    bytes += name.utf8
    bytes += "=\"".utf8
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
