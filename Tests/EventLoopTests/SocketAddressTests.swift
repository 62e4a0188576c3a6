import EventLoop
import Glibc
import Testing

/// Addresses of clients, as connections say them.
@Suite struct SocketAddressTests {
  /// The client's own address as text, and what the listener says it is.
  private func addresses(
    listening host: String, connecting family: Int32, _ text: String
  ) throws -> (own: UInt16, seen: String) {
    let listener = try Listener.listen(host: host, port: 0)
    let descriptor = FileDescriptor(
      owning: socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
    var storage = sockaddr_storage()
    let length = socklen_t(
      family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size)
    let port: UInt16? = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.pointee.ss_family = sa_family_t(family)
      let raw = UnsafeMutableRawPointer(pointer)
      // The port stands at the same place in both families, the address does not.
      raw.storeBytes(of: listener.port.bigEndian, toByteOffset: 2, as: UInt16.self)
      inet_pton(family, text, raw + (family == AF_INET ? 4 : 8))
      return raw.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard connect(descriptor.rawValue, address, length) == 0 else { return nil }
        var own = length
        guard getsockname(descriptor.rawValue, address, &own) == 0 else { return nil }
        return UInt16(bigEndian: raw.load(fromByteOffset: 2, as: UInt16.self))
      }
    }
    let accepted = try listener.accept()
    return (try #require(port), accepted.peer.description)
  }

  @Test func namesIPv4() throws {
    let (own, seen) = try addresses(listening: "127.0.0.1", connecting: AF_INET, "127.0.0.1")
    #expect(seen == "127.0.0.1:\(own)")
  }

  @Test(.enabled(if: Machine.hasIPv6))
  func namesIPv6() throws {
    let (own, seen) = try addresses(listening: "::1", connecting: AF_INET6, "::1")
    #expect(seen == "[::1]:\(own)")
  }

  @Test(.enabled(if: Machine.hasIPv6))
  func namesIPv4BehindASocketForBoth() throws {
    let (own, seen) = try addresses(listening: "::", connecting: AF_INET, "127.0.0.1")
    #expect(seen == "127.0.0.1:\(own)")
  }

  @Test func knowsThatItKnowsNothing() {
    #expect(SocketAddress.unknown.description == "unknown")
  }
}

/// What the machine that tests run on has.
enum Machine {
  static let hasIPv6: Bool = {
    do {
      _ = try Listener.listen(host: "::1", port: 0)
      return true
    } catch {
      return false
    }
  }()
}
