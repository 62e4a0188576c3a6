import EventLoop
import HTTPServer

/// A client of the HTTP/1.1 machine, without a socket: bytes in, bytes out.
final class HTTP1Peer {
  let handler = EchoHandler()
  let clock = ManualClock()
  let context: ServerContext
  private var machine: HTTP1Connection
  private(set) var received: [UInt8] = []

  init(limits: Limits = Limits(), connection: ConnectionInfo = .unknown) {
    context = ServerContext(handler: handler, limits: limits, clock: clock.clock)
    machine = HTTP1Connection(context: context, connection: connection)
  }

  var isFinished: Bool { machine.isFinished }
  var mustLinger: Bool { machine.mustLinger }
  var isReadingRequest: Bool { machine.isReadingRequest }
  var hasMoreOutput: Bool { machine.hasMoreOutput }
  var isStreaming: Bool { machine.isStreaming }
  var isBroken: Bool { machine.isBroken }

  /// Lets the streamed answer go on, as the server does when its signal was raised.
  func resume() {
    machine.resume()
    drainOutput()
  }

  func drain() {
    machine.drain()
    drainOutput()
  }

  func close() { machine.close() }

  /// Sends bytes in pieces that end at the given places, and takes what comes back.
  func send(_ text: String, cutAt cuts: [Int] = []) {
    send(Array(text.utf8), cutAt: cuts)
  }

  func send(_ bytes: [UInt8], cutAt cuts: [Int] = []) {
    var start = 0
    for end in cuts + [bytes.count] {
      var output: [UInt8] = []
      machine.receive(bytes.span.extracting(start..<end), into: &output)
      received += output
      drainOutput()
      start = end
    }
  }

  /// Sends bytes without taking more than one buffer of output.
  func sendWithoutDraining(_ text: String) -> Int {
    let bytes = Array(text.utf8)
    var output: [UInt8] = []
    machine.receive(bytes.span, into: &output)
    received += output
    return output.count
  }

  /// Takes one more buffer of output.
  func takeOutput() -> Int {
    var output: [UInt8] = []
    machine.fill(&output)
    received += output
    return output.count
  }

  func timeOut() {
    var output: [UInt8] = []
    machine.timeOut(into: &output)
    received += output
  }

  private func drainOutput() {
    while machine.hasMoreOutput, takeOutput() > 0 {}
  }

  /// The responses that came back, in order.
  var responses: [HTTP1Response] { HTTP1Response.parse(received) }
  /// The statuses that came back, in order.
  var statuses: [Int] { responses.map(\.status) }
}

/// A response as a client sees it.
struct HTTP1Response {
  var status: Int
  var reason: String
  var fields: [(name: String, value: String)]
  var body: String

  func field(_ name: String) -> String? {
    fields.first { $0.name.lowercased() == name }?.value
  }

  /// Reads responses strictly: status line, fields, and as much content as Content-Length says.
  ///
  /// Bytes that are no response become one with the status -2.
  ///
  /// - Parameter heads: places of responses that have no content whatever they say (HEAD).
  static func parse(_ bytes: [UInt8], heads: Set<Int> = []) -> [HTTP1Response] {
    var responses: [HTTP1Response] = []
    var position = 0
    while position < bytes.count {
      guard let end = find([13, 10, 13, 10], in: bytes, from: position) else { break }
      var response = parseHead(bytes[position..<end])
      position = end + 4
      if response.status >= 200, !heads.contains(responses.count) {
        let length = response.field("content-length").flatMap(Int.init) ?? 0
        let bodyEnd = min(bytes.count, position + length)
        response.body = String(decoding: bytes[position..<bodyEnd], as: UTF8.self)
        position = bodyEnd
      }
      responses.append(response)
    }
    if position < bytes.count {
      let rest = String(decoding: bytes[position...], as: UTF8.self)
      responses.append(HTTP1Response(status: -2, reason: rest, fields: [], body: ""))
    }
    return responses
  }

  private static func parseHead(_ bytes: ArraySlice<UInt8>) -> HTTP1Response {
    let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
      .map { String(decoding: $0.last == 13 ? $0.dropLast() : $0, as: UTF8.self) }
    let words = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    let status = words.count == 3 && words[0] == "HTTP/1.1" ? Int(words[1]) ?? -2 : -2
    let fields = lines.dropFirst().map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (name: String(parts[0]), value: parts.count > 1 ? String(parts[1].dropFirst()) : "")
    }
    return HTTP1Response(
      status: status, reason: words.count > 2 ? String(words[2]) : "", fields: fields, body: "")
  }

  private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= start + pattern.count else { return nil }
    return (start...bytes.count - pattern.count).first { index in
      bytes[index..<index + pattern.count].elementsEqual(pattern)
    }
  }
}
