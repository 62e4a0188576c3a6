/// All decisions of one agent: its groups, and the governor of its pod.
///
/// The agent judges its groups once a second, hands each verdict in, ends the second with `settle`,
/// and tells which probes were asked. Nothing here knows a socket or a clock.
package struct Decisions: Sendable {
  /// Who this pod is.
  package let identity: PodIdentity
  /// What keeps this pod from being restarted again and again.
  package private(set) var governor = PodGovernor()
  /// What is remembered of each group, by the number that `add` gave.
  private var groups: [Group] = []
  /// What an earlier agent of this pod left, by group, until the group is added.
  private var remembered: [GovernorState.GroupName: GovernorState.Group] = [:]
  /// When that was taken over.
  private var restoredAt: DecisionTime?
  /// The wall clock less the monotonic one at the last decision, in milliseconds.
  private var clockOffset: Int64?
  /// When the wall clock was set last, on the monotonic clock in milliseconds.
  private var clockSetAt: Int64?
  /// Since when some group's liveness fails without a break, on the monotonic clock.
  private var failsSince: Int64?

  /// A larger difference between two decisions means that the clock was set, in milliseconds.
  private static let clockTolerance: Int64 = 2000
  /// How long liveness must fail before an agent that restarts by its exit does so, in milliseconds
  /// (30 s): as long as kubelet takes with its default period and threshold.
  package static let exitAfter: Int64 = 30_000

  private struct Group: Sendable {
    let name: GovernorState.GroupName
    var decider: GroupDecider
    var wasRestored = false
    var isRemoved = false
  }

  /// Creates the decisions of an agent that watches no group yet.
  package init(identity: PodIdentity) { self.identity = identity }

  // MARK: Groups

  /// Adds a group; returns the number that it is known by from now on.
  ///
  /// - Parameters:
  ///   - group: its name.
  ///   - cluster: the name of its cluster.
  ///   - parameters: how its verdicts become answers.
  package mutating func add(
    group: String, cluster: String, _ parameters: ProbeParameters
  ) -> Int {
    groups.append(
      Group(
        name: GovernorState.GroupName(cluster: cluster, group: group),
        decider: GroupDecider(parameters, identity: identity)))
    takeRemembered(groups.count - 1)
    return groups.count - 1
  }

  /// Forgets a group; its number is not given again.
  package mutating func remove(_ group: Int) {
    guard groups.indices.contains(group) else { return }
    groups[group].isRemoved = true
    groups[group].decider = GroupDecider(ProbeParameters(), identity: identity)
  }

  /// Changes how the verdicts of a group become answers.
  package mutating func set(_ parameters: ProbeParameters, of group: Int, now: DecisionTime) {
    guard isKnown(group) else { return }
    groups[group].decider.set(parameters, now: now.monotonic)
  }

  /// Returns what is remembered of a group, nil for one that was removed.
  package func decider(_ group: Int) -> GroupDecider? {
    isKnown(group) ? groups[group].decider : nil
  }

  /// Returns the last decision on a group; of one that is not known, that nothing is.
  package func decision(_ group: Int) -> GroupDecision {
    isKnown(group) ? groups[group].decider.decision : .unknown
  }

  /// Pauses liveness of a group for this pod until a time on the wall clock, in milliseconds since
  /// 1970; nil resumes it.
  package mutating func pause(_ group: Int, until: Int64?, now: DecisionTime) {
    let until = until.map { now.monotonic &+ min($0 &- now.wall, Self.longestPause) }
    guard isKnown(group) else { return }
    groups[group].decider.pause(until: until, now: now.monotonic)
  }

  /// The longest pause of this pod, in milliseconds (7 days).
  package static let longestPause: Int64 = 604_800_000

  private func isKnown(_ group: Int) -> Bool {
    groups.indices.contains(group) && !groups[group].isRemoved
  }

  // MARK: Seconds

  /// Makes the decision of this second on a group.
  ///
  /// - Parameters:
  ///   - group: the number of the group.
  ///   - store: the store that it lies in, judged at this second.
  ///   - view: the verdict and what it rests on.
  ///   - now: the time.
  /// - Returns: how a failure ended by it, nil when none did.
  package mutating func decide(
    _ group: Int, _ store: OffsetStore, _ view: GroupView, now: DecisionTime
  ) -> PodGovernor.Ending? {
    noteClock(now)
    guard isKnown(group) else { return nil }
    if !groups[group].wasRestored, !view.isDoubtful {
      groups[group].wasRestored = true
      let standing = remembered[groups[group].name]?.standing ?? []
      groups[group].decider.restore(standing, store, group: view.group, now: now)
    }
    let joined = groups[group].decider.decide(
      store, view, governor: governor, clockSetAt: clockSetAt, now: now)
    guard !joined.isEmpty else { return nil }
    return concluded(governor.memberJoined(now: now.monotonic), now: now)
  }

  /// Ends a second, after all groups were decided on.
  ///
  /// - Returns: how a failure ended by the time that passed, nil when none did.
  package mutating func settle(now: DecisionTime) -> PodGovernor.Ending? {
    failsSince = failingGroup == nil ? nil : failsSince ?? now.monotonic
    return concluded(governor.tick(now: now.monotonic), now: now)
  }

  private mutating func noteClock(_ now: DecisionTime) {
    let offset = now.wall &- now.monotonic
    if let clockOffset, (offset &- clockOffset).magnitude > UInt64(Self.clockTolerance) {
      clockSetAt = now.monotonic
    }
    clockOffset = offset
  }

  private mutating func concluded(
    _ ending: PodGovernor.Ending?, now: DecisionTime
  ) -> PodGovernor.Ending? {
    if ending == .notActedOn {
      for group in groups.indices {
        groups[group].decider.history.attemptsEnded(now: now.monotonic)
      }
    }
    return ending
  }

  /// The groups whose coordinators are to be asked for their state now; see `described`.
  package var descriptionsDue: [Int] {
    var due: [Int] = []
    for group in groups.indices where groups[group].decider.isDescriptionDue { due.append(group) }
    return due
  }

  /// Takes note of what the coordinator said of a group.
  package mutating func described(_ group: Int, _ answer: StabilityAnswer, now: DecisionTime) {
    if isKnown(group) { groups[group].decider.described(answer, now: now.monotonic) }
  }

  // MARK: Probes

  /// Takes note that liveness of groups is asked, and returns whether it passes.
  ///
  /// - Parameters:
  ///   - asked: the numbers of the groups; all when nil.
  ///   - now: the time.
  package mutating func answerLiveness(_ asked: Int? = nil, now: DecisionTime) -> Bool {
    governor.probed(now: now.monotonic)
    var isAlive = true
    for group in groups.indices where asked == nil || asked == group {
      guard groups[group].decider.decision.liveness.fails else { continue }
      // The failure may have ended since the decision was made.
      let parameters = groups[group].decider.parameters
      guard governor.allowance(parameters, now: now.monotonic).isGiven else { continue }
      isAlive = false
      begin(parameters, group, now: now)
    }
    return isAlive
  }

  /// Takes note that liveness was asked and passed as it did a moment ago.
  package mutating func livenessPassed(now: DecisionTime) { governor.probed(now: now.monotonic) }

  private mutating func begin(_ parameters: ProbeParameters, _ group: Int, now: DecisionTime) {
    _ = governor.failed(parameters, now: now.monotonic)
    groups[group].decider.attempt()
  }

  /// Returns whether groups are ready.
  ///
  /// - Parameter asked: the number of the group; all when nil.
  package func isReady(_ asked: Int? = nil) -> Bool {
    groups.indices.allSatisfy {
      groups[$0].isRemoved || (asked != nil && asked != $0)
        || groups[$0].decider.decision.readiness.isReady
    }
  }

  /// Takes note that start-up was asked for, which kubelet does of a new container alone.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - stores: the store of a group by its number, and the group's index in it.
  /// - Returns: how a failure ended by it, nil when none did.
  package mutating func startupAsked(
    now: DecisionTime, stores: (Int) -> (store: OffsetStore, group: Int)?
  ) -> PodGovernor.Ending? {
    let ending = governor.startupAsked(now: now.monotonic)
    for group in groups.indices {
      let place = stores(group)
      groups[group].decider.closeGate(
        place?.store, group: place?.group ?? 0, now: now.monotonic)
    }
    return concluded(ending, now: now)
  }

  // MARK: Restarts by exit

  /// The first group whose liveness fails now, nil when none does.
  package var failingGroup: Int? {
    for group in groups.indices where groups[group].decider.decision.liveness.fails {
      return group
    }
    return nil
  }

  /// Returns whether the agent is to end itself now, so that all containers are restarted, and
  /// counts that as a restart.
  package mutating func exits(now: DecisionTime) -> Bool {
    guard let group = failingGroup, let failsSince,
      now.monotonic - failsSince >= Self.exitAfter
    else { return false }
    let parameters = groups[group].decider.parameters
    guard parameters.mode == .exit88,
      governor.allowance(parameters, now: now.monotonic).isGiven
    else { return false }
    begin(parameters, group, now: now)
    return governor.exits(now: now.monotonic) != nil
  }
}

/// What survives the agent.
extension Decisions {
  /// Returns what the next agent of this pod must know.
  package func state(now: DecisionTime) -> GovernorState {
    var state = GovernorState(governor, now: now)
    for one in groups where !one.isRemoved && state.groups.count < GovernorState.maximumGroups {
      state.groups[one.name] = one.decider.state(now: now)
      if !one.wasRestored, let known = remembered[one.name] {
        state.groups[one.name]?.standing = known.standing
      }
    }
    return state
  }

  /// Takes what an earlier agent of this pod left; called once, before the first decision.
  package mutating func restore(_ state: GovernorState, now: DecisionTime) {
    state.restore(&governor, now: now)
    remembered = state.groups
    restoredAt = now
    for group in groups.indices { takeRemembered(group) }
  }

  private mutating func takeRemembered(_ group: Int) {
    guard let restoredAt, let known = remembered[groups[group].name] else { return }
    groups[group].decider.restore(known, now: restoredAt)
  }
}
