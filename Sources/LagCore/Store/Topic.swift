/// What is known of one topic at one of its ends, beside its heads.
struct Topic: Sendable {
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
  /// Which end the heads are.
  let logEnd: LogEnd

  init(logEnd: LogEnd) {
    self.logEnd = logEnd
  }
}

/// A partition of a topic of the store.
struct TopicPartition: Sendable, Hashable {
  /// The topic's index.
  let topic: Int32
  let partition: Int32

  /// Both in one word, topics first: hashing it takes half of the time that one after the other
  /// does.
  var order: UInt64 {
    UInt64(UInt32(bitPattern: topic)) << 32 | UInt64(UInt32(bitPattern: partition))
  }

  func hash(into hasher: inout Hasher) { hasher.combine(order) }
}
