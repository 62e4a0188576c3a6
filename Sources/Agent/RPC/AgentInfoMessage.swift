import Configuration
import Connect
import JSON

/// `vole.v1.AgentInfo` (`proto-json/vole/v1/agent_info.proto`) in ProtoJSON.
struct AgentInfoMessage {
  let host: any RPCHost
  /// The groups that may be seen; what concerns the agent as a whole is for those who see all.
  let scope: GroupScope

  /// Writes `GetAgentInfoResponse`.
  func write(_ agent: borrowing Agent, to writer: inout JSONWriter) {
    let now = host.now
    writer.beginObject()
    writer.key("agent")
    writer.beginObject()
    if let program = host.program {
      writer.field("version", program.version)
      writer.field("librdkafkaVersion", program.librdkafka)
      writer.field("nghttp2Version", program.nghttp2)
    }
    writer.field("host", host.hostName)
    writer.field("time", timestampMilliseconds: now.wall)
    if let program = host.program {
      writer.field("startedAt", timestampMilliseconds: program.startedAt)
    }
    writer.field("ready", agent.isReady)
    writer.field("draining", host.isEnding)
    writer.field("logLevel", verbatim: Self.name(of: host.level))
    if scope == .all { agent.reload.write(to: &writer) }
    writer.key("clusters")
    writer.beginArray()
    for status in agent.clusterStatuses() {
      write(status, groups: agent.places(status.name, scope).count, to: &writer)
    }
    writer.endArray()
    writer.endObject()
    writer.endObject()
  }

  private func write(
    _ status: Agent.ClusterStatus, groups: Int, to writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.field("name", status.name)
    writer.field("ready", status.isReady)
    if let fault = status.fault { writer.field("fault", fault) }
    writer.field("partitionsNeeded", Int32(clamping: status.partitionsNeeded))
    writer.field("partitionsRead", Int32(clamping: status.partitionsRead))
    writer.field("recordsRead", decimalString: status.records.read)
    writer.field("recordsLeft", decimalString: status.recordsLeft)
    writer.field("recordsMalformed", decimalString: status.records.malformed)
    writer.field("recordsUnsupported", decimalString: status.records.unsupportedVersions)
    writer.field("trackedPartitions", Int32(clamping: status.trackedPartitions))
    writer.field("groups", Int32(clamping: groups))
    if let skew = status.clockSkew { writer.field("clockSkewMilliseconds", decimalString: skew) }
    if let fallback = status.fallback { writer.field("fallback", fallback) }
    writer.endObject()
  }

  // MARK: Levels of the log

  /// The name of a level in `AgentInfo.LogLevel`.
  static func name(of level: Configuration.LogLevel) -> StaticString {
    switch level {
    case .debug: "DEBUG"
    case .info: "INFO"
    case .warn: "WARN"
    case .error: "ERROR"
    }
  }

  /// The level of a number of `AgentInfo.LogLevel`; nil for one that is none.
  static func level(_ number: Int32) -> Configuration.LogLevel? {
    switch number {
    case 1: .debug
    case 2: .info
    case 3: .warn
    case 4: .error
    default: nil
    }
  }
}

extension ReloadState {
  /// Writes `configuration` of `vole.v1.AgentInfo`.
  fileprivate func write(to writer: inout JSONWriter) {
    guard let current else { return }
    writer.key("configuration")
    writer.beginObject()
    writer.field("source", current.source ?? Configuration.sourceWithoutFile)
    writer.field("fingerprint", current.fingerprint)
    writer.field("loadedAt", timestampMilliseconds: loadedAt)
    if let attemptedAt { writer.field("reloadAttemptedAt", timestampMilliseconds: attemptedAt) }
    writer.field("reloadSuccesses", decimalString: successes)
    writer.field("reloadFailures", decimalString: failures)
    if !problems.isEmpty {
      writer.key("problems")
      writer.beginArray()
      for problem in problems { writer.value(problem) }
      writer.endArray()
    }
    writer.endObject()
  }
}
