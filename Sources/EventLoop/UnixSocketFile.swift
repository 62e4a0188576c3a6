import CLinux
import Glibc

/// A Unix domain socket as a name in a directory; it goes when its owner does.
struct UnixSocketFile: ~Copyable {
  /// Bytes of the longest path, without the null byte at its end (unix(7)).
  static let maximumPathBytes = 107

  private let path: String
  private let identity: Identity

  /// What tells a file from another that has its name later.
  private struct Identity: Equatable {
    let device: UInt
    let node: UInt
  }

  /// Binds a socket to a path, in the place of one that nobody listens at any more.
  ///
  /// - Parameters:
  ///   - descriptor: a socket that is not bound yet.
  ///   - path: at most `maximumPathBytes`.
  ///   - mode: the permission bits; only who may write may connect.
  /// - Throws: `addressInUse` where somebody listens there, or where something lies that is no
  ///   socket.
  init(
    binding descriptor: borrowing FileDescriptor, to path: String, mode: UInt16
  ) throws(Errno) {
    try Self.removeStale(path)
    // Before it has a name, so that nobody connects who must not.
    guard fchmod(descriptor.rawValue, mode_t(mode)) == 0 else { throw Errno.current }
    // SAFETY: the address is as long as is said, and the paths are copied.
    let bound = try unsafe Self.withAddress(path) { unsafe bind(descriptor.rawValue, $0, $1) }
    guard bound == 0 else { throw Errno.current }
    // The process' mask has taken bits away.
    guard unsafe chmod(path, mode_t(mode)) == 0, let identity = Self.identity(path)?.identity
    else { throw Errno.current }
    self.path = path
    self.identity = identity
  }

  deinit {
    guard Self.identity(path)?.identity == identity else { return }
    // SAFETY: the path is copied.
    _ = unsafe unlink(path)
  }

  /// What lies at a path; nil for nothing.
  private static func identity(_ path: String) -> (identity: Identity, isSocket: Bool)? {
    var status = stat()
    // SAFETY: lstat copies the path and fills the structure.
    guard unsafe lstat(path, &status) == 0 else { return nil }
    return (
      Identity(device: UInt(status.st_dev), node: UInt(status.st_ino)),
      status.st_mode & S_IFMT == S_IFSOCK
    )
  }

  /// Removes a socket that its process has left behind.
  private static func removeStale(_ path: String) throws(Errno) {
    guard let found = identity(path) else { return }
    guard found.isSocket else { throw .addressInUse }
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let number = socket(AF_UNIX, type, 0)
    guard number >= 0 else { throw Errno.current }
    let descriptor = FileDescriptor(owning: number)
    // SAFETY: the address is as long as is said.
    let connected = try unsafe withAddress(path) { unsafe connect(descriptor.rawValue, $0, $1) }
    guard connected != 0, Errno.current == .connectionRefused else { throw .addressInUse }
    // SAFETY: the path is copied.
    guard unsafe unlink(path) == 0 || Errno.current == .noSuchEntry else { throw Errno.current }
  }

  /// Lends the address of a path.
  private static func withAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(Errno) -> Int32 {
    let bytes = Array(path.utf8)
    guard bytes.count <= maximumPathBytes else { throw Errno(rawValue: ENAMETOOLONG) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    // SAFETY: the path is shorter than its place in the structure, which is zero behind it.
    return unsafe withUnsafeMutableBytes(of: &address) { raw in
      let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
      for (index, byte) in bytes.enumerated() { unsafe raw[offset + index] = byte }
      guard let base = raw.baseAddress else { return -1 }
      return unsafe body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
    }
  }
}
