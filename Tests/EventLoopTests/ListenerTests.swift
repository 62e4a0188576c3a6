import EventLoop
import Glibc
import Testing

@Suite struct ErrnoTests {
  @Test func hasNameAndSentence() {
    #expect(Errno.addressInUse.name == "EADDRINUSE")
    #expect(Errno.addressInUse.message == "address already in use")
    #expect("\(Errno.addressInUse)" == "address already in use (EADDRINUSE)")
    #expect(Errno(rawValue: ENOENT).message == "no such file or directory")
  }

  @Test func leavesAbbreviationsAsTheyAre() {
    #expect(Errno(rawValue: EDOTDOT).message == "RFS specific error")
  }

  @Test func anUnknownNumberIsItsOwnName() {
    #expect(Errno(rawValue: 12_345).name == "12345")
    #expect(Errno(rawValue: 12_345).message == "unknown error 12345")
  }
}

@Suite struct ListenerTests {
  @Test func reportsThePortThatTheKernelChose() throws {
    let listener = try Listener.listen(host: "127.0.0.1", port: 0)
    #expect(listener.port > 0)
    #expect(listener.address == "127.0.0.1:\(listener.port)")
  }

  @Test func saysThatAPortIsInUse() throws {
    let first = try Listener.listen(host: "127.0.0.1", port: 0)
    let error = #expect(throws: ListenError.self) {
      _ = try Listener.listen(host: "127.0.0.1", port: first.port)
    }
    #expect(error?.reason == .refused(.addressInUse))
    #expect(
      error?.description
        == "cannot listen on 127.0.0.1:\(first.port): address already in use")
  }

  @Test func saysThatAHostIsUnknown() {
    let error = #expect(throws: ListenError.self) {
      _ = try Listener.listen(host: "no such host", port: 0)
    }
    guard case .unknownHost? = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.description.hasPrefix("cannot listen on no such host:0: ") == true)
  }

  @Test func saysThatAnAddressIsNotOurs() {
    let error = #expect(throws: ListenError.self) {
      _ = try Listener.listen(host: "192.0.2.1", port: 0)
    }
    #expect(error?.reason == .refused(.addressNotAvailable))
  }

  @Test func bracketsStandAroundIPv6Addresses() throws {
    let listener = try Listener.listen(host: "", port: 0)
    // Where there is no IPv6 the machine's IPv4 addresses are meant.
    let expected = ["[::]:\(listener.port)", "0.0.0.0:\(listener.port)"]
    #expect(expected.contains(listener.address))
  }

  @Test func theWildcardTakesIPv4Connections() throws {
    let listener = try Listener.listen(host: "", port: 0)
    let client = try Self.connect(to: listener.port)
    defer { close(client) }
    _ = try listener.accept()
  }

  @Test func acceptedSocketsNeverBlock() throws {
    let listener = try Listener.listen(host: "127.0.0.1", port: 0)
    #expect(throws: Errno.wouldBlock) { _ = try listener.accept() }
    let client = try Self.connect(to: listener.port)
    let socket = try listener.accept()
    var buffer = [UInt8](repeating: 0, count: 8)
    #expect(throws: Errno.wouldBlock) { try Self.receive(&buffer, socket) }
    #expect(write(client, "ping", 4) == 4)
    #expect(try Self.receive(&buffer, socket) == 4)
    #expect(buffer.prefix(4) == Array("ping".utf8)[...])
    close(client)
    #expect(try Self.receive(&buffer, socket) == 0)
  }

  /// A client that is gone without a word, as with its machine, must not be kept for ever.
  @Test func theKernelAsksClientsThatAreSilent() throws {
    let listener = try Listener.listen(host: "127.0.0.1", port: 0)
    let client = try Self.connect(to: listener.port)
    defer { close(client) }
    let socket = try listener.accept()
    let options: [(Int32, Int32, Int32)] = [
      (SOL_SOCKET, SO_KEEPALIVE, 1), (Int32(IPPROTO_TCP), TCP_KEEPIDLE, 60),
      (Int32(IPPROTO_TCP), TCP_KEEPINTVL, 15), (Int32(IPPROTO_TCP), TCP_KEEPCNT, 4),
    ]
    for (level, name, expected) in options {
      var value: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      #expect(getsockopt(socket.fileDescriptor, level, name, &value, &length) == 0)
      #expect(value == expected)
    }
  }

  @Test func writingToAClosedPeerIsAnErrorAndNoSignal() throws {
    let listener = try Listener.listen(host: "127.0.0.1", port: 0)
    let client = try Self.connect(to: listener.port)
    let socket = try listener.accept()
    // Reset at once instead of closed in good order.
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    close(client)
    let bytes: [UInt8] = [1, 2, 3]
    var failures: [Errno] = []
    for _ in 0..<3 {
      do throws(Errno) {
        _ = try socket.send(bytes.span)
      } catch {
        failures.append(error)
      }
    }
    #expect(failures.contains(Errno(rawValue: EPIPE)))
  }

  private static func receive(
    _ buffer: inout [UInt8], _ socket: borrowing StreamSocket
  ) throws(Errno) -> Int {
    var span = buffer.mutableSpan
    return try socket.receive(into: &span)
  }

  static func connect(to port: UInt16) throws -> Int32 {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
    return client
  }
}
