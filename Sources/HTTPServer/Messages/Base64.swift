/// Base64 (RFC 4648): the standard alphabet of section 4 and the URL-safe one of section 5.
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// Appends bytes in the standard alphabet.
  ///
  /// - Parameter isPadded: whether `=` fills the last four characters.
  package static func append(
    _ bytes: Span<UInt8>, to text: inout [UInt8], isPadded: Bool
  ) {
    text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
    var index = 0
    while index < bytes.count {
      let taken = min(3, bytes.count - index)
      var group: UInt32 = 0
      for offset in 0..<3 {
        group = group << 8 | (offset < taken ? UInt32(bytes[index + offset]) : 0)
      }
      for place in 0...taken {
        text.append(alphabet[Int(group >> UInt32(18 - 6 * place) & 63)])
      }
      if isPadded { text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - taken)) }
      index += taken
    }
  }

  /// The bytes that a text stands for; nil if it is no base64.
  ///
  /// Both alphabets are read, mixed as well, with the padding or without; white space is not.
  package static func decoded(_ text: Span<UInt8>) -> [UInt8]? {
    var end = text.count
    var padding = 0
    while end > 0, padding < 2, text[end - 1] == UInt8(ascii: "=") {
      end -= 1
      padding += 1
    }
    guard end % 4 != 1, padding == 0 || text.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(end / 4 * 3 + 2)
    var group: UInt32 = 0
    var bits = 0
    for index in 0..<end {
      guard let value = value(of: text[index]) else { return nil }
      group = group << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    return bytes
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
