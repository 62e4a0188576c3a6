extension JSONWriter {
  /// Appends the shortest form of a float32, or `null` when it is not finite.
  mutating func appendShortest(_ value: Float) {
    if value == 1 {  // a full window, by far the most frequent
      appendVerbatim("1")
    } else if value == 0 {
      appendVerbatim(value.sign == .minus ? "-0" : "0")
    } else if value.isFinite {
      let size = value.magnitude
      // At most 15 characters, which Swift keeps inside the String: nothing is allocated.
      appendDigits(of: value.description, exponentForm: size < 1e-6 || size >= 1e21)
    } else {
      appendVerbatim("null")
    }
  }

  /// Appends the shortest form of a float64, or `null` when it is not finite.
  mutating func appendShortest(_ value: Double) {
    if value == 0 {
      appendVerbatim(value.sign == .minus ? "-0" : "0")
    } else if value.isFinite {
      let size = value.magnitude
      appendDigits(of: value.description, exponentForm: size < 1e-6 || size >= 1e21)
    } else {
      appendVerbatim("null")
    }
  }

  /// Appends the digits of Swift's description in the layout of Go's encoding/json.
  ///
  /// Both languages print the shortest digits that read back the same, nearest to the value; they
  /// differ in the layout alone: Swift writes `1.0`, `1e-07` and `1.2345679e+08`, Go writes `1`,
  /// `1e-7` and `123456790` (encoding/json, `floatEncoder`).
  private mutating func appendDigits(of description: String, exponentForm: Bool) {
    // 17 significant digits at most; a description in plain form adds at most 16 zeros.
    var digits: [40 of UInt8] = .init(repeating: 0)
    var count = 0
    var point: Int?
    var exponent = 0
    var negativeExponent = false
    var inExponent = false
    for byte in description.utf8 {
      switch byte {
      case UInt8(ascii: "-"):
        if inExponent { negativeExponent = true } else { bytes.append(byte) }
      case UInt8(ascii: "."):
        point = count
      case UInt8(ascii: "e"):
        inExponent = true
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        if inExponent {
          exponent = exponent &* 10 &+ Int(byte &- UInt8(ascii: "0"))
        } else if count < digits.count {
          digits[count] = byte
          count &+= 1
        }
      default:
        break
      }
    }
    // The value is 0.d1d2d3… × 10^scale with d1 ≠ 0.
    var scale = (point ?? count) &+ (negativeExponent ? 0 &- exponent : exponent)
    var first = 0
    while first < count, digits[first] == UInt8(ascii: "0") {
      first &+= 1
      scale &-= 1
    }
    while count > first, digits[count &- 1] == UInt8(ascii: "0") { count &-= 1 }
    let significant = digits.span.extracting(first..<count)
    if exponentForm {
      appendScientific(significant, exponent: scale &- 1)
    } else {
      appendPlain(significant, scale: scale)
    }
  }

  private mutating func appendScientific(_ digits: Span<UInt8>, exponent: Int) {
    appendVerbatim(digits.extracting(first: 1))
    if digits.count > 1 {
      bytes.append(UInt8(ascii: "."))
      appendVerbatim(digits.extracting(droppingFirst: 1))
    }
    bytes.append(UInt8(ascii: "e"))
    bytes.append(UInt8(ascii: exponent < 0 ? "-" : "+"))
    let magnitude = UInt64(exponent.magnitude)
    // SAFETY: `writeInteger` writes at most `integerRoom` bytes.
    unsafe append(atMost: Self.integerRoom) { start in
      unsafe Self.writeInteger(negative: false, magnitude, at: start) - start
    }
  }

  private mutating func appendPlain(_ digits: Span<UInt8>, scale: Int) {
    if scale <= 0 {
      appendVerbatim("0.")
      for _ in scale..<0 { bytes.append(UInt8(ascii: "0")) }
      appendVerbatim(digits)
    } else if scale >= digits.count {
      appendVerbatim(digits)
      for _ in digits.count..<scale { bytes.append(UInt8(ascii: "0")) }
    } else {
      appendVerbatim(digits.extracting(first: scale))
      bytes.append(UInt8(ascii: "."))
      appendVerbatim(digits.extracting(droppingFirst: scale))
    }
  }
}
