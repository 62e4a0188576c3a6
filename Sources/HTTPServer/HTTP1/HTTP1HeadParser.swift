/// What the fields of a head say about the connection and the content (RFC 9112 sections 6 and 9).
struct HTTP1Framing {
  var hosts = 0
  var contentLengths = 0
  var contentLength = 0
  var transferEncodings = 0
  var transferEncodingRefusal: Refusal?
  var expectsContinue = false
  var expectsOther = false
  var says = ConnectionOptions()
  var upgrade = HTTP1UpgradeFields()

  /// The options of the Connection fields that mean something here.
  struct ConnectionOptions {
    var close = false
    var keepAlive = false
  }
}

/// Reads the head of an HTTP/1.x request line by line; everything outside the grammar is refused.
///
/// It is handed the same bytes again with more behind them until the head is complete, and goes on
/// where it stopped: each line is looked at once, and a mistake is found as soon as it is there.
/// What is refused here and lenient elsewhere makes request smuggling (RFC 9112 section 11.2).
struct HTTP1HeadParser {
  /// Where reading stands after what has arrived.
  enum Step: Equatable {
    case needsMore
    /// The head is complete and this many bytes long.
    case complete(Int)
    case refused(Refusal)
  }

  private(set) var framing = HTTP1Framing()
  private var start = 0
  private var lineStart = 0
  private var scanned = 0
  private var hasRequestLine = false

  /// Goes on reading; `bytes` begins with the first byte of the head each time.
  mutating func parse(
    _ bytes: Span<UInt8>, into head: inout RequestHead, limits: Limits
  ) -> Step {
    if lineStart == 0, let first = bytes.count > 0 ? bytes[0] : nil,
      first != ASCII.carriageReturn, first != ASCII.lineFeed, !ASCII.isToken(first)
    {
      return .refused(.malformedRequestLine)
    }
    while let end = ASCII.firstIndex(of: ASCII.lineFeed, in: bytes, from: scanned) {
      let isBare = end == lineStart || bytes[end - 1] != ASCII.carriageReturn
      let line = lineStart..<(isBare ? end : end - 1)
      scanned = end + 1
      lineStart = end + 1
      if let refusal = tooLarge(lineLength: line.count, total: end + 1, limits) {
        return .refused(earliest(refusal, line, of: bytes, limits))
      }
      if isBare {
        return .refused(earliest(.bareLineFeed, line, of: bytes, limits))
      } else if line.isEmpty {
        if hasRequestLine { return complete(bytes, length: end + 1, &head) }
        // One empty line is forgiven (RFC 9112 section 2.2).
        guard start == 0 else { return .refused(.emptyLines) }
        start = end + 1
      } else if let refusal = read(line, of: bytes, into: &head, limits) {
        return .refused(earliest(refusal, line, of: bytes, limits))
      }
    }
    return waitForMore(bytes, limits)
  }

  private mutating func waitForMore(_ bytes: Span<UInt8>, _ limits: Limits) -> Step {
    // The last byte may begin the line's end; it is looked at again when the next one is there.
    let endsInReturn = bytes.count > lineStart && bytes[bytes.count - 1] == ASCII.carriageReturn
    let line = lineStart..<(endsInReturn ? bytes.count - 1 : bytes.count)
    if let refusal = tooLarge(lineLength: line.count, total: bytes.count, limits) {
      return .refused(earliest(refusal, line, of: bytes, limits))
    }
    if let index = ASCII.firstIndex(of: ASCII.carriageReturn, in: bytes, from: scanned),
      index < line.upperBound
    {
      return .refused(.bareCarriageReturn)
    }
    scanned = line.upperBound
    return .needsMore
  }

  /// What is wrong first in a line: a lone carriage return before the place of another mistake.
  ///
  /// So the answer is the same whether the line came whole or byte by byte.
  private func earliest(
    _ refusal: Refusal, _ line: Range<Int>, of bytes: Span<UInt8>, _ limits: Limits
  ) -> Refusal {
    let found = ASCII.firstIndex(of: ASCII.carriageReturn, in: bytes, from: line.lowerBound)
    guard let index = found, index < line.upperBound else { return refusal }
    switch refusal {
    case .targetTooLong where index > line.lowerBound + limits.requestLineBytes: return refusal
    case .headTooLarge where index >= limits.headBytes: return refusal
    default: return .bareCarriageReturn
    }
  }

