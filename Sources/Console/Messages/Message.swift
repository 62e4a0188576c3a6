package import JSON

/// A message of the RPC (`proto-json/vole/v1`), as protobuf's JSON mapping writes it.
///
/// Fields that are not known here are read over, so that a newer agent can be asked too.
package protocol Message: Sendable {
  /// A message without any field.
  init()

  /// Reads the value of the field that `reader` stands at; returns whether the field is known.
  mutating func readField(_ reader: inout JSONReader) throws(JSONError) -> Bool
}

extension Message {
  /// Reads a text that is one message.
  package init(parsing content: [UInt8]) throws(AnswerError) {
    do throws(JSONError) {
      var reader = JSONReader(content)
      self = try Self(reading: &reader)
      try reader.finish()
    } catch { throw AnswerError("the answer is not as expected: \(error)") }
  }

  /// Reads the message that a reader stands at.
  package init(reading reader: inout JSONReader) throws(JSONError) {
    self.init()
    try reader.beginObject()
    while try reader.nextKey() {
      // A null is a field that is not set.
      if try reader.readNull() { continue }
      if try !readField(&reader) { try reader.skipValue() }
    }
  }
}

extension JSONReader {
  /// Reads an array of messages.
  mutating func readMessages<Element: Message>() throws(JSONError) -> [Element] {
    var messages: [Element] = []
    try beginArray()
    while try nextElement() { messages.append(try Element(reading: &self)) }
    return messages
  }

  /// Reads an array of strings.
  mutating func readStrings() throws(JSONError) -> [String] {
    var strings: [String] = []
    try beginArray()
    while try nextElement() { strings.append(try readString()) }
    return strings
  }

  /// Reads a whole number, which is a string where it has 64 bits.
  mutating func readInteger<Number: FixedWidthInteger>() throws(JSONError) -> Number {
    let place = position
    guard try peek() == .string else {
      if Number.isSigned {
        guard let number = Number(exactly: try readInt64()) else {
          throw JSONError(reason: .outOfRange, offset: place)
        }
        return number
      }
      guard let number = Number(exactly: try readUInt64()) else {
        throw JSONError(reason: .outOfRange, offset: place)
      }
      return number
    }
    guard let number = Number(try readString()) else {
      throw JSONError(reason: .expectedNumber, offset: place)
    }
    return number
  }

  /// Reads a number, which is a string where it is not finite.
  mutating func readNumber() throws(JSONError) -> Double {
    let place = position
    guard try peek() == .string else { return try readDouble() }
    switch try readString() {
    case "NaN": return .nan
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    default: throw JSONError(reason: .expectedNumber, offset: place)
    }
  }

  /// Reads the name of an enum's value; a number, as of a value without a name, gives its digits.
  mutating func readEnum() throws(JSONError) -> String {
    try peek() == .string ? try readString() : "\(try readInt64())"
  }
}
