/// A question about groups that librdkafka has been asked.
struct GroupsQuestion {
  /// What was asked.
  enum Subject: Equatable {
    case offsets(group: String)
    case descriptions(groups: [String])
    case list
  }

  let subject: Subject
  /// From when on the client that was asked counts as hung, in milliseconds of the loop's clock.
  let overdueAt: Int64

  init(_ subject: Subject, timeoutMilliseconds: Int64, now: Int64) {
    self.subject = subject
    overdueAt = now &+ timeoutMilliseconds &* ClusterWorker.stuckFactor
  }

  /// The answer of somebody who did not get one.
  func failed(_ error: KafkaError) -> GroupsReply.Content {
    switch subject {
    case .offsets(let group): .offsets(group: group, .failure(error))
    case .descriptions(let groups):
      .descriptions(groups.map { DescribedGroup(group: $0, result: .failure(error)) })
    case .list: .list(.failure(error))
    }
  }
}

extension GroupsReply.Content {
  /// Whether the client that gave this answer should be replaced before the next question.
  ///
  /// librdkafka 2.0.2 keeps the coordinator that it found first for as long as it is asked about
  /// the group, also when that broker answers NOT_COORDINATOR; and a question that timed out
  /// stays in its list, to be sent when a broker comes back, together with all others like it.
  var retiresClient: Bool {
    switch self {
    case .offsets(_, .failure(let error)), .list(.failure(let error)): error.retiresAdminClient
    case .offsets(_, .success): false
    case .list(.success(let list)): list.errors.contains { $0.retiresAdminClient }
    case .descriptions(let groups):
      groups.contains {
        if case .failure(let error) = $0.result { error.retiresAdminClient } else { false }
      }
    }
  }

  /// Whether the broker or librdkafka cannot do what was asked at all.
  var isUnsupported: Bool {
    switch self {
    case .offsets(_, .failure(let error)), .list(.failure(let error)): error.isUnsupported
    case .offsets(_, .success), .list(.success): false
    case .descriptions(let groups):
      groups.contains {
        if case .failure(let error) = $0.result { error.isUnsupported } else { false }
      }
    }
  }
}
