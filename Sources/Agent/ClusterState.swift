import Answers
import Configuration
import ConsumerOffsets
import LagCore

/// One cluster: what was read of it, how fresh that is, and what has to be asked next.
///
/// A state machine: events and the time go in, effects come out. It fails on its own; nothing that
/// happens to one cluster touches another.
struct ClusterState {
  var settings: ClusterSettings
  /// The cluster's number, which effects carry.
  var index: Int
  var store: OffsetStore
  var admission: GroupAdmission
  var memberships: Memberships
  var records = RecordCounters()
  /// The first record of this minute that could not be read, for the log.
  var troubledRecord: String?

  /// How many partitions the offsets topic has, nil until metadata told.
  var offsetsPartitionCount: Int?
  /// The readings of the offsets topic's partitions that are needed, nil for the others.
  var readings: [PartitionReading?] = []
  /// What the agent keeps of each group of the store beside its commits.
  var watched: [WatchedGroup] = []
  /// Topics that metadata gave no partitions for, by name, each told once.
  var topicFaults: [String: ClusterFault] = [:]

  var lookUps = LookUps()
  var polls: GroupPolls
  var listing = GroupListing()
  var fallback = TopicFallback()
  var rereading = Rereading()
  var phantoms = PhantomSearches()
  var skew = ClockSkew()
  var health = ClusterHealth()
  /// Whether commits and heads were read once, as the log was told.
  private var wasToldReady = false
  /// Whether a reload added the cluster to an agent that was ready, which it then stays.
  var isAddition = false
  /// When reading began and when its progress was last told, on the monotonic clock.
  var readingSince: Int64?
  var progressToldAt: Int64?
  /// The time from which the offsets topic is read, once it is looked up; see `ReadingStart.back`.
  var backfill = Backfill.none

  /// What the agent keeps of a watched group.
  struct WatchedGroup: Sendable {
    /// The consumer of the settings that watches it.
    var consumer: Int
    /// The partition of the offsets topic that it lies in, -1 while unknown.
    var partition: Int32 = -1
    /// Whether it is watched no more, because a new configuration does not name it.
    var isRemoved = false
    /// Where its commits come from now.
    var source = CommitSource.topic
    /// Since when its records come again after they had been withheld, on the monotonic clock; nil
    /// once they have been read to the end.
    var returningSince: Int64?
    /// Whether its partition was read to the end once while it was watched.
    var wasRead = false
    /// Whether the last answer about all its partitions was empty.
    var isEmptyForAll = false
    /// The partitions that are asked for by name.
    var namedPartitions: [HeadRequest] = []
    /// Topics whose offsets are refused to us, by name.
    var refusedTopics: [String: ClusterFault] = [:]
    /// The verdict as of the last tick.
    var judgement = GroupJudgement.notFound
    /// Why nothing could be said at that tick: a verdict that was made over missing commits must
    /// not be shown when they have come, for it does not know them.
    var judgedInDoubt: String?
    /// What is kept for its probes and its scale.
    var decision = WatchedDecision()
    /// The verdict that was last told to the log.
    var toldVerdict = Verdict.unknown
    /// How many rebalances were last told to the log.
    var toldRebalances = 0
  }

  init(settings: ClusterSettings, index: Int, seed: UInt64) {
    self.settings = settings
    self.index = index
    store = OffsetStore(limits: settings.limits, expireAfter: settings.expireAfter, seed: seed)
    admission = GroupAdmission(settings: settings, seed: seed &+ 7)
    memberships = Memberships()
    polls = GroupPolls(refresh: settings.offsetRefresh, seed: seed &+ 13)
    for name in settings.namedGroups {
      let bytes = Array(name.utf8)
      guard let consumer = settings.consumer(admitting: bytes.span).index else { continue }
      _ = addGroup(bytes.span, consumer: consumer)
    }
  }

  /// Adds a group that is watched; returns its index, nil when the store is full.
  mutating func addGroup(_ name: Span<UInt8>, consumer: Int) -> Int? {
    let end = LogEnd(settings.consumers[consumer].logEnd)
    guard let group = store.addGroup(name, logEnd: end) else { return nil }
    while watched.count <= group { watched.append(WatchedGroup(consumer: consumer)) }
    watched[group].partition = offsetsPartition(of: name)
    if rereading.contains(watched[group].partition) { watched[group].source = .reread }
    return group
  }

