extension GroupDecider {
  /// For how many holds a partition must stand before rebalances are no excuse any more: longer
  /// than a rollout whose every rebalance waits for slow consumers.
  static let holdsDespiteRebalances: Int64 = 12

  /// A partition of this pod that stands.
  struct Standing {
    let partition: TroubledPartition
    /// Since when its member owns it, on the monotonic clock in milliseconds; nil when that is not
    /// known.
    let ownedSince: Int64?
    /// Whether that member belongs to a container that is gone.
    let isOfAnother: Bool
  }

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
    let (counted, others) = standing(frame)
    let cause = census(store, counted, frame)
    var poisonedUntil: Int64?
    var anothers = 0
    var candidates: [Candidate] = []
    for standing in counted {
      let candidate = candidate(standing, frame, isCause: cause?.census.isCommonCause ?? false)
      if standing.isOfAnother {
        anothers += 1
      } else if guards.contains(.poison), !history.entries.isEmpty,
        let until = history.poisonedUntil(
          standing.partition.place, of: own.owned[standing.partition.place]?.memberID,
          isHeld: candidate.held >= frame.hold, now: frame.now.monotonic)
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
          nothingStands(others)
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

  /// The partitions that stand and can fail liveness of this pod, and how many others stand.
  private func standing(_ frame: Frame) -> (counted: [Standing], others: Int) {
    let failOn = parameters.livenessFailOn
    let (failsOnStop, failsOnStall) = (failOn.contains(.stop), failOn.contains(.stall))
    var counted: [Standing] = []
    var others = 0
    let mayBeOfAnother =
      parameters.guards.contains(.incarnations) && parameters.scope == .pod
      && own.mayHaveOthers(frame.containers, now: frame.now.monotonic)
    for partition in frame.view.troubled where partition.isStanding {
      let isFailure = partition.rule == .stopped ? failsOnStop : failsOnStall
      guard isFailure, counts(partition) else {
        others += 1
        continue
      }
      counted.append(
        Standing(
          partition: partition, ownedSince: own.owned[partition.place]?.since,
          isOfAnother: mayBeOfAnother && isOfAnotherIncarnation(partition.place, frame)))
    }
    return (counted, others)
  }

  /// Whether a partition is held against this pod.
  private func counts(_ partition: TroubledPartition) -> Bool {
    parameters.scope == .group || !parameters.guards.contains(.ownPartitions)
      || owners.isOwn(partition.member)
  }

  private func nothingStands(_ others: Int) -> ClauseEvidence {
    if parameters.scope == .group { return .healthy(others: others) }
    if identity.isEmpty { return .noIdentity }
    if !owners.hasOwn { return .noMember(of: owners.ofMember.count) }
    return .healthy(others: others)
  }

  private func isOfAnotherIncarnation(_ place: TopicPartition, _ frame: Frame) -> Bool {
    guard let owned = own.owned[place] else { return false }
    return own.isOfAnother(
      owned.memberID, containers: frame.containers, now: frame.now.monotonic)
  }

  // MARK: The hold

  /// Finds from when the hold of a partition counts: the last of all moments that excuse it.
  func candidate(_ standing: Standing, _ frame: Frame, isCause: Bool) -> Candidate {
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
    if guards.contains(.ownership) { raise(standing.ownedSince, .owned) }
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
    return Candidate(
      partition: standing.partition, held: max(0, frame.now.monotonic - at), start: start, age: age)
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
