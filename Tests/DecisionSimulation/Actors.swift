import LagCore

/// One partition of the topic, with what is true of it.
struct SimulatedPartition {
  /// Records written, as a number that may have a fraction.
  var written = 0.0
  /// Records written each second; a partition with little traffic gets one record now and then.
  var rate = 50.0
  /// The offset up to which its consumer has processed.
  var processed: Int64 = 0
  var committed: Int64 = 0
  /// When that last became more.
  var progressedAt = 0
  /// The offset at which an earlier owner stood in vain, -1 for none, and that owner, -1 for
  /// several.
  var stoodAt: Int64 = -1
  var stoodBy = -1
  /// The member that consumes it, -1 for none.
  var owner = -1
  /// Since when that member does.
  var ownedSince = 0
  /// When the batch that is being processed ends, and where it leads.
  var batchEndsAt = 0
  var batchLeadsTo: Int64 = -1
  /// The member that hangs with it, -1 for none, and since when.
  var hungBy = -1
  var hungSince = 0
  /// A record that nobody can process.
  var poison: Int64?
  /// Until when its leader is down.
  var leaderDownUntil = 0
  /// Seconds for which nothing excused that its owner was not restarted.
  var accountable = 0

  var head: Int64 { Int64(written) }
}

/// One commit, as compaction leaves it to agents that begin anew.
struct SimulatedCommit {
  let offset: Int64
  /// In milliseconds since 1970.
  let time: Int64
  let order: Int64
}

/// One consumer, from its start to its end.
struct SimulatedMember {
  let id: String
  /// What orders members for range assignment: as random as Kafka's member ids.
  let key: UInt64
  let pod: Int
  /// Which of the pods that came one after the other in its place.
  let instance: Int
  let clientID: String
  let address: String
  var isAlive = true
  var diedAt = 0
  var joinsAt: Int
  var isInGroup = false
  /// Whether it processes nothing of any partition.
  var isHung = false
  /// Until when it is busy coming back after an outage.
  var resumesAt = 0
}

/// One pod: its container, as kubelet sees it, and its agent.
struct SimulatedPod {
  enum Container: Equatable {
    case running
    case waiting(until: Int)
  }

  /// Counts the pods of the Deployment's history.
  var instance: Int
  var address: String
  var name: String
  var container = Container.waiting(until: 0)
  var startedAt = 0
  var members: [Int] = []
  /// Kubelet's failing answers in a row.
  var failures = 0
  var wasStartupAsked = false
  /// Restarts in a row for the back-off.
  var backoff = 0
  var agent: SimulatedAgent
  /// Until when it hangs again and again.
  var sickUntil = 0
  /// Until when its consumers are stopped on purpose.
  var pausedUntil = 0
  /// When Vole had it restarted, in seconds, and when a failure ended as if it had been.
  var restarts: [Int] = []
  var countedRestarts: [Int] = []
}

/// One agent: its decisions, and its own view of the time.
struct SimulatedAgent {
  var decisions: Decisions
  /// Which of the world's stores it reads.
  var store = 0
  /// How far its wall clock is ahead, in milliseconds.
  var clock: Int64 = 0
  var downUntil = 0
  /// Until when it has not read everything yet.
  var staleUntil = 0
  /// When it decided last, and by which generation of the group.
  var decidedAt = 0
  var decidedBy: Int32 = -1
  /// When it asked the coordinator, to be answered a step later.
  var isAsking = false
  /// What keeps it from acting, counted by the checks.
  var excusedUntil = 0
  /// When its last failure ended, and the number of those.
  var failureEndedAt: Int?
  /// Whether it lost what an earlier agent knew, and from when on it knows what stood for the hold.
  var forgot = false
  var knowsStandingSince = 0
  /// Whether it was told that its pod's consumers are stopped on purpose.
  var knowsPause = false
}

/// A store with the verdict of this second; agents that see the same log share one.
struct SimulatedStore {
  var store: OffsetStore
  let group: Int
  /// How far the clock that it is judged by is ahead, in milliseconds, and how much of that was
  /// known when it was judged.
  private(set) var clock: Int64 = 0
  private(set) var skew: Int64 = 0
  /// What the arrival of commits tells of it; nil while the clock was never wrong.
  private var skews: ClockSkew?
  var judgement = GroupJudgement.notFound
  var troubled: [TroubledPartition] = []
  /// What scale is worked out from, what was said last, and how often that changed without reason.
  var advisor = ScaleAdvisor()
  var lastDesired: Int?
  var changes = 0
  /// When its clock was set, in milliseconds since 1970 by the right one.
  private(set) var setAt: Int64 = 0

  init(clock: Int64 = 0) {
    self.clock = clock
    if clock != 0 { skews = ClockSkew() }
    store = OffsetStore(limits: WindowLimits(), expireAfter: 7 * 86_400_000, seed: 1)
    group = store.addGroup(Array("orders".utf8).span) ?? 0
  }

  /// Sets the clock, by so many milliseconds.
  mutating func setClock(by: Int64, at wall: Int64) {
    if skews == nil {
      // Until now every commit arrived when it was written.
      var known = ClockSkew()
      for minute in (0..<60).reversed() {
        let time = wall - Int64(minute) * 60_000
        known.observe(arrival: time, commitTime: time)
      }
      skews = known
    }
    clock += by
    setAt = wall
  }

  /// Takes note that a commit arrives as soon as it was written.
  mutating func observeClock(at wall: Int64) {
    skews?.observe(arrival: wall + clock, commitTime: wall)
  }

  /// Whether what is known of the clock is right.
  var knowsClock: Bool { (clock - skew).magnitude <= UInt64(ClockSkew.tolerance) }

  /// Judges the group at a second of the wall clock.
  mutating func judge(at wall: Int64, hold: UInt32) {
    skew = skews?.correction ?? 0
    var parameters = JudgementParameters(hold: hold, staleAfter: 30)
    parameters.clockSkew = skew
    judgement = store.judge(
      group: group, nowSeconds: wall / 1000, parameters: parameters, troubled: &troubled)
  }
}

/// What decides whether liveness passes.
package enum Policy: String, Sendable, CaseIterable {
  /// Vole's decisions.
  case vole
  /// The verdict on the whole group, as Burrow gives it.
  case burrow
  /// Whether the group lags by more than ten minutes of what is written.
  case lag
  /// Whether the process is there.
  case process

  /// What it goes by, in words.
  package var words: String {
    switch self {
    case .vole: "Vole"
    case .burrow: "Burrow's verdict on the group"
    case .lag: "lag above ten minutes of traffic"
    case .process: "the process is up"
    }
  }
}
