/// The helper thread of one cluster, for the calls of librdkafka that block.
///
/// The loop leaves questions and takes answers; it never waits. A worker has a client of its own:
/// on the reader's client every question would wait behind a long-polling Fetch. One cluster that
/// is down delays nobody else. One thread uses a worker.
///
/// Whoever needs high watermarks and last stable offsets of one cluster starts two workers, one
/// for each `Isolation`: the level belongs to librdkafka's client, and two clients of one process
/// do not disturb each other. The second one costs another set of threads (one for each broker and
/// three) and connections.
package struct ClusterWorker: ~Copyable {
  /// What the end of a log is.
  package enum Isolation: String, Equatable, Sendable {
    /// The high watermark.
    case readUncommitted = "read_uncommitted"
    /// The last stable offset: what a `read_committed` consumer can reach.
    case readCommitted = "read_committed"
  }

  /// A worker is stuck when an answer takes this many times the request's timeout.
  package static let stuckFactor: Int64 = 3
  /// What a worker does with the longest timeout it takes, in milliseconds.
  package static let maximumTimeoutMilliseconds: Int64 = 600_000

  private let mailbox: WorkerMailbox
  private var watchdog = WorkerWatchdog()

  /// Starts the thread; nothing is connected before the first question.
  ///
  /// - Parameters:
  ///   - properties: the cluster's properties.
  ///   - isolation: which end of the log `heads` means.
  ///   - wakeUpDescriptor: an eventfd or pipe, made non-blocking by its owner, which receives 8
  ///     bytes when there are answers. It must stay open until the worker is gone.
  ///   - clock: stamps the answers, in milliseconds; called on the worker's thread.
  /// - Throws: an error when the system gives no thread.
  package static func start(
    properties: KafkaProperties, isolation: Isolation = .readUncommitted,
    wakeUpDescriptor: Int32, clock: @escaping @Sendable () -> Int64
  ) throws(KafkaError) -> ClusterWorker {
    let mailbox = WorkerMailbox(wakeUpDescriptor: wakeUpDescriptor)
    let started = HelperThread.start {
      WorkerThread.run(mailbox, properties: properties, isolation: isolation, clock: clock)
      mailbox.markFinished()
    }
    guard started else { throw .noThread }
    return ClusterWorker(mailbox: mailbox)
  }

  private init(mailbox: WorkerMailbox) {
    self.mailbox = mailbox
  }

  deinit {
    // A worker that is stuck is left behind: its thread ends when its call returns, and from here
    // on it writes to no descriptor.
    mailbox.close()
  }

  /// Asks which brokers there are and who leads the partitions of some topics.
  ///
  /// A question of this kind that the worker has not begun with is replaced and never answered.
  ///
  /// - Parameters:
  ///   - topics: the names, at least one.
  ///   - timeoutMilliseconds: when the worker gives up.
  ///   - now: the loop's monotonic time in milliseconds.
  package mutating func requestMetadata(
    topics: [String], timeoutMilliseconds: Int64, now: Int64
  ) -> RequestID {
    let timeout = ClusterWorker.clamp(timeoutMilliseconds)
    let id = watchdog.asked(.metadata, timeoutMilliseconds: timeout, now: now)
    mailbox.ask(.metadata(id, topics: topics, timeoutMilliseconds: timeout))
    return id
  }

  /// Asks for the log ends of partitions.
  ///
  /// Every partition gets an answer of its own; one that is leaderless or whose broker is down
  /// does not disturb the others. A question of this kind that the worker has not begun with is
  /// replaced and never answered.
  ///
  /// - Parameters:
  ///   - partitions: each topic at most once.
  ///   - includeStart: whether log starts are wanted too, at the price of one more request for
  ///     each leader.
  ///   - timeoutMilliseconds: when the worker gives up; at most half of the time between rounds.
  ///   - now: the loop's monotonic time in milliseconds.
  package mutating func requestHeads(
    _ partitions: [TopicPartitions], includeStart: Bool, timeoutMilliseconds: Int64, now: Int64
  ) -> RequestID {
    let timeout = ClusterWorker.clamp(timeoutMilliseconds)
    let id = watchdog.asked(.heads, timeoutMilliseconds: timeout, now: now)
    mailbox.ask(
      .heads(id, partitions, includeStart: includeStart, timeoutMilliseconds: timeout))
    return id
  }

  /// Asks where partitions stand at a moment: the first offset whose record is as new or newer.
  ///
  /// Every partition gets an answer of its own, as with heads. Meant for `__consumer_offsets`,
  /// whose records carry the coordinator's time; the worker's isolation level makes no difference
  /// but that a `read_committed` one finds nothing beyond the last stable offset. A question of
  /// this kind that the worker has not begun with is replaced and never answered.
  ///
  /// - Parameters:
  ///   - partitions: each topic at most once.
  ///   - time: milliseconds since 1970; before 1973 nothing is told apart.
  ///   - timeoutMilliseconds: when the worker gives up.
  ///   - now: the loop's monotonic time in milliseconds.
  package mutating func requestOffsets(
    _ partitions: [TopicPartitions], atTime time: Int64, timeoutMilliseconds: Int64, now: Int64
  ) -> RequestID {
    let timeout = ClusterWorker.clamp(timeoutMilliseconds)
    let id = watchdog.asked(.times, timeoutMilliseconds: timeout, now: now)
    mailbox.ask(.times(id, partitions, time: time, timeoutMilliseconds: timeout))
    return id
  }

  /// Takes the answers, after the wake-up descriptor became readable.
  package mutating func takeReplies() -> WorkerReplies {
    let replies = mailbox.takeReplies()
    if let metadata = replies.metadata { watchdog.answered(.metadata, metadata.id) }
    if let heads = replies.heads { watchdog.answered(.heads, heads.id) }
    if let times = replies.times { watchdog.answered(.times, times.id) }
    return replies
  }

  /// Whether an answer is overdue by far: drop the worker and start another.
  ///
  /// - Parameter now: the loop's monotonic time in milliseconds.
  package func isStuck(now: Int64) -> Bool {
    watchdog.isStuck(now: now)
  }

  /// Ends the worker.
  ///
  /// - Parameter timeoutMilliseconds: the longest wait for a call that is under way.
  /// - Returns: whether its thread is gone; otherwise it was left behind.
  package consuming func stop(timeoutMilliseconds: Int64) -> Bool {
    mailbox.close()
    return mailbox.waitUntilFinished(timeoutMilliseconds: timeoutMilliseconds)
  }

  static func clamp(_ timeoutMilliseconds: Int64) -> Int64 {
    min(max(1, timeoutMilliseconds), maximumTimeoutMilliseconds)
  }
}
