/// The content of an HTTP/1.1 answer that comes piece by piece (RFC 9112 section 7.1).
struct HTTP1ContentStream {
  /// What became of asking for more.
  enum Step {
    /// These bytes are sent as they are.
    case bytes([UInt8])
    /// These bytes are the end of the content.
    case last([UInt8])
    case wait
    case abort
  }

  /// Empty pieces in a row after which a source has to wait for its signal.
  private static let emptyPieces = 16

  private let source: any ResponseStream
  private let signal: ResponseSignal
  private let context: ServerContext
  /// Whether each piece is a chunk; else the end of the connection is the end of the content.
  private let isChunked: Bool
  /// Whether the source may have something: it has not said `wait` since its last signal.
  private(set) var mayHaveMore = true

  /// Begins with a source.
  ///
  /// - Parameter connection: the place of the connection in the server's table.
  init(
    _ source: any ResponseStream, isChunked: Bool, context: ServerContext, connection: Int
  ) {
    self.source = source
    self.isChunked = isChunked
    self.context = context
    signal = ResponseSignal(context: context, connection: connection, stream: 0)
    context.beginStream()
    source.begin(signal)
    if context.isDraining { source.drain() }
  }

  /// The source was told that it may go on.
  mutating func resume() {
    signal.lower()
    mayHaveMore = true
  }

  /// Tells the source that the server ends.
  mutating func drain() {
    source.drain()
    mayHaveMore = true
  }

  /// Tells the source that the response is over; called once.
  func close() {
    signal.end()
    context.endStream()
    source.close()
  }

  /// Asks the source for more.
  mutating func next() -> Step {
    for _ in 0..<Self.emptyPieces {
      switch source.next() {
      case .piece(let bytes):
        if !bytes.isEmpty { return .bytes(framed(bytes, isLast: false)) }
      case .last(let bytes):
        mayHaveMore = false
        return .last(framed(bytes, isLast: true))
      case .wait:
        mayHaveMore = false
        return .wait
      case .abort:
        mayHaveMore = false
        return .abort
      }
    }
    mayHaveMore = false
    return .wait
  }

  private func framed(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
    guard isChunked else { return bytes }
    var chunk: [UInt8] = []
    chunk.reserveCapacity(bytes.count + 32)
    if !bytes.isEmpty {
      chunk.append(hexadecimal: bytes.count)
      chunk.append("\r\n")
      chunk.append(contentsOf: bytes)
      chunk.append("\r\n")
    }
    if isLast { chunk.append("0\r\n\r\n") }
    return chunk
  }
}
