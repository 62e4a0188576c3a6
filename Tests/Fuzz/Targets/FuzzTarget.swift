/// What is fuzzed: each takes any bytes and traps when a promise is broken.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// The HTTP/1.1 machine, and the HTTP/2 machine behind an upgrade.
  case http1
  /// The HTTP/2 machine.
  case http2
  /// The decoders of `__consumer_offsets`.
  case offsets
  /// The reader of the configuration's TOML.
  case toml
  /// The reader of JSON.
  case json
  /// The calls of Connect.
  case connect

  /// Runs one input.
  package func run(_ input: [UInt8]) {
    switch self {
    case .http1: FuzzHTTP1.run(input)
    case .http2: FuzzHTTP2.run(input)
    case .offsets: FuzzReaders.offsets(input)
    case .toml: FuzzReaders.toml(input)
    case .json: FuzzReaders.json(input)
    case .connect: FuzzConnect.run(input)
    }
  }
}

/// An input taken apart: numbers and runs of bytes, zeros and nothing once it is used up.
struct FuzzInput {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isEmpty: Bool { position == bytes.count }

  mutating func byte() -> UInt8 {
    guard position < bytes.count else { return 0 }
    position += 1
    return bytes[position - 1]
  }

  mutating func number() -> UInt32 {
    (0..<4).reduce(0) { number, _ in number << 8 | UInt32(byte()) }
  }

  mutating func run(_ count: Int) -> [UInt8] {
    let end = min(bytes.count, position + count)
    defer { position = end }
    return Array(bytes[position..<end])
  }

  mutating func rest() -> [UInt8] { run(bytes.count - position) }
}
