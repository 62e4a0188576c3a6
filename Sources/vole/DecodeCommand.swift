import Configuration
import Offline

extension Command {
  /// `vole decode`: records of `__consumer_offsets` as JSON.
  static let decode = Command(
    declaration: CommandDeclaration(
      "decode",
      summary: "Decode records of __consumer_offsets, one JSON line for each",
      details: [
        "Reads JSON lines from standard input and writes one JSON line for each. A line holds at "
          + "least \"key\" and \"value\": the record's bytes in hexadecimal, the value null for a "
          + "tombstone. \"batch\":{\"control\":true} marks a transaction marker. Other members are "
          + "passed over. No line is longer than \(LineSplitter.maximumLineBytes >> 20) MiB.",
        "Each answer has a \"type\" and these members:",
        "offset_commit: group, topic, partition, offset, leaderEpoch (-1 when unknown), metadata, "
          + "commitTimestamp, and where the record has them expireTimestamp and topicId. "
          + "Times are milliseconds since 1970.",
        "offset_tombstone: group, topic, partition.",
        "group_metadata (a group of the classic protocol): group, protocolType, generation, "
          + "protocol, leader, and members with memberId, groupInstanceId, clientId, clientHost "
          + "and assignment, which maps topics to partitions. group_tombstone: group.",
        "member (a member of a group of the consumer protocol, KIP-848): keyType, group, memberId; "
          + "then for keyType 5 groupInstanceId, rackId, clientId, clientHost, subscribedTopics, "
          + "subscribedTopicRegex, rebalanceTimeoutMs, serverAssignor; for keyType 7 "
          + "targetAssignment; for keyType 8 epoch, previousEpoch, state (0 stable, 1 unrevoked, "
          + "2 unreleased partitions), assignment, pendingRevocation. Assignments map topic ids to "
          + "partitions. A tombstone has \"tombstone\":true instead.",
        "ignored (a record of another type, or of a version that no broker writes): keyType, "
          + "group. control: a transaction marker. malformed: reason.",
        "Bad lines are answered as malformed and do not change the exit code, which is 0; it is 2 "
          + "when the input cannot be read.",
      ]),
    run: { _ in LineStream(command: "decode").run(DecodeFilter(), from: .standardInput) })
}
