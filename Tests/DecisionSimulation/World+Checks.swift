import LagCore

/// The invariants, against what is true of the world.
extension World {
  /// Whether a pod has a partition that only a restart can help.
  private func hangs(_ pod: Int) -> Bool {
    partitions.contains {
      $0.owner >= 0 && members[$0.owner].pod == pod
        && ($0.hungBy == $0.owner || members[$0.owner].isHung)
    }
  }

  /// The partitions of a pod that stand before a record that nobody can process, or could until a
  /// moment ago: nobody sees that it was mended before its consumer commits something new.
  private func poisoned(_ pod: Int) -> [Int] {
    partitions.indices.filter {
      let owner = partitions[$0].owner
      return owner >= 0 && members[owner].pod == pod
        && (partitions[$0].poison == partitions[$0].processed
          || partitions[$0].progressedAt < mendedAt[$0] ?? .min)
    }
  }

  /// Checks a restart that kubelet makes because liveness failed.
  mutating func checkRestart(_ index: Int) {
    let isJust = hangs(index)
    let poison = poisoned(index)
    let why = (isJust ? ", hung" : "") + (poison.isEmpty ? "" : ", poison \(poison)")
    story?.add(time, "pod \(index) is restarted\(why)")
    if isJust {
      tally.justRestarts += 1
    } else if !poison.isEmpty {
      tally.poisonRestarts += 1
    } else {
      tally.innocentRestarts += 1
    }
    guard policy == .vole else { return }
    checkBudget(index)
    if isJust { return }
    // An agent that lost what it was told cannot know that consumers do nothing on purpose.
    if time < pods[index].pausedUntil, !pods[index].agent.knowsPause { return }
    let culprit = pods[index].agent.decisions.decision(0).liveness.culprit?.partition
    // Until somebody progresses, nobody can know that an outage has ended.
    let isInOutage = isOutage || progressedAt < outageUntil
    // By the log it begins with what was not finished any more.
    let isTimeForTurns = time - outageSince >= 900 - plan.batch - plan.commitEvery
    // Of several poisoned partitions liveness blames the one that stood for longest. In its turn a
    // pod may be restarted whatever else is wrong.
    if let culprit, poison.contains(Int(culprit)), !(isInOutage && isTimeForTurns) {
      return checkPoison(Int(culprit), index)
    }
    if isInOutage {
      // Who is alone cannot know that others would stand too.
      if plan.traffic == .single { return }
      if !isTimeForTurns { violate("pod \(index) is restarted in an outage") }
      if let last = lastOutageRestart, time - last < 90, last > outageSince {
        violate("pods are restarted \(time - last) s after each other in an outage")
      }
      lastOutageRestart = time
    } else {
      violate("pod \(index) is restarted and did not hang")
    }
  }

  private mutating func checkBudget(_ index: Int) {
    pods[index].restarts.append(time)
    let lastHour = pods[index].restarts.count { time - $0 < 3600 }
    if lastHour > 3, !pods[index].agent.forgot {
      violate("pod \(index) is restarted \(lastHour) times in an hour")
    }
  }

  private mutating func checkPoison(_ partition: Int, _ index: Int) {
    let offset = partitions[partition].committed
    let times = (poisonRestarts[partition] ?? []).filter { $0.offset == offset }.map(\.time)
    // The first, one after 30 min, after 1 h, after 2 h; one more for an agent that forgot.
    if times.count >= 5 { violate("partition \(partition) brings down pods again and again") }
    let known = times.filter { $0 >= pods[index].agent.knowsStandingSince }
    if let last = known.last, known.count >= 2, time - last < 1500 {
      violate("partition \(partition) brings pods down \(time - last) s after each other")
    }
    poisonRestarts[partition, default: []].append((offset, time))
  }

  /// Checks a failing answer.
  mutating func checkAnswer(_ index: Int) {
    story?.add(time, "pod \(index) fails: \(evidence(index))")
    if time < pods[index].pausedUntil, pods[index].agent.knowsPause {
      violate("liveness of pod \(index) fails while paused")
    }
    if let ended = pods[index].agent.failureEndedAt, time - ended < 300 {
      violate("liveness of pod \(index) fails in the grace")
    }
  }

