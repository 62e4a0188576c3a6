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
    // By member, so that each partition needs one look only; owners follow from them.
    var states = owners.ofMember.map { State(progressedAt: seenAt[$0]) }
    var standingPartitions = 0
    store.forEachOwnedWindow(ofGroup: group, nowSeconds: nowSeconds) { window, number, course in
      guard number < states.count else { return }
      states[number].owns = true
      if course.arrivedUntil <= max(half, states[number].progressedAt) { return }
      let arrivedAt = store.arrival(window, course)
      if let arrivedAt, arrivedAt > half {
        states[number].progressedAt = max(states[number].progressedAt, arrivedAt)
      } else if course.behindSince != 0 {
        var since = Int64(course.behindSince) &* 1000 &- skew
        // What was noted before the clock was set back says nothing any more.
        if Int64(course.behindSince) > nowSeconds, let setAt { since = setAt }
        if let arrivedAt { since = max(since, arrivedAt) }
        if since <= half {
          states[number].standingSince = min(states[number].standingSince, since)
          standingPartitions &+= 1
        }
      }
    }
    self.standingPartitions = standingPartitions
    var found = seenAt.map { State(progressedAt: $0) }
    for (number, state) in zip(owners.ofMember, states) { found[number].join(state) }
    for (number, state) in found.enumerated() {
      seenAt[number] = state.progressedAt
      if state.owns { owning += 1 }
      if state.standingSince != .max {
        standing += 1
        active += 1
      } else if state.progressedAt > half {
        active += 1
      }
      if number != owner, state.progressedAt > half {
        othersProgressedAt = max(othersProgressedAt ?? .min, state.progressedAt)
      }
    }
    if isCommonCause { causeSince = found.map(\.standingSince).sorted()[active / 2] }
  }

  /// What is found of one owner, or of one of its members.
  private struct State {
    var owns = false
    /// Since when it stands, in milliseconds since 1970 by the brokers' clock; `Int64.max` while it
    /// does not.
    var standingSince = Int64.max
    /// When it was seen to progress last, likewise.
    var progressedAt: Int64

    mutating func join(_ other: State) {
      owns = owns || other.owns
      standingSince = min(standingSince, other.standingSince)
      progressedAt = max(progressedAt, other.progressedAt)
    }
  }
}
