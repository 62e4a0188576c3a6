import Connect
import ConnectClient
import HTTPServer
import Testing

/// One test a sentence of the protocol's part on server streams.
@Suite struct ServerStreamTests {
  let world = ConnectWorld()

  private func framed(_ text: String, flags: UInt8 = 0) -> [UInt8] {
    Envelope.framed(Array(text.utf8).span, flags: flags)
  }

  @Test func theHeadComesBeforeTheFirstMessage() {
    let exchange = world.watch(#"{"name":"a"}"#)
    #expect(exchange.reply.status == 200)
    #expect(exchange.reply.field("content-type") == "application/connect+json")
    #expect(exchange.reply.field("transfer-encoding") == "chunked")
    #expect(exchange.reply.content.isEmpty && !exchange.reply.isComplete)
    #expect(world.asked == [TestMessage(name: "a")])
  }

  @Test func everyMessageIsAnEnvelopeInAChunkOfItsOwn() {
    let exchange = world.watch("{}")
    for text in [#"{"n":1}"#, #"{"n":2}"#] {
      world.streams[0].offer(StreamMessage(json: Array(text.utf8).span), at: world.now)
      exchange.wake()
    }
    world.streams[0].end()
    exchange.wake()
    #expect(exchange.reply.lines == [#"0 {"n":1}"#, #"0 {"n":2}"#, "2 {}"])
    #expect(exchange.reply.chunks.count == 3)
    #expect(exchange.reply.chunks[0].prefix(5).elementsEqual([0, 0, 0, 0, 7]))
    #expect(exchange.reply.chunks[2].elementsEqual([2, 0, 0, 0, 2, 123, 125]))
    #expect(exchange.reply.isComplete)
  }

  @Test func metadataGoBeforeAndBehind() {
    var answer = StreamAnswer.failure(ConnectError(.internal, "broken"))
    answer.headers.add("before", "1")
    answer.trailers.add("behind", "2")
    answer.trailers.add("other", "3")
    answer.trailers.add("behind", "4")
    world.streamAnswer = answer
    let reply = world.watch("{}").reply
    #expect(reply.status == 200 && reply.isComplete)
    #expect(reply.field("before") == "1")
    #expect(reply.field("behind") == nil && reply.field("trailer-behind") == nil)
    #expect(
      reply.lines == [
        #"2 {"error":{"code":"internal","message":"broken"},"#
          + #""metadata":{"behind":["2","4"],"other":["3"]}}"#
      ])
  }

  @Test func aStreamMayEndWithTrailersAlone() {
    let exchange = world.watch("{}")
    var trailers = ConnectMetadata()
    trailers.add("behind", "1")
    world.streams[0].end(trailers: trailers)
    exchange.wake()
    #expect(exchange.reply.lines == [#"2 {"metadata":{"behind":["1"]}}"#])
  }

  @Test(arguments: [
    "application/json", "application/connect+proto", "application/connect+foo", "text/plain", "",
    "application/grpc-web+json", "application/connect+json; charset=latin1",
  ])
  func anotherTypeIsRefused(type: String) {
    let reply = world.ask("POST", "Watch", ["Content-Type: \(type)"], framed("{}"))
    #expect(reply.status == 415 && reply.content.isEmpty)
    #expect(reply.field("accept-post") == "application/connect+json")
    #expect(world.asked.isEmpty)
  }