  /// What an agent goes by.
  private func evidence(_ pod: Int) -> String {
    pods[pod].agent.decisions.decision(0).liveness.findings.map {
      "\($0.clause.name)\($0.holds ? "" : "!") \($0.evidence)"
    }.joined(separator: "; ")
  }

  /// Checks that hung pods are restarted in time.
  mutating func check() {
    for index in partitions.indices {
      let isBehind = partitions[index].head > partitions[index].processed
      if isBehind, !isExcused(index), partitions[index].poison != partitions[index].processed,
        !isConsumed(index) || isStopped
      {
        tally.stoppedSeconds += Self.step
      }
      // Where most owners have nothing to do, nobody's progress shows that the group works.
      guard policy == .vole, plan.traffic == .busy || plan.traffic == .single else { continue }
      let partition = partitions[index]
      guard partition.owner >= 0,
        partition.hungBy == partition.owner || members[partition.owner].isHung, isBehind,
        partition.poison != partition.processed
      else { continue }
      if isExcusedFromRestart(index) || awaitsVerdict(index) {
        partitions[index].accountable = 0
        continue
      }
      partitions[index].accountable += Self.step
      if partitions[index].accountable > patience {
        story?.add(time, evidence(members[partition.owner].pod))
        violate("partition \(index) hangs and nobody restarts pod \(members[partition.owner].pod)")
      }
    }
  }

  /// Whether Burrow's rules may not call it STOP or STALL yet: the window must be full of the same
  /// offset, or silent for longer than it spans.
  private func awaitsVerdict(_ index: Int) -> Bool {
    if stores[0].troubled.contains(where: { Int($0.partition) == index && $0.isStanding }) {
      return false
    }
    let span = (logs[index].last?.time ?? 0) - (logs[index].first?.time ?? 0)
    let since = max(partitions[index].hungSince, partitions[index].ownedSince)
    return time - since < max(Int(span / 1000), 10 * plan.commitEvery) * 2 + 60
  }

  /// How long a hung partition may stand without excuse: for the hold, the probes, and what slow
  /// consumers look like.
  private var patience: Int {
    hold + 10 * plan.threshold + 120 + 2 * (plan.batch + plan.commitEvery)
  }

  private func isExcusedFromRestart(_ index: Int) -> Bool {
    let pod = members[partitions[index].owner].pod
    if !members[partitions[index].owner].isAlive || isExcused(index)
      || time < pods[pod].agent.excusedUntil || time < pods[pod].agent.staleUntil
      || !stores[pods[pod].agent.store].knowsClock
      || time < pods[pod].pausedUntil || plan.threshold > 10 || rebalanceSince != nil
      || time == rebalancedAt || pods[pod].container != .running || rollout != nil
      || time - troubleEndedAt < 300
    {
      return true
    }
    if let ended = pods[pod].agent.failureEndedAt, time - ended < 320 { return true }
    // Another rebalance may have begun that only the coordinator could tell of.
    if !plan.mayDescribe, plan.assignment != .consumer,
      time - rebalancedAt < hold
    {
      return true
    }
    // Whatever looked like a restart is one to the budget.
    if pods[pod].countedRestarts.count(where: { time - $0 < 3700 }) >= 3 { return true }
    // The second owner that stands at one offset is what the log shows of a poison record. Whether
    // the first of them hung, met a poison that was mended since, or stood alone in an outage, no
    // agent can tell: it tries again half an hour later.
    if partitions[index].stoodAt == partitions[index].committed,
      partitions[index].stoodBy != partitions[index].owner
    {
      return true
    }
    return isCommonCause
  }

  /// Whether so many owners stand that the consumers are not to blame.
  private var isCommonCause: Bool {
    var standing: Set<Int> = []
    var active: Set<Int> = []
    for (index, partition) in partitions.enumerated() where partition.owner >= 0 {
      let pod = members[partition.owner].pod
      active.insert(pod)
      if !isConsumed(index) || partition.poison == partition.processed { standing.insert(pod) }
    }
    return active.count >= 2 && 2 * standing.count > active.count
  }
}
