import ConsumerOffsets
import Foundation
import SeededRandom
import Testing

/// Broken bytes give an error or a legal record, and never a trap or a range outside the bytes.
@Suite("Broken records")
struct RobustnessTests {
  @Test("every truncation of every key is an error, or a key of a type whose rest is not read")
  func truncatedKeys() throws {
    var keys: Set<[UInt8]> = []
    for line in Capture.lines where keys.insert(line.key).inserted {
      for length in 0..<line.key.count {
        let shorter = line.key.span.extracting(0..<length)
        do throws(DecodeError) {
          let key = try RecordKey.decode(shorter)
          guard case .other(let type, let group?) = key, group.upperBound <= length else {
            Issue.record("line \(line.number) cut to \(length) bytes is \(key)")
            return
          }
          #expect(type == line.keyType)
        } catch {
          #expect(error.part == .key && (0...length).contains(error.position))
        }
      }
    }
    #expect(keys.count > 200)
  }

  @Test("every truncation of every value is an error that says where")
  func truncatedValues() throws {
    // Every field of every version is written, so no beginning of a value is a value.
    var truncations = 0
    for line in Capture.distinctValues {
      guard let value = line.value else { continue }
      let whole = try decode(key: line.key, value: value)
      if case .ignored = whole { continue }
      for length in 0..<value.count {
        do throws(DecodeError) {
          let record = try Record.decode(
            key: line.key.span, value: value.span.extracting(0..<length))
          Issue.record("line \(line.number) cut to \(length) bytes is \(record)")
          return
        } catch {
          truncations += 1
          if error.part != .value || !(0...length).contains(error.position)
            || error.isUnsupportedVersion
          {
            Issue.record("line \(line.number) cut to \(length) bytes: \(error)")
            return
          }
        }
      }
    }
    #expect(truncations > 70_000)
  }

  @Test("every byte of a sample replaced by 00, 7f, 80 and ff")
  func corruptedBytes() throws {
    var taken: [String: Int] = [:]
    var outcomes = Outcomes()
    for line in Capture.records {
      guard let value = line.value, value.count < 700 else { continue }
      let kind = "\(line.kind) \(value[1])"
      guard taken[kind, default: 0] < 3 else { continue }
      taken[kind, default: 0] += 1
      for replacement: UInt8 in [0x00, 0x7f, 0x80, 0xff] {
        for index in line.key.indices {
          var key = line.key
          key[index] = replacement
          outcomes.see(key, value)
        }
        for index in value.indices {
          var value = value
          value[index] = replacement
          outcomes.see(line.key, value)
        }
      }
    }
    #expect(taken.count >= 25)
    #expect(outcomes.decoded > 1000 && outcomes.malformed > 1000 && outcomes.unsupported > 100)
    #expect(outcomes.outside == 0)
  }

  @Test("200,000 records mutated at random", .timeLimit(.minutes(2)))
  func fuzz() throws {
    let environment = ProcessInfo.processInfo.environment["VOLE_FUZZ_SEED"]
    let seed = environment.flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
    print("VOLE_FUZZ_SEED=\(seed)")
    var random = SeededGenerator(seed: seed)
    // The largest values add time, not paths.
    let samples = Capture.distinctValues.filter { ($0.value?.count ?? 0) < 500 }
    var outcomes = Outcomes()
    for _ in 0..<200_000 {
      let line = samples[random.below(samples.count)]
      var key = line.key
      var value = line.value ?? []
      // A foreign key in front of a value makes the decoders meet bytes of other layouts.
      if random.below(8) == 0 { key = samples[random.below(samples.count)].key }
      if random.below(4) == 0 { random.mutate(&key) }
      if random.below(8) != 0 { random.mutate(&value) }
      outcomes.see(key, value)
    }
    #expect(outcomes.decoded > 1000 && outcomes.malformed > 10_000 && outcomes.unsupported > 100)
    #expect(outcomes.outside == 0, "seed \(seed)")
  }
}

/// Counts what became of broken records, and checks the ranges of those that were still read.
private struct Outcomes {
  var decoded = 0
  var malformed = 0
  var unsupported = 0
  var skipped = 0
  var outside = 0

