/// Reads Kafka's big-endian primitives from borrowed bytes, one field after the other.
///
/// The cursor holds only positions and every call is handed the span again: a struct that stores a
/// span would need lifetime annotations that are still experimental. Strings come back as ranges
/// of the span, so nothing is copied. A read that fails leaves the cursor where it was or further
/// on; callers give up on the first error.
struct ByteCursor {
  /// The next byte to read, counted from the start of the span.
  var position: Int
  /// One past the last byte this cursor may read.
  let end: Int
  /// Which half of the record the span is, for errors.
  let part: DecodeError.Part

  /// The longest string of any Kafka message, in bytes of UTF-8: `Short.MAX_VALUE`.
  static let longestString = 0x7fff

  /// A cursor over all of `bytes`.
  @inline(__always)
  init(_ bytes: Span<UInt8>, _ part: DecodeError.Part) {
    position = 0
    end = bytes.count
    self.part = part
  }

  /// A cursor over a part of a span, such as an embedded message; `range` must lie in the span.
  init(_ range: Range<Int>, _ part: DecodeError.Part) {
    position = range.lowerBound
    end = range.upperBound
    self.part = part
  }

  /// The bytes not read yet.
  @inline(__always)
  var left: Int { end &- position }

  func error(_ problem: DecodeError.Problem, _ field: StaticString, at: Int) -> DecodeError {
    DecodeError(problem, field, at: at, in: part)
  }

  /// Moves past `count` bytes and returns where they began.
  @inline(__always)
  mutating func take(_ count: Int, _ field: StaticString) throws(DecodeError) -> Int {
    let start = position
    guard count <= end &- start else {
      throw error(.endsEarly(needed: count, left: left), field, at: start)
    }
    position = start &+ count
    return start
  }

  // MARK: Integers

  @inline(__always)
  mutating func int8(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError) -> Int8 {
    Int8(bitPattern: bytes[try take(1, field)])
  }

  @inline(__always)
  mutating func int16(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError) -> Int16 {
    let at = try take(2, field)
    let window = bytes.extracting(at..<at &+ 2)
    return Int16(bitPattern: UInt16(window[0]) &<< 8 | UInt16(window[1]))
  }

  @inline(__always)
  mutating func int32(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError) -> Int32 {
    Int32(bitPattern: Self.word32(bytes, at: try take(4, field)))
  }

  @inline(__always)
  mutating func int64(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError) -> Int64 {
    Int64(bitPattern: Self.word64(bytes, at: try take(8, field)))
  }

  /// Sixteen bytes, as Kafka writes an identifier.
  @inline(__always)
  mutating func uuid(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError) -> Uuid {
    let at = try take(16, field)
    let window = bytes.extracting(at..<at &+ 16)
    return Uuid(
      mostSignificantBits: Self.word64(window, at: 0),
      leastSignificantBits: Self.word64(window, at: 8))
  }

  // One look at the bounds for all bytes of a word: in a window of constant size the compiler
  // drops the checks of the single bytes and makes one load of them.

  @inline(__always)
  private static func word32(_ bytes: Span<UInt8>, at: Int) -> UInt32 {
    let window = bytes.extracting(at..<at &+ 4)
    return UInt32(window[0]) &<< 24 | UInt32(window[1]) &<< 16 | UInt32(window[2]) &<< 8
      | UInt32(window[3])
  }

  @inline(__always)
  private static func word64(_ bytes: Span<UInt8>, at: Int) -> UInt64 {
    let window = bytes.extracting(at..<at &+ 8)
    let high =
      UInt64(window[0]) &<< 56 | UInt64(window[1]) &<< 48 | UInt64(window[2]) &<< 40
      | UInt64(window[3]) &<< 32
    let low =
      UInt64(window[4]) &<< 24 | UInt64(window[5]) &<< 16 | UInt64(window[6]) &<< 8
      | UInt64(window[7])
    return high | low
  }

  // MARK: Strings, bytes and arrays with fixed length prefixes

  /// A string: an int16 length, then UTF-8.
  @inline(__always)
  mutating func string(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError)
    -> Range<Int>
  {
    let start = position
    let length = Int(try int16(bytes, field))
    guard length >= 0 else {
      throw error(length == -1 ? .unexpectedNull : .negativeLength(length), field, at: start)
    }
    return try slice(length, field, from: start)
  }

  /// A string that may be null, which is the length -1.
  mutating func nullableString(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError)
    -> Range<Int>?
  {
    let start = position
    let length = Int(try int16(bytes, field))
    if length == -1 { return nil }
    guard length >= 0 else { throw error(.negativeLength(length), field, at: start) }
    return try slice(length, field, from: start)
  }

  /// A byte field: an int32 length, then the bytes.
  mutating func byteField(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError)
    -> Range<Int>
  {
    let start = position
    let length = Int(try int32(bytes, field))
    guard length >= 0 else {
      throw error(length == -1 ? .unexpectedNull : .negativeLength(length), field, at: start)
    }
    return try slice(length, field, from: start)
  }

  /// The count of an array: an int32 that the bytes left can back.
  ///
  /// `elementSize` is the fewest bytes that one element takes, at least 1.
  mutating func arrayCount(
    _ bytes: Span<UInt8>, _ field: StaticString, elementSize: Int
  ) throws(DecodeError) -> Int {
    let start = position
    let count = Int(try int32(bytes, field))
    guard count >= 0 else {
      throw error(count == -1 ? .unexpectedNull : .negativeLength(count), field, at: start)
    }
    return try backed(count, field, elementSize: elementSize, from: start)
  }

  /// Lets `count` pass if the bytes left can hold that many elements.
  ///
  /// A count has 32 bits and an element's least size is a small constant: the product fits.
  @inline(__always)
  func backed(
    _ count: Int, _ field: StaticString, elementSize: Int, from start: Int
  ) throws(DecodeError) -> Int {
    guard count &* elementSize <= left else {
      throw error(.countExceedsBytesLeft(count: count, left: left), field, at: start)
    }
    return count
  }

  /// Moves past `length` bytes of a field that began, with its length, at `start`.
  @inline(__always)
  mutating func slice(
    _ length: Int, _ field: StaticString, from start: Int
  ) throws(DecodeError) -> Range<Int> {
    let first = position
    guard length <= end &- first else {
      throw error(.lengthExceedsBytesLeft(length: length, left: left), field, at: start)
    }
    position = first &+ length
    return first..<position
  }
}
