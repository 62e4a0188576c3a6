import CLinux
import Glibc

/// Why nothing can listen at an address.
package struct ListenError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The address as it was given: `[::]:8000`, `unix:/path`.
  package let address: String
  /// What went wrong.
  package let reason: Reason

  /// What can go wrong.
  package enum Reason: Hashable, Sendable {
    /// The host is no address and no known name; the resolver's sentence.
    case unknownHost(String)
    /// The kernel refuses.
    case refused(Errno)
  }

  /// One line: "cannot listen on [::]:8000: address already in use".
  package var description: String {
    let sentence =
      switch reason {
      case .unknownHost(let sentence): sentence
      case .refused(let error): error.message
      }
    return "cannot listen on \(address): \(sentence)"
  }
}

/// A socket that accepts connections; closed when its owner goes away.
package struct Listener: ~Copyable {
  /// Connections that the kernel completes before they are accepted.
  static let backlog: Int32 = 512

  private let descriptor: FileDescriptor
  /// The name of a Unix domain socket; nil for TCP.
  private let file: UnixSocketFile?

  /// The port in use: the kernel's choice if 0 was asked for; 0 for a Unix domain socket.
  package let port: UInt16
  /// The address and port in use as text, for example "[::]:8000" or "unix:/run/vole.sock".
  package let address: String

  /// The kernel's number, to be watched by a loop as long as this value lives.
  package var fileDescriptor: Int32 { descriptor.rawValue }

  /// Listens at an address.
  ///
  /// `::` serves IPv4 as well. A name that stands for several addresses means its first IPv4
  /// address, or else its first; it is looked up, which may block.
  ///
  /// - Parameters:
  ///   - host: an IPv4 or IPv6 address without brackets, or a name; an empty text is `::`, or
  ///     `0.0.0.0` where the machine has no IPv6.
  ///   - port: 0 lets the kernel choose one that is free.
  package static func listen(host: String, port: UInt16) throws(ListenError) -> Listener {
    guard host.isEmpty else { return try listenAtGiven(host: host, port: port) }
    do throws(ListenError) {
      return try listenAtGiven(host: "::", port: port)
    } catch {
      let missing = [Errno.addressFamilyNotSupported, .addressNotAvailable]
      guard case .refused(let refusal) = error.reason, missing.contains(refusal) else {
        throw error
      }
      return try listenAtGiven(host: "0.0.0.0", port: port)
    }
  }

  /// Listens at the path of a Unix domain socket, which is removed when the listener goes away.
  ///
  /// A socket that somebody has left there is replaced; one that is in use is not.
  ///
  /// - Parameters:
  ///   - path: at most 107 bytes.
  ///   - mode: the permission bits; who may not write may not connect.
  package static func listen(path: String, mode: UInt16) throws(ListenError) -> Listener {
    do throws(Errno) {
      let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
      let number = socket(AF_UNIX, type, 0)
      guard number >= 0 else { throw Errno.current }
      let descriptor = FileDescriptor(owning: number)
      let file = try UnixSocketFile(binding: descriptor, to: path, mode: mode)
      guard Glibc.listen(descriptor.rawValue, backlog) == 0 else { throw Errno.current }
      return Listener(descriptor: descriptor, file: file, port: 0, address: "unix:\(path)")
    } catch {
      throw ListenError(address: "unix:\(path)", reason: .refused(error))
    }
  }

  /// Takes the next connection, non-blocking.
  ///
  /// - Throws: `wouldBlock` when there is none, or what accept4(2) says.
  package func accept() throws(Errno) -> StreamSocket {
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    var address = sockaddr_storage()
    while true {
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      // SAFETY: at most the size of the local is written to it, which every address fits into.
      let number = unsafe withUnsafeMutableBytes(of: &address) { bytes in
        unsafe accept4(
          descriptor.rawValue, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length,
          flags)
      }
      if number >= 0 {
        return StreamSocket(FileDescriptor(owning: number), peer: SocketAddress(address))
      }
      let error = Errno.current
      guard error == .interrupted else { throw error }
    }
  }

  static func text(host: String, port: UInt16) -> String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }

  // MARK: - Opening

  private static func listenAtGiven(host: String, port: UInt16) throws(ListenError) -> Listener {
    var found: UnsafeMutablePointer<addrinfo>?
    // SAFETY: hints and strings live for the call; the list is freed once, as this function ends.
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    let code = unsafe getaddrinfo(host, "\(port)", &hints, &found)
    defer { unsafe freeaddrinfo(found) }
    guard code == 0, let list = unsafe found else {
      let sentence = unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "no address"
      let reason = sentence.prefix(1).lowercased() + sentence.dropFirst()
      throw ListenError(
        address: text(host: host, port: port), reason: .unknownHost(reason))
    }
    let chosen = unsafe firstIPv4(list) ?? list
    do throws(Errno) {
      let descriptor = try unsafe open(chosen)
      let bound = try boundPort(descriptor)
      return Listener(
        descriptor: descriptor, file: nil, port: bound, address: text(host: host, port: bound))
    } catch {
      throw ListenError(address: text(host: host, port: port), reason: .refused(error))
    }
  }

  private static func firstIPv4(
    _ list: UnsafeMutablePointer<addrinfo>
  ) -> UnsafeMutablePointer<addrinfo>? {
    // SAFETY: getaddrinfo's list ends with a null pointer.
    var entry: UnsafeMutablePointer<addrinfo>? = unsafe list
    while let current = unsafe entry {
      if unsafe current.pointee.ai_family == AF_INET { return unsafe current }
      unsafe entry = current.pointee.ai_next
    }
    return nil
  }

  private static func open(
    _ address: UnsafeMutablePointer<addrinfo>
  ) throws(Errno) -> FileDescriptor {
    // SAFETY: the entry is one of getaddrinfo's list, which the caller frees later.
    let family = unsafe address.pointee.ai_family
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let number = socket(family, type, 0)
    guard number >= 0 else { throw Errno.current }
    let descriptor = FileDescriptor(owning: number)
    // A port whose last connections are in TIME_WAIT is free.
    try set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
    // Accepted sockets inherit it: an answer is one write and must not wait for anything.
    try set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    // So is this: a client that is gone without a word is found out within two minutes.
    try set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
    try set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 60)
    try set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 15)
    try set(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, 4)
    if family == AF_INET6 { try set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
    let bound = unsafe bind(
      descriptor.rawValue, address.pointee.ai_addr, address.pointee.ai_addrlen)
    guard bound == 0 else { throw Errno.current }
    guard Glibc.listen(descriptor.rawValue, backlog) == 0 else { throw Errno.current }
    return descriptor
  }

  private static func set(
    _ descriptor: borrowing FileDescriptor, _ level: Int32, _ option: Int32, _ value: Int32
  ) throws(Errno) {
    var value = value
    let size = socklen_t(MemoryLayout<Int32>.size)
    // SAFETY: four bytes of a local are read.
    let result = unsafe setsockopt(descriptor.rawValue, level, option, &value, size)
    guard result == 0 else { throw Errno.current }
  }

  private static func boundPort(_ descriptor: borrowing FileDescriptor) throws(Errno) -> UInt16 {
    var address = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    // SAFETY: at most the size of the local is written to it; an IPv4 address is shorter.
    let result = unsafe withUnsafeMutableBytes(of: &address) { bytes in
      unsafe getsockname(
        descriptor.rawValue, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
    }
    guard result == 0 else { throw Errno.current }
    // The port stands at the same place in both families.
    return UInt16(bigEndian: address.sin6_port)
  }
}
