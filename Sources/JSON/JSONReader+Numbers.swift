extension JSONReader {
  /// A number that keeps to the grammar, taken apart: ± digits × 10^exponent.
  struct NumberToken {
    let start: Int
    let end: Int
    var isNegative = false
    /// The digits before and behind the point as one number, while that fits 64 bits.
    var digits: UInt64 = 0
    /// Whether there are more digits than `digits` can hold.
    var overflows = false
    /// The power of ten, clamped far outside of what any number type can hold.
    var exponent = 0
    /// Whether it is written as digits alone, the usual case.
    var isPlain = true
  }

  /// Reads a whole number without loss; `1.0` and `1e3` are whole numbers as well.
  package mutating func readInt64() throws(JSONError) -> Int64 {
    let token = try readNumber()
    let magnitude = try wholeMagnitude(of: token)
    if token.isNegative {
      guard magnitude <= Int64.min.magnitude else { throw outOfRange(token) }
      return 0 &- Int64(truncatingIfNeeded: magnitude)
    }
    guard let value = Int64(exactly: magnitude) else { throw outOfRange(token) }
    return value
  }

  /// Reads a whole number from 0 on without loss.
  package mutating func readUInt64() throws(JSONError) -> UInt64 {
    let token = try readNumber()
    let magnitude = try wholeMagnitude(of: token)
    guard !token.isNegative || magnitude == 0 else { throw outOfRange(token) }
    return magnitude
  }

  /// Reads a whole number of 32 bits.
  package mutating func readInt32() throws(JSONError) -> Int32 {
    let place = index
    guard let value = Int32(exactly: try readInt64()) else {
      throw JSONError(reason: .outOfRange, offset: place &- start)
    }
    return value
  }

  /// Reads a number as the nearest float64; one that is too large for it is an error.
  ///
  /// Numbers of up to 15 digits and a small exponent are computed at once; the rest goes through
  /// a String.
  package mutating func readDouble() throws(JSONError) -> Double {
    let token = try readNumber()
    // Clinger's fast path: both numbers and the one operation on them are exact.
    if !token.overflows, token.digits <= 1 << 53, token.exponent.magnitude <= 22 {
      var power = 1.0
      for _ in 0..<token.exponent.magnitude { power *= 10 }
      let digits = Double(token.digits)
      let value = token.exponent < 0 ? digits / power : digits * power
      return token.isNegative ? -value : value
    }
    let text = String(decoding: bytes[token.start..<token.end], as: UTF8.self)
    guard let value = Double(text), value.isFinite else { throw outOfRange(token) }
    return value
  }

  private func outOfRange(_ token: NumberToken) -> JSONError {
    JSONError(reason: .outOfRange, offset: token.start &- start)
  }

  private mutating func readNumber() throws(JSONError) -> NumberToken {
    guard try peek() == .number else { throw error(.expectedNumber) }
    return try scanNumber()
  }

  private func wholeMagnitude(of token: NumberToken) throws(JSONError) -> UInt64 {
    if token.isPlain {
      guard !token.overflows else { throw outOfRange(token) }
      return token.digits
    }
    return try wholeMagnitudeOfDecimal(token)
  }

  /// The exact value of a number with a point or an exponent, if that is whole.
  private func wholeMagnitudeOfDecimal(_ token: NumberToken) throws(JSONError) -> UInt64 {
    var value: UInt64 = 0
    // Zeros count only once another digit follows them; trailing ones belong to the exponent.
    var zeros = 0
    var overflows = false
    var place = token.start
    while place < token.end, bytes[place] | 0x20 != UInt8(ascii: "e"), !overflows {
      if let digit = digit(at: place), digit == 0 {
        zeros &+= 1
      } else if let digit = digit(at: place) {
        for _ in 0...zeros where !overflows {
          (value, overflows) = value.multipliedReportingOverflow(by: 10)
        }
        zeros = 0
        if !overflows { (value, overflows) = value.addingReportingOverflow(UInt64(digit)) }
      }
      place &+= 1
    }
    return try scaled(value, by: token.exponent &+ zeros, overflows: overflows, token)
  }

  private func scaled(
    _ value: UInt64, by exponent: Int, overflows: Bool, _ token: NumberToken
  ) throws(JSONError) -> UInt64 {
    if value == 0, !overflows { return 0 }
    guard exponent >= 0 else {
      throw JSONError(reason: .notAnInteger, offset: token.start &- start)
    }
    var value = value
    // No number of 64 bits has more digits than these, however large the exponent is.
    var overflows = overflows || exponent >= 20
    for _ in 0..<min(exponent, 20) where !overflows {
      (value, overflows) = value.multipliedReportingOverflow(by: 10)
    }
    guard !overflows else { throw outOfRange(token) }
    return value
  }

  /// Checks the number that begins at `index` and moves behind it.
  mutating func scanNumber() throws(JSONError) -> NumberToken {
    let first = index
    var token = NumberToken(start: first, end: first)
    if bytes[index] == UInt8(ascii: "-") {
      token.isNegative = true
      index &+= 1
    }
    guard let digit = digit(at: index) else { throw error(.badNumber) }
    if digit == 0 { index &+= 1 } else { scanDigits(&token) }
    if index < end, bytes[index] == UInt8(ascii: ".") {
      token.isPlain = false
      index &+= 1
      let fraction = index
      scanDigits(&token)
      guard index > fraction else { throw error(.badNumber) }
      token.exponent = fraction &- index
    }
    if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
      token.isPlain = false
      index &+= 1
      try scanExponent(&token)
    }
    return NumberToken(
      start: first, end: index, isNegative: token.isNegative, digits: token.digits,
      overflows: token.overflows, exponent: token.exponent, isPlain: token.isPlain)
  }

  private func digit(at place: Int) -> UInt8? {
    guard place < end else { return nil }
    let digit = bytes[place] &- UInt8(ascii: "0")
    return digit <= 9 ? digit : nil
  }

  private mutating func scanDigits(_ token: inout NumberToken) {
    while let digit = digit(at: index) {
      index &+= 1
      if token.overflows { continue }
      let (product, overflow) = token.digits.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      token.overflows = overflow || carry
      token.digits = sum
    }
  }

  private mutating func scanExponent(_ token: inout NumberToken) throws(JSONError) {
    var isNegative = false
    if index < end, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
      isNegative = bytes[index] == UInt8(ascii: "-")
      index &+= 1
    }
    guard digit(at: index) != nil else { throw error(.badNumber) }
    // Beyond any number type, and beyond what a text full of zeros could bring back.
    let limit = 2 &* Self.maximumBytes
    var exponent = 0
    while let digit = digit(at: index) {
      exponent = min(exponent &* 10 &+ Int(digit), limit)
      index &+= 1
    }
    token.exponent &+= isNegative ? 0 &- exponent : exponent
  }
}
