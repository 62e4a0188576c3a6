import Foundation

/// A server that answers with bytes which a test wrote: for what no right server would send.
///
/// It has a thread of its own, and one connection after the other.
public final class StubServer: @unchecked Sendable {
  /// What the server does with a connection, in order.
  public enum Act: Sendable {
    /// Sends text.
    case send(String)
    /// Sends bytes.
    case sendBytes([UInt8])
    /// Does nothing for so many seconds.
    case pause(Double)
    /// Does nothing until the client closes the connection.
    case hang
  }

  /// What came, as text.
  public struct Asked: Sendable {
    /// The head, with its empty line.
    public let head: String
    /// The content.
    public let content: [UInt8]

    /// The path of the request line.
    public var path: String {
      let words = head.split(separator: " ")
      return words.count > 1 ? String(words[1]) : ""
    }
  }

  /// The port on 127.0.0.1; 0 for a Unix domain socket.
  public let port: UInt16
  private let descriptor: Int32
  private let path: String?
  private let lock = NSLock()
  private var requests: [Asked] = []
  private let answer: @Sendable (Asked, Int) -> [Act]

  /// Listens, and answers the request that came and its number from 0 on.
  ///
  /// - Parameter path: of a Unix domain socket; nil for a free port on 127.0.0.1.
  public init(
    path: String? = nil, answer: @escaping @Sendable (Asked, Int) -> [Act]
  ) throws {
    self.path = path
    self.answer = answer
    let descriptor = socket(
      path == nil ? AF_INET : AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    self.descriptor = descriptor
    port = try path.map { try Self.bind(descriptor, $0) } ?? Self.bind(descriptor)
    guard listen(descriptor, 16) == 0 else { throw POSIXError(.EIO) }
    Thread.detachNewThread { [self] in serve() }
  }

  /// Always the same answer.
  public convenience init(path: String? = nil, _ acts: Act...) throws {
    try self.init(path: path) { _, _ in acts }
  }

  /// What was asked so far.
  public var asked: [Asked] { lock.withLock { requests } }

  /// Ends the server; connections that come later are refused.
  public func close() {
    // The thread closes the descriptor: its number must not be another's while it accepts.
    shutdown(descriptor, Int32(SHUT_RDWR))
    if let path { unlink(path) }
  }

  // MARK: Opening

  private static func bind(_ descriptor: Int32) throws -> UInt16 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
      }
    }
    guard result == 0 else { throw POSIXError(.EADDRINUSE) }
    return UInt16(bigEndian: address.sin_port)
  }

  private static func bind(_ descriptor: Int32, _ path: String) throws -> UInt16 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else { throw POSIXError(.EADDRINUSE) }
    return 0
  }

  // MARK: Serving

  private func serve() {
    while true {
      let connection = accept(descriptor, nil, nil)
      if connection < 0 {
        Foundation.close(descriptor)
        return
      }
      if let asked = Self.read(connection) {
        let number = lock.withLock {
          requests.append(asked)
          return requests.count - 1
        }
        for act in answer(asked, number) { Self.perform(act, connection) }
      }
      Foundation.close(connection)
    }
  }

  private static func perform(_ act: Act, _ connection: Int32) {
    switch act {
    case .send(let text): send(Array(text.utf8), connection)
    case .sendBytes(let bytes): send(bytes, connection)
    case .pause(let seconds): Thread.sleep(forTimeInterval: seconds)
    case .hang:
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
    }
  }

  private static func send(_ bytes: [UInt8], _ connection: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// Reads one request; nil when the connection ends before.
  private static func read(_ connection: Int32) -> Asked? {
    var bytes: [UInt8] = []
    var length: Int?
    var headEnd = 0
    while length.map({ bytes.count < headEnd + $0 }) ?? true {
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      bytes += buffer[..<count]
      if length == nil, let range = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
        headEnd = range.upperBound
        let head = String(decoding: bytes[..<headEnd], as: UTF8.self).lowercased()
        let field = head.firstMatch(of: /\r\ncontent-length: (\d+)\r\n/)
        length = field.flatMap { Int($0.1) } ?? 0
      }
    }
    return Asked(
      head: String(decoding: bytes[..<headEnd], as: UTF8.self), content: Array(bytes[headEnd...]))
  }
}
