import EventLoop
package import HTTPServer

/// A stream of states of which only the newest counts.
///
/// The producer offers a message whenever there is news; one that has not left yet is replaced. So
/// a slow client costs one message of memory, which it shares with all others who wait for it, and
/// gets the truth of the moment in which it has room. The stream ends by itself when the client's
/// deadline has come (`deadline_exceeded`) and when the server drains (`unavailable`).
package final class ConnectStream: ResponseStream {
  private let timers: ConnectTimers
  private let maximumInterval: Int64?
  /// Whether messages may be compressed.
  let acceptsGzip: Bool
  private var signal: ResponseSignal?
  /// The newest message of each subject that waits, in the order in which subjects had news.
  private var waiting: [(subject: Int, message: StreamMessage)] = []
  /// The last envelope, once it is known how the stream ends.
  private var ending: [UInt8]?
  private var isClosed = false
  private var deadlineTimer: TimerToken?
  private var intervalTimer: TimerToken?

  /// Called with the time when no message was offered for the maximum interval: offer the present
  /// state again.
  package var onInterval: ((Int64) -> Void)?
  /// Called once when the stream is over, whoever ended it.
  package var onClose: (() -> Void)?

  /// Makes the stream of a call.
  ///
  /// - Parameters:
  ///   - call: its deadline is kept.
  ///   - timers: of the loop on which everything here is called.
  ///   - maximumInterval: nanoseconds after which `onInterval` is called, > 0; nil for never.
  package init(_ call: ConnectCall, timers: ConnectTimers, maximumInterval: Int64? = nil) {
    self.timers = timers
    self.maximumInterval = maximumInterval
    acceptsGzip = call.acceptsGzip
    if let deadline = call.deadline {
      deadlineTimer = timers.schedule(at: deadline) { [weak self] in
        self?.end(ConnectError(.deadlineExceeded, "the time given for this call is over"))
      }
    }
  }

  /// Has a message sent as soon as the client has room; replaces one of the same subject that still
  /// waits.
  ///
  /// - Parameters:
  ///   - message: the state; made once, offered to all streams that show it.
  ///   - subject: what it is the state of, where a stream shows several.
  ///   - now: monotonic nanoseconds, from which the maximum interval counts; nil where it goes on,
  ///     because the others have no news.
  package func offer(_ message: StreamMessage, of subject: Int = 0, at now: Int64?) {
    guard !isClosed, ending == nil else { return }
    if let place = waiting.firstIndex(where: { $0.subject == subject }) {
      waiting[place].message = message
    } else {
      waiting.append((subject, message))
    }
    if let now { restartInterval(at: now) }
    signal?.raise()
  }

  /// Begins to count the maximum interval, where no message was offered yet.
  package func beginInterval(at now: Int64) {
    if intervalTimer == nil { restartInterval(at: now) }
  }

  /// Ends the stream behind the message that still waits; a second end changes nothing.
  ///
  /// - Parameters:
  ///   - error: why; nil if all is well.
  ///   - trailers: metadata behind the messages.
  package func end(
    _ error: ConnectError? = nil, trailers: ConnectMetadata = ConnectMetadata()
  ) {
    guard !isClosed, ending == nil else { return }
    ending = Envelope.end(error, trailers: trailers)
    cancelTimers()
    signal?.raise()
  }

  private func restartInterval(at now: Int64) {
    guard let maximumInterval else { return }
    let due = now &+ maximumInterval
    if let intervalTimer, timers.reschedule(intervalTimer, at: due) { return }
    intervalTimer = timers.schedule(at: due) { [weak self] in self?.intervalPassed() }
  }

  private func intervalPassed() {
    intervalTimer = nil
    let now = timers.now
    onInterval?(now)
    // A producer that has nothing to say now is asked again.
    if intervalTimer == nil, !isClosed, ending == nil { restartInterval(at: now) }
  }

  private func cancelTimers() {
    if let deadlineTimer { timers.cancel(deadlineTimer) }
    if let intervalTimer { timers.cancel(intervalTimer) }
    deadlineTimer = nil
    intervalTimer = nil
  }

  // MARK: ResponseStream

  /// See the protocol.
  package func begin(_ signal: ResponseSignal) { self.signal = signal }

  /// See the protocol.
  package func next() -> StreamStep {
    guard let ending else {
      guard !waiting.isEmpty else { return .wait }
      return .piece(waiting.removeFirst().message.bytes(acceptsGzip: acceptsGzip))
    }
    let messages = waiting.flatMap { $0.message.bytes(acceptsGzip: acceptsGzip) }
    waiting = []
    return .last(messages + ending)
  }

  /// See the protocol.
  package func drain() {
    end(ConnectError(.unavailable, "the server is shutting down"))
  }

  /// See the protocol.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    cancelTimers()
    signal = nil
    waiting = []
    ending = nil
    onInterval = nil
    let closed = onClose
    onClose = nil
    closed?()
  }
}
