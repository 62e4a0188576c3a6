import HTTPServer

/// Server streams: envelopes both ways. Once the type is accepted the status is 200, whatever
/// happens; how it ended stands in the last envelope.
extension ConnectRouter {
  typealias AnswerStream = (ConnectCall, borrowing Request) -> StreamAnswer

  func respondToStream(
    _ request: borrowing Request, now: Int64, _ place: Int, _ answer: AnswerStream
  ) -> Response {
    let type = ProtocolHeaders.contentType(
      request.header("content-type"), expected: .connectJSON)
    guard type != nil else { return unsupported(.connectJSON) }
    do throws(ConnectError) {
      try ProtocolHeaders.checkVersion(request.header("connect-protocol-version"))
      let timeout = try ProtocolHeaders.timeout(request.header("connect-timeout-ms"))
      let encoding = request.header("connect-content-encoding")
      let isGzip = try ProtocolHeaders.isGzip(encoding: encoding)
      let envelope = try Envelope.only(in: request.content)
      guard isGzip || !envelope.isCompressed else {
        throw ConnectError(
          .internal, "protocol error: sent compressed message without compression support")
      }
      let call = ConnectCall(
        now: now, timeoutMilliseconds: timeout,
        acceptsGzip: ProtocolHeaders.acceptsGzip(
          request.header("connect-accept-encoding"), otherwise: isGzip),
        message: try decoded(envelope.message, isGzip: envelope.isCompressed),
        connection: request.connection)
      return response(answer(call, request), place)
    } catch {
      return ended(error, place)
    }
  }

  private func response(_ answer: StreamAnswer, _ place: Int) -> Response {
    var headers: [Header] = []
    answer.headers.append(to: &headers)
    switch answer.outcome {
    case .failure(let error):
      return ended(error, place, trailers: answer.trailers, headers: headers)
    case .newest(let stream):
      count(place, nil)
      if stream.acceptsGzip { headers.append(Header("connect-content-encoding", "gzip")) }
      return Response(.ok, .connectJSON, stream: stream, headers: headers)
    case .stream(let stream):
      count(place, nil)
      return Response(.ok, .connectJSON, stream: stream, headers: headers)
    }
  }

  /// The answer that consists of its end alone.
  func ended(
    _ error: ConnectError, _ place: Int, trailers: ConnectMetadata = ConnectMetadata(),
    headers: [Header] = []
  ) -> Response {
    count(place, error.code)
    return Response(
      .ok, .connectJSON, body: Envelope.end(error, trailers: trailers), headers: headers)
  }
}
