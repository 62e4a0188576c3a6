import ConsumerOffsets
import Testing

/// Lengths, counts and sizes that lie, and the sentence that each is answered with.
@Suite("Hostile lengths")
struct HostileLengthTests {
  @Test(
    "a key that lies about a length",
    arguments: [
      ("", "key: type needs 2 bytes, 0 left, at byte 0"),
      ("00", "key: type needs 2 bytes, 1 left, at byte 0"),
      ("0001", "key: group needs 2 bytes, 0 left, at byte 2"),
      ("0001 0005 6162", "key: group length 5 exceeds the 2 bytes left, at byte 2"),
      ("0001 7fff 61", "key: group length 32767 exceeds the 1 byte left, at byte 2"),
      ("0001 ffff 61", "key: group is null, at byte 2"),
      ("0001 fffe 61", "key: group length -2 is negative, at byte 2"),
      ("0001 8000 61", "key: group length -32768 is negative, at byte 2"),
      ("0001 0001 67 0009 74", "key: topic length 9 exceeds the 1 byte left, at byte 5"),
      ("0001 0001 67 ffff", "key: topic is null, at byte 5"),
      ("0001 0001 67 0001 74 0000", "key: partition needs 4 bytes, 2 left, at byte 8"),
      ("0002 0001", "key: group length 1 exceeds the 0 bytes left, at byte 2"),
      ("0005 0001 67 0002 6d", "key: member length 2 exceeds the 1 byte left, at byte 5"),
      ("0007 0001 67", "key: member needs 2 bytes, 0 left, at byte 5"),
      ("0008 0001 67 ffff", "key: member is null, at byte 5"),
      ("0010 0001 67 8001", "key: regularExpression length -32767 is negative, at byte 5"),
      ("0017 0004 67", "key: group length 4 exceeds the 1 byte left, at byte 2"),
    ])
  func key(hex: String, sentence: String) throws {
    let key = try bytes(hex: hex)
    let error = #expect(throws: DecodeError.self) { try RecordKey.decode(key.span) }
    #expect(error?.description == sentence)
    #expect(error?.part == .key)
  }

  private static let commit3 = "0003 0000000000000064 00000000"
  private static let commit4 = "0004 0000000000000064 00000000"
  private static let time = "0000018bcfe56800"
  private static let id = "6c8045bfe1db48058d2578308b7a342c"

  @Test(
    "a commit that lies about a length",
    arguments: [
      ("0003 00000000", "value: offset needs 8 bytes, 4 left, at byte 2"),
      ("0003 0000000000000064 000000", "value: leaderEpoch needs 4 bytes, 3 left, at byte 10"),
      (
        "\(commit3) 012c \(time) 00000000",
        "value: metadata length 300 exceeds the 12 bytes left, at byte 14"
      ),
      ("\(commit3) ffff \(time)", "value: metadata is null, at byte 14"),
      ("\(commit3) fffe \(time)", "value: metadata length -2 is negative, at byte 14"),
      ("\(commit3) 0000 00", "value: commitTimestamp needs 8 bytes, 1 left, at byte 16"),
      (
        "0001 0000000000000064 0000 \(time) 00",
        "value: expireTimestamp needs 8 bytes, 1 left, at byte 20"
      ),
      ("\(commit4)", "value: metadata needs 1 byte, 0 left, at byte 14"),
      ("\(commit4) 00 \(time) 00", "value: metadata is null, at byte 14"),
      ("\(commit4) 80", "value: metadata needs 2 bytes, 1 left, at byte 14"),
      (
        "\(commit4) ffffffff0f \(time)",
        "value: metadata length 4294967294 exceeds the 8 bytes left, at byte 14"
      ),
      (
        "\(commit4) ffffffff1f \(time)",
        "value: metadata is a varint of more than 32 bits, at byte 14"
      ),
      (
        "\(commit4) 808080808000 \(time)",
        "value: metadata is a varint of more than 32 bits, at byte 14"
      ),
      ("\(commit4) 01 \(time)", "value: tag section needs 1 byte, 0 left, at byte 23"),
      (
        "\(commit4) 01 \(time) 01",
        "value: tag section count 1 cannot fit in the 0 bytes left, at byte 23"
      ),
      (
        "\(commit4) 01 \(time) ffffffff0f 0000",
        "value: tag section count 4294967295 cannot fit in the 2 bytes left, at byte 23"
      ),
      (
        "\(commit4) 01 \(time) 01 05 04 aabbcc",
        "value: tagged field length 4 exceeds the 3 bytes left, at byte 25"
      ),
      (
        "\(commit4) 01 \(time) 01 05 ffffffff0f",
        "value: tagged field length 4294967295 exceeds the 0 bytes left, at byte 25"
      ),
      (
        "\(commit4) 01 \(time) 01 ffffffffff01 00",
        "value: tag is a varint of more than 32 bits, at byte 24"
      ),
      (
        "\(commit4) 01 \(time) 01 00 0f \(id)",
        "value: topicId takes 16 bytes where its tag says 15, at byte 26"
      ),
      (
        "\(commit4) 01 \(time) 01 00 11 \(id) 00",
        "value: topicId takes 16 bytes where its tag says 17, at byte 26"
      ),
      (
        "\(commit4) 01 \(time) 01 00 00",
        "value: topicId needs 16 bytes, 0 left, at byte 26"
      ),
    ])
  func commit(hex: String, sentence: String) throws {
    let value = try bytes(hex: hex)
    let error = #expect(throws: DecodeError.self) { try OffsetCommitValue.decode(value.span) }
    #expect(error?.description == sentence)
    #expect(error?.part == .value && error?.isUnsupportedVersion == false)
  }

