import Glibc

/// The one owner of an open file descriptor; it is closed when the owner goes away.
package struct FileDescriptor: ~Copyable, Sendable {
  /// The kernel's number, valid as long as this value lives: to be lent, never closed.
  package let rawValue: Int32

  /// Takes over an open descriptor that nobody else closes.
  package init(owning rawValue: Int32) {
    self.rawValue = rawValue
  }

  deinit {
    // Not repeated on EINTR: Linux has released the number by then, and it may be in use again.
    _ = close(rawValue)
  }

  /// Opens `/dev/null`: a descriptor to be given up when the process has no other.
  package static func reserve() throws(Errno) -> FileDescriptor {
    // SAFETY: the path is a constant C string that outlives the call.
    let opened = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { throw Errno.current }
    return FileDescriptor(owning: opened)
  }
}
