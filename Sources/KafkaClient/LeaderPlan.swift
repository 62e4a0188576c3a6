/// A round of ListOffsets: one question about partitions, asked of each of their leaders.
///
/// `HeadsPlan` explains why each leader is asked by a call of its own.
package protocol LeaderPlan {
  /// What is asked.
  var request: [TopicPartitions] { get }
  /// The number in the request: -1 for the end, -2 for the start, or milliseconds since 1970.
  var timestamp: Int64 { get }
  /// Groups the partitions that have no answer by leader.
  mutating func groups(
    metadata: [String: TopicMetadata], suspects: Set<Int32>, unknown: KafkaError
  ) -> [HeadsPlan.LeaderGroup]
  /// Takes the answer of one call.
  mutating func take(
    _ places: [HeadsPlan.Place], callError: KafkaError?, elements: [HeadsPlan.Element],
    sampledAt: Int64
  ) -> HeadsPlan.Next
  /// Gives up on partitions for this round.
  mutating func fail(_ places: [HeadsPlan.Place], _ error: KafkaError)
  /// Topics with partitions that newer metadata may help.
  func misdirectedTopics() -> Set<String>
  /// Topics with partitions that have no answer.
  func incompleteTopics() -> Set<String>
  /// Forgets the answers of misdirected partitions, so that they are asked for again.
  mutating func forgetMisdirected(in names: Set<String>)
}

extension HeadsPlan: LeaderPlan {
  /// Log ends are asked for.
  package var timestamp: Int64 { -1 }

  /// Takes the answer of one call; see `takeEnds`.
  package mutating func take(
    _ places: [Place], callError: KafkaError?, elements: [Element], sampledAt: Int64
  ) -> Next {
    takeEnds(places, callError: callError, elements: elements, sampledAt: sampledAt)
  }
}
