import Glibc

/// An address to listen on.
package struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
  /// An IPv4 or IPv6 address as text, without brackets; empty for a Unix domain socket.
  package let host: String
  /// A TCP port; 0 lets the kernel choose one.
  package let port: UInt16
  /// The path of a Unix domain socket, absolute; nil for TCP.
  package let path: String?

  /// Names an address and a port.
  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
    path = nil
  }

  /// Names a Unix domain socket by its absolute path.
  package init(path: String) {
    host = ""
    port = 0
    self.path = path
  }

  /// Whether the kernel chooses a port, so that two such addresses differ.
  package var choosesPort: Bool { path == nil && port == 0 }

  /// Bytes of the longest path of a Unix domain socket (unix(7)).
  package static let maximumPathBytes = 107

  /// Whether the host is an IPv6 address.
  package var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }

  /// `host:port`, with brackets around an IPv6 address, or `unix:/path`.
  package var description: String {
    if let path { return "unix:\(path)" }
    return isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  /// Every address of the machine, IPv4 included.
  ///
  /// - Parameters:
  ///   - port: A TCP port, or 0.
  ///   - hasIPv6: Whether the kernel knows IPv6; without it only IPv4 is there.
  /// - Returns: `[::]` or `0.0.0.0` with the port.
  package static func everywhere(port: UInt16, hasIPv6: Bool) -> ListenAddress {
    ListenAddress(host: hasIPv6 ? "::" : "0.0.0.0", port: port)
  }

  /// Reads `host:port`, `[host]:port` or `:port` as Go's `net.Listen` takes it, or `unix:/path`.
  ///
  /// The result is nil unless the host is an IP address, `localhost`, `*` or empty, and the port
  /// is a number up to 65535. A path must be absolute and at most `maximumPathBytes` long.
  ///
  /// - Parameters:
  ///   - text: The address as somebody wrote it.
  ///   - hasIPv6: Whether an empty host and `*` mean `::` or `0.0.0.0`.
  package init?(parsing text: String, hasIPv6: Bool) {
    let scheme = "unix:"
    if text.hasPrefix(scheme) {
      let path = String(text.dropFirst(scheme.count))
      guard path.hasPrefix("/"), !path.hasSuffix("/"), !path.utf8.contains(0),
        path.utf8.count <= Self.maximumPathBytes
      else { return nil }
      self.init(path: path)
      return
    }
    guard let (host, portText) = splitHostPort(text), let port = UInt16(decimal: portText) else {
      return nil
    }
    switch host {
    case "", "*": self = .everywhere(port: port, hasIPv6: hasIPv6)
    case "localhost": self.init(host: "127.0.0.1", port: port)
    default:
      guard isIPAddress(host) else { return nil }
      self.init(host: host, port: port)
    }
  }
}

/// Whether the kernel of this machine knows IPv6.
package func systemHasIPv6() -> Bool {
  let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
  guard descriptor >= 0 else { return false }
  close(descriptor)
  return true
}

/// Whether a text is an IPv4 or IPv6 address.
func isIPAddress(_ text: String) -> Bool {
  var address = in6_addr()
  let family = text.utf8.contains(UInt8(ascii: ":")) ? AF_INET6 : AF_INET
  // SAFETY: An in6_addr is large enough for the addresses of both families.
  return unsafe inet_pton(family, text, &address) == 1
}

/// Whether a text is `host:port` as a Kafka client takes it for a bootstrap server.
func isBroker(_ text: String) -> Bool {
  guard let (host, port) = splitHostPort(text), let port = UInt16(decimal: port), port > 0 else {
    return false
  }
  if host.utf8.contains(UInt8(ascii: ":")) { return isIPAddress(host) }
  return !host.isEmpty && host.utf8.count <= 253
    && host.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"):
        true
      default: false
      }
    }
}

/// Splits at the last colon; an IPv6 address must stand in brackets.
private func splitHostPort(_ text: String) -> (host: String, port: String)? {
  guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
  var host = text.utf8[..<colon]
  let port = text.utf8[text.utf8.index(after: colon)...]
  if host.first == UInt8(ascii: "[") {
    guard host.last == UInt8(ascii: "]"), host.count > 2 else { return nil }
    host = host.dropFirst().dropLast()
    guard host.contains(UInt8(ascii: ":")) else { return nil }
  } else if host.contains(UInt8(ascii: ":")) {
    return nil
  }
  return (String(decoding: host, as: UTF8.self), String(decoding: port, as: UTF8.self))
}

extension UInt16 {
  /// Reads decimal digits and nothing else: no sign, no blank.
  fileprivate init?(decimal text: String) {
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    self.init(text)
  }
}
