package import JSON
import LagCore

/// Answers each window, given as a JSON object, with its verdict.
///
/// In: `{"id","now","allowedLag","minimumComplete","currentLag","offsets":[null or
/// {"offset","timestamp","lag"}],"brokerOffsets":[…]}`. Out: `{"id","status","complete","rule"}`.
/// `id` is any JSON value and is given back as it was written, null when there is none. Empty lines
/// have no answer.
package struct EvaluateFilter: LineFilter {
  private var window = WindowInput()
  private var hasNow = false
  private var hasCurrentLag = false
  private var hasOffsets = false
  /// Where the text of `id` stands.
  private var id: Range<Int>?

  /// Makes a filter; it keeps nothing from line to line.
  package init() {}

  /// Answers a window with its verdict.
  package mutating func answer(
    _ bytes: [UInt8], _ range: Range<Int>, at place: LinePlace, into output: inout JSONWriter
  ) -> LineProblem? {
    if isBlank(bytes, range) { return nil }
    do throws(LineProblem) {
      try read(bytes, range)
    } catch {
      return error
    }
    let verdict = window.evaluate()
    output.beginObject()
    if let id {
      output.key("id")
      output.value(json: bytes.span.extracting(id))
    } else {
      output.nullField("id")
    }
    output.field("status", verbatim: verdict.status.name)
    output.field("complete", verdict.complete)
    output.field("rule", verbatim: verdict.rule.name)
    output.endObject()
    output.newline()
    return nil
  }

  private mutating func read(_ bytes: [UInt8], _ range: Range<Int>) throws(LineProblem) {
    window.reset()
    (hasNow, hasCurrentLag, hasOffsets, id) = (false, false, false, nil)
    var reader = JSONReader(bytes, in: range)
    do throws(JSONError) {
      try reader.beginObject()
      while try reader.nextKey() {
        try readMember(&reader, lineStart: range.lowerBound)
      }
      try reader.finish()
    } catch {
      throw LineProblem("not the JSON of a window: \(error)")
    }
    guard hasNow else { throw LineProblem("\"now\" is missing") }
    guard hasCurrentLag else { throw LineProblem("\"currentLag\" is missing") }
    guard hasOffsets else { throw LineProblem("\"offsets\" is missing") }
  }

  private mutating func readMember(
    _ reader: inout JSONReader, lineStart: Int
  ) throws(JSONError) {
    if reader.isKey("id") {
      _ = try reader.peek()
      let start = lineStart + reader.position
      try reader.skipValue()
      id = start..<(lineStart + reader.position)
    } else if reader.isKey("now") {
      window.now = try reader.readInt64()
      hasNow = true
    } else if reader.isKey("allowedLag") {
      window.allowedLag = try reader.readUInt64()
    } else if reader.isKey("minimumComplete") {
      window.minimumComplete = try reader.readDouble()
    } else if reader.isKey("currentLag") {
      window.currentLag = try reader.readUInt64()
      hasCurrentLag = true
    } else if reader.isKey("offsets") {
      // A list without elements may be null, as Go writes one.
      window.slots.removeAll(keepingCapacity: true)
      hasOffsets = true
      if try reader.readNull() { return }
      try reader.beginArray()
      while try reader.nextElement() { window.slots.append(try Self.readSlot(&reader)) }
    } else if reader.isKey("brokerOffsets") {
      window.heads.removeAll(keepingCapacity: true)
      if try reader.readNull() { return }
      try reader.beginArray()
      while try reader.nextElement() { window.heads.append(try reader.readInt64()) }
    } else {
      try reader.skipValue()
    }
  }

  private static func readSlot(_ reader: inout JSONReader) throws(JSONError) -> WindowSlot? {
    if try reader.readNull() { return nil }
    let start = reader.position
    var offset: Int64?
    var timestamp: Int64?
    var lag: UInt64?
    try reader.beginObject()
    while try reader.nextKey() {
      if reader.isKey("offset") {
        offset = try reader.readInt64()
      } else if reader.isKey("timestamp") {
        timestamp = try reader.readInt64()
      } else if reader.isKey("lag") {
        lag = try reader.readNull() ? nil : reader.readUInt64()
      } else {
        try reader.skipValue()
      }
    }
    guard let offset, let timestamp else {
      throw JSONError(reason: .missingMember, offset: start)
    }
    return WindowSlot(offset: offset, timestamp: timestamp, lag: lag)
  }
}

/// Whether a line holds nothing but white space.
func isBlank(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
  for index in range where bytes[index] != UInt8(ascii: " ") && bytes[index] != UInt8(ascii: "\t") {
    return false
  }
  return true
}
