/// Writes JSON text straight into one growing byte buffer, without an intermediate tree.
///
/// The buffer is meant to be reused: `clear()` keeps its capacity, so a writer that has grown once
/// allocates nothing per value. Commas and colons are the writer's business; the caller opens and
/// closes objects and arrays in pairs. No white space is written, as with Go's `json.Marshal`.
package struct JSONWriter: ~Copyable {
  /// Which characters of a string are written as escapes.
  package enum Escaping: Sendable {
    /// Only what RFC 8259 section 7 demands: `"`, `\` and the control characters below U+0020.
    ///
    /// Bytes that are not UTF-8 become U+FFFD, one per maximal ill-formed subpart (Unicode 3.9),
    /// which is also what Java's decoder does.
    case minimal
    /// What Go's `json.Marshal` escapes, byte for byte (encoding/json, `appendString`).
    ///
    /// On top of `minimal`: `<`, `>`, `&`, U+2028 and U+2029 as `\u003c` and so on, and each byte
    /// that is not UTF-8 as the six characters `\ufffd`. Burrow's API is written with it.
    case html
  }

  /// The text written so far.
  package internal(set) var bytes: [UInt8]
  /// How strings and names are escaped.
  package let escaping: Escaping
  /// Whether the next value of the open container needs a comma before it.
  var needsComma = false

  /// Makes a writer with an empty buffer.
  ///
  /// - Parameters:
  ///   - escaping: How strings are escaped.
  ///   - capacity: Bytes to reserve at once.
  package init(escaping: Escaping = .minimal, capacity: Int = 256) {
    self.escaping = escaping
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Makes a writer that appends to a buffer which the caller already holds.
  ///
  /// - Parameters:
  ///   - bytes: The text so far; what is written follows it.
  ///   - escaping: How strings are escaped.
  package init(appendingTo bytes: consuming [UInt8], escaping: Escaping = .minimal) {
    self.escaping = escaping
    self.bytes = bytes
  }

  /// Ends writing and gives the buffer back.
  package consuming func finish() -> [UInt8] { bytes }

  /// Forgets the text and keeps the buffer's capacity.
  package mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  /// Ends a line of JSON Lines output; the next value starts a text of its own.
  package mutating func newline() {
    bytes.append(UInt8(ascii: "\n"))
    needsComma = false
  }

  // MARK: Containers

  /// Opens an object, as a value of the container around it.
  package mutating func beginObject() { open(UInt8(ascii: "{")) }
  /// Closes the innermost object.
  package mutating func endObject() { close(UInt8(ascii: "}")) }
  /// Opens an array, as a value of the container around it.
  package mutating func beginArray() { open(UInt8(ascii: "[")) }
  /// Closes the innermost array.
  package mutating func endArray() { close(UInt8(ascii: "]")) }

  private mutating func open(_ bracket: UInt8) {
    open(bracket, comma: needsComma)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  // MARK: Names

  /// Writes a member's name that needs no escapes, known when the program is built.
  package mutating func key(_ name: StaticString) {
    let comma = needsComma
    needsComma = false
    // SAFETY: `writeKey` writes at most `keyRoom` bytes more than the name has.
    unsafe append(atMost: name.utf8CodeUnitCount &+ Self.keyRoom) { start in
      unsafe Self.writeKey(name, comma: comma, at: start) - start
    }
  }

  /// Writes a member's name, escaped.
  package mutating func key(string name: String) {
    separate()
    appendString(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a member's name from raw bytes, escaped.
  package mutating func key(_ name: Span<UInt8>) {
    separate()
    appendString(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  // MARK: Values

  /// Writes `null`.
  package mutating func null() {
    separate()
    appendVerbatim("null")
    needsComma = true
  }

  /// Writes `true` or `false`.
  package mutating func value(_ value: Bool) {
    separate()
    appendVerbatim(value ? "true" : "false")
    needsComma = true
  }

  /// Writes an integer in full, never as a string or in exponent form.
  package mutating func value(_ value: Int64) {
    appendInteger(negative: value < 0, value.magnitude)
  }

  /// Writes an integer in full, never as a string or in exponent form.
  package mutating func value(_ value: UInt64) {
    appendInteger(negative: false, value)
  }

  /// Writes an integer in full.
  package mutating func value(_ value: Int32) { self.value(Int64(value)) }

  /// Writes an integer in full.
  package mutating func value(_ value: Int) { self.value(Int64(value)) }

  /// Writes a float32 as Go's encoding/json does: the shortest digits that read back the same.
  ///
  /// Exponent form below 1e-6 and from 1e21 on. What JSON cannot say (NaN, infinities) is `null`.
  package mutating func value(_ value: Float) {
    separate()
    appendShortest(value)
    needsComma = true
  }

  /// Writes a float64 as Go's encoding/json does: the shortest digits that read back the same.
  ///
  /// Exponent form below 1e-6 and from 1e21 on. What JSON cannot say (NaN, infinities) is `null`.
  package mutating func value(_ value: Double) {
    separate()
    appendShortest(value)
    needsComma = true
  }

  /// Writes a string, escaped.
  package mutating func value(_ value: String) {
    separate()
    appendString(value)
    needsComma = true
  }

  /// Writes a string from raw bytes, escaped; bytes that are not UTF-8 are replaced.
  package mutating func value(_ value: Span<UInt8>) {
    separate()
    appendString(value)
    needsComma = true
  }

  /// Writes a string that needs no escapes, known when the program is built.
  package mutating func value(verbatim value: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    appendVerbatim(value)
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// Writes a value that is JSON text already, trusted as it stands.
  package mutating func value(json text: Span<UInt8>) {
    separate()
    appendVerbatim(text)
    needsComma = true
  }

  /// Writes a value as JSON text that `write` puts together, trusted as it stands.
  ///
  /// - Parameters:
  ///   - capacity: The most bytes that `write` may append.
  ///   - write: Appends the text; see the pieces of `OutputSpan`.
  package mutating func value(
    atMost capacity: Int, _ write: (inout OutputSpan<UInt8>) -> Void
  ) {
    separate()
    bytes.append(addingCapacity: capacity, initializingWith: write)
    needsComma = true
  }

  /// Goes on with the text of the value before, as `write` puts it together.
  ///
  /// - Parameters:
  ///   - capacity: The most bytes that `write` may append.
  ///   - write: Appends the text.
  package mutating func continuation(
    atMost capacity: Int, _ write: (inout OutputSpan<UInt8>) -> Void
  ) {
    bytes.append(addingCapacity: capacity, initializingWith: write)
  }

  /// Goes on with text that has been written before and stands at `range` of `bytes`.
  package mutating func continuation(repeating range: Range<Int>) {
    guard range.lowerBound >= 0, range.upperBound <= bytes.count else { return }
    let distance = bytes.count &- range.lowerBound
    // SAFETY: the range lies within the bytes that are there, behind which `append` makes room.
    unsafe append(atMost: range.count) { start in
      unsafe start.update(from: start - distance, count: range.count)
      return range.count
    }
  }

  /// Writes text that is no JSON at all, for lines that mix both.
  package mutating func raw(_ text: StaticString) { appendVerbatim(text) }

  // MARK: Plumbing

  private mutating func appendInteger(negative: Bool, _ magnitude: UInt64) {
    let comma = needsComma
    needsComma = true
    // SAFETY: one byte for the comma, the rest is what `writeInteger` says.
    unsafe append(atMost: Self.integerRoom &+ 1) { start in
      unsafe start.pointee = UInt8(ascii: ",")
      let value = unsafe start + (comma ? 1 : 0)
      return unsafe Self.writeInteger(negative: negative, magnitude, at: value) - start
    }
  }

  private mutating func open(_ bracket: UInt8, comma: Bool) {
    // SAFETY: two bytes at most.
    unsafe append(atMost: 2) { start in
      unsafe start.pointee = UInt8(ascii: ",")
      let place = unsafe start + (comma ? 1 : 0)
      unsafe place.pointee = bracket
      return unsafe place + 1 - start
    }
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }
}

extension JSONWriter {
  /// Writes a member whose value is a string.
  package mutating func field(_ name: StaticString, _ value: String) {
    field(name, value.utf8.span)
  }

  /// Writes a member whose value is a string of raw bytes.
  package mutating func field(_ name: StaticString, _ value: Span<UInt8>) {
    let comma = needsComma
    needsComma = true
    let html = escaping == .html
    var plain = 0
    unsafe value.withUnsafeBufferPointer { source in
      let room = name.utf8CodeUnitCount &+ Self.keyRoom &+ source.count &+ 2
      // SAFETY: the room is the sum of what the two functions say they write at most.
      unsafe append(atMost: room) { start in
        let mark = unsafe Self.writeKey(name, comma: comma, at: start)
        return unsafe Self.writePlain(source, at: mark, html: html, plain: &plain) - start
      }
    }
    if plain < value.count { appendRest(of: value, from: plain) }
  }

  /// Writes a member whose value is a string that needs no escapes.
  package mutating func field(_ name: StaticString, verbatim value: StaticString) {
    key(name)
    self.value(verbatim: value)
  }

  // Names and integers make up most of a status; they are written in one go.
  private mutating func appendField(_ name: StaticString, negative: Bool, magnitude: UInt64) {
    let comma = needsComma
    needsComma = true
    let room = name.utf8CodeUnitCount &+ Self.keyRoom &+ Self.integerRoom
    // SAFETY: the room is the sum of what the two functions say they write at most.
    unsafe append(atMost: room) { start in
      let value = unsafe Self.writeKey(name, comma: comma, at: start)
      return unsafe Self.writeInteger(negative: negative, magnitude, at: value) - start
    }
  }

  /// Writes a member whose value is an integer.
  package mutating func field(_ name: StaticString, _ value: Int64) {
    appendField(name, negative: value < 0, magnitude: value.magnitude)
  }

  /// Writes a member whose value is an integer.
  package mutating func field(_ name: StaticString, _ value: UInt64) {
    appendField(name, negative: false, magnitude: value)
  }

  /// Writes a member whose value is an integer.
  package mutating func field(_ name: StaticString, _ value: Int32) {
    field(name, Int64(value))
  }

  /// Writes a member whose value is an integer.
  package mutating func field(_ name: StaticString, _ value: Int) {
    field(name, Int64(value))
  }

  /// Writes a member whose value is an integer as a string of its digits.
  ///
  /// ProtoJSON's form of 64-bit integers: JavaScript's numbers end at 53 bits.
  package mutating func field(_ name: StaticString, decimalString value: Int64) {
    appendDigits(name, negative: value < 0, magnitude: value.magnitude)
  }

  /// Writes a member whose value is an integer as a string of its digits, as above.
  package mutating func field(_ name: StaticString, decimalString value: UInt64) {
    appendDigits(name, negative: false, magnitude: value)
  }

  private mutating func appendDigits(_ name: StaticString, negative: Bool, magnitude: UInt64) {
    let comma = needsComma
    needsComma = true
    let room = name.utf8CodeUnitCount &+ Self.keyRoom &+ Self.integerRoom &+ 2
    // SAFETY: the room is what the two functions say they write at most, and two quotation marks.
    unsafe append(atMost: room) { start in
      let mark = unsafe Self.writeKey(name, comma: comma, at: start)
      unsafe mark.pointee = UInt8(ascii: "\"")
      let end = unsafe Self.writeInteger(negative: negative, magnitude, at: mark + 1)
      unsafe end.pointee = UInt8(ascii: "\"")
      return unsafe end + 1 - start
    }
  }

  /// Writes a member whose value is a truth value.
  package mutating func field(_ name: StaticString, _ value: Bool) {
    key(name)
    self.value(value)
  }

  /// Writes a member whose value is a float32, see `value(_:)`.
  package mutating func field(_ name: StaticString, _ value: Float) {
    key(name)
    self.value(value)
  }

  /// Writes a member whose value is a float64, see `value(_:)`.
  package mutating func field(_ name: StaticString, _ value: Double) {
    key(name)
    self.value(value)
  }

  /// Writes a member whose value is `null`.
  package mutating func nullField(_ name: StaticString) {
    key(name)
    null()
  }
}