  @Test("a compact string longer than Kafka's readers allow is refused though its bytes are there")
  func longCompactString() throws {
    // 32,768 bytes: the varint of 32,769 is 81 80 02.
    let value =
      try bytes(hex: "0004 0000000000000064 00000000 818002")
      + [UInt8](repeating: 0x6d, count: 32768) + [UInt8](repeating: 0, count: 9)
    let error = #expect(throws: DecodeError.self) { try OffsetCommitValue.decode(value.span) }
    #expect(
      error?.description
        == "value: metadata length 32768 exceeds the 32767 bytes of the longest string, at byte 14")
  }

  private static let head3 = "0003 0000 00000001 ffff ffff \(time)"

  @Test(
    "a group that lies about a length",
    arguments: [
      ("0000 ffff", "value: protocolType is null, at byte 2"),
      ("0000 0000 0000", "value: generation needs 4 bytes, 2 left, at byte 4"),
      ("0000 0000 00000001 fffe", "value: protocol length -2 is negative, at byte 8"),
      ("0000 0000 00000001 ffff 8000", "value: leader length -32768 is negative, at byte 10"),
      ("\(head3)", "value: members needs 4 bytes, 0 left, at byte 20"),
      ("\(head3) ffffffff", "value: members is null, at byte 20"),
      ("\(head3) fffffff0", "value: members length -16 is negative, at byte 20"),
      (
        "\(head3) 7fffffff 0001",
        "value: members count 2147483647 cannot fit in the 2 bytes left, at byte 20"
      ),
      (
        "\(head3) 00000001 0001 61",
        "value: members count 1 cannot fit in the 3 bytes left, at byte 20"
      ),
      (
        "\(head3) 00000001 0001 6d fffd 0000 0000 00000000 00000000 00000000 00000000",
        "value: groupInstanceId length -3 is negative, at byte 27"
      ),
      (
        "\(head3) 00000001 0001 6d ffff 0000 0000 00000000 00000000 ffffffff 00000000",
        "value: subscription is null, at byte 41"
      ),
      (
        "\(head3) 00000001 0001 6d ffff 0000 0000 00000000 00000000 00000000 80000000",
        "value: assignment length -2147483648 is negative, at byte 45"
      ),
      (
        "\(head3) 00000001 0001 6d ffff 0000 0000 00000000 00000000 00000000 7fffffff",
        "value: assignment length 2147483647 exceeds the 0 bytes left, at byte 45"
      ),
      (
        "0004 01 00000001 00 00 \(time) ffffffff0f 00",
        "value: members count 4294967294 cannot fit in the 1 byte left, at byte 17"
      ),
      ("0004 01 00000001 00 00 \(time) 00 00", "value: members is null, at byte 17"),
    ])
  func group(hex: String, sentence: String) throws {
    let value = try bytes(hex: hex)
    let error = #expect(throws: DecodeError.self) { try GroupMetadataValue.decode(value.span) }
    #expect(error?.description == sentence)
  }

  @Test(
    "a value of a consumer group that lies about a length",
    arguments: [
      (
        "0004 0001 67", "0000 ffffffff0f",
        "value: topics count 4294967294 cannot fit in the 0 bytes left, at byte 2"
      ),
      ("0004 0001 67", "0000 00", "value: topics is null, at byte 2"),
      (
        "0005 0001 67 0001 6d", "0000 00 00 01 01 06",
        "value: subscribedTopicNames count 5 cannot fit in the 0 bytes left, at byte 6"
      ),
      (
        "0005 0001 67 0001 6d", "0000 00 00 01 01 01 00 00000001 00 01 00 05 01 00000001 00",
        "value: supportedProtocols is null, at byte 21"
      ),
      (
        "0005 0001 67 0001 6d", "0000 00 00 01 01 01 00 00000001 00 01 00 08 01 00000001 01 00 00",
        "value: classicMemberMetadata takes 7 bytes where its tag says 8, at byte 16"
      ),
      (
        "0007 0001 67 0001 6d", "0000 02 \(id) ffff03 00",
        "value: partitions count 65534 cannot fit in the 1 byte left, at byte 19"
      ),
      (
        "0008 0001 67 0001 6d",
        "0000 00000002 00000001 00 02 \(id) 01 01 00 02 8001 00 00",
        "value: assignmentEpochs count 127 cannot fit in the 2 bytes left, at byte 32"
      ),
      (
        "0010 0001 67 0001 72", "0000 03 02 61 00",
        "value: topics is null, at byte 5"
      ),
      (
        "0010 0001 67 0001 72", "0000 02 05 61",
        "value: topics length 4 exceeds the 1 byte left, at byte 3"
      ),
    ])
  func consumerGroup(keyHex: String, valueHex: String, sentence: String) throws {
    let (key, value) = (try bytes(hex: keyHex), try bytes(hex: valueHex))
    let error = #expect(throws: DecodeError.self) { try decode(key: key, value: value) }
    #expect(error?.description == sentence)
  }
}
