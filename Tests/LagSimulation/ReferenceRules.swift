/// A commit as the reference sees it: nothing but what Burrow's rules read.
package struct ReferenceCommit: Equatable, Sendable {
  /// The committed offset.
  package var offset: Int64
  /// The commit time in milliseconds since 1970.
  package var timestamp: Int64
  /// The lag at commit time in records, nil when unknown.
  package var lag: UInt64?

  /// Creates a commit from its parts.
  package init(_ offset: Int64, _ timestamp: Int64, _ lag: UInt64?) {
    self.offset = offset
    self.timestamp = timestamp
    self.lag = lag
  }
}

/// The answer of the reference.
package enum ReferenceStatus: String, Sendable {
  case ok = "OK"
  case warn = "WARN"
  case stop = "STOP"
  case stall = "STALL"
  case rewind = "REWIND"
}

/// Burrow's evaluation of one partition, predicate by predicate over the whole window.
///
/// A second statement of `core/internal/evaluator/caching.go` to hold the product against. It
/// shares no type and no idea with it: every predicate walks the window anew, and none knows of the
/// others. Numbers wrap as Go's do.
package enum ReferenceRules {
  /// Whether more time passed since the newest commit than between the oldest and the newest.
  package static func isStopped(_ commits: [ReferenceCommit], nowSeconds: Int64) -> Bool {
    guard let oldest = commits.first, let newest = commits.last else { return false }
    let sinceNewest = (nowSeconds &* 1000) &- newest.timestamp
    let betweenThem = newest.timestamp &- oldest.timestamp
    return sinceNewest > betweenThem
  }

  /// Whether some stored head was not above the newest commit.
  package static func isRecentLagZero(_ commits: [ReferenceCommit], heads: [Int64]) -> Bool {
    guard let newest = commits.last else { return false }
    var found = false
    for head in heads where !(head > newest.offset) { found = true }
    return found
  }

  /// The first place where the offset is smaller than the one before it, -1 if there is none.
  package static func rewindIndex(_ commits: [ReferenceCommit]) -> Int {
    var places: [Int] = []
    for place in commits.indices.dropFirst()
    where commits[place - 1].offset > commits[place].offset {
      places.append(place)
    }
    return places.min() ?? -1
  }

  /// Whether an offset from `index` on is back at the one before `index`.
  package static func isRecovered(_ commits: [ReferenceCommit], from index: Int) -> Bool {
    let lost = commits[index - 1].offset
    return commits[index...].filter { $0.offset >= lost }.isEmpty == false
  }

  /// Whether no known lag of the window is as small as the allowed one.
  package static func isLagAlwaysNotZero(_ commits: [ReferenceCommit], allowedLag: UInt64) -> Bool {
    let known = commits.compactMap(\.lag)
    return known.filter { $0 <= allowedLag }.count == 0
  }

  /// Whether all offsets are the same.
  package static func isStalled(_ commits: [ReferenceCommit]) -> Bool {
    Set(commits.map(\.offset)).count <= 1
  }

  /// Whether the known lags never go down.
  package static func isLagNotDecreasing(_ commits: [ReferenceCommit]) -> Bool {
    let known = commits.compactMap(\.lag)
    return zip(known, known.dropFirst()).allSatisfy { earlier, later in later >= earlier }
  }

  /// Burrow's `calculatePartitionStatus`.
  ///
  /// - Parameter needsTwoLags: Vole's one change: WARN needs a trend, that is two known lags.
  package static func status(
    _ commits: [ReferenceCommit], heads: [Int64], currentLag: UInt64, nowSeconds: Int64,
    allowedLag: UInt64, needsTwoLags: Bool = false
  ) -> ReferenceStatus {
    if !(currentLag > allowedLag) { return .ok }
    if isStopped(commits, nowSeconds: nowSeconds) {
      if !isRecentLagZero(commits, heads: heads) { return .stop }
    }
    let rewind = rewindIndex(commits)
    if rewind > 0 {
      if !isRecovered(commits, from: rewind) { return .rewind }
    }
    if !isLagAlwaysNotZero(commits, allowedLag: allowedLag) { return .ok }
    if isStalled(commits) { return .stall }
    if !isLagNotDecreasing(commits) { return .ok }
    if needsTwoLags {
      if commits.compactMap(\.lag).count < 2 { return .ok }
    }
    return .warn
  }

  /// Burrow's `evaluatePartitionStatus`: completeness first, then the rules.
  ///
  /// - Parameter window: every slot of the ring, oldest first, empty ones in front; or no slot.
  package static func evaluate(
    _ window: [ReferenceCommit?], heads: [Int64], currentLag: UInt64, nowSeconds: Int64,
    allowedLag: UInt64, minimumComplete: Float, needsTwoLags: Bool = false
  ) -> (status: ReferenceStatus, complete: Float) {
    if window.count == 0 { return (.ok, 0) }
    var kept = window
    while kept.count > 1, kept[0] == nil { kept.removeFirst() }
    let complete: Float = kept.count == window.count ? 1 : Float(kept.count) / Float(window.count)
    let commits = kept.compactMap { $0 }
    // A ring of an owner without a commit: nothing there to judge.
    if commits.isEmpty { return (.ok, complete) }
    if complete < minimumComplete { return (.ok, complete) }
    let status = status(
      commits, heads: heads, currentLag: currentLag, nowSeconds: nowSeconds,
      allowedLag: allowedLag, needsTwoLags: needsTwoLags)
    return (status, complete)
  }
}
