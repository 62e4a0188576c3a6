import Doctor
import EventLoop
import Glibc
import KafkaClient

/// The connections of `vole doctor` to one cluster; every question waits for its answer, or until
/// the time is over.
final class DoctorSession {
  /// The longest one question may take, in milliseconds.
  private static let longestQuestion: Int64 = 10_000
  /// How long one try to connect takes: what a client has to complain of is told between two.
  private static let connectSlice: Int64 = 500
  /// How often a question about a group is asked that fails for a passing reason.
  private static let attempts = 3
  /// How long is waited between two of them, in milliseconds.
  private static let betweenAttempts: Int64 = 300
  /// Groups that are asked about at a time.
  private static let groupsAtOnce = 50
  /// Messages taken from a reader at once.
  private static let batch = 256

  private let clock = Clock.system
  /// For metadata and log ends.
  private let clusterProperties: KafkaProperties
  /// For the offsets topic and the groups.
  private let groupProperties: KafkaProperties
  private let wakeUp: WakeUp
  private var worker: ClusterWorker?
  private var groups: GroupsClient
  /// The login that a coordinator refused.
  private var refusal: KafkaError?
  /// The loop's clock in milliseconds at which everything must be over.
  private let deadline: Int64

  /// Connects nothing yet.
  ///
  /// - Parameters:
  ///   - cluster: the properties for metadata and log ends.
  ///   - groups: those for the offsets topic and the groups.
  ///   - seconds: how long everything may take.
  /// - Throws: when no descriptor is left.
  init(cluster: KafkaProperties, groups: KafkaProperties, seconds: Int) throws(Errno) {
    clusterProperties = cluster
    groupProperties = groups
    wakeUp = try WakeUp.create()
    self.groups = GroupsClient(properties: groups, wakeUpDescriptor: wakeUp.fileDescriptor)
    deadline =
      Clock.system.monotonicNanoseconds() / nanosecondsPerMillisecond + Int64(seconds) * 1000
  }

  private var now: Int64 { clock.monotonicNanoseconds() / nanosecondsPerMillisecond }
  /// Milliseconds that are left.
  var remaining: Int64 { max(0, deadline - now) }
  private var questionTime: Int64 { max(1, min(remaining, Self.longestQuestion)) }

  // MARK: Cluster and topics

  /// Waits until the cluster answers.
  ///
  /// - Parameter topic: a topic to ask for.
  /// - Returns: its metadata; or the newest error of the client, nil when it had none to tell.
  func connect(topic: String) throws(KafkaError) -> Result<ClusterMetadata, ConnectFailure> {
    var last: KafkaError?
    while remaining > 0 {
      let slice = min(Self.connectSlice, max(1, remaining))
      var isHopeless = false
      let result = try metadata([topic], timeout: slice) { error in
        last = Self.moreTelling(last, error)
        if Self.isHopeless(error) { isHopeless = true }
      }
      switch result {
      case .success(let metadata): return .success(metadata)
      case .failure(let error) where error.kind != .timedOut && error.kind != .transport:
        return .failure(ConnectFailure(last: last ?? error))
      case .failure, nil: break
      }
      if isHopeless { return .failure(ConnectFailure(last: last)) }
    }
    return .failure(ConnectFailure(last: last))
  }

  /// Why a cluster did not answer.
  struct ConnectFailure: Error {
    let last: KafkaError?
  }

  /// Which of two errors says more: the reason of one connection more than that all have failed,
  /// and a refused login more than anything.
  private static func moreTelling(_ old: KafkaError?, _ new: KafkaError) -> KafkaError {
    guard let old else { return new }
    if old.kind == .authentication { return old }
    return new.name == allBrokersDown ? old : new
  }

  private static let allBrokersDown = "_ALL_BROKERS_DOWN"

  /// Whether waiting longer will not help: nobody is there, or they do not let us in.
  private static func isHopeless(_ error: KafkaError) -> Bool {
    error.kind == .authentication || error.name == allBrokersDown || error.isFatal
  }

  /// Asks for topics; nil when there was no answer.
  func metadata(
    _ topics: [String], timeout: Int64? = nil, _ complaint: (KafkaError) -> Void = { _ in }
  ) throws(KafkaError) -> Result<ClusterMetadata, KafkaError>? {
    if worker == nil {
      worker = try ClusterWorker.start(
        properties: clusterProperties, wakeUpDescriptor: wakeUp.fileDescriptor, clock: { 0 })
    }
    let timeout = timeout ?? questionTime
    let id = worker?.requestMetadata(topics: topics, timeoutMilliseconds: timeout, now: now)
    // The worker itself gives up in time; a little more is for its answer to arrive.
    let end = now + timeout + Self.connectSlice
    while now < end {
      guard let replies = worker?.takeReplies() else { return nil }
      for notice in replies.notices {
        if case .error(let error) = notice { complaint(error) }
      }
      if let reply = replies.metadata, reply.id == id { return reply.result }
      wait(until: end)
    }
    return nil
  }

