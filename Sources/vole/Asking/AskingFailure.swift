import Console
import HTTPServer

/// Why an agent gave no answer that can be shown, and what the program's exit says of that.
struct AskingFailure: Error {
  /// The exit code.
  let exitCode: Int32
  /// One line: where, and what.
  let text: String

  /// Whether asking again later may help: nobody answered, rather than an agent that refuses.
  var mayPass: Bool { exitCode == ExitCode.unreachable || exitCode == ExitCode.timeout }

  /// The connection failed, or what came is no HTTP.
  init(_ error: ClientError, _ server: ServerAddress) {
    let isTimeout = if case .timeout = error { true } else { false }
    exitCode = isTimeout ? ExitCode.timeout : ExitCode.unreachable
    text = "\(server): \(error)"
  }

  /// What came is not what an agent answers.
  init(_ error: AnswerError, _ server: ServerAddress) {
    exitCode = ExitCode.unreachable
    text = "\(server): \(error)"
  }

  /// The agent refuses.
  init(_ failure: RPCFailure, _ server: ServerAddress) {
    exitCode =
      switch failure.code {
      case .notFound: ExitCode.unhealthy
      case .unauthenticated, .permissionDenied, .invalidArgument: ExitCode.usage
      case .deadlineExceeded: ExitCode.timeout
      default: ExitCode.unreachable
      }
    let message = failure.message.isEmpty ? Self.sentence(failure.code) : failure.message
    text = "\(server): \(message)"
  }

  private static func sentence(_ code: RPCFailure.Code) -> String {
    switch code {
    case .notFound: "there is no such group"
    case .unauthenticated: "the agent wants a token that it knows (--token-file)"
    case .permissionDenied: "the agent does not allow that"
    case .unimplemented: "this is no Vole agent, or one that does not know this call"
    case .unavailable: "the agent, or what is before it, is not available"
    default: "the agent answers with the error \(code.rawValue)"
    }
  }
}
