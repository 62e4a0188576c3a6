/// Reads the content of an HTTP/1.1 request, strictly and within a bound.
///
/// Chunked content (RFC 9112 section 7.1) without chunk extensions; trailer fields are read over.
struct HTTP1BodyReader {
  /// Where reading stands.
  enum Step: Equatable {
    case needsMore
    case complete
    case refused(Refusal)
  }

  private enum State {
    case content(remaining: Int)
    case chunkSize(digits: Int, size: Int)
    case chunkSizeEnd(size: Int)
    case chunk(remaining: Int)
    case chunkEnd
    case chunkEndLineFeed
    case trailer(length: Int)
    case trailerEnd(length: Int)
    case done
  }

  /// Where the content is kept; nil to throw it away.
  var content: RequestContent?
  private var state: State
  private var received = 0
  private let limit: Int

  /// Reads content of a known length, which the caller has found to be within the limit.
  init(contentLength: Int, limit: Int) {
    state = contentLength == 0 ? .done : .content(remaining: contentLength)
    self.limit = limit
  }

  /// Reads chunks whose sizes add up to at most `limit` bytes.
  static func chunked(limit: Int) -> HTTP1BodyReader {
    var reader = HTTP1BodyReader(contentLength: 0, limit: limit)
    reader.state = .chunkSize(digits: 0, size: 0)
    return reader
  }

  /// Goes on reading; says how many of the bytes belonged to the content.
  mutating func read(_ bytes: Span<UInt8>) -> (consumed: Int, step: Step) {
    let content = content
    return read(bytes) { content?.append($0) }
  }

  /// Goes on reading and hands over the content, which the closure may refuse.
  mutating func read(
    _ bytes: Span<UInt8>, _ take: (Span<UInt8>) -> Refusal?
  ) -> (consumed: Int, step: Step) {
    var index = 0
    while true {
      switch state {
      case .done:
        return (index, .complete)
      case .content(let remaining):
        let taken = min(remaining, bytes.count - index)
        if let refusal = take(bytes.extracting(index..<index + taken)) {
          return (index, .refused(refusal))
        }
        index += taken
        state = taken == remaining ? .done : .content(remaining: remaining - taken)
        if taken < remaining { return (index, .needsMore) }
      case .chunk(let remaining):
        let taken = min(remaining, bytes.count - index)
        if let refusal = take(bytes.extracting(index..<index + taken)) {
          return (index, .refused(refusal))
        }
        index += taken
        state = taken == remaining ? .chunkEnd : .chunk(remaining: remaining - taken)
        if taken < remaining { return (index, .needsMore) }
      default:
        guard index < bytes.count else { return (index, .needsMore) }
        if let refusal = read(bytes[index]) { return (index, .refused(refusal)) }
        index += 1
      }
    }
  }

  /// Reads one byte of what stands around the chunks' data.
  private mutating func read(_ byte: UInt8) -> Refusal? {
    switch state {
    case .chunkSize(let digits, let size):
      return readSize(byte, digits: digits, size: size)
    case .chunkSizeEnd(let size):
      guard byte == ASCII.lineFeed else { return .malformedChunk }
      received += size
      guard received <= limit else { return .bodyTooLarge }
      state = size == 0 ? .trailer(length: 0) : .chunk(remaining: size)
    case .chunkEnd:
      guard byte == ASCII.carriageReturn else { return .malformedChunk }
      state = .chunkEndLineFeed
    case .chunkEndLineFeed:
      guard byte == ASCII.lineFeed else { return .malformedChunk }
      state = .chunkSize(digits: 0, size: 0)
    case .trailer(let length):
      if byte == ASCII.carriageReturn {
        state = .trailerEnd(length: length)
      } else {
        guard ASCII.isFieldContent(byte) else { return .malformedChunk }
        received += 1
        guard received <= limit else { return .bodyTooLarge }
        state = .trailer(length: length + 1)
      }
    case .trailerEnd(let length):
      guard byte == ASCII.lineFeed else { return .malformedChunk }
      state = length == 0 ? .done : .trailer(length: 0)
    case .content, .chunk, .done:
      return .malformedChunk
    }
    return nil
  }

  private mutating func readSize(_ byte: UInt8, digits: Int, size: Int) -> Refusal? {
    if byte == ASCII.carriageReturn {
      guard digits > 0 else { return .malformedChunk }
      state = .chunkSizeEnd(size: size)
      return nil
    }
    guard let value = ASCII.hexValue(byte), digits < 8 else { return .malformedChunk }
    state = .chunkSize(digits: digits + 1, size: size << 4 | Int(value))
    return nil
  }
}
