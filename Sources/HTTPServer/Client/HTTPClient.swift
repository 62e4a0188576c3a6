/// A request of a client.
package struct ClientRequest: Sendable {
  /// The path with its query, percent-encoded, from its slash on.
  package var path: String
  /// What is posted, with its media type; nil is a GET.
  package var posted: (type: String, content: [UInt8])?
  /// Further fields: names in lower case, values without control characters.
  package var fields: [(name: String, value: String)] = []

  /// Asks for a path.
  package init(get path: String) {
    self.path = path
  }

  /// Posts to a path.
  package init(post path: String, type: String, content: [UInt8]) {
    self.path = path
    posted = (type, content)
  }

  /// The bytes of the request in HTTP/1.1.
  func bytes(to server: ServerAddress, token: String?) -> [UInt8] {
    var text = "\(posted == nil ? "GET" : "POST") \(server.prefix)\(path) HTTP/1.1\r\n"
    text += "Host: \(server.authority)\r\nConnection: close\r\nAccept-Encoding: identity\r\n"
    text += "User-Agent: vole\r\n"
    if let token { text += "Authorization: Bearer \(token)\r\n" }
    for field in fields { text += "\(field.name): \(field.value)\r\n" }
    if let posted {
      text += "Content-Type: \(posted.type)\r\nContent-Length: \(posted.content.count)\r\n"
    }
    return Array((text + "\r\n").utf8) + (posted?.content ?? [])
  }
}

/// A small client of HTTP/1.1 for the command line: one connection for each request.
///
/// It blocks, but never beyond a deadline.
package struct HTTPClient {
  /// Where the server is.
  package let server: ServerAddress
  private let token: String?
  private let limits: ClientLimits
  /// How connections are protected; nil where they are not.
  private let security: ClientTLSContext?

  /// Makes a client.
  ///
  /// - Parameters:
  ///   - server: where to ask.
  ///   - token: what is sent as a bearer token (RFC 6750): visible ASCII, nil for none.
  ///   - tls: how connections are protected where the address says so.
  ///   - limits: what is taken from the server.
  /// - Throws: the file of `tls` that is wrong and the reason.
  package init(
    _ server: ServerAddress, token: String?, tls: ClientTLSSettings = ClientTLSSettings(),
    limits: ClientLimits = ClientLimits()
  ) throws(TLSError) {
    self.server = server
    self.token = token
    self.limits = limits
    security = server.isSecure ? try ClientTLSContext(tls) : nil
  }

  /// Sends a request and reads the whole answer.
  package func fetch(
    _ request: ClientRequest, by deadline: Deadline
  ) throws(ClientError) -> ClientResponse {
    let exchange = try open(request, by: deadline)
    var content: [UInt8] = []
    while let piece = try exchange.read(by: deadline) {
      guard piece.count <= limits.contentBytes - content.count else {
        throw .contentTooLarge(limit: limits.contentBytes)
      }
      content += piece
    }
    return ClientResponse(head: exchange.head, content: content)
  }

  /// Sends a request and reads the head of the answer; the content comes piece by piece.
  package func open(
    _ request: ClientRequest, by deadline: Deadline
  ) throws(ClientError) -> ClientExchange {
    let reading = ClientReading(try transport(deadline), limits: limits)
    try reading.send(request.bytes(to: server, token: token), by: deadline)
    return ClientExchange(head: try reading.head(by: deadline), reading)
  }

  private func transport(_ deadline: Deadline) throws(ClientError) -> any ClientTransport {
    let socket = try ClientConnector.connect(server, deadline)
    guard let security, case .tcp(let host, _) = server.way else { return PlainTransport(socket) }
    guard let transport = security.transport(socket, host: host) else {
      throw .encryption("there is no memory")
    }
    return transport
  }
}

/// An answer whose content is still coming.
package struct ClientExchange {
  /// Status and fields.
  package let head: ClientResponseHead
  private let reading: ClientReading

  init(head: ClientResponseHead, _ reading: ClientReading) {
    self.head = head
    self.reading = reading
  }

  /// Waits for more of the content; nil at its end.
  ///
  /// - Throws: `timeout` when nothing came by the deadline, and what breaks the answer. Nothing
  ///   more can be read then.
  package func read(by deadline: Deadline) throws(ClientError) -> [UInt8]? {
    try reading.next(by: deadline)
  }
}
