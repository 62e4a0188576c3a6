package import JSON

/// The answer to `ExplainGroup`: `vole.v1.ExplainGroupResponse`.
package struct Explanation: Message {
  /// The group, and the windows of the partitions that are explained.
  package var status = GroupStatus()
  /// What each probe would answer now.
  package var decisions: [Decision] = []
  /// What probes answered before, the newest first.
  package var history: [Decision] = []
  /// The pause that is in force.
  package var pause: Pause?

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("status") {
      status = try GroupStatus(reading: &reader)
    } else if reader.isKey("decisions") {
      decisions = try reader.readMessages()
    } else if reader.isKey("history") {
      history = try reader.readMessages()
    } else if reader.isKey("pause") {
      pause = try Pause(reading: &reader)
    } else {
      return false
    }
    return true
  }
}

/// What a probe answers, and why: `vole.v1.Decision`.
package struct Decision: Message, Equatable {
  /// `LIVENESS`, `READINESS` or `STARTUP`.
  package var probe = ""
  /// Whether it passes; nil where that is not told.
  package var passes: Bool?
  /// Why, in one sentence.
  package var reason = ""
  /// What was looked at, in order.
  package var clauses: [Clause] = []
  /// When that was decided: RFC 3339.
  package var time = ""

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("probe") {
      probe = try reader.readEnum()
    } else if reader.isKey("passes") {
      passes = try reader.readBool()
    } else if reader.isKey("reason") {
      reason = try reader.readString()
    } else if reader.isKey("clauses") {
      clauses = try reader.readMessages()
    } else if reader.isKey("time") {
      time = try reader.readString()
    } else {
      return false
    }
    return true
  }
}

/// One condition of a decision: `vole.v1.Clause`.
package struct Clause: Message, Equatable {
  /// A short name.
  package var name = ""
  /// Whether the condition holds; nil where it was not looked at.
  package var holds: Bool?
  /// What was found.
  package var evidence = ""
  /// What was measured, what it is held against, and the unit of both.
  package var measured: Double?
  package var limit: Double?
  package var unit = ""

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("name") {
      name = try reader.readString()
    } else if reader.isKey("holds") {
      holds = try reader.readBool()
    } else if reader.isKey("evidence") {
      evidence = try reader.readString()
    } else if reader.isKey("measured") {
      measured = try reader.readNumber()
    } else if reader.isKey("limit") {
      limit = try reader.readNumber()
    } else if reader.isKey("unit") {
      unit = try reader.readString()
    } else {
      return false
    }
    return true
  }
}

/// A pause of a group: `vole.v1.Pause`.
package struct Pause: Message, Equatable {
  /// When it ends: RFC 3339.
  package var until = ""
  /// Why it was begun.
  package var reason = ""

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("until") {
      until = try reader.readString()
    } else if reader.isKey("reason") {
      reason = try reader.readString()
    } else {
      return false
    }
    return true
  }
}
