import JSON
package import LagCore

/// `GET /consumer/{group}/scale`: how many replicas a group should have, in JSON.
///
/// KEDA's metrics-api scaler reads one number of it; whatever an autoscaler may read is a number
/// whenever the status is 200. What is not known is no number but status 503, so that an autoscaler
/// holds what it has.
package enum ScaleAnswer {
  /// Writes a hint.
  ///
  /// - Parameters:
  ///   - hint: the hint.
  ///   - group: the group's name.
  ///   - verdict: the verdict on the group.
  ///   - drainTarget: in how many seconds a backlog shall be gone.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  package static func known(
    _ hint: ScaleHint, group: String, verdict: Verdict, drainTarget: Int64, nowSeconds: Int64
  ) -> [UInt8] {
    let seen = hint.observation
    var writer = JSONWriter(capacity: 768)
    writer.beginObject()
    writer.field("group", group)
    writer.field("status", "\(verdict.name)")
    writer.field("complete", hint.complete)
    writer.field("ageSeconds", max(0, nowSeconds - seen.minute * 60))
    writer.field("active", hint.isActive ? 1 : 0)
    writer.field("desiredReplicas", Int64(hint.desired))
    writer.field("maxUsefulReplicas", Int64(seen.usefulReplicas))
    writer.field("replicas", Int64(seen.replicas))
    writer.field("members", Int64(seen.members))
    writer.key("partitions")
    writer.beginObject()
    writer.field("total", Int64(seen.partitions))
    writer.field("lagging", Int64(seen.lagging))
    writer.field("stuck", Int64(seen.stuck))
    writer.endObject()
    writer.key("lag")
    writer.beginObject()
    writer.field("total", seen.totalLag)
    writer.field("scalable", seen.scalableLag)
    writer.field("max", seen.largestLag)
    writer.endObject()
    writer.key("rate")
    writer.beginObject()
    writer.field("in", rounded(seen.produced))
    writer.field("out", rounded(seen.consumed))
    // What a replica consumes now, where nobody knows what it could.
    let mean = seen.replicas > 0 ? seen.consumed / Double(seen.replicas) : 0
    writer.field("perReplica", rounded(hint.capacity ?? mean))
    writer.endObject()
    writer.key("timeToDrainSeconds")
    if let time = hint.timeToDrain { writer.value(rounded(time)) } else { writer.null() }
    writer.field("drainTargetSeconds", drainTarget)
    writer.field("reason", "\(verdict.name): \(hint.sentence)")
    writer.endObject()
    return writer.finish()
  }

  /// Writes why there is no hint.
  package static func unknown(_ reason: String, group: String) -> [UInt8] {
    var writer = JSONWriter(capacity: 128)
    writer.beginObject()
    writer.field("group", group)
    writer.field("reason", reason)
    writer.endObject()
    return writer.finish()
  }

  private static func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }
}

extension ScaleHint {
  /// Why as many replicas are asked for, in one sentence without a full stop.
  package var sentence: String {
    switch reason {
    case .sufficient: "load and backlog need as many"
    case .more: "load and backlog need more than before"
    case .fewer: "fewer have sufficed for long enough"
    case .decaying: "fewer would suffice, but not yet for long enough"
    case .capacityUnknown:
      "no replica was saturated in 24 h, so that nobody knows what one can do; as many as there are"
    case .rebalancing: "the members changed a moment ago, the last answer stands"
    case .stuck:
      "partitions are stuck, which replicas do not help; fewer are not asked for meanwhile"
    case .incomplete: "partitions cannot be judged yet; fewer are not asked for meanwhile"
    case .draining: "a backlog is being worked off; fewer are not asked for meanwhile"
    }
  }
}

extension ScaleDoubt {
  /// Why no number of replicas can be said, in one sentence without a full stop.
  package var sentence: String {
    switch self {
    case .notObserved: "the group has not been looked at yet"
    case .stale(let seconds): "the group was last looked at \(seconds) s ago"
    case .shortHistory(let minutes, let needed):
      "the group has been watched for \(minutes) of the \(needed) minutes that are needed"
    case .noMembers: "no member of the group is known"
    case .withoutHeads(let partitions):
      "the log-end offsets of \(partitions) partitions are not known or old"
    }
  }
}
