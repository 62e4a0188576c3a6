package import JSON

/// What is wrong with a message in JSON, in which field and at which byte.
package struct ProtoJSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong.
  package enum Problem: Equatable, Sendable {
    /// The text is no JSON, or a value is of another kind than the field.
    case json(JSONError.Reason)
    /// There is no text at all.
    case emptyMessage
    /// The field is there twice, possibly once under each of its names.
    case duplicateField
    /// `null` stands in an array.
    case nullElement
    /// An array has more than `MessageSchema.maximumElements`.
    case tooManyElements
    /// A string does not hold a number and nothing else.
    case badNumber
    /// A string is no base64.
    case badBytes
    /// A string is no duration such as `1.5s`, or too long a one.
    case badDuration
  }

  /// What is wrong.
  package let problem: Problem
  /// The fields that lead there, as `outer.inner`; empty at the top.
  package var path: String
  /// The byte where it was noticed, from the beginning of the text.
  package let offset: Int

  /// Makes an error.
  package init(_ problem: Problem, path: String = "", offset: Int = 0) {
    self.problem = problem
    self.path = path
    self.offset = offset
  }

  init(_ error: JSONError) {
    self.init(.json(error.reason), offset: error.offset)
  }

  /// The same one level further out.
  func inside(_ name: StaticString) -> ProtoJSONError {
    ProtoJSONError(
      problem, path: path.isEmpty ? "\(name)" : "\(name).\(path)", offset: offset)
  }

  /// A sentence, such as `field "group": expected a string at byte 10`.
  package var description: String {
    if problem == .emptyMessage { return "zero-length payload is not a valid JSON object" }
    let place = path.isEmpty ? "" : "field \"\(path)\": "
    return "\(place)\(text) at byte \(offset)"
  }

  private var text: String {
    switch problem {
    case .json(let reason): JSONError(reason: reason, offset: offset).reasonText
    case .emptyMessage: "no text"
    case .duplicateField: "the field is repeated"
    case .nullElement: "null in an array"
    case .tooManyElements: "too many elements"
    case .badNumber: "expected a number"
    case .badBytes: "expected base64"
    case .badDuration: "expected a duration such as \"1.5s\""
    }
  }
}
