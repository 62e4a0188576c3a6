import CLibrdkafka  // its header is where the compiler first meets <semaphore.h>'s types
import Glibc

/// A POSIX semaphore: what a thread sleeps on.
@safe final class Semaphore: Sendable {
  // SAFETY: the pointer never changes, and every thread may use the semaphore behind it.
  private nonisolated(unsafe) let raw: UnsafeMutablePointer<sem_t>

  /// Starts at zero.
  init() {
    unsafe raw = .allocate(capacity: 1)
    unsafe raw.initialize(to: sem_t())
    // SAFETY: the memory is ours and does not move.
    unsafe sem_init(raw, 0, 0)
  }

  deinit {
    // SAFETY: whoever waits or posts holds a reference, so nobody does any more.
    unsafe sem_destroy(raw)
    unsafe raw.deallocate()
  }

  /// Adds one.
  func post() {
    // SAFETY: initialised in `init`; safe from every thread.
    unsafe sem_post(raw)
  }

  /// Sleeps until there is one to take.
  func wait() {
    // SAFETY: as above. Any other error than EINTR cannot happen to an initialised semaphore.
    while unsafe sem_wait(raw) != 0 && errno == EINTR {}
  }

  /// Sleeps until there is one to take or the time is over.
  ///
  /// It looks every two milliseconds: `sem_timedwait` follows the wall clock, which may step. Only
  /// the end of a process waits here.
  ///
  /// - Returns: whether one was taken.
  func wait(deadline: Deadline) -> Bool {
    while unsafe sem_trywait(raw) != 0 {
      if deadline.hasPassed { return false }
      var pause = timespec(tv_sec: 0, tv_nsec: 2_000_000)
      // SAFETY: reads a local variable.
      unsafe nanosleep(&pause, nil)
    }
    return true
  }
}
