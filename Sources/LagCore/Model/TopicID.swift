/// The identifier that a topic has from its creation to its deletion (KIP-516).
///
/// A topic that is deleted and created again has the same name and another identifier.
package struct TopicID: Sendable, Equatable {
  /// The first eight bytes, big-endian.
  package let high: UInt64
  /// The last eight bytes, big-endian.
  package let low: UInt64

  /// The identifier that Kafka writes where there is none (`Uuid.ZERO_UUID`).
  package static let none = TopicID(high: 0, low: 0)

  /// An identifier of sixteen bytes, as two big-endian halves.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  @inline(__always)
  package static func == (left: TopicID, right: TopicID) -> Bool {
    (left.high ^ right.high) | (left.low ^ right.low) == 0
  }
}
