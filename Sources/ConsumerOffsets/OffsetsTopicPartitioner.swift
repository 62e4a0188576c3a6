/// Which partition of `__consumer_offsets` holds a group's records, of every type.
package enum OffsetsTopicPartitioner {
  /// The partition of a group: `Utils.abs(groupId.hashCode()) % partitionCount`, as in Kafka's
  /// `GroupCoordinatorService.partitionFor`.
  ///
  /// `Utils.abs` is the absolute value, with 0 for `Integer.MIN_VALUE`; masking the sign bit off
  /// instead gives another partition for most negative hashes.
  ///
  /// - Parameters:
  ///   - group: The group id in UTF-8; empty is a legal id.
  ///   - partitionCount: The topic's actual number of partitions, from metadata.
  /// - Returns: 0 to `partitionCount` - 1, or nil if `partitionCount` is not positive.
  package static func partition(ofGroup group: Span<UInt8>, partitionCount: Int32) -> Int32? {
    guard partitionCount > 0 else { return nil }
    let hash = javaHash(group)
    return hash == .min ? 0 : abs(hash) % partitionCount
  }

  /// The same for a group id at hand as a string.
  package static func partition(ofGroup group: String, partitionCount: Int32) -> Int32? {
    let bytes = Array(group.utf8)
    return partition(ofGroup: bytes.span, partitionCount: partitionCount)
  }

  /// Java's `String.hashCode` of the string that Java decodes from these bytes.
  ///
  /// h = 31 h + unit over UTF-16 code units, in 32 bits that wrap around. Bytes that are not UTF-8
  /// count as U+FFFD, as many as `new String(bytes, UTF_8)` would give.
  package static func javaHash(_ utf8: Span<UInt8>) -> Int32 {
    var hash: UInt32 = 0
    var position = 0
    while position < utf8.count {
      let (scalar, length) = decodeScalar(utf8, at: position)
      position &+= length
      if scalar < 0x10000 {
        hash = 31 &* hash &+ scalar
      } else {
        hash = 31 &* hash &+ (0xd7c0 &+ scalar &>> 10)
        hash = 31 &* hash &+ (0xdc00 | scalar & 0x3ff)
      }
    }
    return Int32(bitPattern: hash)
  }

  private static let replacement: UInt32 = 0xfffd

  /// The scalar at `position` and its length; malformed bytes are one replacement character for the
  /// longest prefix of a sequence.
  ///
  /// A surrogate written as three bytes is one replacement character in Java, where Unicode's
  /// recommendation gives three: hence this decoder and not the standard library's.
  private static func decodeScalar(
    _ utf8: Span<UInt8>, at position: Int
  ) -> (scalar: UInt32, length: Int) {
    let first = utf8[position]
    switch first {
    case 0..<0x80:
      return (UInt32(first), 1)
    case 0xc2...0xdf:
      guard let second = continuation(utf8, position &+ 1) else { return (replacement, 1) }
      return (UInt32(first & 0x1f) &<< 6 | second, 2)
    case 0xe0...0xef:
      guard let second = continuation(utf8, position &+ 1), first != 0xe0 || second >= 0x20
      else { return (replacement, 1) }
      guard let third = continuation(utf8, position &+ 2) else { return (replacement, 2) }
      let scalar = UInt32(first & 0x0f) &<< 12 | second &<< 6 | third
      return ((0xd800...0xdfff).contains(scalar) ? replacement : scalar, 3)
    case 0xf0...0xf4:
      guard let second = continuation(utf8, position &+ 1), first != 0xf0 || second >= 0x10,
        first != 0xf4 || second < 0x10
      else { return (replacement, 1) }
      guard let third = continuation(utf8, position &+ 2) else { return (replacement, 2) }
      guard let fourth = continuation(utf8, position &+ 3) else { return (replacement, 3) }
      return (UInt32(first & 0x07) &<< 18 | second &<< 12 | third &<< 6 | fourth, 4)
    default:
      return (replacement, 1)
    }
  }

  /// The six bits of a continuation byte; nil if there is none at `position`.
  private static func continuation(_ utf8: Span<UInt8>, _ position: Int) -> UInt32? {
    guard position < utf8.count, utf8[position] & 0xc0 == 0x80 else { return nil }
    return UInt32(utf8[position] & 0x3f)
  }
}
