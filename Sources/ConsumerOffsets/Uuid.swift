/// A 16-byte identifier, such as a topic's (`org.apache.kafka.common.Uuid`).
package struct Uuid: Hashable, Sendable {
  /// The first eight bytes, big-endian.
  package let mostSignificantBits: UInt64
  /// The last eight bytes, big-endian.
  package let leastSignificantBits: UInt64

  /// The identifier that Kafka uses for "none".
  package static let zero = Uuid(mostSignificantBits: 0, leastSignificantBits: 0)

  /// An identifier of the given sixteen bytes, as two big-endian halves.
  package init(mostSignificantBits: UInt64, leastSignificantBits: UInt64) {
    self.mostSignificantBits = mostSignificantBits
    self.leastSignificantBits = leastSignificantBits
  }
}

extension Uuid: CustomStringConvertible {
  /// The 22 characters that Kafka's tools show: base64 with `-` and `_`, without padding.
  package var description: String {
    let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    let letters = Array(alphabet.description.utf8)
    var text: [UInt8] = []
    text.reserveCapacity(22)
    // 128 bits are 21 digits of six bits and a last one of two bits, moved up by four.
    for digit in 0..<22 {
      let shift = 122 - 6 * digit
      let bits = shift >= 0 ? self.bits(from: shift) : self.bits(from: 0) << 4
      text.append(letters[Int(bits & 0x3f)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The 128 bits moved right by `shift` (0 to 127), lowest 64 of them.
  private func bits(from shift: Int) -> UInt64 {
    if shift >= 64 { return mostSignificantBits >> UInt64(shift - 64) }
    if shift == 0 { return leastSignificantBits }
    return leastSignificantBits >> UInt64(shift) | mostSignificantBits << UInt64(64 - shift)
  }
}
