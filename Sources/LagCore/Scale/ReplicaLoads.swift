/// What each replica of a group does, to find those that work as fast as they can.
///
/// A replica is a distinct host with members. One is saturated while each of its members that has
/// anything to do has a partition whose lag was never gone in its window: no thread of it waits.
struct ReplicaLoads {
  private struct MemberLoad {
    var rate = 0.0
    var lag: UInt64 = 0
    var isBusy = false
    /// The oldest commit that the rate is made of, in milliseconds since 1970.
    var since = Int64.max
  }

  private var loads: [MemberLoad]
  private let membership: GroupMembership?

  /// For how many seconds a saturated replica has work ahead, at least: a lag that is only what is
  /// under way says nothing.
  private static let leastWork = 30.0

  init(_ membership: GroupMembership?) {
    self.membership = membership
    loads = Array(repeating: MemberLoad(), count: membership?.members.count ?? 0)
  }

  /// Adds what a member does in one of its partitions.
  ///
  /// - Parameters:
  ///   - pace: how fast the partition is consumed; nil while that is not known.
  ///   - lag: records that it has before it.
  ///   - isBusy: whether the lag was never gone.
  ///   - member: the place of the member; one that does not exist is passed over.
  mutating func add(_ pace: WindowPool.Pace?, lag: UInt64, isBusy: Bool, toMember member: Int) {
    let rate = pace?.rate ?? 0
    guard loads.indices.contains(member), rate > 0 || lag > 0 else { return }
    loads[member].rate += rate
    if isBusy {
      loads[member].lag &+= lag
      loads[member].isBusy = true
    }
    loads[member].since = min(loads[member].since, pace?.since ?? .max - 1)
  }

  /// The mean rate of the saturated replicas, nil when there is none.
  ///
  /// A rate that began before the members last changed is nobody's.
  var saturatedRate: Double? {
    guard let membership else { return nil }
    var replicas: [String: (rate: Double, lag: UInt64, isSaturated: Bool)] = [:]
    for (place, load) in loads.enumerated() where load.since != .max {
      let address = membership.members[place].address
      var replica = replicas[address] ?? (0, 0, true)
      replica.rate += load.rate
      replica.lag &+= load.lag
      if !load.isBusy || load.since < membership.changedAt { replica.isSaturated = false }
      replicas[address] = replica
    }
    let saturated = replicas.values.filter {
      $0.isSaturated && $0.rate > 0 && Double($0.lag) >= $0.rate * Self.leastWork
    }
    guard !saturated.isEmpty else { return nil }
    // Dictionaries have no order, and sums of floating-point numbers depend on theirs.
    return saturated.map(\.rate).sorted().reduce(0, +) / Double(saturated.count)
  }
}

extension WindowPool {
  /// How fast the commits of a window go on.
  struct Pace {
    /// Records per second, 0 and up.
    let rate: Double
    /// When it begins, in milliseconds since 1970.
    let since: Int64
  }

  /// Returns the pace of a window, nil while it has fewer than three commits.
  ///
  /// The largest step is left out: a consumer that seeks, or an operator that moves offsets, makes
  /// one that nobody consumed.
  func pace(of window: Int32) -> Pace? {
    let commits = entries(of: window)
    guard commits.count > 2, let first = commits.first, let last = commits.last else { return nil }
    var largest = (records: Int64.min, time: Int64(0))
    for (before, after) in zip(commits, commits.dropFirst()) {
      let records = after.offset &- before.offset
      if records > largest.records { largest = (records, after.timestamp &- before.timestamp) }
    }
    let time = (last.timestamp &- first.timestamp) &- largest.time
    let records = (last.offset &- first.offset) &- largest.records
    guard time > 0 else { return nil }
    return Pace(rate: max(0, Double(records)) * 1000 / Double(time), since: first.timestamp)
  }
}
