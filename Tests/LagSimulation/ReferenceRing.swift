/// A commit in a ring of the reference.
package struct RingCommit: Equatable, Sendable {
  /// The offset of the commit record, which orders commits.
  package var order: Int64
  /// The committed offset.
  package var offset: Int64
  /// The commit time in milliseconds since 1970.
  package var timestamp: Int64
  /// When the commit was read, in seconds since 1970.
  package var observed: UInt32
  /// The lag at commit time in records, nil when unknown.
  package var lag: UInt64?

  /// Creates a commit whose lag is not known yet.
  package init(order: Int64, offset: Int64, timestamp: Int64, observed: UInt32 = 0) {
    self.order = order
    self.offset = offset
    self.timestamp = timestamp
    self.observed = observed
    lag = nil
  }
}

/// Burrow's ring of commits, slot by slot, with its one pointer.
///
/// A second statement of `core/internal/storage/inmemory.go` (`findConsumerOffsetDestination`,
/// `mergeFrequentCommitIntoPrevious`, `storeConsumerOffset`) to hold the product against. As in
/// Go's `container/ring` the slots never move; the pointer stands on the slot that the next newer
/// commit takes: an empty one, or the oldest.
package struct ReferenceRing: Sendable {
  private var slots: [RingCommit?]
  private var pointer = 0
  private let minimumDistance: Int64

  /// What became of a commit.
  package enum Fate: Sendable {
    case appended, merged, mergedBehind, inserted, dropped
  }

  /// Creates an empty ring.
  ///
  /// - Parameter minimumDistance: Burrow's `min-distance`, here in milliseconds.
  package init(intervals: Int, minimumDistance: Int64) {
    slots = Array(repeating: nil, count: intervals)
    self.minimumDistance = minimumDistance
  }

  /// All slots from the pointer on: empty ones first, then oldest to newest.
  package var window: [RingCommit?] {
    slots.indices.map { slots[(pointer + $0) % slots.count] }
  }

  /// The commits, oldest first.
  package var commits: [RingCommit] { window.compactMap { $0 } }

  /// Where a commit goes: into `insert`, and with `extend` the ring grows by that slot.
  private struct Destination {
    var insert: Int?
    var extend: Int?
  }

  /// Takes a commit.
  ///
  /// - Parameter head: the newest head known, nil when none is; Burrow would drop the commit then.
  package mutating func add(_ commit: RingCommit, head: Int64?) -> Fate {
    guard let found = destination(of: commit) else { return .dropped }
    var commit = commit
    let isAppended = found.insert == nil
    commit.lag = nil
    if isAppended, let head {
      commit.lag = head > commit.offset ? distance(commit.offset, head) : 0
    }

    let slot = found.insert ?? pointer
    if let earlier = slots[before(slot)], earlier.order < commit.order,
      commit.timestamp &- earlier.timestamp < minimumDistance
    {
      commit.timestamp = earlier.timestamp
      slots[before(slot)] = commit
      return isAppended ? .merged : .mergedBehind
    }
    if let insert = found.insert, let extend = found.extend {
      var to = extend
      while to != insert {
        slots[to] = slots[before(to)]
        to = before(to)
      }
    }
    slots[slot] = commit
    if let extend = found.extend { pointer = after(extend) }
    return isAppended ? .appended : .inserted
  }

  private func destination(of commit: RingCommit) -> Destination? {
    guard let newest = slots[before(pointer)] else { return Destination(extend: pointer) }
    if let oldest = slots[pointer], oldest.order >= commit.order { return nil }
    if newest.order < commit.order { return Destination(extend: pointer) }
    var candidate = pointer
    while true {
      let previous = before(candidate)
      guard let earlier = slots[previous], previous != pointer else {
        return Destination(insert: previous)
      }
      if earlier.order == commit.order { return nil }
      if earlier.order < commit.order { return Destination(insert: candidate, extend: pointer) }
      candidate = previous
    }
  }

  private func before(_ slot: Int) -> Int { slot == 0 ? slots.count - 1 : slot - 1 }

  private func after(_ slot: Int) -> Int { slot == slots.count - 1 ? 0 : slot + 1 }

  /// The records from one offset up to a larger one, which may be more than `Int64.max`.
  private func distance(_ low: Int64, _ high: Int64) -> UInt64 {
    if low < 0, high >= 0 { return low.magnitude + UInt64(high) }
    return UInt64(high - low)
  }
}
