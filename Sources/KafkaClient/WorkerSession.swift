import CLibrdkafka

/// The worker thread's side: its client, what it knows of leaders, and the blocking calls.
struct WorkerSession: ~Copyable {
  /// Partitions asked for by one call: librdkafka searches its lists linearly for every partition
  /// it answers (10,000 in one call cost 0.3 s of CPU).
  static let partitionsPerCall = 500
  /// The time for a leader that did not answer last time, in milliseconds.
  static let suspectMilliseconds: Int64 = 500

  private let properties: KafkaProperties
  private let isolation: ClusterWorker.Isolation
  private let clock: @Sendable () -> Int64
  private var client: ClientHandle?
  private var known: [String: TopicMetadata] = [:]
  private var staleTopics: Set<String> = []
  private var suspects: Set<Int32> = []

  /// Connects nothing yet.
  init(
    properties: KafkaProperties, isolation: ClusterWorker.Isolation,
    clock: @escaping @Sendable () -> Int64
  ) {
    self.properties = properties
    self.isolation = isolation
    self.clock = clock
  }

  /// Asks for topics.
  mutating func metadata(
    topics: [String], timeoutMilliseconds: Int64
  ) -> Result<ClusterMetadata, KafkaError> {
    do throws(KafkaError) {
      try connect()
    } catch {
      return .failure(error)
    }
    let outcome = fetch(topics, Deadline(afterMilliseconds: timeoutMilliseconds))
    if let failure = outcome.failure { return .failure(failure) }
    return .success(outcome.metadata)
  }

  /// Asks for the heads of partitions.
  mutating func heads(
    _ request: [TopicPartitions], includeStart: Bool, timeoutMilliseconds: Int64
  ) -> [TopicHeads] {
    var plan = HeadsPlan(request: request)
    let deadline = Deadline(afterMilliseconds: timeoutMilliseconds)
    let error = carryOut(&plan, deadline)
    if includeStart, error == nil { askStarts(&plan, deadline) }
    return plan.result(unanswered: error ?? .timedOut)
  }

  /// Asks where partitions stand at a moment.
  mutating func times(
    _ request: [TopicPartitions], time: Int64, timeoutMilliseconds: Int64
  ) -> [TopicOffsets] {
    var plan = TimesPlan(request: request, time: time)
    let error = carryOut(&plan, Deadline(afterMilliseconds: timeoutMilliseconds))
    return plan.offsets(unanswered: error ?? .timedOut)
  }

  /// Moves the client's logs and errors out.
  mutating func drainNotices(maximum: Int, _ handle: (ClientNotice) -> Void) {
    _ = client?.drainNotices(maximum: maximum, handle)
  }

  private mutating func connect() throws(KafkaError) {
    if client?.fatalError != nil { client = nil }
    switch client {
    case .some: return
    case .none: break
    }
    client = try ClientHandle.start(
      RD_KAFKA_CONSUMER,
      defaults: ClientDefaults.common + [
        // An unanswered request must not outlive its round by long.
        KafkaProperty("socket.timeout.ms", "10000")
      ],
      properties: properties,
      fixed: [
        // ListOffsets carries the handle's isolation level; librdkafka's default would answer the
        // last stable offset instead of the high watermark.
        KafkaProperty("isolation.level", isolation.rawValue),
        KafkaProperty("enable.auto.commit", "false"),
        KafkaProperty("allow.auto.create.topics", "false"),
      ])
  }

  private mutating func fetch(_ topics: [String], _ deadline: Deadline) -> MetadataFetcher.Outcome {
    let outcome: MetadataFetcher.Outcome
    switch client {
    case .some(let client):
      outcome = MetadataFetcher.fetch(client, topics: topics, deadline: deadline)
    case .none: return MetadataFetcher.Outcome()
    }
    for topic in outcome.metadata.topics { known[topic.name] = topic }
    return outcome
  }

  private mutating func refresh(
    _ topics: Set<String>, _ deadline: Deadline, share: Int64
  ) -> KafkaError? {
    guard !topics.isEmpty else { return nil }
    let budget = Int64(deadline.remainingMilliseconds) / share
    return fetch(topics.sorted(), deadline.within(milliseconds: budget)).failure
  }

  private mutating func forgetTopics(except topics: Set<String>) {
    guard known.count > 2 * topics.count + 16 else { return }
    known = known.filter { topics.contains($0.key) }
    staleTopics.formIntersection(topics)
  }

  /// Asks the leaders, once more where newer metadata may help.
  ///
  /// - Returns: why there is no client to ask with.
  private mutating func carryOut(
    _ plan: inout some LeaderPlan, _ deadline: Deadline
  ) -> KafkaError? {
    do throws(KafkaError) {
      try connect()
    } catch {
      return error
    }
    let topics = Set(plan.request.map(\.topic))
    forgetTopics(except: topics)
    let wanted = topics.filter { known[$0] == nil || staleTopics.contains($0) }
    var failure = refresh(wanted, deadline, share: 2)
    ask(&plan, unknown: failure ?? .timedOut, deadline)
    let misdirected = plan.misdirectedTopics().subtracting(wanted)
    if !misdirected.isEmpty, !deadline.hasPassed {
      failure = refresh(misdirected, deadline, share: 2)
      if failure == nil {
        plan.forgetMisdirected(in: misdirected)
        ask(&plan, unknown: .timedOut, deadline)
      }
    }
    staleTopics = staleTopics.subtracting(topics).union(plan.incompleteTopics())
    return nil
  }

