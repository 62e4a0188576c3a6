import HTTPServer

/// The HTTP/2 machine: a byte chooses limits, and then each step has a byte that says what it is.
enum FuzzHTTP2 {
  static func run(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let world = FuzzWorld(input.byte())
    guard let session = HTTP2Session.server(context: world.context, now: world.now) else { return }
    let client = Client(world, session)
    client.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
    if !input.byte().isMultiple(of: 4) { client.frame(type: 4, flags: 0, stream: 0, []) }
    while !input.isEmpty && session.failure == nil { step(&input, client) }
    session.close()
    world.checkTheEnd()
  }

  private static func step(_ input: inout FuzzInput, _ client: Client) {
    let world = client.world
    switch input.byte() % 16 {
    case 0: client.send(input.run(Int(input.byte())))
    case 1, 2:
      client.frame(
        type: input.byte() % 11, flags: input.byte(), stream: UInt32(input.byte() % 32),
        input.run(Int(input.byte())))
    case 3, 4:
      client.request(
        stream: UInt32(input.byte()), path: input.byte(), flags: input.byte(),
        input.run(Int(input.byte() % 40)))
    case 5: client.frame(type: 3, flags: 0, stream: UInt32(input.byte()), [0, 0, 0, 8])
    case 6:
      client.frame(
        type: 8, flags: 0, stream: UInt32(input.byte()), Client.big(input.number()))
    case 7:
      client.frame(
        type: 4, flags: 0, stream: 0, [0, input.byte()] + Client.big(input.number()))
    case 8: client.frame(type: 4, flags: 1, stream: 0, [])
    case 9: world.advance(seconds: input.byte())
    case 10: client.expire()
    case 11:
      world.context.isDraining = true
      client.session.drain(now: world.now)
    case 12: client.wake()
    case 13: world.handler.steps = input.run(Int(input.byte() % 8))
    case 14: client.take()
    default:
      client.frame(
        type: 0, flags: input.byte() & 1, stream: UInt32(input.byte()),
        input.run(Int(input.byte())))
    }
  }

  /// The client's end.
  private final class Client {
    let world: FuzzWorld
    let session: HTTP2Session
    private var output: [UInt8] = []

    init(_ world: FuzzWorld, _ session: HTTP2Session) {
      self.world = world
      self.session = session
    }

    static func big(_ number: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    func send(_ bytes: [UInt8]) {
      write { session.receive(bytes.span, now: world.now, into: &$0) }
    }

    func frame(type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]) {
      send(
        Array(Self.big(UInt32(payload.count)).dropFirst()) + [type, flags]
          + Self.big(stream) + payload)
    }

    /// HEADERS of a request, with more fields as they stand.
    func request(stream: UInt32, path: UInt8, flags: UInt8, _ more: [UInt8]) {
      let paths = ["/a", "/s", "/b", "/n", "/m", "/a/b?a=%20", "*", "x"]
      let methods = ["GET", "POST", "HEAD", "DELETE"]
      let target = Array(paths[Int(path & 7)].utf8)
      let method = Array(methods[Int(path >> 3 & 3)].utf8)
      var block: [UInt8] = [0x02, UInt8(method.count)] + method + [0x86, 0x04]
      block += [UInt8(target.count)] + target + [0x41, 1, 0x78]
      if path & 0x80 != 0 { block += [0, 6] + Array("expect".utf8) + [1, 0x31] }
      frame(type: 1, flags: flags & 0x0D | 4, stream: stream, block + more)
    }

    func take() { write { session.fill(&$0, now: world.now) } }

    func wake() {
      for place in world.context.takeRaisedStreams() { session.resume(place) }
      take()
    }

    func expire() {
      precondition(session.deadline >= 0, "a deadline lies before the beginning")
      if session.expire(now: world.now) == .flush { take() }
    }

    private func write(_ body: (inout [UInt8]) -> Void) {
      var written: [UInt8] = []
      body(&written)
      precondition(written.count <= 250_000, "output has a bound")
      output += written
      readFrames()
    }

    /// What comes out is whole frames of legal sizes.
    private func readFrames() {
      var position = 0
      while output.count - position >= 9 {
        let length =
          Int(output[position]) << 16 | Int(output[position + 1]) << 8 | Int(output[position + 2])
        precondition(length <= 16_777_215 && output[position + 3] <= 9, "no frame of HTTP/2")
        guard output.count - position >= 9 + length else { break }
        position += 9 + length
      }
      precondition(position == output.count || session.failure != nil, "half a frame")
      output.removeAll(keepingCapacity: true)
    }
  }
}
