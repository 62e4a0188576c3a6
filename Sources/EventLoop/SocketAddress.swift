import CLinux
import Glibc

/// The address of one end of a connection.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  private enum Family: UInt8 {
    case unknown
    case ipv4
    case ipv6
    case unix
  }

  private var family = Family.unknown
  private var port: UInt16 = 0
  /// The bytes of the address as they lie in memory; four of them where it is IPv4.
  private var first: UInt64 = 0
  private var second: UInt64 = 0

  private init() {}

  /// An address that nobody knows.
  package static let unknown = SocketAddress()

  /// Takes an address that the kernel has written.
  init(_ storage: sockaddr_storage) {
    // SAFETY: the storage is as large as every kind of address, and its family says which it is.
    unsafe withUnsafeBytes(of: storage) { raw in
      switch Int32(storage.ss_family) {
      case AF_INET:
        let address = unsafe raw.load(as: sockaddr_in.self)
        family = .ipv4
        port = UInt16(bigEndian: address.sin_port)
        first = UInt64(address.sin_addr.s_addr)
      case AF_INET6:
        let address = unsafe raw.load(as: sockaddr_in6.self)
        family = .ipv6
        port = UInt16(bigEndian: address.sin6_port)
        unsafe withUnsafeBytes(of: address.sin6_addr) { raw in
          first = unsafe raw.loadUnaligned(as: UInt64.self)
          second = unsafe raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        }
      case AF_UNIX: family = .unix
      default: break
      }
    }
    // An IPv4 client of a socket that serves both (RFC 4291 section 2.5.5.2).
    let mapped = UInt32(0xFFFF).bigEndian
    if family == .ipv6, first == 0, UInt32(truncatingIfNeeded: second) == mapped {
      family = .ipv4
      first = second >> 32
      second = 0
    }
  }

  /// `192.0.2.1:4711`, `[2001:db8::1]:4711`, `unix`, or `unknown`.
  package var description: String {
    switch family {
    case .unknown: "unknown"
    case .unix: "unix"
    case .ipv4: "\(text(AF_INET)):\(port)"
    case .ipv6: "[\(text(AF_INET6))]:\(port)"
    }
  }

  private func text(_ family: Int32) -> String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    // SAFETY: the bytes are those of an address of this family; the buffer is long enough for both.
    let isWritten = unsafe withUnsafeBytes(of: (first, second)) { bytes in
      unsafe inet_ntop(family, bytes.baseAddress, &text, socklen_t(text.count)) != nil
    }
    guard isWritten else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
