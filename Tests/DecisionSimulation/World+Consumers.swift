import LagCore

/// Consumers: what they process, and what they commit.
extension World {
  /// Whether consumers of eager assignment wait for a rebalance to end.
  var isStopped: Bool { plan.assignment == .eager && rebalanceSince != nil }

  mutating func consume() {
    for index in partitions.indices {
      process(index)
      if (time + index * 5) % plan.commitEvery == 0 { commitIfDue(index) }
    }
  }

  /// Whether a partition's consumer would process if it had something to.
  func isConsumed(_ index: Int) -> Bool {
    let partition = partitions[index]
    guard partition.owner >= 0 else { return false }
    return members[partition.owner].isAlive && !members[partition.owner].isHung
      && partition.hungBy != partition.owner && time >= partition.leaderDownUntil
      && time >= pods[members[partition.owner].pod].pausedUntil
  }

  /// Whether something else than its consumer keeps a partition from being consumed.
  func isExcused(_ index: Int) -> Bool {
    isOutage || !isCoordinatorUp || time < partitions[index].leaderDownUntil
      || time < stoppedUntil
  }

  private mutating func process(_ index: Int) {
    guard isConsumed(index), areBrokersUp, !isOutage else { return }
    guard time >= members[partitions[index].owner].resumesAt, time >= stoppedUntil else { return }
    if partitions[index].batchLeadsTo >= 0 {
      guard time >= partitions[index].batchEndsAt else { return }
      partitions[index].processed = partitions[index].batchLeadsTo
      partitions[index].batchLeadsTo = -1
      // What was being processed when a rebalance began is finished first.
      if isStopped { return }
    }
    guard !isStopped else { return }
    var next = partitions[index].head
    let pace = time < slowUntil ? 0.8 : 4
    let most = Int64(partitions[index].rate * Double(max(5, plan.batch)) * pace) + 1
    next = min(next, partitions[index].processed + most)
    if let poison = partitions[index].poison { next = min(next, poison) }
    guard next > partitions[index].processed else { return }
    guard plan.batch > 0 else {
      partitions[index].processed = next
      return
    }
    partitions[index].batchLeadsTo = next
    partitions[index].batchEndsAt = time + plan.batch
  }

  private mutating func commitIfDue(_ index: Int) {
    let partition = partitions[index]
    guard partition.owner >= 0, members[partition.owner].isAlive, isCoordinatorUp, !isStopped,
      time >= stoppedUntil, time >= members[partition.owner].resumesAt
    else { return }
    if partition.processed != partition.committed || plan.repeatsCommits {
      commit(index, partition.processed)
    }
  }
}
