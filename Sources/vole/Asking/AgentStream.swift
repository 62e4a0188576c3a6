import Console
import HTTPServer
import JSON

/// A stream of messages that an agent sends.
final class AgentStream {
  private let exchange: ClientExchange
  private let server: ServerAddress
  private var envelopes = EnvelopeReader()

  init(_ exchange: ClientExchange, _ server: ServerAddress) {
    self.exchange = exchange
    self.server = server
  }

  /// What became of waiting for a message.
  enum Step {
    /// A message as JSON.
    case message([UInt8])
    /// Nothing came in the time.
    case silence
    /// The agent ended the stream.
    case end
  }

  /// Waits for the next message; may be called again after a silence.
  func next(within milliseconds: Int64) throws(AskingFailure) -> Step {
    let deadline = Deadline(milliseconds: milliseconds)
    while true {
      if let message = try takeMessage() { return message }
      if try !receive(by: deadline) { return .silence }
    }
  }

  /// Takes a message that has arrived whole.
  private func takeMessage() throws(AskingFailure) -> Step? {
    let end: [UInt8]
    do throws(AnswerError) {
      switch try envelopes.next() {
      case nil: return nil
      case .message(let message): return .message(message)
      case .end(let content): end = content
      }
    } catch { throw AskingFailure(error, server) }
    let failure: RPCFailure?
    do throws(JSONError) { failure = try RPCFailure.ofEnd(end) } catch {
      throw AskingFailure(AnswerError("the end of the stream is malformed: \(error)"), server)
    }
    if let failure { throw AskingFailure(failure, server) }
    return .end
  }

  /// Waits for more bytes; false when none came in time.
  private func receive(by deadline: Deadline) throws(AskingFailure) -> Bool {
    do throws(ClientError) {
      guard let piece = try exchange.read(by: deadline) else { throw .endedEarly(.reading) }
      envelopes.add(piece)
      return true
    } catch .timeout {
      return false
    } catch { throw AskingFailure(error, server) }
  }
}
