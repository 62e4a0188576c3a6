extension GroupDecider {
  /// Closes the gate, because a new container began.
  mutating func closeGate(_ store: OffsetStore?, group: Int, now: Int64) {
    gate = ReadinessGate(now: now)
    wasMemberSeenByGate = false
    guard let store else { return }
    own.beginAnew { store.position(group: group, $0) }
  }

  /// Decides whether the container is ready.
  mutating func readiness(_ store: OffsetStore, _ frame: Frame) -> ReadinessDecision {
    let now = frame.now.monotonic
    var gate = gate ?? ReadinessGate(now: now)
    if gate.opening == nil {
      gate.look(
        sight(store, frame), wasSeen: wasMemberSeenByGate, timeout: parameters.gateTimeout,
        now: now)
    }
    self.gate = gate
    let verdict = podVerdict(frame)
    var decision = ReadinessDecision(
      isReady: false, reason: .waiting, isGateOpen: gate.opening != nil, waited: nil,
      verdict: verdict)
    guard let opening = gate.opening else {
      decision.waited = now - gate.closedSince
      if gate.isTimedOut(parameters.gateTimeout, now: now) {
        decision.reason = .verdictAfterTimeout
        decision.isReady = passes(verdict)
      }
      return decision
    }
    switch parameters.readinessAfterGate {
    case .pass:
      decision.isReady = true
      decision.reason = ReadinessDecision.Reason(opening)
    case .verdict:
      decision.isReady = passes(verdict)
      decision.reason = .verdict
    }
    return decision
  }

  private func passes(_ verdict: Verdict) -> Bool {
    switch verdict {
    case .unknown, .notFound: parameters.passesReadinessOnUnknown
    case .ok, .warning, .error: !parameters.readinessFailOn.contains(verdict)
    }
  }

  /// The verdict on this pod's partitions; on the group while no member was ever this pod's.
  private func podVerdict(_ frame: Frame) -> Verdict {
    if frame.view.isDoubtful { return .unknown }
    guard parameters.scope == .pod, wasMemberSeen else { return frame.view.judgement.verdict }
    var verdict = Verdict.ok
    for partition in frame.view.troubled where owners.isOwn(partition.member) {
      if verdict == .error { break }
      if partition.verdict.rawValue > verdict.rawValue { verdict = partition.verdict }
    }
    return verdict
  }

  /// What is seen of this container's members.
  private mutating func sight(_ store: OffsetStore, _ frame: Frame) -> ReadinessGate.Sight {
    if frame.view.isUnreachable { return .unreachable }
    if freshSince == nil { return .unknown }
    let now = frame.now.monotonic
    let present = own.joinedAt.keys.filter {
      !own.isOfAnother($0, containers: frame.containers, now: now)
    }
    guard !present.isEmpty else { return .absent }
    if own.owned.isEmpty { return own.areAssignmentsKnown ? .ownsNothing : .waiting }
    var isIdle = true
    for (index, owned) in own.owned.enumerated() where present.contains(owned.memberID) {
      let position = store.position(group: frame.view.group, owned.place)
      if let before = owned.start.committed, let committed = position.committed,
        committed != before
      {
        return .progress
      }
      if owned.start.head == nil || owned.start.committed == nil {
        own.learnStart(position, of: index)
      }
      // Where nothing was ever committed, lag is not known.
      let hasTraffic =
        position.committed == nil
        ? position.head != owned.start.head ?? position.head : position.behindSince != 0
      if hasTraffic || position.head == nil { isIdle = false }
    }
    return isIdle ? .idle : .waiting
  }
}

extension ReadinessDecision.Reason {
  /// Why readiness passes behind a gate that opened so.
  init(_ opening: ReadinessGate.Opening) {
    switch opening {
    case .progressed: self = .progressed
    case .ownsNothing: self = .ownsNothing
    case .idle: self = .idle
    case .unreachable: self = .unreachable
    case .neverSeen: self = .neverSeen
    }
  }
}
