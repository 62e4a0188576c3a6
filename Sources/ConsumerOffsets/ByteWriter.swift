/// A string or an array that Kafka's encoding has no room for.
package struct EncodeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The field in the words of Kafka's message schemas.
  package let field: String
  /// Its length in bytes.
  package let length: Int

  /// One sentence that names the field.
  package var description: String {
    "\(field) of \(length) bytes exceeds the \(ByteCursor.longestString) bytes of a Kafka string"
  }
}

/// Writes Kafka's big-endian primitives, in the plain and in the flexible encoding.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  /// An integer of any fixed width, highest byte first.
  mutating func integer(_ value: some FixedWidthInteger) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// A string: an int16 length, then UTF-8.
  mutating func string(_ value: String, _ field: String) throws(EncodeError) {
    let length = value.utf8.count
    guard length <= ByteCursor.longestString else {
      throw EncodeError(field: field, length: length)
    }
    integer(Int16(truncatingIfNeeded: length))
    bytes.append(contentsOf: value.utf8)
  }

  /// A string that may be null, which is the length -1.
  mutating func nullableString(_ value: String?, _ field: String) throws(EncodeError) {
    guard let value else {
      integer(Int16(-1))
      return
    }
    try string(value, field)
  }

  /// A byte field: an int32 length, then the bytes.
  mutating func byteField(_ value: [UInt8]) {
    integer(Int32(truncatingIfNeeded: value.count))
    bytes.append(contentsOf: value)
  }

  /// The count of an array.
  mutating func count(_ value: Int) {
    integer(Int32(truncatingIfNeeded: value))
  }

  /// An unsigned varint: 7 bits a byte, lowest first.
  mutating func unsignedVarint(_ value: Int) {
    var rest = UInt32(truncatingIfNeeded: value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// A compact string: an unsigned varint of length + 1, then UTF-8.
  mutating func compactString(_ value: String, _ field: String) throws(EncodeError) {
    let length = value.utf8.count
    guard length <= ByteCursor.longestString else {
      throw EncodeError(field: field, length: length)
    }
    unsignedVarint(length + 1)
    bytes.append(contentsOf: value.utf8)
  }
}
