package import Configuration
import ConsumerOffsets
package import LagCore

/// What `__consumer_offsets` says about groups: what they committed to, and who is in them.
///
/// The second opinion on what the brokers answer: they leave out silently what the principal may
/// not see, the log does not.
package struct LoggedGroups {
  /// What the log says about one group.
  package struct Group: Equatable, Sendable {
    /// The partitions of which a committed offset stands, by topic.
    package var committed: [String: Set<Int32>]
    /// Who is in it.
    package var membership: GroupMembership

    /// Puts the parts together.
    package init(committed: [String: Set<Int32>], membership: GroupMembership) {
      self.committed = committed
      self.membership = membership
    }

    /// Whether anything of it stands.
    package var exists: Bool {
      !committed.isEmpty || ![.unknown, .dead].contains(membership.state)
    }
  }

  /// The most groups that are looked at.
  package static let maximumGroups = 10_000
  /// The most partitions of all groups whose commits are noted.
  package static let maximumPartitions = 1_000_000

  private let selections: [GroupSelection]
  private var numbers: [String: Int] = [:]
  private var names: [String] = []
  private var committed: [[String: Set<Int32>]] = []
  private var partitionCount = 0
  private var memberships = Memberships()
  /// Records that could not be read.
  package private(set) var malformed = 0
  /// Whether there was more than is kept.
  package private(set) var isOverfull = false

  /// Knows nothing yet.
  ///
  /// - Parameter selections: which groups are of interest; one that any of them admits is.
  package init(selections: [GroupSelection]) {
    self.selections = selections
  }

  /// Takes a record in, in the order of its partition.
  ///
  /// - Parameters:
  ///   - key: its key.
  ///   - value: its value, nil for a tombstone.
  package mutating func take(key: Span<UInt8>, value: Span<UInt8>?) {
    do throws(DecodeError) {
      let recordKey = try RecordKey.decode(key)
      guard let range = recordKey.group else { return }
      if case .other = recordKey { return }
      guard let group = number(of: key.extracting(range)) else { return }
      guard case .offsetCommit(let commit) = recordKey else {
        _ = try memberships.apply(recordKey, key, value: value, group: group, timestamp: -1)
        return
      }
      let topic = text(commit.topic, in: key)
      guard let value else { return remove(topic, commit.partition, of: group) }
      let offset = try OffsetCommitValue.decode(value)
      if let topicID = offset.topicId {
        _ = memberships.learn(topicID, name: key.extracting(commit.topic))
      }
      add(topic, commit.partition, to: group)
    } catch {
      if !error.isUnsupportedVersion { malformed += 1 }
    }
  }

  /// All groups that the log has told anything of.
  package var groups: [String: Group] {
    var groups: [String: Group] = [:]
    for (index, name) in names.enumerated() {
      groups[name] = Group(
        committed: committed[index], membership: memberships.membership(of: index))
    }
    return groups
  }

  private mutating func number(of name: Span<UInt8>) -> Int? {
    let group = text(0..<name.count, in: name)
    if let known = numbers[group] { return known }
    guard selections.contains(where: { $0.outcome(name) == .match }) else { return nil }
    guard names.count < Self.maximumGroups else {
      isOverfull = true
      return nil
    }
    numbers[group] = names.count
    names.append(group)
    committed.append([:])
    return names.count - 1
  }

  private mutating func add(_ topic: String, _ partition: Int32, to group: Int) {
    guard partitionCount < Self.maximumPartitions else {
      isOverfull = true
      return
    }
    if committed[group][topic, default: []].insert(partition).inserted { partitionCount += 1 }
  }

  private mutating func remove(_ topic: String, _ partition: Int32, of group: Int) {
    guard committed[group][topic]?.remove(partition) != nil else { return }
    partitionCount -= 1
    if committed[group][topic]?.isEmpty == true { committed[group][topic] = nil }
  }
}
