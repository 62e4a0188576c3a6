import ConsumerOffsets
import Foundation
import Testing

/// The captured records against what Kafka's own classes read from them.
@Suite("Captured records")
struct CaptureTests {
  @Test("the capture is whole: every kind that the tests below rely on is in it")
  func whole() {
    #expect(Capture.lines.count == 2048)
    #expect(Capture.records.count == 1993)
    let types = Set(Capture.records.compactMap(\.keyType))
    #expect(types == Set(1...23).subtracting([9, 18]))
  }

  @Test("every record decodes to what Kafka's classes read from it, field by field")
  func everyRecord() throws {
    var tombstones = 0
    var ignored = 0
    for line in Capture.records {
      let json = RecordJSON(key: line.key, value: line.value ?? [])
      let key = try RecordKey.decode(line.key.span)
      #expect(key.type == line.keyType, "line \(line.number)")
      let record = try decode(key: line.key, value: line.value)
      switch record {
      case .tombstone(let of):
        tombstones += 1
        #expect(line.value == nil && of == key, "line \(line.number)")
        #expect(json.keyFields(key) == line.keyDecoded, "line \(line.number)")
      case .ignored(let type, let group):
        ignored += 1
        #expect(type == line.keyType && group == key.group, "line \(line.number)")
        // Of these types only the group is read; the oracle has the member id as well.
        let name = group.map { text($0, in: line.key.span) }
        #expect(name == line.keyDecoded?["groupId"]?.string, "line \(line.number)")
      default:
        #expect(json.keyFields(key) == line.keyDecoded, "line \(line.number)")
        let fields = try #require(json.valueFields(record), "line \(line.number): \(record)")
        #expect(fields == line.valueDecoded, "line \(line.number)")
        #expect(trailingBytes(record) == 0, "line \(line.number)")
      }
    }
    let otherTypes = Capture.records.filter {
      [10, 11, 12, 13, 14, 15, 17, 19, 20, 21, 22, 23].contains($0.keyType)
    }
    #expect(ignored == otherTypes.count)
    #expect(
      tombstones
        == Capture.records.count { $0.value == nil } - otherTypes.count { $0.value == nil })
  }

  @Test("the group read from the key alone is the group of the whole key")
  func groupOfKey() throws {
    for line in Capture.records {
      let group = try RecordKey.group(of: line.key.span)
      #expect(try RecordKey.decode(line.key.span).group == group)
      #expect(try RecordKey.type(of: line.key.span) == line.keyType)
      let oracle = line.keyDecoded?["group"]?.string ?? line.keyDecoded?["groupId"]?.string
      #expect(text(group, in: line.key.span) == oracle)
    }
  }

  @Test("every embedded subscription and assignment is read like a plain reader reads it")
  func embedded() throws {
    var assigned = 0
    var others = 0
    for line in Capture.records {
      guard case .groupMetadata(_, let group) = try decode(key: line.key, value: line.value),
        let value = line.value
      else { continue }
      let isConsumer = text(group.protocolType, in: value.span) == "consumer"
      for member in group.members {
        guard isConsumer else {
          others += 1
          #expect(member.subscription == .otherProtocol && member.assignment == .otherProtocol)
          continue
        }
        let wanted = try #require(member.subscription.content, "line \(line.number)")
        #expect(
          wanted.map { text($0, in: value.span) }
            == PlainReader(value[member.subscriptionBytes]).topics(withPartitions: false).map(\.0))
        if member.assignmentBytes.isEmpty {
          #expect(member.assignment == .empty)
          continue
        }
        let got = try #require(member.assignment.content, "line \(line.number)")
        let expected = PlainReader(value[member.assignmentBytes]).topics(withPartitions: true)
        #expect(got.map { text($0.topic, in: value.span) } == expected.map(\.0))
        #expect(got.map(\.partitions) == expected.map(\.1))
        assigned += got.reduce(0) { $0 + $1.partitions.count }
      }
    }
    #expect(assigned > 400)
    #expect(others == 0, "the capture has consumers only; RecordTests makes another protocol")
  }

  @Test("members of the classic protocol in a consumer group show what they subscribe to")
  func classicMembers() throws {
    var seen = 0
    for line in Capture.records {
      guard
        case .consumerGroupMemberMetadata(_, _, let member) =
          try decode(key: line.key, value: line.value),
        let value = line.value, let classic = member.classicMemberMetadata
      else { continue }
      for supported in classic.supportedProtocols {
        let topics = try #require(supported.subscription.content)
        #expect(
          topics.map { text($0, in: value.span) }
            == member.subscribedTopicNames.map { text($0, in: value.span) })
        seen += 1
      }
    }
    #expect(seen > 0)
  }

  @Test("a transaction marker must be known by its batch: its key looks like type 0")
  func controlRecords() throws {
    let markers = Capture.lines.filter(\.isControl)
    #expect(markers.count == 55)
    for marker in markers {
      // The trap: an ABORT marker passes for a legacy commit of the group with the empty name.
      #expect(try RecordKey.type(of: marker.key.span) == 0)
      if marker.kind == "control:ABORT" {
        #expect(try RecordKey.group(of: marker.key.span).isEmpty)
      }
      // Whoever falls into it gets an error, not a wrong offset.
      let error = #expect(throws: DecodeError.self) {
        try decode(key: marker.key, value: marker.value)
      }
      #expect(
        error?.description
          == (marker.kind == "control:ABORT"
            ? "key: topic needs 2 bytes, 0 left, at byte 4"
            : "key: group length 1 exceeds the 0 bytes left, at byte 2"))
    }
  }
}

/// An embedded message read in the simplest way, trusting its lengths: the second opinion.
struct PlainReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes.dropFirst(2) }

  private mutating func integer(_ width: Int) -> Int {
    defer { rest = rest.dropFirst(width) }
    return rest.prefix(width).reduce(0) { $0 * 256 + Int($1) }
  }

  private mutating func string() -> String {
    let length = integer(2)
    defer { rest = rest.dropFirst(length) }
    return String(decoding: rest.prefix(length), as: UTF8.self)
  }

  func topics(withPartitions: Bool) -> [(String, [Int32])] {
    var reader = self
    let count = reader.integer(4)
    return (0..<count).map { _ in
      let topic = reader.string()
      guard withPartitions else { return (topic, []) }
      let partitions = reader.integer(4)
      return (topic, (0..<partitions).map { _ in Int32(reader.integer(4)) })
    }
  }
}

/// The bytes left over after the last known field; nil for a record whose value is not read.
func trailingBytes(_ record: Record) -> Int? {
  switch record {
  case .offsetCommit(_, let value): value.trailingBytes
  case .groupMetadata(_, let value): value.trailingBytes
  case .consumerGroupMetadata(_, let value): value.trailingBytes
  case .consumerGroupPartitionMetadata(_, let value): value.trailingBytes
  case .consumerGroupMemberMetadata(_, _, let value): value.trailingBytes
  case .consumerGroupTargetAssignmentMetadata(_, let value): value.trailingBytes
  case .consumerGroupTargetAssignmentMember(_, _, let value): value.trailingBytes
  case .consumerGroupCurrentMemberAssignment(_, _, let value): value.trailingBytes
  case .consumerGroupRegularExpression(_, _, let value): value.trailingBytes
  case .tombstone, .ignored, .unsupportedVersion: nil
  }
}
