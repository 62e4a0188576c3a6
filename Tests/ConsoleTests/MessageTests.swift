import Console
import Testing

@Suite("What an agent answers, read")
struct MessageTests {
  @Test("A status, number for number")
  func status() throws {
    let status = try Samples.group(Samples.stalled)
    #expect(status.verdict.text == "ERR" && status.verdict.isBad)
    #expect(status.totalLag == 93_412 && status.maxLag == 93_104)
    #expect(status.complete == 0.6666667)
    #expect(status.rates?.timeLag == 742.2)
    #expect(status.membership?.generation == 12)
    #expect(status.counts.byStatus.map(\.status.text) == ["OK", "STALL"])
    #expect(status.counts.unsubscribed == 1)
    #expect(status.partitions.map(\.logEndOffset) == [10_019, 101_916, 321])
    #expect(status.partitions[1].flags == ["BEFORE_LOG_START"])
    #expect(status.partitions[0].owner?.host == "10.1.2.3")
    #expect(status.partitions[2].owner == nil)
  }

  @Test("Every form that protobuf's JSON mapping allows for a value")
  func forms() throws {
    let status = try Samples.group(
      """
      {"group":null,"verdict":3,"totalLag":7,"maxLag":"18446744073709551615","complete":"NaN",
      "rates":{"lagTrend":"-Infinity","produced":1e2},"partitions":[{"partition":"3","lag":1e1,
      "committedOffset":"-9223372036854775808","status":99,"rule":"NEW_RULE"}]}
      """)
    #expect(status.group == "")
    #expect(status.verdict.text == "3")
    #expect(status.totalLag == 7 && status.maxLag == .max)
    #expect(status.complete?.isNaN == true)
    #expect(status.rates?.lagTrend == -.infinity && status.rates?.produced == 100)
    #expect(status.partitions[0].lag == 10 && status.partitions[0].committedOffset == .min)
    for width in [20, 80] {
      #expect(!GroupView(status).lines(width: width, Paint(isOn: false)).isEmpty)
    }
  }

