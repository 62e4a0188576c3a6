/// Why the bytes of an `__consumer_offsets` record could not be read: what, which field, and where.
///
/// It is a plain value of integers and static text, so that a flood of broken records costs no
/// allocation; the sentence is made only when `description` is asked for.
package struct DecodeError: Error, Sendable {
  /// Which half of the record was being read.
  package enum Part: Sendable {
    case key
    case value
  }

  /// What was wrong, with the lengths in bytes and the counts in elements that the record claims.
  package enum Problem: Equatable, Sendable {
    /// A field of fixed size, or a length prefix, reaches past the end.
    case endsEarly(needed: Int, left: Int)
    /// A string or byte field claims more bytes than are left.
    case lengthExceedsBytesLeft(length: Int, left: Int)
    /// A length or count below -1, or -1 where the field cannot be null.
    case negativeLength(Int)
    /// A null string, byte field or array where Kafka's schema has none.
    case unexpectedNull
    /// A string longer than 32,767 bytes, which Kafka's readers refuse in every encoding.
    case stringTooLong(length: Int)
    /// An array claims more elements than the bytes left can hold.
    case countExceedsBytesLeft(count: Int, left: Int)
    /// An unsigned varint of more than 32 bits.
    case varintTooLong
    /// A known tagged field does not take the number of bytes that its tag announces.
    case tagSizeMismatch(size: Int, taken: Int)
    /// A version of the embedded consumer protocol below 0.
    case negativeVersion(Int16)
    /// A version of a known record type's value that no released broker writes.
    case unsupportedVersion(Int16)
  }

  /// What was wrong.
  package let problem: Problem
  /// The field in the words of Kafka's message schemas.
  package let field: StaticString
  /// The byte, counted from 0 in `part`, at which the field (its length prefix included) begins.
  package let position: Int
  /// Whether `position` counts in the key or in the value.
  package let part: Part

  /// Whether the value is merely of a version this program does not know.
  ///
  /// Such records are skipped and counted apart from malformed ones: a newer broker wrote them.
  package var isUnsupportedVersion: Bool {
    guard case .unsupportedVersion = problem else { return false }
    return true
  }

  @inline(never)
  init(_ problem: Problem, _ field: StaticString, at position: Int, in part: Part) {
    self.problem = problem
    self.field = field
    self.position = position
    self.part = part
  }
}

extension DecodeError: Equatable {
  package static func == (left: DecodeError, right: DecodeError) -> Bool {
    left.problem == right.problem && left.position == right.position && left.part == right.part
      && left.field.description == right.field.description
  }
}

extension DecodeError: CustomStringConvertible {
  /// One sentence, such as `value: metadata length 300 exceeds the 12 bytes left, at byte 14`.
  package var description: String {
    let half = part == .key ? "key" : "value"
    return "\(half): \(field) \(problem.predicate), at byte \(position)"
  }
}

extension DecodeError.Problem {
  /// The end of a sentence that begins with the name of the field.
  fileprivate var predicate: String {
    switch self {
    case .endsEarly(let needed, let left):
      "needs \(Self.bytes(needed)), \(left) left"
    case .lengthExceedsBytesLeft(let length, let left):
      "length \(length) exceeds the \(Self.bytes(left)) left"
    case .negativeLength(let length):
      "length \(length) is negative"
    case .unexpectedNull:
      "is null"
    case .stringTooLong(let length):
      "length \(length) exceeds the 32767 bytes of the longest string"
    case .countExceedsBytesLeft(let count, let left):
      "count \(count) cannot fit in the \(Self.bytes(left)) left"
    case .varintTooLong:
      "is a varint of more than 32 bits"
    case .tagSizeMismatch(let size, let taken):
      "takes \(Self.bytes(taken)) where its tag says \(size)"
    case .negativeVersion(let version):
      "\(version) is negative"
    case .unsupportedVersion(let version):
      "\(version) is not supported"
    }
  }

  private static func bytes(_ count: Int) -> String {
    count == 1 ? "1 byte" : "\(count) bytes"
  }
}
