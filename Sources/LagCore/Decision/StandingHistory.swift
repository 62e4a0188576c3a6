/// At which committed offsets owners stood in vain: when the next owner stands where one before
/// stood, restarts do not help, and the record there is poison.
///
/// It is kept for everybody's partitions, because a restart may hand a partition to another pod,
/// and a record that nobody can process would else bring down one pod after the other.
struct StandingHistory {
  /// One partition at which an owner stood for the hold and then left.
  struct Entry: Equatable {
    /// The topic's name, which outlives the store.
    let topic: String
    /// The committed offset at which it stands.
    var offset: Int64
    /// How many owners stood there for the hold.
    var failures: Int
    /// When liveness may be tried with it once more, on the monotonic clock in milliseconds; nil
    /// before it was called poison.
    var nextAttemptAt: Int64?
    /// Whether that attempt is being made.
    var isTrying = false
    /// The id of the last member that stood there; nil when an earlier agent knew it.
    var memberID: String?
  }

  /// By partition.
  private(set) var entries: [TopicPartition: Entry] = [:]

  /// The most partitions that are followed (4096).
  static let maximumEntries = 4096
  /// How long liveness ignores a poisoned partition at first, in milliseconds (30 min); twice as
  /// long with each further failure.
  static let firstPause: Int64 = 1_800_000
  /// How often that is doubled at most: 10 times, three weeks.
  static let maximumDoublings = 10

  /// Takes note that an owner left that had stood for the hold.
  ///
  /// - Parameters:
  ///   - place: the partition.
  ///   - topic: the name of its topic.
  ///   - offset: the committed offset at which it stood.
  ///   - memberID: the owner's member id. One that gets it back and stands there again is no
  ///     second witness.
  mutating func failed(
    _ place: TopicPartition, of topic: String, at offset: Int64, by memberID: String
  ) {
    guard var entry = entries[place], entry.offset == offset else {
      restore(place, Entry(topic: topic, offset: offset, failures: 1, memberID: memberID))
      return
    }
    if entry.failures == 1, entry.memberID == memberID, entry.nextAttemptAt == nil { return }
    entry.failures += 1
    entry.memberID = memberID
    entry.nextAttemptAt = nil
    entry.isTrying = false
    entries[place] = entry
  }

  /// Forgets the partitions of a group that stand no longer where they stood.
  mutating func forget(_ store: OffsetStore, group: Int) {
    for (place, entry) in entries where store.committed(group: group, place) != entry.offset {
      entries[place] = nil
    }
  }

  /// Returns until when liveness ignores a partition, on the monotonic clock; nil when it does not.
  ///
  /// - Parameters:
  ///   - place: the partition.
  ///   - memberID: the id of its present owner, nil when that is not known.
  ///   - isHeld: whether that has stood for the hold, so that it is called poison.
  ///   - now: the monotonic clock in milliseconds.
  mutating func poisonedUntil(
    _ place: TopicPartition, of memberID: String?, isHeld: Bool, now: Int64
  ) -> Int64? {
    guard var entry = entries[place], !entry.isTrying else { return nil }
    if entry.nextAttemptAt == nil {
      guard isHeld, entry.failures > 1 || memberID == nil || memberID != entry.memberID
      else { return nil }
      entry.nextAttemptAt = now + Self.pause(after: entry.failures)
      entries[place] = entry
    }
    guard let next = entry.nextAttemptAt, now < next else { return nil }
    return next
  }

  /// Whether liveness ignores a partition already, whatever its present owner does.
  func isIgnored(_ place: TopicPartition, now: Int64) -> Bool {
    guard !entries.isEmpty, let entry = entries[place], !entry.isTrying,
      let next = entry.nextAttemptAt
    else { return false }
    return now < next
  }

  /// Takes note that liveness begins to fail because of a partition.
  mutating func attempted(_ place: TopicPartition) {
    if entries[place]?.nextAttemptAt != nil { entries[place]?.isTrying = true }
  }

  /// Takes note that a failure was not acted on, so that whoever was tried stands there still.
  mutating func attemptsEnded(now: Int64) {
    for (place, entry) in entries where entry.isTrying {
      let failures = entry.failures + 1
      entries[place] = Entry(
        topic: entry.topic, offset: entry.offset, failures: failures,
        nextAttemptAt: now + Self.pause(after: failures), memberID: entry.memberID)
    }
  }

  /// Puts back what was known before the agent was restarted; beyond the limit it is forgotten.
  mutating func restore(_ place: TopicPartition, _ entry: Entry) {
    guard entries[place] != nil || entries.count < Self.maximumEntries else { return }
    entries[place] = entry
  }

  /// The longest time for which liveness ignores a partition, in milliseconds.
  static let longestPause = firstPause << Int64(maximumDoublings)

  private static func pause(after failures: Int) -> Int64 {
    firstPause << Int64(min(max(0, failures - 1), maximumDoublings))
  }
}
