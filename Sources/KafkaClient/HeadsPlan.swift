/// Decides which broker is asked about which partitions, and what the answers mean.
///
/// librdkafka's `rd_kafka_offsets_for_times` is all or nothing: one leaderless partition fails the
/// call, one unreachable broker leaves every offset at -1 without an error. Therefore leaderless
/// partitions are left out, each leader is asked by a call of its own, the call's code is looked at
/// before any element, and -1 is never an offset. This type is pure: it sees no broker.
package struct HeadsPlan {
  /// A partition by its place in the request.
  package struct Place: Equatable, Sendable {
    /// The index of the topic in the request.
    package let topic: Int
    /// The index of the partition within its topic in the request.
    package let partition: Int

    /// Puts the indices together.
    package init(topic: Int, partition: Int) {
      self.topic = topic
      self.partition = partition
    }
  }

  /// The partitions that one broker leads, in the order of their topics.
  package struct LeaderGroup: Equatable, Sendable {
    /// The broker's id.
    package let leader: Int32
    /// The partitions it leads.
    package var places: [Place]

    /// Puts the parts together.
    package init(leader: Int32, places: [Place]) {
      self.leader = leader
      self.places = places
    }
  }

  /// What a broker answered about one partition.
  package struct Element: Equatable, Sendable {
    /// The offset; negative means none.
    package let offset: Int64
    /// Why there is none, if the broker said so.
    package let error: KafkaError?

    /// Puts the parts together.
    package init(offset: Int64, error: KafkaError?) {
      self.offset = offset
      self.error = error
    }
  }

  /// What to do after a call.
  package enum Next: Equatable, Sendable {
    /// Every partition of the call has its answer.
    case done
    /// Ask again for each of these partitions alone.
    case askOneByOne([Place])
  }

  /// What is asked, sorted by topic: librdkafka groups only neighbours into one topic.
  package let request: [TopicPartitions]
  /// The answers so far; nil where none is known yet.
  package private(set) var heads: [[PartitionHead?]]

  /// Starts without any answer.
  package init(request: [TopicPartitions]) {
    self.request = request
    self.heads = request.map { [PartitionHead?](repeating: nil, count: $0.partitions.count) }
  }

  /// Groups the partitions that have no answer by leader, and answers those that have no leader.
  ///
  /// - Parameters:
  ///   - metadata: what is known of each topic; a topic that is missing fails with `unknown`.
  ///   - suspects: leaders that did not answer last time; they come last, so that they cannot use
  ///     up the time of the others.
  ///   - unknown: the error for topics without metadata.
  package mutating func groups(
    metadata: [String: TopicMetadata], suspects: Set<Int32>, unknown: KafkaError
  ) -> [LeaderGroup] {
    var groups: [LeaderGroup] = []
    var indexOfLeader: [Int32: Int] = [:]
    for topic in request.indices.sorted(by: { request[$0].topic < request[$1].topic }) {
      let known = metadata[request[topic].topic]
      for partition in request[topic].partitions.indices where heads[topic][partition] == nil {
        let place = Place(topic: topic, partition: partition)
        guard let known else {
          heads[topic][partition] = .failed(unknown)
          continue
        }
        switch HeadsPlan.leader(of: request[topic].partitions[partition], in: known) {
        case .success(TopicMetadata.noLeader):
          heads[topic][partition] = .leaderless
        case .failure(let error):
          heads[topic][partition] = .failed(error)
        case .success(let leader):
          if let index = indexOfLeader[leader] {
            groups[index].places.append(place)
          } else {
            indexOfLeader[leader] = groups.count
            groups.append(LeaderGroup(leader: leader, places: [place]))
          }
        }
      }
    }
    return groups.filter { !suspects.contains($0.leader) }
      + groups.filter { suspects.contains($0.leader) }
  }

  private static func leader(
    of partition: Int32, in topic: TopicMetadata
  ) -> Result<Int32, KafkaError> {
    if let error = topic.error, topic.leaders.isEmpty || error.kind != .leaderNotAvailable {
      return .failure(error)
    }
    guard let index = Int(exactly: partition), topic.leaders.indices.contains(index) else {
      return .failure(.unknownPartition)
    }
    return .success(topic.leaders[index] < 0 ? TopicMetadata.noLeader : topic.leaders[index])
  }

  /// Takes the answer of one call about the log ends of some partitions.
  ///
  /// - Parameters:
  ///   - places: the partitions that were asked for.
  ///   - callError: the call's own error; then the elements mean nothing.
  ///   - elements: one per place.
  ///   - sampledAt: the clock just before the call, in milliseconds.
  /// - Returns: whether single questions may save what the call lost.
  package mutating func takeEnds(
    _ places: [Place], callError: KafkaError?, elements: [Element], sampledAt: Int64
  ) -> Next {
    if let callError {
      if callError.concernsWholeBroker || places.count == 1 {
        for place in places { fail(place, callError) }
        return .done
      }
      return .askOneByOne(places)
    }
    var lost: [Place] = []
    for (index, place) in places.enumerated() {
      guard index < elements.count else {
        fail(place, .noOffset)
        continue
      }
      let element = elements[index]
      if let error = element.error {
        fail(place, error)
      } else if element.offset < 0 {
        // Neither an offset nor an error: the call lost it.
        if places.count > 1 { lost.append(place) } else { fail(place, .noOffset) }
      } else {
        heads[place.topic][place.partition] = .offsets(
          end: element.offset, start: nil, sampledAt: sampledAt)
      }
    }
    return lost.isEmpty ? .done : .askOneByOne(lost)
  }

  /// Takes the answer of one call about log starts; what is missing stays nil.
  ///
  /// A start that fails takes nothing away from the end that is known.
  ///
  /// - Returns: whether single questions may save what the call lost.
  @discardableResult
  package mutating func takeStarts(
    _ places: [Place], callError: KafkaError?, elements: [Element]
  ) -> Next {
    if let callError {
      let isLost = !callError.concernsWholeBroker && places.count > 1
      return isLost ? .askOneByOne(places) : .done
    }
    for (index, place) in places.enumerated() where index < elements.count {
      let element = elements[index]
      guard element.error == nil, element.offset >= 0,
        case .offsets(let end, _, let sampledAt)? = heads[place.topic][place.partition]
      else { continue }
      heads[place.topic][place.partition] = .offsets(
        end: end, start: min(element.offset, end), sampledAt: sampledAt)
    }
    return .done
  }

  /// Gives up on partitions for this round.
  package mutating func fail(_ places: [Place], _ error: KafkaError) {
    for place in places { fail(place, error) }
  }

  private mutating func fail(_ place: Place, _ error: KafkaError) {
    heads[place.topic][place.partition] =
      error.kind == .leaderNotAvailable && error.isNoLeader ? .leaderless : .failed(error)
  }

  /// Topics with partitions that newer metadata may help: those without a leader, and those whose
  /// asked broker no longer leads them.
  package func misdirectedTopics() -> Set<String> {
    topics { $0.isMisdirected }
  }

  /// Topics with partitions whose head is not known.
  package func incompleteTopics() -> Set<String> {
    topics {
      if case .offsets? = $0 { false } else { true }
    }
  }

  private func topics(where matches: (PartitionHead?) -> Bool) -> Set<String> {
    var found: Set<String> = []
    for (topic, heads) in zip(request, heads) where heads.contains(where: matches) {
      found.insert(topic.topic)
    }
    return found
  }

  /// Forgets the answers of misdirected partitions, so that they are asked for again.
  ///
  /// - Parameter names: only in these topics.
  package mutating func forgetMisdirected(in names: Set<String>) {
    for topic in heads.indices where names.contains(request[topic].topic) {
      for partition in heads[topic].indices where heads[topic][partition].isMisdirected {
        heads[topic][partition] = nil
      }
    }
  }

  /// The partitions whose end is known, by the leader that knows it.
  package func answeredGroups(metadata: [String: TopicMetadata]) -> [LeaderGroup] {
    var unasked = HeadsPlan(request: request)
    let groups = unasked.groups(metadata: metadata, suspects: [], unknown: .noOffset)
    return groups.map { group in
      LeaderGroup(leader: group.leader, places: answered(group.places))
    }
  }

  /// The partitions whose end is known, of a group.
  package func answered(_ places: [Place]) -> [Place] {
    places.filter {
      if case .offsets? = heads[$0.topic][$0.partition] { true } else { false }
    }
  }

  /// The answers in the order of the request.
  ///
  /// - Parameter unanswered: the error of partitions that nobody was asked about.
  package func result(unanswered: KafkaError) -> [TopicHeads] {
    request.indices.map { topic in
      TopicHeads(
        request: request[topic], heads: heads[topic].map { $0 ?? .failed(unanswered) })
    }
  }
}

extension PartitionHead? {
  fileprivate var isMisdirected: Bool {
    switch self {
    case .leaderless: true
    case .failed(let error): error.kind == .leaderNotAvailable
    case .offsets, nil: false
    }
  }
}
