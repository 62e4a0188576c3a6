/// Why an answer is not that of an agent; a clause for a message.
package struct AnswerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The clause.
  package let description: String

  /// Says what is wrong.
  package init(_ description: String) {
    self.description = description
  }
}
