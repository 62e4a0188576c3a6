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
  ///   - timestamp: when the record was written, in milliseconds since 1970; -1 when unknown.
  ///   - key: the record's key.
  ///   - value: the record's value, nil for a tombstone.
  ///   - now: the time.
  @inline(__always)
  mutating func ingest(
    partition: Int32, offset: Int64, timestamp: Int64, key: Span<UInt8>, value: Span<UInt8>?,
    now: Moment
  ) {
    records.read &+= 1
    let index = Int(partition)
    var isAtEnd = false
    if readings.indices.contains(index) {
      isAtEnd = readings[index]?.isCaughtUp ?? false
      readings[index]?.read(offset: offset)
    }
    do throws(DecodeError) {
      let type = try RecordKey.type(of: key)
      guard Self.isMeaningful(type) else {
        records.ignored &+= 1
        return
      }
      let name = try RecordKey.group(of: key)
      guard let group = watchedGroup(key.extracting(name)) else {
        records.foreign &+= 1
        return
      }
      guard takesRecords(of: group, now: now) else {
        records.ignored &+= 1
        return
      }
      try take(
        key, value, of: group, order: offset, timestamp: timestamp, isAtEnd: isAtEnd,
        now: now.wall)
    } catch {
      note(error, partition: partition, offset: offset)
    }
  }

  /// Takes a record of a group that is watched.
  @inline(__always)
  mutating func take(
    _ key: Span<UInt8>, _ value: Span<UInt8>?, of group: Int, order: Int64, timestamp: Int64,
    isAtEnd: Bool, now: Int64
  ) throws(DecodeError) {
    switch try RecordKey.decode(key) {
    case .offsetCommit(let commit):
      try store(
        commit, of: group, key: key, value: value, order: order, isAtEnd: isAtEnd, now: now)
    case let other:
      try storeMembers(other, of: group, key: key, value: value, timestamp: timestamp)
    }
  }

  /// Whether records of a type say something about commits or members: 0 to 8, and 16.
  @inline(__always)
  static func isMeaningful(_ type: Int16) -> Bool { (type >= 0 && type <= 8) || type == 16 }

  @inline(__always)
  mutating func watchedGroup(_ name: Span<UInt8>) -> Int? {
    if let known = store.group(named: name) { return watched[known].isRemoved ? nil : known }
    guard let consumer = admission.consumer(admitting: name) else { return nil }
    return addGroup(name, consumer: consumer)
  }

  @inline(__always)
  private mutating func store(
    _ key: OffsetCommitKey, of group: Int, key bytes: Span<UInt8>, value: Span<UInt8>?,
    order: Int64, isAtEnd: Bool, now: Int64
  ) throws(DecodeError) {
    let topic = bytes.extracting(key.topic)
    guard let value else {
      _ = store.removeOffset(group: group, topic: topic, partition: key.partition)
      records.tombstones &+= 1
      return
    }
    let commit = try OffsetCommitValue.decode(value)
    if let topicID = commit.topicId { _ = memberships.learn(topicID, name: topic) }
    // Only a record that was just written tells how far the brokers' clock is from ours.
    if isAtEnd { skew.observe(arrival: now, commitTime: commit.commitTimestamp) }
    let outcome = store.record(
      group: group, topic: topic, partition: key.partition, offset: commit.offset,
      timestamp: commit.commitTimestamp, order: order,
      topicID: commit.topicId.map {
        TopicID(high: $0.mostSignificantBits, low: $0.leastSignificantBits)
      }, now: now)
    switch outcome {
    case .placed(.duplicate), .placed(.tooOld), .expired, .ofDeletedTopic, .partitionOutOfRange,
      .full:
      records.dropped &+= 1
    case .placed:
      records.commits &+= 1
    }
  }

  private mutating func storeMembers(
    _ key: RecordKey, of group: Int, key bytes: Span<UInt8>, value: Span<UInt8>?,
    timestamp: Int64
  ) throws(DecodeError) {
    // A tombstone takes the members only: a group that is deleted writes one for each of its
    // offsets too, and one that migrates to the new protocol keeps them.
    if value == nil { records.tombstones &+= 1 } else { records.groupMetadata &+= 1 }
    _ = try memberships.apply(key, bytes, value: value, group: group, timestamp: timestamp)
  }

  /// Brings the owners of all groups whose membership changed into the store.
  ///
  /// Once for many records: a group of a thousand members has a thousand records of them.
  mutating func refreshOwners(now: Int64) {
    for group in memberships.takeChanged() where watched[group].source == .topic {
      store.setMembership(memberships.membership(of: group), ofGroup: group, now: now)
    }
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
