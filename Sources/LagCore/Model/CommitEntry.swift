/// One commit of a consumer group for one partition, as a window keeps it.
///
/// It is Burrow's `protocol.ConsumerOffset`.
package struct CommitEntry: Sendable, Equatable {
  /// The committed offset: the next record that the consumer will read.
  package var offset: Int64
  /// The broker's commit time in milliseconds since 1970.
  package var timestamp: Int64
  /// The offset of the commit record in `__consumer_offsets`, which orders commits.
  package var order: Int64
  /// The wall clock when the commit was read, in whole seconds since 1970.
  package var observedAtSeconds: UInt32
  /// Records between the commit and the log-end offset known at that time; nil when unknown.
  package var lag: UInt64?

  /// Creates an entry from its parts.
  package init(
    offset: Int64, timestamp: Int64, order: Int64, observedAtSeconds: UInt32, lag: UInt64?
  ) {
    self.offset = offset
    self.timestamp = timestamp
    self.order = order
    self.observedAtSeconds = observedAtSeconds
    self.lag = lag
  }
}

/// Returns the records between a committed offset and a log-end offset, never negative.
///
/// A commit beyond the head counts as no lag: heads are sampled, so a consumer may be ahead of the
/// last one (Burrow, `inmemory.go`, `addConsumerOffset`). Offsets of either sign are taken; a
/// difference beyond `Int64` is still right as `UInt64`.
@inline(__always)
package func lagBetween(committed: Int64, head: Int64) -> UInt64 {
  head > committed ? UInt64(bitPattern: head) &- UInt64(bitPattern: committed) : 0
}
