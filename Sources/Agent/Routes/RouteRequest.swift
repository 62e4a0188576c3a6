package import HTTPServer

/// What is asked, taken out of an HTTP request.
package struct RouteRequest: Sendable, Equatable {
  /// The method.
  package var method: Method
  /// The path's segments, each decoded once.
  package var segments: [String]
  /// The whole path, decoded once.
  package var path: String
  /// What follows the question mark, as received; nil without one.
  package var query: String?
  /// Whether the query has `verbose`.
  package var isVerbose: Bool
  /// The values of `exclude` in the query.
  package var excluded: [String]

  /// What the client wants to get, as received; nil where it does not say.
  package var accept: String?
  /// The codings that the client reads, as received; nil where it does not say.
  package var acceptEncoding: String?
  /// Which groups whoever asks may see.
  package var scope = GroupScope.all

  /// Creates what is asked from its parts; `path` is written without escapes.
  package init(
    _ method: Method = .get, path: String, query: String? = nil, isVerbose: Bool = false,
    excluded: [String] = []
  ) {
    self.method = method
    self.path = path
    segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      .map(String.init)
    self.query = query
    self.isVerbose = isVerbose
    self.excluded = excluded
  }

  /// Takes what is asked out of a request.
  package init(_ request: borrowing Request) {
    method = request.method
    path = String(decoding: request.decodedPath, as: UTF8.self)
    segments = []
    for index in 0..<request.segmentCount {
      segments.append(String(decoding: request.decodedSegment(index), as: UTF8.self))
    }
    query = request.query.map { String(decoding: $0, as: UTF8.self) }
    accept = request.header("accept").map { String(decoding: $0, as: UTF8.self) }
    acceptEncoding = request.header("accept-encoding").map {
      String(decoding: $0, as: UTF8.self)
    }
    isVerbose = request.hasQueryParameter("verbose")
    excluded = request.queryValues("exclude").map { String(decoding: $0, as: UTF8.self) }
  }

  /// Whether the method is GET or HEAD.
  var isRead: Bool { method == .get || method == .head }
}
