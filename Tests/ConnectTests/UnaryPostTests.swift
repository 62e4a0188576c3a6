import Connect
import ConnectClient
import HTTPServer
import Testing

/// One test a sentence of the protocol's part on unary calls by POST.
@Suite struct UnaryPostTests {
  let world = ConnectWorld()

  /// Text that is worth compressing.
  private static let long = #"{"name":"\#(String(repeating: "abc", count: 1_000))"}"#

  @Test func theMessageIsTheBareContent() {
    let reply = world.post("Get", #"{"name":"orders"}"#)
    #expect(reply.status == 200)
    #expect(reply.field("content-type") == "application/json")
    #expect(reply.text == #"{"name":"orders"}"#)
    #expect(world.asked == [TestMessage(name: "orders")])
    #expect(world.calls[0].isGet == false && world.calls[0].deadline == nil)
  }

  @Test func theTypeOfTheAnswerIsThatOfTheRequest() {
    for (type, answer) in [
      ("application/json", "application/json"), ("Application/JSON", "application/json"),
      ("application/json; charset=utf-8", "application/json; charset=utf-8"),
      ("application/json;charset=\"UTF-8\"", "application/json; charset=utf-8"),
      ("application/json; x=y", "application/json"),
    ] {
      let reply = world.ask("POST", "Get", ["Content-Type: \(type)"], Array("{}".utf8))
      #expect(reply.status == 200)
      #expect(reply.field("content-type") == answer, "\(type)")
    }
  }

  @Test(arguments: [
    "application/proto", "application/foo", "image/jpeg", "application/connect+json",
    "application/jsonx", "application/json; charset=latin1", "", "application/grpc+json",
  ])
  func anotherCodecIsRefused(type: String) {
    let reply = world.ask("POST", "Get", ["Content-Type: \(type)"], Array("{}".utf8))
    #expect(reply.status == 415)
    #expect(reply.field("accept-post") == "application/json")
    #expect(reply.content.isEmpty)
    #expect(world.asked.isEmpty)
  }

  @Test func noTypeIsRefused() {
    #expect(world.ask("POST", "Get", [], Array("{}".utf8)).status == 415)
  }

  @Test func theVersionMayBeLeftOutButNotBeWrong() {
    #expect(world.post("Get", "{}", ["Connect-Protocol-Version: 1"]).status == 200)
    let reply = world.post("Get", "{}", ["Connect-Protocol-Version: 2"])
    #expect(reply.status == 400)
    #expect(
      reply.text
        == #"{"code":"invalid_argument","message":"Connect-Protocol-Version must be "#
        + #"\"1\": got \"2\""}"#)
  }

  @Test func theTimeoutCountsFromTheRequest() {
    #expect(world.post("Get", "{}", ["Connect-Timeout-Ms: 2000"]).status == 200)
    #expect(world.calls[0].timeoutMilliseconds == 2_000)
    #expect(world.calls[0].deadline == world.now + 2_000_000_000)
    #expect(world.post("Get", "{}", ["Connect-Timeout-Ms: 9999999999"]).status == 200)
    #expect(world.calls[1].deadline == world.now + 9_999_999_999_000_000)
  }

  @Test(arguments: ["abc", "12345678901", "-1", "1.5", "", "+1", "1 0", "0x10"])
  func aTimeoutHasTenDigitsAtMost(value: String) {
    let reply = world.post("Get", "{}", ["Connect-Timeout-Ms: \(value)"])
    #expect(reply.status == 400)
    #expect(reply.text.hasPrefix(#"{"code":"invalid_argument","#))
    #expect(world.asked.isEmpty)
  }

  @Test func noTimeIsOverAtOnce() {
    let reply = world.post("Get", "{}", ["Connect-Timeout-Ms: 0"])
    #expect(reply.status == 504)
    #expect(reply.text.hasPrefix(#"{"code":"deadline_exceeded","#))
    #expect(world.asked.isEmpty)
  }

  // MARK: Compression

  @Test func gzipIsRead() {
    let fields = ["Content-Type: application/json", "Content-Encoding: gzip"]
    let json = Array(#"{"name":"aaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#.utf8)
    let reply = world.ask("POST", "Get", fields, gzip(json))
    #expect(reply.status == 200)
    #expect(reply.field("content-encoding") == nil)
    #expect(world.asked[0].name.count == 27)
  }

  @Test func identityIsNoCompression() {
    #expect(world.post("Get", "{}", ["Content-Encoding: identity"]).status == 200)
  }

  @Test func anUnknownCompressionIsUnimplemented() {
    let reply = world.post("Get", "{}", ["Content-Encoding: zstd"])
    #expect(reply.status == 501)
    #expect(
      reply.text
        == #"{"code":"unimplemented","message":"unknown compression \"zstd\": "#
        + #"supported encodings are gzip, identity"}"#)
  }

  @Test func nothingIsNotDecompressed() {
    let reply = world.post("Get", "", ["Content-Encoding: gzip"])
    #expect(reply.status == 400)
    #expect(reply.text.contains("zero-length payload is not a valid JSON object"))
  }

  @Test func whatIsNoGzipIsAnInvalidArgument() {
    for content in ["{}", "\u{1F}\u{8B}"] {
      let reply = world.post("Get", content, ["Content-Encoding: gzip"])
      #expect(reply.status == 400)
      #expect(reply.text.contains("message is no valid gzip"))
    }
  }

  @Test func longAnswersAreCompressedForWhoReadsGzip() {
    let reply = world.post("Get", Self.long, ["Accept-Encoding: br, gzip"])
    #expect(reply.field("content-encoding") == "gzip")
    #expect(reply.content.count < 200)
    #expect(gunzip(reply.content) == Array(Self.long.utf8))
    for list in ["br", "gzip;q=0", "gzip; q=0.000", "identity", ""] {
      let reply = world.post("Get", Self.long, ["Accept-Encoding: \(list)"])
      #expect(reply.field("content-encoding") == nil, "\(list)")
      #expect(reply.text == Self.long)
    }
    #expect(world.post("Get", Self.long).field("content-encoding") == nil)
    for list in ["gzip", "GZIP", "gzip;q=0.5", "deflate,gzip;q=1.0"] {
      let reply = world.post("Get", Self.long, ["Accept-Encoding: \(list)"])
      #expect(reply.field("content-encoding") == "gzip", "\(list)")
    }
  }

  @Test func whoSendsGzipReadsItUnlessItSaysOtherwise() {
    let fields = ["Content-Type: application/json", "Content-Encoding: gzip"]
    let content = gzip(Array(Self.long.utf8))
    #expect(world.ask("POST", "Get", fields, content).field("content-encoding") == "gzip")
    let strict = fields + ["Accept-Encoding: identity"]
    #expect(world.ask("POST", "Get", strict, content).field("content-encoding") == nil)
  }

  // MARK: Messages

  @Test func nothingIsNoMessage() {
    let reply = world.post("Get", "")
    #expect(reply.status == 400)
    #expect(
      reply.text
        == #"{"code":"invalid_argument","message":"zero-length payload is not a valid "#
        + #"JSON object"}"#)
  }

  @Test func unknownFieldsAreIgnored() {
    #expect(world.post("Get", #"{"x":[{"y":1}],"name":"a"}"#).status == 200)
    #expect(world.asked == [TestMessage(name: "a")])
  }

  @Test(arguments: [
    "{", "[]", "null", "x", "{}x", #"{"name":1}"#, #"{"name":"a",}"#, #"{"name":"\#("a")"#,
    #"{"name":"\ud800"}"#, "\u{FEFF}{}",
  ])
  func malformedJSONIsAnInvalidArgument(text: String) {
    let reply = world.post("Get", text)
    #expect(reply.status == 400)
    #expect(reply.field("content-type") == "application/json")
    #expect(reply.text.hasPrefix(#"{"code":"invalid_argument","message":""#))
    #expect(world.asked.isEmpty)
  }

  @Test func theMessageOfAnErrorNamesTheField() {
    let reply = world.post("Get", #"{"inner":{"group":7}}"#)
    #expect(reply.text.contains(#"field \"inner.group\": expected a string at byte 18"#))
  }

  @Test func tooLargeIsResourceExhausted() {
    var connectLimits = ConnectLimits()
    connectLimits.messageBytes = 100
    var limits = Limits()
    limits.bodyBytes = 200
    let world = ConnectWorld(limits: limits, connectLimits: connectLimits)
    let fits = #"{"name":"\#(String(repeating: "a", count: 89))"}"#
    #expect(fits.utf8.count == 100)
    #expect(world.post("Get", fits).status == 200)
    // Over Connect's limit; over the server's; and only when decompressed.
    let replies = [
      world.post("Get", fits + " "), world.post("Get", fits + String(repeating: " ", count: 200)),
      world.ask(
        "POST", "Get", ["Content-Type: application/json", "Content-Encoding: gzip"],
        gzip(Array((fits + " ").utf8))),
    ]
    for reply in replies {
      #expect(reply.status == 429)
      #expect(reply.field("content-type") == "application/json")
      #expect(
        reply.text
          == #"{"code":"resource_exhausted","message":"message is larger than 100 bytes"}"#)
    }
  }

  @Test func aBombIsDefusedAtTheLimit() {
    // 8 MiB of spaces in 36 kB.
    let bomb = gzip([UInt8](repeating: 32, count: 8 << 20))
    #expect(bomb.count < 65_536)
    let fields = ["Content-Type: application/json", "Content-Encoding: gzip"]
    #expect(world.ask("POST", "Get", fields, bomb).status == 429)
  }

  // MARK: Methods and paths

  @Test(arguments: ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
  func anotherVerbIsNotAllowed(verb: String) {
    let both = world.ask(verb, "Get")
    #expect(both.status == 405 && both.content.isEmpty)
    #expect(both.field("allow") == "GET, POST")
    for method in ["Set", "Watch"] {
      let reply = world.ask(verb, method)
      #expect(reply.status == 405 && reply.content.isEmpty)
      #expect(reply.field("allow") == "POST")
    }
  }

  @Test func getIsForMethodsWithoutSideEffects() {
    #expect(world.ask("GET", "Set?encoding=json&message=%7B%7D").status == 405)
    #expect(world.ask("GET", "Watch?encoding=json&message=%7B%7D").status == 405)
  }

  @Test(arguments: [
    "/test.v1.TestService/Unknown", "/test.v1.testservice/Get", "/test.v1.TestService/get",
    "/test.v1.TestService/Get/", "/prefix/test.v1.TestService/Get", "/test.v1.TestService", "/",
  ])
  func otherPathsAreNobodys(path: String) {
    let reply = world.ask("POST", path, ["Content-Type: application/json"], Array("{}".utf8))
    #expect(reply.status == 404 && reply.text == "no\n")
  }

  // MARK: Answers

  @Test func metadataGoBeforeAndBehind() {
    var answer = UnaryAnswer.message(Array("{}".utf8))
    answer.headers.add("acme-cost", "237")
    answer.headers.add("acme-cost", "238")
    answer.trailers.add("acme-rest", "1")
    answer.trailers.add(binary: "acme-bin", [0, 1, 2, 255])
    world.unaryAnswer = answer
    let reply = world.post("Get", "{}")
    #expect(reply.status == 200 && reply.text == "{}")
    #expect(reply.values("acme-cost") == ["237", "238"])
    #expect(reply.values("trailer-acme-rest") == ["1"])
    #expect(reply.values("trailer-acme-bin") == ["AAEC/w"])
  }

  @Test func metadataComeInAsFields() {
    _ = world.post("Get", "{}", ["X-Tag: a", "X-Tag-Bin: AAEC/w"])
    _ = world.post("Get", "{}", ["X-Tag-Bin: AAEC/w=="])
    _ = world.post("Get", "{}", ["X-Tag-Bin: ***"])
    #expect(world.tags == ["a"])
    #expect(world.binaryTags == [[0, 1, 2, 255], [0, 1, 2, 255], nil])
  }

  @Test(arguments: ConnectCode.allCases)
  func anErrorIsAStatusAndJSON(code: ConnectCode) {
    var answer = UnaryAnswer.failure(
      ConnectError(
        code, "no \"such\" ☺",
        details: [.init(type: "test.v1.Detail", value: [10, 2, 8, 60], debug: Array("{}".utf8))]))
    answer.headers.add("before", "1")
    answer.trailers.add("behind", "2")
    world.unaryAnswer = answer
    let reply = world.ask(
      "POST", "Get", ["Content-Type: application/json; charset=utf-8"], Array("{}".utf8))
    #expect(reply.status == Int(code.status.code))
    #expect(reply.field("content-type") == "application/json")
    #expect(reply.field("before") == "1" && reply.field("trailer-behind") == "2")
    #expect(
      reply.text
        == #"{"code":"\#(code.rawValue)","message":"no \"such\" ☺","details":"#
        + #"[{"type":"test.v1.Detail","value":"CgIIPA","debug":{}}]}"#)
  }

  @Test func anErrorNeedsNoMessage() {
    world.unaryAnswer = .failure(ConnectError(.unimplemented))
    let reply = world.post("Set", "{}")
    #expect(reply.status == 501 && reply.text == #"{"code":"unimplemented"}"#)
  }

  @Test func callsAreCountedByMethodAndCode() {
    _ = world.post("Get", "{}")
    _ = world.post("Get", "{}")
    _ = world.post("Get", "x")
    _ = world.watch("{}")
    _ = world.watch("x")
    #expect(
      world.router.counted.map { "\($0.method) \($0.code) \($0.calls)" } == [
        "Get ok 2", "Get invalid_argument 1", "Watch ok 1", "Watch invalid_argument 1",
      ])
  }
}