  /// Asks for the log ends of all partitions of topics; topics without an answer are left out.
  func heads(_ topics: [TopicMetadata]) -> [String: [PartitionHead]] {
    let partitions = topics.filter { $0.error == nil && $0.partitionCount > 0 }.map {
      TopicPartitions(topic: $0.name, partitions: (0..<$0.partitionCount).map { Int32($0) })
    }
    guard !partitions.isEmpty, remaining > 0 else { return [:] }
    let timeout = questionTime
    let id = worker?.requestHeads(
      partitions, includeStart: false, timeoutMilliseconds: timeout, now: now)
    let end = now + timeout + Self.connectSlice
    while now < end {
      if let reply = worker?.takeReplies().heads, reply.id == id {
        var heads: [String: [PartitionHead]] = [:]
        for topic in reply.topics { heads[topic.request.topic] = topic.heads }
        return heads
      }
      wait(until: end)
    }
    return [:]
  }

  // MARK: Reading

  /// Reads partitions of a topic until all ended, all failed, or the time is over.
  ///
  /// - Parameters:
  ///   - topic: the topic.
  ///   - partitions: which.
  ///   - start: where to begin.
  ///   - milliseconds: how long at most.
  ///   - progress: told the number of records read now and then.
  ///   - record: receives each record.
  func read(
    _ topic: String, _ partitions: [Int32], from start: OffsetsTopicReader.Start,
    milliseconds: Int64, _ progress: (Int) -> Void,
    _ record: (_ key: Span<UInt8>, _ value: Span<UInt8>?) -> Void
  ) throws(KafkaError) -> (readings: [Int32: ClusterExamination.Reading], records: Int) {
    var settings = OffsetsTopicReader.Settings()
    settings.topic = topic
    settings.fetchWaitMilliseconds = Int32(Self.connectSlice)
    var reader = try OffsetsTopicReader.connect(
      properties: groupProperties, settings: settings, wakeUpDescriptor: wakeUp.fileDescriptor)
    var readings: [Int32: ClusterExamination.Reading] = [:]
    for partition in partitions {
      readings[partition] = .unanswered
      try reader.start(partition: partition, at: start)
    }
    var records = 0
    let end = now + min(milliseconds, remaining)
    while now < end, readings.values.contains(where: { !Self.isOver($0) }) {
      let result = reader.drain(maximum: Self.batch) { item, key, value in
        switch item.kind {
        case .end: readings[item.partition] = .read(isWhole: true)
        case .record(let hasKey, let hasValue):
          records += 1
          if readings[item.partition] == .unanswered {
            readings[item.partition] = .read(isWhole: false)
          }
          if hasKey, hasValue { record(key, value) } else if hasKey { record(key, nil) }
        }
      }
      for failure in result.failures { readings[failure.partition] = .failed(failure.error) }
      if let refusal = Self.refusal(result.notices) {
        for partition in partitions where readings[partition] == .unanswered {
          readings[partition] = .failed(refusal)
        }
      }
      progress(records)
      if !result.mayHaveMore { wait(until: end) }
    }
    return (readings, records)
  }

  /// A login that was refused, among what a client says of itself.
  private static func refusal(_ notices: [ClientNotice]) -> KafkaError? {
    for notice in notices {
      if case .error(let error) = notice, error.kind == .authentication { return error }
    }
    return nil
  }

  /// Whether reading on would change nothing.
  private static func isOver(_ reading: ClusterExamination.Reading) -> Bool {
    switch reading {
    case .read(let isWhole): isWhole
    // A leader that moves, or a broker that is away for a moment, is waited for.
    case .failed(let error): !error.isRetriable
    case .unanswered: false
    }
  }

  // MARK: Groups

