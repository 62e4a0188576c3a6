import ConsumerOffsets
import Testing

@Suite("Group to partition of the offsets topic")
struct PartitionerTests {
  @Test(
    "known groups lie where Kafka puts them, of 50 partitions",
    arguments: [
      ("", 0, 0), ("g", 103, 3), ("rdk-classic", 681_069_374, 24), ("txn-hang2", -298_963_747, 47),
      ("bulk-new", -1_347_316_123, 23), ("classic-cooperativesticky", -2_144_466_823, 23),
      ("группа-ünïcode-組", 818_086_638, 38), (String(repeating: "G", count: 255), -53_201_625, 25),
    ] as [(String, Int32, Int32)])
  func vectors(group: String, hash: Int32, partition: Int32) {
    let bytes = Array(group.utf8)
    #expect(OffsetsTopicPartitioner.javaHash(bytes.span) == hash)
    #expect(OffsetsTopicPartitioner.partition(ofGroup: group, partitionCount: 50) == partition)
  }

  @Test("every captured group lies in the partition it was captured from")
  func captured() throws {
    var groups: [String: Set<String>] = [:]
    for line in Capture.records {
      let range = try RecordKey.group(of: line.key.span)
      let partition = OffsetsTopicPartitioner.partition(
        ofGroup: line.key.span.extracting(range), partitionCount: 50)
      #expect(partition == line.partition, "line \(line.number)")
      groups[line.source, default: []].insert(text(range, in: line.key.span))
    }
    // Each of the seven brokers had 50 partitions; the newest has the most groups.
    #expect(groups.count == 7)
    #expect(groups["kafka-4.3.1"]?.count == 43)
  }

  @Test("the hash Integer.MIN_VALUE, whose absolute value does not exist, counts as 0")
  func smallestHash() {
    // The classic colliding string.
    let group = "polygenelubricants"
    let bytes = Array(group.utf8)
    #expect(OffsetsTopicPartitioner.javaHash(bytes.span) == .min)
    for count: Int32 in [1, 3, 7, 50, 1000, .max] {
      #expect(OffsetsTopicPartitioner.partition(ofGroup: group, partitionCount: count) == 0)
    }
  }

  @Test("a topic without partitions has none for any group")
  func noPartitions() {
    for count: Int32 in [0, -1, .min] {
      #expect(OffsetsTopicPartitioner.partition(ofGroup: "g", partitionCount: count) == nil)
    }
    #expect(OffsetsTopicPartitioner.partition(ofGroup: "g", partitionCount: 1) == 0)
  }

  @Test("every Unicode scalar is hashed by its UTF-16 code units")
  func everyScalar() {
    // Four neighbours are hashed together, so that lengths are seen to be right too.
    var scalars = String.UnicodeScalarView()
    for number: UInt32 in stride(from: 0, through: 0x10ffff, by: 7) {
      guard let scalar = Unicode.Scalar(number) else { continue }
      scalars.append(scalar)
      guard scalars.count == 4 else { continue }
      let text = String(scalars)
      scalars.removeAll()
      let bytes = Array(text.utf8)
      if OffsetsTopicPartitioner.javaHash(bytes.span) != hash(Array(text.utf16)) {
        Issue.record("differs near U+\(String(number, radix: 16))")
        return
      }
    }
  }

  /// Expected are the code units that Java's `new String(bytes, UTF_8)` gives.
  @Test(
    "bytes that are not UTF-8 are hashed as Java decodes them",
    arguments: [
      ("80", [0xfffd]), ("ff", [0xfffd]), ("61 ff 62", [0x61, 0xfffd, 0x62]),
      // Two bytes: too long a form, cut short, interrupted.
      ("c0 80", [0xfffd, 0xfffd]), ("c1 bf", [0xfffd, 0xfffd]), ("c3", [0xfffd]),
      ("c3 61", [0xfffd, 0x61]), ("c3 c3 a9", [0xfffd, 0xe9]),
      // Three bytes.
      ("e0 80 80", [0xfffd, 0xfffd, 0xfffd]), ("e0 9f bf", [0xfffd, 0xfffd, 0xfffd]),
      ("e4", [0xfffd]), ("e4 b8", [0xfffd]), ("e4 61", [0xfffd, 0x61]),
      ("e4 b8 61", [0xfffd, 0x61]), ("e4 61 62", [0xfffd, 0x61, 0x62]),
      // Surrogates: one replacement for all three bytes.
      ("ed a0 80", [0xfffd]), ("ed bf bf 61", [0xfffd, 0x61]), ("ed a0", [0xfffd]),
      ("ed a0 61", [0xfffd, 0x61]), ("ed a0 bd ed b8 80", [0xfffd, 0xfffd]),
      ("ed 9f bf", [0xd7ff]), ("ee 80 80", [0xe000]),
      // Four bytes.
      ("f0 8f bf bf", [0xfffd, 0xfffd, 0xfffd, 0xfffd]), ("f0 90 80 80", [0xd800, 0xdc00]),
      ("f0 9f 98", [0xfffd]), ("f0 9f", [0xfffd]), ("f0", [0xfffd]),
      ("f0 9f 61", [0xfffd, 0x61]), ("f0 9f 98 61", [0xfffd, 0x61]),
      ("f0 61 98 80", [0xfffd, 0x61, 0xfffd, 0xfffd]), ("f4 8f bf bf", [0xdbff, 0xdfff]),
      ("f4 90 80 80", [0xfffd, 0xfffd, 0xfffd, 0xfffd]),
      ("f5 80 80 80", [0xfffd, 0xfffd, 0xfffd, 0xfffd]), ("f8 88", [0xfffd, 0xfffd]),
    ] as [(String, [UInt16])])
  func malformed(hex: String, units: [UInt16]) throws {
    let bytes = try bytes(hex: hex)
    #expect(OffsetsTopicPartitioner.javaHash(bytes.span) == hash(units))
  }

  /// `String.hashCode` by its definition.
  private func hash(_ units: [UInt16]) -> Int32 {
    units.reduce(0) { 31 &* $0 &+ Int32($1) }
  }
}

@Suite("Identifiers")
struct UuidTests {
  @Test(
    "an identifier is shown as Kafka's tools show it",
    arguments: [
      ("6c8045bfe1db48058d2578308b7a342c", "bIBFv-HbSAWNJXgwi3o0LA"),
      ("fe4cb9c668014e6a93326fcd9e14100e", "_ky5xmgBTmqTMm_NnhQQDg"),
      ("00000000000000000000000000000000", "AAAAAAAAAAAAAAAAAAAAAA"),
      ("00000000000000000000000000000001", "AAAAAAAAAAAAAAAAAAAAAQ"),
      ("ffffffffffffffffffffffffffffffff", "_____________________w"),
    ])
  func text(hex: String, shown: String) throws {
    let bytes = try bytes(hex: hex)
    let halves = [bytes[..<8], bytes[8...]].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
    let uuid = Uuid(mostSignificantBits: halves[0], leastSignificantBits: halves[1])
    #expect(uuid.description == shown)
    #expect((uuid == .zero) == (shown == "AAAAAAAAAAAAAAAAAAAAAA"))
  }
}
