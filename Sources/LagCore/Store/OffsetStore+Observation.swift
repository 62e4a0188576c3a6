/// Whether anybody is a member of a group, as far as it can be told from outside.
package enum ObservedMembership: Sendable, Equatable {
  /// A member is there.
  case yes
  /// Nobody is there.
  case no
  /// It cannot be told.
  case unknown
}

/// Which partitions of a group that is polled have somebody who may commit them.
package enum ObservedPresence: Sendable, Equatable {
  /// None, or the records of the group tell it themselves.
  case none
  /// Those that a member is assigned.
  case owned
  /// All, because a member is there or it cannot be told.
  case all
}

/// Commits as polls see them: OffsetFetch tells an offset, but not when it was committed.
///
/// A changed offset is taken for a commit at the time it was seen. An offset that stays is taken
/// for a repeated commit once a minute, unless nobody is there who could have committed it. So a
/// member that does not move becomes STALL, a group that was left becomes STOP, and one whose
/// members cannot be told is never called stopped.
extension OffsetStore {
  /// What a poll found about one partition.
  package enum Observation: Sendable, Equatable {
    /// The offset was not known before.
    case first
    /// The offset went up.
    case advanced
    /// The offset went down.
    case rewound
    /// The offset is the same.
    case unchanged
    /// It cannot be stored: out of range, or a limit is reached.
    case refused
  }

  /// The order of everything observed is above this, beyond every offset of a log, so that an
  /// observation is newer than any record.
  package static let firstObservedOrder: Int64 = 1 << 62

  /// How often an offset that stays is taken for a commit, in milliseconds.
  package static let repetitionInterval: Int64 = 60_000

  /// Takes note of the committed offset that a poll found.
  ///
  /// - Parameters:
  ///   - offset: the committed offset; a negative one is none and is refused.
  ///   - group: the index of the group.
  ///   - topic: the bytes of the topic's name.
  ///   - partition: the partition number.
  ///   - membership: whether anybody can have committed it.
  ///   - timestamp: the time of the poll on the brokers' clock, in milliseconds since 1970.
  ///   - now: the wall clock in milliseconds since 1970.
  package mutating func observe(
    offset: Int64, group: Int, topic: Span<UInt8>, partition: Int32,
    membership: ObservedMembership, timestamp: Int64, now: Int64
  ) -> Observation {
    guard offset >= 0, partition >= 0, Int(partition) < Self.maximumPartitions else {
      return .refused
    }
    let newest = newestCommit(group: group, topic: topic, partition: partition)
    if let newest, newest.offset == offset {
      let age = timestamp &- newest.timestamp
      guard membership != .no, age >= Self.repetitionInterval else { return .unchanged }
    }
    // Sixteen steps a second keep the orders of a window within 32 bits of each other for years.
    let order = Self.firstObservedOrder | max(0, now) >> 6
    let outcome = record(
      group: group, topic: topic, partition: partition, offset: offset, timestamp: timestamp,
      order: order, now: now)
    guard case .placed = outcome else { return .refused }
    guard let newest else { return .first }
    if newest.offset == offset { return .unchanged }
    return offset > newest.offset ? .advanced : .rewound
  }

  /// Says of whom polls know that he is there, or do not know that he is not.
  ///
  /// Polls see no commits that repeat an offset, so silence does not mean that such a partition is
  /// STOP; it is judged by the rules that follow.
  package mutating func setPresence(_ presence: ObservedPresence, ofGroup group: Int) {
    groups[group].presence = presence
  }

  /// Whether somebody is there who may commit a window's partition without being seen to.
  @inline(__always)
  func isPresent(_ presence: ObservedPresence, window: Int32) -> Bool {
    switch presence {
    case .none: false
    case .owned: pool.owner(of: window) != 0
    case .all: true
    }
  }

  /// Forgets what polls have seen of a group, because its records are about to be read themselves.
  package mutating func forgetObservations(group: Int) {
    for index in groups[group].topics {
      for (partition, window) in groupTopics[Int(index)].windows.enumerated() where window >= 0 {
        guard let bounds = pool.bounds(of: window), bounds.end.order >= Self.firstObservedOrder
        else { continue }
        if bounds.start.order >= Self.firstObservedOrder {
          removeCommits(groupTopic: Int(index), partition: partition)
        } else {
          pool.removeCommits(of: window, from: Self.firstObservedOrder)
          oldestCommit = min(oldestCommit, pool.bounds(of: window)?.end.timestamp ?? .max)
        }
      }
    }
  }

  /// Returns the newest commit of a partition, nil when none stands.
  package func newestCommit(
    group: Int, topic: Span<UInt8>, partition: Int32
  ) -> CommitEntry? {
    guard let index = knownGroupTopic(group: group, topic: topic), partition >= 0,
      Int(partition) < groupTopics[index].windows.count
    else { return nil }
    let window = groupTopics[index].windows[Int(partition)]
    return window >= 0 ? pool.bounds(of: window)?.end : nil
  }
}