  private func tooLarge(lineLength: Int, total: Int, _ limits: Limits) -> Refusal? {
    if !hasRequestLine && lineLength > limits.requestLineBytes { return .targetTooLong }
    return total > limits.headBytes ? .headTooLarge : nil
  }

  private mutating func read(
    _ line: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead, _ limits: Limits
  ) -> Refusal? {
    guard hasRequestLine else {
      hasRequestLine = true
      return readRequestLine(line, of: bytes, into: &head)
    }
    guard head.fieldCount < limits.headerFields else { return .tooManyFields }
    return readField(line, of: bytes, into: &head)
  }

  // MARK: - The request line

  private func readRequestLine(
    _ line: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead
  ) -> Refusal? {
    var index = ASCII.end(of: ASCII.isToken, in: bytes, line)
    guard index > line.lowerBound, index < line.upperBound, bytes[index] == ASCII.space else {
      return .malformedRequestLine
    }
    let method = line.lowerBound..<index
    let targetStart = index + 1
    index = ASCII.end(of: { $0 > ASCII.space }, in: bytes, targetStart..<line.upperBound)
    guard index > targetStart, index < line.upperBound, bytes[index] == ASCII.space else {
      return .malformedRequestLine
    }
    // The head is kept without the empty line that may stand before it.
    head.target = targetStart - start..<index - start
    let refusal = readVersion(bytes.extracting(index + 1..<line.upperBound), into: &head)
    // The method of a line that is none says nothing about the answer.
    if refusal != .malformedRequestLine, refusal != .notHTTP {
      head.method = RequestMethod(bytes.extracting(method))
    }
    return refusal
  }

  private func readVersion(_ version: Span<UInt8>, into head: inout RequestHead) -> Refusal? {
    if ASCII.equal(version, "HTTP/1.1") {
      head.version = .http11
    } else if ASCII.equal(version, "HTTP/1.0") {
      head.version = .http10
    } else {
      let isOther =
        version.count < 5 || !ASCII.equalIgnoringCase(version.extracting(0..<5), "http/")
      guard !isOther || version.count == 0 || version[0] == ASCII.space else { return .notHTTP }
      guard version.count == 8, ASCII.equal(version.extracting(0..<5), "HTTP/"),
        ASCII.isDigit(version[5]), version[6] == UInt8(ascii: "."), ASCII.isDigit(version[7])
      else { return .malformedRequestLine }
      return .versionNotSupported
    }
    return nil
  }

  // MARK: - A field

  private mutating func readField(
    _ line: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead
  ) -> Refusal? {
    if isBlank(bytes[line.lowerBound]) { return .foldedField }
    let index = ASCII.end(of: ASCII.isToken, in: bytes, line)
    // No white space before the colon (RFC 9112 section 5.1).
    guard index > line.lowerBound, index < line.upperBound, bytes[index] == UInt8(ascii: ":") else {
      return .malformedField
    }
    let name = line.lowerBound..<index
    var first = index + 1
    var end = line.upperBound
    while first < end, isBlank(bytes[first]) { first += 1 }
    while end > first, isBlank(bytes[end - 1]) { end -= 1 }
    let mistake = ASCII.end(of: ASCII.isFieldContent, in: bytes, first..<end)
    guard mistake == end else {
      return bytes[mistake] == ASCII.carriageReturn ? .bareCarriageReturn : .malformedField
    }
    let value = first..<end
    head.addField(
      RequestHead.Field(
        name: name.lowerBound - start..<name.upperBound - start,
        value: value.lowerBound - start..<value.upperBound - start))
    return recognise(bytes.extracting(name), value, of: bytes, into: &head)
  }

  private func isBlank(_ byte: UInt8) -> Bool {
    byte == ASCII.space || byte == ASCII.tab
  }

