/// What a group's scale is worked out from.
extension OffsetStore {
  /// Looks at a group at the end of a minute.
  ///
  /// - Parameters:
  ///   - group: the index of the group.
  ///   - minute: the moment in minutes since 1970; see `ScaleObservation.minute(at:)`.
  ///   - history: over how many minutes rates are taken.
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - headInterval: the distance at which heads are sampled, in milliseconds.
  ///   - parameters: as for the verdict.
  /// - Returns: nil while no commit stands.
  package mutating func observeScale(
    group: Int, minute: Int64, history: Int, nowSeconds: Int64, headInterval: Int64,
    parameters: JudgementParameters
  ) -> ScaleObservation? {
    guard hasData(group: group) else { return nil }
    let scene = ScaleScene(
      frame: frame(
        EvaluationParameters(
          allowedLag: parameters.allowedLag, minimumComplete: 0,
          warningNeedsTwoLags: parameters.warningNeedsTwoLags, clockSkew: parameters.clockSkew,
          staleAfter: parameters.staleAfter), group: group, nowSeconds: nowSeconds),
      parameters: parameters, mark: minute &* RateHistory.minute, headInterval: headInterval)
    var observation = ScaleObservation(minute: minute)
    var loads = ReplicaLoads(groups[group].membership)
    var stuck: [Int32] = []
    for index in groups[group].topics where groupTopics[Int(index)].windowCount > 0 {
      guard !isLeftOut(groupTopic: Int(index), nowSeconds: nowSeconds) else { continue }
      look(atGroupTopic: Int(index), scene, &observation, &loads, &stuck)
    }
    setStuck(stuck, ofGroup: group, nowSeconds: nowSeconds)
    describeMembers(of: group, nowSeconds: nowSeconds, in: &observation)
    // What a slow consumer did in the last minute its next commit tells.
    let minutes = (minute &- 1 &- Int64(history))..<(minute &- 1)
    let seconds = Double(history) * 60
    let rates = groups[group].rates
    observation.produced = Double(rates.count(.produced, minutes: minutes)) / seconds
    observation.consumed = Double(rates.count(.consumed, minutes: minutes)) / seconds
    observation.saturatedRate = observation.isStable ? loads.saturatedRate : nil
    return observation
  }

  /// Looks at the partitions of one topic; it changes nothing, as in `judge`.
  private func look(
    atGroupTopic index: Int, _ scene: ScaleScene, _ observation: inout ScaleObservation,
    _ loads: inout ReplicaLoads, _ stuck: inout [Int32]
  ) {
    let topic = Int(groupTopics[index].topic)
    for (partition, window) in groupTopics[index].windows.enumerated() where window >= 0 {
      let summary = pool.summary(of: window)
      guard summary.count > 0 else { continue }
      let found = finding(
        summary, window: window, topic: topic, partition: Int32(partition), frame: scene.frame)
      let lags = lags(found, window: window, topic: topic, partition: Int32(partition), scene)
      observation.partitions += 1
      observation.totalLag &+= lags.current
      observation.largestLag = max(observation.largestLag, lags.current)
      let standing =
        !found.isHeadKnown || found.flags.contains(.headOld)
        ? .withoutHead
        : standing(window, summary, lag: lags.current, topic: topic, Int32(partition), scene)
      switch standing {
      case .withoutHead: observation.withoutHead += 1
      case .unknown: observation.unknown += 1
      case .stuck:
        observation.stuck += 1
        stuck.append(window)
      case .lagging:
        observation.lagging += 1
        observation.scalableLag &+= lags.backlog
      case .keepingUp: break
      }
      let owner = Int(pool.owner(of: window)) - 1
      guard owner >= 0 else { continue }
      loads.add(
        pool.pace(of: window), lag: lags.backlog, isBusy: standing == .lagging, toMember: owner)
    }
  }

  /// How a partition stands with regard to scale.
  private enum Standing {
    case withoutHead
    case unknown
    case stuck
    case lagging
    case keepingUp
  }

