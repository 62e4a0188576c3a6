/// Protobuf's binary form, as much of it as the conformance suite needs.
struct ProtoWriter {
  private(set) var bytes: [UInt8] = []

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Writes a whole number, also 0: whoever has fields without presence leaves that out.
  mutating func field(_ number: UInt64, _ value: Int64) {
    varint(number << 3)
    varint(UInt64(bitPattern: value))
  }

  mutating func field(_ number: UInt64, _ value: [UInt8]) {
    varint(number << 3 | 2)
    varint(UInt64(value.count))
    bytes += value
  }

  mutating func field(_ number: UInt64, _ value: String) { field(number, Array(value.utf8)) }

  /// Writes a message inside this one.
  mutating func field(_ number: UInt64, _ write: (inout ProtoWriter) -> Void) {
    var inner = ProtoWriter()
    write(&inner)
    field(number, inner.bytes)
  }
}

/// Reads the fields of a message one after the other; those of fixed width do not occur.
struct ProtoReader {
  enum Value {
    case number(UInt64)
    case bytes([UInt8])
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  /// The next field; nil at the end and for what is malformed.
  mutating func next() -> (number: UInt64, value: Value)? {
    guard let key = varint() else { return nil }
    guard key & 7 == 2 else {
      guard key & 7 == 0, let value = varint() else { return nil }
      return (key >> 3, .number(value))
    }
    guard let length = varint().flatMap({ Int(exactly: $0) }), length <= rest.count else {
      return nil
    }
    let bytes = Array(rest.prefix(length))
    rest = rest.dropFirst(length)
    return (key >> 3, .bytes(bytes))
  }
}
