import Answers
import HTTPServer

/// `/`.
extension Routes {
  /// The page for people, with what it may do.
  static var page: Response {
    var headers = [
      Header("cache-control", "no-cache"), noSniff, Header("referrer-policy", "no-referrer"),
    ]
    if let policy = Header("content-security-policy", Page.contentSecurityPolicy) {
      headers.append(policy)
    }
    return Response(.ok, .html, body: Page.document, headers: headers)
  }
}
