/// Where nothing is left to read although the log goes on.
struct PhantomMark: Sendable {
  /// The committed offset from which was read.
  let from: Int64
  /// The offset up to which nothing was found, exclusive.
  let to: Int64

  /// Whether it tells that a consumer at `committed` has read everything up to `head`.
  @inline(__always)
  func covers(committed: Int64, head: Int64) -> Bool { committed == from && head <= to }
}

/// A small lag that stands, although the consumer may have read everything.
///
/// Markers of transactions, aborted records and compacted ones take offsets, but there is nothing
/// to read in them.
package struct StandingLag: Sendable, Equatable {
  /// The topic's index in the store.
  package var topic: Int
  /// The partition.
  package var partition: Int32
  /// The committed offset.
  package var committed: Int64
  /// The log end.
  package var head: Int64
  /// When the newest commit was made, in milliseconds since 1970 by the broker's clock.
  package var lastCommit: Int64
  /// Since when the head is above that commit, in seconds since 1970.
  package var since: UInt32
  /// Whether a member of the group owns the partition.
  package var isOwned: Bool
}

extension OffsetStore {
  /// Takes note that there is nothing to read between a committed offset and an end.
  ///
  /// As long as the group stands at `from` and the head is at most `to`, its lag counts as none and
  /// is flagged. It is forgotten when either moves, when the commit leaves, or when the head falls.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - topic: the index of the topic.
  ///   - partition: the partition; one without a commit is passed over.
  ///   - from: the committed offset from which was read.
  ///   - to: the offset up to which was read, exclusive.
  package mutating func setNothingReadable(
    group: Int, topic: Int, partition: Int32, from: Int64, to: Int64
  ) {
    for index in groups[group].topics where Int(groupTopics[Int(index)].topic) == topic {
      guard let window = knownWindow(groupTopic: Int(index), partition: partition),
        pool.newestOffset(of: window) == from
      else { return }
      phantoms[window] = PhantomMark(from: from, to: to)
    }
  }

  /// Returns the small lags of a group that stand, those of which is known that there is nothing to
  /// read left out.
  ///
  /// How long they stand is known from `judge`, which must be called now and then.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - largest: the largest lag that counts as small, in records.
  ///   - duration: how long a lag must have stood, in seconds.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  package func standingLags(
    ofGroup group: Int, atMost largest: UInt64, for duration: Int64, nowSeconds: Int64
  ) -> [StandingLag] {
    var found: [StandingLag] = []
    for index in groups[group].topics {
      let topic = Int(groupTopics[Int(index)].topic)
      for (partition, window) in groupTopics[Int(index)].windows.enumerated() where window >= 0 {
        let since = pool.behindSince(window)
        guard since != 0, nowSeconds &- Int64(since) >= duration,
          let head = heads[topic].newest(of: Int32(partition)),
          let end = pool.bounds(of: window)?.end,
          (1...max(largest, 1)).contains(lagBetween(committed: end.offset, head: head)),
          phantoms[window]?.covers(committed: end.offset, head: head) != true
        else { continue }
        found.append(
          StandingLag(
            topic: topic, partition: Int32(partition), committed: end.offset, head: head,
            lastCommit: end.timestamp, since: since, isOwned: pool.owner(of: window) != 0))
      }
    }
    return found
  }
}
