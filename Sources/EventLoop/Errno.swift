import CLinux
import Glibc

/// An error number of the kernel, as a value: what `errno` held after a call that failed.
package struct Errno: RawRepresentable, Error, Hashable, Sendable {
  /// The number, as `<errno.h>` defines it.
  package let rawValue: Int32

  /// Wraps a number of `<errno.h>`; any number is accepted.
  package init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// The error of the last C call of this thread that failed.
  static var current: Errno { Errno(rawValue: errno) }

  /// `EINTR`: a signal came before the call could do anything.
  package static let interrupted = Errno(rawValue: EINTR)
  /// `EAGAIN`: the call would block; it can be made again when the descriptor is ready.
  package static let wouldBlock = Errno(rawValue: EAGAIN)
  /// `EADDRINUSE`: somebody else listens there.
  package static let addressInUse = Errno(rawValue: EADDRINUSE)
  /// `EADDRNOTAVAIL`: the machine does not have that address.
  package static let addressNotAvailable = Errno(rawValue: EADDRNOTAVAIL)
  /// `EAFNOSUPPORT`: the kernel lacks the address family, for example IPv6.
  package static let addressFamilyNotSupported = Errno(rawValue: EAFNOSUPPORT)
  /// `EMFILE`: the process has no descriptor left.
  package static let tooManyOpenFiles = Errno(rawValue: EMFILE)
  /// `ENFILE`: the machine has no descriptor left.
  package static let tooManyOpenFilesInSystem = Errno(rawValue: ENFILE)
  /// `ENOBUFS`: the kernel has no memory for sockets.
  package static let noBufferSpace = Errno(rawValue: ENOBUFS)
  /// `ENOMEM`: the kernel has no memory.
  package static let noMemory = Errno(rawValue: ENOMEM)
  /// `EBADF`: not an open descriptor.
  package static let badFileDescriptor = Errno(rawValue: EBADF)
  /// `EPROTO`: the peer does not keep to the protocol.
  package static let protocolError = Errno(rawValue: EPROTO)
  /// `ECONNREFUSED`: nobody listens there.
  package static let connectionRefused = Errno(rawValue: ECONNREFUSED)
  /// `ENOENT`: no such registration, file or directory.
  package static let noSuchEntry = Errno(rawValue: ENOENT)

  /// The constant's name, for example `EADDRINUSE`; the number itself if the C library knows none.
  package var name: String {
    // SAFETY: returns NULL or a constant string that is never freed or changed.
    guard let name = unsafe strerrorname_np(rawValue) else { return "\(rawValue)" }
    return unsafe String(cString: name)
  }

  /// The C library's sentence in English with a small first letter: "address already in use".
  package var message: String {
    // SAFETY: returns NULL or a constant string that is never freed or changed.
    guard let text = unsafe strerrordesc_np(rawValue) else { return "unknown error \(rawValue)" }
    let sentence = unsafe String(cString: text)
    // "RPC version wrong" stays, "Address already in use" does not.
    guard let second = sentence.dropFirst().first, !second.isUppercase else { return sentence }
    return sentence.prefix(1).lowercased() + sentence.dropFirst()
  }
}

extension Errno: CustomStringConvertible {
  /// The sentence and the name: "address already in use (EADDRINUSE)".
  package var description: String { "\(message) (\(name))" }
}
