/// What is known of one topic at one of its ends.
struct Topic: Sendable {
  /// Which end the heads are.
  let logEnd: LogEnd
  var heads: TopicHeads
  /// The log starts of those partitions in which some commit lies below it; no others are kept.
  var logStarts: [Int32: Int64] = [:]
  /// The identifier that the newest commits named; `none` before.
  var id = TopicID.none
  /// The newest commit time that came with `id`, in milliseconds since 1970.
  var idTime = Int64.min
  /// How many windows of all groups it has.
  var windowCount: Int32 = 0
  /// The first of the groups' topics that are this one, -1 for none; each names the next.
  var firstGroupTopic: Int32 = -1
  /// The same topic at its other end, -1 when no group measures to that.
  var sibling: Int32 = -1

  init(logEnd: LogEnd, intervals: Int) {
    self.logEnd = logEnd
    heads = TopicHeads(intervals: intervals)
  }

  /// The memory that lies outside of the value itself, in bytes.
  var footprint: Int {
    heads.footprint + logStarts.capacity * (MemoryLayout<Int64>.stride * 2 + 1)
  }
}
