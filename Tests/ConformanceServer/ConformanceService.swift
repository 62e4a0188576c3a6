import Connect
import EventLoop
import HTTPServer
import JSON

/// `connectrpc.conformance.v1.ConformanceService` on the Connect code of the agent.
final class ConformanceService: RequestHandler {
  private static let name = "connectrpc.conformance.v1.ConformanceService"

  private let loop: EventLoop
  private let router: ConnectRouter
  /// Milliseconds that the answer to the unary call that runs now has to wait.
  private var delayMilliseconds: UInt32 = 0

  init(_ loop: EventLoop, limits: ConnectLimits) {
    self.loop = loop
    router = ConnectRouter(limits: limits)
    router.register(
      .unary(Self.name, "Unary", request: UnaryRequest.schema) {
        [unowned self] message, call, request in
        let info = RequestInfo(request, call, type: "UnaryRequest", binary: message.binary)
        return unary(message, info, call)
      })
    router.register(
      .unary(
        Self.name, "IdempotentUnary", request: UnaryRequest.schema, idempotency: .noSideEffects
      ) { [unowned self] message, call, request in
        let info = RequestInfo(
          request, call, type: "IdempotentUnaryRequest", binary: message.binary)
        return unary(message, info, call)
      })
    // The suite calls this one to see it refused with this code: the refusal is the whole method.
    router.register(
      .unary(Self.name, "Unimplemented", request: EmptyRequest.schema) { _, _, _ in
        .failure(ConnectError(.unimplemented, "\(Self.name).Unimplemented is not implemented"))
      })
    router.register(
      .serverStream(Self.name, "ServerStream", request: StreamRequest.schema) {
        [unowned self] message, call, request in
        stream(
          message,
          RequestInfo(request, call, type: "ServerStreamRequest", binary: message.binary), call)
      })
  }

  // MARK: RequestHandler

  func respond(to request: borrowing Request) -> Response {
    delayMilliseconds = 0
    guard var response = router.respond(to: request, now: loop.now) else {
      return Response(.notFound, .text, body: Array("no such method\n".utf8))
    }
    if delayMilliseconds > 0, response.stream == nil {
      response.stream = ScriptedContent(
        loop, pieces: [response.body], ending: [], delayMilliseconds: delayMilliseconds)
      response.body = []
    }
    return response
  }

  func respond(to request: borrowing Request, refused refusal: Refusal) -> Response? {
    router.respond(to: request, refused: refusal)
  }

  // MARK: Methods

  private func unary(
    _ message: UnaryRequest, _ info: RequestInfo, _ call: ConnectCall
  ) -> UnaryAnswer {
    let definition = message.definition ?? UnaryDefinition()
    let delay = Int64(definition.delayMilliseconds) * nanosecondsPerMillisecond
    if let deadline = call.deadline, delay > 0, deadline <= call.now + delay {
      // That is how it will end; nobody gains by waiting for it.
      return .failure(ConnectError(.deadlineExceeded, "the answer will come too late"))
    }
    delayMilliseconds = definition.delayMilliseconds
    var answer: UnaryAnswer
    if let error = definition.error {
      answer = .failure(error.error(detail: info.detail))
    } else {
      answer = .message(Self.payload(definition.data ?? [], info))
    }
    Self.add(definition.headers, to: &answer.headers)
    Self.add(definition.trailers, to: &answer.trailers)
    return answer
  }

  private func stream(
    _ message: StreamRequest, _ info: RequestInfo, _ call: ConnectCall
  ) -> StreamAnswer {
    let definition = message.definition ?? StreamDefinition()
    var trailers = ConnectMetadata()
    Self.add(definition.trailers, to: &trailers)
    let error = definition.error?.error(detail: definition.data.isEmpty ? info.detail : nil)
    let pieces = definition.data.enumerated().map { place, data in
      Envelope.framed(Self.payload(data, place == 0 ? info : nil).span)
    }
    let tooLate = Envelope.end(ConnectError(.deadlineExceeded, "the time is over"))
    var answer = StreamAnswer(
      .stream(
        ScriptedContent(
          loop, pieces: pieces, ending: Envelope.end(error, trailers: trailers),
          delayMilliseconds: definition.delayMilliseconds,
          deadline: call.deadline.map { ($0, tooLate) })))
    Self.add(definition.headers, to: &answer.headers)
    return answer
  }

  private static func add(_ list: [NamedValues], to metadata: inout ConnectMetadata) {
    for item in list {
      for value in item.values { metadata.add(item.name.lowercased(), value) }
    }
  }

  /// A response: a payload with data, and in the first one of a call what was asked.
  private static func payload(_ data: [UInt8], _ info: RequestInfo?) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("payload")
    writer.beginObject()
    if !data.isEmpty { writer.field("data", bytes: data.span) }
    if let info {
      writer.key("requestInfo")
      info.write(to: &writer)
    }
    writer.endObject()
    writer.endObject()
    return writer.finish()
  }
}
