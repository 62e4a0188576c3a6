import Answers
import Configuration
import ConsumerOffsets
import LagCore

/// One cluster: what was read of it, how fresh that is, and what has to be asked next.
///
/// A state machine: events and the time go in, effects come out. It fails on its own; nothing that
/// happens to one cluster touches another.
struct ClusterState {
  let settings: ClusterSettings
  /// The cluster's number, which effects carry.
  let index: Int
  var store: OffsetStore
  var admission: GroupAdmission
  var records = RecordCounters()
  /// The first record of this minute that could not be read, for the log.
  var troubledRecord: String?

  /// How many partitions the offsets topic has, nil until metadata told.
  var offsetsPartitionCount: Int?
  /// The readings of the offsets topic's partitions that are needed, nil for the others.
  var readings: [PartitionReading?] = []
  /// The partition of the offsets topic that each group of the store lies in, -1 while unknown.
  var partitionOfGroup: [Int32] = []
  /// The verdict of each group of the store as of the last tick.
  var judgements: [GroupJudgement] = []
  /// The verdict of each group that was last told to the log.
  var toldVerdicts: [Verdict] = []

  var lookUps = LookUps()
  var health = ClusterHealth()
  /// When heads were last read, on the monotonic clock; nil before.
  var headsReadAt: Int64?
  /// The watch revision that the heads were read for.
  var headsRevision = -1
  /// Whether commits and heads were read once.
  private(set) var isReady = false
  /// When reading began and when its progress was last told, on the monotonic clock.
  var readingSince: Int64?
  private var progressToldAt: Int64?

  /// How often a catch-up tells how far it is, in milliseconds.
  private static let progressInterval: Int64 = 10_000

  init(settings: ClusterSettings, index: Int, seed: UInt64) {
    self.settings = settings
    self.index = index
    store = OffsetStore(limits: settings.limits, expireAfter: settings.expireAfter, seed: seed)
    admission = GroupAdmission(settings: settings, seed: seed &+ 7)
    for name in settings.exactGroups ?? [] {
      let bytes = Array(name.utf8)
      _ = addGroup(bytes.span)
    }
  }

  /// Adds a group that is watched; returns its index, nil when the store is full.
  mutating func addGroup(_ name: Span<UInt8>) -> Int? {
    guard let group = store.addGroup(name) else { return nil }
    while judgements.count <= group {
      judgements.append(.notFound)
      toldVerdicts.append(.unknown)
      partitionOfGroup.append(-1)
    }
    partitionOfGroup[group] = offsetsPartition(of: name)
    return group
  }

  func offsetsPartition(of group: Span<UInt8>) -> Int32 {
    guard let count = offsetsPartitionCount, let count = Int32(exactly: count) else { return -1 }
    return OffsetsTopicPartitioner.partition(ofGroup: group, partitionCount: count) ?? -1
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

  /// Whether all commits that stood at the start have been read.
  var areCommitsRead: Bool {
    let progress = readingProgress
    return progress.needed > 0 && progress.caughtUp == progress.needed
  }

  /// Whether the heads of all topics that were watched at that time have been read.
  var areHeadsRead: Bool {
    headsRevision >= 0 && (headsRevision == store.watchRevision || isReady)
  }

  /// Returns how far the catch-up is, when it is time to tell.
  mutating func progress(now: Moment) -> LogRecord? {
    guard let since = readingSince, !areCommitsRead,
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

  mutating func updateReadiness() -> LogRecord? {
    guard !isReady, areCommitsRead, areHeadsRead else { return nil }
    isReady = true
    return LogRecord(.info, "ready: commits and log-end offsets were read")
      .with("cluster", settings.name)
      .with("records", records.read)
      .with("commits", records.commits)
      .with("partitions", Int64(store.trackedPartitions))
  }

  // MARK: Reports

  /// The groups that there is something to say of: those named exactly, and those with commits.
  var reportedGroups: [Int] {
    let isExact = settings.exactGroups != nil
    return store.groupIndices.filter { isExact || store.hasData(group: $0) }
  }

  /// Returns what is to be said of a group now.
  func report(group: Int, now: Moment) -> GroupReport {
    let judgement = judgements[group]
    let partition = Int(partitionOfGroup[group])
    let reading = readings.indices.contains(partition) ? readings[partition] : nil
    let commitsAge = reading?.provenAt.map { max(0, now.monotonic - $0) }
    let headsAge = headsReadAt.map { max(0, now.monotonic - $0) }
    let doubt = doubt(
      judgement, reading: reading, commitsAge: commitsAge, headsAge: headsAge)
    return GroupReport(
      cluster: settings.name, group: store.groupName(group),
      verdict: doubt == nil ? judgement.verdict : .unknown, judgement: judgement,
      culpritTopic: judgement.worst.map { store.topicName($0.topic) }, doubt: doubt,
      commitsAge: commitsAge.map { $0 / 1000 }, headsAge: headsAge.map { $0 / 1000 })
  }

  /// Why nothing can be said of a group although it may have commits; nil when something can.
  private func doubt(
    _ judgement: GroupJudgement, reading: PartitionReading?, commitsAge: Int64?, headsAge: Int64?
  ) -> String? {
    if let fault = health.fault, headsAge == nil || commitsAge == nil {
      return "cluster \(settings.name): \(fault.message)"
    }
    guard let reading else { return "\(settings.offsetsTopic) has not been looked up yet" }
    if let fault = reading.fault { return "\(settings.offsetsTopic): \(fault.message)" }
    guard reading.isCaughtUp, let commitsAge else {
      let left = reading.remaining.map { ", about \($0) records are left" } ?? ""
      return "\(settings.offsetsTopic) has not been read to its end yet\(left)"
    }
    if commitsAge > settings.staleAfter {
      return "for \(commitsAge / 1000) s it could not be proven that all commits were read"
    }
    if judgement.verdict == .notFound { return "no commit of this group is known" }
    guard let headsAge else { return "no log-end offset has been read yet" }
    if headsAge > settings.staleAfter {
      return "the log-end offsets are \(headsAge / 1000) s old"
    }
    return nil
  }
}
