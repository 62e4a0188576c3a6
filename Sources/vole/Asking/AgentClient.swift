import Configuration
import Console
import HTTPServer

/// Asks an agent: its probes, its RPC (connectrpc.com/docs/protocol) and its streams.
struct AgentClient {
  /// The service that answers.
  private static let service = "vole.v1.ConsumerGroupService"

  /// What is asked and how.
  let options: AgentOptions
  private let http: HTTPClient

  /// - Throws: what is wrong with the files of TLS.
  init(_ options: AgentOptions) throws(UsageError) {
    self.options = options
    do throws(TLSError) {
      http = try HTTPClient(options.server, token: options.token, tls: options.tls)
    } catch { throw UsageError("TLS: \(error)") }
  }

  /// A GET of a path, whatever the answer.
  func get(_ path: String) throws(AskingFailure) -> ClientResponse {
    do throws(ClientError) {
      return try http.fetch(
        ClientRequest(get: path), by: Deadline(milliseconds: options.milliseconds))
    } catch { throw AskingFailure(error, options.server) }
  }

  /// Calls a method that has one answer; returns its JSON.
  func call(_ method: String, _ message: [UInt8]) throws(AskingFailure) -> [UInt8] {
    let response: ClientResponse
    do throws(ClientError) {
      response = try http.fetch(
        request(method, "application/json", message),
        by: Deadline(milliseconds: options.milliseconds))
    } catch { throw AskingFailure(error, options.server) }
    guard response.head.status == 200 else {
      throw AskingFailure(refusal(response.head, response.content), options.server)
    }
    guard response.head.mediaType == "application/json" else { throw notAnAgent(response.head) }
    return response.content
  }

  /// Reads an answer.
  func parsed<Answer: Message>(
    _ type: Answer.Type, _ content: [UInt8]
  ) throws(AskingFailure) -> Answer {
    do throws(AnswerError) {
      return try Answer(parsing: content)
    } catch { throw AskingFailure(error, options.server) }
  }

  /// Calls a method that answers with a stream.
  func watch(_ method: String, _ message: [UInt8]) throws(AskingFailure) -> AgentStream {
    let type = "application/connect+json"
    let deadline = Deadline(milliseconds: options.milliseconds)
    let exchange: ClientExchange
    var refused: [UInt8] = []
    do throws(ClientError) {
      exchange = try http.open(
        request(method, type, EnvelopeReader.envelope(message)), by: deadline)
      while exchange.head.status != 200, refused.count < Self.maximumRefusal,
        let piece = try exchange.read(by: deadline)
      { refused += piece }
    } catch { throw AskingFailure(error, options.server) }
    guard exchange.head.status == 200 else {
      throw AskingFailure(refusal(exchange.head, refused), options.server)
    }
    guard exchange.head.mediaType == type else { throw notAnAgent(exchange.head) }
    return AgentStream(exchange, options.server)
  }

  /// Bytes of an error that are read of a stream that was refused.
  private static let maximumRefusal = 65_536

  private func request(_ method: String, _ type: String, _ content: [UInt8]) -> ClientRequest {
    var request = ClientRequest(post: "/\(Self.service)/\(method)", type: type, content: content)
    request.fields = [("connect-protocol-version", "1")]
    return request
  }

  private func refusal(_ head: ClientResponseHead, _ content: [UInt8]) -> RPCFailure {
    let told = head.mediaType == "application/json" ? RPCFailure(content) : nil
    let failure = told ?? RPCFailure(httpStatus: head.status)
    // The agent says the same to who shows none.
    guard failure.code == .unauthenticated, options.token != nil else { return failure }
    return RPCFailure(.unauthenticated, "the agent does not know the token that was shown")
  }

  private func notAnAgent(_ head: ClientResponseHead) -> AskingFailure {
    let type = head.mediaType.isEmpty ? "no content type" : head.mediaType
    return AskingFailure(
      AnswerError("this is no Vole agent: it answers \(head.status) with \(type)"), options.server)
  }
}
