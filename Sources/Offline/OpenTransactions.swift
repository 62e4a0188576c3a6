/// Which committed offset is meant: a partition of a topic, of a group, of a cluster.
///
/// Names are numbers of the table that interned them.
struct OffsetKey: Hashable {
  let source: Int32
  let group: Int32
  let topic: Int32
  let partition: Int32
}

/// A committed offset as its record gave it.
struct CommittedOffset {
  let offset: Int64
  let leaderEpoch: Int32
  let metadata: [UInt8]
  /// When the coordinator took it, in milliseconds since 1970.
  let commitTimestamp: Int64
  /// The offset of its record in `__consumer_offsets`.
  let recordOffset: Int64
  /// The line it was read from.
  let line: Int
}

/// Commits of transactions whose end was not read yet.
///
/// As Kafka's `OffsetMetadataManager` keeps them: by producer id and partition of
/// `__consumer_offsets`. The producer epoch says nothing here, because since transaction version 2
/// the marker carries the next higher one.
struct OpenTransactions {
  /// A transaction: one producer has at most one open in a partition.
  struct Producer: Hashable {
    let source: Int32
    let partition: Int32
    let id: Int64
  }

  /// How many commits wait.
  private(set) var count = 0
  private var commits: [OffsetKey: [Producer: CommittedOffset]] = [:]
  private var keys: [Producer: Set<OffsetKey>] = [:]

  /// Keeps a commit until its transaction ends; it replaces an earlier one of the same transaction.
  mutating func add(_ commit: CommittedOffset, for key: OffsetKey, by producer: Producer) {
    if commits[key, default: [:]].updateValue(commit, forKey: producer) == nil { count += 1 }
    keys[producer, default: []].insert(key)
  }

  /// Ends a transaction; returns its commits in the order of their records.
  mutating func end(_ producer: Producer) -> [(key: OffsetKey, commit: CommittedOffset)] {
    var ended: [(key: OffsetKey, commit: CommittedOffset)] = []
    for key in keys.removeValue(forKey: producer) ?? [] {
      guard let commit = commits[key]?.removeValue(forKey: producer) else { continue }
      if commits[key]?.isEmpty ?? false { commits[key] = nil }
      ended.append((key, commit))
    }
    count -= ended.count
    return ended.sorted { $0.commit.recordOffset < $1.commit.recordOffset }
  }

  /// Drops what waits for an offset, in all transactions: its tombstone was read.
  mutating func remove(_ key: OffsetKey) {
    guard let dropped = commits.removeValue(forKey: key) else { return }
    for producer in dropped.keys {
      keys[producer]?.remove(key)
      if keys[producer]?.isEmpty ?? false { keys[producer] = nil }
    }
    count -= dropped.count
  }
}
