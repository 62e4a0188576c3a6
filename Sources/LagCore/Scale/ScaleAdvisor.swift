/// Works out how many replicas a group should have, from one observation a minute.
///
/// Everything it concludes from stands in the log or is sampled at multiples of the wall clock, so
/// that the agents of all pods come to the same. It begins with the replicas that are there, asks
/// for more at once and for fewer late, and not at all while what it sees may be its own doing.
package struct ScaleAdvisor: Sendable {
  /// The last observation.
  package private(set) var last: ScaleObservation?
  /// The minute of the first observation with all heads, since 1970; of it only a part was counted.
  package private(set) var firstMinute: Int64?
  private var desired: Int?
  private var reason = ScaleReason.capacityUnknown
  private var capacity = ReplicaCapacity()
  /// Since which minute fewer would suffice, and the most that were needed since.
  private var fewer: (since: Int64, most: Int)?
  /// Since which minute there are as many replicas as now.
  private var replicasSince: Int64 = 0

  /// How old an observation may be, in seconds: the next is missing.
  package static let staleAfter: Int64 = 150
  /// How much the load may grow before as many are asked for again as before; so much less than
  /// what fewer could do there must be.
  private static let margin = 1.1
  /// Minutes beyond the history that must have been watched: the first was not whole, and rates end
  /// a minute before the moment.
  private static let uncounted: Int64 = 2
  /// A backlog that counts for less than this share of the load is none.
  private static let leastBacklog = 0.1

  /// Knows nothing yet.
  package init() {}

  /// The minute to look at now, nil while it was looked at already.
  ///
  /// - Parameter now: the wall clock in milliseconds since 1970.
  package func dueMinute(now: Int64) -> Int64? {
    let minute = ScaleObservation.minute(at: now)
    return minute == last?.minute ? nil : minute
  }

  /// Over how many minutes the rates of an observation are taken: as many as were watched, up to
  /// the history.
  package func minutes(at minute: Int64, parameters: ScaleParameters) -> Int {
    let whole = minute &- (firstMinute ?? minute) &- Self.uncounted
    return Int(min(max(whole, 1), Int64(parameters.history)))
  }

  /// The records per second of the group, over as many minutes of the history as were watched; nil
  /// before the first.
  package var rates: (produced: Double, consumed: Double)? {
    guard let last, let firstMinute, last.minute - firstMinute > Self.uncounted else {
      return nil
    }
    return (last.produced, last.consumed)
  }

  /// Takes an observation in.
  package mutating func observe(_ new: ScaleObservation, parameters: ScaleParameters) {
    // A clock that is set back begins anew.
    if let last, new.minute < last.minute { self = ScaleAdvisor() }
    let before = last
    last = new
    if firstMinute == nil, new.withoutHead == 0 { firstMinute = new.minute }
    if before?.replicas != new.replicas { replicasSince = new.minute }
    capacity.observe(new.saturatedRate, minute: new.minute)
    guard doubt(new, parameters) == nil else { return }
    decide(new, parameters)
  }

  /// Returns how many replicas the group should have, or why that cannot be said.
  ///
  /// - Parameters:
  ///   - nowSeconds: the wall clock in whole seconds since 1970.
  ///   - parameters: see `ScaleParameters`.
  package func hint(
    nowSeconds: Int64, parameters: ScaleParameters
  ) -> Result<ScaleHint, ScaleDoubt> {
    guard let last else { return .failure(.notObserved) }
    let age = nowSeconds &- last.minute &* 60
    guard age >= 0, age <= Self.staleAfter else { return .failure(.stale(seconds: age)) }
    if let doubt = doubt(last, parameters) { return .failure(doubt) }
    guard let desired else { return .failure(.notObserved) }
    return .success(
      ScaleHint(
        desired: limited(desired, last, parameters), reason: reason,
        capacity: capacity.best(at: last.minute), observation: last))
  }

  private func doubt(_ seen: ScaleObservation, _ parameters: ScaleParameters) -> ScaleDoubt? {
    if seen.replicas == 0 { return .noMembers }
    if seen.withoutHead > 0 { return .withoutHeads(partitions: seen.withoutHead) }
    let watched = seen.minute - (firstMinute ?? seen.minute)
    let needed = Int64(parameters.history) + Self.uncounted
    if watched < needed { return .shortHistory(minutes: watched, needed: Int(needed)) }
    return nil
  }

  private func limited(
    _ desired: Int, _ seen: ScaleObservation, _ parameters: ScaleParameters
  ) -> Int {
    max(1, min(max(desired, parameters.minimum), parameters.maximum, seen.usefulReplicas))
  }

  // MARK: Deciding

  private mutating func decide(_ seen: ScaleObservation, _ parameters: ScaleParameters) {
    let current = desired ?? seen.replicas
    desired = current
    guard seen.isStable, seen.minute &* 60 &- seen.changedAt >= parameters.settle else {
      return reason = .rebalancing
    }
    guard let capacity = capacity.best(at: seen.minute) else {
      return keepCurrent(seen, parameters)
    }
    let usable = capacity * (1 - parameters.headroom)
    let backlog = Double(seen.scalableLag) / Double(parameters.drainTarget)
    let load = seen.produced + backlog
    let needed = limited(Self.replicas(load / usable), seen, parameters)
    if needed > limited(current, seen, parameters) {
      fewer = nil
      desired = needed
      return reason = .more
    }
    if let reason = reasonAgainstFewer(seen, load: load, backlog: backlog) {
      fewer = nil
      return self.reason = reason
    }
    // What is left of a backlog lies within the margin.
    let sufficient = limited(Self.replicas(seen.produced / usable * Self.margin), seen, parameters)
    decay(to: sufficient, from: limited(current, seen, parameters), seen, parameters)
  }

  /// Nobody knows what a replica can do: as many as there are, once there are as many for long.
  private mutating func keepCurrent(_ seen: ScaleObservation, _ parameters: ScaleParameters) {
    fewer = nil
    reason = .capacityUnknown
    if seen.minute - replicasSince >= Int64(parameters.decayAfter) { desired = seen.replicas }
  }

  private func reasonAgainstFewer(
    _ seen: ScaleObservation, load: Double, backlog: Double
  ) -> ScaleReason? {
    if seen.stuck > 0 { return .stuck }
    if seen.unknown > 0 { return .incomplete }
    return backlog > load * Self.leastBacklog ? .draining : nil
  }

  private mutating func decay(
    to sufficient: Int, from current: Int, _ seen: ScaleObservation, _ parameters: ScaleParameters
  ) {
    guard sufficient < current else {
      fewer = nil
      return reason = .sufficient
    }
    let since = fewer?.since ?? seen.minute
    let most = max(fewer?.most ?? 0, sufficient)
    guard seen.minute - since >= Int64(parameters.decayAfter) else {
      fewer = (since, most)
      return reason = .decaying
    }
    fewer = nil
    desired = most
    reason = .fewer
  }

  /// A number of replicas, bounded so that no rate is too large for it.
  private static func replicas(_ number: Double) -> Int {
    number.isFinite ? Int(min(max(number, 0).rounded(.up), 1_000_000)) : 1_000_000
  }
}
