import CLinux
import Glibc

/// A connected stream socket that never blocks; closed when its owner goes away.
package struct StreamSocket: ~Copyable {
  private let descriptor: FileDescriptor

  /// The kernel's number, to be watched by a loop as long as this value lives.
  package var fileDescriptor: Int32 { descriptor.rawValue }

  /// The address of the other end.
  package let peer: SocketAddress

  /// Takes over a connected socket that was opened with `SOCK_NONBLOCK`.
  package init(_ descriptor: consuming FileDescriptor, peer: SocketAddress = .unknown) {
    self.descriptor = descriptor
    self.peer = peer
  }

  /// Reads what has arrived, at most as much as fits.
  ///
  /// - Returns: the number of bytes, 0 at the end of the stream.
  /// - Throws: `wouldBlock` when nothing has arrived, or what broke the connection.
  package func receive(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
    while true {
      // SAFETY: at most the span's own length is written to it.
      let count = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
        unsafe recv(descriptor.rawValue, bytes.baseAddress, bytes.count, 0)
      }
      if count >= 0 { return count }
      let error = Errno.current
      guard error == .interrupted else { throw error }
    }
  }

  /// Writes as much as the kernel takes; a closed peer is an error and not a signal.
  ///
  /// - Returns: the number of bytes taken, which may be fewer than given.
  /// - Throws: `wouldBlock` when the kernel takes none, or what broke the connection.
  package func send(_ bytes: Span<UInt8>) throws(Errno) -> Int {
    while true {
      // SAFETY: only the span's own bytes are read.
      let count = unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe Glibc.send(
          descriptor.rawValue, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 { return count }
      let error = Errno.current
      guard error == .interrupted else { throw error }
    }
  }

  /// Tells the peer that nothing more will come (FIN); reading goes on.
  package func shutdownSending() {
    _ = shutdown(descriptor.rawValue, Int32(SHUT_WR))
  }
}
