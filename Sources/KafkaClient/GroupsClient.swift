/// Asks a cluster about consumer groups: what they committed, who their members are, which there
/// are.
///
/// Nothing here blocks, and there is no thread but librdkafka's: the answers arrive on queues that
/// wake the loop. Every request is answered once: by the cluster, by librdkafka when the timeout
/// is over, or by `drain` itself when librdkafka hangs. One thread uses a client.
///
/// The three kinds of requests go over clients of their own:
/// - OffsetFetch over one that stays. It is replaced after an answer that only a new client gets
///   over: a coordinator that moved (librdkafka 2.0.2 never asks again who it is) or a timeout.
/// - DescribeGroups over a second, created on first use: should librdkafka hang there, the client
///   is left behind, and the kind is tried again after 10 minutes, then 20, 40, 80; then given up.
///   Its first request is preceded by an OffsetFetch, because librdkafka 2.0.2 misuses memory when
///   brokers lack DescribeGroups, as its own mock brokers do: these are known by their cluster's
///   id and never asked.
/// - ListGroups over one that lives for the length of a list: it needs a connection to every
///   broker, and an older client would also wait for brokers that left the cluster.
package struct GroupsClient: ~Copyable {
  /// Requests that may be under way; more are refused.
  package static let maximumRequests = 1_024
  /// Groups in one `requestDescription`.
  package static let maximumGroupsPerDescription = 100
  /// Names that a broker takes for a group: bytes of UTF-8, the length of Kafka's string.
  package static let maximumGroupNameBytes = 32_767
  /// Replaced clients that may still owe answers; the oldest of more is given up.
  static let maximumLeaving = 4
  /// The most notices one `drain` takes of each client.
  static let maximumNotices = 32

  /// The client of each kind.
  private struct Clients {
    var offsets: AdminConnection?
    var descriptions: AdminConnection?
    var list: AdminConnection?

    subscript(kind: AdminConnection.Purpose) -> AdminConnection? {
      get {
        switch kind {
        case .offsets: offsets
        case .descriptions: descriptions
        case .list: list
        }
      }
      set {
        switch kind {
        case .offsets: offsets = newValue
        case .descriptions: descriptions = newValue
        case .list: list = newValue
        }
      }
    }

    var all: [AdminConnection] { [offsets, descriptions, list].compactMap { $0 } }
  }

  private static let kinds: [AdminConnection.Purpose] = [.offsets, .descriptions, .list]

  private var properties: KafkaProperties
  private let wakeUpDescriptor: Int32
  private var lastNumber: UInt64 = 0
  private var clients = Clients()
  /// Clients that were replaced and still owe answers.
  private var leaving: [AdminConnection] = []
  /// Answers that were made here.
  private var made: [GroupsReply] = []
  private var describing = HangBackoff()

  /// Connects nothing yet: clients are created on first use.
  ///
  /// - Parameters:
  ///   - properties: the cluster's properties.
  ///   - wakeUpDescriptor: an eventfd or pipe, made non-blocking by its owner, which receives 8
  ///     bytes when there is something to drain. It must stay open as long as the client.
  package init(properties: KafkaProperties, wakeUpDescriptor: Int32) {
    self.properties = properties
    self.wakeUpDescriptor = wakeUpDescriptor
  }

  /// How many requests are under way.
  package var requestsUnderWay: Int {
    var count = made.count
    for connection in connections { count += connection.waiting.count }
    return count
  }

  /// Whether descriptions are not asked for at present, because asking hung librdkafka.
  ///
  /// - Parameter now: the loop's monotonic time in milliseconds.
  package func isDescribingSuspended(now: Int64) -> Bool {
    !describing.isAllowed(now: now)
  }

  // MARK: Asking

  /// Asks for what a group has committed (OffsetFetch, without waiting for open transactions).
  ///
  /// Needs DESCRIBE on the group and on each topic. Costs one request to the coordinator, and a
  /// FindCoordinator before it on a new client or with more than ten groups on one client.
  ///
  /// - Parameters:
  ///   - group: the group's id.
  ///   - partitions: which, each at most once; nil for all that the group has committed. Brokers
  ///     before 2.4 answer "all" with nothing: librdkafka then sends an empty list.
  ///   - timeoutMilliseconds: when librdkafka gives up.
  ///   - now: the loop's monotonic time in milliseconds.
  /// - Throws: an error when the client cannot be built, the name cannot be a group's, the list
  ///   is empty, or too many requests are under way.
  package mutating func requestOffsets(
    group: String, partitions: [TopicPartitions]? = nil, timeoutMilliseconds: Int64, now: Int64
  ) throws(KafkaError) -> RequestID {
    try check(groups: [group])
    if let partitions {
      guard partitions.contains(where: { !$0.partitions.isEmpty }) else {
        throw .configuration("no partition is named")
      }
      guard !partitions.contains(where: { $0.topic.isEmpty || $0.topic.utf8.contains(0) }) else {
        throw .configuration("not a topic name")
      }
    }
    let connection = try connect(.offsets)
    let timeout = ClusterWorker.clamp(timeoutMilliseconds)
    let id = nextID()
    connection.askOffsets(
      id, GroupsQuestion(.offsets(group: group), timeoutMilliseconds: timeout, now: now),
      group: group, partitions, timeoutMilliseconds: timeout)
    return id
  }

  /// Asks for state and members of groups (DescribeGroups).
  ///
  /// Needs DESCRIBE on each group. Costs one request for each group. A group of the protocol of
  /// KIP-848 answers `.dead` without members.
  ///
  /// - Parameters:
  ///   - groups: 1 … `maximumGroupsPerDescription` ids, each once.
  ///   - timeoutMilliseconds: when librdkafka gives up.
  ///   - now: the loop's monotonic time in milliseconds.
  /// - Throws: an error when the client cannot be built, a name cannot be a group's or occurs
  ///   twice, or too many requests are under way. While describing is suspended the request is
  ///   answered with a timeout by the next `drain`, and nothing is sent.
  package mutating func requestDescription(
    groups: [String], timeoutMilliseconds: Int64, now: Int64
  ) throws(KafkaError) -> RequestID {
    try check(groups: groups)
    guard !groups.isEmpty, groups.count <= GroupsClient.maximumGroupsPerDescription,
      Set(groups).count == groups.count
    else { throw .configuration("between 1 and 100 groups, each once, can be described") }
    let timeout = ClusterWorker.clamp(timeoutMilliseconds)
    let question = GroupsQuestion(
      .descriptions(groups: groups), timeoutMilliseconds: timeout, now: now)
    guard describing.isAllowed(now: now) else {
      let id = nextID()
      made.append(GroupsReply(id: id, content: question.failed(.describingHangs)))
      WakeUp.send(to: wakeUpDescriptor)
      return id
    }
    let connection = try connect(.descriptions)
    let id = nextID()
    connection.askDescriptions(id, question, groups: groups, timeoutMilliseconds: timeout)
    return id
  }

  /// Asks every broker that the cluster's metadata names for its groups (ListGroups).
  ///
  /// Needs nothing, but a broker leaves out silently what the principal may not describe. Groups
  /// of other protocols than `consumer` (Kafka Connect's workers, Streams of KIP-1071) are left
  /// out. Costs one connection and one request for each broker. A broker that does not answer
  /// delays the whole answer until the timeout; one that is down is not in the metadata.
  ///
  /// - Parameters:
  ///   - timeoutMilliseconds: when librdkafka gives up.
  ///   - now: the loop's monotonic time in milliseconds.
  /// - Throws: an error when the client cannot be built or too many requests are under way.
  package mutating func requestGroupList(
    timeoutMilliseconds: Int64, now: Int64
  ) throws(KafkaError) -> RequestID {
    try check(groups: [])
    let connection = try connect(.list)
    let timeout = ClusterWorker.clamp(timeoutMilliseconds)
    let id = nextID()
    connection.askList(
      id, GroupsQuestion(.list, timeoutMilliseconds: timeout, now: now),
      timeoutMilliseconds: timeout)
    return id
  }

  /// Uses other properties from the next request on, for new credentials; what is under way is
  /// still answered by the old clients.
  package mutating func reconnect(properties: KafkaProperties) {
    self.properties = properties
    for connection in clients.all { connection.isStale = true }
  }

  /// Drops the clients that nothing is asked of at present; the next request makes new ones.
  package mutating func disconnectIdle() {
    for kind in GroupsClient.kinds where clients[kind]?.waiting.isEmpty == true {
      clients[kind] = nil
    }
  }

  // MARK: Answers

  /// Takes answers, up to a bound, without blocking.
  ///
  /// Call it after the wake-up descriptor became readable *and was read*, again as long as the
  /// result says `mayHaveMore`, and also when `isStuck` says so, which no wake-up announces.
  ///
  /// - Parameters:
  ///   - maximum: at most this many replies.
  ///   - now: the loop's monotonic time in milliseconds.
  ///   - body: receives each reply.
  package mutating func drain(
    maximum: Int, now: Int64, _ body: (GroupsReply) -> Void
  ) -> ClientDrain {
    var result = ClientDrain()
    giveUpHung(now: now)
    while result.replies < maximum, !made.isEmpty {
      result.replies += 1
      body(made.removeFirst())
    }
    for connection in connections {
      connection.sendHeld()
      while result.replies < maximum, let reply = connection.takeReply() {
        result.replies += 1
        if reply.content.retiresClient { connection.isStale = true }
        if reply.content.isUnsupported, connection === clients.descriptions {
          describing.hung(now: now)
          connection.isStale = true
        }
        body(reply)
      }
      let isLeft = connection.drainNotices(maximum: GroupsClient.maximumNotices) {
        result.notices.append($0)
      }
      if connection.fatalError != nil { connection.isStale = true }
      if isLeft || connection.hasReplies { result.mayHaveMore = true }
    }
    if !made.isEmpty { result.mayHaveMore = true }
    dropFinished()
    return result
  }

  /// Whether an answer is overdue by far, so that librdkafka hangs: call `drain`, which answers
  /// for it and leaves the hung client behind.
  ///
  /// - Parameter now: the loop's monotonic time in milliseconds.
  package func isStuck(now: Int64) -> Bool {
    connections.contains { $0.isHung(now: now) }
  }

  // MARK: Clients

  private var connections: [AdminConnection] {
    clients.all + leaving
  }

  private mutating func nextID() -> RequestID {
    lastNumber &+= 1
    return RequestID(number: lastNumber)
  }

  private func check(groups: [String]) throws(KafkaError) {
    guard requestsUnderWay < GroupsClient.maximumRequests else { throw .tooManyRequests }
    for group in groups {
      let bytes = group.utf8
      guard bytes.count <= GroupsClient.maximumGroupNameBytes, !bytes.contains(0) else {
        throw .configuration("not a group's name")
      }
    }
  }

  /// The client of a kind; a stale one makes room for a new one.
  private mutating func connect(_ kind: AdminConnection.Purpose) throws(KafkaError)
    -> AdminConnection
  {
    let current = clients[kind]
    if let current, !current.isStale { return current }
    let fresh = try AdminConnection.open(
      for: kind, properties, wakeUpDescriptor: wakeUpDescriptor)
    clients[kind] = fresh
    guard let current, !current.waiting.isEmpty else { return fresh }
    leaving.append(current)
    if leaving.count > GroupsClient.maximumLeaving {
      made += leaving.removeFirst().failAll(.abandoned)
    }
    return fresh
  }

  /// Answers for clients that hang, and forgets them.
  private mutating func giveUpHung(now: Int64) {
    for connection in connections where connection.isHung(now: now) {
      made += connection.failAll(.timedOut)
      connection.isStale = true
      if connection === clients.descriptions { describing.hung(now: now) }
    }
  }

  /// Lets go of clients that nothing is expected of any more.
  private mutating func dropFinished() {
    leaving.removeAll { $0.waiting.isEmpty }
    for kind in GroupsClient.kinds {
      guard let current = clients[kind], current.waiting.isEmpty else { continue }
      if current.isStale || kind == .list { clients[kind] = nil }
    }
  }
}
