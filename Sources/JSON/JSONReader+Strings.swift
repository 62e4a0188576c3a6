extension JSONReader {
  /// A string's place in the text, between the quotation marks.
  struct StringToken {
    let start: Int
    let end: Int
    let hasEscapes: Bool
  }

  /// Reads a string.
  package mutating func readString() throws(JSONError) -> String {
    guard try nextByte() == UInt8(ascii: "\"") else { throw error(.expectedString) }
    let token = try scanString()
    if token.hasEscapes {
      var text: [UInt8] = []
      text.reserveCapacity(token.end &- token.start)
      unescape(from: token.start, to: token.end, into: &text)
      return String(decoding: text, as: UTF8.self)
    }
    return String(decoding: bytes[token.start..<token.end], as: UTF8.self)
  }

  /// Reads a string and appends its UTF-8 bytes; nothing is allocated but what `buffer` lacks.
  package mutating func readString(into buffer: inout [UInt8]) throws(JSONError) {
    guard try nextByte() == UInt8(ascii: "\"") else { throw error(.expectedString) }
    let token = try scanString()
    if token.hasEscapes {
      unescape(from: token.start, to: token.end, into: &buffer)
    } else {
      buffer.append(contentsOf: bytes[token.start..<token.end])
    }
  }

  /// Checks the string that begins at `index` and moves behind it.
  mutating func scanString() throws(JSONError) -> StringToken {
    let first = index &+ 1
    var hasEscapes = false
    index = first
    while true {
      index = StringScan.firstSpecial(in: bytes.span.extracting(first: end), from: index)
      guard index < end else { throw error(.unexpectedEnd) }
      switch bytes[index] {
      case UInt8(ascii: "\""):
        defer { index &+= 1 }
        return StringToken(start: first, end: index, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try scanEscape()
      case 0..<0x20:
        throw error(.controlCharacter)
      default:
        let sequence = UTF8Sequence.next(in: bytes.span.extracting(first: end), at: index)
        guard case .valid(let length, _) = sequence else { throw error(.notUTF8) }
        index &+= length
      }
    }
  }

  /// Checks the escape that begins at `index` and moves behind it; a surrogate pair is one escape.
  private mutating func scanEscape() throws(JSONError) {
    guard index &+ 1 < end else {
      index = end
      throw error(.unexpectedEnd)
    }
    switch bytes[index &+ 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      index &+= 2
    case UInt8(ascii: "u"):
      guard let unit = hexUnit(at: index) else { throw error(.badEscape) }
      switch unit {
      case 0xD800...0xDBFF:
        guard let low = hexUnit(at: index &+ 6), (0xDC00...0xDFFF).contains(low) else {
          throw error(.loneSurrogate)
        }
        index &+= 12
      case 0xDC00...0xDFFF: throw error(.loneSurrogate)
      default: index &+= 6
      }
    default: throw error(.badEscape)
    }
  }

  /// The value of the `\uXXXX` at a place, if there is one.
  private func hexUnit(at place: Int) -> UInt32? {
    guard place &+ 6 <= end, bytes[place] == UInt8(ascii: "\\"),
      bytes[place &+ 1] == UInt8(ascii: "u")
    else { return nil }
    var value: UInt32 = 0
    for index in (place &+ 2)..<(place &+ 6) {
      let digit: UInt8
      switch bytes[index] {
      case let byte where byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9"):
        digit = byte &- UInt8(ascii: "0")
      case let byte where byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f"):
        digit = (byte | 0x20) &- UInt8(ascii: "a") &+ 10
      default: return nil
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  /// Appends the bytes of a string that `scanString` has passed, with its escapes resolved.
  func unescape(from start: Int, to end: Int, into buffer: inout [UInt8]) {
    var index = start
    while index < end {
      let byte = bytes[index]
      guard byte == UInt8(ascii: "\\"), index &+ 1 < end else {
        buffer.append(byte)
        index &+= 1
        continue
      }
      let letter = bytes[index &+ 1]
      index &+= 2
      switch letter {
      case UInt8(ascii: "b"): buffer.append(0x08)
      case UInt8(ascii: "f"): buffer.append(0x0C)
      case UInt8(ascii: "n"): buffer.append(0x0A)
      case UInt8(ascii: "r"): buffer.append(0x0D)
      case UInt8(ascii: "t"): buffer.append(0x09)
      case UInt8(ascii: "u"):
        var scalar = hexUnit(at: index &- 2) ?? 0xFFFD
        index &+= 4
        if scalar >= 0xD800, scalar <= 0xDBFF, let low = hexUnit(at: index) {
          scalar = 0x10000 &+ ((scalar & 0x3FF) << 10 | low & 0x3FF)
          index &+= 6
        }
        let character = Unicode.Scalar(scalar) ?? "\u{FFFD}"
        buffer.append(contentsOf: UTF8.encode(character) ?? UTF8.encodedReplacementCharacter)
      default: buffer.append(letter)
      }
    }
  }
}
