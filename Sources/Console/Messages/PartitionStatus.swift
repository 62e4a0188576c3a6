package import JSON

/// What an agent says of one partition of a group: the message `vole.v1.PartitionStatus`.
package struct PartitionStatus: Message, Equatable {
  /// The topic's name.
  package var topic = ""
  /// The partition's number.
  package var partition = 0
  /// The status.
  package var status = VerdictName()
  /// The rule that decided, by its name in the message.
  package var rule = ""
  /// The member that it is assigned to.
  package var owner: Owner?
  /// The newest committed offset.
  package var committedOffset: Int64?
  /// The newest log-end offset.
  package var logEndOffset: Int64?
  /// Records between the two.
  package var lag: UInt64?
  /// The filled share of the window, 0 to 1.
  package var complete: Double?
  /// Seconds since the newest commit.
  package var commitAge: Int?
  /// Seconds since the log-end offset was read.
  package var headAge: Int?
  /// What is odd, by the names in the message.
  package var flags: [String] = []
  /// The commits of the window, oldest first.
  package var window: [WindowEntry] = []

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("topic") {
      topic = try reader.readString()
    } else if reader.isKey("partition") {
      partition = try reader.readInteger()
    } else if reader.isKey("status") {
      status = VerdictName(try reader.readEnum())
    } else if reader.isKey("rule") {
      rule = try reader.readEnum()
    } else if reader.isKey("owner") {
      owner = try Owner(reading: &reader)
    } else if reader.isKey("flags") {
      try reader.beginArray()
      while try reader.nextElement() { flags.append(try reader.readEnum()) }
    } else if reader.isKey("window") {
      window = try reader.readMessages()
    } else {
      return try readNumbers(&reader)
    }
    return true
  }

  private mutating func readNumbers(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("committedOffset") {
      committedOffset = try reader.readInteger()
    } else if reader.isKey("logEndOffset") {
      logEndOffset = try reader.readInteger()
    } else if reader.isKey("lag") {
      lag = try reader.readInteger()
    } else if reader.isKey("complete") {
      complete = try reader.readNumber()
    } else if reader.isKey("commitAgeSeconds") {
      commitAge = try reader.readInteger()
    } else if reader.isKey("headAgeSeconds") {
      headAge = try reader.readInteger()
    } else {
      return false
    }
    return true
  }
}

/// The message `vole.v1.Owner`.
package struct Owner: Message, Equatable {
  /// The `client.id`.
  package var clientID = ""
  /// The address that it came from.
  package var host = ""
  /// The `group.instance.id`.
  package var groupInstanceID = ""
  /// The member's identifier.
  package var memberID = ""

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("clientId") {
      clientID = try reader.readString()
    } else if reader.isKey("host") {
      host = try reader.readString()
    } else if reader.isKey("groupInstanceId") {
      groupInstanceID = try reader.readString()
    } else if reader.isKey("memberId") {
      memberID = try reader.readString()
    } else {
      return false
    }
    return true
  }
}

/// The message `vole.v1.WindowEntry`.
package struct WindowEntry: Message, Equatable {
  /// The committed offset.
  package var offset: Int64?
  /// When it was committed: RFC 3339, by the broker's clock.
  package var commitTime = ""
  /// Records up to the log-end offset of that time.
  package var lag: UInt64?

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("offset") {
      offset = try reader.readInteger()
    } else if reader.isKey("commitTime") {
      commitTime = try reader.readString()
    } else if reader.isKey("lag") {
      lag = try reader.readInteger()
    } else {
      return false
    }
    return true
  }
}
