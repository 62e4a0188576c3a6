import Configuration
import Glibc
import KafkaClient

/// The version of this program.
let voleVersion = "0.1.0"

/// A command: what its parser and help are made of, and what it does.
struct Command: Sendable {
  /// Name, options and help.
  let declaration: CommandDeclaration
  /// Does the work; returns the exit code.
  let run: @Sendable (CommandLineArguments) -> Int32
}

/// The exit codes of every command.
enum ExitCode {
  /// Done, or the answer is "healthy".
  static let ok: Int32 = 0
  /// The answer is "not healthy", or not as expected.
  static let unhealthy: Int32 = 1
  /// The command line, the configuration or the input is wrong.
  static let usage: Int32 = 2
  /// An agent or a broker could not be asked.
  static let unreachable: Int32 = 3
  /// No answer came in time.
  static let timeout: Int32 = 4
}

/// Standard output, unbuffered.
enum StandardOutput {
  /// Writes a text whole; what cannot be written is dropped.
  ///
  /// - Returns: whether somebody took it.
  @discardableResult static func write(_ text: String) -> Bool {
    writeAll(STDOUT_FILENO, Array(text.utf8))
  }

  /// Whether a person sees it.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
}

/// Standard error, unbuffered.
enum StandardError {
  /// Writes a text whole; what cannot be written is dropped.
  static func write(_ text: String) { writeAll(STDERR_FILENO, Array(text.utf8)) }

  /// Writes bytes whole; what cannot be written is dropped.
  static func write(_ bytes: [UInt8]) { writeAll(STDERR_FILENO, bytes) }

  /// Whether a person sees it.
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

@discardableResult private func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
  var written = 0
  while written < bytes.count {
    let rest = bytes[written...]
    // SAFETY: the buffer is read for the duration of the call, and is as long as is said.
    let count = unsafe rest.withUnsafeBytes {
      unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
    }
    if count > 0 {
      written += count
    } else if count < 0, errno == EINTR {
      continue
    } else {
      return false
    }
  }
  return true
}
