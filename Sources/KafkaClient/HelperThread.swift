import CLibrdkafka  // its header is where the compiler first meets <pthread.h>
import Glibc

/// A POSIX thread with a small stack; Swift's concurrency runtime stays out of the process.
package enum HelperThread {
  /// The stack of a helper thread, in bytes: its calls are shallow, librdkafka's included.
  static let stackBytes = 256 * 1024

  /// Runs a closure on a new detached thread that receives no signals.
  ///
  /// - Returns: whether the thread was created.
  package static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    // SAFETY: `attributes` is local, initialised first and destroyed last.
    guard unsafe pthread_attr_init(&attributes) == 0 else { return false }
    defer { unsafe pthread_attr_destroy(&attributes) }
    _ = unsafe pthread_attr_setstacksize(&attributes, stackBytes)
    _ = unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))

    // A new thread inherits the mask: signals stay with the thread that waits for them.
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }

    let box = unsafe Unmanaged.passRetained(Body(body))
    var thread = pthread_t()
    // SAFETY: the thread takes over the reference that `passRetained` added.
    let failed = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, box.toOpaque())
    if failed != 0 { unsafe box.release() }
    return failed == 0
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
      self.run = run
    }
  }
}
