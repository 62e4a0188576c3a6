import KafkaClient

/// The consumer of a pod: a real client that fetches and commits; only how far it has "processed"
/// is made up.
///
/// Its partitions are its own, as those of a static member are over a restart.
final class PodConsumer {
  private let role: PodRole
  private let topic: String
  private var member: GroupConsumer
  private var partitions: [Int32: Progress] = [:]
  private var nextCommitAt: Int64
  /// Whether the container is a new one that processes nothing.
  private let isBad: Bool
  /// Where the poisonous record lies, once it was met.
  private(set) var poisonOffset: Int64?

  /// Milliseconds between commits.
  private static let commitInterval: Int64 = 1000
  /// Messages taken from the client in one step.
  private static let messagesPerStep = 500

  private struct Progress {
    /// The offset behind the last message fetched, and behind the last one processed.
    var received: Int64
    var processed: Int64
  }

  /// Starts a container.
  ///
  /// - Parameters:
  ///   - role: how it behaves.
  ///   - positions: where each of its partitions begins.
  ///   - poisonOffset: where the poisonous record lies, if one was met before.
  ///   - isBad: whether it processes nothing.
  ///   - properties: where the cluster is.
  ///   - now: the time since the beginning in milliseconds.
  init(
    _ role: PodRole, positions: [Int32: Int64], poisonOffset: Int64?, isBad: Bool,
    properties: KafkaProperties, now: Int64
  ) throws(KafkaError) {
    self.role = role
    self.isBad = isBad
    self.poisonOffset = poisonOffset
    topic = DemoWorld.topic
    nextCommitAt = now + Self.commitInterval
    var own = properties
    own.set("client.id", role.name)
    member = try GroupConsumer.connect(group: PodScene.group, properties: own)
    for (partition, offset) in positions {
      partitions[partition] = Progress(received: offset, processed: offset)
    }
    try member.assign(
      positions.map {
        GroupConsumer.Position(topic: topic, partition: $0.key, offset: $0.value)
      })
  }

  /// Where each partition stands.
  var positions: [Int32: Int64] { partitions.mapValues(\.processed) }

  /// Reads what has come, processes as the habit says, and commits when it is time.
  ///
  /// - Parameter now: the time since the beginning in milliseconds.
  /// - Returns: what was committed, empty when nothing was.
  func step(now: Int64) -> [GroupConsumer.Position] {
    poll()
    for partition in partitions.keys.sorted() { process(partition, now: now) }
    guard now >= nextCommitAt else { return [] }
    nextCommitAt = now + Self.commitInterval
    let committed = partitions.sorted { $0.key < $1.key }.map {
      GroupConsumer.Position(topic: topic, partition: $0.key, offset: $0.value.processed)
    }
    do throws(KafkaError) {
      try member.commit(committed)
      return committed
    } catch {
      return []
    }
  }

  private func poll() {
    for _ in 0..<Self.messagesPerStep {
      switch member.poll(timeoutMilliseconds: 0) {
      case .nothing: return
      case .message(let message): partitions[message.partition]?.received = message.offset + 1
      case .assigned, .revoked, .end, .committed, .notice: continue
      }
    }
  }

  private func process(_ partition: Int32, now: Int64) {
    guard let progress = partitions[partition] else { return }
    let isFirst = partition == partitions.keys.min()
    var end = progress.received
    switch role.habit {
    case .healthy, .replaced: break
    case .hangs(let at): if isFirst, now >= at * 1000 { return }
    case .stands(let at): if now >= at * 1000 { return }
    case .replacedByBad: if isBad { return }
    case .poison(let at):
      guard isFirst, now >= at * 1000 else { break }
      if poisonOffset == nil { poisonOffset = progress.processed }
      end = min(end, poisonOffset ?? end)
    }
    partitions[partition]?.processed = max(progress.processed, end)
  }
}
