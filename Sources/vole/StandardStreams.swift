import EventLoop
import Glibc
import Synchronization

/// The three descriptors that every program is started with.
enum StandardStreams {
  /// Takes the places of those that were closed.
  ///
  /// Otherwise the next socket or file would get such a number, and what is meant for a person
  /// would be written into it. Each is opened the wrong way round, so that using it stays an error.
  static func reserve() {
    for (descriptor, mode) in [
      (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY),
    ] where fcntl(descriptor, F_GETFD) < 0 {
      // SAFETY: the path is a C string for the duration of the call. The descriptor is the lowest
      // that is free, which is this one, and stays open.
      _ = unsafe open("/dev/null", mode)
    }
  }
}

/// Standard output, unbuffered.
enum StandardOutput {
  /// The first error that lost something, 0 for none.
  private static let failure = Atomic<Int32>(0)

  /// Writes a text whole; what cannot be written is dropped, and told by `conclude`.
  ///
  /// - Returns: whether somebody took it.
  @discardableResult static func write(_ text: String) -> Bool {
    guard let error = writeAll(STDOUT_FILENO, Array(text.utf8)) else { return true }
    _ = failure.compareExchange(expected: 0, desired: error.rawValue, ordering: .relaxed)
    return false
  }

  /// The exit code of a command whose output is what it is for.
  ///
  /// - Parameters:
  ///   - code: The one where everything was written.
  ///   - command: Whose output it is, as messages begin with it.
  /// - Returns: `code`, or that of an error, which is told, where something is missing.
  static func conclude(_ code: Int32, of command: String) -> Int32 {
    let number = failure.load(ordering: .relaxed)
    // Behind `| head` nobody reads any more: no fault of anybody's.
    guard number != 0, number != EPIPE else { return code }
    StandardError.write("\(command): standard output: \(Errno(rawValue: number).message)\n")
    return ExitCode.usage
  }

  /// Whether everything so far was taken.
  static var isWhole: Bool { failure.load(ordering: .relaxed) == 0 }

  /// Whether a person sees it.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}

/// Standard error, unbuffered.
enum StandardError {
  /// Writes a text whole; what cannot be written is dropped.
  static func write(_ text: String) { write(Array(text.utf8)) }

  /// Writes bytes whole; what cannot be written is dropped.
  static func write(_ bytes: [UInt8]) { _ = writeAll(STDERR_FILENO, bytes) }

  /// Whether a person sees it.
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// Writes bytes whole; returns what keeps it from that.
private func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Errno? {
  var written = 0
  while written < bytes.count {
    let rest = bytes[written...]
    // SAFETY: the buffer is read for the duration of the call, and is as long as is said.
    let count = unsafe rest.withUnsafeBytes {
      unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
    }
    if count > 0 {
      written += count
      continue
    }
    let error = Errno(rawValue: errno)
    guard count < 0, error == .interrupted else { return error }
  }
  return nil
}
