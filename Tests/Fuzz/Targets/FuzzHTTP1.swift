import HTTPServer

/// The HTTP/1.1 machine, with the HTTP/2 machine behind it once it has changed.
///
/// The first byte chooses limits, the second the way: requests as they are, in one piece and cut,
/// which must come to the same; or steps of which each has a byte that says what it is.
enum FuzzHTTP1 {
  static func run(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let choices = input.byte()
    let way = input.byte()
    if way.isMultiple(of: 2) {
      compare(input.rest(), choices: choices & 0xFE, piece: Int(way) / 2 + 1)
    } else {
      steps(&input, choices: choices)
    }
  }

  /// However the bytes are cut, the same requests are answered in the same way.
  private static func compare(_ bytes: [UInt8], choices: UInt8, piece: Int) {
    let whole = Exchange(FuzzWorld(choices))
    whole.send(bytes)
    let cut = Exchange(FuzzWorld(choices))
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + piece)
      cut.send(Array(bytes[start..<end]))
      start = end
    }
    if whole.upgraded == nil && !whole.hasStreamed && !whole.isBroken && !cut.isBroken {
      precondition(final(whole.output) == final(cut.output), "cutting changes answers")
    }
    if whole.upgraded == nil && !whole.isBroken && !cut.isBroken {
      precondition(
        whole.world.handler.requests == cut.world.handler.requests, "cutting changes requests")
    }
    whole.end()
    cut.end()
  }

  private static let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// Output without 100 Continue, which depends on whether the content is there already.
  private static func final(_ output: [UInt8]) -> [UInt8] {
    var kept: [UInt8] = []
    var position = 0
    while position < output.count {
      if output[position] == interim[0], output[position...].starts(with: interim) {
        position += interim.count
      } else {
        kept.append(output[position])
        position += 1
      }
    }
    return kept
  }

  private static func steps(_ input: inout FuzzInput, choices: UInt8) {
    let exchange = Exchange(FuzzWorld(choices))
    exchange.takesAll = false
    while !input.isEmpty {
      switch input.byte() % 10 {
      case 0, 1, 2: exchange.send(input.run(Int(input.byte())))
      case 3: exchange.send(Array("GET /s HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
      case 4: exchange.take()
      case 5: exchange.resume()
      case 6: exchange.world.advance(seconds: input.byte())
      case 7: exchange.timeOut()
      case 8: exchange.world.handler.steps = input.run(Int(input.byte() % 8))
      default:
        exchange.world.context.isDraining = true
        exchange.drain()
      }
    }
    exchange.end()
  }

  /// One connection and what it has written.
  private final class Exchange {
    let world: FuzzWorld
    private var machine: HTTP1Connection
    private(set) var upgraded: HTTP2Session?
    private(set) var output: [UInt8] = []
    /// Whether everything that can be written is taken at once.
    var takesAll = true

    init(_ world: FuzzWorld) {
      self.world = world
      machine = HTTP1Connection(context: world.context)
    }

    var hasStreamed: Bool { !world.handler.sources.isEmpty }
    var isBroken: Bool { machine.isBroken }

    func send(_ bytes: [UInt8]) {
      guard !machine.isBroken else { return }
      write { output in
        if let upgraded {
          upgraded.receive(bytes.span, now: world.now, into: &output)
        } else {
          machine.receive(bytes.span, into: &output)
        }
      }
      if takesAll { while hasMore, take() {} }
    }

    private var hasMore: Bool { upgraded?.hasMoreOutput ?? machine.hasMoreOutput }

    @discardableResult
    func take() -> Bool {
      let before = output.count
      write { output in
        if let upgraded {
          upgraded.fill(&output, now: world.now)
        } else {
          machine.fill(&output)
        }
      }
      return output.count > before
    }

    private func write(_ body: (inout [UInt8]) -> Void) {
      var written: [UInt8] = []
      body(&written)
      if upgraded == nil, let upgrade = machine.takeUpgrade() {
        upgraded = HTTP2Session.server(upgrade: upgrade, context: world.context, now: world.now)
        upgraded?.receive(upgrade.rest.span, now: world.now, into: &written)
      }
      precondition(written.count <= 250_000, "output has a bound")
      output += written
    }

    func resume() {
      for place in world.context.takeRaisedStreams() { upgraded?.resume(place) }
      if upgraded == nil { machine.resume() }
      take()
    }

    func timeOut() {
      if let upgraded {
        _ = upgraded.expire(now: world.now)
      } else {
        write { machine.timeOut(into: &$0) }
      }
    }

    func drain() {
      if let upgraded {
        upgraded.drain(now: world.now)
      } else {
        machine.drain()
      }
      take()
    }

    func end() {
      upgraded?.close()
      machine.close()
      world.checkTheEnd()
    }
  }
}
