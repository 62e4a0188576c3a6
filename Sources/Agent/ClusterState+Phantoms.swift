import Configuration
import LagCore

/// The searches for records behind small lags that stand although the consumer is at rest.
///
/// Transaction markers, aborted records and holes take offsets that nobody can read. Asked for with
/// `phantom-lag`, the agent looks itself.
struct PhantomSearches: Sendable {
  /// When a search was last begun, by what it searched for.
  private var searchedAt: [RecordSearch: Int64] = [:]
  private var underWay: [RecordSearch: Int64] = [:]
  /// Why topics may not be read, by name: these are searched no more.
  private(set) var refusals: [String: ClusterFault] = [:]

  /// The largest lag that is looked at, in records.
  static let maximumLag: UInt64 = 100
  /// How long a lag must have stood, and the least time between two looks at it, in milliseconds.
  static let interval: Int64 = 60_000
  /// The most searches of one cluster that are under way at a time.
  static let maximumUnderWay = 8
  /// How long a search may take, in milliseconds; then it is given up.
  static let maximumTime: Int64 = 30_000
  /// The most searches that are remembered.
  static let maximumRemembered = 10_000

  /// Begins a search unless it was made lately; returns whether it is to be made.
  mutating func begin(_ search: RecordSearch, now: Int64) -> Bool {
    guard refusals[search.topic] == nil, underWay.count < Self.maximumUnderWay,
      !underWay.keys.contains(where: {
        $0.topic == search.topic && $0.partition == search.partition
      }), now - (searchedAt[search] ?? .min / 2) >= Self.interval
    else { return false }
    if searchedAt.count >= Self.maximumRemembered { searchedAt = [:] }
    searchedAt[search] = now
    underWay[search] = now
    return true
  }

  /// Ends a search; returns whether one was under way.
  mutating func end(_ search: RecordSearch) -> Bool { underWay.removeValue(forKey: search) != nil }

  /// Gives up what has not been answered in time, and forgets what is no longer of interest.
  mutating func expire(now: Int64) {
    underWay = underWay.filter { now - $0.value <= Self.maximumTime }
    searchedAt = searchedAt.filter { now - $0.value < 10 * Self.interval }
  }

  /// Stops searching a topic; returns whether that is news.
  mutating func refuse(_ topic: String, _ fault: ClusterFault) -> Bool {
    guard refusals[topic] == nil, refusals.count < Self.maximumRemembered else { return false }
    refusals[topic] = fault
    return true
  }
}

extension ClusterState {
  /// Returns the searches that are due.
  mutating func searchPhantoms(now: Moment) -> [AgentEffect] {
    guard settings.consumers.contains(where: \.phantomLag) else { return [] }
    phantoms.expire(now: now.monotonic)
    var effects: [AgentEffect] = []
    for group in store.groupIndices
    where !watched[group].isRemoved && consumer(of: group).phantomLag && isAlive(group) {
      let lags = store.standingLags(
        ofGroup: group, atMost: PhantomSearches.maximumLag, for: PhantomSearches.interval / 1000,
        nowSeconds: now.wallSeconds)
      for lag in lags {
        let search = RecordSearch(
          topic: store.topicName(lag.topic), partition: lag.partition, from: lag.committed,
          to: lag.head)
        guard phantoms.begin(search, now: now.monotonic) else { continue }
        effects.append(.searchRecords(cluster: index, search))
      }
    }
    return effects
  }

  /// Whether somebody is there who would read what can be read.
  private func isAlive(_ group: Int) -> Bool {
    store.membership(ofGroup: group).map { !$0.members.isEmpty } ?? false
  }

  mutating func received(
    _ reply: RecordSearchReply, _ search: RecordSearch, now: Moment
  ) -> [AgentEffect] {
    guard phantoms.end(search) else { return [] }
    switch reply {
    case .readable: return []
    case .nothingReadable:
      let name = Array(search.topic.utf8)
      for group in store.groupIndices
      where !watched[group].isRemoved && consumer(of: group).phantomLag {
        let end = LogEnd(consumer(of: group).logEnd)
        guard let topic = store.topic(named: name.span, logEnd: end) else { continue }
        store.setNothingReadable(
          group: group, topic: topic, partition: search.partition, from: search.from,
          to: search.to)
      }
      return judge(now: now)
    case .fault(let fault):
      guard fault.kind == .authorization, phantoms.refuse(search.topic, fault) else { return [] }
      return [
        .log(
          LogRecord(.warn, "a topic may not be read; its small lags are taken as they stand")
            .with("cluster", settings.name).with("topic", search.topic)
            .with("error", fault.message))
      ]
    }
  }
}
