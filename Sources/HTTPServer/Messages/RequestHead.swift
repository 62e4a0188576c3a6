/// A request without its content, as ranges of one run of bytes; reused from request to request.
///
/// HTTP/1.1 fills it with the head as received, HTTP/2 with decoded names and values.
final class RequestHead {
  /// A field: where its name and its value stand.
  struct Field {
    var name: Range<Int>
    var value: Range<Int>
  }

  /// Bytes and fields kept allocated while nothing uses the head.
  static let keptBytes = 2_048

  var bytes: [UInt8] = []
  var fields: [Field] = []
  var segments: [Range<Int>] = []
  var method = RequestMethod.notImplemented
  var version = HTTPVersion.http11
  var target = 0..<0
  var path = 0..<0
  var query: Range<Int>?
  var authority = 0..<0
  /// Why the server answers instead of the handler.
  var refusal: Refusal?

  /// Forgets the request, keeping modest buffers.
  func clear() {
    if bytes.capacity > Self.keptBytes {
      bytes = []
    } else {
      bytes.removeAll(keepingCapacity: true)
    }
    fields.removeAll(keepingCapacity: true)
    segments.removeAll(keepingCapacity: true)
    method = .notImplemented
    target = 0..<0
    path = 0..<0
    query = nil
    authority = 0..<0
    refusal = nil
  }

  /// Takes the target apart and finds the path's segments; false if it is malformed.
  func readTarget() -> Bool {
    let run = bytes
    guard let parts = RequestTarget.parse(run.span, target) else { return false }
    path = parts.path
    query = parts.query
    if let authority = parts.authority { self.authority = authority }
    if path.isEmpty {
      // "http://host" and "http://host?query" ask for the root.
      path = bytes.count..<bytes.count + 1
      bytes.append(UInt8(ascii: "/"))
    }
    findSegments()
    return true
  }

  private func findSegments() {
    var start = path.lowerBound + 1
    for index in start..<path.upperBound where bytes[index] == UInt8(ascii: "/") {
      segments.append(start..<index)
      start = index + 1
    }
    segments.append(start..<path.upperBound)
  }
}

/// Heads that wait to be used again, shared by all connections of a server.
final class RequestHeadPool {
  /// Heads kept; more than that are given back to the heap.
  static let kept = 128

  private var heads: [RequestHead] = []

  func take() -> RequestHead {
    heads.popLast() ?? RequestHead()
  }

  func give(_ head: RequestHead) {
    guard heads.count < Self.kept else { return }
    head.clear()
    heads.append(head)
  }
}
