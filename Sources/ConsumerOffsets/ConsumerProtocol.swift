/// What a message of the consumer protocol, embedded in another record, turned out to be.
///
/// The broker does not check embedded bytes, so they are as good as the client that sent them. One
/// member's broken bytes are kept here as a value and cost neither its other fields nor the other
/// members.
package enum Embedded<Content: Equatable & Sendable>: Equatable, Sendable {
  /// The group's protocol type is not `consumer`: the bytes follow a schema of their own.
  case otherProtocol
  /// There are no bytes: the leader gave this member nothing.
  case empty
  /// The bytes cannot be read; the position counts in the whole value.
  case malformed(DecodeError)
  /// The content.
  case decoded(Content)

  /// The content; nil in the other three cases.
  package var content: Content? {
    guard case .decoded(let content) = self else { return nil }
    return content
  }
}

/// Partitions of a topic known by its name.
package struct TopicPartitions: Equatable, Sendable {
  /// The topic, as a range of the value's bytes.
  package let topic: Range<Int>
  /// The partitions, in the order written.
  package let partitions: [Int32]
}

/// The messages that members of a classic group hand each other through the broker.
///
/// Every version from 0 on begins like version 0 and is read as such, which is what Kafka's own
/// `ConsumerProtocol` does with versions it does not know. What follows the topics (user data,
/// owned partitions, rack) is not looked at.
enum ConsumerProtocol {
  /// Whether a group's protocol type says that its members use these messages.
  static func isProtocolType(_ protocolType: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
    let word: StaticString = "consumer"
    return text(protocolType, in: bytes) == word.description
  }

  /// Reads a `ConsumerProtocolSubscription`: the topics that the member wants.
  static func subscription(
    _ range: Range<Int>, _ bytes: Span<UInt8>, _ part: DecodeError.Part
  ) -> Embedded<[Range<Int>]> {
    if range.isEmpty { return .empty }
    do throws(DecodeError) {
      var cursor = ByteCursor(range, part)
      try checkVersion(&cursor, bytes, "subscription version")
      let count = try cursor.arrayCount(bytes, "subscription topics", elementSize: 2)
      var topics: [Range<Int>] = []
      topics.reserveCapacity(count)
      for _ in 0..<count { topics.append(try cursor.string(bytes, "subscription topic")) }
      return .decoded(topics)
    } catch {
      return .malformed(error)
    }
  }

  /// Reads a `ConsumerProtocolAssignment`: the partitions that the member got.
  static func assignment(
    _ range: Range<Int>, _ bytes: Span<UInt8>, _ part: DecodeError.Part
  ) -> Embedded<[TopicPartitions]> {
    if range.isEmpty { return .empty }
    do throws(DecodeError) {
      var cursor = ByteCursor(range, part)
      try checkVersion(&cursor, bytes, "assignment version")
      let count = try cursor.arrayCount(bytes, "assignment topics", elementSize: 6)
      var assigned: [TopicPartitions] = []
      assigned.reserveCapacity(count)
      for _ in 0..<count {
        let topic = try cursor.string(bytes, "assignment topic")
        let partitions = try cursor.arrayCount(bytes, "assignment partitions", elementSize: 4)
        assigned.append(
          TopicPartitions(
            topic: topic,
            partitions: try cursor.int32s(partitions, bytes, "assignment partitions")))
      }
      return .decoded(assigned)
    } catch {
      return .malformed(error)
    }
  }

  private static func checkVersion(
    _ cursor: inout ByteCursor, _ bytes: Span<UInt8>, _ field: StaticString
  ) throws(DecodeError) {
    let start = cursor.position
    let version = try cursor.int16(bytes, field)
    guard version >= 0 else { throw cursor.error(.negativeVersion(version), field, at: start) }
  }
}
