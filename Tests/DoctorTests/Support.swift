import Doctor
import KafkaClient
import LagCore

/// Kafka's codes for errors that tests hand in (`org.apache.kafka.common.protocol.Errors`).
enum Code {
  static let topic = KafkaError(code: 29)
  static let group = KafkaError(code: 30)
  static let cluster = KafkaError(code: 31)
  static let unknownTopic = KafkaError(code: 3)
  static let timedOut = KafkaError(code: -185)
  static let loading = KafkaError(code: 14)
  static let authentication = KafkaError(code: -169, message: "Invalid username or password")
  static let down = KafkaError(code: -187)
}

let vole = Principal.user("vole")

func member(
  _ id: String, client: String = "c", host: String = "/10.0.0.1", instance: String? = nil,
  _ assignment: [(String, [Int32])] = []
) -> GroupMemberDescription {
  GroupMemberDescription(
    memberID: id, clientID: client, groupInstanceID: instance, host: host,
    assignment: assignment.map { TopicPartitions(topic: $0.0, partitions: $0.1) })
}

func described(
  _ state: KafkaGroupState, _ members: [GroupMemberDescription] = []
) -> Result<GroupDescription, KafkaError> {
  .success(
    GroupDescription(
      state: state, isSimple: false, assignor: "range", coordinator: nil, members: members))
}

func committed(_ topic: String, _ offsets: [Int32: Int64]) -> CommittedTopic {
  CommittedTopic(
    topic: topic,
    partitions: offsets.sorted { $0.key < $1.key }.map {
      CommittedOffset(partition: $0.key, offset: $0.value, error: nil)
    })
}

func refused(_ topic: String, _ error: KafkaError?) -> CommittedTopic {
  CommittedTopic(
    topic: topic, partitions: [CommittedOffset(partition: 0, offset: nil, error: error)])
}

/// What stands in a finding beside its words.
struct Gist: Equatable {
  var outcome: Finding.Outcome
  var subject: String
  var check: String
  var rights: [AccessRight]

  init(
    _ outcome: Finding.Outcome, _ subject: String, _ check: String, _ rights: [AccessRight] = []
  ) {
    self.outcome = outcome
    self.subject = subject
    self.check = check
    self.rights = rights
  }

  init(_ finding: Finding) {
    self.init(finding.outcome, finding.subject, finding.check, finding.rights.map(\.right))
  }
}
