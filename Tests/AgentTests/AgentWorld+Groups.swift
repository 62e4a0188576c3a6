import Configuration
import LagCore
import Testing

import Agent

/// The part of the world that answers requests about groups.
extension AgentWorld {
  /// A world whose groups are fetched.
  static func fetching(
    _ consumer: String = "groups = [\"g\"]", source: String = "offset-fetch", more: String = ""
  ) throws -> AgentWorld {
    try AgentWorld(
      """
      [cluster.local]
      servers = ["broker:9092"]
      offset-refresh = 10
      [consumer.local]
      cluster = "local"
      source = "\(source)"
      \(consumer)
      [storage.default]
      intervals = 3
      \(more)
      """)
  }

  /// Answers a fetch of a group with partitions of the topic `orders`; nil is no commit.
  mutating func answerOffsets(_ offsets: [Int32: Int64?], group: String = "g") {
    let committed = offsets.sorted { $0.key < $1.key }.map {
      GroupOffsetsReply.Committed(topic: "orders", partition: $0.key, offset: $0.value)
    }
    send(.groupOffsets(cluster: 0, group: group, .offsets(committed)))
  }

  mutating func failOffsets(
    _ kind: ClusterFault.Kind, _ message: String = "no", group: String = "g"
  ) {
    send(
      .groupOffsets(
        cluster: 0, group: group, .fault(ClusterFault(kind: kind, message: message))))
  }

  /// Answers a description: a member with the partitions of `orders` that it has, or nobody.
  mutating func answerDescription(
    _ state: GroupState, partitions: [Int32]? = nil, group: String = "g"
  ) {
    let members =
      partitions.map {
        [
          GroupMember(
            memberID: "m", clientID: "c", host: "/10.0.0.1",
            assignment: [GroupMember.Assigned(topic: "orders", partitions: $0)])
        ]
      } ?? []
    send(
      .groupDescription(
        cluster: 0, group: group,
        .membership(GroupMembership(state: state, protocolKind: .classic, members: members))))
  }

  /// Lets seconds pass; whatever the agent asks is answered by what stands at that moment.
  ///
  /// - Parameters:
  ///   - seconds: how many.
  ///   - head: the log end of `orders-0`.
  ///   - committed: the offset that a fetch finds; nil leaves fetches unanswered.
  ///   - state: the group's state; nil refuses descriptions.
  ///   - partitions: what its member has; nil is nobody.
  mutating func live(
    seconds: Int, head: Int64, committed: Int64?, state: GroupState?, partitions: [Int32]? = nil
  ) {
    for _ in 0..<seconds {
      tick(seconds: 1)
      answerAll(head: head, committed: committed, state: state, partitions: partitions)
    }
  }

  /// Answers everything that was asked.
  mutating func answerAll(
    head: Int64, committed: Int64?, state: GroupState?, partitions: [Int32]? = nil
  ) {
    while case let asked = take(), !asked.isEmpty {
      kept += asked
      for effect in asked {
        switch effect {
        case .lookUpTopics: answerTopics()
        case .lookUpHeads(_, .highWatermark, _, _): answerHeads([("orders", 0, head)])
        case .fetchOffsets(_, let group, _, _):
          if let committed { answerOffsets([0: committed], group: group) }
        case .describe(_, let group, _):
          if let state {
            answerDescription(state, partitions: partitions, group: group)
          } else {
            send(
              .groupDescription(
                cluster: 0, group: group,
                .fault(ClusterFault(kind: .authorization, message: "may not describe"))))
          }
        default: break
        }
      }
    }
  }
}

extension [AgentEffect] {
  /// The groups whose offsets are to be fetched.
  var fetched: [String] {
    compactMap { if case .fetchOffsets(_, let group, _, _) = $0 { group } else { nil } }
  }

  /// The groups that are to be described.
  var described: [String] {
    compactMap { if case .describe(_, let group, _) = $0 { group } else { nil } }
  }
}
