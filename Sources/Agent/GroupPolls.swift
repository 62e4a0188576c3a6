import LagCore

/// When the groups that are served by OffsetFetch are asked next.
///
/// Of one group at most one request is under way, and of all groups at most `maximumUnderWay`.
/// Pauses vary by a tenth either way and end between two ticks, so that the agents of a deployment
/// do not ask in step. A group that cannot be asked is tried again after a growing pause, which
/// never exceeds the usual one.
struct GroupPolls: Sendable {
  /// A request that is due.
  struct Request: Sendable, Equatable {
    /// The group.
    var group: Int
    /// Whether its members are asked for rather than its offsets.
    var isDescription: Bool
    /// Whether the offsets of assigned partitions are asked for by name rather than all there are.
    var isNamed = false
    /// How long the request has to wait, in milliseconds.
    var delay: Int64
  }

  /// The most requests of one cluster that are under way at a time.
  static let maximumUnderWay = 8
  /// The time between two ticks, in milliseconds.
  private static let tick: Int64 = 1000
  /// How long a description is good, in milliseconds; at least three offset polls.
  static let descriptionInterval: Int64 = 30_000
  /// The pause after a refusal that only an administrator can end, in milliseconds.
  static let refusalPause: Int64 = 60_000

  private struct Poll: Sendable {
    var offsetsDue: Int64
    var descriptionDue: Int64
    /// When the request under way began, and which it is.
    var underWay: (since: Int64, isDescription: Bool)?
    var failures: Int64 = 0
    var offsetsReadAt: Int64?
    var offsetsFault: ClusterFault?
    var descriptionFault: ClusterFault?
    var evidence = MembershipEvidence()
    /// Whether the next request names partitions, and when one last did.
    var isNamed = false
    var namedAt: Int64?
  }

  private var polls: [Int: Poll] = [:]
  private var underWay = 0
  private var refresh: Int64
  private var random: SplitMix

  /// - Parameters:
  ///   - refresh: milliseconds between two looks at the offsets of a group.
  ///   - seed: a random number for the pauses.
  init(refresh: Int64, seed: UInt64) {
    self.refresh = refresh
    random = SplitMix(state: seed)
  }

  // MARK: Groups

  /// Whether a group is polled.
  func contains(_ group: Int) -> Bool { polls[group] != nil }

  /// Whether no group is polled.
  var isEmpty: Bool { polls.isEmpty }

  /// The groups that are polled.
  var groups: [Int] { polls.keys.sorted() }

  /// Begins to poll a group, the first time at once.
  mutating func watch(_ group: Int, now: Int64) {
    guard polls[group] == nil else { return }
    polls[group] = Poll(offsetsDue: now, descriptionDue: now)
  }

  /// Stops polling a group; an answer that is still to come is passed over.
  mutating func forget(_ group: Int) {
    if polls.removeValue(forKey: group)?.underWay != nil { underWay -= 1 }
  }

  /// Changes the pause between two looks at the offsets of a group; all are looked at once now.
  mutating func setRefresh(_ refresh: Int64, now: Int64) {
    self.refresh = refresh
    for group in polls.keys { polls[group]?.offsetsDue = now }
  }

  /// Makes everything due at once, because what was refused may be allowed now.
  mutating func hurry(now: Int64) {
    for group in polls.keys {
      polls[group]?.offsetsDue = now
      polls[group]?.descriptionDue = now
    }
  }

  // MARK: Asking

  /// Returns what is to be asked before the next tick, the longest due first; it counts as asked.
  mutating func due(now: Int64) -> [Request] {
    guard underWay < Self.maximumUnderWay else { return [] }
    var waiting: [(due: Int64, group: Int, isDescription: Bool)] = []
    for (group, poll) in polls where poll.underWay == nil {
      if poll.offsetsDue < now + Self.tick {
        waiting.append((poll.offsetsDue, group, false))
      } else if poll.descriptionDue < now + Self.tick {
        waiting.append((poll.descriptionDue, group, true))
      }
    }
    waiting.sort { left, right in
      if left.due != right.due { return left.due < right.due }
      if left.isDescription != right.isDescription { return right.isDescription }
      return left.group < right.group
    }
    var requests: [Request] = []
    for one in waiting.prefix(Self.maximumUnderWay - underWay) {
      let delay = max(0, one.due - now)
      polls[one.group]?.underWay = (now + delay, one.isDescription)
      underWay += 1
      requests.append(
        Request(
          group: one.group, isDescription: one.isDescription,
          isNamed: polls[one.group]?.isNamed == true && !one.isDescription, delay: delay))
    }
    return requests
  }

  /// Whether any request has been under way for longer than `limit` milliseconds.
  func isStuck(now: Int64, limit: Int64) -> Bool {
    underWay > 0 && polls.values.contains { $0.underWay.map { now - $0.since > limit } ?? false }
  }

