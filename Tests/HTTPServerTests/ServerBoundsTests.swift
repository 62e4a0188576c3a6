import EventLoop
import Glibc
import HTTPServer
import Testing

/// What clients that do not keep to the rules get: deadlines and bounds, over sockets.
@Suite struct ServerBoundsTests {
  // MARK: - Deadlines

  @Test func aHeadMustComeInTenSeconds() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver("GET / HT", from: client)
    for _ in 0..<9 {
      try local.advance(seconds: 1)
      try local.deliver("T", from: client)
    }
    #expect(!client.isClosed)
    try local.advance(seconds: 1.1)
    #expect(try local.isClosed(client))
    #expect(client.responses.map(\.status) == [408])
    #expect(local.server.counters.refused(.requestTimeout) == 1)
  }

  @Test func aConnectionMustBeginInTenSeconds() throws {
    let local = try LocalServer()
    let silent = try local.connect()
    let undecided = try local.connect()
    try local.deliver("PR", from: undecided)
    try local.advance(seconds: 9.9)
    #expect(local.server.openConnections == 2)
    try local.advance(seconds: 0.4)
    #expect(local.server.openConnections == 0)
    #expect(try local.isClosed(silent) && local.isClosed(undecided))
    #expect(silent.received.isEmpty && undecided.received.isEmpty)
  }

  @Test func contentMustComeInTenSecondsToo() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver("GET /a HTTP/1.1\r\n", from: client)
    try local.advance(seconds: 5)
    try local.deliver("Host: x\r\nContent-Length: 3\r\n\r\n", from: client)
    try local.advance(seconds: 9)
    #expect(local.server.openConnections == 1)
    try local.advance(seconds: 1.3)
    #expect(try local.isClosed(client))
    #expect(client.responses.map(\.status) == [408])
  }

  @Test func anIdleConnectionIsClosedAfter75Seconds() throws {
    let local = try LocalServer()
    let client = try local.connect()
    for _ in 0..<3 {
      try local.get("/a", from: client)
      try local.advance(seconds: 74)
      #expect(local.server.openConnections == 1)
    }
    try local.advance(seconds: 1.3)
    #expect(local.server.openConnections == 0)
    #expect(try local.isClosed(client))
    #expect(client.responses.map(\.status) == [200, 200, 200])
  }

  @Test func anIdleHTTP2ConnectionIsToldToGo() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver(Frame.opening + Frame.request("/a", stream: 1).bytes, from: client)
    try local.advance(seconds: 299)
    try local.settle()
    #expect(client.frames.goAways == [])
    try local.advance(seconds: 1.3)
    #expect(try local.turn { client.frames.goAways == [0x7FFF_FFFF] })
    #expect(!client.isEnded)
    try local.advance(seconds: 1.3)
    #expect(try local.isClosed(client))
    #expect(client.frames.goAways == [0x7FFF_FFFF, 1])
  }

  @Test func anHTTP2ClientMustAcknowledgeTheSettings() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver(Frame.preface + Frame.settings().bytes, from: client)
    try local.advance(seconds: 9.9)
    #expect(local.server.openConnections == 1)
    try local.advance(seconds: 0.4)
    #expect(try local.isClosed(client))
    #expect(local.server.counters.refused(.settingsTimeout) == 1)
  }

  /// Without connections there is nothing to wake up for.
  @Test func noTimerIsLeftWithoutConnections() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.get("/a", "Connection: close\r\n", from: client)
    #expect(try local.isClosed(client))
    #expect(local.loop.waitingTimers == 1)
    try local.advance(seconds: 100)
    #expect(local.loop.waitingTimers == 0)
  }

  // MARK: - Peers that do not read

  /// The peer asks and asks and never reads: neither its requests nor the answers are kept.
  @Test func readingStopsWhileTheOutputIsBlocked() throws {
    let local = try LocalServer()
    local.handler.responses["/big"] = .letters("b", count: 1_000_000)
    let client = try local.connect()
    let requests = Array(
      String(repeating: "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", count: 1_000).utf8)
    var sent = 0
    // Until the kernel takes no more from the client.
    for _ in 0..<10_000 {
      let count = client.send(requests)
      guard count > 0 else { break }
      sent += count
      for _ in 0..<10 { try local.loop.turn(blocking: false) }
    }
    #expect(client.send(requests) < requests.count)
    // One read or two were taken; the rest waits in the kernel's buffers.
    #expect(local.server.counters.bytesReceived <= 131_072)
    #expect(local.server.counters.bytesReceived < UInt64(sent))
    #expect(local.handler.requests.count < 50)
    try local.advance(seconds: 29)
    #expect(local.server.openConnections == 1)
    try local.advance(seconds: 1.3)
    #expect(local.server.openConnections == 0)
    #expect(local.server.counters.refused(.writeTimeout) == 1)
  }

  /// The same over HTTP/2, where acknowledgements are what piles up (CVE-2019-9512).
  @Test func pingsWhoseAnswersNobodyReadsAreNotReadEither() throws {
    let local = try LocalServer()
    let client = try local.connect()
    try local.deliver(Frame.opening, from: client)
    let pings = (0..<90).flatMap { _ in Frame(.ping, [UInt8](repeating: 1, count: 8)).bytes }
    var sent = 0
    for _ in 0..<50_000 {
      let count = client.send(pings)
      guard count > 0 else { break }
      sent += count
      try local.loop.turn(blocking: false)
      if local.server.openConnections == 0 { break }
    }
    #expect(local.server.counters.bytesReceived <= UInt64(sent) + UInt64(Frame.opening.count))
    try local.advance(seconds: 31)
    #expect(local.server.openConnections == 0)
  }

  @Test func aSlowReaderGetsEverythingInTheEnd() throws {
    let local = try LocalServer()
    local.handler.responses["/big"] = .letters("b", count: 8_000_000)
    let client = try local.connect()
    try local.get("/big", from: client)
    client.send("GET /after HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(
      try local.turn {
        local.clock.advance(seconds: 0.5)
        client.receive(atMost: 65_536)
        return client.received.count >= 8_000_000
      })
    #expect(try local.responses(2, to: client).map(\.body.utf8.count) == [8_000_000, 6])
  }

  // MARK: - The table of connections

  /// Somebody leaves connections open: the one that idles longest makes room for a new one.
  @Test func theConnectionThatIdlesLongestGivesWay() throws {
    var limits = Limits()
    limits.connections = 4
    let local = try LocalServer(limits: limits)
    var clients: [LocalClient] = []
    for index in 0..<4 {
      let client = try local.connect()
      try local.get("/\(index)", from: client)
      try local.advance(seconds: 0.1)
      clients.append(client)
    }
    try local.get("/again", from: clients[0])
    let probe = try local.connect()
    try local.get("/livez", from: probe)
    #expect(try local.responses(1, to: probe).map(\.body) == ["/livez"])
    #expect(try local.isClosed(clients[1]))
    #expect(clients.map(\.isClosed) == [false, true, false, false])
    #expect(local.server.openConnections == 4)
    #expect(local.server.counters.evicted == 1)
    #expect(local.server.counters.refused(.connectionLimit) == 0)
  }

  @Test func requestsThatNeverEndDoNotKeepProbesOut() throws {
    var limits = Limits()
    limits.connections = 4
    let local = try LocalServer(limits: limits)
    let lorises = try (0..<20).map { _ in
      let client = try local.connect()
      try local.deliver("GET / HT", from: client)
      return client
    }
    #expect(try local.turn { lorises.count { !$0.isClosed } == 4 })
    let probe = try local.connect()
    try local.get("/livez", from: probe)
    #expect(try local.responses(1, to: probe).map(\.body) == ["/livez"])
  }

  /// The same over HTTP/2: requests without their content, and changes of protocol without an end.
  @Test func requestsOfHTTP2ThatNeverEndDoNotKeepProbesOut() throws {
    var limits = Limits()
    limits.connections = 4
    let local = try LocalServer(limits: limits)
    let request = Frame.request("/a", method: "POST", stream: 1, endsStream: false).bytes
    let upgrade =
      "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      + "HTTP2-Settings: \r\n\r\n"
    let lorises = try (0..<10).map { index in
      let client = try local.connect()
      try local.deliver(
        index.isMultiple(of: 2) ? Frame.opening + request : Array(upgrade.utf8), from: client)
      return client
    }
    #expect(try local.turn { lorises.count { !$0.isClosed } == 4 })
    let probe = try local.connect()
    try local.get("/livez", from: probe)
    #expect(try local.responses(1, to: probe).map(\.body) == ["/livez"])
  }

  @Test func whereAllAreBusyANewConnectionWaits() throws {
    var limits = Limits()
    limits.connections = 2
    limits.unsentBytes = 100_000_000
    let local = try LocalServer(limits: limits)
    local.handler.responses["/big"] = .letters("b", count: 20_000_000)
    var busy: [LocalClient] = []
    for _ in 0..<2 {
      let client = try local.connect()
      try local.get("/big", from: client)
      busy.append(client)
    }
    let waiting = try LocalClient(port: local.port)
    waiting.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(try local.turn { local.server.counters.refused(.connectionLimit) == 1 })
    try local.settle()
    #expect(waiting.responses.isEmpty)
    #expect(!waiting.isEnded)
    // The loop does not ask again and again meanwhile.
    #expect(local.server.counters.refused(.connectionLimit) == 1)
    busy.removeFirst()
    #expect(try local.responses(1, to: waiting).map(\.body) == ["/livez"])
  }

  /// Somebody asks for much and reads nothing: after a second that is no reason to keep others out.
  @Test func aClientThatTakesNothingGivesWay() throws {
    var limits = Limits()
    limits.connections = 2
    let local = try LocalServer(limits: limits)
    local.handler.responses["/big"] = .letters("b", count: 20_000_000)
    let stalled = try local.connect()
    try local.get("/big", from: stalled)
    try local.advance(seconds: 0.5)
    let window = try local.connect()
    try local.deliver(
      Frame.preface + Frame.settings([(4, 0)]).bytes + Frame.settingsAcknowledgement.bytes
        + Frame.request("/a", stream: 1).bytes, from: window)
    let probe = try LocalClient(port: local.port)
    probe.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(try local.turn { local.server.counters.refused(.connectionLimit) == 1 })
    try local.advance(seconds: 1.1)
    #expect(try local.responses(1, to: probe).map(\.body) == ["/livez"])
    #expect(local.server.counters.evicted == 1)
    #expect(try local.isClosed(stalled))
    #expect(!window.isClosed)
  }

  /// However often it finds no room, the server waits with one timer.
  @Test func waitingForRoomTakesOneTimer() throws {
    var limits = Limits()
    limits.connections = 1
    let local = try LocalServer(limits: limits)
    local.handler.responses["/big"] = .letters("b", count: 20_000_000)
    for _ in 0..<20 {
      let busy = try local.connect()
      try local.get("/big", from: busy)
      let refused = local.server.counters.refused(.connectionLimit)
      let waiting = try LocalClient(port: local.port)
      #expect(try local.turn { local.server.counters.refused(.connectionLimit) > refused })
      _ = waiting
      #expect(local.loop.waitingTimers <= 2)
    }
  }

  /// Answers wait for their clients, but not more than a bound of them.
  @Test func answersThatWaitHaveABoundOverAllConnections() throws {
    var limits = Limits()
    // The kernel's buffers take some megabytes of each; a single client may have what it asks for.
    limits.unsentBytes = 20_000_000
    let local = try LocalServer(limits: limits)
    local.handler.responses["/big"] = .letters("b", count: 40_000_000)
    let first = try local.connect()
    try local.get("/big", from: first)
    try local.advance(seconds: 0.1)
    #expect(local.server.openConnections == 1)
    let second = try local.connect()
    try local.get("/big", from: second)
    #expect(try local.turn { local.server.openConnections == 1 })
    #expect(local.server.counters.refused(.tooMuchUnsent) == 1)
    #expect(try local.isClosed(first))
    #expect(!second.isClosed)
  }

  /// In a process of its own, because the limit is the process's.
  ///
  /// The thread has descriptors of its own as well: a second after it began, libdispatch reads
  /// `/proc` if work waits for its threads, and ends the process when it cannot.
  @Test func withoutDescriptorsClientsAreToldAtOnce() async {
    await #expect(processExitsWith: .success) {
      #expect(LocalServer.unshareDescriptors())
      let local = try LocalServer()
      let first = try local.connect()
      try local.get("/first", from: first)
      let clients = try (0..<3).map { _ in try LocalClient(port: local.port) }
      let highest = (0..<4_096).last { fcntl($0, F_GETFD) >= 0 } ?? 0
      // Some more than are open now, which the other threads keep; here they are used up.
      let count = rlim_t(highest + 9)
      var limit = rlimit(rlim_cur: count, rlim_max: count)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      while dup(local.someDescriptor) >= 0 {}
      // Time passes, in case that somebody else in the process took the number meanwhile.
      #expect(
        try local.turn {
          local.clock.advance(seconds: 0.1)
          return clients.allSatisfy(\.isClosed)
        })
      #expect(local.server.counters.refused(.noDescriptor) >= 3)
      #expect(local.server.counters.accepted == 1)
      try local.get("/still", from: first)
      #expect(try local.responses(2, to: first).map(\.body) == ["/first", "/still"])
    }
  }
}
