/// The protocol of one connection, which its first bytes decide: both on one port.
enum ConnectionMachine {
  /// Not decided: what has arrived so far could begin either.
  case undecided(held: [UInt8])
  case http1(HTTP1Connection)
  case http2(HTTP2Session)

  /// What the first bytes of a connection say.
  enum Guess {
    case undecided
    case http1
    case http2
  }

  /// Recognises an HTTP/2 client that has prior knowledge (RFC 9113 section 3.3) by the first four
  /// bytes of its preface: no method of HTTP/1.1 is called PRI. nghttp2 judges the other twenty.
  static func guess(_ bytes: Span<UInt8>) -> Guess {
    let preface: StaticString = "PRI "
    let length = preface.utf8CodeUnitCount
    for index in 0..<min(bytes.count, length) {
      // SAFETY: the index is below the literal's length.
      guard unsafe bytes[index] == preface.utf8Start[index] else { return .http1 }
    }
    return bytes.count < length ? .undecided : .http2
  }

  /// Whether `fill` has something to write.
  var hasMoreOutput: Bool {
    switch self {
    case .undecided: false
    case .http1(let machine): machine.hasMoreOutput
    case .http2(let machine): machine.hasMoreOutput
    }
  }

  /// Whether the connection ends when its output is written.
  var isFinished: Bool {
    switch self {
    case .undecided: false
    case .http1(let machine): machine.isFinished
    case .http2(let machine): machine.isFinished
    }
  }

  /// Why the connection has to end at once, without another byte.
  var failure: Refusal? {
    if case .http2(let machine) = self { machine.failure } else { nil }
  }

  /// Goes on writing after the output was drained.
  func fill(_ output: inout [UInt8], now: Int64) {
    switch self {
    case .undecided: break
    case .http1(let machine): machine.fill(&output)
    case .http2(let machine): machine.fill(&output, now: now)
    }
  }

  /// Whether nothing is under way: the connection may be closed at any time.
  var isIdle: Bool {
    switch self {
    case .undecided: true
    case .http1(let machine): !machine.isReadingRequest && !machine.hasMoreOutput
    case .http2(let machine): machine.isIdle
    }
  }
}
