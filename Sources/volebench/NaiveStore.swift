import LagCore

/// The yardstick: the same store by the first means that come to mind.
///
/// Dictionaries by name, an array for each window, the rules asked of the array. Its figures tell
/// how fast the machine is, so that ratios compare where seconds do not.
struct NaiveStore {
  private struct Partition {
    var commits: [CommitEntry] = []
    var heads: [Int64] = []
  }

  private let intervals = 10
  private var groups: [String: [String: [Int32: Partition]]] = [:]
  private var heads: [String: [Int32: Int64]] = [:]

  mutating func record(
    group: String, topic: String, partition: Int32, offset: Int64, timestamp: Int64, order: Int64
  ) {
    let head = heads[topic]?[partition]
    let commit = CommitEntry(
      offset: offset, timestamp: timestamp, order: order, observedAtSeconds: 0,
      lag: head.map { lagBetween(committed: offset, head: $0) })
    var commits = groups[group]?[topic]?[partition]?.commits ?? []
    groups[group]?[topic]?[partition]?.commits = []
    if commits.count == intervals { commits.removeFirst() }
    commits.append(commit)
    groups[group, default: [:]][topic, default: [:]][partition, default: Partition()].commits =
      commits
  }

  mutating func recordHead(_ head: Int64, group: String, topic: String, partition: Int32) {
    heads[topic, default: [:]][partition] = head
    groups[group, default: [:]][topic, default: [:]][partition, default: Partition()].heads
      .append(head)
  }

  /// Evaluates all partitions of all groups; returns how many are not OK.
  func evaluate(nowSeconds: Int64, parameters: EvaluationParameters) -> Int {
    var troubled = 0
    for topics in groups.values {
      for partitions in topics.values {
        for partition in partitions.values {
          guard let newest = partition.commits.last, let head = partition.heads.last else {
            continue
          }
          let slots: [WindowSlot?] = partition.commits.map {
            WindowSlot(offset: $0.offset, timestamp: $0.timestamp, lag: $0.lag)
          }
          let verdict = evaluateWindow(
            slots: slots, heads: partition.heads,
            currentLag: lagBetween(committed: newest.offset, head: head), nowSeconds: nowSeconds,
            parameters: parameters)
          if verdict.status != .ok { troubled += 1 }
        }
      }
    }
    return troubled
  }
}
