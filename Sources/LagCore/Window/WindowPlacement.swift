/// What became of a commit that was offered to a window.
package enum Placement: Sendable, Equatable {
  /// It is the newest commit; a full window lost its oldest.
  case appended
  /// It came less than the minimum distance after an older one and took that one's place and time.
  case merged
  /// It is older than the newest commit and was put where its order belongs.
  case inserted
  /// The window holds a commit with the same order.
  case duplicate
  /// The window is full and the commit is not newer than its oldest.
  case tooOld
}

/// The limits of a window.
package struct WindowLimits: Sendable, Equatable {
  /// How many commits (and heads) a window keeps (Burrow, `intervals`); 1 to `maximumIntervals`.
  package var intervals: Int
  /// The least time between two kept commits in milliseconds (Burrow, `min-distance`).
  package var minimumDistance: Int64

  /// The most commits that a window can keep.
  package static let maximumIntervals = 1000

  /// Creates limits; `intervals` is brought into its range.
  package init(intervals: Int = 10, minimumDistance: Int64 = 0) {
    self.intervals = min(max(intervals, 1), Self.maximumIntervals)
    self.minimumDistance = max(minimumDistance, 0)
  }
}

extension WindowLimits {
  /// Places a commit into a window by its order; the plain statement of the rules.
  ///
  /// This is Burrow's `findConsumerOffsetDestination` and `mergeFrequentCommitIntoPrevious`
  /// (`core/internal/storage/inmemory.go`) on a sorted list. The lag is computed for a new newest
  /// commit only; one that is inserted behind others has an unknown lag, because today's head says
  /// nothing about its time.
  ///
  /// - Parameters:
  ///   - commit: the commit; its `lag` is not read.
  ///   - head: the newest known log-end offset, nil when unknown.
  ///   - entries: the window, oldest first, sorted by order, at most `intervals` long.
  package func place(
    _ commit: CommitEntry, head: Int64?, into entries: inout [CommitEntry]
  ) -> Placement {
    var commit = commit
    commit.lag = nil
    guard let newest = entries.last, newest.order >= commit.order || entries.count == intervals
    else {
      return append(commit, head: head, to: &entries)
    }
    if entries.count == intervals, let oldest = entries.first, oldest.order >= commit.order {
      return oldest.order == commit.order ? .duplicate : .tooOld
    }
    if newest.order < commit.order { return append(commit, head: head, to: &entries) }
    return insert(commit, into: &entries)
  }

  private func append(
    _ commit: CommitEntry, head: Int64?, to entries: inout [CommitEntry]
  ) -> Placement {
    var commit = commit
    if let head { commit.lag = lagBetween(committed: commit.offset, head: head) }
    if let newest = entries.last, isTooClose(commit, after: newest) {
      // The earlier time stays: otherwise a consumer that commits faster than the minimum distance
      // would never get a second entry.
      commit.timestamp = newest.timestamp
      entries[entries.count - 1] = commit
      return .merged
    }
    if entries.count == intervals { entries.removeFirst() }
    entries.append(commit)
    return .appended
  }

  private func insert(_ commit: CommitEntry, into entries: inout [CommitEntry]) -> Placement {
    let isFull = entries.count == intervals
    let index = entries.firstIndex { $0.order >= commit.order } ?? entries.count
    if index < entries.count, entries[index].order == commit.order { return .duplicate }
    if index == 0 {
      entries.insert(commit, at: 0)
      return .inserted
    }
    if isFull, index == 1 {
      // The oldest would fall out, so the commit takes its slot without regard to the distance.
      entries[0] = commit
      return .inserted
    }
    if isTooClose(commit, after: entries[index - 1]) {
      var merged = commit
      merged.timestamp = entries[index - 1].timestamp
      entries[index - 1] = merged
      return .merged
    }
    entries.insert(commit, at: index)
    if isFull { entries.removeFirst() }
    return .inserted
  }

  /// Whether a commit comes less than the minimum distance after an earlier one.
  ///
  /// A time that went backwards counts as too close even with no minimum distance, as in Burrow.
  @inline(__always)
  private func isTooClose(_ commit: CommitEntry, after earlier: CommitEntry) -> Bool {
    commit.timestamp &- earlier.timestamp < minimumDistance
  }
}
