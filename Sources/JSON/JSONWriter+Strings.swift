extension JSONWriter {
  /// Appends a quoted and escaped string.
  mutating func appendString(_ text: String) {
    appendString(text.utf8.span)
  }

  /// Appends a quoted and escaped string from bytes that need not be UTF-8.
  mutating func appendString(_ text: Span<UInt8>) {
    let html = escaping == .html
    var index = StringScan.firstSpecial(in: text, from: 0, html: html)
    if index == text.count {
      appendQuoted(text)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    // What lies between `plain` and `index` needs no escape and is not written yet.
    var plain = 0
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
