import SeededRandom

/// What befalls the world, and for how long.
package enum Fault: Sendable, Equatable {
  /// A consumer stops processing one of its partitions, though its process lives on.
  case hangPartition(pod: Int)
  /// A consumer stops processing all partitions of one member.
  case hangMember(pod: Int)
  /// A consumer hangs again and again, soon after each restart.
  case sicken(pod: Int)
  /// A record comes that no consumer can process.
  case poison(partition: Int)
  /// A process ends without leaving the group.
  case crash(pod: Int)
  /// Whatever the consumers write to is down; some processes may end of it.
  case outage(crashes: Bool)
  /// The broker of the offsets topic is down: no commits, while heads go on.
  case coordinatorDown
  /// All brokers are down.
  case brokersDown
  /// The leader of one partition is down.
  case leaderDown(partition: Int)
  /// An agent begins anew, with or without what it stored.
  case agentRestart(pod: Int)
  /// The clock of an agent's machine is set, by so many seconds.
  case clockSet(pod: Int, by: Int)
  /// All consumers are stopped, the offsets are set elsewhere, and the consumers start again.
  case offsetsReset(by: Int64)
  /// All pods are replaced, one after the other.
  case rollout
  /// Processing is slower than writing.
  case slowdown
  /// One pod's consumers are stopped on purpose, and its liveness is paused.
  case pause(pod: Int)
}

/// One fault and its time.
package struct Event: Sendable {
  /// When it begins, in seconds since the world began.
  let at: Int
  /// What it is.
  package let fault: Fault
  /// How long it lasts, in seconds.
  let lasting: Int
}

/// A world as its seed makes it: the group, its consumers, the kubelet's settings, and what befalls
/// them.
package struct WorldPlan: Sendable {
  /// How members share partitions.
  package enum Assignment: Sendable, CaseIterable {
    /// Everybody stops until all have joined again.
    case eager
    /// Who keeps a partition goes on with it.
    case cooperative
    /// The consumer protocol of KIP-848.
    case consumer
  }

  /// How partitions are written to.
  package enum Traffic: Sendable {
    /// All of them all the time.
    case busy
    /// One all the time, the others now and then.
    case quiet
    /// There is one partition only.
    case single
    /// One all the time, the others never.
    case lone
  }

  /// How agents know their pod's members.
  package enum Naming: Sendable {
    case address
    case name
    /// Several pods share the address of their node.
    case hostNetwork
  }

  let seed: UInt64
  /// How long the world lasts, in seconds.
  package var length = 6 * 3600
  var pods = 10
  var partitions = 12
  var membersPerPod = 1
  var assignment = Assignment.eager
  var traffic = Traffic.busy
  var naming = Naming.address
  /// Seconds between two commits of a partition.
  var commitEvery = 5
  /// Whether an offset is committed again that has not changed.
  var repeatsCommits = true
  /// Whether what is processed is committed when partitions are given up.
  var commitsOnRevoke = true
  /// Seconds that a batch takes before anything of it counts as processed.
  var batch = 0
  /// Seconds after which a member that is gone is put out of the group.
  var sessionTimeout = 45
  /// Seconds that a rebalance may take.
  var rebalanceTimeout = 300
  /// For how long a partition must stand before liveness fails, in seconds: `auto` makes it this.
  var hold: Int { rebalanceTimeout + 30 }
  /// Failing probes before kubelet acts; it asks every 10 s.
  var threshold = 3
  /// Whether agents have a directory for what must survive them.
  var hasStateDirectory = true
  /// Whether the coordinator may be asked.
  var mayDescribe = true
  package var events: [Event] = []

  /// Makes the plan that `seed` names.
  package init(seed: UInt64) {
    self.seed = seed
    var random = SeededGenerator(seed: seed &* 0x9E37_79B9 &+ 77)
    assignment = random.pick([.eager, .eager, .cooperative, .consumer])
    traffic = random.pick([.busy, .busy, .busy, .busy, .busy, .quiet, .single, .lone])
    naming = random.pick([.address, .address, .address, .name, .hostNetwork])
    partitions = traffic == .single ? 1 : 10 + random.below(9)
    membersPerPod = traffic == .single ? 1 : random.pick([1, 1, 1, 2, 3])
    commitEvery = random.pick([5, 5, 5, 60])
    repeatsCommits = random.oneIn(2)
    commitsOnRevoke = !random.oneIn(3)
    batch = random.pick([0, 0, 0, 20, 60, 200])
    if assignment == .consumer { sessionTimeout = random.pick([45, 45, 900]) }
    if random.oneIn(12) { threshold = 30 }
    hasStateDirectory = !random.oneIn(4)
    mayDescribe = !random.oneIn(5)
    events = Self.events(&random, pods: pods, partitions: partitions)
  }

  private static func events(
    _ random: inout SeededGenerator, pods: Int, partitions: Int
  ) -> [Event] {
    let last = 5 * 3600
    func time(_ random: inout SeededGenerator) -> Int { 1500 + 5 * random.below((last - 1500) / 5) }
    var events = [Event(at: time(&random), fault: .rollout, lasting: 0)]
    for _ in 0..<(1 + random.below(4)) {
      let pod = random.below(pods)
      let lasting = 60 * (1 + random.below(10))
      let one: (Fault, Int) =
        switch random.below(20) {
        case 0, 1, 2: (.hangPartition(pod: pod), 0)
        case 3, 4: (.hangMember(pod: pod), 0)
        case 5: (.sicken(pod: pod), 7200)
        case 6, 7: (.poison(partition: random.below(partitions)), 3600 * (1 + random.below(4)))
        case 8, 9: (.crash(pod: pod), 0)
        case 10, 11: (.outage(crashes: random.oneIn(3)), 300 * (1 + random.below(10)))
        case 12: (.coordinatorDown, lasting * (random.oneIn(2) ? 6 : 1))
        case 13: (.brokersDown, lasting)
        case 14: (.leaderDown(partition: random.below(partitions)), lasting)
        case 15: (.agentRestart(pod: pod), 5)
        case 16: (.clockSet(pod: pod, by: random.pick([-3600, 600, 7200, 7200])), 0)
        case 17: (.offsetsReset(by: random.pick([-200_000, -20_000, 5000])), 300)
        case 18: (.slowdown, lasting)
        default: (.pause(pod: pod), 600 + lasting)
        }
      events.append(Event(at: time(&random), fault: one.0, lasting: one.1))
    }
    return events.sorted { $0.at < $1.at }
  }
}
