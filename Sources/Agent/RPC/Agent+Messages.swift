import Answers
import Connect
import JSON
import LagCore

/// What the RPC interface asks of the agent.
extension Agent {
  /// Where a group stands: its cluster, and its place in that cluster's store.
  struct GroupPlace: Hashable {
    let cluster: Int
    let group: Int
  }

  /// Finds a group by its name, and by its cluster's where that is needed.
  func place(
    of name: RPCRequests.GroupName, _ scope: GroupScope
  ) throws(ConnectError) -> GroupPlace {
    guard !name.group.isEmpty else {
      throw ConnectError(.invalidArgument, "field \"group\": no group is named")
    }
    try checkCluster(name.cluster)
    let places = clusters.indices.compactMap { cluster -> GroupPlace? in
      guard name.cluster.isEmpty || clusters[cluster].settings.name == name.cluster else {
        return nil
      }
      return group(named: name.group, cluster: cluster, scope: scope).map {
        GroupPlace(cluster: cluster, group: $0)
      }
    }
    guard let place = places.first else {
      throw ConnectError(.notFound, "group \"\(name.group)\" is not watched")
    }
    guard places.count == 1 else {
      let names = places.map { "\"\(clusters[$0.cluster].settings.name)\"" }
      throw ConnectError(
        .invalidArgument,
        "field \"cluster\": group \"\(name.group)\" is in \(names.joined(separator: " and "))")
    }
    return place
  }

  /// Throws when there is no cluster of a name; the empty name stands for all.
  func checkCluster(_ name: String) throws(ConnectError) {
    guard name.isEmpty || cluster(named: name) != nil else {
      throw ConnectError(.notFound, "cluster \"\(name)\" is not watched")
    }
  }

  /// Returns `GetGroupStatusResponse` and `WatchGroupStatusResponse`.
  func statusMessage(
    _ place: GroupPlace, _ detail: GroupStatusMessage.Detail, now: Moment
  ) -> [UInt8] {
    var writer = JSONWriter(capacity: 1024)
    writeStatusMessage(place, detail, now: now, to: &writer)
    return writer.finish()
  }

  /// Writes `GetGroupStatusResponse` and `WatchGroupStatusResponse`.
  func writeStatusMessage(
    _ place: GroupPlace, _ detail: GroupStatusMessage.Detail, now: Moment,
    to writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.key("status")
    writeStatus(place, detail, now: now, to: &writer)
    writer.endObject()
  }

  /// Writes `ListGroupsResponse` and `WatchGroupsResponse`.
  ///
  /// - Parameters:
  ///   - cluster: the only cluster whose groups are listed; all without a name.
  ///   - scope: the groups that may be seen.
  ///   - now: the time.
  ///   - writer: takes the message.
  func writeList(
    _ cluster: String, _ scope: GroupScope, now: Moment, to writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.key("groups")
    writer.beginArray()
    for place in places(cluster, scope) { writeStatus(place, .summary, now: now, to: &writer) }
    writer.endArray()
    writer.endObject()
  }

  /// The groups that there is something to say of, by name within each cluster.
  func places(_ cluster: String, _ scope: GroupScope) -> [GroupPlace] {
    clusters.indices.flatMap { index -> [GroupPlace] in
      let state = clusters[index]
      guard cluster.isEmpty || state.settings.name == cluster else { return [] }
      return state.reportedGroups.map { (name: state.store.groupName($0), group: $0) }
        .filter { scope.contains($0.name) }.sorted { $0.name < $1.name }
        .map { GroupPlace(cluster: index, group: $0.group) }
    }
  }

  /// Writes `GroupStatus` as the next value.
  func writeStatus(
    _ place: GroupPlace, _ detail: GroupStatusMessage.Detail, now: Moment,
    to writer: inout JSONWriter
  ) {
    let state = clusters[place.cluster]
    GroupStatusMessage(
      state.report(group: place.group, now: now), rates: state.rates(of: place.group, now: now),
      now: now.wall
    ).write(
      from: state.store, group: place.group,
      parameters: state.judgement(of: place.group, now: now), detail: detail, to: &writer)
  }

  /// Returns a number that is another one when the verdict on a group, that on a partition, an
  /// owner or completeness is another one.
  func signature(_ place: GroupPlace, now: Moment) -> Int {
    let state = clusters[place.cluster]
    var hasher = Hasher()
    hasher.combine(state.verdict(place.group, now: now))
    hasher.combine(state.watched[place.group].judgement.complete)
    for member in state.store.membership(ofGroup: place.group)?.members ?? [] {
      hasher.combine(member.memberID)
      hasher.combine(member.clientID)
      hasher.combine(member.address)
    }
    state.store.forEachPartition(
      ofGroup: place.group, nowSeconds: now.wallSeconds,
      parameters: state.judgement(of: place.group, now: now), topic: { hasher.combine($0) }
    ) {
      hasher.combine($0.member)
      hasher.combine($0.isJudged ? $0.rule.status.rawValue : 0)
    }
    return hasher.finalize()
  }

  /// Until when a group is paused for this pod, in milliseconds since 1970; nil when it is not.
  func pausedUntil(group name: String, cluster: String, now: Moment) -> Int64? {
    let bytes = Array(name.utf8)
    guard let index = self.cluster(named: cluster),
      let group = clusters[index].store.group(named: bytes.span),
      let number = clusters[index].watched[group].decision.number,
      let left = decisions.decider(number)?.pauseLeft(now: DecisionTime(now))
    else { return nil }
    return now.wall + left
  }

  /// Whether a service of `grpc.health.v1.Health` serves.
  ///
  /// - Parameters:
  ///   - service: a group; empty for the agent itself.
  ///   - scope: the groups that may be seen.
  ///   - now: the time.
  func serving(_ service: String, _ scope: GroupScope, now: Moment) -> ServingStatus {
    guard !service.isEmpty else { return isReady ? .serving : .notServing }
    var worst: ServingStatus?
    for index in clusters.indices {
      guard let group = group(named: service, cluster: index, scope: scope) else { continue }
      let status = ServingStatus(clusters[index].verdict(group, now: now))
      worst = worst.map { max($0, status) } ?? status
    }
    return worst ?? .serviceUnknown
  }
}

/// `grpc.health.v1.HealthCheckResponse.ServingStatus`, better ones first.
enum ServingStatus: Int, Comparable {
  case serving
  case unknown
  case notServing
  case serviceUnknown

  /// What a verdict is to whoever asks for health.
  init(_ verdict: Verdict) {
    switch verdict {
    case .ok, .warning: self = .serving
    case .error: self = .notServing
    case .unknown, .notFound: self = .unknown
    }
  }

  /// `HealthCheckResponse`; the default value is written too, because people read it.
  var json: [UInt8] {
    var writer = JSONWriter(capacity: 32)
    write(to: &writer)
    return writer.finish()
  }

  /// Writes `HealthCheckResponse`.
  func write(to writer: inout JSONWriter) {
    let name: StaticString =
      switch self {
      case .serving: "SERVING"
      case .unknown: "UNKNOWN"
      case .notServing: "NOT_SERVING"
      case .serviceUnknown: "SERVICE_UNKNOWN"
      }
    writer.beginObject()
    writer.field("status", verbatim: name)
    writer.endObject()
  }

  static func < (left: ServingStatus, right: ServingStatus) -> Bool {
    left.rawValue < right.rawValue
  }
}
