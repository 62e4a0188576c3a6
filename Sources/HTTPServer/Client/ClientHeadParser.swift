/// Reads the complete head of an answer, strictly (RFC 9112 sections 4 and 5).
struct ClientHeadParser {
  private let bytes: [UInt8]
  private let limits: ClientLimits

  /// Takes a head with the empty line that ends it.
  init(_ bytes: [UInt8], limits: ClientLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  /// Reads status line and fields.
  func parse() throws(ClientError) -> ClientResponseHead {
    var lines: [Range<Int>] = []
    var start = 0
    for index in bytes.indices where bytes[index] == ASCII.lineFeed {
      guard index > start, bytes[index - 1] == ASCII.carriageReturn else {
        throw .malformed(.lineEnd)
      }
      lines.append(start..<index - 1)
      start = index + 1
    }
    guard let first = lines.first else { throw .malformed(.statusLine) }
    var head = ClientResponseHead(status: try status(first))
    guard lines.count - 2 <= limits.headerFields else { throw .malformed(.tooManyFields) }
    for line in lines.dropFirst().dropLast() { head.fields.append(try field(line)) }
    return head
  }

  private func status(_ line: Range<Int>) throws(ClientError) -> Int {
    let text = bytes[line]
    guard text.count >= 12, text.starts(with: "HTTP/1.".utf8) else { throw .malformed(.statusLine) }
    let at = line.lowerBound
    // The reason may be missing, and even the space before it often is.
    guard bytes[at + 7] == UInt8(ascii: "0") || bytes[at + 7] == UInt8(ascii: "1"),
      bytes[at + 8] == ASCII.space, text.count == 12 || bytes[at + 12] == ASCII.space,
      text.allSatisfy(ASCII.isFieldContent)
    else { throw .malformed(.statusLine) }
    var code = 0
    for index in at + 9..<at + 12 {
      guard ASCII.isDigit(bytes[index]) else { throw .malformed(.statusLine) }
      code = code * 10 + Int(bytes[index] - UInt8(ascii: "0"))
    }
    guard 100...599 ~= code else { throw .malformed(.statusLine) }
    return code
  }

  private func field(_ line: Range<Int>) throws(ClientError) -> (name: String, value: String) {
    guard let colon = bytes[line].firstIndex(of: UInt8(ascii: ":")), colon > line.lowerBound,
      bytes[line.lowerBound..<colon].allSatisfy(ASCII.isToken)
    else { throw .malformed(.field) }
    var first = colon + 1
    var end = line.upperBound
    while first < end, isBlank(bytes[first]) { first += 1 }
    while end > first, isBlank(bytes[end - 1]) { end -= 1 }
    let value = bytes[first..<end]
    if value.contains(ASCII.carriageReturn) { throw .malformed(.lineEnd) }
    guard value.allSatisfy(ASCII.isFieldContent) else { throw .malformed(.field) }
    let name = bytes[line.lowerBound..<colon].map(ASCII.lowercased)
    return (String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
  }

  private func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }
}
