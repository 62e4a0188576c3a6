/// A span of time as `google.protobuf.Duration` has it.
package struct ProtoDuration: Equatable, Sendable {
  /// The most whole seconds, either way: about 10,000 years.
  package static let maximumSeconds: Int64 = 315_576_000_000

  /// Whole seconds.
  package let seconds: Int64
  /// The rest in nanoseconds, of the same sign: -999,999,999...999,999,999.
  package let nanoseconds: Int32

  /// Makes a duration; parts that are out of range are cut.
  package init(seconds: Int64, nanoseconds: Int32 = 0) {
    self.seconds = min(max(seconds, -Self.maximumSeconds), Self.maximumSeconds)
    self.nanoseconds = min(max(nanoseconds, -999_999_999), 999_999_999)
  }

  /// All of it in nanoseconds, as much as 64 bits hold: 292 years.
  package var totalNanoseconds: Int64 {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = product.addingReportingOverflow(Int64(nanoseconds))
    guard overflow || carry else { return sum }
    return seconds < 0 ? .min : .max
  }

  /// Reads ProtoJSON's form: a sign, seconds, up to nine digits of a fraction, `s`.
  init?(_ text: Span<UInt8>) {
    guard text.count > 1, text[text.count - 1] == UInt8(ascii: "s") else { return nil }
    let isNegative = text[0] == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    var seconds: Int64 = 0
    let first = index
    while index < text.count - 1, let digit = Self.digit(text[index]) {
      seconds = min(seconds &* 10 &+ digit, Self.maximumSeconds + 1)
      index += 1
    }
    guard index > first, seconds <= Self.maximumSeconds else { return nil }
    var nanoseconds: Int64 = 0
    if text[index] == UInt8(ascii: ".") {
      index += 1
      let digits = text.count - 1 - index
      guard 1...9 ~= digits else { return nil }
      for place in 0..<9 {
        guard place < digits else {
          nanoseconds *= 10
          continue
        }
        guard let digit = Self.digit(text[index]) else { return nil }
        nanoseconds = nanoseconds * 10 + digit
        index += 1
      }
    }
    // At the very end nothing is left for a fraction.
    guard index == text.count - 1, seconds < Self.maximumSeconds || nanoseconds == 0 else {
      return nil
    }
    self.seconds = isNegative ? -seconds : seconds
    self.nanoseconds = Int32(truncatingIfNeeded: isNegative ? -nanoseconds : nanoseconds)
  }

  private static func digit(_ byte: UInt8) -> Int64? {
    let digit = byte &- UInt8(ascii: "0")
    return digit <= 9 ? Int64(digit) : nil
  }
}
