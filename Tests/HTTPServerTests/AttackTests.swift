import EventLoop
import Glibc
import HTTPServer
import Testing

/// What an attacker sends again and again, on new connections where the server closes them.
struct Attack: CustomTestStringConvertible, Sendable {
  let name: String
  /// What every connection begins with.
  let opening: [UInt8]
  /// Whether the attacker reads what comes back.
  let reads: Bool
  let connections: Int
  /// What each connection sends, of a round >= 0.
  let burst: @Sendable (_ round: Int) -> [UInt8]

  var testDescription: String { name }

  init(
    _ name: String, opening: [UInt8] = Frame.opening, reads: Bool = true, connections: Int = 1,
    burst: @escaping @Sendable (_ round: Int) -> [UInt8]
  ) {
    self.name = name
    self.opening = opening
    self.reads = reads
    self.connections = connections
    self.burst = burst
  }
}

/// The known attacks over sockets, and a probe beside them: it is answered at once.
@Suite(.serialized) struct AttackTests {
  /// Frames of each of so many new streams.
  @Sendable private static func streams(
    _ count: Int, _ round: Int, _ frames: (UInt32) -> [Frame]
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    for index in 0..<count {
      let stream = UInt32(2 * (round * count + index) + 1)
      for frame in frames(stream) { bytes += frame.bytes }
    }
    return bytes
  }

  private static func repeated(_ frame: Frame, _ count: Int) -> [UInt8] {
    let bytes = frame.bytes
    return Array(repeatElement(bytes, count: count).joined())
  }

  private static func post(_ stream: UInt32, _ more: [(String, String)] = []) -> Frame {
    Frame.request("/a", method: "POST", stream: stream, endsStream: false, more)
  }

  static let resets = [
    Attack("rapid reset") { round in
      streams(200, round) { [Frame.request("/a", stream: $0), Frame.reset($0)] }
    },
    Attack("MadeYouReset by windows") { round in
      streams(200, round) { [post($0), Frame.windowUpdate(0x7FFF_FFFF, stream: $0)] }
    },
    Attack("MadeYouReset by an empty window update") { round in
      streams(200, round) { [post($0), Frame.windowUpdate(0, stream: $0)] }
    },
    Attack("MadeYouReset by content lengths") { round in
      streams(200, round) {
        [post($0, [("content-length", "5")]), Frame.data("abc", stream: $0, endsStream: true)]
      }
    },
    Attack("MadeYouReset by content behind the end") { round in
      streams(200, round) {
        [Frame.request("/a", stream: $0), Frame.data("a", stream: $0, endsStream: true)]
      }
    },
    Attack("MadeYouReset by dependencies") { round in
      streams(200, round) { stream in
        [post(stream), Frame(.priority, stream: stream, Frame.big(stream) + [15])]
      }
    },
    Attack("MadeYouReset by too many streams", opening: Frame.preface + Frame.settings().bytes) {
      round in streams(200, round) { [post($0)] }
    },
  ]

  static let floods = [
    Attack("CONTINUATION flood") { _ in
      Frame.headers([(":method", "GET")], stream: 1, endsHeaders: false).bytes
        + repeated(Frame(.continuation, stream: 1, Frame.literal("a", "b")), 2_000)
    },
    Attack("PING flood, read") { _ in repeated(Frame(.ping, [0, 0, 0, 0, 0, 0, 0, 0]), 3_000) },
    Attack("PING flood, unread", reads: false) { _ in
      repeated(Frame(.ping, [0, 0, 0, 0, 0, 0, 0, 0]), 3_000)
    },
    Attack("SETTINGS flood, read") { _ in repeated(Frame.settings([(4, 100)]), 3_000) },
    Attack("SETTINGS flood, unread", reads: false) { _ in
      repeated(Frame.settings([(4, 100)]), 3_000)
    },
    Attack("huge SETTINGS") { _ in Frame.settings((0..<2_700).map { _ in (4, 100) }).bytes },
    Attack("empty DATA") { _ in
      post(1).bytes + repeated(Frame.data("", stream: 1, endsStream: false), 7_000)
    },
    Attack("WINDOW_UPDATE flood") { _ in repeated(Frame.windowUpdate(1), 5_000) },
    Attack("PRIORITY flood") { round in
      streams(3_000, round) { [Frame(.priority, stream: $0, [0, 0, 0, 0, 15])] }
    },
    Attack("unknown frames") { _ in
      repeated(Frame(type: 0xBA, flags: 0, stream: 0, payload: []), 7_000)
    },
    Attack("HPACK bomb") { _ in bomb(stream: 1).bytes },
    Attack("HPACK bombs on streams too many", opening: Frame.preface + Frame.settings().bytes) {
      _ in
      var frames = (0..<100).map { post(UInt32(2 * $0 + 1)) }
      for index in 100..<103 { frames.append(bomb(stream: UInt32(2 * index + 1))) }
      return frames.flatMap(\.bytes)
    },
  ]

