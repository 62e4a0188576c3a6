package import JSON

/// What an agent says of one group: the message `vole.v1.GroupStatus`.
///
/// Numbers are nil where the agent does not know them.
package struct GroupStatus: Message, Equatable {
  /// The cluster's name in the agent's configuration.
  package var cluster = ""
  /// The group's name.
  package var group = ""
  /// The verdict.
  package var verdict = VerdictName()
  /// Why, in one sentence.
  package var reason = ""
  /// The share of partitions whose window is full, 0 to 1.
  package var complete: Double?
  /// How many partitions are what.
  package var counts = PartitionCounts()
  /// The sum of the lags in records.
  package var totalLag: UInt64?
  /// The largest lag of a partition in records.
  package var maxLag: UInt64?
  /// How fast the group moves.
  package var rates: Rates?
  /// Seconds since all commits were known to be read.
  package var commitsAge: Int?
  /// Seconds since log-end offsets were read.
  package var headsAge: Int?
  /// Where the commits come from, in words.
  package var source = ""
  /// Who is in the group.
  package var membership: Membership?
  /// How often the group rebalanced.
  package var rebalances: Int?
  /// When this was put together: RFC 3339, by the agent's clock.
  package var time = ""
  /// The partitions.
  package var partitions: [PartitionStatus] = []

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("cluster") {
      cluster = try reader.readString()
    } else if reader.isKey("group") {
      group = try reader.readString()
    } else if reader.isKey("verdict") {
      verdict = VerdictName(try reader.readEnum())
    } else if reader.isKey("reason") {
      reason = try reader.readString()
    } else if reader.isKey("complete") {
      complete = try reader.readNumber()
    } else if reader.isKey("partitionCounts") {
      counts = try PartitionCounts(reading: &reader)
    } else if reader.isKey("totalLag") {
      totalLag = try reader.readInteger()
    } else if reader.isKey("maxLag") {
      maxLag = try reader.readInteger()
    } else if reader.isKey("rates") {
      rates = try Rates(reading: &reader)
    } else if reader.isKey("partitions") {
      partitions = try reader.readMessages()
    } else {
      return try readOrigin(&reader)
    }
    return true
  }

  /// The fields about where all that comes from.
  private mutating func readOrigin(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("commitsAgeSeconds") {
      commitsAge = try reader.readInteger()
    } else if reader.isKey("headsAgeSeconds") {
      headsAge = try reader.readInteger()
    } else if reader.isKey("source") {
      source = try reader.readString()
    } else if reader.isKey("membership") {
      membership = try Membership(reading: &reader)
    } else if reader.isKey("rebalances") {
      rebalances = try reader.readInteger()
    } else if reader.isKey("time") {
      time = try reader.readString()
    } else {
      return false
    }
    return true
  }
}

/// The name of a verdict or of a partition's status, as the enum's values are called.
package struct VerdictName: Equatable, Hashable, Sendable {
  /// `OK`, `WARN`, `STALL` and so on; a value that is newer than this program is its number.
  package let text: String

  /// Takes a name; none is `UNKNOWN`.
  package init(_ text: String = "UNKNOWN") {
    self.text = text == "UNSPECIFIED" || text.isEmpty ? "UNKNOWN" : text
  }

  /// How urgent it is: the worst is the highest.
  package var rank: Int {
    switch text {
    case "OK": 0
    case "NOTFOUND": 1
    case "WARN": 2
    case "UNKNOWN": 3
    default: 4
    }
  }

  /// Whether it says that something is wrong.
  package var isBad: Bool { rank == 4 }
}

/// The message `vole.v1.PartitionCounts`.
package struct PartitionCounts: Message, Equatable {
  /// All partitions with a commit.
  package var total = 0
  /// How many have a status, in the order in which they are shown: good ones first.
  package var byStatus: [Count] = []
  /// Those that were left out because nobody subscribes to their topic.
  package var unsubscribed = 0

  /// A status and how many partitions have it.
  package struct Count: Equatable, Sendable {
    /// The status.
    package let status: VerdictName
    /// How many partitions.
    package let count: Int
  }

  /// No partitions.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("total") {
      total = try reader.readInteger()
    } else if reader.isKey("unsubscribed") {
      unsubscribed = try reader.readInteger()
    } else {
      let name = reader.key()
      guard ["ok", "warn", "stop", "stall", "rewind", "unknown"].contains(name) else {
        return false
      }
      let status = VerdictName(name.uppercased())
      let count: Int = try reader.readInteger()
      if count > 0 { byStatus.append(Count(status: status, count: count)) }
    }
    return true
  }
}

/// The message `vole.v1.Rates`.
package struct Rates: Message, Equatable {
  /// Records produced per second.
  package var produced: Double?
  /// Records consumed per second.
  package var consumed: Double?
  /// Records per second by which the lag grows.
  package var lagTrend: Double?
  /// Seconds for which the first record that was not consumed has been waiting.
  package var timeLag: Double?
  /// `MEASURED`, `ESTIMATED` or `AT_LEAST`.
  package var timeLagAccuracy = ""
  /// Seconds until the lag is gone.
  package var timeToDrain: Double?

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("produced") {
      produced = try reader.readNumber()
    } else if reader.isKey("consumed") {
      consumed = try reader.readNumber()
    } else if reader.isKey("lagTrend") {
      lagTrend = try reader.readNumber()
    } else if reader.isKey("timeLagSeconds") {
      timeLag = try reader.readNumber()
    } else if reader.isKey("timeLagAccuracy") {
      timeLagAccuracy = try reader.readEnum()
    } else if reader.isKey("timeToDrainSeconds") {
      timeToDrain = try reader.readNumber()
    } else {
      return false
    }
    return true
  }
}

/// The message `vole.v1.Membership`.
package struct Membership: Message, Equatable {
  /// `STABLE`, `REBALANCING`, `EMPTY` or `DEAD`; empty when not known.
  package var state = ""
  /// How many members there are.
  package var members: Int?
  /// The generation, or the epoch of the consumer protocol.
  package var generation: Int?
  /// Seconds since the membership changed.
  package var changedAge: Int?

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("state") {
      state = try reader.readEnum()
    } else if reader.isKey("members") {
      members = try reader.readInteger()
    } else if reader.isKey("generation") {
      generation = try reader.readInteger()
    } else if reader.isKey("changedAgeSeconds") {
      changedAge = try reader.readInteger()
    } else {
      return false
    }
    return true
  }
}
