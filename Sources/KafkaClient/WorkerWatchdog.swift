/// Numbers a worker's questions and remembers since when they wait.
package struct WorkerWatchdog {
  /// A kind of question.
  package enum Kind: Sendable {
    case metadata
    case heads
    case times
  }

  private struct Waiting {
    var newest: RequestID
    /// When the answer becomes overdue: counted from the oldest question without any answer since.
    var overdueAt: Int64
    /// The same, counted from the newest question.
    var newestOverdueAt: Int64
  }

  private var lastNumber: UInt64 = 0
  private var metadata: Waiting?
  private var heads: Waiting?
  private var times: Waiting?

  /// Nothing was asked yet.
  package init() {}

  /// Numbers a question.
  ///
  /// - Parameters:
  ///   - kind: what is asked.
  ///   - timeoutMilliseconds: when the worker gives up.
  ///   - now: monotonic time in milliseconds.
  package mutating func asked(_ kind: Kind, timeoutMilliseconds: Int64, now: Int64) -> RequestID {
    lastNumber &+= 1
    let id = RequestID(number: lastNumber)
    let overdueAt = now &+ timeoutMilliseconds &* ClusterWorker.stuckFactor
    let earliest = min(self[kind]?.overdueAt ?? overdueAt, overdueAt)
    self[kind] = Waiting(newest: id, overdueAt: earliest, newestOverdueAt: overdueAt)
    return id
  }

  /// Notes an answer; a newer question of the kind waits on.
  package mutating func answered(_ kind: Kind, _ id: RequestID) {
    guard var waiting = self[kind] else { return }
    waiting.overdueAt = waiting.newestOverdueAt
    self[kind] = waiting.newest <= id ? nil : waiting
  }

  /// Whether an answer is overdue.
  ///
  /// - Parameter now: monotonic time in milliseconds.
  package func isStuck(now: Int64) -> Bool {
    for waiting in [metadata, heads, times] {
      if let waiting, now >= waiting.overdueAt { return true }
    }
    return false
  }

  private subscript(kind: Kind) -> Waiting? {
    get {
      switch kind {
      case .metadata: metadata
      case .heads: heads
      case .times: times
      }
    }
    set {
      switch kind {
      case .metadata: metadata = newValue
      case .heads: heads = newValue
      case .times: times = newValue
      }
    }
  }
}
