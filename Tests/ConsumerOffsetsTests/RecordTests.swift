import ConsumerOffsets
import Testing

/// Records made by hand: what no captured broker writes, but some broker did, may or might.
@Suite("Records made by hand")
struct RecordTests {
  // The parts of the keys and values below, spelled as Kafka's schemas lay them out.
  private let commitKey = "0001 0001 67 0002 7470 00000003"  // group "g", topic "tp", partition 3
  private let groupKey = "0002 0001 67"

  private func record(_ key: String, _ value: String?) throws -> Record {
    try decode(key: bytes(hex: key), value: value.map { try bytes(hex: $0) })
  }

  private func commit(_ value: String) throws -> OffsetCommitValue {
    guard case .offsetCommit(_, let commit) = try record(commitKey, value) else {
      throw CaptureError(reason: "not a commit")
    }
    return commit
  }

  // MARK: Commits

  @Test("key type 0, of brokers before 0.8.3, is laid out like type 1")
  func legacyKey() throws {
    let key = try bytes(hex: "0000 0001 67 0002 7470 00000003")
    guard case .offsetCommit(let read) = try RecordKey.decode(key.span) else {
      Issue.record("not the key of a commit")
      return
    }
    #expect(read.type == 0 && read.group == 4..<5 && read.topic == 7..<9 && read.partition == 3)
    #expect(try decode(key: key, value: nil) == .tombstone(.offsetCommit(read)))
  }

  @Test("commit values of versions 0 and 2 have neither epoch nor expiry", arguments: [0, 2])
  func oldCommits(version: Int16) throws {
    let commit = try commit("000\(version) 0000000000000064 0002 6d64 0000018bcfe56800")
    #expect(commit.version == version && commit.offset == 100 && commit.metadata == 12..<14)
    #expect(commit.commitTimestamp == 1_700_000_000_000 && commit.trailingBytes == 0)
    #expect(commit.leaderEpoch == -1 && commit.expireTimestamp == nil && commit.topicId == nil)
  }

  @Test("a commit of version 1 has an expiry, one of version 3 an epoch")
  func commitsOneAndThree() throws {
    let one = try commit("0001 0000000000000064 0000 0000018bcfe56800 0000018bcfe56801")
    #expect(one.expireTimestamp == 1_700_000_000_001 && one.leaderEpoch == -1)
    let three = try commit("0003 7fffffffffffffff 7fffffff 0000 ffffffffffffffff")
    #expect(three.offset == .max && three.leaderEpoch == .max && three.commitTimestamp == -1)
    #expect(three.expireTimestamp == nil && three.topicId == nil && three.metadata.isEmpty)
  }

  @Test("metadata of 127 bytes and more has a length of two bytes in version 4")
  func longCompactMetadata() throws {
    for length in [0, 1, 125, 126, 127, 128, 4096, 16382, 16383, 32767] {
      let encoded = try RecordEncoder.offsetCommitValue(
        RecordEncoder.OffsetCommit(
          offset: 5, metadata: String(repeating: "m", count: length),
          commitTimestamp: 1_700_000_000_000), .version4)
      let commit = try OffsetCommitValue.decode(encoded.span)
      #expect(commit.metadata.count == length)
      #expect(commit.commitTimestamp == 1_700_000_000_000)
      #expect(commit.trailingBytes == 0)
    }
  }

  private static let topicId = "6c8045bfe1db48058d2578308b7a342c"
  private static let otherId = "fe4cb9c668014e6a93326fcd9e14100e"

  @Test(
    "unknown tags are skipped, wherever they stand; of two equal ones the last counts",
    arguments: [
      ("00", nil), ("01 00 10 \(topicId)", "bIBFv-HbSAWNJXgwi3o0LA"),
      ("01 05 00", nil), ("01 7f 03 aabbcc", nil),
      ("02 00 10 \(topicId) 01 02 aabb", "bIBFv-HbSAWNJXgwi3o0LA"),
      ("02 07 02 aabb 00 10 \(topicId)", "bIBFv-HbSAWNJXgwi3o0LA"),
      ("03 ffffffff0f 01 aa 00 10 \(topicId) 8001 00", "bIBFv-HbSAWNJXgwi3o0LA"),
      ("02 00 10 \(otherId) 00 10 \(topicId)", "bIBFv-HbSAWNJXgwi3o0LA"),
      ("02 00 10 \(topicId) 00 10 \(otherId)", "_ky5xmgBTmqTMm_NnhQQDg"),
      // The default value, which a writer leaves out, says the same as no tag.
      ("01 00 10 00000000000000000000000000000000", nil),
    ] as [(String, String?)])
  func tags(section: String, topicId: String?) throws {
    let commit = try commit("0004 0000000000000001 ffffffff 01 0000018bcfe56800 \(section)")
    #expect(commit.topicId?.description == topicId)
    #expect(commit.offset == 1 && commit.trailingBytes == 0)
  }