  private mutating func ask(
    _ plan: inout some LeaderPlan, unknown: KafkaError, _ deadline: Deadline
  ) {
    let groups = plan.groups(metadata: known, suspects: suspects, unknown: unknown)
    for (index, group) in groups.enumerated() {
      var budget = Int64(deadline.remainingMilliseconds) / Int64(groups.count - index)
      if suspects.contains(group.leader) { budget = min(budget, WorkerSession.suspectMilliseconds) }
      ask(group, &plan, deadline.within(milliseconds: budget))
    }
  }

  private mutating func ask(
    _ group: HeadsPlan.LeaderGroup, _ plan: inout some LeaderPlan, _ deadline: Deadline
  ) {
    var rest = group.places[...]
    while !rest.isEmpty {
      let chunk = Array(rest.prefix(WorkerSession.partitionsPerCall))
      rest = rest.dropFirst(chunk.count)
      if let failure = ask(chunk, &plan, deadline) {
        plan.fail(Array(rest), failure)
        suspects.insert(group.leader)
        return
      }
    }
    suspects.remove(group.leader)
  }

  /// Asks about a chunk, then one by one where that helps.
  ///
  /// - Returns: an error of the broker as a whole.
  private func ask(
    _ places: [HeadsPlan.Place], _ plan: inout some LeaderPlan, _ deadline: Deadline
  ) -> KafkaError? {
    let sampledAt = clock()
    let answer = call(places, plan.request, timestamp: plan.timestamp, deadline)
    let next = plan.take(
      places, callError: answer.error, elements: answer.elements, sampledAt: sampledAt)
    if let error = answer.error, error.concernsWholeBroker { return error }
    guard case .askOneByOne(let lost) = next else { return nil }
    for (index, place) in lost.enumerated() {
      let sampledAt = clock()
      let answer = call([place], plan.request, timestamp: plan.timestamp, deadline)
      if let error = answer.error, error.concernsWholeBroker {
        plan.fail(Array(lost[index...]), error)
        return error
      }
      _ = plan.take(
        [place], callError: answer.error, elements: answer.elements, sampledAt: sampledAt)
    }
    return nil
  }

  /// Asks for the log starts of the partitions whose ends are known.
  private mutating func askStarts(_ plan: inout HeadsPlan, _ deadline: Deadline) {
    let groups = plan.answeredGroups(metadata: known).filter { !suspects.contains($0.leader) }
    for (index, group) in groups.enumerated() {
      let budget = Int64(deadline.remainingMilliseconds) / Int64(groups.count - index)
      let deadline = deadline.within(milliseconds: budget)
      var rest = group.places[...]
      while !rest.isEmpty {
        let chunk = Array(rest.prefix(WorkerSession.partitionsPerCall))
        rest = rest.dropFirst(chunk.count)
        let answer = call(chunk, plan.request, timestamp: -2, deadline)
        let next = plan.takeStarts(chunk, callError: answer.error, elements: answer.elements)
        if let error = answer.error, error.concernsWholeBroker { break }
        guard case .askOneByOne(let lost) = next else { continue }
        for place in lost {
          let answer = call([place], plan.request, timestamp: -2, deadline)
          plan.takeStarts([place], callError: answer.error, elements: answer.elements)
          if let error = answer.error, error.concernsWholeBroker { break }
        }
      }
    }
  }

  /// One `rd_kafka_offsets_for_times`, which keeps to its timeout.
  ///
  /// `rd_kafka_query_watermark_offsets` is not used: in librdkafka 2.0.2 it waits for ever when the
  /// partition's leader cannot be reached.
  private func call(
    _ places: [HeadsPlan.Place], _ request: [TopicPartitions], timestamp: Int64,
    _ deadline: Deadline
  ) -> (error: KafkaError?, elements: [HeadsPlan.Element]) {
    guard !places.isEmpty else { return (nil, []) }
    guard !deadline.hasPassed else { return (.timedOut, []) }
    let list = TopicPartitionList(capacity: places.count)
    for place in places {
      let topic = request[place.topic]
      list.add(
        topic: topic.topic, partition: topic.partitions[place.partition], offset: timestamp)
    }
    let timeout = deadline.remainingMilliseconds
    let code = client?.queryOffsets(list, timeoutMilliseconds: timeout) ?? 0
    guard code == 0 else { return (KafkaError(code: code), []) }
    var elements: [HeadsPlan.Element] = []
    elements.reserveCapacity(list.count)
    for index in 0..<list.count {
      let answer = list.answer(index)
      let error = answer.code == 0 ? nil : KafkaError(code: answer.code)
      elements.append(HeadsPlan.Element(offset: answer.offset, error: error))
    }
    return (nil, elements)
  }
}