  /// How a partition stood at the moment that is looked at, whatever was committed since.
  private func standing(
    _ window: Int32, _ summary: WindowPool.Summary, lag: UInt64, topic: Int, _ partition: Int32,
    _ scene: ScaleScene
  ) -> Standing {
    guard lag > scene.parameters.allowedLag else { return .keepingUp }
    if completeness(filled: summary.count, of: limits.intervals) < scene.parameters.minimumComplete
    {
      guard
        summary.hasStoodStill(
          since: summary.behindSince, clock: UInt32(clamping: scene.frame.nowSeconds),
          brokerClock: scene.frame.brokerClock, hold: scene.parameters.hold)
      else { return .unknown }
    }
    let isPresent = isPresent(scene.frame.presence, window: window)
    var commits = pool.entries(of: window).prefix { $0.timestamp <= scene.brokerMark }
    if commits.isEmpty { commits = pool.entries(of: window).prefix(1) }
    let verdict = evaluateWindow(
      slots: commits.map { WindowSlot(offset: $0.offset, timestamp: $0.timestamp, lag: $0.lag) },
      heads: isPresent ? [.min] : heads[topic].heads(of: partition), currentLag: lag,
      nowSeconds: scene.mark / 1000, parameters: scene.frame.parameters)
    switch verdict.rule {
    case .stopped, .stalled: return .stuck
    case .lagUnknown: return .unknown
    case .rewound, .lagNotDecreasing, .lagDecreasing: return .lagging
    case .noLag, .lagWasZero, .incomplete, .noCommits: return .keepingUp
    }
  }

  /// The lag at the moment, and the part of it that is no matter of when commits come: one that
  /// comes once a minute is always up to a minute behind.
  private func lags(
    _ found: PartitionFinding, window: Int32, topic: Int, partition: Int32, _ scene: ScaleScene
  ) -> (current: UInt64, backlog: UInt64) {
    guard found.flags.isDisjoint(with: [.phantom, .beforeLogStart]),
      let commit = pool.newest(of: window, notAfter: scene.brokerMark),
      let head = heads[topic].head(
        of: partition, atSeconds: scene.mark / 1000, interval: scene.headInterval / 1000)
    else { return (found.currentLag, found.currentLag) }
    let current = lagBetween(committed: commit.offset, head: head)
    return (current, min(current, commit.lag ?? current))
  }

  /// Remembers in which partitions a group is stuck: what is produced there does not count.
  private mutating func setStuck(_ windows: [Int32], ofGroup group: Int, nowSeconds: Int64) {
    if !stuckWindows.isEmpty {
      for index in groups[group].topics {
        for window in groupTopics[Int(index)].windows where window >= 0 {
          stuckWindows.remove(window)
        }
      }
    }
    stuckWindows.formUnion(windows)
  }

  private func describeMembers(
    of group: Int, nowSeconds: Int64, in observation: inout ScaleObservation
  ) {
    guard let membership = groups[group].membership else { return }
    observation.members = membership.members.count
    observation.replicas = Set(membership.members.map(\.address)).count
    observation.isStable = membership.state == .stable
    observation.changedAt = membership.changedAt / 1000
    var largest = 0
    var all = 0
    for index in groups[group].topics where groupTopics[Int(index)].windowCount > 0 {
      guard !isLeftOut(groupTopic: Int(index), nowSeconds: nowSeconds) else { continue }
      let count = partitionCount(ofGroupTopic: Int(index))
      largest = max(largest, count)
      all += count
    }
    // Range gives each member a run of every topic, so that those behind the largest get nothing.
    observation.usefulMembers = membership.assignor == "range" ? largest : all
  }
}

/// What all partitions of a group have in common that are looked at together.
private struct ScaleScene {
  let frame: EvaluationFrame
  let parameters: JudgementParameters
  /// The moment that is looked at, in milliseconds since 1970 by this machine's clock.
  let mark: Int64
  /// The distance of two head samples in milliseconds.
  let headInterval: Int64

  /// The moment by the brokers' clock.
  var brokerMark: Int64 { mark &+ frame.brokerClock &- frame.nowSeconds &* 1000 }
}
