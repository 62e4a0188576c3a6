import Connect
import ConnectClient
import HTTPServer
import JSON
import SeededRandom
import Testing

/// Requests that nobody would write: no crash, no 500, and an answer that Connect allows.
@Suite struct RandomRequestTests {
  private static let seed = UInt64.random(in: 1...UInt64.max)
  private static let requests = 10_000

  private let world = ConnectWorld()
  private var random: SeededGenerator

  init() {
    random = SeededGenerator(seed: Self.seed)
    print("random requests: seed \(Self.seed)")
  }

  @Test mutating func randomBodies() {
    var successes = 0
    for number in 0..<Self.requests {
      var body = random.oneIn(5) ? bytes(below: 64) : Array(object(depth: 0).utf8)
      if random.oneIn(3) { damage(&body) }
      let isGzip = random.oneIn(10)
      if isGzip, !random.oneIn(4) { body = gzip(body) }
      let fields = isGzip ? ["Content-Encoding: gzip"] : []
      if random.oneIn(4) {
        var content = Envelope.framed(body.span, flags: random.oneIn(8) ? 1 : 0)
        if random.oneIn(8) { damage(&content) }
        let exchange = world.watch(content, fields.map { "Connect-" + $0 })
        #expect(exchange.reply.status == 200, "stream \(number)")
        exchange.drain()
        #expect(exchange.reply.envelopes.last?.flags == 2, "stream \(number)")
      } else {
        let type = ["Content-Type: application/json"]
        let reply = world.ask("POST", random.oneIn(2) ? "Get" : "Set", type + fields, body)
        expectAllowed(reply, [200, 400], "body \(number)")
        if reply.status == 200 { successes += 1 }
      }
    }
    // The generator is worth something only if many of its texts are messages.
    #expect(successes > Self.requests / 10)
  }

  @Test mutating func randomQueries() {
    var successes = 0
    for number in 0..<Self.requests {
      let query = (0...random.below(5)).map { _ in parameter() }.joined(separator: "&")
      let reply = world.get(query)
      // 414 and 400 without JSON are the server's own, for what is no request target.
      if reply.field("content-type") != "application/json", reply.status != 415 {
        #expect([400, 414].contains(reply.status), "query \(number): \(query)")
        continue
      }
      expectAllowed(reply, [200, 400, 415, 501], "query \(number)")
      if reply.status == 200 { successes += 1 }
    }
    #expect(successes > 20)
  }

  private func expectAllowed(_ reply: Reply, _ statuses: Set<Int>, _ what: String) {
    #expect(statuses.contains(reply.status), "\(what): \(reply.status) \(reply.text)")
    guard reply.status == 400 || reply.status == 501 else { return }
    var reader = JSONReader(reply.content)
    var code = ""
    do {
      try reader.beginObject()
      while try reader.nextKey() {
        if reader.isKey("code") { code = try reader.readString() } else { try reader.skipValue() }
      }
      try reader.finish()
    } catch {
      Issue.record("\(what): \(error) in \(reply.text)")
    }
    #expect(code == (reply.status == 400 ? "invalid_argument" : "unimplemented"), "\(what)")
  }

  // MARK: Texts

  private mutating func bytes(below limit: Int) -> [UInt8] {
    (0..<random.below(limit)).map { _ in UInt8(random.below(256)) }
  }

  /// Changes, drops or adds a few bytes.
  private mutating func damage(_ bytes: inout [UInt8]) {
    for _ in 0...random.below(3) where !bytes.isEmpty {
      let place = random.below(bytes.count)
      switch random.below(3) {
      case 0: bytes[place] = UInt8(random.below(256))
      case 1: bytes.remove(at: place)
      default: bytes.insert(random.pick(Array("{}[]\",:0-eE.\\u".utf8)), at: place)
      }
    }
  }

  private mutating func object(depth: Int) -> String {
    let members = (0..<random.below(4)).map { _ in member(depth: depth) }
    return "{" + members.joined(separator: ",") + "}"
  }

  /// A member that often has a value of the right kind.
  private mutating func member(depth: Int) -> String {
    let number = random.pick([
      "0", "-1", "1e2", "\"7\"", "1.5", "9223372036854775807", "\"1e400\"", "4294967296", "-0",
    ])
    switch random.below(12) {
    case 0: return "\"name\":\"\(random.pick(["", "orders", "\\u0041", "\\ud83d\\ude08", "ä"]))\""
    case 1: return "\"\(random.pick(["totalLag", "total_lag", "maybe"]))\":\(number)"
    case 2: return "\"\(random.pick(["count", "small", "size", "kind"]))\":\(number)"
    case 3: return "\"isOn\":\(random.pick(["true", "false", "null", "1"]))"
    case 4: return "\"data\":\"\(random.pick(["", "AA==", "-_8", "A", "*"]))\""
    case 5: return "\"wait\":\"\(random.pick(["1s", "-0.5s", "1", "999999999999s", ""]))\""
    case 6: return "\"kind\":\"\(random.pick(["KIND_GOOD", "KIND_BAD"]))\""
    case 7: return "\"names\":[\(random.pick(["", "\"a\",\"b\"", "null", "1"]))]"
    case 8: return "\"numbers\":[\(number),\(number)]"
    case 9: return "\"inner\":\(depth < 70 ? object(depth: depth + 1) : "{}")"
    case 10: return "\"inners\":[\(depth < 70 ? object(depth: depth + 1) : "{}")]"
    default: return "\"other\":\(depth < 70 ? object(depth: depth + 1) : "{}")"
    }
  }

  private mutating func parameter() -> String {
    switch random.below(6) {
    case 0: return "encoding=\(random.pick(["json", "json", "proto", ""]))"
    case 1: return "connect=\(random.pick(["v1", "v1", "v2", ""]))"
    case 2: return "base64=\(random.pick(["1", "0", ""]))"
    case 3: return "compression=\(random.pick(["gzip", "identity", "br", ""]))"
    case 4: return "message=" + escaped(Array(object(depth: 66).utf8))
    default: return escaped(bytes(below: 20), leavesSome: true)
    }
  }

  private mutating func escaped(_ bytes: [UInt8], leavesSome: Bool = false) -> String {
    bytes.map { byte in
      if leavesSome, 0x21...0x7E ~= byte, byte != UInt8(ascii: "#"), random.oneIn(2) {
        return String(UnicodeScalar(byte))
      }
      let digits = String(byte, radix: 16)
      return "%" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
  }
}
