import Connect
package import JSON
package import LagCore

/// `vole.v1.GroupStatus` (`proto-json/vole/v1/group_status.proto`) in ProtoJSON.
package struct GroupStatusMessage {
  /// How much of a group is told.
  package enum Detail: Sendable, Hashable {
    /// Everything but the partitions.
    case summary
    /// The partitions too.
    case partitions
    /// The partitions with the commits of their windows.
    case windows
    /// The partitions of a topic, or one of them, with the commits of their windows; those that are
    /// not OK where no topic is named.
    case explained(topic: String, partition: Int32?)

    /// Whether the commits of windows are told.
    fileprivate var hasWindows: Bool {
      switch self {
      case .summary, .partitions: false
      case .windows, .explained: true
      }
    }

    /// Whether a partition is told.
    fileprivate func includes(_ partition: PartitionJudgement, of topic: String) -> Bool {
      guard case .explained(let wanted, let number) = self else { return true }
      if wanted.isEmpty { return !partition.isJudged || partition.rule.status != .ok }
      return wanted == topic && number ?? partition.partition == partition.partition
    }
  }

  private let report: GroupReport
  private let rates: GroupRates?
  private let now: Int64

  /// Takes what is told.
  ///
  /// - Parameters:
  ///   - report: the group.
  ///   - rates: how fast it moves; nil where that is not known.
  ///   - now: the wall clock in milliseconds since 1970.
  package init(_ report: GroupReport, rates: GroupRates? = nil, now: Int64) {
    self.report = report
    self.rates = rates
    self.now = now
  }

  /// Writes the message as the next value.
  ///
  /// - Parameters:
  ///   - store: where the group stands.
  ///   - group: its index there.
  ///   - parameters: how its partitions are judged.
  ///   - detail: how much is told.
  ///   - writer: takes the object.
  package func write(
    from store: borrowing OffsetStore, group: Int, parameters: JudgementParameters,
    detail: Detail, to writer: inout JSONWriter
  ) {
    let judgement = report.judgement
    let membership = store.membership(ofGroup: group)
    writer.beginObject()
    writer.field("cluster", report.cluster)
    writer.field("group", report.group)
    writer.field("verdict", verbatim: report.verdict.name)
    writer.field("reason", report.reason)
    writer.field("complete", judgement.complete)
    Self.write(judgement, to: &writer)
    writer.field("totalLag", decimalString: judgement.totalLag)
    writer.field("maxLag", decimalString: judgement.maxLag)
    if let rates { RatesMessage.write(rates, to: &writer) }
    if let age = report.commitsAge { writer.field("commitsAgeSeconds", Int32(clamping: age)) }
    if let age = report.headsAge { writer.field("headsAgeSeconds", Int32(clamping: age)) }
    writer.field("source", report.source)
    if let membership { write(membership, to: &writer) }
    writer.field("rebalances", Int32(clamping: report.rebalances))
    writer.field("time", timestampMilliseconds: now)
    if detail != .summary {
      var partitions = PartitionStatusWriter(
        members: membership?.members ?? [], now: now, hasWindows: detail.hasWindows)
      var topic = ""
      store.forEachPartition(
        ofGroup: group, nowSeconds: now / 1000, parameters: parameters,
        topic: {
          topic = store.topicName($0)
          partitions.begin(topic: topic)
        },
        {
          if detail.includes($0, of: topic) { partitions.write($0, from: store, to: &writer) }
        })
      partitions.finish(to: &writer)
    }
    writer.endObject()
  }

  private static func write(_ judgement: GroupJudgement, to writer: inout JSONWriter) {
    writer.key("partitionCounts")
    writer.beginObject()
    writer.field("total", judgement.partitions)
    writer.field("ok", judgement.ok)
    writer.field("warn", judgement.warning)
    writer.field("stop", judgement.stop)
    writer.field("stall", judgement.stall)
    writer.field("rewind", judgement.rewind)
    writer.field("unknown", judgement.unknown)
    writer.field("unsubscribed", judgement.unsubscribed)
    writer.endObject()
  }

  private func write(_ membership: GroupMembership, to writer: inout JSONWriter) {
    let state: StaticString
    switch membership.state {
    case .unknown: return
    case .rebalancing: state = "REBALANCING"
    case .stable: state = "STABLE"
    case .empty: state = "EMPTY"
    case .dead: state = "DEAD"
    }
    writer.key("membership")
    writer.beginObject()
    writer.field("state", verbatim: state)
    writer.field("members", Int32(clamping: membership.members.count))
    if membership.generation >= 0 { writer.field("generation", membership.generation) }
    if membership.changedAt > 0 {
      let age = max(0, now &- membership.changedAt) / 1000
      writer.field("changedAgeSeconds", Int32(clamping: age))
    }
    writer.endObject()
  }
}
