import Foundation
import Offline
import Testing

@Suite struct DecodeFilterTests {
  /// Kafka's own decoder wrote `key_decoded` and `value_decoded` beside each record.
  @Test func agreesWithKafkaOnEveryCapturedRecord() throws {
    let lines = try Capture.lines()
    let answers = answer(of: DecodeFilter(), to: try Capture.text())
    #expect(lines.count == 2048)
    #expect(answers.lines.count == lines.count)
    #expect(answers.errors.isEmpty)
    var kinds: [String: Int] = [:]
    for (line, answer) in zip(lines, answers.lines) {
      let captured = try object(line)
      let expected = try #require(expectation(for: captured))
      #expect(try object(answer) == expected, "\(answer) for \(line.prefix(300))")
      kinds[expected["type"] as? String ?? "", default: 0] += 1
    }
    #expect(
      kinds == [
        "offset_commit": 1286, "offset_tombstone": 164, "group_metadata": 123,
        "group_tombstone": 15, "member": 230, "ignored": 175, "control": 55,
      ])
  }

  /// What the decoder must answer, made from Kafka's decoded form alone.
  private func expectation(for captured: NSDictionary) -> NSDictionary? {
    let kind = captured["kind"] as? String ?? ""
    if kind.hasPrefix("control:") { return ["type": "control"] }
    guard let key = captured["key_decoded"] as? NSDictionary else { return nil }
    let group = key["group"] ?? key["groupId"] ?? NSNull()
    let value = captured["value_decoded"] as? NSDictionary
    switch kind {
    case "offset_commit":
      let answer: NSMutableDictionary = [
        "type": "offset_tombstone", "group": group, "topic": key["topic"] ?? NSNull(),
        "partition": key["partition"] ?? NSNull(),
      ]
      guard let value else { return answer }
      answer["type"] = "offset_commit"
      answer["leaderEpoch"] = -1
      answer.addEntries(from: value as? [AnyHashable: Any] ?? [:])
      return answer
    case "group_metadata":
      guard let value else { return ["type": "group_tombstone", "group": group] }
      return [
        "type": "group_metadata", "group": group,
        "protocolType": value["protocolType"] ?? NSNull(),
        "generation": value["generation"] ?? NSNull(), "protocol": value["protocol"] ?? NSNull(),
        "leader": value["leader"] ?? NSNull(),
        "members": members(of: value),
      ]
    case "consumer_group_member_metadata", "consumer_group_target_assignment_member",
      "consumer_group_current_member_assignment":
      return member(captured, key, value)
    default:
      return ["type": "ignored", "keyType": captured["key_type"] ?? NSNull(), "group": group]
    }
  }

  private func members(of group: NSDictionary) -> [NSDictionary] {
    let isConsumer = group["protocolType"] as? String == "consumer"
    return (group["members"] as? [NSDictionary] ?? []).map { member in
      let assignment = Data(base64Encoded: member["assignment"] as? String ?? "") ?? Data()
      return [
        "memberId": member["memberId"] ?? NSNull(),
        "groupInstanceId": member["groupInstanceId"] ?? NSNull(),
        "clientId": member["clientId"] ?? NSNull(), "clientHost": member["clientHost"] ?? NSNull(),
        "assignment": isConsumer ? topics(inAssignment: Array(assignment)) : [:],
      ]
    }
  }

  /// A second reading of the embedded assignment: int16 version, then topics with partitions.
  private func topics(inAssignment bytes: [UInt8]) -> [String: [Int]] {
    var rest = bytes.dropFirst(2)
    func integer(_ size: Int) -> Int {
      defer { rest = rest.dropFirst(size) }
      return rest.prefix(size).reduce(0) { $0 << 8 | Int($1) }
    }
    guard !rest.isEmpty else { return [:] }
    var topics: [String: [Int]] = [:]
    for _ in 0..<integer(4) {
      let length = integer(2)
      let name = String(decoding: rest.prefix(length), as: UTF8.self)
      rest = rest.dropFirst(length)
      topics[name] = (0..<integer(4)).map { _ in integer(4) }
    }
    return topics
  }

  private func member(
    _ captured: NSDictionary, _ key: NSDictionary, _ value: NSDictionary?
  ) -> NSDictionary {
    let answer: NSMutableDictionary = [
      "type": "member", "keyType": captured["key_type"] ?? NSNull(),
      "group": key["groupId"] ?? NSNull(), "memberId": key["memberId"] ?? NSNull(),
    ]
    func assignment(_ name: String) -> [String: Any] {
      var topics: [String: Any] = [:]
      for topic in value?[name] as? [NSDictionary] ?? [] {
        topics[topic["topicId"] as? String ?? ""] = topic["partitions"]
      }
      return topics
    }
    guard let value else {
      answer["tombstone"] = true
      return answer
    }
    switch captured["key_type"] as? Int {
    case 5:
      answer["groupInstanceId"] = value["instanceId"]
      answer["subscribedTopics"] = value["subscribedTopicNames"]
      for name in [
        "rackId", "clientId", "clientHost", "subscribedTopicRegex", "rebalanceTimeoutMs",
        "serverAssignor",
      ] { answer[name] = value[name] }
    case 7:
      answer["targetAssignment"] = assignment("topicPartitions")
    default:
      answer["epoch"] = value["memberEpoch"]
      answer["previousEpoch"] = value["previousMemberEpoch"]
      answer["state"] = value["state"]
      answer["assignment"] = assignment("assignedPartitions")
      answer["pendingRevocation"] = assignment("partitionsPendingRevocation")
    }
    return answer
  }

  @Test func writesMembersInTheDocumentedOrder() throws {
    let text = """
      {"key":"0001000167000174000000ff","value":"0004000000000000006400000005026d\
      000001a1f8c46f000100106c8045bfe1db48058d2578308b7a342c"}
      {"key":"0001000167000174000000ff","value":null}
      {"key":"0000000167000174000000ff","value":"0001000000000000006400016d0000000000000001\
      0000000000000002"}
      {"key":"0002000167","value":"00030008636f6e73756d6572000000070000000161000000000000000100\
      0000010001610001690001620001630000000100000002000000000000001900000000000100017400000002\
      0000000300000004ffffffff"}
      {"key":"0002000167","value":"00030000ffffffffffffffff000000000000000100000000"}
      """
    let lines = answer(of: DecodeFilter(), to: text).lines
    #expect(
      lines[0]
        == #"{"type":"offset_commit","group":"g","topic":"t","partition":255,"offset":100,"#
        + #""leaderEpoch":5,"metadata":"m","commitTimestamp":1795174985472,"#
        + #""topicId":"bIBFv-HbSAWNJXgwi3o0LA"}"#)
    #expect(
      lines[1] == #"{"type":"offset_tombstone","group":"g","topic":"t","partition":255}"#)
    #expect(
      lines[2]
        == #"{"type":"offset_commit","group":"g","topic":"t","partition":255,"offset":100,"#
        + #""leaderEpoch":-1,"metadata":"m","commitTimestamp":1,"expireTimestamp":2}"#)
    #expect(
      lines[3]
        == #"{"type":"group_metadata","group":"g","protocolType":"consumer","generation":7,"#
        + #""protocol":"","leader":"a","members":[{"memberId":"a","groupInstanceId":"i","#
        + #""clientId":"b","clientHost":"c","assignment":{"t":[3,4]}}]}"#)
    #expect(
      lines[4]
        == #"{"type":"group_metadata","group":"g","protocolType":"","generation":-1,"#
        + #""protocol":null,"leader":null,"members":[]}"#)
  }

  @Test(arguments: [
    ("", #"not the JSON of a record: unexpected end of text at byte 0"#),
    ("nonsense", #"not the JSON of a record: expected an object at byte 0"#),
    ("[]", #"not the JSON of a record: expected an object at byte 0"#),
    (#"{"key":"00","value":null"#, #"not the JSON of a record: unexpected end of text at byte 24"#),
    (
      #"{"key":"00","value":null} x"#, #"not the JSON of a record: text after the value at byte 26"#
    ),
    (#"{"value":null}"#, #""key" is missing"#), (#"{}"#, #""key" is missing"#),
    (#"{"key":null,"value":null}"#, #""key" is null, which no record's is"#),
    (#"{"key":1,"value":null}"#, #""key" is not a string of hexadecimal digits"#),
    (#"{"key":"0002000167"}"#, #""value" is missing; a tombstone's is null"#),
    (
      #"{"key":"0002000167","value":{}}"#,
      #""value" is neither null nor a string of hexadecimal digits"#
    ),
    (#"{"key":"000","value":null}"#, #""key" has an odd number of hexadecimal digits"#),
    (#"{"key":"000g","value":null}"#, #""key" has no hexadecimal digit at character 3"#),
    (#"{"key":"00 1","value":null}"#, #""key" has no hexadecimal digit at character 2"#),
    (#"{"key":"0é1","value":null}"#, #""key" has no hexadecimal digit at character 1"#),
    (#"{"key":"0002000167","value":"f"}"#, #""value" has an odd number of hexadecimal digits"#),
    (#"{"key":"","value":null}"#, "key: type needs 2 bytes, 0 left, at byte 0"),
    (
      #"{"key":"00020005","value":null}"#, "key: group length 5 exceeds the 0 bytes left, at byte 2"
    ),
    (#"{"key":"0002000167","value":""}"#, "value: version needs 2 bytes, 0 left, at byte 0"),
    (
      #"{"key":"00","value":null,"batch":{"control":1}}"#,
      "not the JSON of a record: expected true or false at byte 44"
    ),
    (
      #"{"key":"00","value":null,"batch":[]}"#,
      "not the JSON of a record: expected an object at byte 33"
    ),
  ])
  func saysWhatIsWrong(line: String, reason: String) throws {
    let good = #"{"key":"0002000167","value":null}"#
    let answers = answer(of: DecodeFilter(), to: "\(good)\n\(line)\n\(good)\n")
    #expect(answers.lines.count == 3)
    #expect(answers.lines.first == #"{"type":"group_tombstone","group":"g"}"#)
    #expect(answers.lines.last == #"{"type":"group_tombstone","group":"g"}"#)
    #expect(try object(answers.lines[1]) == ["type": "malformed", "reason": reason])
    #expect(answers.errors.isEmpty)
  }

  @Test(arguments: [
    (#"{"key":"0009000167","value":"00"}"#, #"{"type":"ignored","keyType":9,"group":"g"}"#),
    (#"{"key":"7fff","value":null}"#, #"{"type":"ignored","keyType":32767,"group":null}"#),
    (#"{"key":"ffff000167","value":""}"#, #"{"type":"ignored","keyType":-1,"group":"g"}"#),
    // Values of a version that no broker writes are skipped, not malformed.
    (#"{"key":"0002000167","value":"0005"}"#, #"{"type":"ignored","keyType":2,"group":"g"}"#),
    (#"{"key":"0003000167","value":null}"#, #"{"type":"ignored","keyType":3,"group":"g"}"#),
    (
      #"{"key":"000500016700016d","value":null}"#,
      #"{"type":"member","keyType":5,"group":"g","memberId":"m","tombstone":true}"#
    ),
    // A marker is a marker whatever its bytes say, or if they say nothing.
    (
      #"{"key":"00000001","value":"000000000000","batch":{"control":true}}"#, #"{"type":"control"}"#
    ),
    (#"{"batch":{"x":[1],"control":true},"key":"zz"}"#, #"{"type":"control"}"#),
    (
      #"{"batch":null,"key":"0002000167","value":null}"#, #"{"type":"group_tombstone","group":"g"}"#
    ),
    // The last of two equal names counts; escaped names and capital digits are read.
    (
      #"{"key":"zz","value":"00","\u006bey":"0002000147","value":null}"#,
      #"{"type":"group_tombstone","group":"G"}"#
    ),
    (#"{"key":"00020\u0030033E2267","value":null}"#, #"{"type":"group_tombstone","group":">\"g"}"#),
    (#"{"key":"000200043E22675C","value":null}"#, #"{"type":"group_tombstone","group":">\"g\\"}"#),
    // Bytes that are not UTF-8 become U+FFFD.
    (
      #"{"key":"00020003ff6700","value":null}"#,
      "{\"type\":\"group_tombstone\",\"group\":\"\u{FFFD}g\\u0000\"}"
    ),
  ])
  func answers(line: String, expected: String) {
    #expect(answer(of: DecodeFilter(), to: line).output == expected + "\n")
  }

  @Test func answersNothingToNothing() {
    #expect(answer(of: DecodeFilter(), to: "") == FilterAnswer(output: "", errors: "", badLines: 0))
  }

  @Test func answersLineForLine() {
    let text = "\r\n{}\r\n\n" + String(repeating: "x", count: 100) + "\n{}"
    let answers = answer(of: DecodeFilter(), to: Array(text.utf8), limit: 99)
    #expect(answers.lines.count == 5)
    #expect(answers.lines[3] == #"{"type":"malformed","reason":"longer than 4194304 bytes"}"#)
  }

  @Test func chunksMakeNoDifference() throws {
    let text = Array(try Capture.text().prefix(2600)) + Array("\n\r\nx\r\n{}".utf8)
    let whole = answer(of: DecodeFilter(), to: text)
    for cut in 0...text.count {
      let answers = answer(of: DecodeFilter(), to: text, cutAt: [cut])
      if answers != whole { Issue.record("cut at \(cut)") }
    }
    #expect(answer(of: DecodeFilter(), to: text, cutAt: Array(0..<text.count)) == whole)
  }
}

/// Captured lines with a few bytes changed: answered or named, never a trap.
@Suite struct DamagedCaptureTests {
  @Test func everyFilterSurvives() throws {
    let lines = try Capture.lines()
    var state: UInt64 = 20_261_123
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var damaged: [UInt8] = []
    var count = 0
    for _ in 0..<500 {
      var line = Array(lines[random(lines.count)].utf8.prefix(2000))
      for _ in 0...random(4) {
        // The digits of key and value stand within the first few hundred bytes.
        let place = random(min(line.count, 400))
        switch random(4) {
        case 0: line.remove(at: place)
        case 1: line[place] = UInt8(random(256))
        default: line[place] = Array("0123456789abcdef".utf8)[random(16)]
        }
      }
      damaged += line.filter { $0 != UInt8(ascii: "\n") } + [UInt8(ascii: "\n")]
      count += 1
    }
    let decoded = answer(of: DecodeFilter(), to: damaged)
    #expect(decoded.lines.count == count)
    for line in decoded.lines { #expect(try object(line)["type"] is String) }
    for line in answer(of: ReplayStateFilter(seed: 1), to: damaged).lines {
      #expect(try object(line).count == 7 || object(line).count == 6)
    }
    let timeline = ReplayTimelineFilter(settings: TimelineSettings(), seed: 1)
    for line in answer(of: timeline, to: damaged).lines { _ = try object(line) }
    _ = answer(of: TimeIndex(seed: 1), to: damaged)
  }
}
