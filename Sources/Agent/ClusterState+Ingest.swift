import ConsumerOffsets
import LagCore

extension ClusterState {
  /// Takes one record of the offsets topic.
  ///
  /// The group is read first, so that a record of a foreign group costs a look-up and nothing else.
  ///
  /// - Parameters:
  ///   - partition: the partition of the offsets topic.
  ///   - offset: the record's offset in it, which orders commits.
  ///   - key: the record's key.
  ///   - value: the record's value, nil for a tombstone.
  ///   - now: the wall clock in milliseconds since 1970.
  @inline(__always)
  mutating func ingest(
    partition: Int32, offset: Int64, key: Span<UInt8>, value: Span<UInt8>?, now: Int64
  ) {
    records.read &+= 1
    let index = Int(partition)
    if readings.indices.contains(index) { readings[index]?.read(offset: offset) }
    do throws(DecodeError) {
      guard try RecordKey.type(of: key) <= 2 else {
        records.ignored &+= 1
        return
      }
      let name = try RecordKey.group(of: key)
      guard let group = watchedGroup(key.extracting(name)) else {
        records.foreign &+= 1
        return
      }
      switch try RecordKey.decode(key) {
      case .offsetCommit(let commit):
        try store(commit, of: group, key: key, value: value, order: offset, now: now)
      case .groupMetadata:
        try storeMembers(of: group, value: value, now: now)
      default:
        records.ignored &+= 1
      }
    } catch {
      note(error, partition: partition, offset: offset)
    }
  }

  @inline(__always)
  private mutating func watchedGroup(_ name: Span<UInt8>) -> Int? {
    if let known = store.group(named: name) { return known }
    guard admission.admits(name) else { return nil }
    return addGroup(name)
  }

  @inline(__always)
  private mutating func store(
    _ key: OffsetCommitKey, of group: Int, key bytes: Span<UInt8>, value: Span<UInt8>?,
    order: Int64, now: Int64
  ) throws(DecodeError) {
    let topic = bytes.extracting(key.topic)
    guard let value else {
      _ = store.removeOffset(group: group, topic: topic, partition: key.partition)
      records.tombstones &+= 1
      return
    }
    let commit = try OffsetCommitValue.decode(value)
    let outcome = store.record(
      group: group, topic: topic, partition: key.partition, offset: commit.offset,
      timestamp: commit.commitTimestamp, order: order,
      topicID: commit.topicId.map {
        TopicID(high: $0.mostSignificantBits, low: $0.leastSignificantBits)
      }, now: now)
    switch outcome {
    case .placed(.duplicate), .placed(.tooOld), .expired, .ofDeletedTopic,
      .partitionOutOfRange, .full:
      records.dropped &+= 1
    case .placed:
      records.commits &+= 1
    }
  }

  private mutating func storeMembers(
    of group: Int, value: Span<UInt8>?, now: Int64
  ) throws(DecodeError) {
    guard let value else {
      // Only the members go: a group that is deleted writes a tombstone for each of its offsets
      // too, and one that migrates to the new protocol keeps them.
      store.setMembership(GroupMembership(state: .dead), ofGroup: group, now: now)
      records.tombstones &+= 1
      return
    }
    let metadata = try GroupMetadataValue.decode(value)
    records.groupMetadata &+= 1
    let members = metadata.members.map { member in
      GroupMember(
        memberID: text(member.memberId, in: value), clientID: text(member.clientId, in: value),
        host: text(member.clientHost, in: value),
        groupInstanceID: member.groupInstanceId.map { text($0, in: value) },
        assignment: member.assignment.content?.map {
          GroupMember.Assigned(topic: text($0.topic, in: value), partitions: $0.partitions)
        })
    }
    store.setMembership(
      GroupMembership(
        state: members.isEmpty ? .empty : .stable, protocolKind: .classic,
        generation: metadata.generation, changedAt: max(metadata.currentStateTimestamp, 0),
        members: members), ofGroup: group, now: now)
  }

  private mutating func note(_ error: DecodeError, partition: Int32, offset: Int64) {
    if error.isUnsupportedVersion {
      records.unsupportedVersions &+= 1
    } else {
      records.malformed &+= 1
    }
    if troubledRecord == nil {
      troubledRecord = "\(settings.offsetsTopic)-\(partition) offset \(offset): \(error)"
    }
  }
}
