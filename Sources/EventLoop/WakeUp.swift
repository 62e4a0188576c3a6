import CLinux
import Glibc

/// A wake-up call from another thread: an eventfd that an event loop watches.
///
/// Any thread may signal it, and so may C code that is handed `fileDescriptor` and writes eight
/// bytes there. Signals that come before the loop has cleared it are one signal.
package final class WakeUp: Sendable {
  private let descriptor: FileDescriptor

  /// The eventfd's number, valid as long as this object lives.
  package var fileDescriptor: Int32 { descriptor.rawValue }

  private init(_ descriptor: consuming FileDescriptor) {
    self.descriptor = descriptor
  }

  /// Creates a wake-up that nobody has signalled; throws when no descriptor is left.
  package static func create() throws(Errno) -> WakeUp {
    let number = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard number >= 0 else { throw Errno.current }
    return WakeUp(FileDescriptor(owning: number))
  }

  /// Makes the descriptor readable; never blocks, and may be called from any thread.
  package func signal() {
    var one: UInt64 = 1
    // SAFETY: eight bytes of a local are read. EAGAIN means a full counter: it is signalled.
    _ = unsafe write(descriptor.rawValue, &one, MemoryLayout<UInt64>.size)
  }

  /// Makes the descriptor unreadable again; true if it had been signalled.
  @discardableResult
  package func clear() -> Bool {
    var count: UInt64 = 0
    // SAFETY: eight bytes of a local are written. EAGAIN means that nobody has signalled.
    let read = unsafe read(descriptor.rawValue, &count, MemoryLayout<UInt64>.size)
    return read == MemoryLayout<UInt64>.size
  }
}
