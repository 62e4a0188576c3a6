/// Bytes written as pairs of hexadecimal digits, in either case.
enum Hexadecimal {
  /// Why digits could not be read.
  enum Problem: Error, Equatable {
    case oddCount
    /// A character that is no digit, counted from 0.
    case notADigit(at: Int)
  }

  /// Appends the bytes that the digits stand for; nothing is appended when there is a problem.
  static func decode(_ digits: Span<UInt8>, into bytes: inout [UInt8]) throws(Problem) {
    guard digits.count % 2 == 0 else { throw .oddCount }
    let before = bytes.count
    bytes.reserveCapacity(before + digits.count / 2)
    var index = 0
    while index < digits.count {
      let high = value(digits[index])
      let low = value(digits[index &+ 1])
      guard high | low < 16 else {
        bytes.removeSubrange(before...)
        throw .notADigit(at: high < 16 ? index &+ 1 : index)
      }
      bytes.append(high << 4 | low)
      index &+= 2
    }
  }

  /// The value of a digit, 255 for any other character.
  @inline(__always)
  private static func value(_ digit: UInt8) -> UInt8 {
    let decimal = digit &- UInt8(ascii: "0")
    if decimal < 10 { return decimal }
    let letter = (digit | 0x20) &- UInt8(ascii: "a")
    return letter < 6 ? letter &+ 10 : 255
  }
}