  /// Once the type is accepted the status is 200, and the error stands in the last envelope.
  private func expectError(
    _ reply: Reply, _ code: ConnectCode, _ words: String,
    _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(reply.status == 200 && reply.isComplete, sourceLocation: location)
    #expect(
      reply.field("content-type") == "application/connect+json", sourceLocation: location)
    #expect(reply.envelopes.map(\.flags) == [2], sourceLocation: location)
    let text = reply.envelopes.first?.text ?? ""
    #expect(
      text.hasPrefix(#"{"error":{"code":"\#(code.rawValue)","message":""#) && text.contains(words),
      "\(text)", sourceLocation: location)
    #expect(world.asked.isEmpty, sourceLocation: location)
  }

  @Test func thereIsExactlyOneEnvelope() {
    expectError(world.watch([]).reply, .unimplemented, "zero messages")
    expectError(world.watch(framed("{}") + framed("{}")).reply, .unimplemented, "multiple")
    expectError(world.watch([0, 0, 0]).reply, .invalidArgument, "incomplete envelope")
    expectError(
      world.watch([0, 0, 0, 0, 3, 123, 125]).reply, .invalidArgument,
      "promised 3 bytes in enveloped message, got 2 bytes")
    expectError(
      world.watch([0, 255, 255, 255, 255, 123, 125]).reply, .invalidArgument, "promised")
  }

  @Test func flagsMustBeMeant() {
    expectError(
      world.watch(framed("{}", flags: 1)).reply, .internal, "without compression support")
    expectError(
      world.watch(framed("{}", flags: 1), ["Connect-Content-Encoding: identity"]).reply,
      .internal, "without compression support")
    for flags: UInt8 in [2, 4, 128, 255] {
      expectError(world.watch(framed("{}", flags: flags)).reply, .invalidArgument, "flags")
    }
  }

  @Test func fieldsAreChecked() {
    for (fields, code, words) in [
      (["Connect-Protocol-Version: 3"], ConnectCode.invalidArgument, "must be"),
      (["Connect-Timeout-Ms: abc"], .invalidArgument, "timeout"),
      (["Connect-Timeout-Ms: 0"], .deadlineExceeded, "over"),
      (["Connect-Content-Encoding: br"], .unimplemented, "gzip, identity"),
    ] {
      expectError(world.watch(framed("{}"), fields).reply, code, words)
    }
  }

  @Test func theMessageIsChecked() {
    expectError(world.watch("").reply, .invalidArgument, "zero-length payload")
    expectError(world.watch("[]").reply, .invalidArgument, "expected an object")
    expectError(
      world.watch(framed("", flags: 1), ["Connect-Content-Encoding: gzip"]).reply,
      .invalidArgument, "zero-length payload")
    expectError(
      world.watch(framed("{}", flags: 1), ["Connect-Content-Encoding: gzip"]).reply,
      .invalidArgument, "no valid gzip")
  }

  @Test func tooLargeIsResourceExhausted() {
    let text = #"{"name":"\#(String(repeating: "a", count: 32_757))"}"#
    #expect(text.utf8.count == 32_768)
    #expect(!world.watch(text).reply.isComplete)
    #expect(world.asked.count == 1)
    let other = ConnectWorld()
    let replies = [
      other.watch(text + " ").reply,
      other.watch(framed(text + String(repeating: " ", count: 65_536))).reply,
    ]
    for reply in replies {
      #expect(
        reply.lines == [
          #"2 {"error":{"code":"resource_exhausted","#
            + #""message":"message is larger than 32768 bytes"}}"#
        ])
    }
  }

  @Test func gzipIsReadMessageByMessage() {
    let json = Array(#"{"name":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#.utf8)
    let exchange = world.watch(
      Envelope.framed(gzip(json).span, flags: 1), ["Connect-Content-Encoding: gzip"])
    #expect(exchange.reply.status == 200)
    #expect(world.asked[0].name.count == 36)
    // A message may stay as it is although the encoding is gzip.
    _ = world.watch(framed("{}"), ["Connect-Content-Encoding: gzip"])
    #expect(world.asked.count == 2)
  }

  @Test func longMessagesAreCompressedForWhoReadsGzip() {
    let long = StreamMessage { writer in
      writer.beginObject()
      writer.field("name", String(repeating: "abc", count: 1_000))
      writer.endObject()
    }
    let reading = world.watch("{}", ["Connect-Accept-Encoding: gzip"])
    #expect(reading.reply.field("connect-content-encoding") == "gzip")
    world.streams[0].offer(long, at: world.now)
    reading.wake()
    world.streams[0].offer(StreamMessage(json: Array("{}".utf8).span), at: world.now)
    reading.wake()
    world.streams[0].end()
    reading.wake()
    #expect(reading.reply.envelopes.map(\.flags) == [1, 0, 2])
    #expect(reading.reply.content.count < 200)
    #expect(reading.reply.envelopes[0].text == String(decoding: long.json, as: UTF8.self))
    let plain = world.watch("{}")
    #expect(plain.reply.field("connect-content-encoding") == nil)
    world.streams[1].offer(long, at: world.now)
    plain.wake()
    #expect(plain.reply.envelopes.map(\.flags) == [0])
  }

  @Test func noRoomForAStreamIsUnavailable() {
    var limits = Limits()
    limits.streams = 1
    let world = ConnectWorld(limits: limits)
    let first = world.watch("{}")
    #expect(first.reply.status == 200)
    var closed = 0
    world.maximumInterval = 1_000
    let second = world.watch("{}")
    #expect(
      second.reply.lines == [
        #"2 {"error":{"code":"unavailable","message":"too many streams are open"}}"#
      ])
    world.streams[1].onClose = { closed += 1 }
    world.streams[1].offer(StreamMessage(json: Array("{}".utf8).span), at: 0)
    #expect(closed == 0 && world.timers.nextDeadline == nil)
  }
}
