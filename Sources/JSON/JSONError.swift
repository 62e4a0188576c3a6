/// What is wrong with a JSON text, and at which byte.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong.
  package enum Reason: UInt8, Sendable {
    /// The text ends inside a value, or is empty.
    case unexpectedEnd
    /// No value begins here.
    case expectedValue
    case expectedObject
    case expectedArray
    case expectedString
    case expectedNumber
    case expectedBool
    /// A member's name, a string, is missing.
    case expectedName
    case expectedColon
    case expectedCommaOrBrace
    case expectedCommaOrBracket
    /// The value is complete and text follows it.
    case trailingText
    /// A control character below U+0020 stands unescaped in a string.
    case controlCharacter
    case badEscape
    /// One half of a surrogate pair stands alone; it is no character, so it is refused.
    case loneSurrogate
    case notUTF8
    /// A number breaks the grammar, as in `1.` or `-`.
    case badNumber
    /// A number has a fraction where a whole one is asked for.
    case notAnInteger
    /// A number does not fit the type that is asked for.
    case outOfRange
    /// An object lacks a member that its reader needs; the offset is the object's.
    case missingMember
    /// More than `JSONReader.maximumDepth` containers inside one another.
    case tooDeep
    /// More than `JSONReader.maximumBytes` of text.
    case tooLong
  }

  /// What is wrong.
  package let reason: Reason
  /// The byte where it was noticed, counted from 0 at the beginning of the text.
  package let offset: Int

  /// Makes an error for a byte of the text.
  package init(reason: Reason, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// A clause for an error message, such as `expected ':' at byte 12`.
  package var description: String { "\(reasonText) at byte \(offset)" }

  /// What is wrong, without the place.
  package var reasonText: String {
    switch reason {
    case .unexpectedEnd: "unexpected end of text"
    case .expectedValue: "expected a value"
    case .expectedObject: "expected an object"
    case .expectedArray: "expected an array"
    case .expectedString: "expected a string"
    case .expectedNumber: "expected a number"
    case .expectedBool: "expected true or false"
    case .expectedName: "expected a member name"
    case .expectedColon: "expected ':'"
    case .expectedCommaOrBrace: "expected ',' or '}'"
    case .expectedCommaOrBracket: "expected ',' or ']'"
    case .trailingText: "text after the value"
    case .controlCharacter: "unescaped control character in a string"
    case .badEscape: "bad escape in a string"
    case .loneSurrogate: "half a surrogate pair in a string"
    case .notUTF8: "bytes that are not UTF-8"
    case .badNumber: "malformed number"
    case .notAnInteger: "expected a whole number"
    case .outOfRange: "number out of range"
    case .missingMember: "object without a required member"
    case .tooDeep: "more than \(JSONReader.maximumDepth) levels"
    case .tooLong: "more than \(JSONReader.maximumBytes) bytes of text"
    }
  }
}