  mutating func see(_ key: [UInt8], _ value: [UInt8]) {
    do throws(DecodeError) {
      let record = try Record.decode(key: key.span, value: value.span)
      switch record {
      case .unsupportedVersion: unsupported += 1
      case .ignored, .tombstone: skipped += 1
      default: decoded += 1
      }
      let inKey = keyRanges(record).allSatisfy { $0.upperBound <= key.count }
      let inValue = valueRanges(record).allSatisfy { $0.upperBound <= value.count }
      let trailing = trailingBytes(record) ?? 0
      if !inKey || !inValue || trailing < 0 || trailing > value.count { outside += 1 }
    } catch {
      malformed += 1
      let count = error.part == .key ? key.count : value.count
      if !(0...count).contains(error.position) { outside += 1 }
    }
  }

  private func keyRanges(_ record: Record) -> [Range<Int>] {
    switch record {
    case .offsetCommit(let key, _): [key.group, key.topic]
    case .groupMetadata(let group, _), .consumerGroupMetadata(let group, _),
      .consumerGroupPartitionMetadata(let group, _),
      .consumerGroupTargetAssignmentMetadata(let group, _):
      [group]
    case .consumerGroupMemberMetadata(let group, let member, _),
      .consumerGroupTargetAssignmentMember(let group, let member, _),
      .consumerGroupCurrentMemberAssignment(let group, let member, _),
      .consumerGroupRegularExpression(let group, let member, _):
      [group, member]
    case .tombstone(let key), .unsupportedVersion(let key, _): key.group.map { [$0] } ?? []
    case .ignored(_, let group): group.map { [$0] } ?? []
    }
  }

  private func valueRanges(_ record: Record) -> [Range<Int>] {
    switch record {
    case .offsetCommit(_, let value): [value.metadata]
    case .groupMetadata(_, let value): ranges(value)
    case .consumerGroupPartitionMetadata(_, let value):
      value.topics.flatMap { [$0.topicName] + $0.partitionMetadata.flatMap(\.racks) }
    case .consumerGroupMemberMetadata(_, _, let value): ranges(value)
    case .consumerGroupRegularExpression(_, _, let value): value.topics
    default: []
    }
  }

  private func ranges(_ value: GroupMetadataValue) -> [Range<Int>] {
    var ranges: [Range<Int>?] = [value.protocolType, value.protocol, value.leader]
    for member in value.members {
      ranges += [member.memberId, member.groupInstanceId, member.clientId, member.clientHost]
      ranges += [member.subscriptionBytes, member.assignmentBytes]
      ranges += member.subscription.content ?? []
      for assigned in member.assignment.content ?? [] { ranges.append(assigned.topic) }
    }
    return ranges.compactMap(\.self)
  }

  private func ranges(_ value: ConsumerGroupMemberMetadataValue) -> [Range<Int>] {
    var ranges: [Range<Int>?] = [value.instanceId, value.rackId, value.clientId, value.clientHost]
    ranges += [value.subscribedTopicRegex, value.serverAssignor]
    ranges += value.subscribedTopicNames
    for supported in value.classicMemberMetadata?.supportedProtocols ?? [] {
      ranges += [supported.name, supported.metadata]
      ranges += supported.subscription.content ?? []
    }
    return ranges.compactMap(\.self)
  }
}

extension SeededGenerator {
  /// One to three changes of the kinds that break length-prefixed data.
  mutating func mutate(_ bytes: inout [UInt8]) {
    for _ in 0...below(3) {
      let at = below(bytes.count + 1)
      switch below(6) {
      case 0 where at < bytes.count: bytes[at] = UInt8(truncatingIfNeeded: next())
      case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8(below(8))
      case 2 where at < bytes.count:
        bytes[at] = [0x00, 0x01, 0x7f, 0x80, 0xff][below(5)]
      case 3: bytes.removeSubrange(at..<bytes.count)
      case 4: bytes.insert(UInt8(truncatingIfNeeded: next()), at: at)
      case 5 where at < bytes.count: bytes.remove(at: at)
      default: bytes.append(contentsOf: bytes.prefix(at).suffix(8))
      }
    }
  }
}
