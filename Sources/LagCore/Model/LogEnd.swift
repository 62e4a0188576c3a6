/// Which end of a partition lag is measured to.
package enum LogEnd: UInt8, Sendable, CaseIterable {
  /// The high watermark: the end of what is replicated, records of open transactions included.
  case highWatermark
  /// The last stable offset: the end of what a `read_committed` consumer can read.
  ///
  /// While a transaction is open it stays behind the high watermark (Kafka, `UnifiedLog`).
  case lastStableOffset
}
