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

  /// Room for all of a head but its media type and further fields, in bytes.
  private static let usualRoom = 256

  /// Appends status line and fields, up to the empty line.
  static func write(
    _ response: borrowing Response, _ framing: Framing, _ persistence: Persistence, date: HTTPDate,
    into output: inout [UInt8]
  ) {
    let further = min(response.headers.count, Response.maximumHeaders)
    var room = usualRoom + response.contentType.value.utf8CodeUnitCount
    let headers = response.headers.span
    for index in 0..<further { room += headers[index].count + 4 }
    // The closure would copy a response that it used.
    let (status, type, length) = (response.status, response.contentType, response.body.count)
    let hasNoContent = response.hasNoContent
    output.append(addingCapacity: room) { output in
      writeStatusLine(status, into: &output)
      if !hasNoContent { write(type, framing, length: length, into: &output) }
      for index in 0..<further {
        write(headers[index].name, into: &output)
        output.append(": ")
        write(headers[index].text, into: &output)
        output.append("\r\n")
      }
      output.append("Date: ")
      date.write(into: &output)
      switch persistence {
      case .persistent: output.append("\r\n\r\n")
      case .keepAlive: output.append("\r\nConnection: keep-alive\r\n\r\n")
      case .closing: output.append("\r\nConnection: close\r\n\r\n")
      }
    }
  }

  private static func write(
    _ type: ContentType, _ framing: Framing, length: Int, into output: inout OutputSpan<UInt8>
  ) {
    output.append("Content-Type: ")
    output.append(type.value)
    switch framing {
    case .length:
      output.append("\r\nContent-Length: ")
      output.append(decimal: length)
      output.append("\r\n")
    case .chunked: output.append("\r\nTransfer-Encoding: chunked\r\n")
    case .close: output.append("\r\n")
    }
  }

  @inline(__always)
  private static func write(_ text: borrowing Header.Text, into output: inout OutputSpan<UInt8>) {
    switch text {
    case .literal(let text): output.append(text)
    case .bytes(let text):
      // SAFETY: the bytes are copied at once.
      unsafe text.withUnsafeBufferPointer { unsafe output.append($0) }
    }
  }

  private static func writeStatusLine(_ status: Status, into output: inout OutputSpan<UInt8>) {
    // The server's own version, whatever the client's (RFC 9110 section 6.2).
    if let line = status.commonLine { return output.append(line) }
    output.append("HTTP/1.1 ")
    output.append(decimal: Int(status.code))
    output.append(ASCII.space)
    output.append(status.reasonPhrase)
    output.append("\r\n")
  }
}
