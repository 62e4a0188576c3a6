import Glibc

/// What both protocols do with bytes; ASCII only, no text is decoded.
extension Array where Element == UInt8 {
  /// Appends the bytes of a literal.
  mutating func append(_ literal: StaticString) {
    // SAFETY: a literal of UTF-8 code units lives for ever and has this many bytes.
    unsafe append(
      contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Appends borrowed bytes.
  mutating func append(_ bytes: Span<UInt8>) {
    // SAFETY: the pointer is used only inside the closure, for the span's own length.
    unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }

  /// Appends a number >= 0 in decimal digits.
  mutating func append(decimal number: Int) {
    let digits = DecimalDigits(number)
    for index in digits.indices { append(digits[index]) }
  }

  /// Appends a number >= 0 in hexadecimal digits, without leading zeros.
  mutating func append(hexadecimal number: Int) {
    var shift = 60
    while shift > 0, number >> shift == 0 { shift -= 4 }
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: (number >> shift) & 0xF)
      append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      shift -= 4
    }
  }
}

/// What heads are written with, in room that was asked for once.
extension OutputSpan where Element == UInt8 {
  /// Appends the bytes of a literal; there has to be room for them.
  @inline(__always)
  mutating func append(_ literal: StaticString) {
    // SAFETY: a literal of UTF-8 code units lives for ever and has this many bytes.
    unsafe append(
      UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Appends borrowed bytes; there has to be room for them.
  @inline(__always)
  mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    // SAFETY: the caller lends valid bytes, and the room behind those that are there is looked at.
    unsafe withUnsafeMutableBufferPointer { buffer, count in
      precondition(bytes.count <= buffer.count &- count)
      guard let start = buffer.baseAddress, let source = bytes.baseAddress else { return }
      unsafe (start + count).update(from: source, count: bytes.count)
      count &+= bytes.count
    }
  }

  /// Appends a number >= 0 in decimal digits.
  mutating func append(decimal number: Int) {
    let digits = DecimalDigits(number)
    for index in digits.indices { append(digits[index]) }
  }
}

/// The decimal digits of a number, without a heap allocation.
struct DecimalDigits {
  /// Digits of the largest number.
  static let capacity = 20

  private var bytes = InlineArray<20, UInt8>(repeating: 0)
  private var start = capacity

  /// Where the digits are, the most significant first.
  var indices: Range<Int> { start..<Self.capacity }

  /// Writes a number >= 0; a negative one becomes 0.
  init(_ number: Int) {
    var rest = UInt(clamping: number)
    repeat {
      start -= 1
      bytes[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
  }

  subscript(index: Int) -> UInt8 { bytes[index] }
}

/// Questions about single bytes, as RFC 9110 section 5.6 and RFC 3986 section 2 define them.
package enum ASCII {
  static let carriageReturn: UInt8 = 0x0D
  static let lineFeed: UInt8 = 0x0A
  /// The space.
  package static let space: UInt8 = 0x20
  /// The horizontal tab.
  package static let tab: UInt8 = 0x09

  // Bit n of the first word stands for byte n, of the second for byte 64 + n:
  // "!#$%&'*+-.^_`|~", digits and letters.
  private static let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000
  private static let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE

  /// Whether a byte may stand in a method or a field name (`tchar`).
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    let word = byte < 64 ? tokenLow : tokenHigh
    return (word >> UInt64(byte & 63)) & 1 == 1
  }

  /// Whether a byte may stand in a field value: visible, space, tab or beyond ASCII.
  @inline(__always)
  static func isFieldContent(_ byte: UInt8) -> Bool {
    (byte >= 0x20 && byte != 0x7F) || byte == tab
  }

  /// Whether a byte is a decimal digit.
  package static func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
  }

  /// A letter of ASCII in lower case; any other byte as it is.
  package static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
  }

  /// The value of a hexadecimal digit.
  static func hexValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte &- UInt8(ascii: "0") }
    let letter = lowercased(byte) &- UInt8(ascii: "a")
    return letter < 6 ? letter &+ 10 : nil
  }

  /// Whether bytes are exactly those of a literal.
  package static func equal(_ bytes: Span<UInt8>, _ literal: StaticString) -> Bool {
    guard bytes.count == literal.utf8CodeUnitCount else { return false }
    // SAFETY: both have this many bytes, which are read inside the closure.
    return unsafe bytes.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return true }
      return unsafe memcmp(start, literal.utf8Start, bytes.count) == 0
    }
  }

  /// Whether bytes are the same.
  static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    // SAFETY: both have this many bytes, which are read inside the closures.
    return unsafe left.withUnsafeBufferPointer { left in
      unsafe right.withUnsafeBufferPointer { right in
        guard let a = left.baseAddress, let b = right.baseAddress else { return true }
        return unsafe memcmp(a, b, left.count) == 0
      }
    }
  }

  /// Whether bytes are those of a lower-case literal, whatever the case of their letters.
  package static func equalIgnoringCase(_ bytes: Span<UInt8>, _ literal: StaticString) -> Bool {
    guard bytes.count == literal.utf8CodeUnitCount else { return false }
    for index in bytes.indices {
      // SAFETY: the index is below the literal's length, which equals the span's.
      if unsafe lowercased(bytes[index]) != literal.utf8Start[index] { return false }
    }
    return true
  }

  /// Where the first byte of a range stands that is not of a kind; the range's end without one.
  @inline(__always)
  static func end(
    of isOfKind: (UInt8) -> Bool, in bytes: Span<UInt8>, _ range: Range<Int>
  ) -> Int {
    let part = bytes.extracting(range)
    // SAFETY: the index stays below the span's length, and is used inside the closure.
    return unsafe part.withUnsafeBufferPointer { part in
      var index = 0
      while index < part.count, unsafe isOfKind(part[index]) { index += 1 }
      return range.lowerBound + index
    }
  }

  /// Where the first byte of a kind stands, from `start` on.
  static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int? {
    guard start >= 0, start < bytes.count else { return nil }
    // SAFETY: exactly the bytes from `start` to the span's end are searched, inside the closure.
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress,
        let found = unsafe memchr(base + start, Int32(byte), buffer.count - start)
      else { return nil }
      return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
  }
}
