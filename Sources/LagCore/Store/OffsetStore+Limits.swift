extension OffsetStore {
  /// Changes how much is kept, from now on; what is kept already stays as far as there is room.
  ///
  /// A window that gets more room fills up with the next commits. A greater minimum distance does
  /// not merge commits that are kept.
  ///
  /// - Parameters:
  ///   - limits: intervals and minimum distance of windows.
  ///   - expireAfter: how long a partition is remembered after its last commit, in milliseconds.
  package mutating func setLimits(_ limits: WindowLimits, expireAfter: Int64) {
    self.expireAfter = expireAfter
    guard limits != self.limits else { return }
    let hasRoom = limits.intervals == self.limits.intervals
    self.limits = limits
    pool.setLimits(limits)
    if hasRoom { return }
    for topic in heads.indices { heads[topic] = heads[topic].withRoom(for: limits.intervals) }
  }
}
