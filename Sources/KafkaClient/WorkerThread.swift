/// The body of a worker's thread.
enum WorkerThread {
  /// Notices moved to the loop after each question.
  static let noticesPerQuestion = 256

  /// Answers questions until the mailbox closes.
  static func run(
    _ mailbox: WorkerMailbox, properties: KafkaProperties, isolation: ClusterWorker.Isolation,
    clock: @escaping @Sendable () -> Int64
  ) {
    var session = WorkerSession(properties: properties, isolation: isolation, clock: clock)
    while let work = mailbox.nextWork() {
      switch work {
      case .metadata(let id, let topics, let timeout):
        let result = session.metadata(topics: topics, timeoutMilliseconds: timeout)
        session.drainNotices(maximum: noticesPerQuestion) { mailbox.leave($0) }
        mailbox.answer { $0.metadata = MetadataReply(id: id, result: result) }
      case .heads(let id, let partitions, let includeStart, let timeout):
        let topics = session.heads(
          partitions, includeStart: includeStart, timeoutMilliseconds: timeout)
        session.drainNotices(maximum: noticesPerQuestion) { mailbox.leave($0) }
        mailbox.answer { $0.heads = HeadsReply(id: id, topics: topics) }
      case .times(let id, let partitions, let time, let timeout):
        let topics = session.times(partitions, time: time, timeoutMilliseconds: timeout)
        session.drainNotices(maximum: noticesPerQuestion) { mailbox.leave($0) }
        mailbox.answer { $0.times = TimesReply(id: id, topics: topics) }
      }
    }
  }
}
