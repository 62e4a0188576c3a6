import Configuration

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
