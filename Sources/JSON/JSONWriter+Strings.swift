extension JSONWriter {
  /// Appends a quoted and escaped string.
  mutating func appendString(_ text: String) {
    appendString(text.utf8.span)
  }

  /// Appends a quoted and escaped string from bytes that need not be UTF-8.
  mutating func appendString(_ text: Span<UInt8>) {
    let html = escaping == .html
    var plain = 0
    unsafe text.withUnsafeBufferPointer { source in
      // SAFETY: the room is what `writePlain` says it writes at most.
      unsafe append(atMost: source.count &+ 2) { start in
        let end = unsafe Self.writePlain(source, at: start, html: html, plain: &plain)
        return unsafe end - start
      }
    }
    if plain < text.count { appendRest(of: text, from: plain) }
  }

  /// Writes a quotation mark and what needs no escape in front of a string; a second mark behind it
  /// where that is all of it.
  ///
  /// - Parameters:
  ///   - text: The string.
  ///   - start: Where to, with room for the string and two marks.
  ///   - html: Whether what Go escapes is to be escaped.
  ///   - plain: Becomes the count of bytes of the string that are written.
  /// - Returns: where it ends.
  @inline(__always)
  static func writePlain(
    _ text: UnsafeBufferPointer<UInt8>, at start: UnsafeMutablePointer<UInt8>, html: Bool,
    plain: inout Int
  ) -> UnsafeMutablePointer<UInt8> {
    // SAFETY: two bytes more than the string has.
    unsafe start.pointee = UInt8(ascii: "\"")
    plain = unsafe StringScan.copyPlain(text, to: start + 1, html: html)
    let end = unsafe start + 1 + plain
    guard plain == text.count else { return unsafe end }
    unsafe end.pointee = UInt8(ascii: "\"")
    return unsafe end + 1
  }

  /// Appends a string from its first byte on that is special, and the mark behind it.
  mutating func appendRest(of text: Span<UInt8>, from start: Int) {
    let html = escaping == .html
    // What lies between `plain` and `index` needs no escape and is not written yet.
    var plain = start
    var index = start
    while index < text.count {
      let byte = text[index]
      if byte < 0x80 {
        appendVerbatim(text.extracting(plain..<index))
        appendEscape(of: byte)
        index &+= 1
        plain = index
      } else {
        switch UTF8Sequence.next(in: text, at: index) {
        case .valid(let length, let scalar):
          if html, scalar == 0x2028 || scalar == 0x2029 {
            appendVerbatim(text.extracting(plain..<index))
            appendVerbatim(scalar == 0x2028 ? "\\u2028" : "\\u2029")
            plain = index &+ length
          }
          index &+= length
        case .invalid(let length):
          appendVerbatim(text.extracting(plain..<index))
          // Go replaces each byte, and as an escape; Unicode advises one U+FFFD a subpart.
          appendVerbatim(html ? "\\ufffd" : "\u{FFFD}")
          index &+= html ? 1 : length
          plain = index
        }
      }
      index = StringScan.firstSpecial(in: text, from: index, html: html)
    }
    appendVerbatim(text.extracting(plain..<text.count))
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func appendEscape(of byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): appendVerbatim("\\\"")
    case UInt8(ascii: "\\"): appendVerbatim("\\\\")
    case UInt8(ascii: "\n"): appendVerbatim("\\n")
    case UInt8(ascii: "\r"): appendVerbatim("\\r")
    case UInt8(ascii: "\t"): appendVerbatim("\\t")
    case 0x08: appendVerbatim("\\b")
    case 0x0C: appendVerbatim("\\f")
    default:
      appendVerbatim("\\u00")
      bytes.append(hexDigit(byte >> 4))
      bytes.append(hexDigit(byte & 0xF))
    }
  }

  private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ (value &- 10)
  }
}
