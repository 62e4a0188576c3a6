import LagCore

/// When topics and the ends of logs are looked up next, and what is under way; at most one of each
/// at a time.
struct LookUps: Sendable, Equatable {
  /// The look-ups of one end of the logs.
  struct Heads: Sendable, Equatable {
    /// When the look-up under way began, on the monotonic clock; nil when none is.
    var since: Int64?
    /// When the next is due, on the wall clock.
    var due: Int64 = .min
    /// The watch revision for which heads were last asked.
    var askedRevision = -1
    /// The watch revision for which heads are known.
    var revision = -1
    /// When heads were last read, on the monotonic clock; nil before.
    var readAt: Int64?
    /// When the starts of logs are due, on the monotonic clock.
    var startsDue: Int64 = .min
  }

  /// When the look-up of topics under way began, on the monotonic clock; nil when none is.
  private(set) var topicsSince: Int64?
  /// When topics are due, on the monotonic clock.
  private var topicsDue: Int64 = .min
  /// The watch revision for which topics were last asked.
  private var askedRevision = -1
  /// The watch revision whose topics are known.
  private(set) var topicsRevision = -1
  private var failures = 0
  private var highWatermarks = Heads()
  private var lastStableOffsets = Heads()

  /// The longest pause between two tries while a cluster does not answer, in milliseconds.
  static let maximumBackoff: Int64 = 5000
  /// How often the starts of logs are looked at, in milliseconds: retention moves them slowly.
  static let startsInterval: Int64 = 60_000

  /// The look-ups of one end.
  subscript(end: LogEnd) -> Heads {
    get { end == .highWatermark ? highWatermarks : lastStableOffsets }
    set {
      if end == .highWatermark { highWatermarks = newValue } else { lastStableOffsets = newValue }
    }
  }

  // MARK: Topics

  /// Whether topics are to be looked up now.
  func areTopicsDue(revision: Int, now: Int64) -> Bool {
    guard topicsSince == nil else { return false }
    return now >= topicsDue || (revision != askedRevision && failures == 0)
  }

  mutating func beginTopics(revision: Int, now: Int64) {
    topicsSince = now
    askedRevision = revision
  }

  /// Ends the look-up of topics; the next is due after `refresh`, or after a growing pause.
  mutating func endTopics(succeeded: Bool, now: Int64, refresh: Int64) {
    topicsSince = nil
    if succeeded {
      failures = 0
      topicsRevision = askedRevision
      topicsDue = now + refresh
    } else {
      failures = min(failures + 1, 16)
      topicsDue = now + min(Int64(500) << Int64(min(failures, 8)), Self.maximumBackoff)
    }
  }

  /// Makes topics due at once, because an answer shows that they have changed.
  mutating func expireTopics() { topicsDue = .min }

  // MARK: Heads

  /// Whether the ends of logs are to be looked up now.
  func areHeadsDue(_ end: LogEnd, wall: Int64) -> Bool {
    self[end].since == nil
      && (wall >= self[end].due || topicsRevision != self[end].askedRevision)
  }

  /// Begins a look-up; returns whether the starts of the logs are to be asked for too.
  mutating func beginHeads(_ end: LogEnd, now: Moment, refresh: Int64) -> Bool {
    self[end].since = now.monotonic
    self[end].askedRevision = topicsRevision
    // Multiples of the wall clock make all agents of a group sample at the same time.
    self[end].due = (now.wall / refresh + 1) * refresh
    guard now.monotonic >= self[end].startsDue else { return false }
    self[end].startsDue = now.monotonic + Self.startsInterval
    return true
  }

  /// Passes over a look-up for which there is nothing to ask: everything is known.
  mutating func skipHeads(_ end: LogEnd, now: Moment, refresh: Int64) {
    self[end].askedRevision = topicsRevision
    self[end].due = (now.wall / refresh + 1) * refresh
    self[end].revision = topicsRevision
    self[end].readAt = now.monotonic
  }

  /// Ends a look-up; returns when it began.
  mutating func endHeads(_ end: LogEnd, succeeded: Bool, now: Int64) -> Int64 {
    let asked = self[end].since ?? now
    self[end].since = nil
    if succeeded {
      self[end].readAt = asked
      self[end].revision = self[end].askedRevision
    }
    return asked
  }

  /// Makes a look-up with the starts of logs due at once, because a log has become shorter.
  mutating func expireStarts(_ end: LogEnd) {
    self[end].startsDue = .min
    self[end].due = .min
  }

  /// Makes everything due at once, because it is to be looked up at other times from now on.
  mutating func expire() {
    expireTopics()
    for end in LogEnd.allCases { self[end].due = .min }
  }

  // MARK: Trouble

  /// Whether a look-up has been under way for longer than `limit` milliseconds.
  func isStuck(now: Int64, limit: Int64) -> Bool {
    [topicsSince, highWatermarks.since, lastStableOffsets.since].contains { since in
      since.map { now - $0 > limit } ?? false
    }
  }

  /// Gives up what is under way.
  mutating func abandon() {
    topicsSince = nil
    highWatermarks.since = nil
    lastStableOffsets.since = nil
    topicsDue = .min
  }
}
