import ConsumerOffsets
import KafkaClient

/// What a consumer of the demo does with what it reads.
enum Habit: Sendable, Equatable {
  /// Processes everything at once.
  case healthy
  /// Processes a third of what comes.
  case slow
  /// Stops processing after some commits and goes on committing where it stands.
  case stalls(afterCommits: Int)
  /// Stops committing after some commits.
  case stops(afterCommits: Int)
  /// After some commits goes back again and again, a little further each time.
  case rewinds(afterCommits: Int)
  /// Stalls for a while, by seconds since its first commit.
  case pauses(from: Int64, to: Int64)
}

/// A real member of a consumer group that behaves as its habit says.
///
/// It joins, fetches and commits through librdkafka; only how far it has "processed" is made up.
final class DemoConsumer {
  /// Messages processed per second and partition by a slow consumer.
  static let slowRate: Int64 = 10
  /// Messages taken from the client in one step, so that one consumer does not hold up the others.
  private static let messagesPerStep = 500

  private let group: String
  private let topic: String
  private let habit: Habit
  private let commitInterval: Int64
  private let bridge: OffsetsBridge
  private var member: GroupConsumer
  private var partitions: [Int32: Progress] = [:]
  private var commits = 0
  private var firstCommitAt: Int64?
  private var nextCommitAt: Int64?
  private var lastStepAt: Int64?

  private struct Progress {
    /// The offset behind the last message fetched.
    var received: Int64 = 0
    /// The offset behind the last message processed, in thousandths.
    var processedThousandths: Int64 = 0

    var processed: Int64 { processedThousandths / 1000 }
  }

  /// Joins a group.
  ///
  /// - Parameters:
  ///   - group: the group's name.
  ///   - topic: what it reads.
  ///   - habit: how it behaves.
  ///   - commitInterval: milliseconds between commits.
  ///   - properties: where the cluster is.
  ///   - bridge: writes the records that a broker would write.
  init(
    group: String, topic: String, habit: Habit, commitInterval: Int64,
    properties: KafkaProperties, bridge: OffsetsBridge
  ) throws(KafkaError) {
    self.group = group
    self.topic = topic
    self.habit = habit
    self.commitInterval = commitInterval
    self.bridge = bridge
    var own = properties
    own.set("client.id", "demo-\(group)")
    member = try GroupConsumer.connect(group: group, properties: own)
    try member.subscribe(topics: [topic])
  }

  /// Reads what has come, processes as the habit says, and commits when it is time.
  ///
  /// - Parameter now: a monotonic time in milliseconds.
  func step(now: Int64) {
    poll(now: now)
    process(elapsed: now - (lastStepAt ?? now), now: now)
    lastStepAt = now
    guard let due = nextCommitAt, now >= due, !partitions.isEmpty else { return }
    nextCommitAt = due + commitInterval
    if case .stops(let last) = habit, commits >= last { return }
    if firstCommitAt == nil { firstCommitAt = now }
    commit()
  }

  private func poll(now: Int64) {
    for _ in 0..<Self.messagesPerStep {
      switch member.poll(timeoutMilliseconds: 0) {
      case .nothing: return
      case .message(let message):
        partitions[message.partition]?.received = message.offset + 1
      case .assigned(let assignment):
        partitions = [:]
        for partition in assignment.first?.partitions ?? [] { partitions[partition] = Progress() }
        nextCommitAt = now + commitInterval
        bridge.assigned(
          group: group, topic: topic,
          members: [
            OffsetsBridge.Member(
              id: member.memberID, clientID: "demo-\(group)",
              partitions: partitions.keys.sorted())
          ])
      case .revoked: partitions = [:]
      case .end, .committed, .notice: continue
      }
    }
  }

  private func process(elapsed: Int64, now: Int64) {
    if isStanding(now: now) { return }
    for partition in partitions.keys {
      guard var progress = partitions[partition] else { continue }
      if habit == .slow {
        progress.processedThousandths = min(
          progress.received * 1000, progress.processedThousandths + elapsed * Self.slowRate)
      } else {
        progress.processedThousandths = progress.received * 1000
      }
      partitions[partition] = progress
    }
  }

  /// Whether the consumer processes nothing now.
  private func isStanding(now: Int64) -> Bool {
    switch habit {
    case .healthy, .slow: return false
    case .stalls(let last), .stops(let last), .rewinds(let last): return commits >= last
    case .pauses(let from, let to):
      guard let firstCommitAt else { return false }
      return (from * 1000..<to * 1000).contains(now - firstCommitAt)
    }
  }

  private func commit() {
    let positions = partitions.sorted { $0.key < $1.key }.map { partition, progress in
      GroupConsumer.Position(
        topic: topic, partition: partition, offset: max(0, progress.processed + rewind))
    }
    do throws(KafkaError) {
      if rewind != 0 { try? member.seek(positions, timeoutMilliseconds: 100) }
      try member.commit(positions)
      commits += 1
      bridge.committed(group: group, positions)
    } catch {
      // A rebalance is under way; the next commit comes soon.
    }
  }

  /// How far behind its best offset a rewinding consumer commits this time.
  ///
  /// A saw tooth of three commits whose peaks get lower by one: it never comes back to where it
  /// was.
  private var rewind: Int64 {
    guard case .rewinds(let last) = habit, commits >= last else { return 0 }
    let (cycle, place) = (commits - last).quotientAndRemainder(dividingBy: 3)
    return [-40, -20, -1][place] - Int64(cycle)
  }
}