  @Test(
    "What is not as expected is told with its place",
    arguments: [
      ("", "unexpected end of text at byte 0"),
      ("[]", "expected an object at byte 0"),
      ("{\"status\":[]}", "expected an object at byte 10"),
      ("{\"status\":{\"group\":7}}", "expected a string at byte 19"),
      ("{\"status\":{\"totalLag\":\"x\"}}", "expected a number at byte 22"),
      ("{\"status\":{\"totalLag\":\"-1\"}}", "expected a number at byte 22"),
      ("{\"status\":{\"rebalances\":1.5}}", "expected a whole number at byte 24"),
      ("{\"status\":{}} x", "text after the value at byte 14"),
      ("<html>", "expected an object at byte 0"),
    ])
  func malformed(text: String, why: String) throws {
    let error = #expect(throws: AnswerError.self) {
      try GroupStatusAnswer(parsing: Array(text.utf8))
    }
    #expect(error?.description == "the answer is not as expected: \(why)")
  }

  @Test("A text that is cut anywhere is malformed, and never traps")
  func cutAnywhere() {
    for text in [Samples.stalled, Samples.agent] {
      let bytes = Array(text.utf8)
      for length in 0..<bytes.count {
        #expect(throws: AnswerError.self) {
          try AgentInfoAnswer(parsing: Array(bytes[..<length]))
        }
        #expect(throws: AnswerError.self) { try GroupStatus(parsing: Array(bytes[..<length])) }
      }
    }
  }

  @Test("Errors of Connect")
  func failures() throws {
    let found = RPCFailure(
      Array(#"{"code":"not_found","message":"no \u001b group","details":[{}]}"#.utf8))
    #expect(found == RPCFailure(.notFound, "no \u{1B} group"))
    #expect(found?.message == "no \\u{1B} group")
    #expect(RPCFailure(Array(#"{"code":"new_code"}"#.utf8))?.code == .unknown)
    for text in ["", "{}", "{\"code\":null}", "[]", "{\"code\":\"internal\"}x", "<html>"] {
      #expect(RPCFailure(Array(text.utf8)) == nil, "\(text)")
    }
    #expect(RPCFailure(httpStatus: 401).code == .unauthenticated)
    #expect(RPCFailure(httpStatus: 404).code == .unimplemented)
    #expect(RPCFailure(httpStatus: 502).code == .unavailable)
    #expect(RPCFailure(httpStatus: 500).code == .unknown)
    #expect(try RPCFailure.ofEnd(Array("{}".utf8)) == nil)
    let end = #"{"metadata":{"a":["b"]},"error":{"code":"unavailable"}}"#
    #expect(try RPCFailure.ofEnd(Array(end.utf8))?.code == .unavailable)
  }
}

@Suite("Streams of messages")
struct EnvelopeTests {
  private static let stream: [UInt8] =
    EnvelopeReader.envelope(Array("{\"a\":1}".utf8)) + EnvelopeReader.envelope([])
    + [2, 0, 0, 0, 2] + Array("{}".utf8)
  private static let messages: [EnvelopeReader.Message] = [
    .message(Array("{\"a\":1}".utf8)), .message([]), .end(Array("{}".utf8)),
  ]

  @Test("The same messages, however the bytes are cut")
  func cuts() throws {
    let count = Self.stream.count
    for cuts in [[]] + (1..<count).map({ [$0] }) + [Array(1..<count)] {
      var reader = EnvelopeReader()
      var found: [EnvelopeReader.Message] = []
      var start = 0
      for end in cuts + [count] {
        reader.add(Array(Self.stream[start..<end]))
        start = end
        while let message = try reader.next() { found.append(message) }
      }
      #expect(found == Self.messages, "cut at \(cuts)")
    }
  }

  @Test(
    "What is no stream of messages",
    arguments: [
      ([1, 0, 0, 0, 0], "a message is compressed"),
      ([4], "a message has unknown flags (4)"),
      ([0, 2, 0, 0, 1], "a message is larger than 33554432 bytes"),
      ([0, 255, 255, 255, 255], "a message is larger than 33554432 bytes"),
      ([2, 0, 0, 0, 0, 0], "bytes follow the end of the stream"),
    ] as [([UInt8], String)])
  func malformed(bytes: [UInt8], why: String) {
    var reader = EnvelopeReader()
    reader.add(bytes)
    let error = #expect(throws: AnswerError.self) {
      while try reader.next() != nil {}
    }
    #expect(error?.description == why)
  }

  @Test("Random bytes never trap")
  func random() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var state = seed
    for _ in 0..<20_000 {
      var reader = EnvelopeReader()
      for _ in 0..<3 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        reader.add((0..<7).map { UInt8(truncatingIfNeeded: state >> (8 * $0)) & 3 })
        _ = try? reader.next()
      }
    }
  }
}

@Suite("Answers of probes")
struct ProbeCheckTests {
  @Test(
    "One line that says why",
    arguments: [
      (
        ProbeCheck.Question.readiness, 200, "a OK: 1 partition OK, lag 0\n",
        "ready: a OK: 1 partition OK, lag 0"
      ),
      (
        .readiness, 503, "a OK: fine\nb c ERR: 1 OK: x\nd WARN: y\n",
        "not ready: b c ERR: 1 OK: x (and 2 other groups)"
      ),
      (
        .readiness, 503,
        "a ERR: x; readiness passes: y\nb OK: x; readiness fails: no sign of a consumer yet\n",
        "not ready: b OK: x; readiness fails: no sign of a consumer yet (and 1 other group)"
      ),
      (.liveness, 503, "a ERR: stuck\n  partitions: 3\n", "not live: a ERR: stuck"),
      (
        .liveness, 200, "a UNKNOWN: this group is not watched\n",
        "live: a UNKNOWN: this group is not watched"
      ),
      (
        .readiness, 404, "a\u{1B} UNKNOWN: this group is not watched\n",
        "not ready: a\\u{1B} UNKNOWN: this group is not watched"
      ),
    ])
  func lines(question: ProbeCheck.Question, status: Int, text: String, line: String) throws {
    let check = try ProbeCheck(question, status: status, mediaType: "text/plain", text: text)
    #expect(check.line == line)
    #expect(check.passes == (status == 200))
  }

  @Test(
    "What is no probe's answer is not taken for one",
    arguments: [
      (200, "text/html", "ok"), (200, "text/plain", ""), (200, "", "ok"),
      (500, "text/plain", "x"), (302, "text/plain", "x"),
    ])
  func others(status: Int, mediaType: String, text: String) {
    #expect(throws: AnswerError.self) {
      try ProbeCheck(.liveness, status: status, mediaType: mediaType, text: text)
    }
  }
}
