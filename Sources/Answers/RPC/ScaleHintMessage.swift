import Connect
package import JSON
package import LagCore

/// `vole.v1.ScaleHint` (`proto-json/vole/v1/decision.proto`) in ProtoJSON.
package enum ScaleHintMessage {
  /// Writes a hint as the next value.
  ///
  /// - Parameters:
  ///   - hint: the hint.
  ///   - cluster: the cluster's name.
  ///   - group: the group's name.
  ///   - verdict: the verdict on the group.
  ///   - drainTarget: in how many seconds a backlog shall be gone.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - writer: takes the object.
  package static func write(
    _ hint: ScaleHint, cluster: String, group: String, verdict: Verdict, drainTarget: Int64,
    nowSeconds: Int64, to writer: inout JSONWriter
  ) {
    let seen = hint.observation
    writer.beginObject()
    writer.field("cluster", cluster)
    writer.field("group", group)
    writer.field("status", verbatim: verdict.name)
    writer.field("complete", hint.complete)
    writer.field("ageSeconds", Int32(clamping: max(0, nowSeconds &- seen.minute &* 60)))
    writer.field("active", hint.isActive)
    writer.field("desiredReplicas", Int32(clamping: hint.desired))
    writer.field("maxUsefulReplicas", Int32(clamping: seen.usefulReplicas))
    writer.field("replicas", Int32(clamping: seen.replicas))
    writer.field("members", Int32(clamping: seen.members))
    writer.key("partitions")
    writer.beginObject()
    writer.field("total", Int32(clamping: seen.partitions))
    writer.field("lagging", Int32(clamping: seen.lagging))
    writer.field("stuck", Int32(clamping: seen.stuck))
    writer.endObject()
    writer.key("lag")
    writer.beginObject()
    writer.field("total", decimalString: seen.totalLag)
    writer.field("scalable", decimalString: seen.scalableLag)
    writer.field("max", decimalString: seen.largestLag)
    writer.endObject()
    writer.key("rate")
    writer.beginObject()
    writer.field("in", seen.produced)
    writer.field("out", seen.consumed)
    if let capacity = hint.capacity { writer.field("perReplica", capacity) }
    writer.endObject()
    if let time = hint.timeToDrain { writer.field("timeToDrainSeconds", time) }
    writer.field("drainTargetSeconds", Int32(clamping: drainTarget))
    writer.field("reason", verbatim: hint.reason.name)
    writer.endObject()
  }
}

/// `vole.v1.Rates` in ProtoJSON.
enum RatesMessage {
  /// Writes the member `rates`; there is none while nothing is known.
  static func write(_ rates: GroupRates, to writer: inout JSONWriter) {
    guard rates.produced != nil || rates.consumed != nil || rates.timeLag != nil else { return }
    writer.key("rates")
    writer.beginObject()
    if let produced = rates.produced { writer.field("produced", produced) }
    if let consumed = rates.consumed { writer.field("consumed", consumed) }
    if let trend = rates.lagTrend { writer.field("lagTrend", trend) }
    if let lag = rates.timeLag {
      writer.field("timeLagSeconds", lag.seconds)
      writer.field("timeLagAccuracy", verbatim: name(of: lag.accuracy))
    }
    if let time = rates.timeToDrain { writer.field("timeToDrainSeconds", time) }
    writer.endObject()
  }

  private static func name(of accuracy: TimeLag.Accuracy) -> StaticString {
    switch accuracy {
    case .measured: "MEASURED"
    case .estimated: "ESTIMATED"
    case .atLeast: "AT_LEAST"
    }
  }
}
