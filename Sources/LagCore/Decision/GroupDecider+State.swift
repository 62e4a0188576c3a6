/// What of a group survives the agent.
extension GroupDecider {
  /// Returns what the next agent must know.
  func state(now: DecisionTime) -> GovernorState.Group {
    let members = own.joinedAt.isEmpty ? rememberedMembers?.sorted() : own.joinedAt.keys.sorted()
    let entries = history.entries.sorted {
      ($0.value.topic, $0.key.partition) < ($1.value.topic, $1.key.partition)
    }
    return GovernorState.Group(
      pausedUntil: pausedUntil.map { GovernorState.wall($0, now) },
      gateOpening: gate?.opening?.rawValue,
      members: Array((members ?? []).prefix(GovernorState.maximumMembers)),
      standing: entries.prefix(GovernorState.maximumStanding).map { place, entry in
        GovernorState.Standing(
          topic: entry.topic, partition: place.partition, offset: entry.offset,
          failures: entry.failures,
          nextAttemptAt: entry.nextAttemptAt.map { GovernorState.wall($0, now) },
          isTrying: entry.isTrying)
      })
  }

  /// Takes what an earlier agent left and what needs no store.
  mutating func restore(_ known: GovernorState.Group, now: DecisionTime) {
    rememberedMembers = Set(known.members)
    pausedUntil = known.pausedUntil.map {
      GovernorState.future($0, now, within: Decisions.longestPause)
    }
    if let opening = known.gateOpening.flatMap({ ReadinessGate.Opening(rawValue: $0) }) {
      gate = ReadinessGate(now: now.monotonic, opening: opening)
    }
  }

  /// Takes what an earlier agent left of partitions, now that the store knows their topics.
  ///
  /// A partition that stands elsewhere by now is forgotten at the next decision.
  mutating func restore(
    _ standing: [GovernorState.Standing], _ store: OffsetStore, group: Int, now: DecisionTime
  ) {
    for one in standing.prefix(GovernorState.maximumStanding) where one.failures > 0 {
      guard let place = store.place(group: group, topic: one.topic, partition: one.partition)
      else { continue }
      history.restore(
        place,
        StandingHistory.Entry(
          topic: one.topic, offset: one.offset, failures: one.failures,
          nextAttemptAt: one.nextAttemptAt.map {
            GovernorState.future($0, now, within: StandingHistory.longestPause)
          }, isTrying: one.isTrying))
    }
  }
}
