package import JSON
import LagCore

/// Answers each window, given in the compact text form, with its verdict.
///
/// In: `now allowedLag minimumComplete currentLag;slot slot …;head head …`, a slot being `~` when
/// empty or `offset,timestamp,lag` with the lag `-` when unknown. Out: `STATUS COMPLETE`. Anything
/// after a tab is ignored. Empty lines have no answer.
package struct CompactEvaluateFilter: LineFilter {
  private var window = WindowInput()

  /// Makes a filter; it keeps nothing from line to line.
  package init() {}

  /// Answers a window with its verdict.
  package mutating func answer(
    _ bytes: [UInt8], _ range: Range<Int>, at place: LinePlace, into output: inout JSONWriter
  ) -> LineProblem? {
    let tab = bytes[range].firstIndex(of: UInt8(ascii: "\t")) ?? range.upperBound
    let text = range.lowerBound..<tab
    if isBlank(bytes, text) { return nil }
    do throws(LineProblem) {
      try read(bytes, text)
    } catch {
      return error
    }
    let verdict = window.evaluate()
    output.raw(verdict.status.name)
    output.raw(" ")
    output.value(verdict.complete)
    output.newline()
    return nil
  }

  private mutating func read(_ bytes: [UInt8], _ range: Range<Int>) throws(LineProblem) {
    window.reset()
    var fields = CompactFields(bytes, range)
    window.now = try fields.int64("now")
    window.allowedLag = try fields.uint64("allowedLag")
    window.minimumComplete = try fields.double("minimumComplete")
    window.currentLag = try fields.uint64("currentLag")
    try fields.semicolon("the slots")
    while fields.hasMore { window.slots.append(try fields.slot()) }
    try fields.semicolon("the heads")
    while fields.hasMore { window.heads.append(try fields.int64("head")) }
    try fields.endOfLine()
  }
}

/// Walks through the fields of a compact line, which spaces divide.
private struct CompactFields {
  private let bytes: [UInt8]
  private let start: Int
  private let end: Int
  private var index: Int

  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    start = range.lowerBound
    end = range.upperBound
    index = start
  }

  /// Whether another field stands before the next semicolon.
  var hasMore: Bool {
    mutating get {
      skipSpaces()
      return index < end && bytes[index] != UInt8(ascii: ";")
    }
  }

  mutating func semicolon(_ what: String) throws(LineProblem) {
    skipSpaces()
    guard index < end, bytes[index] == UInt8(ascii: ";") else {
      throw problem("expected ';' before \(what)")
    }
    index += 1
  }

  mutating func endOfLine() throws(LineProblem) {
    skipSpaces()
    guard index == end else { throw problem("expected the end of the line") }
  }

  mutating func int64(_ name: String) throws(LineProblem) -> Int64 {
    skipSpaces()
    return try signed(name)
  }

  mutating func uint64(_ name: String) throws(LineProblem) -> UInt64 {
    skipSpaces()
    return try unsigned(name)
  }

  mutating func double(_ name: String) throws(LineProblem) -> Double {
    skipSpaces()
    let first = index
    while index < end, bytes[index] != UInt8(ascii: " "), bytes[index] != UInt8(ascii: ";") {
      index += 1
    }
    do throws(JSONError) {
      var reader = JSONReader(bytes, in: first..<index)
      let value = try reader.readDouble()
      try reader.finish()
      return value
    } catch {
      index = first
      throw problem("expected a number as \(name)")
    }
  }

  mutating func slot() throws(LineProblem) -> WindowSlot? {
    skipSpaces()
    if index < end, bytes[index] == UInt8(ascii: "~") {
      index += 1
      try endOfField("slot")
      return nil
    }
    let offset = try signed("offset", ending: UInt8(ascii: ","))
    index += 1
    let timestamp = try signed("timestamp", ending: UInt8(ascii: ","))
    index += 1
    if index < end, bytes[index] == UInt8(ascii: "-") {
      index += 1
      try endOfField("lag")
      return WindowSlot(offset: offset, timestamp: timestamp, lag: nil)
    }
    return WindowSlot(offset: offset, timestamp: timestamp, lag: try unsigned("lag"))
  }

  /// A whole number with or without a minus sign, up to the end of its field or to `ending`.
  private mutating func signed(
    _ name: String, ending: UInt8? = nil
  ) throws(LineProblem) -> Int64 {
    let first = index
    let isNegative = index < end && bytes[index] == UInt8(ascii: "-")
    if isNegative { index += 1 }
    let magnitude = try digits(name, from: first)
    if let ending {
      guard index < end, bytes[index] == ending else { throw problem("expected ',' after \(name)") }
    } else {
      try endOfField(name)
    }
    let limit = isNegative ? Int64.min.magnitude : Int64.max.magnitude
    guard magnitude <= limit else {
      index = first
      throw problem("\(name) is out of range")
    }
    return isNegative
      ? 0 &- Int64(truncatingIfNeeded: magnitude) : Int64(truncatingIfNeeded: magnitude)
  }

  private mutating func unsigned(_ name: String) throws(LineProblem) -> UInt64 {
    let value = try digits(name, from: index)
    try endOfField(name)
    return value
  }

  private mutating func digits(_ name: String, from first: Int) throws(LineProblem) -> UInt64 {
    let start = index
    var value: UInt64 = 0
    while index < end {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carry else {
        index = first
        throw problem("\(name) is out of range")
      }
      value = sum
      index += 1
    }
    guard index > start else { throw problem("expected a whole number as \(name)") }
    return value
  }

  private func endOfField(_ name: String) throws(LineProblem) {
    guard index < end, bytes[index] != UInt8(ascii: " "), bytes[index] != UInt8(ascii: ";") else {
      return
    }
    throw problem("unexpected character in \(name)")
  }

  private mutating func skipSpaces() {
    while index < end, bytes[index] == UInt8(ascii: " ") { index += 1 }
  }

  /// Names the place as people count columns, from 1.
  private func problem(_ clause: String) -> LineProblem {
    LineProblem("\(clause), at column \(index - start + 1)")
  }
}
