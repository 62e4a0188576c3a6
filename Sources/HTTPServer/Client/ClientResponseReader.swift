/// Reads one answer of HTTP/1.x from bytes in any pieces; everything outside the grammar is an
/// error.
///
/// It does no I/O: it is handed what has arrived, and told when the connection ends.
package struct ClientResponseReader {
  private enum Phase {
    case head
    case body(HTTP1BodyReader)
    case untilEnd
    case complete
  }

  /// The head, once it is complete.
  package private(set) var head: ClientResponseHead?
  /// The content that has arrived and was not taken yet.
  package private(set) var content: [UInt8] = []
  /// The bytes of the head so far.
  private var headBytes: [UInt8] = []
  /// Where the line of the head begins that is arriving.
  private var lineStart = 0
  private var interimResponses = 0
  private var phase = Phase.head
  private let limits: ClientLimits

  /// Awaits an answer.
  package init(limits: ClientLimits = ClientLimits()) {
    self.limits = limits
  }

  /// Whether the whole answer has arrived.
  package var isComplete: Bool {
    if case .complete = phase { true } else { false }
  }

  /// Gives the content that has arrived away.
  package mutating func takeContent() -> [UInt8] {
    defer { content = [] }
    return content
  }

  /// Reads what has arrived.
  ///
  /// - Throws: What is wrong with the answer; nothing more can be read then.
  package mutating func read(_ bytes: Span<UInt8>) throws(ClientError) {
    var index = 0
    while index < bytes.count {
      switch phase {
      case .head:
        try readHead(bytes[index])
        index += 1
      case .body(var reader):
        index += try readBody(&reader, bytes.extracting(index..<bytes.count))
      case .untilEnd:
        try keep(bytes.extracting(index..<bytes.count))
        index = bytes.count
      case .complete: throw .malformed(.trailingBytes)
      }
    }
  }

  /// The connection was closed by the server.
  ///
  /// - Throws: `endedEarly` if the answer is not complete by that.
  package mutating func end() throws(ClientError) {
    switch phase {
    case .head: throw .endedEarly(.waiting)
    case .body: throw .endedEarly(.reading)
    case .untilEnd, .complete: phase = .complete
    }
  }

  // MARK: - The head

  private mutating func readHead(_ byte: UInt8) throws(ClientError) {
    guard headBytes.count < limits.headBytes else {
      throw .headTooLarge(limit: limits.headBytes)
    }
    // Something else than HTTP is told by its first bytes, not by a limit or the time.
    let start: StaticString = "HTTP/1."
    if headBytes.count < start.utf8CodeUnitCount, lineStart == 0 {
      var begun = headBytes
      begun.append(byte)
      guard "HTTP/1.".utf8.starts(with: begun) else { throw .malformed(.statusLine) }
    }
    headBytes.append(byte)
    guard byte == ASCII.lineFeed else { return }
    let isEmpty = headBytes.count - lineStart <= 2
    lineStart = headBytes.count
    if isEmpty { try endHead() }
  }

  private mutating func endHead() throws(ClientError) {
    let parsed = try ClientHeadParser(headBytes, limits: limits).parse()
    headBytes = []
    lineStart = 0
    if parsed.status == 101 { throw .malformed(.upgrade) }
    if parsed.status < 200 {
      interimResponses += 1
      guard interimResponses <= limits.interimResponses else { throw .malformed(.interim) }
      return
    }
    phase = try body(of: parsed)
    head = parsed
  }

  /// How the content ends (RFC 9112 section 6.3).
  private func body(of head: ClientResponseHead) throws(ClientError) -> Phase {
    if let encoding = head.field("content-encoding"), encoding != "identity" {
      throw .malformed(.contentEncoding)
    }
    let lengths = head.fields.filter { $0.name == "content-length" }
    let encodings = head.fields.filter { $0.name == "transfer-encoding" }
    if head.status == 204 || head.status == 304 { return .complete }
    if let encoding = encodings.first {
      guard lengths.isEmpty else { throw .malformed(.contentLength) }
      guard encodings.count == 1,
        encoding.value.utf8.map(ASCII.lowercased).elementsEqual("chunked".utf8)
      else { throw .malformed(.transferEncoding) }
      // Content that is taken piece by piece has no end that is known beforehand.
      return .body(.chunked(limit: .max))
    }
    guard let written = lengths.first else { return .untilEnd }
    guard lengths.count == 1, 1...18 ~= written.value.utf8.count,
      written.value.utf8.allSatisfy(ASCII.isDigit), let length = Int(written.value)
    else { throw .malformed(.contentLength) }
    guard length <= limits.contentBytes else {
      throw .contentTooLarge(limit: limits.contentBytes)
    }
    return length == 0 ? .complete : .body(HTTP1BodyReader(contentLength: length, limit: length))
  }

  // MARK: - The content

  private mutating func readBody(
    _ reader: inout HTTP1BodyReader, _ bytes: Span<UInt8>
  ) throws(ClientError) -> Int {
    let (consumed, step) = reader.read(bytes) { piece in
      guard piece.count <= limits.contentBytes - content.count else { return .bodyTooLarge }
      content.append(piece)
      return nil
    }
    switch step {
    case .needsMore: phase = .body(reader)
    case .complete: phase = .complete
    case .refused(.bodyTooLarge): throw .contentTooLarge(limit: limits.contentBytes)
    case .refused: throw .malformed(.chunk)
    }
    return consumed
  }

  private mutating func keep(_ bytes: Span<UInt8>) throws(ClientError) {
    guard bytes.count <= limits.contentBytes - content.count else {
      throw .contentTooLarge(limit: limits.contentBytes)
    }
    content.append(bytes)
  }
}
