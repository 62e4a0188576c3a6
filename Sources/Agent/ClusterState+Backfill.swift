import Configuration
import LagCore

/// How far a start in the middle of the offsets topic has come.
enum Backfill: Sendable, Equatable {
  /// Reading begins at the start or the end of the topic.
  case none
  /// The offsets of partitions at that time, in milliseconds since 1970, are to be looked up.
  case due(partitions: [Int32], time: Int64, at: Int64)
  /// They are being looked up.
  case underWay(partitions: [Int32], time: Int64)
  /// They are read from there; commits that are older come by OffsetFetch.
  case reading(time: Int64)

  /// The pause before a look-up that failed is tried again, in milliseconds.
  static let pause: Int64 = 5000
}

/// `backfill`: reading from a time on, and what is older by OffsetFetch.
extension ClusterState {
  /// Looks up where the time lies, when that is due.
  mutating func backfillDue(now: Moment) -> [AgentEffect] {
    guard case .due(let partitions, let time, let at) = backfill, now.monotonic >= at else {
      return []
    }
    backfill = .underWay(partitions: partitions, time: time)
    return [.lookUpOffsets(cluster: index, partitions: partitions, since: time)]
  }

  /// Gives up a look-up that will not be answered; it is due again.
  mutating func abandonBackfill(now: Moment) {
    guard case .underWay(let partitions, let time) = backfill else { return }
    backfill = .due(partitions: partitions, time: time, at: now.monotonic)
  }

  mutating func received(_ reply: OffsetsByTimeReply, now: Moment) -> [AgentEffect] {
    guard case .underWay(let partitions, let time) = backfill else { return [] }
    switch reply {
    case .fault(let fault):
      backfill = .due(
        partitions: partitions, time: time, at: now.monotonic + Backfill.pause)
      return fail(fault, now: now)
    case .offsets(let places):
      backfill = .reading(time: time)
      for group in store.groupIndices
      where !watched[group].isRemoved && watched[group].source == .topic {
        polls.watch(group, now: now.monotonic)
      }
      var starts: [Int64?] = []
      for partition in partitions {
        starts.append(places.first { $0.partition == partition }?.offset)
      }
      return [.read(cluster: index, partitions: partitions, from: .offsets(starts))]
        + pollsDue(now: now)
    }
  }

  /// Whether groups that are not known yet may have commits older than the start.
  var fillsUnnamedGroups: Bool {
    guard case .reading = backfill, listing.readAt == nil else { return false }
    return settings.consumers.contains { $0.source != .offsetFetch && !$0.namesGroups }
  }

  /// Polls groups that a list has named once, because their commits may all be older.
  mutating func watchForFill(_ groups: Set<Int>, now: Moment) {
    guard case .reading = backfill else { return }
    for group in groups.sorted()
    where !watched[group].isRemoved && watched[group].source == .topic {
      polls.watch(group, now: now.monotonic)
    }
  }

  /// Stores what was committed before the reading began.
  ///
  /// When that was is not known, but it was before the start, which is taken for the time. A record
  /// that is read later is newer in any case.
  mutating func fill(
    _ committed: [GroupOffsetsReply.Committed], of group: Int, now: Moment
  ) {
    guard case .reading(let time) = backfill else { return }
    for one in committed {
      let topic = Array(one.topic.utf8)
      guard let offset = one.offset, offset >= 0, one.fault == nil,
        store.newestCommit(group: group, topic: topic.span, partition: one.partition) == nil
      else { continue }
      let outcome = store.record(
        group: group, topic: topic.span, partition: one.partition, offset: offset,
        timestamp: time, order: Self.filledOrder, now: now.wall)
      if case .placed = outcome { records.observed &+= 1 } else { records.dropped &+= 1 }
    }
  }

  /// Below the offset of every record.
  private static let filledOrder: Int64 = -1

  /// Ends the polling of a group that was polled only to fill in old commits.
  mutating func endFill(of group: Int) {
    if watched[group].source == .topic { polls.forget(group) }
  }
}