  @Test("bytes after the last field are counted and otherwise ignored")
  func trailing() throws {
    for line in Capture.distinctValues {
      guard let value = line.value else { continue }
      let whole = try decode(key: line.key, value: value)
      guard trailingBytes(whole) != nil else { continue }
      for extra in [[0], [0xff, 0xff, 0xff]] as [[UInt8]] {
        let longer = try decode(key: line.key, value: value + extra)
        #expect(trailingBytes(longer) == extra.count, "line \(line.number)")
        // All but the count is the same.
        let json = RecordJSON(key: line.key, value: value + extra)
        #expect(json.valueFields(longer) == line.valueDecoded, "line \(line.number)")
      }
    }
    let key = try bytes(hex: commitKey + "00ff")
    #expect(try RecordKey.decode(key.span).type == 1)
  }

  // MARK: Types and versions

  @Test(
    "types that say nothing about lag are ignored, with their group",
    arguments: Array(9...15) + Array(17...23) + [24, 32767, -1, -32768] as [Int16])
  func otherTypes(type: Int16) throws {
    let head = [UInt8(truncatingIfNeeded: type >> 8), UInt8(truncatingIfNeeded: type)]
    for value in [nil, [], [0xff]] as [[UInt8]?] {
      let record = try decode(key: head + [0, 1, 0x67, 0xff, 0xff], value: value)
      #expect(record == .ignored(type: type, group: 4..<5))
    }
  }

  @Test("an unknown type may be laid out in any way; a known one must begin with its group")
  func otherLayouts() throws {
    for type in ["0012", "0018", "7fff", "ffff"] {
      for rest in ["", "00", "0005 67", "ffff", "8000"] {
        let head = try bytes(hex: type)
        let number = try RecordKey.type(of: head.span)
        #expect(!RecordKey.isKnown(type: number))
        #expect(try record(type + rest, "00") == .ignored(type: number, group: nil))
      }
    }
    for type in ["0009", "000f", "0011", "0017"] {
      for rest in ["", "00", "0005 67", "ffff", "8000"] {
        #expect(throws: DecodeError.self) { try record(type + rest, "00") }
      }
    }
  }

