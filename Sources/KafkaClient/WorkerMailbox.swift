import Synchronization

/// What a worker's two sides hand each other.
///
/// The loop never waits here; the worker sleeps here.
final class WorkerMailbox: Sendable {
  /// Notices kept for the loop; more are counted and dropped.
  static let maximumNotices = 64

  /// A question for the worker.
  ///
  /// Of each kind at most one waits; a newer one replaces it.
  enum Work: Sendable {
    case metadata(RequestID, topics: [String], timeoutMilliseconds: Int64)
    case heads(
      RequestID, [TopicPartitions], includeStart: Bool, timeoutMilliseconds: Int64)
    case times(RequestID, [TopicPartitions], time: Int64, timeoutMilliseconds: Int64)
  }

  private struct State {
    var metadata: Work?
    var heads: Work?
    var times: Work?
    var replies = WorkerReplies()
    /// False as soon as the loop has turned away: nothing may be written to its descriptor.
    var isWanted = true

    /// Takes the question that comes first: metadata, which is quick, then heads, then times.
    mutating func takeNext() -> Work? {
      defer {
        if metadata != nil {
          metadata = nil
        } else if heads != nil {
          heads = nil
        } else {
          times = nil
        }
      }
      return metadata ?? heads ?? times
    }
  }

  private let state = Mutex(State())
  private let work = Semaphore()
  private let finished = Semaphore()
  private let wakeUpDescriptor: Int32

  init(wakeUpDescriptor: Int32) {
    self.wakeUpDescriptor = wakeUpDescriptor
  }

  // MARK: The loop's side

  /// Leaves a question.
  func ask(_ question: Work) {
    state.withLock {
      switch question {
      case .metadata: $0.metadata = question
      case .heads: $0.heads = question
      case .times: $0.times = question
      }
    }
    work.post()
  }

  /// Takes all answers.
  func takeReplies() -> WorkerReplies {
    state.withLock {
      let replies = $0.replies
      $0.replies = WorkerReplies()
      return replies
    }
  }

  /// Turns away: the worker stops after its current call and says nothing more.
  func close() {
    state.withLock {
      $0.isWanted = false
      $0.metadata = nil
      $0.heads = nil
      $0.times = nil
    }
    work.post()
  }

  /// Waits for the worker to end.
  ///
  /// - Returns: whether it did in time.
  func waitUntilFinished(timeoutMilliseconds: Int64) -> Bool {
    finished.wait(deadline: Deadline(afterMilliseconds: timeoutMilliseconds))
  }

  // MARK: The worker's side

  /// Sleeps until there is something to do; nil when the worker should end.
  func nextWork() -> Work? {
    while true {
      let (next, isWanted) = state.withLock { state in
        (state.takeNext(), state.isWanted)
      }
      if !isWanted { return nil }
      if let next { return next }
      work.wait()
    }
  }

  /// Leaves an answer and wakes the loop.
  func answer(_ fill: (inout WorkerReplies) -> Void) {
    state.withLock {
      guard $0.isWanted else { return }
      fill(&$0.replies)
      // Under the lock, so that nothing is written after `close` has returned.
      WakeUp.send(to: wakeUpDescriptor)
    }
  }

  /// Leaves a notice; the next answer wakes the loop for it.
  func leave(_ notice: ClientNotice) {
    state.withLock {
      if $0.replies.notices.count < WorkerMailbox.maximumNotices {
        $0.replies.notices.append(notice)
      } else {
        $0.replies.droppedNotices += 1
      }
    }
  }

  /// Says that the worker's thread has nothing left to do.
  func markFinished() {
    finished.post()
  }
}
