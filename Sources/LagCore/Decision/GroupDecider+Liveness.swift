extension GroupDecider {
  /// For how many holds a partition must stand before rebalances are no excuse any more: longer
  /// than a rollout whose every rebalance waits for slow consumers.
  static let holdsDespiteRebalances: Int64 = 12
  /// By how many holds the others' progress is looked at, at most: whoever is behind and commits
  /// nothing new for one of them stands, however long the partition in question has stood.
  static let holdsLookedBack: Int64 = 2

  /// A partition that stands, with the time for which it has been held against its owner.
  struct Candidate {
    let partition: TroubledPartition
    /// How long it counts as standing, in milliseconds.
    let held: Int64
    /// From when that counts.
    let start: HoldStart
    /// How long it has stood, whoever owned it and whatever happened, in milliseconds.
    let age: Int64
  }

  /// Decides whether liveness fails, clause by clause.
  mutating func liveness(_ store: OffsetStore, _ frame: Frame) -> LivenessDecision {
    let guards = parameters.guards
    culprits.removeAll(keepingCapacity: true)
    decision.poisoned = 0
    isDescriptionDue = false
    if frame.view.isDoubtful, guards.contains(.freshness) {
      stability.expire(now: frame.now.monotonic)
      return LivenessDecision(
        findings: findings([ClauseFinding(.inputs, holds: false, .doubtful)], frame),
        culprit: nil, owner: nil)
    }
    let fresh = ClauseFinding(.inputs, holds: true, .fresh)
    let standing = frame.view.troubled.filter(\.isStanding)
    let counted = standing.filter { counts($0) }
    let cause = census(store, standing, counted, frame)
    var poisonedUntil: Int64?
    var anothers = 0
    var candidates: [Candidate] = []
    for partition in counted {
      let candidate = candidate(partition, frame, isCause: cause?.census.isCommonCause ?? false)
      if isOfAnotherIncarnation(partition, frame) {
        anothers += 1
      } else if guards.contains(.poison),
        let until = history.poisonedUntil(
          partition.place, isHeld: candidate.held >= frame.hold, now: frame.now.monotonic)
      {
        decision.poisoned += 1
        poisonedUntil = min(poisonedUntil ?? .max, until)
      } else {
        candidates.append(candidate)
      }
    }
    guard let worst = candidates.max(by: { $0.held < $1.held }) else {
      stability.expire(now: frame.now.monotonic)
      let evidence: ClauseEvidence =
        if let poisonedUntil {
          .poison(count: decision.poisoned, retryIn: poisonedUntil - frame.now.monotonic)
        } else if anothers > 0 {
          .anotherIncarnation
        } else {
          nothingStands(standing.count)
        }
      return LivenessDecision(
        findings: findings([fresh, ClauseFinding(.partition, holds: false, evidence)], frame),
        culprit: nil, owner: nil)
    }
    let found = [
      fresh,
      ClauseFinding(
        .partition, holds: true, .standing(worst.partition, count: candidates.count)),
      ClauseFinding(
        .hold, holds: worst.held >= frame.hold || !guards.contains(.hold),
        .held(worst.held, of: frame.hold, since: worst.start)),
      progress(cause?.census, held: worst.held, frame),
      commonCause(cause?.census, cause?.turn, frame), stability.finding, governor(frame),
      pause(frame),
    ]
    let liveness = LivenessDecision(
      findings: settled(found, store, frame), culprit: worst.partition,
      owner: store.membership(ofGroup: frame.view.group).flatMap { membership in
        membership.members.indices.contains(worst.partition.member)
          ? PartitionOwner(membership.members[worst.partition.member]) : nil
      })
    if liveness.fails {
      culprits = candidates.lazy.filter { $0.held >= frame.hold }.map(\.partition.place)
    }
    return liveness
  }

  // MARK: Whose partition

  private func counts(_ partition: TroubledPartition) -> Bool {
    guard parameters.livenessFailOn.contains(partition.rule.status) else { return false }
    return parameters.scope == .group || !parameters.guards.contains(.ownPartitions)
      || owners.isOwn(partition.member)
  }

  private func nothingStands(_ others: Int) -> ClauseEvidence {
    if parameters.scope == .group { return .healthy(others: others) }
    if identity.isEmpty { return .noIdentity }
    if !owners.hasOwn { return .noMember(of: owners.ofMember.count) }
    return .healthy(others: others)
  }

  private func isOfAnotherIncarnation(_ partition: TroubledPartition, _ frame: Frame) -> Bool {
    guard parameters.guards.contains(.incarnations), parameters.scope == .pod,
      let owned = own.owned[partition.place]
    else { return false }
    return own.isOfAnother(
      owned.memberID, containerSince: frame.containerSince, now: frame.now.monotonic)
  }

  // MARK: The hold

  /// Finds from when the hold of a partition counts: the last of all moments that excuse it.
  private func candidate(
    _ partition: TroubledPartition, _ frame: Frame, isCause: Bool
  ) -> Candidate {
    let guards = parameters.guards
    var at = behind(since: partition.behindSince, frame)
    var start = HoldStart.behind
    func raise(_ moment: Int64?, _ reason: HoldStart) {
      guard let moment, moment > at else { return }
      at = moment
      start = reason
    }
    if guards.contains(.clock) { raise(frame.clockSetAt, .clockSet) }
    if guards.contains(.freshness) { raise(freshSince, .fresh) }
    let age = frame.now.monotonic - at
    if guards.contains(.ownership) { raise(own.owned[partition.place]?.since, .owned) }
    if guards.contains(.pause) { raise(resumedAt, .resumed) }
    if guards.contains(.aftermath), !isCause {
      raise(causes.endedAt, .causeEnded)
      raise(generalCauses.endedAt, .causeEnded)
    }
    if guards.contains(.rebalance),
      frame.now.monotonic - at < frame.hold * Self.holdsDespiteRebalances
    {
      // Where the coordinator may not be asked, another rebalance may have begun unseen.
      raise(rebalancedAt.map { stability.isRefused ? $0 + frame.hold : $0 }, .rebalanced)
    }
    return Candidate(
      partition: partition, held: max(0, frame.now.monotonic - at), start: start, age: age)
  }

  // MARK: The others

  /// How all owners get on while some partition of this pod stands, and whose turn it is.
  private mutating func census(
    _ store: OffsetStore, _ standing: [TroubledPartition], _ counted: [TroubledPartition],
    _ frame: Frame
  ) -> (census: OwnerCensus, turn: CommonCauseTurn?)? {
    let anybody = longestBehind(store, frame)
    let own = worst(counted, frame)
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
    return (census, turn(store, standing, causeSince: causeSince, frame))
  }

  /// Who has been behind for longest, and for how long, as soon as that is worth a look.
  ///
  /// Burrow's verdicts come late where commits are rare: an outage may be over by then.
  private func longestBehind(
    _ store: OffsetStore, _ frame: Frame
  ) -> (owner: Int, age: Int64)? {
    guard
      let longest = store.longestBehind(
        ofGroup: frame.view.group, nowSeconds: frame.now.wallSeconds),
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
    _ standing: [TroubledPartition], _ frame: Frame
  ) -> (owner: Int, age: Int64)? {
    var worst: Candidate?
    for partition in standing where !isIgnored(partition, frame) {
      let candidate = candidate(partition, frame, isCause: true)
      if candidate.held > worst?.held ?? .min { worst = candidate }
    }
    guard let worst else { return nil }
    let member = worst.partition.member
    return (owners.ofMember.indices.contains(member) ? owners.ofMember[member] : -1, worst.age)
  }

  private func isIgnored(_ partition: TroubledPartition, _ frame: Frame) -> Bool {
    isOfAnotherIncarnation(partition, frame)
      || (parameters.guards.contains(.poison)
        && history.isIgnored(partition.place, now: frame.now.monotonic))
  }

  private mutating func owners(
    _ store: OffsetStore, asking: (owner: Int, age: Int64), _ frame: Frame
  ) -> OwnerCensus {
    OwnerCensus(
      store, group: frame.view.group, owners, asking: asking.owner,
      age: min(asking.age, Self.holdsLookedBack * frame.hold), seenAt: &progressSeenAt,
      skew: frame.view.clockSkew, nowSeconds: frame.now.wallSeconds)
  }

  private static func note(
    _ census: OwnerCensus?, in causes: inout CommonCauseHistory, _ frame: Frame
  ) {
    if let census, census.isCommonCause, let since = census.causeSince {
      causes.goesOn(
        standing: census.standingPartitions, since: frame.now.ago(frame.brokerClock &- since),
        now: frame.now.monotonic)
    } else {
      causes.isOver()
    }
  }

  private func turn(
    _ store: OffsetStore, _ standing: [TroubledPartition], causeSince: Int64, _ frame: Frame
  ) -> CommonCauseTurn? {
    var all: Set<Int> = []
    var own: Set<Int> = []
    for partition in standing where owners.rank.indices.contains(partition.member) {
      guard frame.now.monotonic - behind(since: partition.behindSince, frame) >= frame.hold else {
        continue
      }
      all.insert(owners.rank[partition.member])
      if counts(partition) { own.insert(owners.rank[partition.member]) }
    }
    return CommonCauseTurn(
      standing: all, own: own, causeSince: causeSince,
      rebalancedAt: store.rebalances(ofGroup: frame.view.group).lastAt,
      brokerClock: frame.brokerClock, turn: parameters.failFor)
  }

  /// Whether a common cause may be about to end by itself: whoever comes back late is only slow,
  /// and a group that rebalances, or may have begun to since, needs its time.
  private func isTooEarlyForTurns(_ frame: Frame) -> Bool {
    let now = frame.now.monotonic
    if let easedAt = causes.easedAt, now - easedAt < frame.hold { return true }
    guard parameters.guards.contains(.rebalance), let rebalancedAt else { return false }
    return now - rebalancedAt < (stability.isRefused ? 2 : 1) * frame.hold
  }

  /// Looks whether others progressed in the second half of the time for which a partition has been
  /// held against its owner, who may have it from one that stood there for longer.
  private func progress(_ census: OwnerCensus?, held: Int64, _ frame: Frame) -> ClauseFinding {
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

  private func commonCause(
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

  // MARK: What may be done about it

  private func governor(_ frame: Frame) -> ClauseFinding {
    ClauseFinding(.governor, holds: frame.allowance.isGiven, .governor(frame.allowance))
  }

  private func pause(_ frame: Frame) -> ClauseFinding {
    let isOn = parameters.guards.contains(.pause)
    if parameters.isPaused { return ClauseFinding(.pause, holds: !isOn, .paused(nil)) }
    guard let until = pausedUntil else { return ClauseFinding(.pause, holds: true, .notPaused) }
    return ClauseFinding(.pause, holds: !isOn, .paused(until - frame.now.monotonic))
  }

  /// Asks the coordinator when nothing else is missing, and forgets its word when it is not.
  private mutating func settled(
    _ found: [ClauseFinding], _ store: OffsetStore, _ frame: Frame
  ) -> [ClauseFinding] {
    var found = found
    let place = Int(LivenessClause.stability.rawValue)
    let isOff = !parameters.guards.contains(.stability)
    if found.contains(where: { !$0.holds && $0.clause != .stability }) {
      stability.expire(now: frame.now.monotonic)
      found[place] = ClauseFinding(.stability, holds: isOff, .notAsked)
    } else if isOff {
      found[place].holds = true
    } else if !found[place].holds {
      isDescriptionDue = stability.isDue(now: frame.now.monotonic)
    }
    return found
  }

  /// The findings when an early clause lets liveness pass: what does not depend on a partition is
  /// told all the same.
  private func findings(_ found: [ClauseFinding], _ frame: Frame) -> [ClauseFinding] {
    LivenessClause.allCases.map { clause in
      if Int(clause.rawValue) < found.count { return found[Int(clause.rawValue)] }
      switch clause {
      case .governor: return governor(frame)
      case .pause: return pause(frame)
      default: return ClauseFinding(clause, holds: false, .notAsked)
      }
    }
  }
}
