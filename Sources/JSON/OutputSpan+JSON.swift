/// Pieces of JSON text, for values that are written again and again and always look alike.
///
/// The writer asks for room once a value, see `JSONWriter.value(atMost:_:)`; what is written into
/// it are keys with their punctuation, numbers, and text that is JSON already. Each piece is put
/// where it is called, so that a key known when the program is built is a store or two.
extension OutputSpan where Element == UInt8 {
  /// The most bytes of a 64-bit integer: a sign and the 20 digits of `UInt64.max`.
  package static var integerRoom: Int { JSONWriter.integerRoom }

  /// Appends text of the program's own as it stands; there has to be room for it.
  @inlinable
  @inline(__always)
  package mutating func append(verbatim text: StaticString) {
    let length = text.utf8CodeUnitCount
    // SAFETY: the pointer of a StaticString lives as long as the program, the count is its own, and
    // the room behind the bytes that are there was looked at. Bytes are trivial.
    unsafe withUnsafeMutableBufferPointer { buffer, count in
      precondition(length <= buffer.count &- count)
      guard let start = buffer.baseAddress else { return }
      unsafe (start + count).update(from: text.utf8Start, count: length)
      count &+= length
    }
  }

  /// Appends bytes as they stand; there has to be room for them.
  @inlinable
  @inline(__always)
  package mutating func append(verbatim text: Span<UInt8>) {
    unsafe text.withUnsafeBufferPointer { source in
      // SAFETY: as above; `source` is borrowed while `self` changes, so that they do not overlap.
      unsafe withUnsafeMutableBufferPointer { buffer, count in
        precondition(source.count <= buffer.count &- count)
        guard let start = buffer.baseAddress, let sourceStart = source.baseAddress else { return }
        unsafe (start + count).update(from: sourceStart, count: source.count)
        count &+= source.count
      }
    }
  }

  /// Appends an integer in decimal digits; there has to be room for `integerRoom` bytes, however
  /// few it has.
  @inlinable
  @inline(__always)
  package mutating func append(decimal number: Int64) {
    append(negative: number < 0, number.magnitude)
  }

  /// Appends an integer in decimal digits, as above.
  @inlinable
  @inline(__always)
  package mutating func append(decimal number: UInt64) { append(negative: false, number) }

  @usableFromInline
  mutating func append(negative: Bool, _ magnitude: UInt64) {
    // SAFETY: there is room for the most that `writeInteger` writes.
    unsafe withUnsafeMutableBufferPointer { buffer, count in
      precondition(JSONWriter.integerRoom <= buffer.count &- count)
      guard let start = buffer.baseAddress else { return }
      let place = unsafe start + count
      count &+= unsafe JSONWriter.writeInteger(negative: negative, magnitude, at: place) - place
    }
  }

  /// Appends the last digits of a number >= 0, as many as are asked for, with leading zeros.
  package mutating func append(decimal number: Int64, digits: Int) {
    var divisor: Int64 = 1
    for _ in 1..<max(1, digits) { divisor &*= 10 }
    for _ in 0..<digits {
      append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }
}
