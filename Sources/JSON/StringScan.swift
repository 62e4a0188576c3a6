/// Finds the bytes of a string that cannot be copied as they are: quotation mark, backslash,
/// control characters and all that is not ASCII.
enum StringScan {
  /// The first byte from `start` on that is special, or the count of bytes.
  ///
  /// - Parameters:
  ///   - text: What to look through.
  ///   - start: Where to begin, at most the count of bytes.
  ///   - html: Whether `<`, `>` and `&` are special too.
  static func firstSpecial(in text: Span<UInt8>, from start: Int, html: Bool = false) -> Int {
    var index = start
    while text.count &- index >= 8 {
      // SAFETY: eight bytes from `index` on lie inside the span.
      let word = unsafe text.withUnsafeBytes {
        unsafe UInt64(
          littleEndian: $0.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      }
      let hits = hits(in: word, html: html)
      if hits != 0 { return index &+ hits.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < text.count, !needsAttention(text[index], html: html) { index &+= 1 }
    return index
  }

  /// Copies a string up to the first byte that is special; returns how many bytes that are.
  ///
  /// - Parameters:
  ///   - text: What to copy.
  ///   - output: Where to, with room for the whole string.
  ///   - html: Whether `<`, `>` and `&` are special too.
  @inline(__always)
  static func copyPlain(
    _ text: UnsafeBufferPointer<UInt8>, to output: UnsafeMutablePointer<UInt8>, html: Bool
  ) -> Int {
    guard let bytes = unsafe UnsafeRawPointer(text.baseAddress) else { return 0 }
    let target = UnsafeMutableRawPointer(output)
    let count = text.count
    var index = 0
    if count >= 8 {
      while index < count {
        // The last eight bytes reach back into those that are copied already, and are not special.
        index = min(index, count &- 8)
        // SAFETY: eight bytes from `index` on lie inside the text and, as long, inside the output.
        let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        unsafe target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
        let hits = hits(in: UInt64(littleEndian: word), html: html)
        if hits != 0 { return index &+ hits.trailingZeroBitCount / 8 }
        index &+= 8
      }
      return count
    }
    while index < count {
      // SAFETY: `index` is below the count of bytes.
      let byte = unsafe text[index]
      if needsAttention(byte, html: html) { break }
      unsafe output[index] = byte
      index &+= 1
    }
    return index
  }

  /// The bytes that are special among eight: the high bit of each such lane is set, and no other.
  ///
  /// Borrows reach only lanes above a true hit, so that the lowest one is exact.
  @inline(__always)
  private static func hits(in word: UInt64, html: Bool) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    // `"` and `&` differ in one bit, `<` and `>` too: with that bit masked out one test finds both.
    let quoteMask: UInt64 = html ? ~(ones &* 0x04) : ~0
    let quote = (word & quoteMask) ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    var hits = word | ((word &- ones &* 0x20) & ~word)
    hits |= (quote &- ones) & ~quote
    hits |= (backslash &- ones) & ~backslash
    if html {
      let angle = (word & ~(ones &* 0x02)) ^ (ones &* 0x3C)
      hits |= (angle &- ones) & ~angle
    }
    return hits & highs
  }

  private static func needsAttention(_ byte: UInt8, html: Bool) -> Bool {
    switch byte {
    case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x80...: true
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): html
    default: false
    }
  }
}
