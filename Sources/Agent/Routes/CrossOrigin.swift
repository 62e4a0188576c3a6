import HTTPServer

/// Leave for pages of other origins to call the RPC interface, where
/// `access-control-allow-origin` gives it (WHATWG Fetch, "HTTP-redirect and CORS protocol").
enum CrossOrigin {
  /// Answers a browser that asks whether a page may make a call; nil for any other request.
  ///
  /// A browser asks without a token even where the call will have one.
  static func preflight(_ request: borrowing Request, _ allowOrigin: Header?) -> Response? {
    guard let allowOrigin, request.method == .options, request.header("origin") != nil,
      request.header("access-control-request-method") != nil
    else { return nil }
    return Response(.noContent, headers: [allowOrigin] + Self.allowed)
  }

  /// What Connect's clients send, and how many seconds a browser need not ask again: two hours,
  /// the most that Chromium takes.
  private static let allowed = [
    Header("access-control-allow-methods", "GET, POST"),
    Header(
      "access-control-allow-headers",
      "authorization, connect-protocol-version, connect-timeout-ms, content-type"),
    Header("access-control-max-age", "7200"),
  ]
}
