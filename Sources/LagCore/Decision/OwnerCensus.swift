/// How the owners of a group get on while some partition stands: whether the consumer is to blame
/// or something that they have in common.
struct OwnerCensus: Equatable {
  /// How many owners either stand or progressed lately.
  private(set) var active = 0
  /// How many of them stand with at least one partition.
  private(set) var standing = 0
  /// With how many partitions they stand.
  private(set) var standingPartitions = 0
  /// When owners other than the one in question progressed last, in milliseconds since 1970 by the
  /// brokers' clock; nil when that is longer ago than half of the time in question.
  private(set) var othersProgressedAt: Int64?
  /// Since when more than half of the active owners stand, in milliseconds since 1970 by the
  /// brokers' clock; nil while they do not.
  private(set) var causeSince: Int64?
  /// How many owners own any partition.
  private(set) var owning = 0

  /// Whether more than half of two or more active owners stand: an outage behind the consumers.
  var isCommonCause: Bool { active >= 2 && 2 * standing > active }

  /// A census of nobody.
  init() {}

  /// Counts the owners of a group.
  ///
  /// What one of them is blamed for is held against all the others over half of the time: an owner
  /// stands when one of its partitions has been behind without progress for half as long as the
  /// partition in question, and progressed when one of its partitions did within that half. Just
  /// before an outage each progressed last at another time, so that the first to be blamed would
  /// else be alone.
  ///
  /// - Parameters:
  ///   - store: the store, judged at this second.
  ///   - group: the index of the group.
  ///   - owners: the owners of its members.
  ///   - owner: the owner in question.
  ///   - age: how long the partition in question stands, in milliseconds.
  ///   - seenAt: when each owner was seen to progress last, in milliseconds since 1970 by the
  ///     brokers' clock, `Int64.min` for never: where offsets are committed again and again while a
  ///     long batch is processed, windows soon hold nothing but repetitions.
  ///   - skew: how far this machine's clock is ahead of the brokers', in milliseconds.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - setAt: when this machine's clock was set last, in milliseconds since 1970 by the brokers'
  ///     clock; nil when it was not.
  init(
    _ store: OffsetStore, group: Int, _ owners: GroupOwners, asking owner: Int, age: Int64,
    seenAt: inout [Int64], skew: Int64, nowSeconds: Int64, setAt: Int64? = nil
  ) {
    if seenAt.count != owners.count { seenAt = Array(repeating: .min, count: owners.count) }
    let half = nowSeconds &* 1000 &- skew &- max(0, age) / 2
    var standingSince = [Int64](repeating: .max, count: owners.count)
    var owns = [Bool](repeating: false, count: owners.count)
    store.forEachOwnedPartition(ofGroup: group, nowSeconds: nowSeconds) { course in
      guard owners.ofMember.indices.contains(course.member) else { return }
      let number = owners.ofMember[course.member]
      owns[number] = true
      // Nobody arrived anywhere after his newest commit.
      if course.behindSince == 0, course.committedAt ?? .min <= max(half, seenAt[number]) { return }
      let arrivedAt = store.arrival(course)
      if let arrivedAt, arrivedAt > half {
        seenAt[number] = max(seenAt[number], arrivedAt)
      } else if course.behindSince != 0 {
        var since = Int64(course.behindSince) &* 1000 &- skew
        // What was noted before the clock was set back says nothing any more.
        if Int64(course.behindSince) > nowSeconds, let setAt { since = setAt }
        if let arrivedAt { since = max(since, arrivedAt) }
        if since <= half {
          standingSince[number] = min(standingSince[number], since)
          standingPartitions += 1
        }
      }
    }
    for number in 0..<owners.count {
      if owns[number] { owning += 1 }
      if standingSince[number] != .max {
        standing += 1
        active += 1
      } else if seenAt[number] > half {
        active += 1
      }
      if number != owner, seenAt[number] > half {
        othersProgressedAt = max(othersProgressedAt ?? .min, seenAt[number])
      }
    }
    if isCommonCause { causeSince = standingSince.sorted()[active / 2] }
  }
}
