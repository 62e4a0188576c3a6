/// What must survive the agent's restart, as plain values; times are the wall clock's, in
/// milliseconds since 1970, because no other clock survives.
package struct GovernorState: Sendable, Equatable {
  /// A group of a cluster.
  package struct GroupName: Sendable, Hashable {
    /// The cluster's name.
    package var cluster: String
    /// The group's name.
    package var group: String

    /// Creates a name from its parts.
    package init(cluster: String, group: String) {
      self.cluster = cluster
      self.group = group
    }
  }

  /// A failure that was being told.
  package struct Failure: Sendable, Equatable {
    /// When the first failing answer was given.
    package var beganAt: Int64
    /// How many failing answers were given.
    package var answers: Int
    /// How long it is told, and the grace after it, in milliseconds.
    package var failFor: Int64
    package var grace: Int64

    /// Creates a failure from its parts.
    package init(beganAt: Int64, answers: Int, failFor: Int64, grace: Int64) {
      self.beganAt = beganAt
      self.answers = answers
      self.failFor = failFor
      self.grace = grace
    }
  }

  /// A partition at which owners stood in vain.
  package struct Standing: Sendable, Equatable {
    /// The topic's name.
    package var topic: String
    /// The partition.
    package var partition: Int32
    /// The committed offset at which it stands.
    package var offset: Int64
    /// How many owners stood there for the hold.
    package var failures: Int
    /// When liveness may be tried with it once more; nil before it was called poison.
    package var nextAttemptAt: Int64?
    /// Whether that attempt was being made.
    package var isTrying: Bool

    /// Creates it from its parts.
    package init(
      topic: String, partition: Int32, offset: Int64, failures: Int, nextAttemptAt: Int64?,
      isTrying: Bool
    ) {
      self.topic = topic
      self.partition = partition
      self.offset = offset
      self.failures = failures
      self.nextAttemptAt = nextAttemptAt
      self.isTrying = isTrying
    }
  }

  /// What is kept of one group.
  package struct Group: Sendable, Equatable {
    /// Until when it is paused for this pod; nil when it is not.
    package var pausedUntil: Int64?
    /// Why its gate opened, as the number of the reason; nil while it is closed.
    package var gateOpening: UInt8?
    /// This pod's members, so that one that comes is known to be new; at most
    /// `maximumMembers`.
    package var members: [String]
    /// The partitions at which owners stood in vain; at most `maximumStanding`.
    package var standing: [Standing]

    /// Creates it from its parts.
    package init(
      pausedUntil: Int64? = nil, gateOpening: UInt8? = nil, members: [String] = [],
      standing: [Standing] = []
    ) {
      self.pausedUntil = pausedUntil
      self.gateOpening = gateOpening
      self.members = members
      self.standing = standing
    }
  }

  /// The most groups that are kept (1000).
  package static let maximumGroups = 1000
  /// The most members of a group that are kept (64).
  package static let maximumMembers = 64
  /// The most partitions of a group that are kept (256).
  package static let maximumStanding = 256
  /// The most restarts that are kept (100): the newest, which a budget asks for.
  package static let maximumRestarts = 100

  /// When restarts were counted, oldest first.
  package var restarts: [Int64] = []
  /// Until when liveness passes after the last failure; nil without one.
  package var graceUntil: Int64?
  /// When the present container began; nil when that is not known.
  package var containerSince: Int64?
  /// The failure that was being told; nil without one.
  package var failure: Failure?
  /// The groups.
  package var groups: [GroupName: Group] = [:]

  /// Nothing is to be remembered.
  package init() {}
}

extension GovernorState {
  /// Takes from a governor what survives.
  init(_ governor: PodGovernor, now: DecisionTime) {
    restarts = governor.restarts.suffix(Self.maximumRestarts).map { Self.wall($0, now) }
    graceUntil = governor.graceUntil.map { Self.wall($0, now) }
    containerSince = governor.containers.last.map { Self.wall($0, now) }
    failure = governor.failure.map {
      Failure(
        beganAt: Self.wall($0.beganAt, now), answers: $0.answers, failFor: $0.failFor,
        grace: $0.grace)
    }
  }

  /// Gives a governor back what survived.
  ///
  /// What happened cannot have happened later than now, and what is waited for cannot be longer
  /// away than it ever is: a clock that was set must neither free a pod's budget nor keep liveness
  /// from ever failing.
  func restore(_ governor: inout PodGovernor, now: DecisionTime) {
    governor.restore(
      restarts: restarts.map { Self.past($0, now) },
      graceUntil: graceUntil.map { Self.future($0, now, within: Self.longestGrace) },
      failure: failure.map {
        PodGovernor.Failure(
          beganAt: Self.past($0.beganAt, now), answers: max(1, $0.answers),
          failFor: max(0, $0.failFor), grace: max(0, min($0.grace, Self.longestGrace)))
      },
      containerSince: containerSince.map { Self.past($0, now) })
  }

  /// The longest grace that is believed, in milliseconds (1 day).
  private static let longestGrace: Int64 = 86_400_000

  static func wall(_ monotonic: Int64, _ now: DecisionTime) -> Int64 {
    now.wall &+ (monotonic &- now.monotonic)
  }

  static func past(_ wall: Int64, _ now: DecisionTime) -> Int64 {
    now.ago(now.wall &- wall)
  }

  static func future(_ wall: Int64, _ now: DecisionTime, within longest: Int64) -> Int64 {
    now.monotonic &+ max(0, min(wall &- now.wall, longest))
  }
}