  /// A header list of fifteen kilobytes that stands for many megabytes.
  private static func bomb(stream: UInt32) -> Frame {
    var block: [UInt8] = [0x40]
    block += Frame.string("bomb")
    block += Frame.string(String(repeating: "b", count: 3_900))
    block += [UInt8](repeating: 0xBE, count: 12_000)
    return Frame(
      .headers, flags: Frame.endStream | Frame.endHeaders, stream: stream, block)
  }

  static let slowness = [
    Attack("answers that nobody reads", opening: [], reads: false) { _ in
      Array(String(repeating: "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", count: 300).utf8)
    },
    Attack("HTTP/2 answers that nobody reads", reads: false) { round in
      Frame.windowUpdate(1_000_000).bytes
        + streams(50, round) { [Frame.request("/big", stream: $0)] }
    },
    Attack(
      "windows of nothing",
      opening: Frame.preface + Frame.settings([(4, 0)]).bytes
        + Frame.settingsAcknowledgement.bytes, connections: 20
    ) { round in streams(20, round) { [Frame.request("/big", stream: $0)] } },
    Attack(
      "windows of one byte",
      opening: Frame.preface + Frame.settings([(4, 1)]).bytes
        + Frame.settingsAcknowledgement.bytes + Frame.request("/big", stream: 1).bytes
    ) { _ in repeated(Frame.windowUpdate(1, stream: 1), 1_000) },
    Attack("slow heads", opening: Array("GET / HTTP/1.1\r\nHost: x\r\n".utf8), connections: 100) {
      round in Array("A\(round): b\r\n".utf8)
    },
    Attack(
      "slow content",
      opening: Array("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n".utf8),
      connections: 100
    ) { _ in [0x61] },
    Attack("slow HTTP/2 content", opening: Frame.opening + post(1).bytes, connections: 100) {
      _ in Frame.data("a", stream: 1, endsStream: false).bytes
    },
    Attack("slow prefaces", opening: [], connections: 100) { round in
      round < Frame.preface.count ? [Frame.preface[round]] : []
    },
    Attack("connections that ask for nothing", opening: [], connections: 200) { _ in [] },
    Attack("requests without end", opening: [], connections: 1) { _ in
      Array(String(repeating: "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", count: 500).utf8)
    },
  ]

  static let handshakes = [
    // A record of 512 bytes that holds the beginning of a ClientHello.
    Attack(
      "slow handshakes", opening: [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3], connections: 100
    ) { round in [UInt8(truncatingIfNeeded: round)] },
    Attack("handshakes that never begin", opening: [], connections: 200) { _ in [] },
    Attack("handshakes that are none", opening: [], connections: 20) { _ in
      Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    },
  ]

  @Test(arguments: resets + floods + slowness)
  func aProbeIsAnsweredDuring(_ attack: Attack) throws {
    try bear(attack, try RunningServer()) { try Self.probe($0) }
  }

  @Test(arguments: handshakes)
  func aProbeOverTLSIsAnsweredDuring(_ attack: Attack) throws {
    let settings = try TestAuthority.shared.get().settings()
    try bear(attack, try RunningServer(settings)) { try Self.probeOverTLS($0) }
  }

