/// What keeps this pod from being restarted again and again: failures, grace and a budget.
package struct PodGovernor: Sendable {
  /// A failure that is told to kubelet until something shows that it acted.
  struct Failure: Equatable {
    /// When the first failing answer was given, on the monotonic clock in milliseconds.
    var beganAt: Int64
    /// How many failing answers were given.
    var answers = 1
    /// How long it is told, in milliseconds.
    var failFor: Int64
    /// The grace after it, in milliseconds.
    var grace: Int64
  }

  /// How a failure ended.
  package enum Ending: UInt8, Sendable, CaseIterable {
    /// A new member of this pod is in a group.
    case newMember
    /// Start-up was asked for, which kubelet does of a new container alone.
    case startup
    /// The probes ceased: kubelet does not ask a container that it restarts.
    case silence
    /// The agent ended itself, so that all containers are restarted.
    case exit
    /// Nothing happened for as long as a failure is told.
    case notActedOn

    /// Whether it counts as a restart.
    package var isRestart: Bool { self != .notActedOn }
  }

  /// Whether liveness may fail.
  package enum Allowance: Sendable, Equatable {
    /// It may; so many restarts of the budget are used.
    case allowed(restarts: Int)
    /// It does already, for so many milliseconds.
    case failing(Int64)
    /// It may not for so many milliseconds more, because a failure has just ended.
    case grace(Int64)
    /// It may not for so many milliseconds more, because the budget is used up.
    case budgetUsed(restarts: Int, Int64)

    /// Whether liveness may fail.
    package var isGiven: Bool {
      switch self {
      case .allowed, .failing: true
      case .grace, .budgetUsed: false
      }
    }

    /// For how long liveness has been failing, in milliseconds; nil when it is not.
    var failingFor: Int64? {
      if case .failing(let age) = self { age } else { nil }
    }
  }

  /// The failure that is being told.
  private(set) var failure: Failure?
  /// When restarts were counted, oldest first, on the monotonic clock in milliseconds.
  private(set) var restarts: [Int64] = []
  /// Until when liveness passes after the last failure, on the monotonic clock in milliseconds.
  private(set) var graceUntil: Int64?
  /// How often liveness is asked.
  private(set) var period = ProbePeriod()
  /// When containers began, as far as it was told.
  package private(set) var containers = ContainerStarts()
  /// How many failures ended as restarts since the agent began, and how many were not acted on.
  package private(set) var restartsCounted = 0
  package private(set) var failuresNotActedOn = 0

  /// The most restarts that are remembered, and thus the largest budget (1000).
  package static let maximumRestarts = 1000
  /// How many periods without a probe mean that kubelet has acted.
  static let silentPeriods: Int64 = 3

  /// Nothing happened yet.
  package init() {}

  /// How often liveness is asked, in milliseconds.
  package var probePeriod: Int64 { period.value }

  /// When the failure that is being told began, on the monotonic clock; nil without one.
  package var failingSince: Int64? { failure?.beganAt }

  // MARK: What happens

  /// Takes note that liveness was asked.
  mutating func probed(now: Int64) { period.probed(at: now) }

  /// Takes note that a failing answer was given; returns whether a failure begins with it.
  mutating func failed(_ parameters: ProbeParameters, now: Int64) -> Bool {
    guard failure == nil else {
      failure?.answers += 1
      return false
    }
    failure = Failure(
      beganAt: now, failFor: parameters.failFor, grace: parameters.restartGrace)
    return true
  }

  /// Takes note that start-up was asked for: a new container begins.
  mutating func startupAsked(now: Int64) -> Ending? {
    containers.add(at: now, probedAt: period.lastAt)
    return end(.startup, now: now)
  }

  /// Takes note that a member of this pod appeared that was not there before.
  mutating func memberJoined(now: Int64) -> Ending? { end(.newMember, now: now) }

  /// Takes note that the agent is about to end itself.
  mutating func exits(now: Int64) -> Ending? { end(.exit, now: now) }

  /// Looks whether the failure has ended by time alone.
  mutating func tick(now: Int64) -> Ending? {
    guard let failure else { return nil }
    if failure.answers >= 2, let last = period.lastAt,
      now - last > Self.silentPeriods * period.value
    {
      return end(.silence, now: now)
    }
    return now - failure.beganAt >= failure.failFor ? end(.notActedOn, now: now) : nil
  }

  private mutating func end(_ ending: Ending, now: Int64) -> Ending? {
    guard let failure else { return nil }
    self.failure = nil
    graceUntil = now + failure.grace
    if ending.isRestart {
      restartsCounted += 1
      if restarts.count == Self.maximumRestarts { restarts.removeFirst() }
      restarts.append(now)
    } else {
      failuresNotActedOn += 1
    }
    return ending
  }

  // MARK: What is allowed

  /// Returns whether liveness may fail now.
  package func allowance(_ parameters: ProbeParameters, now: Int64) -> Allowance {
    if let failure { return .failing(now - failure.beganAt) }
    if parameters.guards.contains(.grace), let graceUntil, now < graceUntil {
      return .grace(graceUntil - now)
    }
    let recent = restarts.filter { now - $0 < parameters.restartWindow }
    if parameters.guards.contains(.budget), recent.count >= parameters.maximumRestarts {
      let counted = recent.suffix(max(1, parameters.maximumRestarts))
      let free =
        counted.first.map { $0 + parameters.restartWindow - now } ?? parameters.restartWindow
      return .budgetUsed(restarts: recent.count, free)
    }
    return .allowed(restarts: recent.count)
  }

  // MARK: Surviving the agent

  /// Puts back what was known before the agent was restarted.
  mutating func restore(
    restarts: [Int64], graceUntil: Int64?, failure: Failure?, containerSince: Int64?
  ) {
    self.restarts = restarts.suffix(Self.maximumRestarts).sorted()
    self.graceUntil = graceUntil
    self.failure = failure
    containers = containerSince.map { ContainerStarts(at: $0) } ?? ContainerStarts()
  }
}
