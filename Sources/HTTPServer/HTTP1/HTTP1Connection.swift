/// One HTTP/1.x connection as a machine without a socket: bytes in, bytes out.
///
/// Requests are answered one after the other in the order in which they came; while the output is
/// full the next one is not even read. The first thing outside the grammar is answered and ends
/// the connection, because nobody knows where the next request would begin.
package struct HTTP1Connection {
  private enum Phase {
    /// Between two requests, or inside a head.
    case head
    case body(HTTP1BodyReader)
    /// An answer is under way whose content comes piece by piece; requests behind it wait.
    case streaming(HTTP1ContentStream)
    /// 101 was answered; what arrives is kept for the HTTP/2 machine, untouched.
    case upgrading(settings: [UInt8])
    /// The last answer was made; what still arrives is not looked at.
    case finished
  }

  private let context: ServerContext
  private let place: Int
  private var phase = Phase.head
  private var parser = HTTP1HeadParser()
  private var head = RequestHead()
  private var hasBegun = false
  /// Whether a request of this connection was answered.
  private var hasAnswered = false
  private var persistence = HTTP1ResponseWriter.Persistence.persistent

  /// What has arrived and could not be dealt with yet, at most one head and one read; behind a
  /// streamed answer at most `Limits.pipelinedBytes`.
  ///
  /// It is a part of a head, or requests that wait for the output to drain.
  private var input: [UInt8] = []

  /// The content of the current answer and how much of it is in the output already.
  private var content: [UInt8] = []
  private var contentSent = 0
  /// Bytes of it that are counted among those that wait for their clients.
  private var unsentBytes = 0

  /// Counts heads begun and heads completed, so that deadlines can be renewed when it changes.
  package private(set) var progress: UInt32 = 0
  /// Whether the peer may still be sending what nobody will read.
  package private(set) var mustLinger = false
  /// Whether the connection has to end at once, without another byte.
  package private(set) var isBroken = false

  /// Begins a connection.
  ///
  /// - Parameters:
  ///   - context: what the connection shares with the others of its server.
  ///   - connection: where it comes from.
  ///   - place: its place in the server's table, which its signals name.
  package init(
    context: ServerContext, connection: ConnectionInfo = .unknown, place: Int = 0
  ) {
    self.context = context
    self.place = place
    head.connection = connection
  }

  /// Whether the connection ends when its output is written.
  package var isFinished: Bool {
    if case .finished = phase { contentSent == content.count } else { false }
  }

  /// Whether a request has begun and is not complete.
  package var isReadingRequest: Bool {
    if case .finished = phase { false } else { hasBegun }
  }

  /// Whether an answer is under way whose content comes piece by piece.
  package var isStreaming: Bool {
    if case .streaming = phase { true } else { false }
  }

  /// Whether `fill` has more to write.
  package var hasMoreOutput: Bool {
    if contentSent < content.count { return true }
    switch phase {
    case .finished: return false
    case .streaming(let stream): return stream.mayHaveMore
    case .head, .body: return wasInterrupted
    case .upgrading: return false
    }
  }

  /// Whether input waits only for the output to drain.
  private var wasInterrupted = false

  /// Takes what has arrived, answers the requests in it and appends the answers to `output`.
  package mutating func receive(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
    if case .finished = phase {
      mustLinger = true
      return
    }
    guard !input.isEmpty else {
      let consumed = process(bytes, into: &output)
      if consumed < bytes.count, !isOver { input.append(bytes.extracting(consumed...)) }
      return
    }
    input.append(bytes)
    if isStreaming { boundInput() } else { processInput(into: &output) }
  }

  /// Gives up a client that goes on sending while an answer is under way that may never end.
  private mutating func boundInput() {
    wasInterrupted = true
    guard input.count > context.limits.pipelinedBytes else { return }
    context.counterTable.count(Refusal.tooMuchPipelined)
    isBroken = true
  }

  /// Goes on writing after the output was drained.
  package mutating func fill(_ output: inout [UInt8]) {
    writeContent(into: &output)
    pump(into: &output)
    if wasInterrupted, !isStreaming { processInput(into: &output) }
  }

  /// The source of the answer under way may have something: `fill` asks it.
  package mutating func resume() {
    guard case .streaming(var stream) = phase else { return }
    stream.resume()
    phase = .streaming(stream)
  }

  /// Tells the source of the answer under way that the server ends.
  package mutating func drain() {
    guard case .streaming(var stream) = phase else { return }
    stream.drain()
    phase = .streaming(stream)
  }

  /// Hands over to the HTTP/2 machine once 101 was answered; this one is not used afterwards.
  package mutating func takeUpgrade() -> HTTP1Upgrade? {
    guard case .upgrading(let settings) = phase else { return nil }
    phase = .finished
    return HTTP1Upgrade(
      settings: settings, head: exchange(&head, with: RequestHead()),
      rest: exchange(&input, with: []))
  }

  /// The connection is gone.
  package mutating func close() {
    if case .streaming(let stream) = phase { stream.close() }
    phase = .finished
    content = []
    contentSent = 0
    countUnsent()
    head.clear()
  }

  /// Answers that the request did not come in time, if one has begun, and ends the connection.
  ///
  /// Nothing is late while an answer is streamed.
  package mutating func timeOut(into output: inout [UInt8]) {
    guard !isStreaming else { return }
    if isReadingRequest {
      refuse(.requestTimeout, into: &output)
    } else {
      phase = .finished
    }
  }

  private var isOver: Bool {
    if case .finished = phase { true } else { false }
  }

  private mutating func processInput(into output: inout [UInt8]) {
    var taken: [UInt8] = []
    swap(&taken, &input)
    let consumed = process(taken.span, into: &output)
    guard consumed < taken.count, !isOver else { return }
    taken.removeFirst(consumed)
    input = taken
    if isStreaming { boundInput() }
  }

  /// Deals with as many requests as the output has room for; says how many bytes are done with.
  private mutating func process(_ bytes: Span<UInt8>, into output: inout [UInt8]) -> Int {
    var position = 0
    wasInterrupted = false
    while true {
      if contentSent < content.count || output.count >= context.limits.outputBytes {
        wasInterrupted = position < bytes.count
        return position
      }
      switch phase {
      case .finished:
        if position < bytes.count { mustLinger = true }
        return position
      case .streaming:
        wasInterrupted = position < bytes.count
        return position
      case .upgrading:
        return position
      case .head:
        guard position < bytes.count else { return position }
        guard let length = readHead(bytes.extracting(position...), into: &output) else {
          return isOver ? bytes.count : position
        }
        position += length
      case .body(var reader):
        let (consumed, step) = reader.read(bytes.extracting(position...))
        position += consumed
        phase = .body(reader)
        switch step {
        case .needsMore: return position
        case .complete: respond(into: &output)
        case .refused(let refusal): refuse(refusal, into: &output)
        }
      }
    }
  }

  // MARK: - Streams

  /// Asks the source of the answer under way for as much as the output has room for.
  private mutating func pump(into output: inout [UInt8]) {
    while case .streaming(var stream) = phase, stream.mayHaveMore,
      contentSent == content.count, output.count < context.limits.outputBytes
    {
      let step = stream.next()
      phase = .streaming(stream)
      switch step {
      case .wait: return
      case .abort: isBroken = true
      case .bytes(let bytes): content = bytes
      case .last(let bytes):
        content = bytes
        stream.close()
        finishResponse()
      }
      contentSent = 0
      writeContent(into: &output)
    }
  }

  private mutating func finishResponse() {
    if case .closing = persistence { phase = .finished } else { phase = .head }
  }

  // MARK: - Requests

  /// Reads a head; its length once it is complete.
  private mutating func readHead(_ bytes: Span<UInt8>, into output: inout [UInt8]) -> Int? {
    if !hasBegun { beginRequest() }
    switch parser.parse(bytes, into: &head, limits: context.limits) {
    case .needsMore:
      return nil
    case .refused(let refusal):
      refuse(refusal, into: &output)
      return nil
    case .complete(let length):
      progress &+= 1
      beginContent(hasMore: length < bytes.count, into: &output)
      return length
    }
  }

  private mutating func beginRequest() {
    progress &+= 1
    parser = HTTP1HeadParser()
    head.clear()
    head.began = context.now
    hasBegun = true
  }

  private mutating func beginContent(hasMore: Bool, into output: inout [UInt8]) {
    let framing = parser.framing
    persistence = persistence(framing)
    let limit = context.limits.bodyBytes
    let isChunked = framing.transferEncodings > 0
    guard isChunked || framing.contentLength > 0 else {
      if let settings = settingsOfUpgrade(framing) { return upgrade(settings, into: &output) }
      respond(into: &output)
      return
    }
    guard framing.contentLength <= limit else {
      refuse(.bodyTooLarge, into: &output)
      return
    }
    if framing.expectsContinue && head.version == .http11 {
      if let refusal = head.method.refusal {
        // The client may or may not send the content now: nobody knows what comes next.
        refuse(refusal, into: &output)
        return
      }
      if !hasMore { output.append("HTTP/1.1 100 Continue\r\n\r\n") }
    }
    var reader =
      isChunked
      ? HTTP1BodyReader.chunked(limit: limit)
      : HTTP1BodyReader(contentLength: framing.contentLength, limit: limit)
    if head.method.keepsContent {
      head.content = RequestContent(context: context)
      reader.content = head.content
    }
    phase = .body(reader)
  }

  private func persistence(_ framing: HTTP1Framing) -> HTTP1ResponseWriter.Persistence {
    if framing.says.close { return .closing }
    guard head.version == .http10 else { return .persistent }
    return framing.says.keepAlive ? .keepAlive : .closing
  }

  // MARK: - Upgrade

  /// The settings of a change to HTTP/2 that is asked for and can be made.
  ///
  /// Never where a proxy or a body could stand between what the client means and what comes next:
  /// requests without content only, and nothing behind a connection that closes.
  private func settingsOfUpgrade(_ framing: HTTP1Framing) -> [UInt8]? {
    guard framing.upgrade.isComplete, context.limits.allowsUpgrade, !context.isDraining,
      !head.connection.isEncrypted, head.version == .http11, persistence == .persistent,
      framing.contentLengths == 0, !framing.expectsContinue, head.method.isSafe
    else { return nil }
    return HTTP2SettingsField.decode(head.bytes.span.extracting(framing.upgrade.settings))
  }

  private mutating func upgrade(_ settings: [UInt8], into output: inout [UInt8]) {
    output.append("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
    hasBegun = false
    phase = .upgrading(settings: settings)
  }

  // MARK: - Answers

  private mutating func respond(into output: inout [UInt8]) {
    let isHead = head.method.isHead
    let version = head.version
    let response = context.respond(to: &head)
    hasBegun = false
    hasAnswered = true
    if context.isDraining { persistence = .closing }
    guard response.stream != nil, let source = response.stream, !response.hasNoContent else {
      write(response, isHead: isHead, into: &output)
      return finishResponse()
    }
    let isChunked = version != .http10
    if !isChunked { persistence = .closing }
    HTTP1ResponseWriter.write(
      response, isChunked ? .chunked : .close, persistence, date: context.date,
      into: &output)
    guard !isHead else {
      source.close()
      return finishResponse()
    }
    phase = .streaming(
      HTTP1ContentStream(source, isChunked: isChunked, context: context, connection: place))
    pump(into: &output)
  }

  private mutating func refuse(_ refusal: Refusal, into output: inout [UInt8]) {
    if refusal == .notHTTP, !hasAnswered {
      // The peer speaks neither protocol, so no answer of either says it anything; a preface of
      // HTTP/2 that is none ends so too (RFC 9113 section 3.4).
      context.counterTable.count(refusal)
      isBroken = true
      phase = .finished
      return
    }
    persistence = .closing
    mustLinger = true
    let isHead = head.method.isHead
    write(context.refuse(refusal, &head), isHead: isHead, into: &output)
    head.clear()
    hasBegun = false
    phase = .finished
  }

  private mutating func write(
    _ response: borrowing Response, isHead: Bool, into output: inout [UInt8]
  ) {
    HTTP1ResponseWriter.write(
      response, .length, persistence, date: context.date, into: &output)
    guard !isHead, !response.hasNoContent else { return }
    guard response.body.count > context.limits.outputBytes - output.count else {
      return output.append(response.body.span)
    }
    content = response.body
    contentSent = 0
    writeContent(into: &output)
  }

  private mutating func writeContent(into output: inout [UInt8]) {
    guard contentSent < content.count else { return }
    let room = max(0, context.limits.outputBytes - output.count)
    let end = min(content.count, contentSent + room)
    output.append(contentsOf: content[contentSent..<end])
    contentSent = end
    countUnsent()
    guard contentSent == content.count else { return }
    content = []
    contentSent = 0
  }

  private mutating func countUnsent() {
    let left = content.count - contentSent
    guard left != unsentBytes else { return }
    context.changeUnsent(by: left - unsentBytes)
    unsentBytes = left
  }
}
