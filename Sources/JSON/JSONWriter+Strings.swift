extension JSONWriter {
  /// Appends a quoted and escaped string.
  mutating func appendString(_ text: String) {
    appendString(text.utf8.span)
  }

  /// Appends a quoted and escaped string from bytes that need not be UTF-8.
  mutating func appendString(_ text: Span<UInt8>) {
    let html = escaping == .html
    var index = firstToEscape(in: text, from: 0, html: html)
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
      index = firstToEscape(in: text, from: index, html: html)
    }
    appendVerbatim(text.extracting(plain..<text.count))
    bytes.append(UInt8(ascii: "\""))
  }

  /// The first byte from `start` on that is not ASCII or needs an escape, or the count of bytes.
  private func firstToEscape(in text: Span<UInt8>, from start: Int, html: Bool) -> Int {
    var index = start
    // Eight bytes at a time: a lane's high bit comes out set where the lane is to be looked at.
    // Borrows reach only lanes above a true hit, so that the lowest one is exact.
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    // `"` and `&` differ in one bit, `<` and `>` too: with that bit masked out one test finds both.
    let quoteMask: UInt64 = html ? ~(ones &* 0x04) : ~0
    while text.count &- index >= 8 {
      // SAFETY: eight bytes from `index` on lie inside the span.
      let word = unsafe text.withUnsafeBytes {
        unsafe UInt64(
          littleEndian: $0.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      }
      let quote = (word & quoteMask) ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      var hits = word | ((word &- ones &* 0x20) & ~word)
      hits |= (quote &- ones) & ~quote
      hits |= (backslash &- ones) & ~backslash
      if html {
        let angle = (word & ~(ones &* 0x02)) ^ (ones &* 0x3C)
        hits |= (angle &- ones) & ~angle
      }
      hits &= highs
      if hits != 0 { return index &+ hits.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < text.count, !needsAttention(text[index], html: html) { index &+= 1 }
    return index
  }

  private func needsAttention(_ byte: UInt8, html: Bool) -> Bool {
    switch byte {
    case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x80...: true
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): html
    default: false
    }
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
