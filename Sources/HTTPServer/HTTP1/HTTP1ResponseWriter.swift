/// Writes the heads of HTTP/1.1 responses.
enum HTTP1ResponseWriter {
  /// What `Connection` says.
  enum Persistence {
    /// Nothing: an HTTP/1.1 connection persists.
    case persistent
    /// `keep-alive`, for an HTTP/1.0 client that asked for it.
    case keepAlive
    /// `close`.
    case closing
  }

  /// How the end of the content is told (RFC 9112 section 6.3).
  enum Framing {
    /// By `Content-Length`, or by the status.
    case length
    /// By a last chunk.
    case chunked
    /// By the end of the connection: HTTP/1.0 has nothing else for content of unknown length.
    case close
  }

  /// Appends status line and fields, up to the empty line.
  static func write(
    _ response: borrowing Response, _ framing: Framing, _ persistence: Persistence, date: [UInt8],
    into output: inout [UInt8]
  ) {
    writeStatusLine(response.status, into: &output)
    if !response.hasNoContent {
      output.append("Content-Type: ")
      output.append(response.contentType.value)
      switch framing {
      case .length:
        output.append("\r\nContent-Length: ")
        output.append(decimal: response.body.count)
        output.append("\r\n")
      case .chunked: output.append("\r\nTransfer-Encoding: chunked\r\n")
      case .close: output.append("\r\n")
      }
    }
    for header in response.headers.prefix(Response.maximumHeaders) {
      switch header.name {
      case .literal(let name): output.append(name)
      case .bytes(let name): output.append(contentsOf: name)
      }
      output.append(": ")
      output.append(contentsOf: header.value)
      output.append("\r\n")
    }
    output.append("Date: ")
    output.append(contentsOf: date)
    switch persistence {
    case .persistent: output.append("\r\n\r\n")
    case .keepAlive: output.append("\r\nConnection: keep-alive\r\n\r\n")
    case .closing: output.append("\r\nConnection: close\r\n\r\n")
    }
  }

  private static func writeStatusLine(_ status: Status, into output: inout [UInt8]) {
    // The server's own version, whatever the client's (RFC 9110 section 6.2).
    if let line = status.commonLine { return output.append(line) }
    output.append("HTTP/1.1 ")
    output.append(decimal: Int(status.code))
    output.append(ASCII.space)
    output.append(status.reasonPhrase)
    output.append("\r\n")
  }
}
