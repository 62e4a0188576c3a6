package import JSON

/// What an agent says of itself: the message `vole.v1.AgentInfo`.
package struct AgentInfo: Message, Equatable {
  /// The version of the agent.
  package var version = ""
  /// The versions of its libraries.
  package var librdkafkaVersion = ""
  package var nghttp2Version = ""
  /// The name of its machine.
  package var host = ""
  /// Its clock, and when it started: RFC 3339.
  package var time = ""
  package var startedAt = ""
  /// Whether commits and log ends were read once.
  package var isReady: Bool?
  /// Whether it was told to end.
  package var isDraining: Bool?
  /// The least urgent level of its log.
  package var logLevel = ""
  /// What it runs with.
  package var configuration = ConfigurationInfo()
  /// The clusters.
  package var clusters: [ClusterInfo] = []

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("version") {
      version = try reader.readString()
    } else if reader.isKey("librdkafkaVersion") {
      librdkafkaVersion = try reader.readString()
    } else if reader.isKey("nghttp2Version") {
      nghttp2Version = try reader.readString()
    } else if reader.isKey("host") {
      host = try reader.readString()
    } else if reader.isKey("time") {
      time = try reader.readString()
    } else if reader.isKey("startedAt") {
      startedAt = try reader.readString()
    } else if reader.isKey("ready") {
      isReady = try reader.readBool()
    } else if reader.isKey("draining") {
      isDraining = try reader.readBool()
    } else if reader.isKey("logLevel") {
      logLevel = try reader.readEnum()
    } else if reader.isKey("configuration") {
      configuration = try ConfigurationInfo(reading: &reader)
    } else if reader.isKey("clusters") {
      clusters = try reader.readMessages()
    } else {
      return false
    }
    return true
  }
}

/// The message `vole.v1.ConfigurationInfo`.
package struct ConfigurationInfo: Message, Equatable {
  /// The file, or words for its absence.
  package var source = ""
  /// Tells it from others.
  package var fingerprint = ""
  /// When it was loaded: RFC 3339.
  package var loadedAt = ""
  /// When another one was last tried.
  package var reloadAttemptedAt = ""
  /// How many reloads succeeded.
  package var reloadSuccesses = 0
  /// How many failed.
  package var reloadFailures = 0
  /// What was wrong at the last attempt.
  package var problems: [String] = []

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("source") {
      source = try reader.readString()
    } else if reader.isKey("fingerprint") {
      fingerprint = try reader.readString()
    } else if reader.isKey("loadedAt") {
      loadedAt = try reader.readString()
    } else if reader.isKey("reloadAttemptedAt") {
      reloadAttemptedAt = try reader.readString()
    } else if reader.isKey("reloadSuccesses") {
      reloadSuccesses = try reader.readInteger()
    } else if reader.isKey("reloadFailures") {
      reloadFailures = try reader.readInteger()
    } else if reader.isKey("problems") {
      problems = try reader.readStrings()
    } else {
      return false
    }
    return true
  }
}

/// The message `vole.v1.ClusterInfo`.
package struct ClusterInfo: Message, Equatable {
  /// The cluster's name.
  package var name = ""
  /// Whether commits and log ends were read once.
  package var isReady: Bool?
  /// What is wrong with it.
  package var fault = ""
  /// Why commits are fetched although the offsets topic was asked for.
  package var fallback = ""
  /// Partitions of the offsets topic that are needed, and those that were read.
  package var partitionsNeeded = 0
  package var partitionsRead = 0
  /// Records of it, by what became of them.
  package var recordsRead: Int64 = 0
  package var recordsLeft: Int64 = 0
  package var recordsMalformed: Int64 = 0
  package var recordsUnsupported: Int64 = 0
  /// Group-partitions that are watched, and groups.
  package var trackedPartitions = 0
  package var groups = 0
  /// How far the brokers' clock is behind the agent's, in milliseconds.
  package var clockSkew: Int64?

  /// Nothing is known.
  package init() {}

  /// Reads the field that a reader stands at.
  package mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("name") {
      name = try reader.readString()
    } else if reader.isKey("ready") {
      isReady = try reader.readBool()
    } else if reader.isKey("fault") {
      fault = try reader.readString()
    } else if reader.isKey("fallback") {
      fallback = try reader.readString()
    } else if reader.isKey("partitionsNeeded") {
      partitionsNeeded = try reader.readInteger()
    } else if reader.isKey("partitionsRead") {
      partitionsRead = try reader.readInteger()
    } else if reader.isKey("trackedPartitions") {
      trackedPartitions = try reader.readInteger()
    } else if reader.isKey("groups") {
      groups = try reader.readInteger()
    } else if reader.isKey("clockSkewMilliseconds") {
      clockSkew = try reader.readInteger()
    } else {
      return try readRecords(&reader)
    }
    return true
  }

  private mutating func readRecords(_ reader: inout JSONReader) throws(JSONError) -> Bool {
    if reader.isKey("recordsRead") {
      recordsRead = try reader.readInteger()
    } else if reader.isKey("recordsLeft") {
      recordsLeft = try reader.readInteger()
    } else if reader.isKey("recordsMalformed") {
      recordsMalformed = try reader.readInteger()
    } else if reader.isKey("recordsUnsupported") {
      recordsUnsupported = try reader.readInteger()
    } else {
      return false
    }
    return true
  }
}
