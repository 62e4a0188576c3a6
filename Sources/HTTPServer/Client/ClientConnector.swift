import EventLoop
import Glibc

/// Connects to a server, address by address, without blocking beyond a deadline.
///
/// Looking a name up is the resolver's, which keeps to limits of its own.
enum ClientConnector {
  /// The most addresses of a name that are tried.
  static let maximumAddresses = 8

  static func connect(
    _ address: ServerAddress, _ deadline: Deadline
  ) throws(ClientError) -> StreamSocket {
    switch address.way {
    case .unix(let path): try connect(path: path, deadline)
    case .tcp(let host, let port): try connect(host: host, port: port, deadline)
    }
  }

  // MARK: TCP

  private static func connect(
    host: String, port: UInt16, _ deadline: Deadline
  ) throws(ClientError) -> StreamSocket {
    var found: UnsafeMutablePointer<addrinfo>?
    // SAFETY: hints and strings live for the call; the list is freed once, as this function ends.
    var hints = unsafe addrinfo()
    unsafe hints.ai_flags = AI_NUMERICSERV
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    let code = unsafe getaddrinfo(host, "\(port)", &hints, &found)
    defer { unsafe freeaddrinfo(found) }
    guard code == 0, let list = unsafe found else {
      let sentence = unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "no address"
      throw .unknownHost(sentence.prefix(1).lowercased() + sentence.dropFirst())
    }
    // SAFETY: getaddrinfo's list ends with a null pointer.
    var count = 0
    var entry: UnsafeMutablePointer<addrinfo>? = unsafe list
    while let current = unsafe entry, count < maximumAddresses {
      count += 1
      unsafe entry = current.pointee.ai_next
    }
    return try unsafe connect(list, count: count, deadline)
  }

  /// Tries addresses in turn; each has its share of the time that is left.
  private static func connect(
    _ list: UnsafeMutablePointer<addrinfo>, count: Int, _ deadline: Deadline
  ) throws(ClientError) -> StreamSocket {
    var entry: UnsafeMutablePointer<addrinfo>? = unsafe list
    var failure = ClientError.timeout(.connecting)
    for tried in 0..<count {
      // SAFETY: the list has at least `count` entries and outlives this call.
      guard let current = unsafe entry else { break }
      unsafe entry = current.pointee.ai_next
      do throws(ClientError) {
        let family = unsafe current.pointee.ai_family
        return try open(family, deadline.share(of: count - tried)) { number in
          unsafe Glibc.connect(number, current.pointee.ai_addr, current.pointee.ai_addrlen)
        }
      } catch { failure = error }
    }
    throw failure
  }

  // MARK: Unix domain sockets

  private static func connect(
    path: String, _ deadline: Deadline
  ) throws(ClientError) -> StreamSocket {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // SAFETY: the path is cut to what fits, and the local is zeroed, so that a NUL ends it.
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
      let room = min(bytes.count - 1, ServerAddress.maximumSocketPath)
      for (index, byte) in path.utf8.prefix(room).enumerated() { unsafe bytes[index] = byte }
    }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    return try open(AF_UNIX, deadline) { number in
      // SAFETY: the local outlives the call and is as long as is said.
      unsafe withUnsafeBytes(of: &address) { bytes in
        unsafe Glibc.connect(
          number, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), length)
      }
    }
  }

  // MARK: One address

  /// Opens a socket and waits until what `attempt` began with connect(2) is decided.
  private static func open(
    _ family: Int32, _ deadline: Deadline, _ attempt: (Int32) -> Int32
  ) throws(ClientError) -> StreamSocket {
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let number = socket(family, type, 0)
    guard number >= 0 else { throw .cannotConnect(Errno(rawValue: errno)) }
    let descriptor = FileDescriptor(owning: number)
    if family != AF_UNIX { sendAtOnce(number) }
    if attempt(number) == 0 { return StreamSocket(descriptor) }
    // The full queue of a Unix domain socket is EAGAIN: there is nothing to wait for.
    let error = Errno(rawValue: errno)
    guard error.rawValue == EINPROGRESS || error == .interrupted else {
      throw .cannotConnect(error)
    }
    guard deadline.wait(for: number, events: Int16(POLLOUT)) else { throw .timeout(.connecting) }
    let outcome = pendingError(number)
    guard outcome == 0 else { throw .cannotConnect(Errno(rawValue: outcome)) }
    return StreamSocket(descriptor)
  }

  private static func sendAtOnce(_ number: Int32) {
    var on: Int32 = 1
    // SAFETY: four bytes of a local are read. Where it fails, requests are only slower.
    _ = unsafe setsockopt(
      number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  /// What became of a connection that was waited for; 0 when it stands.
  private static func pendingError(_ number: Int32) -> Int32 {
    var error: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    // SAFETY: four bytes of a local are written.
    let result = unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &length)
    return result == 0 ? error : errno
  }
}
