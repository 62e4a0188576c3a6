/// The flexible encoding of KIP-482: unsigned varints, compact strings and arrays, tagged fields.
extension ByteCursor {
  /// An unsigned varint of at most 32 bits: 7 bits a byte, lowest first, in 1 to 5 bytes.
  ///
  /// Kafka's `ByteUtils.readUnsignedVarint` drops what a fifth byte holds above bit 31; no writer
  /// makes such bytes, so here they are an error like a sixth byte.
  @inline(__always)
  mutating func unsignedVarint(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError)
    -> UInt32
  {
    // Nearly every length in these records is below 127 and takes one byte.
    if position < end {
      let byte = bytes[position]
      if byte < 0x80 {
        position &+= 1
        return UInt32(byte)
      }
    }
    let (value, next) = try longUnsignedVarint(bytes, field)
    position = next
    return value
  }

  /// The general case, kept out of line and free of `mutating` so that the cursor of the fast one
  /// stays in registers.
  @inline(never)
  private func longUnsignedVarint(
    _ bytes: Span<UInt8>, _ field: StaticString
  ) throws(DecodeError) -> (value: UInt32, next: Int) {
    var value: UInt32 = 0
    for index in 0..<5 {
      guard index < left else {
        throw error(.endsEarly(needed: index &+ 1, left: left), field, at: position)
      }
      let byte = bytes[position &+ index]
      if index == 4 && byte > 0x0f { break }
      value |= UInt32(byte & 0x7f) &<< UInt32(7 &* index)
      if byte < 0x80 { return (value, position &+ index &+ 1) }
    }
    throw error(.varintTooLong, field, at: position)
  }

  /// A compact string: an unsigned varint of length + 1, then UTF-8.
  @inline(__always)
  mutating func compactString(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError)
    -> Range<Int>
  {
    let start = position
    guard let range = try compactNullableString(bytes, field) else {
      throw error(.unexpectedNull, field, at: start)
    }
    return range
  }

  /// A compact string that may be null, which is the varint 0.
  @inline(__always)
  mutating func compactNullableString(
    _ bytes: Span<UInt8>, _ field: StaticString
  ) throws(DecodeError) -> Range<Int>? {
    let start = position
    let encoded = Int(try unsignedVarint(bytes, field))
    guard encoded > 0 else { return nil }
    let range = try slice(encoded &- 1, field, from: start)
    guard range.count <= Self.longestString else {
      throw error(.stringTooLong(length: range.count), field, at: start)
    }
    return range
  }

  /// A compact byte field: an unsigned varint of length + 1, then the bytes.
  mutating func compactByteField(_ bytes: Span<UInt8>, _ field: StaticString) throws(DecodeError)
    -> Range<Int>
  {
    let start = position
    let encoded = Int(try unsignedVarint(bytes, field))
    guard encoded > 0 else { throw error(.unexpectedNull, field, at: start) }
    return try slice(encoded &- 1, field, from: start)
  }

  /// The count of a compact array: an unsigned varint of count + 1 that the bytes left can back.
  ///
  /// `elementSize` is the fewest bytes that one element takes, at least 1.
  mutating func compactArrayCount(
    _ bytes: Span<UInt8>, _ field: StaticString, elementSize: Int
  ) throws(DecodeError) -> Int {
    let start = position
    guard let count = try compactNullableArrayCount(bytes, field, elementSize: elementSize) else {
      throw error(.unexpectedNull, field, at: start)
    }
    return count
  }

  /// The count of a compact array that may be null, which is the varint 0.
  mutating func compactNullableArrayCount(
    _ bytes: Span<UInt8>, _ field: StaticString, elementSize: Int
  ) throws(DecodeError) -> Int? {
    let start = position
    let encoded = Int(try unsignedVarint(bytes, field))
    guard encoded > 0 else { return nil }
    return try backed(encoded &- 1, field, elementSize: elementSize, from: start)
  }

  /// A compact array of int32, such as partitions or epochs.
  mutating func compactInt32Array(
    _ bytes: Span<UInt8>, _ field: StaticString
  ) throws(DecodeError) -> [Int32] {
    let count = try compactArrayCount(bytes, field, elementSize: 4)
    return try int32s(count, bytes, field)
  }

  /// `count` int32 in a row; the caller has seen that the bytes can back them.
  mutating func int32s(
    _ count: Int, _ bytes: Span<UInt8>, _ field: StaticString
  ) throws(DecodeError) -> [Int32] {
    var elements: [Int32] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(try int32(bytes, field)) }
    return elements
  }

  /// A compact array of compact strings.
  mutating func compactStringArray(
    _ bytes: Span<UInt8>, _ field: StaticString
  ) throws(DecodeError) -> [Range<Int>] {
    let count = try compactArrayCount(bytes, field, elementSize: 1)
    var elements: [Range<Int>] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(try compactString(bytes, field)) }
    return elements
  }

  // MARK: Tagged fields

  /// The head of one tagged field: its tag and the bytes it announces.
  struct Tag {
    let number: UInt32
    let start: Int
    let size: Int
  }

  /// How many tagged fields follow; each takes two bytes or more.
  @inline(__always)
  mutating func tagCount(_ bytes: Span<UInt8>) throws(DecodeError) -> Int {
    let start = position
    let count = Int(try unsignedVarint(bytes, "tag section"))
    guard count > 0 else { return 0 }
    return try backed(count, "tag section", elementSize: 2, from: start)
  }

  /// The next tagged field's head, whose bytes are seen to be all there.
  ///
  /// Order and uniqueness of tags are not enforced, as in Kafka's generated readers: a later
  /// duplicate wins. A decoder stricter than the broker would lose a commit that the broker
  /// honours.
  @inline(__always)
  mutating func tag(_ bytes: Span<UInt8>) throws(DecodeError) -> Tag {
    let number = try unsignedVarint(bytes, "tag")
    let sizeStart = position
    let size = Int(try unsignedVarint(bytes, "tagged field size"))
    guard size <= left else {
      throw error(
        .lengthExceedsBytesLeft(length: size, left: left), "tagged field", at: sizeStart)
    }
    return Tag(number: number, start: position, size: size)
  }

  /// Moves past an unknown tag.
  @inline(__always)
  mutating func skip(_ tag: Tag) {
    position = tag.start &+ tag.size
  }

  /// Checks that a known tag's field took exactly the bytes that the tag announced.
  ///
  /// Kafka's generated readers do not look at the size of a known tag and would read on wherever
  /// the field ended. Every writer gives the exact size, so a difference means broken bytes.
  @inline(__always)
  func close(_ tag: Tag, _ field: StaticString) throws(DecodeError) {
    let taken = position &- tag.start
    guard taken == tag.size else {
      throw error(.tagSizeMismatch(size: tag.size, taken: taken), field, at: tag.start)
    }
  }

  /// Moves past a section of tagged fields of which none is known.
  @inline(__always)
  mutating func skipTaggedFields(_ bytes: Span<UInt8>) throws(DecodeError) {
    for _ in 0..<(try tagCount(bytes)) {
      let unknown = try tag(bytes)
      skip(unknown)
    }
  }
}
