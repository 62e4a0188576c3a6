/// Where a client finds a server: a host and a port, or the path of a Unix domain socket.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
  /// What the bytes go through.
  package enum Way: Hashable, Sendable {
    /// A TCP connection; the host is a name or an address without brackets.
    case tcp(host: String, port: UInt16)
    /// A Unix domain socket.
    case unix(path: String)
  }

  /// What the bytes go through.
  package let way: Way
  /// Whether the connection is encrypted (`https:`).
  package let isSecure: Bool
  /// What every path begins with: empty, or `/` and no slash at its end.
  package let prefix: String

  /// Bytes of the longest path of a Unix domain socket, without the NUL (`sun_path`, unix(7)).
  static let maximumSocketPath = 107
  /// Bytes of the longest name of a host (RFC 1035 section 2.3.4).
  static let maximumHost = 253

  /// Puts an address together.
  package init(_ way: Way, isSecure: Bool = false, prefix: String = "") {
    self.way = way
    self.isSecure = isSecure
    self.prefix = prefix
  }

  /// The address as a person writes it: `http://[::1]:8000/agent`, `unix:/run/vole.sock`.
  package var description: String {
    switch way {
    case .tcp: "\(isSecure ? "https" : "http")://\(authority)\(prefix)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// What the `Host` field says (RFC 9110 section 7.2).
  var authority: String {
    switch way {
    case .tcp(let host, let port):
      host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix: "localhost"
    }
  }

  /// Reads `http://host[:port][/path]`, `https://…`, `unix:/path`, or `host[:port]` alone.
  ///
  /// An IPv6 address stands in brackets. Without a port it is 80 or 443, and `defaultPort` where
  /// there is no scheme either.
  ///
  /// - Throws: A clause that says what is wrong with the text.
  package init(
    parsing text: String, defaultPort: UInt16
  ) throws(InvalidServerAddress) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw InvalidServerAddress("has a space or a control character")
    }
    if let path = text.removing(prefix: "unix:") {
      try self.init(socket: path)
      return
    }
    var isSecure = false
    var port = defaultPort
    var rest = text
    if let behind = text.removing(prefix: "http://") {
      (rest, port) = (behind, 80)
    } else if let behind = text.removing(prefix: "https://") {
      (rest, port, isSecure) = (behind, 443, true)
    } else if text.utf8.contains(UInt8(ascii: "/")) {
      throw InvalidServerAddress("is no http://HOST:PORT, https://HOST:PORT or unix:/PATH")
    }
    let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.utf8.endIndex
    let (host, written) = try Self.split(String(rest[..<slash]))
    var prefix = rest[slash...]
    while prefix.utf8.last == UInt8(ascii: "/") { prefix.removeLast() }
    guard !prefix.utf8.contains(where: { [UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) })
    else { throw InvalidServerAddress("has a query or a fragment") }
    self.init(
      .tcp(host: host, port: written ?? port), isSecure: isSecure, prefix: String(prefix))
  }

  private init(socket path: String) throws(InvalidServerAddress) {
    guard path.utf8.first == UInt8(ascii: "/") else {
      throw InvalidServerAddress("is no absolute path (unix:/run/vole.sock)")
    }
    guard path.utf8.count <= Self.maximumSocketPath else {
      throw InvalidServerAddress("is a path of more than \(Self.maximumSocketPath) bytes")
    }
    self.init(.unix(path: path))
  }

  /// Takes `host`, `host:port`, `[address]` or `[address]:port` apart.
  private static func split(
    _ authority: String
  ) throws(InvalidServerAddress) -> (host: String, port: UInt16?) {
    var host = authority[...]
    var port: Substring?
    let opening = authority.utf8.lastIndex(of: UInt8(ascii: "["))
    let closing = authority.utf8.lastIndex(of: UInt8(ascii: "]"))
    if opening != nil || closing != nil {
      let bracket = closing ?? authority.utf8.startIndex
      let behind = authority[bracket...].dropFirst()
      guard opening == authority.utf8.startIndex, closing != nil,
        behind.isEmpty || behind.utf8.first == UInt8(ascii: ":")
      else { throw InvalidServerAddress("has brackets in the wrong place") }
      host = authority[..<bracket].dropFirst()
      guard host.utf8.contains(UInt8(ascii: ":")) else {
        throw InvalidServerAddress("has brackets around what is no IPv6 address")
      }
      if !behind.isEmpty { port = behind.dropFirst() }
    } else if let colon = authority.utf8.firstIndex(of: UInt8(ascii: ":")) {
      host = authority[..<colon]
      port = authority[authority.utf8.index(after: colon)...]
    }
    guard !host.isEmpty, host.utf8.count <= maximumHost else {
      throw InvalidServerAddress(host.isEmpty ? "names no host" : "has a host that is too long")
    }
    guard !host.utf8.contains(UInt8(ascii: "@")), host.utf8.allSatisfy({ $0 < 0x80 }) else {
      throw InvalidServerAddress("has a user or bytes beyond ASCII in its host")
    }
    guard let port else { return (String(host), nil) }
    guard port.utf8.allSatisfy(ASCII.isDigit), let number = UInt16(port), number > 0 else {
      throw InvalidServerAddress("has \"\(port)\" for a port (1 to 65535; IPv6 in brackets)")
    }
    return (String(host), number)
  }
}

/// Why a text is no address of a server.
package struct InvalidServerAddress: Error, Equatable, CustomStringConvertible {
  /// A clause that follows the text: `names no host`.
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension String {
  /// What stands behind a lower-case prefix, whatever the case of its letters; nil without it.
  fileprivate func removing(prefix: String) -> String? {
    let length = prefix.utf8.count
    guard utf8.count >= length,
      utf8.prefix(length).elementsEqual(prefix.utf8, by: { ASCII.lowercased($0) == $1 })
    else { return nil }
    return String(decoding: utf8.dropFirst(length), as: UTF8.self)
  }
}
