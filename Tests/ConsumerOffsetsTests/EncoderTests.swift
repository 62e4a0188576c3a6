import ConsumerOffsets
import Testing

@Suite("Encoder")
struct EncoderTests {
  @Test("captured commits of versions 3 and 4, encoded again, are the captured bytes")
  func commits() throws {
    var encoded: [Int16: Int] = [:]
    for line in Capture.records {
      guard case .offsetCommit(let key, let commit) = try decode(key: line.key, value: line.value),
        let value = line.value
      else { continue }
      #expect(
        try RecordEncoder.offsetCommitKey(
          group: text(key.group, in: line.key.span), topic: text(key.topic, in: line.key.span),
          partition: key.partition) == line.key, "line \(line.number)")
      guard let version = RecordEncoder.OffsetCommitVersion(rawValue: commit.version) else {
        continue
      }
      let again = try RecordEncoder.offsetCommitValue(
        RecordEncoder.OffsetCommit(
          offset: commit.offset, leaderEpoch: commit.leaderEpoch,
          metadata: text(commit.metadata, in: value.span),
          commitTimestamp: commit.commitTimestamp, topicId: commit.topicId), version)
      #expect(again == value, "line \(line.number)")
      encoded[commit.version, default: 0] += 1
    }
    #expect(encoded == [3: 131, 4: 1086])
  }

  @Test("captured groups of version 3, encoded again, are the captured bytes")
  func groups() throws {
    var encoded = 0
    for line in Capture.records {
      guard
        case .groupMetadata(let group, let state) = try decode(key: line.key, value: line.value),
        let value = line.value
      else { continue }
      #expect(
        try RecordEncoder.groupMetadataKey(group: text(group, in: line.key.span)) == line.key)
      guard state.version == 3 else { continue }
      let members = state.members.map { member in
        RecordEncoder.Member(
          memberId: text(member.memberId, in: value.span),
          groupInstanceId: member.groupInstanceId.map { text($0, in: value.span) },
          clientId: text(member.clientId, in: value.span),
          clientHost: text(member.clientHost, in: value.span),
          rebalanceTimeout: member.rebalanceTimeout, sessionTimeout: member.sessionTimeout,
          subscription: Array(value[member.subscriptionBytes]),
          assignment: Array(value[member.assignmentBytes]))
      }
      let again = try RecordEncoder.groupMetadataValue(
        RecordEncoder.GroupMetadata(
          protocolType: text(state.protocolType, in: value.span), generation: state.generation,
          protocol: state.protocol.map { text($0, in: value.span) },
          leader: state.leader.map { text($0, in: value.span) },
          currentStateTimestamp: state.currentStateTimestamp, members: members))
      #expect(again == value, "line \(line.number)")
      encoded += 1
    }
    #expect(encoded > 50)
  }

  @Test("captured assignments without user data, encoded again, are the captured bytes")
  func assignments() throws {
    var same = 0
    for line in Capture.records {
      guard
        case .groupMetadata(let group, let state) = try decode(key: line.key, value: line.value),
        let value = line.value,
        // Kafka Streams adds user data, which happens to end like none.
        text(group, in: line.key.span) != "streams-app-classic"
      else { continue }
      for member in state.members {
        let captured = Array(value[member.assignmentBytes])
        guard let content = member.assignment.content, captured.suffix(4) == [255, 255, 255, 255]
        else { continue }
        let again = try RecordEncoder.assignment(
          version: Int16(captured[1]),
          content.map { (topic: text($0.topic, in: value.span), partitions: $0.partitions) })
        #expect(again == captured, "line \(line.number)")
        same += 1
      }
    }
    #expect(same > 50)
  }

  @Test("a subscription is read back")
  func subscription() throws {
    let topics = ["orders", "", "группа"]
    let value = try RecordEncoder.groupMetadataValue(
      RecordEncoder.GroupMetadata(
        generation: 1, protocol: "range", leader: "m", currentStateTimestamp: 5,
        members: [
          RecordEncoder.Member(
            memberId: "m", clientId: "c", clientHost: "/10.0.0.1",
            subscription: try RecordEncoder.subscription(topics: topics), assignment: [])
        ]))
    let group = try GroupMetadataValue.decode(value.span)
    let read = try #require(group.members.first?.subscription.content)
    #expect(read.map { text($0, in: value.span) } == topics)
    #expect(group.members.first?.assignment == .empty)
  }

  @Test("a text longer than a Kafka string is an error, the longest one is not")
  func tooLong() throws {
    let longest = String(repeating: "x", count: 32767)
    for version in RecordEncoder.OffsetCommitVersion.allCases {
      let commit = RecordEncoder.OffsetCommit(offset: 1, metadata: longest, commitTimestamp: 2)
      let value = try RecordEncoder.offsetCommitValue(commit, version)
      #expect(try OffsetCommitValue.decode(value.span).metadata.count == 32767)
      let error = #expect(throws: EncodeError.self) {
        var longer = commit
        longer.metadata += "x"
        _ = try RecordEncoder.offsetCommitValue(longer, version)
      }
      #expect(
        error?.description == "metadata of 32768 bytes exceeds the 32767 bytes of a Kafka string")
    }
    let error = #expect(throws: EncodeError.self) {
      try RecordEncoder.groupMetadataKey(group: longest + "x")
    }
    #expect(error?.field == "group" && error?.length == 32768)
  }
}
