import LagCore

/// The scale hint, and what must hold of it whatever befalls the group.
extension World {
  /// Lets every agent look at the group once a minute, and checks what it says.
  mutating func adviseScale() {
    guard policy == .vole else { return }
    if !isPeaceful { unrestAt = time }
    let isDoubtful = !isCoordinatorUp && time - troubleBeganAt > 30
    for slot in stores.indices where isRead(slot) {
      if !isDoubtful { stores[slot].observeScale(at: wall, hold: hold) }
      if time % 60 == 30 { checkScale(slot, isDoubtful: isDoubtful) }
    }
  }

  private mutating func checkScale(_ slot: Int, isDoubtful: Bool) {
    let seconds = (wall + stores[slot].clock) / 1000
    guard let hint = stores[slot].hint(at: seconds) else { return }
    let seen = hint.observation
    // The last look was before the trouble, and the next one is missing.
    if isDoubtful, time - troubleBeganAt > 30 + Int(ScaleAdvisor.staleAfter) {
      violate("\(hint.desired) replicas are asked for by what is stale")
    }
    if hint.desired < 1 || hint.desired > max(1, min(seen.usefulReplicas, plan.partitions)) {
      violate("\(hint.desired) replicas are asked for, \(seen.usefulReplicas) are of use")
    }
    if seen.members == 0 || seen.withoutHead > 0 {
      violate("\(hint.desired) replicas are asked for by what is not known")
    }
    if !stores[slot].wasWatchedLongEnough { violate("replicas are asked for after a moment") }
    checkConstancy(slot, hint.desired)
  }

  /// Checks that a load which does not change has no answer that does: at most twice, for what is
  /// left of an earlier one.
  private mutating func checkConstancy(_ slot: Int, _ desired: Int) {
    if time - unrestAt < Self.memory || time < slowUntil + Self.memory
      || time - rebalancedAt < Self.memory
      || wall - stores[slot].setAt < 2000 * Int64(Self.memory)
    {
      // By another clock the minutes are others, and one that was set back begins anew.
      stores[slot].changes = 0
    } else if let last = stores[slot].lastDesired, last != desired {
      stores[slot].changes += 1
      story?.add(time, "agents of store \(slot) ask for \(desired) replicas instead of \(last)")
      if stores[slot].changes > 2 { violate("the scale hint wavers between \(last), \(desired)") }
    }
    stores[slot].lastDesired = desired
  }

  /// For how many seconds a hint may rest on what was: its history, and as long until fewer
  /// replicas are asked for.
  private static let memory = 2 * 15 * 60 + 180
}

extension SimulatedStore {
  /// Looks at the group at the end of a minute of this clock.
  mutating func observeScale(at wall: Int64, hold: Int) {
    let now = wall + clock
    guard let minute = advisor.dueMinute(now: now) else { return }
    var parameters = JudgementParameters(hold: UInt32(hold), staleAfter: 30)
    parameters.clockSkew = skew
    let scaling = ScaleParameters()
    guard
      let seen = store.observeScale(
        group: group, minute: minute,
        history: advisor.minutes(at: minute, parameters: scaling), nowSeconds: now / 1000,
        headInterval: 10_000, parameters: parameters)
    else { return }
    advisor.observe(seen, parameters: scaling)
  }

  /// How many replicas the group should have, nil while nobody can say.
  func hint(at seconds: Int64) -> ScaleHint? {
    try? advisor.hint(nowSeconds: seconds, parameters: ScaleParameters()).get()
  }

  /// Whether the group was looked at for as long as rates are taken over.
  var wasWatchedLongEnough: Bool {
    guard let first = advisor.firstMinute, let last = advisor.last?.minute else { return false }
    return last - first > Int64(ScaleParameters().history)
  }
}
