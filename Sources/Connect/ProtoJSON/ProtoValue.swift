import HTTPServer
import JSON

/// How a value of a protobuf type is read from JSON (the canonical JSON mapping of protobuf).
///
/// `null` is dealt with by who asks: it means that a field is not set.
package struct ProtoValue<Value: Sendable>: Sendable {
  /// Reads the value; nil if the field shall stay as it is.
  let read: @Sendable (inout JSONReader) throws(ProtoJSONError) -> Value?
}

extension ProtoValue where Value == String {
  /// `string`.
  package static var string: Self {
    Self { (reader) throws(ProtoJSONError) in
      do throws(JSONError) { return try reader.readString() } catch { throw ProtoJSONError(error) }
    }
  }
}

extension ProtoValue where Value == Bool {
  /// `bool`.
  package static var bool: Self {
    Self { (reader) throws(ProtoJSONError) in
      do throws(JSONError) { return try reader.readBool() } catch { throw ProtoJSONError(error) }
    }
  }
}

extension ProtoValue where Value == [UInt8] {
  /// `bytes`: base64 of either alphabet, with the padding or without.
  package static var bytes: Self {
    Self { (reader) throws(ProtoJSONError) in
      let (text, offset) = try reader.stringBytes()
      guard let bytes = Base64.decoded(text.span) else {
        throw ProtoJSONError(.badBytes, offset: offset)
      }
      return bytes
    }
  }
}

extension ProtoValue where Value == ProtoDuration {
  /// `google.protobuf.Duration`.
  package static var duration: Self {
    Self { (reader) throws(ProtoJSONError) in
      let (text, offset) = try reader.stringBytes()
      guard let duration = ProtoDuration(text.span) else {
        throw ProtoJSONError(.badDuration, offset: offset)
      }
      return duration
    }
  }
}

extension ProtoValue where Value == Int64 {
  /// `int64`, `sint64`, `sfixed64`: a number or a string of one, without loss.
  package static var int64: Self {
    Self { (reader) throws(ProtoJSONError) in
      try reader.number { (reader) throws(JSONError) in try reader.readInt64() }
    }
  }
}

extension ProtoValue where Value == UInt64 {
  /// `uint64`, `fixed64`: a number or a string of one, without loss.
  package static var uint64: Self {
    Self { (reader) throws(ProtoJSONError) in
      try reader.number { (reader) throws(JSONError) in try reader.readUInt64() }
    }
  }
}

extension ProtoValue where Value == UInt32 {
  /// `uint32`, `fixed32`: a number or a string of one.
  package static var uint32: Self {
    Self { (reader) throws(ProtoJSONError) in
      try reader.number { (reader) throws(JSONError) in
        let place = reader.position
        guard let value = UInt32(exactly: try reader.readUInt64()) else {
          throw JSONError(reason: .outOfRange, offset: place)
        }
        return value
      }
    }
  }
}

extension ProtoValue where Value == Int32 {
  /// `int32`, `sint32`, `sfixed32`: a number or a string of one.
  package static var int32: Self {
    Self { (reader) throws(ProtoJSONError) in
      try reader.number { (reader) throws(JSONError) in try reader.readInt32() }
    }
  }

  /// An enum: one of its names, or any number of 32 bits.
  ///
  /// A name that the schema does not have leaves the field unset, as every unknown field does.
  ///
  /// - Parameter names: all names with their numbers.
  package static func enumeration(_ names: [(StaticString, Int32)]) -> Self {
    let known = names.map { (name: Array("\($0.0)".utf8), number: $0.1) }
    return Self { (reader) throws(ProtoJSONError) in
      guard try reader.isString() else {
        return try reader.number { (reader) throws(JSONError) in try reader.readInt32() }
      }
      let text = try reader.stringBytes().text
      return known.first { $0.name == text }?.number
    }
  }
}

extension ProtoValue {
  /// A message.
  package static func message(_ schema: MessageSchema<Value>) -> Self {
    Self { (reader) throws(ProtoJSONError) in
      var message = schema.empty
      try schema.read(from: &reader, into: &message)
      return message
    }
  }
}

extension JSONReader {
  /// Whether a string comes next.
  fileprivate mutating func isString() throws(ProtoJSONError) -> Bool {
    do throws(JSONError) { return try peek() == .string } catch { throw ProtoJSONError(error) }
  }

  /// The bytes of a string, and where it began.
  fileprivate mutating func stringBytes() throws(ProtoJSONError) -> (text: [UInt8], offset: Int) {
    var text: [UInt8] = []
    do throws(JSONError) {
      _ = try peek()
      let offset = position
      try readString(into: &text)
      return (text, offset)
    } catch {
      throw ProtoJSONError(error)
    }
  }

  /// Reads a number, or a string that holds a number and nothing else.
  fileprivate mutating func number<Number>(
    _ read: (inout JSONReader) throws(JSONError) -> Number
  ) throws(ProtoJSONError) -> Number {
    guard try isString() else {
      do throws(JSONError) { return try read(&self) } catch { throw ProtoJSONError(error) }
    }
    let (text, offset) = try stringBytes()
    // JSON's grammar allows white space around a number; a string does not.
    guard let first = text.first, let last = text.last, ASCII.isDigit(last),
      ASCII.isDigit(first) || first == UInt8(ascii: "-")
    else { throw ProtoJSONError(.badNumber, offset: offset) }
    var inner = JSONReader(text)
    do throws(JSONError) {
      let value = try read(&inner)
      try inner.finish()
      return value
    } catch {
      let isNumber = error.reason == .outOfRange || error.reason == .notAnInteger
      throw ProtoJSONError(isNumber ? .json(error.reason) : .badNumber, offset: offset)
    }
  }
}
