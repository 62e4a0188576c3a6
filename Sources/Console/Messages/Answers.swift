package import JSON

/// The answer to `GetGroupStatus`, and each message of `WatchGroupStatus`.
package struct GroupStatusAnswer: Message {
  /// The group.
  package var status = GroupStatus()

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    guard reader.isKey("status") else { return false }
    status = try GroupStatus(reading: &reader)
    return true
  }
}

/// The answer to `ListGroups`, and each message of `WatchGroups`.
package struct GroupsAnswer: Message {
  /// The groups by cluster and name.
  package var groups: [GroupStatus] = []

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    guard reader.isKey("groups") else { return false }
    groups = try reader.readMessages()
    return true
  }
}

/// The answer to `GetAgentInfo`.
package struct AgentInfoAnswer: Message {
  /// The agent.
  package var agent = AgentInfo()

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    guard reader.isKey("agent") else { return false }
    agent = try AgentInfo(reading: &reader)
    return true
  }
}
