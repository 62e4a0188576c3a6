import Answers
import Connect
import JSON
import LagCore

/// What a stream shows.
enum WatchSubject: Hashable {
  /// The status of a group.
  case group(cluster: String, group: String, hasWindows: Bool)
  /// All groups of a cluster, or of all where it has no name.
  case list(cluster: String, scope: GroupScope)
  /// Whether a service serves.
  case health(service: String, scope: GroupScope)
}

/// The open streams: who watches what, and what they were told last.
///
/// A change is looked for once for each subject, and its message is made once, however many watch.
final class Watches {
  private struct Watched {
    var streams: [ObjectIdentifier: ConnectStream] = [:]
    /// What the last message was made of.
    var signature: Int
    /// The last message, and when it was made, on the monotonic clock.
    var message: StreamMessage?
    var madeAt = Int64.min
  }

  private let timers: ConnectTimers
  private var subjects: [WatchSubject: Watched] = [:]
  /// How many streams are open.
  private(set) var count = 0

  init(timers: ConnectTimers) {
    self.timers = timers
  }

  /// Adds a stream; it leaves by itself when it is over.
  func add(
    _ stream: ConnectStream, of subject: WatchSubject, _ agent: borrowing Agent, now: Moment
  ) {
    var watched =
      subjects[subject] ?? Watched(signature: Self.signature(of: subject, agent, now: now))
    watched.streams[ObjectIdentifier(stream)] = stream
    subjects[subject] = watched
    count += 1
    stream.onClose = { [weak self, unowned stream] in
      self?.remove(ObjectIdentifier(stream), of: subject)
    }
  }

  private func remove(_ stream: ObjectIdentifier, of subject: WatchSubject) {
    guard subjects[subject]?.streams.removeValue(forKey: stream) != nil else { return }
    count -= 1
    if subjects[subject]?.streams.isEmpty == true { subjects[subject] = nil }
  }

  /// Offers what has changed since the last time to all who watch it.
  ///
  /// - Parameters:
  ///   - agent: what is told of.
  ///   - now: the time.
  ///   - nanoseconds: the monotonic clock.
  func tell(_ agent: borrowing Agent, now: Moment, at nanoseconds: Int64) {
    for (subject, watched) in subjects {
      let signature = Self.signature(of: subject, agent, now: now)
      guard signature != watched.signature else { continue }
      subjects[subject]?.signature = signature
      subjects[subject]?.message = nil
      let message = message(of: subject, agent, now: now)
      for stream in watched.streams.values { stream.offer(message, at: nanoseconds) }
    }
  }

  /// Ends all streams.
  func end(_ error: ConnectError) {
    for watched in subjects.values {
      for stream in watched.streams.values { stream.end(error) }
    }
  }

  /// Returns the present message about a subject: that of this second, where there is one.
  func message(of subject: WatchSubject, _ agent: borrowing Agent, now: Moment) -> StreamMessage {
    if let watched = subjects[subject], let known = watched.message,
      now.monotonic - watched.madeAt < Self.freshness
    {
      return known
    }
    let message = Self.makeMessage(of: subject, agent, now: now)
    subjects[subject]?.message = message
    subjects[subject]?.madeAt = now.monotonic
    return message
  }

  /// How long a message is given to those who begin to watch, in milliseconds.
  private static let freshness: Int64 = 1000

  private static func makeMessage(
    of subject: WatchSubject, _ agent: borrowing Agent, now: Moment
  ) -> StreamMessage {
    switch subject {
    case .group(let cluster, let group, let hasWindows):
      guard let place = place(cluster, group, agent) else {
        return StreamMessage { writeGone(cluster, group, now: now, to: &$0) }
      }
      return StreamMessage {
        agent.writeStatusMessage(place, hasWindows ? .windows : .partitions, now: now, to: &$0)
      }
    case .list(let cluster, let scope):
      return StreamMessage { agent.writeList(cluster, scope, now: now, to: &$0) }
    case .health(let service, let scope):
      return StreamMessage { agent.serving(service, scope, now: now).write(to: &$0) }
    }
  }

  private static func signature(
    of subject: WatchSubject, _ agent: borrowing Agent, now: Moment
  ) -> Int {
    switch subject {
    case .group(let cluster, let group, _):
      return place(cluster, group, agent).map { agent.signature($0, now: now) } ?? 0
    case .list(let cluster, let scope):
      var hasher = Hasher()
      for place in agent.places(cluster, scope) {
        hasher.combine(place)
        hasher.combine(agent.signature(place, now: now))
      }
      return hasher.finalize()
    case .health(let service, let scope):
      return agent.serving(service, scope, now: now).rawValue
    }
  }

  private static func place(
    _ cluster: String, _ group: String, _ agent: borrowing Agent
  ) -> Agent.GroupPlace? {
    guard let index = agent.cluster(named: cluster),
      let found = agent.group(named: group, cluster: index, scope: .all)
    else { return nil }
    return Agent.GroupPlace(cluster: index, group: found)
  }

  /// Writes what is left to say of a group that was watched.
  private static func writeGone(
    _ cluster: String, _ group: String, now: Moment, to writer: inout JSONWriter
  ) {
    writer.beginObject()
    writer.key("status")
    writer.beginObject()
    writer.field("cluster", cluster)
    writer.field("group", group)
    writer.field("verdict", verbatim: Verdict.notFound.name)
    writer.field("reason", ClusterState.removedByReload)
    writer.field("time", timestampMilliseconds: now.wall)
    writer.endObject()
    writer.endObject()
  }
}