  /// Asks what groups have committed; those without an answer are left out.
  func offsets(
    of groups: [String], partitions: [String: [TopicPartitions]] = [:]
  ) -> [String: Result<[CommittedTopic], KafkaError>] {
    var answers: [String: Result<[CommittedTopic], KafkaError>] = [:]
    for attempt in 0..<Self.attempts {
      if attempt > 0 { pause() }
      let open = groups.filter { Self.isOpen(answers[$0]) }
      if open.isEmpty { break }
      askOffsets(open, partitions) { answers[$0] = $1 }
      if let refusal {
        for group in groups where answers[group] == nil { answers[group] = .failure(refusal) }
      }
    }
    return answers
  }

  private func askOffsets(
    _ groups: [String], _ partitions: [String: [TopicPartitions]],
    _ body: (String, Result<[CommittedTopic], KafkaError>) -> Void
  ) {
    for chunk in Self.chunks(groups) {
      ask(chunk.count) { session, now, timeout throws(KafkaError) in
        for group in chunk {
          _ = try session.groups.requestOffsets(
            group: group, partitions: partitions[group], timeoutMilliseconds: timeout, now: now)
        }
      } _: { reply in
        if case .offsets(let group, let result) = reply { body(group, result) }
      }
    }
  }

  /// Asks who is in groups; those without an answer are left out.
  func describe(_ groups: [String]) -> [String: Result<GroupDescription, KafkaError>] {
    var answers: [String: Result<GroupDescription, KafkaError>] = [:]
    for attempt in 0..<Self.attempts {
      if attempt > 0 { pause() }
      let open = groups.filter { Self.isOpen(answers[$0]) }
      if open.isEmpty { break }
      askDescriptions(open) { answers[$0] = $1 }
      if let refusal {
        for group in groups where answers[group] == nil { answers[group] = .failure(refusal) }
      }
    }
    return answers
  }

  private func askDescriptions(
    _ groups: [String], _ body: (String, Result<GroupDescription, KafkaError>) -> Void
  ) {
    for chunk in Self.chunks(groups) {
      ask(1) { session, now, timeout throws(KafkaError) in
        _ = try session.groups.requestDescription(
          groups: chunk, timeoutMilliseconds: timeout, now: now)
      } _: { reply in
        if case .descriptions(let groups) = reply {
          for group in groups { body(group.group, group.result) }
        }
      }
    }
  }

  /// Asks all brokers for their groups; nil when there was no answer.
  func list() -> Result<GroupList, KafkaError>? {
    var answer: Result<GroupList, KafkaError>?
    ask(1) { session, now, timeout throws(KafkaError) in
      _ = try session.groups.requestGroupList(timeoutMilliseconds: timeout, now: now)
    } _: { reply in
      if case .list(let result) = reply { answer = result }
    }
    return answer ?? refusal.map { .failure($0) }
  }

  /// Whether asking again may bring an answer: a coordinator that moved, a connection that broke.
  private static func isOpen<Answer>(_ answer: Result<Answer, KafkaError>?) -> Bool {
    guard case .failure(let error) = answer else { return answer == nil }
    return error.isRetriable
  }

  /// Gives the cluster a moment before it is asked again.
  private func pause() {
    let end = now + min(Self.betweenAttempts, remaining)
    while now < end { wait(until: end) }
  }

  private static func chunks(_ groups: [String]) -> [[String]] {
    stride(from: 0, to: groups.count, by: groupsAtOnce).map {
      Array(groups[$0..<min($0 + groupsAtOnce, groups.count)])
    }
  }

  /// Asks, and waits for so many answers.
  private func ask(
    _ count: Int,
    _ question: (DoctorSession, _ now: Int64, _ timeout: Int64) throws(KafkaError) -> Void,
    _ body: (GroupsReply.Content) -> Void
  ) {
    guard remaining > 0 else { return }
    let timeout = questionTime
    do throws(KafkaError) { try question(self, now, timeout) } catch { return }
    let end = now + timeout + Self.connectSlice
    var answered = 0
    while now < end, answered < count, refusal == nil {
      let result = groups.drain(maximum: Self.batch, now: now) { reply in
        answered += 1
        body(reply.content)
      }
      refusal = Self.refusal(result.notices)
      if !result.mayHaveMore, answered < count, refusal == nil { wait(until: end) }
    }
  }

  // MARK: Waiting

  /// Waits for a wake-up, for a short while at most: not everything announces itself.
  private func wait(until end: Int64) {
    var descriptor = pollfd(
      fd: wakeUp.fileDescriptor, events: Int16(POLLIN), revents: 0)
    let milliseconds = Int32(clamping: max(0, min(end - now, 100)))
    // SAFETY: one structure is written for the duration of the call.
    _ = unsafe poll(&descriptor, 1, milliseconds)
    wakeUp.clear()
  }
}
