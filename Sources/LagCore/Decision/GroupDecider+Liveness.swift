extension GroupDecider {
  /// For how many holds a partition must stand before rebalances are no excuse any more: longer
  /// than a rollout whose every rebalance waits for slow consumers.
  static let holdsDespiteRebalances: Int64 = 12

  /// A partition of this pod that stands.
  struct Standing {
    let partition: TroubledPartition
    /// Which of the partitions it is that this pod owns; nil when that is not known.
    let owned: Int?
    /// Whether that member belongs to a container that is gone.
    let isOfAnother: Bool
  }

  /// For how long a partition that stands has been held against its owner.
  struct Hold {
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
    let (counted, others, standing) = standing(frame)
    let holds = counted.map { held($0, frame, isCause: true) }
    let cause = census(store, counted, holds, standing, frame)
    // Most of the time nothing common was to blame lately, and the holds are the same then.
    let isAftermath =
      cause?.census.isCommonCause != true && guards.contains(.aftermath)
      && (causes.endedAt != nil || generalCauses.endedAt != nil)
    var poisonedUntil: Int64?
    var anothers = 0
    var candidates: [(partition: Int, hold: Hold)] = []
    for (partition, standing) in counted.enumerated() {
      let hold = isAftermath ? held(standing, frame, isCause: false) : holds[partition]
      if standing.isOfAnother {
        anothers += 1
      } else if guards.contains(.poison), !history.entries.isEmpty,
        let until = history.poisonedUntil(
          standing.partition.place, of: standing.owned.map { own.owned[$0].memberID },
          isHeld: hold.held >= frame.hold, now: frame.now.monotonic)
      {
        decision.poisoned += 1
        poisonedUntil = min(poisonedUntil ?? .max, until)
      } else {
        candidates.append((partition, hold))
      }
    }
    guard let candidate = candidates.max(by: { $0.hold.held < $1.hold.held }) else {
      stability.expire(now: frame.now.monotonic)
      let evidence: ClauseEvidence =
        if let poisonedUntil {
          .poison(count: decision.poisoned, retryIn: poisonedUntil - frame.now.monotonic)
        } else if anothers > 0 {
          .anotherIncarnation
        } else {
          nothingStands(others)
        }
      return LivenessDecision(
        findings: findings([fresh, ClauseFinding(.partition, holds: false, evidence)], frame),
        culprit: nil, owner: nil)
    }
    let worst = counted[candidate.partition].partition
    let hold = candidate.hold
    let found = [
      fresh,
      ClauseFinding(
        .partition, holds: true, .standing(worst, count: candidates.count)),
      ClauseFinding(
        .hold, holds: hold.held >= frame.hold || !guards.contains(.hold),
        .held(hold.held, of: frame.hold, since: hold.start)),
      progress(cause?.census, held: hold.held, frame),
      commonCause(cause?.census, cause?.turn, frame), stability.finding, governor(frame),
      pause(frame),
    ]
    let liveness = LivenessDecision(
      findings: settled(found, store, frame), culprit: worst,
      owner: store.membership(ofGroup: frame.view.group).flatMap { membership in
        membership.members.indices.contains(worst.member)
          ? PartitionOwner(membership.members[worst.member]) : nil
      })
    if liveness.fails {
      culprits = candidates.lazy.filter { $0.hold.held >= frame.hold }.map {
        counted[$0.partition].partition.place
      }
    }
    return liveness
  }

  // MARK: Whose partition

  /// The partitions that stand and can fail liveness of this pod, how many others stand, and which
  /// units have stood with any for the hold, by their ranks.
  private func standing(
    _ frame: Frame
  ) -> (counted: [Standing], others: Int, units: [Bool]) {
    let failOn = parameters.livenessFailOn
    let (failsOnStop, failsOnStall) = (failOn.contains(.stop), failOn.contains(.stall))
    var counted: [Standing] = []
    var others = 0
    var units: [Bool] = []
    var next = 0
    let mayBeOfAnother =
      parameters.guards.contains(.incarnations) && parameters.scope == .pod
      && own.mayHaveOthers(frame.containers, now: frame.now.monotonic)
    // Whose partitions they are does not matter then.
    let countsAll = parameters.scope == .group || !parameters.guards.contains(.ownPartitions)
    let owners = owners
    let troubled = frame.view.troubled
    if !troubled.isEmpty { units = Array(repeating: false, count: owners.units) }
    for place in troubled.indices where troubled[place].isStanding {
      note(troubled[place].member, since: troubled[place].behindSince, in: &units, frame)
      let isFailure = troubled[place].rule == .stopped ? failsOnStop : failsOnStall
      guard isFailure, countsAll || owners.isOwn(troubled[place].member) else {
        others += 1
        continue
      }
      let owned = own.index(of: troubled[place].place, expected: next)
      next = (owned ?? 0) + 1
      counted.append(
        Standing(
          partition: troubled[place], owned: owned,
          isOfAnother: mayBeOfAnother && isOfAnotherIncarnation(owned, frame)))
    }
    return (counted, others, units)
  }

  private func nothingStands(_ others: Int) -> ClauseEvidence {
    if parameters.scope == .group { return .healthy(others: others) }
    if identity.isEmpty { return .noIdentity }
    if !owners.hasOwn { return .noMember(of: owners.ofMember.count) }
    return .healthy(others: others)
  }

  private func isOfAnotherIncarnation(_ owned: Int?, _ frame: Frame) -> Bool {
    guard let owned else { return false }
    return own.isOfAnother(
      own.owned[owned].memberID, containers: frame.containers, now: frame.now.monotonic)
  }

  // MARK: The hold

  /// Finds from when the hold of a partition counts: the last of all moments that excuse it.
  private func held(_ standing: Standing, _ frame: Frame, isCause: Bool) -> Hold {
    let guards = parameters.guards
    var at = behind(since: standing.partition.behindSince, frame)
    var start = HoldStart.behind
    func raise(_ moment: Int64?, _ reason: HoldStart) {
      guard let moment, moment > at else { return }
      at = moment
      start = reason
    }
    if guards.contains(.clock) { raise(frame.clockSetAt, .clockSet) }
    if guards.contains(.freshness) { raise(freshSince, .fresh) }
    let age = frame.now.monotonic - at
    if guards.contains(.ownership) { raise(standing.owned.map { own.owned[$0].since }, .owned) }
    if guards.contains(.pause) { raise(resumedAt, .resumed) }
    if guards.contains(.aftermath), !isCause {
      raise(causes.endedAt, .causeEnded)
      raise(generalCauses.endedAt, .causeEnded)
    }
    if guards.contains(.rebalance),
      frame.now.monotonic - at < frame.hold * Self.holdsDespiteRebalances
    {
      // Where the coordinator may not be asked, another rebalance may have begun unseen.
      raise(
        rebalanceTimes.lastAt.map { stability.isRefused ? $0 + frame.hold : $0 }, .rebalanced)
    }
    return Hold(held: max(0, frame.now.monotonic - at), start: start, age: age)
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
