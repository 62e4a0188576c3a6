import JSON

/// How a message is read from JSON: its fields by their two names, and where their values go.
///
///     struct GetGroupStatusRequest { var cluster = "", group = "", maximumAge: ProtoDuration? }
///     static let schema = MessageSchema(
///       GetGroupStatusRequest(),
///       [
///         .field("cluster", \.cluster, .string),
///         .field("group", \.group, .string),
///         .field("maximumAge", \.maximumAge, .duration, proto: "maximum_age"),
///       ])
///
/// Fields are known by their lowerCamelCase name and by the one of the proto file. `null` leaves a
/// field unset; unknown fields are checked and skipped; a field that is there twice is refused.
package struct MessageSchema<Message: Sendable>: Sendable {
  /// The most elements of one array.
  package static var maximumElements: Int { 4_096 }
  /// The most fields of one message.
  package static var maximumFields: Int { 64 }

  /// A field of the message.
  package struct Field: Sendable {
    let jsonName: StaticString
    let protoName: StaticString
    let read: @Sendable (inout JSONReader, inout Message) throws(ProtoJSONError) -> Void
  }

  /// A message without a field set.
  let empty: Message
  private let fields: [Field]

  /// Makes a schema.
  ///
  /// - Parameters:
  ///   - empty: the message as it is when no field is set.
  ///   - fields: at most `maximumFields`.
  package init(_ empty: Message, _ fields: [Field]) {
    precondition(fields.count <= Self.maximumFields, "more fields than are told apart")
    self.empty = empty
    self.fields = fields
  }

  /// Reads a message from its whole text.
  package func read(_ text: ArraySlice<UInt8>) throws(ProtoJSONError) -> Message {
    guard !text.isEmpty else { throw ProtoJSONError(.emptyMessage) }
    // No copy if the slice is all there is, as that of a unary call is.
    var reader = JSONReader(Array(text))
    var message = empty
    try read(from: &reader, into: &message)
    do throws(JSONError) { try reader.finish() } catch { throw ProtoJSONError(error) }
    return message
  }

  /// Reads the object that comes next.
  func read(
    from reader: inout JSONReader, into message: inout Message
  ) throws(ProtoJSONError) {
    // One bit for each field that was there.
    var seen: UInt64 = 0
    try Self.begin(&reader)
    while try Self.nextKey(&reader) {
      let offset = reader.position
      let place = fields.firstIndex {
        reader.isKey($0.jsonName) || reader.isKey($0.protoName)
      }
      guard let place else {
        do throws(JSONError) { try reader.skipValue() } catch { throw ProtoJSONError(error) }
        continue
      }
      guard seen & 1 << UInt64(place) == 0 else {
        throw ProtoJSONError(.duplicateField, offset: offset).inside(fields[place].jsonName)
      }
      seen |= 1 << UInt64(place)
      do throws(ProtoJSONError) {
        if try reader.isNull() { continue }
        try fields[place].read(&reader, &message)
      } catch {
        throw error.inside(fields[place].jsonName)
      }
    }
  }

  private static func begin(_ reader: inout JSONReader) throws(ProtoJSONError) {
    do throws(JSONError) { try reader.beginObject() } catch { throw ProtoJSONError(error) }
  }

  private static func nextKey(_ reader: inout JSONReader) throws(ProtoJSONError) -> Bool {
    do throws(JSONError) { return try reader.nextKey() } catch { throw ProtoJSONError(error) }
  }
}

extension MessageSchema.Field {
  /// A field that has its default value when it is not set.
  ///
  /// - Parameters:
  ///   - jsonName: the name in JSON, in lowerCamelCase.
  ///   - path: where the value goes.
  ///   - value: how it is read.
  ///   - protoName: the name in the proto file; nil if it is the same.
  package static func field<Value>(
    _ jsonName: StaticString, _ path: any WritableKeyPath<Message, Value> & Sendable,
    _ value: ProtoValue<Value>, proto protoName: StaticString? = nil
  ) -> Self {
    Self(jsonName: jsonName, protoName: protoName ?? jsonName) {
      (reader, message) throws(ProtoJSONError) in
      if let value = try value.read(&reader) { message[keyPath: path] = value }
    }
  }

  /// A field of which it counts whether it is set: a message, or one marked `optional`.
  package static func field<Value>(
    _ jsonName: StaticString, _ path: any WritableKeyPath<Message, Value?> & Sendable,
    _ value: ProtoValue<Value>, proto protoName: StaticString? = nil
  ) -> Self {
    Self(jsonName: jsonName, protoName: protoName ?? jsonName) {
      (reader, message) throws(ProtoJSONError) in
      if let value = try value.read(&reader) { message[keyPath: path] = value }
    }
  }

  /// A repeated field: an array, in which `null` is no element.
  package static func repeated<Value>(
    _ jsonName: StaticString, _ path: any WritableKeyPath<Message, [Value]> & Sendable,
    _ value: ProtoValue<Value>, proto protoName: StaticString? = nil
  ) -> Self {
    Self(jsonName: jsonName, protoName: protoName ?? jsonName) {
      (reader, message) throws(ProtoJSONError) in
      message[keyPath: path] = try reader.elements(of: value)
    }
  }
}

extension JSONReader {
  /// Reads `null` if that comes next.
  fileprivate mutating func isNull() throws(ProtoJSONError) -> Bool {
    do throws(JSONError) { return try readNull() } catch { throw ProtoJSONError(error) }
  }

  fileprivate mutating func elements<Value>(
    of value: ProtoValue<Value>
  ) throws(ProtoJSONError) -> [Value] {
    var elements: [Value] = []
    do throws(JSONError) { try beginArray() } catch { throw ProtoJSONError(error) }
    while true {
      do throws(JSONError) {
        guard try nextElement() else { return elements }
      } catch {
        throw ProtoJSONError(error)
      }
      let offset = position
      if try isNull() { throw ProtoJSONError(.nullElement, offset: offset) }
      guard elements.count < MessageSchema<Value>.maximumElements else {
        throw ProtoJSONError(.tooManyElements, offset: offset)
      }
      if let element = try value.read(&self) { elements.append(element) }
    }
  }
}
