import HTTPServer

/// Unary calls: the message is the content of a POST or a parameter of a GET, bare.
extension ConnectRouter {
  typealias AnswerUnary = (ConnectCall, borrowing Request) -> UnaryAnswer

  func respondToPost(
    _ request: borrowing Request, now: Int64, _ place: Int, _ answer: AnswerUnary
  ) -> Response {
    let type = ProtocolHeaders.contentType(request.header("content-type"), expected: .json)
    guard let type else { return unsupported(.json) }
    do throws(ConnectError) {
      try ProtocolHeaders.checkVersion(request.header("connect-protocol-version"))
      let timeout = try ProtocolHeaders.timeout(request.header("connect-timeout-ms"))
      let isGzip = try ProtocolHeaders.isGzip(encoding: request.header("content-encoding"))
      let call = ConnectCall(
        now: now, timeoutMilliseconds: timeout,
        acceptsGzip: ProtocolHeaders.acceptsGzip(
          request.header("accept-encoding"), otherwise: isGzip),
        message: try decoded(request.content[...], isGzip: isGzip),
        connection: request.connection)
      return response(to: call, answer(call, request), type, place)
    } catch {
      return refuse(error, place)
    }
  }

  func respondToGet(
    _ request: borrowing Request, now: Int64, _ place: Int, _ answer: AnswerUnary
  ) -> Response {
    let encoding = request.queryValues("encoding").first ?? []
    guard ASCII.equal(encoding.span, "json") else { return unsupported(.json) }
    do throws(ConnectError) {
      if let version = request.queryValues("connect").first, !ASCII.equal(version.span, "v1") {
        let shown = ProtocolHeaders.quoted(version[...])
        throw ConnectError(
          .invalidArgument, "connect query parameter must be \"v1\": got \(shown)")
      }
      try ProtocolHeaders.checkVersion(request.header("connect-protocol-version"))
      let timeout = try ProtocolHeaders.timeout(request.header("connect-timeout-ms"))
      let compression = request.queryValues("compression").first
      let isGzip = try ProtocolHeaders.isGzip(encoding: compression?[...])
      let call = ConnectCall(
        now: now, timeoutMilliseconds: timeout, isGet: true,
        acceptsGzip: ProtocolHeaders.acceptsGzip(
          request.header("accept-encoding"), otherwise: isGzip),
        message: try decoded(try Self.queryMessage(request)[...], isGzip: isGzip),
        connection: request.connection)
      return response(to: call, answer(call, request), .json, place)
    } catch {
      return refuse(error, place)
    }
  }

  /// The message in the query, out of its base64 but not decompressed.
  private static func queryMessage(
    _ request: borrowing Request
  ) throws(ConnectError) -> [UInt8] {
    guard let value = request.queryValues("message").first else {
      throw ConnectError(.invalidArgument, "missing message parameter")
    }
    // Any other value than 1 means nothing.
    guard let base64 = request.queryValues("base64").first, ASCII.equal(base64.span, "1") else {
      return value
    }
    guard let message = Base64.decoded(value.span) else {
      throw ConnectError(.invalidArgument, "message parameter is no valid base64")
    }
    return message
  }

  private func response(
    to call: ConnectCall, _ answer: UnaryAnswer, _ type: ContentType, _ place: Int
  ) -> Response {
    var headers: [Header] = []
    answer.headers.append(to: &headers)
    answer.trailers.append(to: &headers, prefix: "trailer-")
    // A cache must not give one client what another one can read.
    if call.isGet { headers.append(Header("vary", "accept-encoding")) }
    switch answer.outcome {
    case .failure(let error):
      return refuse(error, place, headers: headers)
    case .message(let json):
      count(place, nil)
      if call.acceptsGzip, json.count >= ConnectLimits.compressedBytes,
        let compressed = Gzip.compressed(json.span)
      {
        headers.append(Header("content-encoding", "gzip"))
        return Response(.ok, type, body: compressed, headers: headers)
      }
      return Response(.ok, type, body: json, headers: headers)
    }
  }
}
