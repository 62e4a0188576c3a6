extension Array where Element == UInt8 {
  /// Appends a number in decimal digits.
  mutating func append(decimal number: Int64) {
    if number < 0 { append(UInt8(ascii: "-")) }
    append(decimal: number.magnitude)
  }

  /// Appends a number in decimal digits.
  mutating func append(decimal number: UInt64) {
    guard number >= 10 else { return append(UInt8(ascii: "0") + UInt8(number)) }
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var start = 20
    var rest = number
    while rest > 0 {
      start -= 1
      digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    for index in start..<20 { append(digits[index]) }
  }
}
