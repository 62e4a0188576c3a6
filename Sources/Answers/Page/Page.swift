/// The page at `/` for people: one document without any outside resource.
///
/// It asks the RPC interface of the agent that served it, and nothing else: what it may do is
/// bounded by its Content-Security-Policy (W3C CSP Level 3), which names style and script by their
/// hashes.
package enum Page {
  /// The base64 of the SHA-256 of the style and of the script, as they stand in the document.
  private static let styleHash: StaticString = "j3WQwv5EJ6Wp+SsLdGlJkisQ/wYAUL31ZnV4jkgFV2Q="
  private static let scriptHash: StaticString = "Ti05l+R+JznR5V7X5Zwq1mgROXVnq3qroQenR6qsnQc="

  /// The document, made when it is first asked for.
  package static let document: [UInt8] = {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32_768)
    for part: StaticString in [opening, style, "</style>\n</head>\n<body>\n", markup] {
      append(part, to: &bytes)
    }
    for part: StaticString in ["\n<script>", drawing, following, "</script>\n</body>\n</html>\n"] {
      append(part, to: &bytes)
    }
    return bytes
  }()

  /// The value of the document's Content-Security-Policy field.
  package static let contentSecurityPolicy: [UInt8] = {
    var bytes: [UInt8] = []
    append("default-src 'none'; style-src 'sha256-", to: &bytes)
    append(styleHash, to: &bytes)
    append("'; script-src 'sha256-", to: &bytes)
    append(scriptHash, to: &bytes)
    append("'; connect-src 'self'; img-src data:; base-uri 'none'", to: &bytes)
    append("; form-action 'none'; frame-ancestors 'none'", to: &bytes)
    return bytes
  }()

  private static let opening: StaticString = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <title>Vole</title>
    <link rel="icon" href="data:,">
    <style>
    """

  private static func append(_ text: StaticString, to bytes: inout [UInt8]) {
    bytes += "\(text)".utf8
  }
}
