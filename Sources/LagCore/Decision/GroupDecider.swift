/// What is remembered of one group from decision to decision, and the decisions themselves.
///
/// A state machine: what the store knows and the time go in once a second, a decision comes out.
package struct GroupDecider: Sendable {
  /// How the group's verdicts become answers.
  package internal(set) var parameters: ProbeParameters
  /// The last decision.
  package internal(set) var decision = GroupDecision.unknown
  /// The decisions that differed from those before them.
  package internal(set) var recorder = FlightRecorder()

  let identity: PodIdentity
  /// The number of the membership that was seen last; nil before the first.
  var revision: UInt32?
  var rebalances = 0
  var rebalanceTimes = RebalanceTimes()
  /// The hold as computed of a membership.
  private var knownHold: (revision: UInt32, hold: Int64)?
  var protocolKind: GroupProtocol?
  var owners = GroupOwners()
  var tenures = Tenures()
  var own = OwnMembers()
  var history = StandingHistory()
  var stability = StabilityQuestion()
  var gate: ReadinessGate?
  /// This pod's members as an earlier agent knew them; nil without one.
  var rememberedMembers: Set<String>?
  /// Whether a member of this pod was ever seen, and since the gate was closed.
  var wasMemberSeen = false
  var wasMemberSeenByGate = false
  /// Moments on the monotonic clock from which a hold may count; nil where there was none.
  var freshSince: Int64?
  var resumedAt: Int64?
  /// When something common was to blame for what this pod's partitions stand for, and for what
  /// anybody's do.
  var causes = CommonCauseHistory()
  var generalCauses = CommonCauseHistory()
  /// When each owner was seen to progress last; see `OwnerCensus`.
  var progressSeenAt: [Int64] = []
  /// Since when one owner has all partitions that anybody has, on the monotonic clock.
  var soleOwnerSince: Int64?
  /// Until when it is paused for this pod, on the monotonic clock.
  var pausedUntil: Int64?
  /// The partitions for which liveness fails now.
  var culprits: [TopicPartition] = []
  /// Whether the coordinator is to be asked for the group's state.
  var isDescriptionDue = false

  /// A group that nothing is known of yet.
  init(_ parameters: ProbeParameters, identity: PodIdentity) {
    self.parameters = parameters
    self.identity = identity
  }

  /// What is the same for all steps of a decision.
  struct Frame {
    let view: GroupView
    let now: DecisionTime
    /// When this machine's clock was set last, on the monotonic clock.
    let clockSetAt: Int64?
    /// When containers of this pod began.
    let containers: ContainerStarts
    /// What the governor says.
    let allowance: PodGovernor.Allowance
    let hold: Int64

    /// The brokers' clock in milliseconds since 1970.
    var brokerClock: Int64 { now.wall &- view.clockSkew }
  }

  /// Makes the decision of this second.
  ///
  /// - Returns: the ids of members of this pod that had not been there before.
  mutating func decide(
    _ store: OffsetStore, _ view: GroupView, governor: PodGovernor, clockSetAt: Int64?,
    now: DecisionTime
  ) -> [String] {
    let frame = Frame(
      view: view, now: now, clockSetAt: clockSetAt, containers: governor.containers,
      allowance: governor.allowance(parameters, now: now.monotonic),
      hold: hold(store, group: view.group))
    endPause(now: now.monotonic)
    var joined: [String] = []
    let isFresh = !view.isDoubtful || !parameters.guards.contains(.freshness)
    if isFresh {
      if freshSince == nil { freshSince = now.monotonic }
      joined = observe(store, frame)
      history.forget(store, group: view.group)
    } else {
      freshSince = nil
    }
    decision.liveness = liveness(store, frame)
    decision.readiness = readiness(store, frame)
    decision.hold = frame.hold
    decision.ownMembers = own.joinedAt.count
    decision.ownPartitions = own.owned.count
    recorder.record(decision, at: now.wall, store)
    return joined
  }

  /// Returns the hold of the group, in milliseconds; it is computed anew with each membership.
  private mutating func hold(_ store: OffsetStore, group: Int) -> Int64 {
    let revision = store.membershipRevision(ofGroup: group)
    if let known = knownHold, known.revision == revision { return known.hold }
    let hold = parameters.hold(of: store.membership(ofGroup: group))
    knownHold = (revision, hold)
    return hold
  }

  // MARK: Members

  /// Takes note of a membership that is another than at the last decision.
  private mutating func observe(_ store: OffsetStore, _ frame: Frame) -> [String] {
    let group = frame.view.group
    let revision = store.membershipRevision(ofGroup: group)
    guard revision != self.revision else { return [] }
    let membership = store.membership(ofGroup: group) ?? GroupMembership()
    // What was there when the agent came has been there for as long as the log says.
    var since = frame.now.monotonic
    if self.revision == nil, membership.changedAt > 0 {
      since = frame.now.ago(frame.brokerClock &- membership.changedAt)
    }
    noteRebalance(store, membership, frame, since: since)
    owners = GroupOwners(membership.members, identity: identity, after: owners)
    progressSeenAt.removeAll(keepingCapacity: true)
    noteTenures(store, membership.members, frame, since: since)
    let owners = self.owners
    let scope = parameters.scope
    let newcomers = own.update(
      store, group: group, membership.members, tenures,
      isOwn: { scope == .group || owners.isOwn($0) }, since: since)
    if !own.joinedAt.isEmpty {
      wasMemberSeen = true
      wasMemberSeenByGate = true
    }
    defer { self.revision = revision }
    guard self.revision == nil else { return newcomers }
    // Who was there when the agent came is new only to an agent that left others behind.
    return rememberedMembers.map { known in newcomers.filter { !known.contains($0) } } ?? []
  }

  private mutating func noteRebalance(
    _ store: OffsetStore, _ membership: GroupMembership, _ frame: Frame, since: Int64
  ) {
    let count = store.rebalances(ofGroup: frame.view.group).count
    // Members of the new protocol keep what they keep without being stopped.
    if membership.protocolKind != .consumer, revision == nil || count != rebalances {
      rebalanceTimes.add(at: since)
    }
    rebalances = count
    protocolKind = membership.protocolKind
  }

  /// Takes note of who owns what, and of those who left partitions at which they had stood.
  private mutating func noteTenures(
    _ store: OffsetStore, _ members: [GroupMember], _ frame: Frame, since: Int64
  ) {
    var ended: [(tenure: Tenures.Tenure, memberID: String)] = []
    tenures.update(store, group: frame.view.group, members, since: since) { ended.append(($0, $1)) }
    for (tenure, memberID) in ended {
      let position = store.position(group: frame.view.group, tenure.place)
      guard let offset = position.committed, position.behindSince != 0 else { continue }
      let start = [
        behind(since: position.behindSince, frame), tenure.since, freshSince, frame.clockSetAt,
      ].compactMap { $0 }.max()
      // What a member of a container that is gone owns stands because of that, not in vain.
      let end = own.endOfAnother(
        memberID, containers: frame.containers, now: frame.now.monotonic)
      // The rebalance that takes a partition from its owner may itself look like a common cause.
      if let start,
        generalCauses.longestGap(from: start, to: end ?? frame.now.monotonic) >= frame.hold
      {
        history.failed(
          tenure.place, of: store.topicName(Int(tenure.place.topic)), at: offset, by: memberID)
      }
    }
    var owning: Set<Int> = []
    tenures.forEach { owning.insert(owners.ofMember[Int($0.member)]) }
    if owning.count > 1 {
      soleOwnerSince = nil
    } else if soleOwnerSince == nil {
      soleOwnerSince = since
    }
  }

  /// Returns since when a partition is behind, on the monotonic clock in milliseconds.
  func behind(since seconds: UInt32, _ frame: Frame) -> Int64 {
    // What was noted before the clock was set back says nothing any more.
    if Int64(seconds) > frame.now.wallSeconds, let clockSetAt = frame.clockSetAt {
      return clockSetAt
    }
    return frame.now.ago((frame.now.wallSeconds &- Int64(seconds)) &* 1000)
  }

  /// Takes note of what the coordinator said.
  ///
  /// To the call that knows classic groups only, every group of the new protocol looks dead, and
  /// one of which nothing is said may not be called stable.
  mutating func described(_ answer: StabilityAnswer, now: Int64) {
    switch answer {
    case .state(.unknown): stability.answered(.failed, now: now)
    case .state(.dead) where protocolKind == .consumer,
      .state(.empty) where protocolKind == .consumer:
      stability.answered(.refused, now: now)
    default: stability.answered(answer, now: now)
    }
  }

  /// Takes note that a failing answer is given.
  mutating func attempt() {
    for place in culprits { history.attempted(place) }
  }

  // MARK: Pauses

  /// Whether liveness passes whatever happens, by the configuration or for this pod.
  package var isPaused: Bool { parameters.isPaused || pausedUntil != nil }

  /// For how many milliseconds more the group is paused for this pod; nil when it is not.
  package func pauseLeft(now: DecisionTime) -> Int64? {
    pausedUntil.map { max(0, $0 &- now.monotonic) }
  }

  /// Pauses the group for this pod until a time on the monotonic clock; nil resumes it.
  mutating func pause(until: Int64?, now: Int64) {
    if until == nil, pausedUntil != nil { resumedAt = now }
    pausedUntil = until
  }

  /// Changes the parameters, of which a reload has told.
  mutating func set(_ parameters: ProbeParameters, now: Int64) {
    if self.parameters.isPaused, !parameters.isPaused { resumedAt = now }
    let isOtherScope = self.parameters.scope != parameters.scope
    self.parameters = parameters
    knownHold = nil
    if isOtherScope { revision = nil }
  }

  private mutating func endPause(now: Int64) {
    if let until = pausedUntil, now >= until { pause(until: nil, now: now) }
  }
}
