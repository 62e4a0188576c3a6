import HTTPServer

/// Answers with what it was asked, and remembers it.
final class EchoHandler: RequestHandler {
  /// One line for each request: method, path and the value of `x-tag`, if any.
  private(set) var requests: [String] = []
  /// Answers by path; everything else is answered with its own path.
  var responses: [String: Response] = [:]
  /// Looks at a request while it is there.
  var inspect: ((borrowing Request) -> Void)?

  func respond(to request: borrowing Request) -> Response {
    let path = String(decoding: request.path, as: UTF8.self)
    var line = "\(request.method.name) \(path)"
    if let tag = request.header("x-tag") { line += " \(String(decoding: tag, as: UTF8.self))" }
    requests.append(line)
    inspect?(request)
    if request.method == .post, responses[path] == nil {
      return Response(.ok, .text, body: request.content)
    }
    if request.method == .delete { return .methodNotAllowed("GET, HEAD, POST") }
    return responses[path] ?? Response(.ok, .text, body: Array(request.path))
  }
}

extension Response {
  /// A body of one repeated letter.
  static func letters(_ letter: Character, count: Int) -> Response {
    Response(.ok, .text, body: Array(String(repeating: letter, count: count).utf8))
  }
}