  @Test("a value version that no broker writes is unsupported, not malformed")
  func unsupportedVersions() throws {
    let member = "0001 67 0001 6d"
    let keys: [(String, [Int16])] = [
      (commitKey, [5, 6, .max, -1, .min]), (groupKey, [5, 32767, -1]),
      ("0003 0001 67", [1, -1]), ("0004 0001 67", [1, -1]), ("0005 \(member)", [1, -1]),
      ("0006 0001 67", [1, -1]), ("0007 \(member)", [1, -1]), ("0008 \(member)", [1, -1]),
      ("0010 \(member)", [1, -1]),
    ]
    for (hex, versions) in keys {
      let key = try bytes(hex: hex)
      for version in versions {
        let value = [UInt8(truncatingIfNeeded: version >> 8), UInt8(truncatingIfNeeded: version)]
        let record = try decode(key: key, value: value + [1, 2, 3])
        #expect(record == .unsupportedVersion(try RecordKey.decode(key.span), version: version))
      }
      // Without a whole version the value is malformed, and an empty one is no tombstone.
      for value in [[], [0]] as [[UInt8]] {
        let error = #expect(throws: DecodeError.self) { try decode(key: key, value: value) }
        #expect(
          error?.description == "value: version needs 2 bytes, \(value.count) left, at byte 0")
      }
    }
    let five: [UInt8] = [0, 5]
    let error = #expect(throws: DecodeError.self) { try OffsetCommitValue.decode(five.span) }
    #expect(error?.isUnsupportedVersion == true)
    #expect(error?.description == "value: version 5 is not supported, at byte 0")
  }

  // MARK: Groups

  /// One member "m" with client "c" at "/h".
  private func group(
    protocolType: String = "0008 636f6e73756d6572", members: String = "00000001",
    subscription: String = "00000000", assignment: String = "00000000", tail: String = ""
  ) throws -> GroupMetadataValue {
    let member = "0001 6d ffff 0001 63 0002 2f68 000493e0 0000afc8 \(subscription) \(assignment)"
    let value = "0003 \(protocolType) 00000007 ffff ffff 0000018bcfe56800 \(members) \(member)"
    guard case .groupMetadata(_, let group) = try record(groupKey, value + tail) else {
      throw CaptureError(reason: "not a group")
    }
    return group
  }

  @Test("a group of version 4 is the same in compact types, with tags in every struct")
  func flexibleGroup() throws {
    let subscription = "0001 00000001 0002 7470 ffffffff 00000000"
    let assignment = "0001 00000001 0002 7470 00000002 00000000 00000005 ffffffff"
    let value = try bytes(
      hex: """
        0004 09 636f6e73756d6572 00000007 06 72616e6765 02 6d 0000018bcfe56800
        03
        02 6d 00 02 63 03 2f68 000493e0 0000afc8 13 \(subscription) 1b \(assignment) 00
        02 6e 03 6969 01 01 00000001 00000002 01 01 02 00 00 03 02 aabb
        01 05 01 ff
        """)
    let group = try GroupMetadataValue.decode(value.span)
    #expect(group.version == 4 && group.generation == 7 && group.trailingBytes == 0)
    #expect(text(group.protocolType, in: value.span) == "consumer")
    #expect(group.protocol.map { text($0, in: value.span) } == "range")
    #expect(group.leader.map { text($0, in: value.span) } == "m")
    #expect(group.currentStateTimestamp == 1_700_000_000_000)
    try #require(group.members.count == 2)
    let (first, second) = (group.members[0], group.members[1])
    #expect(text(first.memberId, in: value.span) == "m" && first.groupInstanceId == nil)
    #expect(text(first.clientHost, in: value.span) == "/h")
    #expect(first.rebalanceTimeout == 300_000 && first.sessionTimeout == 45_000)
    #expect(first.subscription.content?.map { text($0, in: value.span) } == ["tp"])
    #expect(first.assignment.content?.map(\.partitions) == [[0, 5]])
    #expect(second.groupInstanceId.map { text($0, in: value.span) } == "ii")
    #expect(second.clientId.isEmpty && second.clientHost.isEmpty)
    #expect(second.rebalanceTimeout == 1 && second.sessionTimeout == 2)
    #expect(second.subscription == .empty && second.assignment == .empty)
  }

  @Test("the bytes of another protocol than the consumer's are left alone")
  func otherProtocol() throws {
    // "connect", "consumers", "Consumer", nothing.
    for type in [
      "0007 636f6e6e656374", "0009 636f6e73756d657273", "0008 436f6e73756d6572", "0000",
    ] {
      let group = try group(protocolType: type, subscription: "00000003 ffffff")
      #expect(group.members.map(\.subscription) == [.otherProtocol])
      #expect(group.members.map(\.assignment) == [.otherProtocol])
      #expect(group.members.map(\.subscriptionBytes.count) == [3])
    }
  }

  @Test("every embedded version from 0 on is read as its beginning", arguments: [0, 1, 3, 99])
  func embeddedVersions(version: Int) throws {
    let number = ["0000", "0001", "0003", "0063"][[0, 1, 3, 99].firstIndex(of: version) ?? 0]
    // Topic "tp" with partition 7; then bytes that are no user data, which nobody looks at.
    let group = try group(
      subscription: "0000000d \(number) 00000001 0002 7470 ffffff",
      assignment: "00000015 \(number) 00000001 0002 7470 00000001 00000007 ffffff")
    #expect(group.members.first?.subscription.content?.count == 1)
    #expect(group.members.first?.assignment.content?.map(\.partitions) == [[7]])
  }

  @Test(
    "broken embedded bytes spoil one field of one member",
    arguments: [
      ("00000001 00", "value: assignment version needs 2 bytes, 1 left, at byte 60"),
      ("00000002 ffff", "value: assignment version -1 is negative, at byte 60"),
      (
        "00000006 0000 00000001",
        "value: assignment topics count 1 cannot fit in the 0 bytes left, at byte 62"
      ),
      (
        "00000006 0000 7fffffff",
        "value: assignment topics count 2147483647 cannot fit in the 0 bytes left, at byte 62"
      ),
      ("00000006 0000 ffffffff", "value: assignment topics is null, at byte 62"),
      (
        "0000000c 0000 00000001 0009 74700000",
        "value: assignment topic length 9 exceeds the 4 bytes left, at byte 66"
      ),
      (
        "0000000e 0000 00000001 0002 7470 00000001",
        "value: assignment partitions count 1 cannot fit in the 0 bytes left, at byte 70"
      ),
      (
        "0000000e 0000 00000001 0002 7470 80000000",
        "value: assignment partitions length -2147483648 is negative, at byte 70"
      ),
    ])
  func brokenEmbedded(assignment: String, sentence: String) throws {
    // A second member follows, whose bytes must not be taken for those of the first.
    let second = "0001 6e ffff 0001 64 0002 2f69 00000001 00000002 00000000 00000006 0000 00000000"
    let group = try group(members: "00000002", assignment: assignment, tail: second)
    try #require(group.members.count == 2)
    guard case .malformed(let error) = group.members[0].assignment else {
      Issue.record("not malformed: \(group.members[0].assignment)")
      return
    }
    #expect(error.description == sentence)
    #expect(group.members[0].assignment.content == nil)
    #expect(group.members[0].subscription == .empty)
    #expect(group.members[1].sessionTimeout == 2)
    #expect(group.members[1].assignment == .decoded([]))
  }

  // MARK: Consumer groups

  @Test("tags that are unknown or null in values of consumer groups")
  func consumerGroupTags() throws {
    let key = "0001 67 0001 6d"
    let id = "6c8045bfe1db48058d2578308b7a342c"
    guard
      case .consumerGroupMetadata(_, let metadata) =
        try record("0003 0001 67", "0000 00000005 02 00 08 0000000000000007 03 01 aa"),
      case .consumerGroupMemberMetadata(_, _, let member) =
        try record("0005 \(key)", "0000 00 00 01 01 01 00 ffffffff 00 02 00 01 00 01 00"),
      case .consumerGroupTargetAssignmentMember(_, _, let target) =
        try record("0007 \(key)", "0000 02 \(id) 02 00000009 01 00 03 aabbcc 00"),
      case .consumerGroupCurrentMemberAssignment(_, _, let current) =
        try record(
          "0008 \(key)",
          "0000 00000002 00000001 01 02 \(id) 02 00000009 02 00 01 00 04 00 01 00")
    else {
      Issue.record("decoded to another type")
      return
    }
    #expect(metadata.metadataHash == 7 && metadata.trailingBytes == 0)
    #expect(member.classicMemberMetadata == nil && member.trailingBytes == 0)
    // In a target assignment tag 0 is unknown, whatever it holds.
    #expect(target.topicPartitions.map(\.partitions) == [[9]])
    #expect(target.topicPartitions.map(\.assignmentEpochs) == [nil])
    #expect(target.trailingBytes == 0)
    #expect(current.state == 1 && current.trailingBytes == 0)
    #expect(current.assignedPartitions.map(\.assignmentEpochs) == [nil])
    #expect(current.partitionsPendingRevocation.isEmpty)
  }

  @Test(
    "an array of the smallest elements there are fills its bytes to the last",
    arguments: [
      // A member is 18 bytes in version 0, 22 in 1 and 2, 24 in 3 and 15 in 4.
      (2, "0000 0000 00000000 ffff ffff", "00000002", "0000 0000 0000 00000000 00000000 00000000"),
      (
        2, "0001 0000 00000000 ffff ffff", "00000002",
        "0000 0000 0000 00000000 00000000 00000000 00000000"
      ),
      (
        2, "0002 0000 00000000 ffff ffff 0000000000000000", "00000002",
        "0000 0000 0000 00000000 00000000 00000000 00000000"
      ),
      (
        2, "0003 0000 00000000 ffff ffff 0000000000000000", "00000002",
        "0000 ffff 0000 0000 00000000 00000000 00000000 00000000"
      ),
      (
        2, "0004 01 00000000 00 00 0000000000000000", "03",
        "01 00 01 01 00000000 00000000 01 01 00"
      ),
      (4, "0000", "03", "\(topicId) 01 00000000 01 00"),
      (5, "0000 00 00 01 01", "03", "01"),
      (7, "0000", "03", "\(topicId) 01 00"),
      (8, "0000 00000000 00000000 00", "03", "\(topicId) 01 00"),
      (16, "0000", "03", "01"),
    ] as [(Int, String, String, String)])
  func smallestElements(type: Int, head: String, count: String, element: String) throws {
    let rest = [5: "00 00000000 00 00", 8: "01 00", 16: "0000000000000000 0000000000000000 00"]
    // Type 2 of a plain version ends with its members; every other value with a tag section.
    let end = rest[type] ?? (type == 2 && !head.hasPrefix("0004") ? "" : "00")
    let key = try bytes(hex: (type == 16 ? "0010" : "000\(type)") + "0001 67 0001 6d")
    let value = try bytes(hex: head + count + element + element + end)
    let record = try decode(key: key, value: value)
    #expect(trailingBytes(record) == 0)
    let elements =
      switch record {
      case .groupMetadata(_, let value): value.members.count
      case .consumerGroupPartitionMetadata(_, let value): value.topics.count
      case .consumerGroupMemberMetadata(_, _, let value): value.subscribedTopicNames.count
      case .consumerGroupTargetAssignmentMember(_, _, let value): value.topicPartitions.count
      case .consumerGroupCurrentMemberAssignment(_, _, let value): value.assignedPartitions.count
      case .consumerGroupRegularExpression(_, _, let value): value.topics.count
      default: -1
      }
    #expect(elements == 2)
  }

  @Test("an embedded array of the smallest elements there are is read")
  func smallestEmbedded() throws {
    // A subscribed topic is 2 bytes, an assigned one 6, a partition 4, an assignor 3.
    let group = try group(
      subscription: "0000000a 0000 00000002 0000 0000",
      assignment: "00000016 0000 00000002 0000 00000001 00000005 0000 00000000")
    #expect(group.members.first?.subscription.content?.count == 2)
    #expect(group.members.first?.assignment.content?.map(\.partitions) == [[5], []])
    let key = "0005 0001 67 0001 6d"
    let head = "0000 00 00 01 01 01 00 00000000 00"
    guard
      case .consumerGroupMemberMetadata(_, _, let member) =
        try record(key, "\(head) 01 00 0d 01 00000000 03 01 01 00 01 01 00 00")
    else {
      Issue.record("decoded to another type")
      return
    }
    #expect(
      member.classicMemberMetadata?.supportedProtocols.map(\.subscription) == [.empty, .empty])
  }

  @Test("the racks of a partition, which 4.0 and later leave out")
  func racks() throws {
    let value = try bytes(
      hex: """
        0000 02 6c8045bfe1db48058d2578308b7a342c 03 7470 00000002
        03 00000000 03 02 61 02 62 00 00000001 01 00 00 00
        """)
    let metadata = try ConsumerGroupPartitionMetadataValue.decode(value.span)
    let topic = try #require(metadata.topics.first)
    #expect(topic.numPartitions == 2 && metadata.trailingBytes == 0)
    #expect(topic.partitionMetadata.map(\.partition) == [0, 1])
    #expect(
      topic.partitionMetadata.map { $0.racks.map { text($0, in: value.span) } }
        == [["a", "b"], []])
    // Partitions without racks, and little but them in the value.
    let smallest = try bytes(
      hex: """
        0000 02 6c8045bfe1db48058d2578308b7a342c 01 00000005
        06 00000000 01 00 00000001 01 00 00000002 01 00 00000003 01 00 00000004 01 00 00 00
        """)
    let plain = try ConsumerGroupPartitionMetadataValue.decode(smallest.span)
    #expect(plain.topics.first?.partitionMetadata.map(\.partition) == [0, 1, 2, 3, 4])
  }
}