  /// The settings of the consumer that watches a group.
  func consumer(of group: Int) -> ConsumerSettings { settings.consumers[watched[group].consumer] }

  func offsetsPartition(of group: Span<UInt8>) -> Int32 {
    guard let count = offsetsPartitionCount, let count = Int32(exactly: count) else { return -1 }
    return OffsetsTopicPartitioner.partition(ofGroup: group, partitionCount: count) ?? -1
  }

  /// The reading of the partition that a group lies in.
  func reading(of group: Int) -> PartitionReading? {
    let partition = Int(watched[group].partition)
    return readings.indices.contains(partition) ? readings[partition] : nil
  }

  // MARK: Progress

  /// How many partitions of the offsets topic are needed, and how many were read to the end.
  var readingProgress: (needed: Int, caughtUp: Int) {
    var needed = 0
    var caughtUp = 0
    for case .some(let reading) in readings {
      needed += 1
      if reading.isCaughtUp { caughtUp += 1 }
    }
    return (needed, caughtUp)
  }

  /// Whether all commits that stood at the start have been read, by whatever source.
  var areCommitsRead: Bool {
    if readsTopic {
      let progress = readingProgress
      guard progress.needed > 0, progress.caughtUp == progress.needed else { return false }
    }
    if needsGroupList, listing.readAt == nil { return false }
    let polled = polls.progress
    return polled.read == polled.of
  }

  /// Whether the heads of all topics that were watched at that time have been read.
  var areHeadsRead: Bool {
    wasToldReady || endsInUse.allSatisfy { lookUps[$0].revision == store.watchRevision }
  }

  /// Whether commits and heads were read once.
  var isReady: Bool { wasToldReady || areCommitsRead && areHeadsRead }

  /// The ends of logs that the lags of the watched groups are measured to.
  var endsInUse: [LogEnd] {
    var ends: [LogEnd] = []
    for consumer in settings.consumers {
      let end = LogEnd(consumer.logEnd)
      if !ends.contains(end) { ends.append(end) }
    }
    return ends
  }

  /// Returns how far the catch-up is, when it is time to tell.
  mutating func progress(now: Moment) -> LogRecord? {
    guard let since = readingSince, !isReady, !areCommitsRead,
      now.monotonic - (progressToldAt ?? since) >= Self.progressInterval
    else { return nil }
    progressToldAt = now.monotonic
    let progress = readingProgress
    let left = readings.reduce(Int64(0)) { $0 + ($1?.remaining ?? 0) }
    let rate = records.read / max(1, (now.monotonic - since) / 1000)
    var record = LogRecord(.info, "catching up").with("cluster", settings.name)
      .with("partitions-read", Int64(progress.caughtUp)).with("of", Int64(progress.needed))
      .with("records", records.read).with("left", left).with("per-second", rate)
    if rate > 0 { record = record.with("seconds-left", left / rate) }
    return record
  }

  /// How often a catch-up tells how far it is, in milliseconds.
  private static let progressInterval: Int64 = 10_000

  mutating func updateReadiness() -> LogRecord? {
    guard !wasToldReady, isReady else { return nil }
    wasToldReady = true
    return LogRecord(.info, "ready: commits and log-end offsets were read")
      .with("cluster", settings.name)
      .with("records", records.read)
      .with("commits", records.commits)
      .with("partitions", Int64(store.trackedPartitions))
  }
}

/// Where the commits of a group come from.
enum CommitSource: Sendable, Equatable {
  /// The records of the offsets topic.
  case topic
  /// Polls by OffsetFetch.
  case fetch
  /// The records of the offsets topic, which are read from the beginning because the group was
  /// added while the topic was being read.
  case reread
}

extension LogEnd {
  /// The end that a configuration names.
  init(_ end: Configuration.LogEnd) {
    switch end {
    case .highWatermark: self = .highWatermark
    case .lastStableOffset: self = .lastStableOffset
    }
  }
}
