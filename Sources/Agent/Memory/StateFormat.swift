import JSON
package import LagCore

/// The file that holds what must survive the agent: JSON with a version.
package enum StateFormat {
  /// The version that is written and read.
  package static let version: Int64 = 1
  /// The longest file in bytes (1 MiB); groups that do not fit are left out.
  package static let maximumBytes = 1 << 20

  /// Why a file is not taken.
  package enum Problem: Error, Equatable, CustomStringConvertible {
    /// It is no JSON of this form.
    case malformed(String)
    /// It was written by another version.
    case version(Int64)

    /// The problem in words.
    package var description: String {
      switch self {
      case .malformed(let why): "it is damaged: \(why)"
      case .version(let version): "it is of version \(version), not \(StateFormat.version)"
      }
    }
  }

  // MARK: Writing

  /// Writes a state.
  package static func encode(_ state: GovernorState) -> [UInt8] {
    var writer = JSONWriter(capacity: 1024)
    writer.beginObject()
    writer.field("version", version)
    writer.key("restarts")
    writer.beginArray()
    for restart in state.restarts { writer.value(restart) }
    writer.endArray()
    write("graceUntil", state.graceUntil, to: &writer)
    write("containerSince", state.containerSince, to: &writer)
    if let failure = state.failure {
      writer.key("failure")
      writer.beginObject()
      writer.field("beganAt", failure.beganAt)
      writer.field("answers", Int64(failure.answers))
      writer.field("failFor", failure.failFor)
      writer.field("grace", failure.grace)
      writer.endObject()
    }
    writer.key("groups")
    writer.beginArray()
    let groups = state.groups.sorted {
      ($0.key.cluster, $0.key.group) < ($1.key.cluster, $1.key.group)
    }
    var room = maximumBytes - writer.bytes.count - 16
    for (name, group) in groups {
      let bytes = encode(name, group)
      guard bytes.count < room else { continue }
      room -= bytes.count + 1
      writer.value(json: bytes.span)
    }
    writer.endArray()
    writer.endObject()
    return writer.finish()
  }

  private static func encode(
    _ name: GovernorState.GroupName, _ group: GovernorState.Group
  ) -> [UInt8] {
    var writer = JSONWriter(capacity: 256)
    writer.beginObject()
    writer.field("cluster", name.cluster)
    writer.field("group", name.group)
    write("pausedUntil", group.pausedUntil, to: &writer)
    write("gateOpening", group.gateOpening.map { Int64($0) }, to: &writer)
    writer.key("members")
    writer.beginArray()
    for member in group.members { writer.value(member) }
    writer.endArray()
    writer.key("standing")
    writer.beginArray()
    for standing in group.standing {
      writer.beginObject()
      writer.field("topic", standing.topic)
      writer.field("partition", standing.partition)
      writer.field("offset", standing.offset)
      writer.field("failures", Int64(standing.failures))
      write("nextAttemptAt", standing.nextAttemptAt, to: &writer)
      writer.field("isTrying", standing.isTrying)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.finish()
  }

  private static func write(
    _ name: StaticString, _ number: Int64?, to writer: inout JSONWriter
  ) {
    if let number { writer.field(name, number) }
  }

  // MARK: Reading

  /// Reads a state.
  ///
  /// - Throws: why it is not taken; a key that is not known is passed over.
  package static func decode(_ bytes: [UInt8]) throws(Problem) -> GovernorState {
    var state = GovernorState()
    var found: Int64?
    do throws(JSONError) {
      var reader = JSONReader(bytes)
      try reader.beginObject()
      while try reader.nextKey() {
        if reader.isKey("version") {
          found = try reader.readInt64()
        } else if reader.isKey("restarts") {
          state.restarts = try numbers(&reader)
        } else if reader.isKey("graceUntil") {
          state.graceUntil = try reader.readInt64()
        } else if reader.isKey("containerSince") {
          state.containerSince = try reader.readInt64()
        } else if reader.isKey("failure") {
          state.failure = try failure(&reader)
        } else if reader.isKey("groups") {
          try reader.beginArray()
          while try reader.nextElement() {
            let (name, group) = try self.group(&reader)
            if state.groups.count < GovernorState.maximumGroups { state.groups[name] = group }
          }
        } else {
          try reader.skipValue()
        }
      }
      try reader.finish()
    } catch {
      throw .malformed("\(error)")
    }
    guard let found else { throw .malformed("it has no version") }
    guard found == version else { throw .version(found) }
    return state
  }

  private static func numbers(_ reader: inout JSONReader) throws(JSONError) -> [Int64] {
    var numbers: [Int64] = []
    try reader.beginArray()
    while try reader.nextElement() {
      let number = try reader.readInt64()
      if numbers.count < GovernorState.maximumRestarts { numbers.append(number) }
    }
    return numbers
  }

  private static func failure(
    _ reader: inout JSONReader
  ) throws(JSONError) -> GovernorState.Failure {
    var failure = GovernorState.Failure(beganAt: 0, answers: 1, failFor: 0, grace: 0)
    try reader.beginObject()
    while try reader.nextKey() {
      if reader.isKey("beganAt") {
        failure.beganAt = try reader.readInt64()
      } else if reader.isKey("answers") {
        failure.answers = Int(clamping: try reader.readInt64())
      } else if reader.isKey("failFor") {
        failure.failFor = try reader.readInt64()
      } else if reader.isKey("grace") {
        failure.grace = try reader.readInt64()
      } else {
        try reader.skipValue()
      }
    }
    return failure
  }

  private static func group(
    _ reader: inout JSONReader
  ) throws(JSONError) -> (GovernorState.GroupName, GovernorState.Group) {
    var name = GovernorState.GroupName(cluster: "", group: "")
    var group = GovernorState.Group()
    try reader.beginObject()
    while try reader.nextKey() {
      if reader.isKey("cluster") {
        name.cluster = try reader.readString()
      } else if reader.isKey("group") {
        name.group = try reader.readString()
      } else if reader.isKey("pausedUntil") {
        group.pausedUntil = try reader.readInt64()
      } else if reader.isKey("gateOpening") {
        group.gateOpening = UInt8(exactly: try reader.readInt64())
      } else if reader.isKey("members") {
        try reader.beginArray()
        while try reader.nextElement() {
          let member = try reader.readString()
          if group.members.count < GovernorState.maximumMembers { group.members.append(member) }
        }
      } else if reader.isKey("standing") {
        try reader.beginArray()
        while try reader.nextElement() {
          let one = try standing(&reader)
          if group.standing.count < GovernorState.maximumStanding { group.standing.append(one) }
        }
      } else {
        try reader.skipValue()
      }
    }
    return (name, group)
  }

  private static func standing(
    _ reader: inout JSONReader
  ) throws(JSONError) -> GovernorState.Standing {
    var standing = GovernorState.Standing(
      topic: "", partition: 0, offset: 0, failures: 0, nextAttemptAt: nil, isTrying: false)
    try reader.beginObject()
    while try reader.nextKey() {
      if reader.isKey("topic") {
        standing.topic = try reader.readString()
      } else if reader.isKey("partition") {
        standing.partition = try reader.readInt32()
      } else if reader.isKey("offset") {
        standing.offset = try reader.readInt64()
      } else if reader.isKey("failures") {
        standing.failures = Int(clamping: try reader.readInt64())
      } else if reader.isKey("nextAttemptAt") {
        standing.nextAttemptAt = try reader.readInt64()
      } else if reader.isKey("isTrying") {
        standing.isTrying = try reader.readBool()
      } else {
        try reader.skipValue()
      }
    }
    return standing
  }
}
