package import EventLoop

/// What all connections of a server share, without any socket: protocol machines need only this.
package final class ServerContext {
  let handler: any RequestHandler
  let limits: Limits
  let clock: Clock
  let counterTable = CounterTable()
  let date = HTTPDate()
  /// Monotonic nanoseconds of the turn that is under way.
  private(set) var now: Int64
  /// Whether connections shall end after what they are doing.
  package var isDraining: Bool {
    get { drains }
    set { drains = newValue }
  }
  // Private, so that the compiler sees that nobody else is at it and the runtime need not look.
  private var drains = false

  /// Bytes of content kept for requests that are arriving.
  var keptContentBytes = 0
  /// Bytes of HTTP/2 heads whose requests are not answered yet.
  var keptHeadBytes = 0
  /// Bytes of answers that wait for their clients to take them.
  private(set) var unsentBytes = 0
  /// Called when more bytes of answers wait than may.
  var onCrowding: (() -> Void)?
  /// Responses whose content comes piece by piece.
  private(set) var openStreams = 0
  /// Signals that were raised and have not had their effect, each once.
  private var raised: [ResponseSignal] = []
  /// Called when a signal is raised and none was; it arranges for `takeRaised` soon.
  package var onSignal: (() -> Void)?
  /// Told of each request that was answered; nil where nobody wants to know.
  package var onAccess: ((AccessRecord) -> Void)? {
    didSet { logsAccess = onAccess != nil }
  }
  private var logsAccess = false

  /// Makes the context of a server.
  package init(handler: any RequestHandler, limits: Limits, clock: Clock) {
    self.handler = handler
    self.limits = limits
    self.clock = clock
    now = clock.monotonicNanoseconds()
    date.refresh(now: now, clock: clock)
  }

  /// Sees to it that the date is right to the second, before requests are answered.
  ///
  /// - Parameter now: monotonic nanoseconds.
  package func refreshDate(now: Int64) {
    self.now = now
    date.refresh(now: now, clock: clock)
  }

  /// What was done so far.
  package var counters: Counters { counterTable.snapshot }

  /// nghttp2's callbacks and options, made when the first HTTP/2 connection comes.
  lazy var http2Callbacks = HTTP2Callbacks.make(limits)

  /// What nghttp2 has its memory from.
  let http2Memory = HTTP2Memory()

  /// Where the fields of HTTP/2 responses are written.
  let http2Fields = HTTP2Fields()

  /// Answers a complete request: the server itself if it must refuse it, else the handler.
  ///
  /// Clears the head, whose memory serves the next request.
  func respond(to head: inout RequestHead) -> Response {
    defer { head.clear() }
    if let refusal = head.refusal ?? head.method.refusal { return refuse(refusal, &head) }
    guard case .handled(let method) = head.method else {
      return refuse(.methodNotImplemented, &head)
    }
    // SAFETY: the request lives inside the closure only.
    let response = unsafe withUnsafePointer(to: &head) { head in
      unsafe handler.respond(to: Request(head, method: method))
    }
    if let stream = response.stream, openStreams >= limits.streams {
      stream.close()
      return refuse(.tooManyStreams, &head)
    }
    counterTable.count(response.status)
    return logsAccess ? logged(response, head, nil) : response
  }

  /// Tells of an answer, at once or when its content is over.
  private func logged(
    _ response: Response, _ head: borrowing RequestHead, _ refusal: Refusal?
  ) -> Response {
    guard let onAccess else { return response }
    let record = AccessRecord(head, response, refusal, now: clock.monotonicNanoseconds())
    guard let source = response.stream else {
      onAccess(record)
      return response
    }
    var response = response
    response.stream = LoggedStream(source, record, context: self)
    return response
  }

  /// Counts a refusal and makes its answer, in the handler's words where it has some.
  func refuse(_ refusal: Refusal, _ head: inout RequestHead) -> Response {
    guard refusal.isAnsweredByHandler, case .handled(let method) = head.method else {
      return logged(refuse(refusal), head, refusal)
    }
    head.content = nil
    // SAFETY: the request lives inside the closure only.
    let response = unsafe withUnsafePointer(to: &head) { head in
      unsafe handler.respond(to: Request(head, method: method), refused: refusal)
    }
    guard let response, response.stream == nil else {
      return logged(refuse(refusal), head, refusal)
    }
    counterTable.count(refusal)
    counterTable.count(response.status)
    return logged(response, head, refusal)
  }

  /// Counts a refusal and makes its answer.
  private func refuse(_ refusal: Refusal) -> Response {
    counterTable.count(refusal)
    let response = refusal.response
    counterTable.count(response.status)
    return response
  }

  /// More bytes of answers wait for their clients, or fewer.
  func changeUnsent(by bytes: Int) {
    unsentBytes += bytes
    if unsentBytes > limits.unsentBytes { onCrowding?() }
  }

  // MARK: - Streams

  /// A response begins whose content comes piece by piece.
  func beginStream() { openStreams += 1 }

  /// Such a response is over.
  func endStream() { openStreams -= 1 }

  /// Remembers a signal that was raised.
  func collect(_ signal: ResponseSignal) {
    raised.append(signal)
    if raised.count == 1 { onSignal?() }
  }

  /// Signals that wait for `takeRaised`, at most one for each stream that was ever open meanwhile.
  package var raisedSignals: Int { raised.count }

  /// Bytes of answers that wait for their clients to take them.
  package var unsent: Int { unsentBytes }

  /// Bytes of heads of HTTP/2 requests that are not answered yet.
  package var keptHeads: Int { keptHeadBytes }

  /// Bytes of content kept for requests that are arriving.
  package var keptContent: Int { keptContentBytes }

  /// The places of the streams whose signals were raised since the last time, in their connections.
  package func takeRaisedStreams() -> [Int] { takeRaised().map(\.stream) }

  /// Hands out the signals that were raised since the last time.
  func takeRaised() -> [ResponseSignal] {
    exchange(&raised, with: [])
  }
}
