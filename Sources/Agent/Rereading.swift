/// Partitions of the offsets topic that a second reader reads from the beginning, for groups that a
/// new configuration added.
///
/// The first reader goes on, so that the groups that stay lose nothing. What the second one finds
/// counts for the added groups only, and what the first one finds counts for them only from where
/// the second has caught up with it: so each group's records come in their order, once.
struct Rereading: Sendable, Equatable {
  private struct Partition: Sendable, Equatable {
    var position: Int64 = 0
    var fault: ClusterFault?
  }

  private var partitions: [Int32: Partition] = [:]
  /// Records read since there was last nothing to read.
  private(set) var records: Int64 = 0

  /// The partitions that are being read again; at most those that the offsets topic has.
  var numbers: [Int32] { partitions.keys.sorted() }

  /// Whether nothing is being read again.
  @inline(__always)
  var isEmpty: Bool { partitions.isEmpty }

  /// Whether a partition is being read again.
  func contains(_ partition: Int32) -> Bool { partitions[partition] != nil }

  /// The offset of the next record of a partition; nil when it is not being read again.
  func position(of partition: Int32) -> Int64? { partitions[partition]?.position }

  /// Why a partition cannot be read again, nil while it can.
  func fault(of partition: Int32) -> ClusterFault? { partitions[partition]?.fault }

  /// Begins with a partition, or begins anew.
  mutating func begin(_ partition: Int32) {
    if partitions.isEmpty { records = 0 }
    partitions[partition] = Partition()
  }

  /// Ends with a partition.
  mutating func end(_ partition: Int32) { partitions[partition] = nil }

  /// Takes note of a record that was read; returns whether its partition is being read again.
  mutating func read(offset: Int64, of partition: Int32) -> Bool {
    guard partitions[partition] != nil else { return false }
    partitions[partition]?.position = offset &+ 1
    records &+= 1
    return true
  }

  /// Takes note that the second reader stands at the end of a partition.
  mutating func reachedEnd(position: Int64, of partition: Int32) {
    guard let known = partitions[partition] else { return }
    partitions[partition] = Partition(position: max(known.position, position))
  }

  /// Takes note of a fault; returns whether it is news.
  mutating func failed(_ fault: ClusterFault, partition: Int32) -> Bool {
    guard let known = partitions[partition], known.fault?.kind != fault.kind else { return false }
    partitions[partition]?.fault = fault
    return true
  }
}
