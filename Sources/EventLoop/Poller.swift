import CLinux
import Glibc

/// The kernel's epoll object: which descriptors are watched for what, by 64-bit cookies.
@safe struct Poller: ~Copyable {
  /// One report of the kernel.
  struct Event {
    var cookie: UInt64
    var readiness: Readiness
  }

  /// How many reports one call of `wait` can bring.
  static let batchSize = 64

  private let descriptor: FileDescriptor
  private let batch: UnsafeMutablePointer<epoll_event>

  static func open() throws(Errno) -> Poller {
    let number = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard number >= 0 else { throw Errno.current }
    return Poller(descriptor: FileDescriptor(owning: number))
  }

  private init(descriptor: consuming FileDescriptor) {
    self.descriptor = descriptor
    // SAFETY: allocated and initialised for this value alone, which frees it.
    unsafe batch = .allocate(capacity: Self.batchSize)
    unsafe batch.initialize(repeating: epoll_event(), count: Self.batchSize)
  }

  deinit {
    // SAFETY: nobody else has the pointer.
    unsafe batch.deallocate()
  }

  func add(_ watched: Int32, interest: Readiness, cookie: UInt64) throws(Errno) {
    try control(EPOLL_CTL_ADD, watched, interest, cookie)
  }

  func modify(_ watched: Int32, interest: Readiness, cookie: UInt64) throws(Errno) {
    try control(EPOLL_CTL_MOD, watched, interest, cookie)
  }

  func remove(_ watched: Int32) throws(Errno) {
    try control(EPOLL_CTL_DEL, watched, [], 0)
  }

  private func control(
    _ operation: Int32, _ watched: Int32, _ interest: Readiness, _ cookie: UInt64
  ) throws(Errno) {
    // SAFETY: the event is a local that outlives the call; only the integer of its union is used.
    var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(u64: cookie))
    let result = unsafe epoll_ctl(descriptor.rawValue, operation, watched, &event)
    guard result == 0 else { throw Errno.current }
  }

  /// Waits for reports and says how many came.
  ///
  /// - Parameter timeoutMilliseconds: 0 looks only, -1 waits without end.
  /// - Returns: 0 when the time is over or a signal interrupted the wait.
  func wait(timeoutMilliseconds: Int32) throws(Errno) -> Int {
    // SAFETY: the kernel writes at most `batchSize` elements, which is the length of `batch`.
    let count = unsafe epoll_wait(
      descriptor.rawValue, batch, Int32(Self.batchSize), timeoutMilliseconds)
    if count >= 0 { return Int(count) }
    let error = Errno.current
    guard error == .interrupted else { throw error }
    return 0
  }

  /// The report at a position below what `wait` returned.
  func event(at index: Int) -> Event {
    precondition(index >= 0 && index < Self.batchSize)
    // SAFETY: the index was checked; only the integer of the union is ever stored, see `control`.
    return unsafe Event(
      cookie: batch[index].data.u64, readiness: Readiness(rawValue: batch[index].events))
  }
}
