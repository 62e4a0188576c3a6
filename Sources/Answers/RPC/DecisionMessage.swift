import Connect
package import JSON
package import LagCore

/// `vole.v1.Decision` (`proto-json/vole/v1/decision.proto`) in ProtoJSON.
package enum DecisionMessage {
  /// Writes what a probe would answer now, as the next value.
  ///
  /// - Parameters:
  ///   - report: the decision on the group.
  ///   - question: which probe asks.
  ///   - now: the wall clock in milliseconds since 1970.
  ///   - writer: takes the object.
  package static func write(
    _ report: DecisionReport, _ question: ProbeAnswers.Question, now: Int64,
    to writer: inout JSONWriter
  ) {
    begin(question, passes: report.passes(question), to: &writer)
    writer.field("reason", report.reason(question))
    writer.key("clauses")
    writer.beginArray()
    switch (question, report.decision) {
    case (.liveness, let decision?):
      for finding in decision.liveness.findings { write(finding, of: report, to: &writer) }
    case (.readiness, let decision?): write(decision.readiness, to: &writer)
    default: write("listening", holds: true, "the agent listens", nil, to: &writer)
    }
    writer.endArray()
    writer.field("time", timestampMilliseconds: now)
    writer.endObject()
  }

  /// Writes what was decided at some time, one decision for liveness and one for readiness.
  package static func write(_ entry: FlightRecorder.Entry, to writer: inout JSONWriter) {
    let found = entry.evidence.sentence { _ in "\(entry.topic ?? "")-\(entry.partition)" }
    begin(.liveness, passes: !entry.livenessFails, to: &writer)
    writer.field("reason", entry.deciding.map { "\($0.name): \(found)" } ?? found)
    writer.field("time", timestampMilliseconds: entry.at)
    writer.endObject()
    begin(.readiness, passes: entry.isReady, to: &writer)
    writer.field("reason", verbatim: entry.readiness.name)
    writer.field("time", timestampMilliseconds: entry.at)
    writer.endObject()
  }

  private static func begin(
    _ question: ProbeAnswers.Question, passes: Bool, to writer: inout JSONWriter
  ) {
    let name: StaticString =
      switch question {
      case .liveness: "LIVENESS"
      case .readiness: "READINESS"
      case .startup: "STARTUP"
      }
    writer.beginObject()
    writer.field("probe", verbatim: name)
    writer.field("passes", passes)
  }

  private static func write(
    _ finding: ClauseFinding, of report: DecisionReport, to writer: inout JSONWriter
  ) {
    // A clause that was not asked neither holds nor does not.
    write(
      finding.clause.name, holds: finding.evidence == .notAsked ? nil : finding.holds,
      report.sentence(finding.evidence), finding.evidence.measurement, to: &writer)
  }

  private static func write(_ readiness: ReadinessDecision, to writer: inout JSONWriter) {
    write(
      "gate", holds: readiness.isGateOpen, readiness.sentence,
      readiness.waited.map { Measurement(seconds: $0) }, to: &writer)
    write(
      "verdict", holds: readiness.isReady, "the verdict is \(readiness.verdict.name)", nil,
      to: &writer)
  }

  private static func write(
    _ name: StaticString, holds: Bool?, _ evidence: String, _ measurement: Measurement?,
    to writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.field("name", verbatim: name)
    if let holds { writer.field("holds", holds) }
    writer.field("evidence", evidence)
    if let measurement {
      writer.field("measured", measurement.measured)
      if let limit = measurement.limit { writer.field("limit", limit) }
      writer.field("unit", verbatim: measurement.unit)
    }
    writer.endObject()
  }
}

/// What a clause measured, where that is a number.
private struct Measurement {
  var measured: Double
  var limit: Double?
  var unit: StaticString

  init(_ measured: Int, of limit: Double? = nil, _ unit: StaticString) {
    self.measured = Double(measured)
    self.limit = limit
    self.unit = unit
  }

  init(seconds milliseconds: Int64, of limit: Int64? = nil) {
    measured = Double(milliseconds) / 1000
    self.limit = limit.map { Double($0) / 1000 }
    unit = "seconds"
  }
}

extension ClauseEvidence {
  fileprivate var measurement: Measurement? {
    switch self {
    case .noMember: Measurement(0, "members")
    case .healthy: Measurement(0, "partitions")
    case .poison(let count, _), .standing(_, let count): Measurement(count, "partitions")
    case .held(let time, let hold, _): Measurement(seconds: time, of: hold)
    case .othersProgressed(let time), .soleOwner(let time): Measurement(seconds: time)
    case .owners(let standing, let active), .commonCause(let standing, let active, _, _):
      Measurement(standing, of: Double(active) / 2, "owners")
    case .governor(.allowed(let restarts)), .governor(.budgetUsed(let restarts, _)):
      Measurement(restarts, "restarts")
    case .governor(.failing(let time)), .governor(.grace(let time)): Measurement(seconds: time)
    case .paused(.some(let time)): Measurement(seconds: time)
    case .fresh, .doubtful, .noIdentity, .anotherIncarnation, .nobodyProgressed, .described,
      .mayNotDescribe, .awaitsDescription, .notPaused, .paused(.none), .notAsked:
      nil
    }
  }
}
