/// How the others get on: whether the consumer is to blame or something that all have in common.
extension GroupDecider {
  /// By how many holds the others' progress is looked at, at most: whoever is behind and commits
  /// nothing new for one of them stands, however long the partition in question has stood.
  static let holdsLookedBack: Int64 = 2

  /// How all owners get on while some partition of this pod stands, and whose turn it is.
  mutating func census(
    _ store: OffsetStore, _ counted: [Standing], _ holds: [Hold], _ standing: [Bool],
    _ frame: Frame
  ) -> (census: OwnerCensus, turn: CommonCauseTurn?)? {
    let anybody = longestBehind(frame)
    let own = worst(counted, holds, frame)
    var general: OwnerCensus?
    if let anybody { general = owners(store, asking: anybody, frame) }
    Self.note(general, in: &generalCauses, frame)
    let isSame = own != nil && own?.age == anybody?.age && own?.owner == anybody?.owner
    var census = isSame ? general : nil
    if let own, !isSame { census = owners(store, asking: own, frame) }
    Self.note(census, in: &causes, frame)
    guard let census else { return nil }
    guard census.isCommonCause, let causeSince = census.causeSince, !isTooEarlyForTurns(frame)
    else { return (census, nil) }
    return (census, turn(store, counted, standing, causeSince: causeSince, frame))
  }

  /// Who has been behind for longest, and for how long, as soon as that is worth a look.
  ///
  /// Burrow's verdicts come late where commits are rare: an outage may be over by then.
  private func longestBehind(_ frame: Frame) -> (owner: Int, age: Int64)? {
    guard let longest = frame.view.judgement.longestBehind,
      owners.ofMember.indices.contains(longest.member)
    else { return nil }
    let start = [behind(since: longest.since, frame), frame.clockSetAt, freshSince]
      .compactMap { $0 }.max()
    let age = frame.now.monotonic - (start ?? frame.now.monotonic)
    return age < Self.noticeAfter ? nil : (owners.ofMember[longest.member], age)
  }

  /// How long a partition must be behind before anybody looks at the others, in milliseconds
  /// (60 s).
  private static let noticeAfter: Int64 = 60_000

  /// The partition that has been held against its owner for longest, of those that are not ignored:
  /// what others did since a poisoned one stopped says nothing of one that stopped just now.
  private func worst(
    _ counted: [Standing], _ holds: [Hold], _ frame: Frame
  ) -> (owner: Int, age: Int64)? {
    var worst: (partition: Int, held: Int64)?
    for (partition, hold) in holds.enumerated() where hold.held > worst?.held ?? .min {
      if !isIgnored(counted[partition], frame) { worst = (partition, hold.held) }
    }
    guard let worst else { return nil }
    let member = counted[worst.partition].partition.member
    return (
      owners.ofMember.indices.contains(member) ? owners.ofMember[member] : -1,
      holds[worst.partition].age
    )
  }

  private func isIgnored(_ standing: Standing, _ frame: Frame) -> Bool {
    standing.isOfAnother
      || (parameters.guards.contains(.poison)
        && history.isIgnored(standing.partition.place, now: frame.now.monotonic))
  }

  private mutating func owners(
    _ store: OffsetStore, asking: (owner: Int, age: Int64), _ frame: Frame
  ) -> OwnerCensus {
    OwnerCensus(
      store, group: frame.view.group, owners, asking: asking.owner,
      age: min(asking.age, Self.holdsLookedBack * frame.hold), seenAt: &progressSeenAt,
      skew: frame.view.clockSkew, nowSeconds: frame.now.wallSeconds,
      setAt: frame.clockSetAt.map { frame.brokerClock &- (frame.now.monotonic &- $0) })
  }

  private static func note(
    _ census: OwnerCensus?, in causes: inout CommonCauseHistory, _ frame: Frame
  ) {
    if let census, census.isCommonCause, let since = census.causeSince {
      causes.goesOn(
        standing: census.standingPartitions,
        since: census.othersProgressedAt == nil ? frame.now.ago(frame.brokerClock &- since) : nil,
        now: frame.now.monotonic)
    } else {
      causes.isOver()
    }
  }

