import CLinux
import Glibc

/// Signals as something to read: they are blocked and arrive through a signalfd.
struct SignalSource: ~Copyable {
  let descriptor: FileDescriptor

  /// Blocks the signals in this thread and opens the descriptor that reports them.
  ///
  /// Threads started later inherit the block; threads that already run do not, and a process-wide
  /// signal would be delivered to one of them. So this comes before any other thread is started.
  static func open(_ signals: [Int32]) throws(Errno) -> SignalSource {
    var set = sigset_t()
    // SAFETY: the set is a local that outlives these calls; the old mask is not asked for.
    unsafe sigemptyset(&set)
    for signal in signals { unsafe sigaddset(&set, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    let number = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    guard number >= 0 else { throw Errno.current }
    return SignalSource(descriptor: FileDescriptor(owning: number))
  }

  /// The next signal that came, or nil when there is none.
  func next() -> Int32? {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    // SAFETY: at most the size of the local structure is written into it.
    guard unsafe read(descriptor.rawValue, &info, size) == size else { return nil }
    return Int32(truncatingIfNeeded: info.ssi_signo)
  }
}

/// What a process does once about signals, whatever loops it runs.
package enum Signals {
  /// Makes writing to a closed pipe or socket an error (`EPIPE`) instead of the process's end.
  package static func ignoreBrokenPipe() {
    _ = signal(SIGPIPE, SIG_IGN)
  }
}
