/// One step of a strict UTF-8 decoder (Unicode 3.9, table 3-7): no overlong form, no surrogate,
/// nothing above U+10FFFF.
enum UTF8Sequence {
  /// A well-formed sequence of 1 to 4 bytes and the scalar that it stands for.
  case valid(length: Int, scalar: UInt32)
  /// A maximal ill-formed subpart of 1 to 3 bytes.
  case invalid(length: Int)

  /// Decodes the sequence that starts at `index`, which must lie inside `bytes`.
  static func next(in bytes: Span<UInt8>, at index: Int) -> UTF8Sequence {
    let lead = bytes[index]
    if lead < 0x80 { return .valid(length: 1, scalar: UInt32(lead)) }
    let length: Int
    var scalar: UInt32
    // The second byte's range is what keeps overlong forms, surrogates and planes above 16 out.
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: (length, scalar) = (2, UInt32(lead & 0x1F))
    case 0xE0: (length, scalar, second) = (3, 0, 0xA0...0xBF)
    case 0xED: (length, scalar, second) = (3, 0xD, 0x80...0x9F)
    case 0xE1...0xEF: (length, scalar) = (3, UInt32(lead & 0xF))
    case 0xF0: (length, scalar, second) = (4, 0, 0x90...0xBF)
    case 0xF1...0xF3: (length, scalar) = (4, UInt32(lead & 7))
    case 0xF4: (length, scalar, second) = (4, 4, 0x80...0x8F)
    default: return .invalid(length: 1)
    }
    var seen = 1
    while seen < length {
      guard index &+ seen < bytes.count else { return .invalid(length: seen) }
      let byte = bytes[index &+ seen]
      guard seen == 1 ? second.contains(byte) : (0x80...0xBF).contains(byte) else {
        return .invalid(length: seen)
      }
      scalar = scalar << 6 | UInt32(byte & 0x3F)
      seen &+= 1
    }
    return .valid(length: length, scalar: scalar)
  }
}