  private func turn(
    _ store: OffsetStore, _ counted: [Standing], _ standing: [Bool], causeSince: Int64,
    _ frame: Frame
  ) -> CommonCauseTurn? {
    var own = [Bool](repeating: false, count: owners.units)
    for one in counted {
      note(one.partition.member, since: one.partition.behindSince, in: &own, frame)
    }
    return CommonCauseTurn(
      standing: Set(standing.indices.filter { standing[$0] }),
      own: Set(own.indices.filter { own[$0] }),
      causeSince: causeSince + rebalancing(since: causeSince, frame),
      rebalancedAt: store.rebalances(ofGroup: frame.view.group).lastAt,
      failingFor: frame.allowance.failingFor, brokerClock: frame.brokerClock,
      turn: parameters.failFor)
  }

  /// For how much of the time since then rebalances may be to blame, in milliseconds: a group that
  /// is not let work is no sign of an outage.
  private func rebalancing(since: Int64, _ frame: Frame) -> Int64 {
    guard parameters.guards.contains(.rebalance) else { return 0 }
    return rebalanceTimes.taken(
      from: frame.now.ago(frame.brokerClock &- since), to: frame.now.monotonic,
      each: rebalanceLasts(frame))
  }

  /// For how long a rebalance excuses that nobody gets on, in milliseconds; where the coordinator
  /// may not be asked, another one may have begun unseen.
  private func rebalanceLasts(_ frame: Frame) -> Int64 {
    (stability.isRefused ? 2 : 1) * frame.hold
  }

  /// Notes the rank of a member that has stood with a partition for the hold.
  @inline(__always)
  func note(_ member: Int, since: UInt32, in stands: inout [Bool], _ frame: Frame) {
    guard owners.rank.indices.contains(member), !stands[owners.rank[member]] else { return }
    if frame.now.monotonic - behind(since: since, frame) >= frame.hold {
      stands[owners.rank[member]] = true
    }
  }

  /// Whether a common cause may be about to end by itself: whoever comes back late is only slow,
  /// and a group that rebalances, or may have begun to since, needs its time.
  private func isTooEarlyForTurns(_ frame: Frame) -> Bool {
    let now = frame.now.monotonic
    if let easedAt = causes.easedAt, now - easedAt < frame.hold { return true }
    guard parameters.guards.contains(.rebalance), let rebalancedAt = rebalanceTimes.lastAt
    else { return false }
    return now - rebalancedAt < rebalanceLasts(frame)
  }

  /// Looks whether others progressed in the second half of the time for which a partition has been
  /// held against its owner, who may have it from one that stood there for longer.
  func progress(_ census: OwnerCensus?, held: Int64, _ frame: Frame) -> ClauseFinding {
    let isOff = !parameters.guards.contains(.progress)
    guard let census else { return ClauseFinding(.progress, holds: isOff, .nobodyProgressed) }
    let half = min(max(held, frame.hold), Self.holdsLookedBack * frame.hold) / 2
    if let at = census.othersProgressedAt, frame.brokerClock &- at < half {
      return ClauseFinding(
        .progress, holds: true, .othersProgressed(max(0, frame.brokerClock &- at)))
    }
    let alone = soleOwnerSince.map { frame.now.monotonic - $0 }
    if let alone, census.owning <= 1, alone >= frame.hold {
      return ClauseFinding(.progress, holds: true, .soleOwner(alone))
    }
    // In its turn a pod may fail although nobody progresses: that is what turns are for.
    return ClauseFinding(.progress, holds: isOff || census.isCommonCause, .nobodyProgressed)
  }

  func commonCause(
    _ census: OwnerCensus?, _ turn: CommonCauseTurn?, _ frame: Frame
  ) -> ClauseFinding {
    guard let census else {
      return ClauseFinding(.commonCause, holds: true, .owners(standing: 0, active: 0))
    }
    guard census.isCommonCause, let since = census.causeSince else {
      return ClauseFinding(
        .commonCause, holds: true, .owners(standing: census.standing, active: census.active))
    }
    let isItsTurn = turn.map { $0.isNow || !parameters.guards.contains(.turns) } ?? false
    return ClauseFinding(
      .commonCause, holds: isItsTurn || !parameters.guards.contains(.commonCause),
      .commonCause(
        standing: census.standing, active: census.active, max(0, frame.brokerClock &- since), turn))
  }
}
