/// What is special about the lag of a partition beside its size.
package struct PartitionFlags: OptionSet, Sendable {
  /// The flags as bits.
  package let rawValue: UInt8

  /// Takes flags from bits.
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The committed offset lies below the log start: what lies between is deleted, and the lag is
  /// measured from the log start.
  package static let beforeLogStart = PartitionFlags(rawValue: 1 << 0)
  /// The committed offset lies beyond a log end that was sampled after the commit was read.
  ///
  /// The log lost records (an unclean election, a topic made anew) or the commit is wrong.
  package static let beyondEnd = PartitionFlags(rawValue: 1 << 1)
  /// Between the committed offset and the log end there is nothing that a consumer could read, so
  /// that the lag counts as none.
  package static let phantom = PartitionFlags(rawValue: 1 << 2)
  /// The partition's own log end was sampled too long ago.
  package static let headOld = PartitionFlags(rawValue: 1 << 3)
}
