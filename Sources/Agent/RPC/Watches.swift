import Answers
import Connect
import JSON
import LagCore

/// What a stream shows.
enum WatchSubject: Hashable {
  /// The status of a group.
  case group(cluster: String, group: String, hasWindows: Bool)
  /// Each group of a cluster, or of all where it has no name.
  case groups(cluster: String, scope: GroupScope, hasWindows: Bool)
  /// All groups of a cluster, or of all where it has no name, in one message.
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
    /// What the last messages were made of, by what they are about.
    var signatures: [Topic: Int]
    /// The last messages, and when they were made, on the monotonic clock.
    var messages: [Topic: (message: StreamMessage, madeAt: Int64)] = [:]
  }

  /// What one message is about: a group, or a service.
  fileprivate struct Topic: Hashable {
    var cluster = ""
    let name: String

    /// Tells it from others of a stream.
    var number: Int { hashValue }
  }

  private var subjects: [WatchSubject: Watched] = [:]
  /// How many streams are open.
  private(set) var count = 0

  /// How long a message is given to those who begin to watch, in milliseconds.
  private static let freshness: Int64 = 1000

  /// Adds a stream, and offers it what there is to say now; it leaves by itself when it is over.
  func add(
    _ stream: ConnectStream, of subject: WatchSubject, _ agent: borrowing Agent, now: Moment,
    at nanoseconds: Int64
  ) {
    var watched =
      subjects[subject] ?? Watched(signatures: Self.signatures(of: subject, agent, now: now))
    watched.streams[ObjectIdentifier(stream)] = stream
    subjects[subject] = watched
    count += 1
    stream.onClose = { [weak self, unowned stream] in
      self?.remove(ObjectIdentifier(stream), of: subject)
    }
    offer(subject, to: stream, agent, now: now, at: nanoseconds)
  }

  private func remove(_ stream: ObjectIdentifier, of subject: WatchSubject) {
    guard subjects[subject]?.streams.removeValue(forKey: stream) != nil else { return }
    count -= 1
    if subjects[subject]?.streams.isEmpty == true { subjects[subject] = nil }
  }

  /// Offers a stream everything that there is to say now.
  func offer(
    _ subject: WatchSubject, to stream: ConnectStream, _ agent: borrowing Agent, now: Moment,
    at nanoseconds: Int64
  ) {
    stream.beginInterval(at: nanoseconds)
    for topic in subjects[subject]?.signatures.keys.sorted() ?? [] {
      let message = message(about: topic, of: subject, agent, now: now)
      stream.offer(message, of: topic.number, at: nanoseconds)
    }
  }

  /// Offers what has changed since the last time to all who watch it.
  ///
  /// - Parameters:
  ///   - agent: what is told of.
  ///   - now: the time.
  ///   - nanoseconds: the monotonic clock.
  func tell(_ agent: borrowing Agent, now: Moment, at nanoseconds: Int64) {
    for (subject, watched) in subjects {
      // Those of the last second serve nobody any more; who has not got one yet keeps it.
      subjects[subject]?.messages.removeAll()
      let signatures = Self.signatures(of: subject, agent, now: now)
      let topics = Set(watched.signatures.keys).union(signatures.keys)
      let changed = topics.filter { watched.signatures[$0] != signatures[$0] }.sorted()
      guard !changed.isEmpty else { continue }
      subjects[subject]?.signatures = signatures
      for topic in changed {
        let message = message(about: topic, of: subject, agent, now: now)
        for stream in watched.streams.values {
          // Where there are several, the others have no news: their interval goes on.
          stream.offer(message, of: topic.number, at: topics.count > 1 ? nil : nanoseconds)
        }
      }
    }
  }

  /// Ends all streams.
  func end(_ error: ConnectError) {
    for watched in subjects.values {
      for stream in watched.streams.values { stream.end(error) }
    }
  }

  // MARK: Messages

  /// Returns the present message: that of this second, where there is one.
  private func message(
    about topic: Topic, of subject: WatchSubject, _ agent: borrowing Agent, now: Moment
  ) -> StreamMessage {
    if let known = subjects[subject]?.messages[topic],
      now.monotonic - known.madeAt < Self.freshness
    {
      return known.message
    }
    let message = Self.makeMessage(about: topic, of: subject, agent, now: now)
    subjects[subject]?.messages[topic] = (message, now.monotonic)
    return message
  }

  private static func makeMessage(
    about topic: Topic, of subject: WatchSubject, _ agent: borrowing Agent, now: Moment
  ) -> StreamMessage {
    switch subject {
    case .group(_, _, let hasWindows), .groups(_, _, let hasWindows):
      guard let place = place(topic, agent) else {
        return StreamMessage { writeGone(topic, now: now, to: &$0) }
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

  /// Returns what messages about a subject are made of; another number is another message.
  private static func signatures(
    of subject: WatchSubject, _ agent: borrowing Agent, now: Moment
  ) -> [Topic: Int] {
    switch subject {
    case .group(let cluster, let group, _):
      let topic = Topic(cluster: cluster, name: group)
      return [topic: place(topic, agent).map { agent.signature($0, now: now) } ?? 0]
    case .groups(let cluster, let scope, _):
      var signatures: [Topic: Int] = [:]
      for place in agent.places(cluster, scope) {
        let topic = Topic(
          cluster: agent.clusterNames[place.cluster],
          name: agent.clusters[place.cluster].store.groupName(place.group))
        signatures[topic] = agent.signature(place, now: now)
      }
      return signatures
    case .list(let cluster, let scope):
      var hasher = Hasher()
      for place in agent.places(cluster, scope) {
        hasher.combine(place)
        hasher.combine(agent.signature(place, now: now))
      }
      return [Topic(cluster: cluster, name: ""): hasher.finalize()]
    case .health(let service, let scope):
      return [Topic(name: service): agent.serving(service, scope, now: now).rawValue]
    }
  }

  private static func place(_ topic: Topic, _ agent: borrowing Agent) -> Agent.GroupPlace? {
    guard let index = agent.cluster(named: topic.cluster),
      let found = agent.group(named: topic.name, cluster: index, scope: .all)
    else { return nil }
    return Agent.GroupPlace(cluster: index, group: found)
  }

  /// Writes what is left to say of a group that was watched.
  private static func writeGone(_ topic: Topic, now: Moment, to writer: inout JSONWriter) {
    writer.beginObject()
    writer.key("status")
    writer.beginObject()
    writer.field("cluster", topic.cluster)
    writer.field("group", topic.name)
    writer.field("verdict", verbatim: Verdict.notFound.name)
    writer.field("reason", ClusterState.removedByReload)
    writer.field("time", timestampMilliseconds: now.wall)
    writer.endObject()
    writer.endObject()
  }
}

extension Watches.Topic: Comparable {
  static func < (left: Watches.Topic, right: Watches.Topic) -> Bool {
    (left.cluster, left.name) < (right.cluster, right.name)
  }
}
