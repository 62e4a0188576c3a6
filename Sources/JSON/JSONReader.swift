/// Reads one JSON text (RFC 8259) from front to back, without building a tree.
///
/// The caller asks for what it expects and skips what it does not know:
///
///     try reader.beginObject()
///     while try reader.nextKey() {
///       if reader.isKey("offset") { offset = try reader.readInt64() }
///       else { try reader.skipValue() }
///     }
///     try reader.finish()
///
/// Nothing is allocated but the Strings that are asked for (and room to compare a name that is
/// written with escapes). The grammar is kept to the letter: no
/// comments, no trailing commas, no leading zeros, no byte order mark, UTF-8 only. Half a surrogate
/// pair is an error. Duplicate names are handed out one after another, so that with the loop above
/// the last one wins, as in Go and Java. Bytes of any kind give an error at worst, never a trap.
/// After an error the reader is of no further use. A copy of a reader looks ahead.
package struct JSONReader {
  /// The most containers inside one another.
  package static let maximumDepth = 64
  /// The longest text, in bytes.
  package static let maximumBytes = 64 << 20

  /// What a value is, told by its first byte.
  package enum Kind: Sendable {
    case object, array, string, number, bool, null
  }

  let bytes: [UInt8]
  /// Where the text begins in `bytes`; errors count from here.
  let start: Int
  /// Where the text ends in `bytes`.
  let end: Int
  /// The next byte to be read, as an index of `bytes`.
  var index: Int
  /// How many containers are open.
  var depth = 0
  /// One bit for each open container, the innermost one lowest: 1 is an object.
  private var containers: UInt64 = 0
  /// Whether the innermost container was just opened, so that no comma is due.
  private var isFirst = false
  /// The last name read, as the range of its bytes between the quotation marks.
  private var keyStart = 0
  private var keyEnd = 0
  private var keyHasEscapes = false

  /// Makes a reader of the text that is a whole array.
  package init(_ bytes: [UInt8]) {
    self.init(bytes, in: bytes.indices)
  }

  /// Makes a reader of the text in a part of an array; a range that leaves the array is cut.
  package init(_ bytes: [UInt8], in range: Range<Int>) {
    let range = range.clamped(to: bytes.indices)
    self.bytes = bytes
    start = range.lowerBound
    end = range.upperBound
    index = range.lowerBound
  }

  /// The next byte to be read, counted from the beginning of the text.
  package var position: Int { index &- start }

  // MARK: Containers

  /// Enters an object; `nextKey()` then walks through its members.
  package mutating func beginObject() throws(JSONError) {
    try begin(UInt8(ascii: "{"), bit: 1, orElse: .expectedObject)
  }

  /// Enters an array; `nextElement()` then walks through its elements.
  package mutating func beginArray() throws(JSONError) {
    try begin(UInt8(ascii: "["), bit: 0, orElse: .expectedArray)
  }

  private mutating func begin(
    _ bracket: UInt8, bit: UInt64, orElse reason: JSONError.Reason
  ) throws(JSONError) {
    guard end &- start <= Self.maximumBytes else { throw JSONError(reason: .tooLong, offset: 0) }
    guard try nextByte() == bracket else { throw error(reason) }
    guard depth < Self.maximumDepth else { throw error(.tooDeep) }
    index &+= 1
    depth &+= 1
    containers = containers << 1 | bit
    isFirst = true
  }

  /// Moves to the value of the next member, or leaves the object and returns `false`.
  package mutating func nextKey() throws(JSONError) -> Bool {
    guard try advance(closing: UInt8(ascii: "}"), orElse: .expectedCommaOrBrace) else {
      return false
    }
    guard try nextByte() == UInt8(ascii: "\"") else { throw error(.expectedName) }
    let token = try scanString()
    (keyStart, keyEnd, keyHasEscapes) = (token.start, token.end, token.hasEscapes)
    guard try nextByte() == UInt8(ascii: ":") else { throw error(.expectedColon) }
    index &+= 1
    return true
  }

  /// Moves to the next element, or leaves the array and returns `false`.
  package mutating func nextElement() throws(JSONError) -> Bool {
    try advance(closing: UInt8(ascii: "]"), orElse: .expectedCommaOrBracket)
  }

  private mutating func advance(
    closing bracket: UInt8, orElse reason: JSONError.Reason
  ) throws(JSONError) -> Bool {
    let byte = try nextByte()
    if byte == bracket, depth > 0 {
      index &+= 1
      depth &-= 1
      containers >>= 1
      isFirst = false
      return false
    }
    if isFirst {
      isFirst = false
      return true
    }
    guard byte == UInt8(ascii: ",") else { throw error(reason) }
    index &+= 1
    return true
  }

  /// Whether the last name read is this one.
  package func isKey(_ name: StaticString) -> Bool {
    if keyHasEscapes {
      var text: [UInt8] = []
      unescape(from: keyStart, to: keyEnd, into: &text)
      return Self.equals(text.span, name)
    }
    return Self.equals(bytes.span.extracting(keyStart..<keyEnd), name)
  }

  /// The last name read.
  package func key() -> String {
    var text: [UInt8] = []
    unescape(from: keyStart, to: keyEnd, into: &text)
    return String(decoding: text, as: UTF8.self)
  }

  private static func equals(_ bytes: Span<UInt8>, _ name: StaticString) -> Bool {
    guard bytes.count == name.utf8CodeUnitCount else { return false }
    // SAFETY: the index stays below the name's own count; its memory is never freed.
    let other = unsafe name.utf8Start
    for index in bytes.indices where unsafe bytes[index] != other[index] { return false }
    return true
  }

  // MARK: Values

  /// What the next value is, told by its first byte; nothing is consumed.
  package mutating func peek() throws(JSONError) -> Kind {
    switch try nextByte() {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    default: throw error(.expectedValue)
    }
  }

  /// Reads `null` if that is the next value, and returns whether it was.
  package mutating func readNull() throws(JSONError) -> Bool {
    guard try nextByte() == UInt8(ascii: "n") else { return false }
    try expect("null", orElse: .expectedValue)
    return true
  }

  /// Reads `true` or `false`.
  package mutating func readBool() throws(JSONError) -> Bool {
    switch try nextByte() {
    case UInt8(ascii: "t"):
      try expect("true", orElse: .expectedBool)
      return true
    case UInt8(ascii: "f"):
      try expect("false", orElse: .expectedBool)
      return false
    default: throw error(.expectedBool)
    }
  }

  /// Reads past a value of any kind, which is checked as strictly as one that is wanted.
  package mutating func skipValue() throws(JSONError) {
    let outer = depth
    repeat {
      switch try peek() {
      case .object: try beginObject()
      case .array: try beginArray()
      case .string: _ = try scanString()
      case .number: _ = try scanNumber()
      case .bool: _ = try readBool()
      case .null: _ = try readNull()
      }
      // On to where the next value stands, out of the containers that end here.
      while depth > outer {
        if try containers & 1 == 1 ? nextKey() : nextElement() { break }
      }
    } while depth > outer
  }

  /// Checks that the value is complete and nothing but white space follows.
  package mutating func finish() throws(JSONError) {
    skipWhitespace()
    guard depth == 0 else { throw error(.unexpectedEnd) }
    guard index == end else { throw error(.trailingText) }
  }

  // MARK: Plumbing

  func error(_ reason: JSONError.Reason) -> JSONError {
    JSONError(reason: index < end ? reason : .unexpectedEnd, offset: index &- start)
  }

  /// The next byte that is not white space, which is not consumed.
  mutating func nextByte() throws(JSONError) -> UInt8 {
    skipWhitespace()
    guard index < end else { throw error(.unexpectedEnd) }
    return bytes[index]
  }

  private mutating func skipWhitespace() {
    while index < end {
      switch bytes[index] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        index &+= 1
      default: return
      }
    }
  }

  private mutating func expect(
    _ word: StaticString, orElse reason: JSONError.Reason
  ) throws(JSONError) {
    let last = index &+ word.utf8CodeUnitCount
    guard last <= end, Self.equals(bytes.span.extracting(index..<last), word) else {
      throw JSONError(reason: reason, offset: index &- start)
    }
    index = last
  }
}