  private mutating func recognise(
    _ name: Span<UInt8>, _ range: Range<Int>, of bytes: Span<UInt8>, into head: inout RequestHead
  ) -> Refusal? {
    let value = bytes.extracting(range)
    if ASCII.equalIgnoringCase(name, "host") {
      framing.hosts += 1
      head.authority = range.lowerBound - start..<range.upperBound - start
      guard framing.hosts == 1 else { return .repeatedHost }
      return RequestTarget.isHost(bytes, range) ? nil : .malformedHost
    }
    if ASCII.equalIgnoringCase(name, "connection") {
      forEachListed(value) { option in
        if ASCII.equalIgnoringCase(option, "close") { framing.says.close = true }
        if ASCII.equalIgnoringCase(option, "keep-alive") { framing.says.keepAlive = true }
        framing.upgrade.readOption(option)
      }
    } else if ASCII.equalIgnoringCase(name, "content-length") {
      framing.contentLengths += 1
      guard framing.contentLengths == 1 else { return .repeatedContentLength }
      guard let length = Self.decimal(value) else { return .malformedContentLength }
      framing.contentLength = length
    } else if ASCII.equalIgnoringCase(name, "transfer-encoding") {
      framing.transferEncodings += 1
      readTransferEncoding(value)
    } else if ASCII.equalIgnoringCase(name, "expect") {
      let isContinue = ASCII.equalIgnoringCase(value, "100-continue")
      if isContinue { framing.expectsContinue = true } else { framing.expectsOther = true }
    } else if ASCII.equalIgnoringCase(name, "upgrade") {
      forEachListed(value) { framing.upgrade.readProtocol($0) }
    } else if ASCII.equalIgnoringCase(name, "http2-settings") {
      framing.upgrade.settingsFields += 1
      framing.upgrade.settings = range.lowerBound - start..<range.upperBound - start
    }
    return nil
  }

  private mutating func readTransferEncoding(_ value: Span<UInt8>) {
    guard !ASCII.equalIgnoringCase(value, "chunked") else { return }
    var codings = 0
    var chunked = 0
    var endsInChunked = false
    forEachListed(value) { coding in
      codings += 1
      endsInChunked = ASCII.equalIgnoringCase(coding, "chunked")
      if endsInChunked { chunked += 1 }
    }
    // Where chunked is not the last coding, nobody knows where the content ends (RFC 9112, 6.3).
    framing.transferEncodingRefusal =
      endsInChunked && chunked == 1 && codings > 1
      ? .unsupportedTransferEncoding : .malformedTransferEncoding
  }

  /// Calls `body` with each element of a comma-separated list, without white space around it.
  private func forEachListed(_ list: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
    var start = 0
    while start <= list.count {
      let comma = ASCII.firstIndex(of: UInt8(ascii: ","), in: list, from: start) ?? list.count
      var first = start
      var end = comma
      while first < end, isBlank(list[first]) { first += 1 }
      while end > first, isBlank(list[end - 1]) { end -= 1 }
      if first < end { body(list.extracting(first..<end)) }
      start = comma + 1
    }
  }

  /// A number of decimal digits only, at most 18 of them.
  private static func decimal(_ digits: Span<UInt8>) -> Int? {
    guard digits.count > 0, digits.count <= 18 else { return nil }
    var number = 0
    for index in digits.indices {
      guard ASCII.isDigit(digits[index]) else { return nil }
      number = number * 10 + Int(digits[index] - UInt8(ascii: "0"))
    }
    return number
  }

  // MARK: - The end of the head

  private func complete(_ bytes: Span<UInt8>, length: Int, _ head: inout RequestHead) -> Step {
    head.bytes.append(bytes.extracting(start..<length))
    if head.version == .http11 && framing.hosts == 0 { return .refused(.missingHost) }
    if let refusal = framingRefusal(head.version) { return .refused(refusal) }
    // The targets of other methods (`*`, `host:port`) are refused with the method.
    if case .handled = head.method, !head.readTarget() { return .refused(.malformedTarget) }
    return .complete(length)
  }

  private func framingRefusal(_ version: HTTPVersion) -> Refusal? {
    if framing.transferEncodings > 0 {
      if version == .http10 { return .transferEncodingInHTTP10 }
      if framing.contentLengths > 0 { return .contentLengthWithTransferEncoding }
      if framing.transferEncodings > 1 { return .malformedTransferEncoding }
      return framing.transferEncodingRefusal
    }
    return framing.expectsOther && version == .http11 ? .unknownExpectation : nil
  }
}