  /// Probes between the rounds of an attack.
  ///
  /// The time that counts is the server's thread's: how long a probe waits for the machine itself
  /// says nothing of the server. Even on a busy one the quickest probe takes no second.
  private func bear(
    _ attack: Attack, _ server: RunningServer, probe: (UInt16) throws -> String
  ) throws {
    defer { server.stop() }
    var attackers = try (0..<attack.connections).map { _ in
      try Attacker(attack, port: server.port)
    }
    var quickest = (cpu: Double.infinity, wall: Double.infinity)
    for round in 0..<5 {
      for index in attackers.indices {
        if !attackers[index].send(round) {
          attackers[index] = try Attacker(attack, port: server.port)
          _ = attackers[index].send(0)
        }
      }
      let began = (cpu: server.cpuTime, wall: ContinuousClock.now)
      let answer = try probe(server.port)
      quickest.cpu = min(quickest.cpu, server.cpuTime - began.cpu)
      quickest.wall = min(quickest.wall, (ContinuousClock.now - began.wall) / .seconds(1))
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"), "round \(round)")
    }
    #expect(quickest.cpu < 0.05)
    #expect(quickest.wall < 1)
  }

  /// What kubelet asks.
  private static let question =
    "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: kube-probe/1.29\r\n"
    + "Accept: */*\r\nConnection: close\r\n\r\n"

  /// What came back within ten seconds.
  private static func probe(_ port: UInt16) throws -> String {
    let client = try LocalClient(port: port)
    client.send(question)
    for _ in 0..<10_000 where !client.isClosed { poll(nil, 0, 1) }
    return String(decoding: client.received, as: UTF8.self)
  }

  private static func probeOverTLS(_ port: UInt16) throws -> String {
    let client = TLSClient(try LocalClient(port: port))
    var isAsked = false
    for _ in 0..<10_000 where !client.isOver {
      if client.isConnected && !isAsked {
        client.send(question)
        isAsked = true
      }
      poll(nil, 0, 1)
      client.pump()
    }
    return String(decoding: client.received, as: UTF8.self)
  }

  // MARK: - Memory

  /// What one client can make the server keep, by reading nothing; in a process of its own, whose
  /// memory is the server's.
  @Test func aClientThatNeverReadsCostsLittleMemory() async {
    await #expect(processExitsWith: .success) {
      let attacks = AttackTests.slowness.prefix(3) + AttackTests.resets + AttackTests.floods
      // What is allocated once is there before the measurement.
      try AttackTests.run(attacks[0], rounds: 2)
      for attack in attacks {
        let before = AttackTests.residentBytes()
        try AttackTests.run(attack, rounds: 40)
        let growth = AttackTests.residentBytes() - before
        #expect(growth < 4_000_000, "\(attack.name): \(growth) bytes")
      }
    }
  }

  /// Lets one connection send without reading, as often as the server takes it.
  private static func run(_ attack: Attack, rounds: Int) throws {
    let local = try LocalServer()
    local.handler.responses["/big"] = .letters("b", count: 300_000)
    let client = try local.connect()
    client.send(attack.opening)
    for round in 0..<rounds where local.server.openConnections > 0 {
      client.send(attack.burst(round))
      for _ in 0..<4 { try local.loop.turn(blocking: false) }
    }
  }

  private static func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var text = [CChar](repeating: 0, count: 128)
    guard fgets(&text, 128, file) != nil else { return 0 }
    let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
      .split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * Int(getpagesize()) : 0
  }
}

/// One connection of an attacker.
private struct Attacker {
  let attack: Attack
  let client: LocalClient

  init(_ attack: Attack, port: UInt16) throws {
    self.attack = attack
    client = try LocalClient(port: port)
    client.send(attack.opening)
  }

  /// Sends the burst of a round; false if the server has closed the connection.
  func send(_ round: Int) -> Bool {
    if attack.reads && client.isClosed { return false }
    let burst = attack.burst(round)
    let sent = client.send(burst)
    // Half a burst would be another attack: frames would no longer begin where they should.
    return burst.isEmpty || sent == burst.count || (sent < 0 && errno == EAGAIN)
  }
}
