/// A plan that asks each leader for the first offsets at or after a moment.
///
/// It decides as `HeadsPlan` does, but for one thing: here -1 without an error is an answer, that
/// the partition holds nothing so new.
package struct TimesPlan {
  /// The earliest moment that is asked for, in milliseconds since 1970: 3 March 1973.
  ///
  /// librdkafka answers in place, so a question that the broker left out looks like an offset; no
  /// partition has offsets as large as these.
  package static let earliestTime: Int64 = 100_000_000_000

  /// The moment, in milliseconds since 1970.
  package let time: Int64
  private var plan: HeadsPlan
  /// Partitions that hold nothing so new, by topic and partition of the request.
  private var isEmptyAfter: [[Bool]]

  /// Starts without any answer.
  ///
  /// - Parameters:
  ///   - request: the partitions.
  ///   - time: the moment, in milliseconds since 1970; an earlier one than `earliestTime` is
  ///     taken for that.
  package init(request: [TopicPartitions], time: Int64) {
    self.time = max(TimesPlan.earliestTime, time)
    plan = HeadsPlan(request: request)
    isEmptyAfter = request.map { [Bool](repeating: false, count: $0.partitions.count) }
  }

  /// The answers in the order of the request.
  ///
  /// - Parameter unanswered: the error of partitions that nobody was asked about.
  package func offsets(unanswered: KafkaError) -> [TopicOffsets] {
    zip(plan.result(unanswered: unanswered), isEmptyAfter).map { topic, isEmptyAfter in
      TopicOffsets(
        request: topic.request,
        offsets: zip(topic.heads, isEmptyAfter).map { head, isEmptyAfter in
          switch head {
          case .offsets(let offset, _, _): isEmptyAfter ? .nothingSoNew : .offset(offset)
          case .leaderless: .leaderless
          case .failed(let error): .failed(error)
          }
        })
    }
  }
}

extension TimesPlan: LeaderPlan {
  /// What is asked, in the order given.
  package var request: [TopicPartitions] { plan.request }
  /// The moment asked for, in milliseconds since 1970.
  package var timestamp: Int64 { time }

  /// Groups the partitions that have no answer by leader; see `HeadsPlan.groups`.
  package mutating func groups(
    metadata: [String: TopicMetadata], suspects: Set<Int32>, unknown: KafkaError
  ) -> [HeadsPlan.LeaderGroup] {
    plan.groups(metadata: metadata, suspects: suspects, unknown: unknown)
  }

  /// Takes the answer of one call; see `HeadsPlan.takeEnds`.
  package mutating func take(
    _ places: [HeadsPlan.Place], callError: KafkaError?, elements: [HeadsPlan.Element],
    sampledAt: Int64
  ) -> HeadsPlan.Next {
    var read = elements
    if callError == nil {
      for (index, place) in places.enumerated() where index < elements.count {
        let element = elements[index]
        guard element.error == nil else { continue }
        if element.offset == -1 {
          isEmptyAfter[place.topic][place.partition] = true
          read[index] = HeadsPlan.Element(offset: 0, error: nil)
        } else if element.offset == time {
          // The question, not an answer.
          read[index] = HeadsPlan.Element(offset: -2, error: nil)
        }
      }
    }
    return plan.takeEnds(places, callError: callError, elements: read, sampledAt: sampledAt)
  }

  /// Gives up on partitions for this round.
  package mutating func fail(_ places: [HeadsPlan.Place], _ error: KafkaError) {
    plan.fail(places, error)
  }

  /// Topics with partitions that newer metadata may help.
  package func misdirectedTopics() -> Set<String> { plan.misdirectedTopics() }

  /// Topics with partitions that have no answer.
  package func incompleteTopics() -> Set<String> { plan.incompleteTopics() }

  /// Forgets the answers of misdirected partitions, so that they are asked for again.
  package mutating func forgetMisdirected(in names: Set<String>) {
    plan.forgetMisdirected(in: names)
  }
}
