import Connect
import HTTPServer
import Testing

/// Streams of newest states: what is sent when.
@Suite struct ConnectStreamTests {
  let world = ConnectWorld()

  private func message(_ number: Int) -> StreamMessage {
    StreamMessage { writer in
      writer.beginObject()
      writer.field("n", number)
      writer.endObject()
    }
  }

  @Test func aNewerMessageReplacesOneThatWaits() {
    let exchange = world.watch("{}")
    for number in 1...3 { world.streams[0].offer(message(number), at: world.now) }
    exchange.wake()
    #expect(exchange.reply.lines == [#"0 {"n":3}"#])
    exchange.wake()
    #expect(exchange.reply.lines.count == 1)
  }

  @Test func whatWasOfferedBeforeTheBeginningIsSentAtOnce() {
    let stream = ConnectStream(ConnectCall(now: 0), timers: world.timers)
    stream.offer(message(1), at: 0)
    world.streamAnswer = .newest(stream)
    #expect(world.watch("{}").reply.lines == [#"0 {"n":1}"#])
  }

  @Test func theLastMessageIsSentBeforeTheEnd() {
    let exchange = world.watch("{}")
    world.streams[0].offer(message(1), at: world.now)
    world.streams[0].end()
    world.streams[0].offer(message(2), at: world.now)
    world.streams[0].end(ConnectError(.internal))
    exchange.wake()
    #expect(exchange.reply.lines == [#"0 {"n":1}"#, "2 {}"])
    #expect(exchange.reply.isComplete)
  }

  @Test func theDeadlineEndsIt() {
    let exchange = world.watch("{}", ["Connect-Timeout-Ms: 200"])
    #expect(world.timers.nextDeadline == world.now + 200_000_000)
    world.advance(milliseconds: 199)
    exchange.wake()
    #expect(exchange.reply.lines.isEmpty)
    world.advance(milliseconds: 1)
    exchange.wake()
    #expect(
      exchange.reply.lines == [
        #"2 {"error":{"code":"deadline_exceeded","#
          + #""message":"the time given for this call is over"}}"#
      ])
    #expect(exchange.reply.isComplete)
    #expect(world.timers.nextDeadline == nil)
  }

  @Test func theDrainEndsIt() {
    let exchange = world.watch("{}", ["Connect-Timeout-Ms: 200"])
    exchange.drain()
    #expect(
      exchange.reply.lines == [
        #"2 {"error":{"code":"unavailable","message":"the server is shutting down"}}"#
      ])
    #expect(world.timers.nextDeadline == nil)
  }

  @Test func silenceIsBrokenAtTheMaximumInterval() throws {
    world.maximumInterval = 1_000_000_000
    let exchange = world.watch("{}")
    let stream = try #require(world.streams.first)
    var asked: [Int64] = []
    stream.onInterval = { now in
      asked.append(now)
      if asked.count > 1 { stream.offer(message(asked.count), at: now) }
    }
    stream.offer(message(1), at: world.now)
    exchange.wake()
    world.advance(milliseconds: 500)
    stream.offer(message(7), at: world.now)
    exchange.wake()
    let last = world.now
    // From the last message on, not from the first.
    world.advance(milliseconds: 999)
    #expect(asked.isEmpty)
    world.advance(milliseconds: 1)
    #expect(asked == [last + 1_000_000_000])
    // Whoever had nothing to say is asked again.
    world.advance(milliseconds: 1_000)
    exchange.wake()
    world.advance(milliseconds: 1_000)
    exchange.wake()
    #expect(exchange.reply.lines.map { $0.suffix(2).prefix(1) } == ["1", "7", "2", "3"])
    exchange.close()
    #expect(world.timers.nextDeadline == nil)
  }

  @Test func theEndIsToldOnceToWhoKeepsTheStream() throws {
    let exchange = world.watch("{}", ["Connect-Timeout-Ms: 200"])
    let stream = try #require(world.streams.first)
    var closed = 0
    stream.onClose = { closed += 1 }
    exchange.close()
    stream.close()
    #expect(closed == 1)
    #expect(world.timers.nextDeadline == nil)
    stream.offer(message(1), at: world.now)
    stream.end()
    world.advance(milliseconds: 500)
    #expect(exchange.reply.lines.isEmpty)
  }

  @Test func theLoopIsToldWhenTheNextDeadlineMoves() {
    var told: [Int64?] = []
    let timers = world.timers
    timers.onChange = { told.append(timers.nextDeadline) }
    let late = ConnectStream(
      ConnectCall(now: 0, timeoutMilliseconds: 10), timers: timers)
    let early = ConnectStream(
      ConnectCall(now: 0, timeoutMilliseconds: 5), timers: timers)
    let latest = ConnectStream(
      ConnectCall(now: 0, timeoutMilliseconds: 20), timers: timers)
    #expect(told == [10_000_000, 5_000_000])
    early.close()
    #expect(told.count == 3 && told[2] == 10_000_000)
    timers.run(now: 10_000_000)
    #expect(told.count == 4 && told[3] == 20_000_000)
    latest.close()
    #expect(told.count == 5 && told[4] == nil)
    late.close()
    #expect(told.count == 5)
  }

  @Test func aThousandWatchersShareOneMessage() {
    let shared = message(1)
    let streams = (0..<1_000).map { _ in
      ConnectStream(ConnectCall(now: 0, acceptsGzip: true), timers: world.timers)
    }
    for stream in streams { stream.offer(shared, at: 0) }
    var addresses: Set<UnsafeRawPointer> = []
    for stream in streams {
      guard case .piece(let bytes) = stream.next() else { continue }
      _ = bytes.withUnsafeBytes { addresses.insert($0.baseAddress!) }
    }
    #expect(addresses.count == 1)
  }
}
