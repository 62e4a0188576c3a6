/// The sums of a judgement while it is made.
struct JudgementTally {
  /// See `GroupJudgement`, for these and those of the same names below.
  private(set) var partitions = 0
  private(set) var full = 0
  private(set) var unknown = 0
  private(set) var headOld = 0
  private(set) var beforeLogStart = 0
  private(set) var beyondEnd = 0
  private(set) var phantom = 0
  private(set) var totalLag: UInt64 = 0
  private(set) var maxLag: UInt64 = 0
  /// How many were judged by each of the ten rules, by its number.
  private var byRule = InlineArray<10, Int>(repeating: 0)
  /// The owner's number plus one, 0 for none, and since when.
  private(set) var longestBehind: (owner: UInt32, since: UInt32) = (0, .max)
  private(set) var worst: GroupJudgement.Culprit?
  /// How bad that is; `ok` while there is none.
  private var severity = GroupStatus.ok
  private var worstLag: UInt64 = 0

  /// Adds windows with a commit, whose consumers are not behind.
  mutating func addQuiet(_ count: Int, full: Int) {
    partitions &+= count
    byRule[Int(Rule.noLag.rawValue)] &+= count
    self.full &+= full
  }

  /// Adds a window with a commit.
  @inline(__always)
  mutating func addWindow(isFull: Bool) {
    partitions &+= 1
    if isFull { full &+= 1 }
  }

  /// Adds a partition that cannot be judged.
  mutating func addUnknown() { unknown &+= 1 }

  /// How many partitions a rule decided about.
  func count(of rule: Rule) -> Int { byRule[Int(rule.rawValue)] }

  /// Adds what a partition is behind; `since` is 0 when it is not, `owner` when nobody owns it.
  @inline(__always)
  mutating func add(_ lag: UInt64, since: UInt32, owner: UInt32) {
    maxLag = max(maxLag, lag)
    totalLag &+= lag
    if since != 0, owner != 0, since < longestBehind.since { longestBehind = (owner, since) }
  }

  /// Adds what is special about a lag.
  @inline(__always)
  mutating func count(_ flags: PartitionFlags) {
    guard !flags.isEmpty else { return }
    if flags.contains(.headOld) { headOld &+= 1 }
    if flags.contains(.beforeLogStart) { beforeLogStart &+= 1 }
    if flags.contains(.beyondEnd) { beyondEnd &+= 1 }
    if flags.contains(.phantom) { phantom &+= 1 }
  }

  /// Adds what a rule says of a partition.
  @inline(__always)
  mutating func count(_ rule: Rule, _ lag: UInt64, _ topic: Int, _ partition: Int32) {
    byRule[Int(rule.rawValue)] &+= 1
    let severity = GroupStatus(causedBy: rule.status)
    if severity > .ok, severity > self.severity || severity == self.severity && lag > worstLag {
      self.severity = severity
      worstLag = lag
      worst = GroupJudgement.Culprit(topic: topic, partition: partition, rule: rule, lag: lag)
    }
  }
}

extension GroupJudgement {
  /// The judgement that the sums make.
  init(_ tally: JudgementTally, unsubscribed: Int) {
    self.init(verdict: .ok)
    partitions = tally.partitions
    full = tally.full
    unknown = tally.unknown
    headOld = tally.headOld
    beforeLogStart = tally.beforeLogStart
    beyondEnd = tally.beyondEnd
    phantom = tally.phantom
    self.unsubscribed = unsubscribed
    for rule in Rule.allCases {
      let count = tally.count(of: rule)
      switch rule.status {
      case .ok: ok += count
      case .warning: warning += count
      case .stop: stop += count
      case .stall: stall += count
      case .rewind: rewind += count
      }
    }
    totalLag = tally.totalLag
    maxLag = tally.maxLag
    if tally.longestBehind.owner != 0 {
      longestBehind = Behind(
        member: Int(tally.longestBehind.owner) - 1, since: tally.longestBehind.since)
    }
    worst = tally.worst
    conclude()
  }

  /// ERR before UNKNOWN before WARN before OK.
  private mutating func conclude() {
    if stop + stall + rewind > 0 {
      verdict = .error
    } else if unknown > 0 {
      verdict = .unknown
    } else if warning > 0 {
      verdict = .warning
    } else {
      verdict = partitions + unsubscribed > 0 ? .ok : .notFound
    }
  }
}
