import Configuration
import Testing

import Agent

/// The part of the world that changes the configuration and reads partitions again.
extension AgentWorld {
  /// Parses a configuration file.
  static func configuration(_ toml: String) throws -> Configuration {
    var sources = ConfigurationSources()
    sources.file = (name: "vole.toml", bytes: Array(toml.utf8))
    return try Configuration(sources)
  }

  /// The agent takes another configuration file over.
  mutating func reload(
    _ toml: String, because cause: ReloadState.Cause = .files
  ) throws {
    effects += agent.reconfigure(
      try Self.configuration(toml), because: cause, at: now)
  }

  /// The second reader delivers records of a partition, by their offsets.
  mutating func reread(_ partition: Int32, offsets: Range<Int>) {
    for offset in offsets {
      let (key, value) = journal[partition, default: []][offset]
      if let value {
        effects += agent.reingest(
          cluster: 0, partition: partition, offset: Int64(offset), timestamp: now.wall,
          key: key.span, value: value.span, now: now)
      } else {
        effects += agent.reingest(
          cluster: 0, partition: partition, offset: Int64(offset), timestamp: now.wall,
          key: key.span, value: nil, now: now)
      }
    }
  }

  /// The second reader delivers a whole partition and stands at its end.
  mutating func rereadAll(_ partition: Int32) {
    let count = journal[partition, default: []].count
    reread(partition, offsets: 0..<count)
    send(.endOfRereading(cluster: 0, partition: partition, position: Int64(count)))
  }
}

extension [AgentEffect] {
  /// The partitions that a second reader is to read.
  var rereads: [[Int32]] {
    compactMap { if case .reread(_, let partitions) = $0 { partitions } else { nil } }
  }

  /// The partitions that it is to read no more.
  var endedRereads: [Int32] {
    flatMap { effect -> [Int32] in
      if case .stopRereading(_, let partitions) = effect { partitions } else { [] }
    }
  }

  /// The partitions that are to be read no more.
  var stops: [[Int32]] {
    compactMap { if case .stopReading(_, let partitions) = $0 { partitions } else { nil } }
  }

  /// The log lines among the effects: message and fields.
  var lines: [String] {
    compactMap {
      guard case .log(let record) = $0 else { return nil }
      let fields = record.fields.map { field in
        switch field.value {
        case .text(let text): "\(field.name)=\(text)"
        case .number(let number): "\(field.name)=\(number)"
        }
      }
      return ([record.message] + fields).joined(separator: " ")
    }
  }
}
