/// How often something happened, and when it did last.
package struct Occurrences: Sendable, Equatable {
  /// How often.
  package private(set) var count = 0
  /// When it happened last, in milliseconds since 1970; nil when it never did.
  package private(set) var lastAt: Int64?

  /// Counts one more.
  mutating func add(at time: Int64) {
    count &+= 1
    lastAt = time
  }
}
