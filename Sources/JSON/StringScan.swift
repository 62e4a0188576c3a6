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

  private static func needsAttention(_ byte: UInt8, html: Bool) -> Bool {
    switch byte {
    case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x80...: true
    case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): html
    default: false
    }
  }
}
