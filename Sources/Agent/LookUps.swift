/// When topics and heads are looked up next, and what is under way; at most one of each at a time.
struct LookUps: Sendable, Equatable {
  /// When the look-up of topics under way began, on the monotonic clock; nil when none is.
  private(set) var topicsSince: Int64?
  /// When the look-up of heads under way began; nil when none is.
  private(set) var headsSince: Int64?
  /// When topics are due, on the monotonic clock.
  private var topicsDue: Int64 = .min
  /// When heads are due, on the wall clock.
  private var headsDue: Int64 = .min
  /// The watch revision for which topics were last asked.
  private var askedRevision = -1
  /// The watch revision whose topics are known.
  private(set) var topicsRevision = -1
  /// The watch revision for which heads were last asked.
  private(set) var headsRevision = -1
  private var failures = 0

  /// The longest pause between two tries while a cluster does not answer, in milliseconds.
  static let maximumBackoff: Int64 = 5000

  /// Whether topics are to be looked up now.
  func areTopicsDue(revision: Int, now: Int64) -> Bool {
    guard topicsSince == nil else { return false }
    return now >= topicsDue || (revision != askedRevision && failures == 0)
  }

  /// Whether heads are to be looked up now.
  func areHeadsDue(wall: Int64) -> Bool {
    headsSince == nil && (wall >= headsDue || topicsRevision != headsRevision)
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

  mutating func beginHeads(now: Moment, refresh: Int64) {
    headsSince = now.monotonic
    headsRevision = topicsRevision
    // Multiples of the wall clock make all agents of a group sample at the same time.
    headsDue = (now.wall / refresh + 1) * refresh
  }

  mutating func endHeads() { headsSince = nil }

  /// Makes topics due at once, because an answer shows that they have changed.
  mutating func expireTopics() { topicsDue = .min }

  /// Whether a look-up has been under way for longer than `limit` milliseconds.
  func isStuck(now: Int64, limit: Int64) -> Bool {
    [topicsSince, headsSince].contains { since in since.map { now - $0 > limit } ?? false }
  }

  /// Gives up what is under way.
  mutating func abandon() {
    topicsSince = nil
    headsSince = nil
    topicsDue = .min
  }
}