  /// Gives up everything that is under way; it is due again.
  mutating func abandon() {
    for group in polls.keys { polls[group]?.underWay = nil }
    underWay = 0
  }

  // MARK: Answers

  /// Takes note that the offsets of a group were answered.
  ///
  /// - Returns: when they were asked for; nil when nothing of the kind is under way.
  mutating func answeredOffsets(
    of group: Int, fault: ClusterFault?, now: Int64
  ) -> Int64? {
    guard let asked = end(group, isDescription: false) else { return nil }
    polls[group]?.offsetsFault = fault
    if let fault {
      let failures = min((polls[group]?.failures ?? 0) + 1, 8)
      polls[group]?.failures = failures
      let pause =
        fault.kind == .authorization ? Self.refusalPause : min(refresh, Int64(1000) << failures)
      polls[group]?.offsetsDue = now + pause
    } else {
      polls[group]?.failures = 0
      polls[group]?.offsetsReadAt = asked
      let due = asked + varied(refresh)
      polls[group]?.offsetsDue = due
    }
    return asked
  }

  /// Takes note that a group was described.
  ///
  /// - Parameter hasMembers: nil when the broker did not say.
  mutating func answeredDescription(
    of group: Int, hasMembers: Bool?, fault: ClusterFault?, now: Int64
  ) {
    guard end(group, isDescription: true) != nil else { return }
    polls[group]?.descriptionFault = fault
    polls[group]?.evidence.described(hasMembers: hasMembers)
    let pause =
      fault?.kind == .authorization
      ? Self.refusalPause : max(Self.descriptionInterval, 3 * refresh)
    let due = now + varied(pause)
    polls[group]?.descriptionDue = due
  }

  private mutating func end(_ group: Int, isDescription: Bool) -> Int64? {
    guard let underWay = polls[group]?.underWay, underWay.isDescription == isDescription else {
      return nil
    }
    polls[group]?.underWay = nil
    self.underWay -= 1
    return underWay.since
  }

  /// How often topics that are left out of an answer are asked for by name, in milliseconds.
  static let namedInterval: Int64 = 300_000

  /// Whether the answer that was just taken was one about named partitions.
  func wasNamed(_ group: Int) -> Bool { polls[group]?.isNamed ?? false }

  /// Why partitions are asked for by name.
  enum NamingReason: Sendable {
    /// The answer about all was empty: ask at once.
    case nothingTold
    /// Some assigned topics were left out: ask at once, but only from time to time.
    case topicsLeftOut
    /// The broker tells nothing about all, but much by name: ask when the next poll is due.
    case onlyByName
  }

  /// Asks for partitions by name with the next request.
  ///
  /// Brokers leave out without a word what may not be described, and all there is when they are
  /// too old for the question about all.
  ///
  /// - Returns: whether they are asked for.
  mutating func askByName(_ group: Int, because reason: NamingReason, now: Int64) -> Bool {
    guard let poll = polls[group] else { return false }
    if case .topicsLeftOut = reason, let namedAt = poll.namedAt,
      now - namedAt < Self.namedInterval
    {
      return false
    }
    polls[group]?.isNamed = true
    polls[group]?.namedAt = now
    if case .onlyByName = reason { return true }
    polls[group]?.offsetsDue = now
    return true
  }

  /// Asks for all partitions again.
  mutating func askForAll(_ group: Int) { polls[group]?.isNamed = false }

  /// Takes note whether offsets moved since the poll before.
  mutating func moved(_ didAdvance: Bool, group: Int) {
    polls[group]?.evidence.fetched(didAdvance: didAdvance)
  }

  // MARK: What is known

  /// When the offsets were last asked for with success, on the monotonic clock.
  func offsetsReadAt(_ group: Int) -> Int64? { polls[group]?.offsetsReadAt }

  /// Why the offsets of a group cannot be had, nil while they can.
  func offsetsFault(_ group: Int) -> ClusterFault? { polls[group]?.offsetsFault }

  /// Whether the offsets of any group are refused to us.
  var isAnyRefused: Bool { polls.values.contains { $0.offsetsFault?.kind == .authorization } }

  /// Why a group cannot be described, nil while it can.
  func descriptionFault(_ group: Int) -> ClusterFault? { polls[group]?.descriptionFault }

  /// Whether anybody is a member of a group.
  func membership(_ group: Int) -> ObservedMembership {
    polls[group]?.evidence.membership ?? .unknown
  }

  /// How many groups have been read once, and how many are polled.
  var progress: (read: Int, of: Int) {
    (polls.values.count { $0.offsetsReadAt != nil }, polls.count)
  }

  private mutating func varied(_ pause: Int64) -> Int64 {
    let tenth = max(1, pause / 10)
    return pause - tenth + Int64(random.next() % UInt64(2 * tenth + 1))
  }
}
