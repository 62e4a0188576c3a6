import HTTPServer
import Testing

/// A request, or several, and what must become of it however it is cut.
struct ReaderCase: CustomTestStringConvertible {
  var name: String
  var bytes: String
  var status: Int
  var isOver: Bool

  var testDescription: String { name }

  init(_ name: String, _ bytes: String, _ status: Int, isOver: Bool? = nil) {
    self.name = name
    self.bytes = bytes
    self.status = status
    self.isOver = isOver ?? (status != 200)
  }
}

/// What the strict reader takes and what it refuses (RFC 9112, and the ways to smuggle requests).
@Suite struct HTTP1ReaderTests {
  /// Cases at which common parsers differ or are lenient.
  static let lenientElsewhere = [
    ReaderCase("space before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    ReaderCase("tab before the colon", "GET / HTTP/1.1\r\nHost\t: x\r\n\r\n", 400),
    ReaderCase("folded field", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
    ReaderCase("folded first field", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    ReaderCase("bare line feeds", "GET / HTTP/1.1\nHost: x\n\n", 400),
    ReaderCase("bare line feed after a field", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400),
    ReaderCase("control character", "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{01}c\r\n\r\n", 400),
    ReaderCase("NUL in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{00}c\r\n\r\n", 400),
    ReaderCase("DEL in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{7F}c\r\n\r\n", 400),
    ReaderCase("head that ends in CR X", "GET / HTTP/1.1\r\nHost: x\r\n\rX", 400),
    ReaderCase("CR in the middle of a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
    ReaderCase("no Host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", 400),
    ReaderCase("two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
    ReaderCase("two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    ReaderCase("a list of Hosts", "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n", 400),
    ReaderCase("a user in the Host", "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n", 400),
    ReaderCase("a path in the Host", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
    ReaderCase(
      "Transfer-Encoding in HTTP/1.0",
      "GET / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ReaderCase(
      "gzip before chunked",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    ReaderCase(
      "chunked before gzip",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    ReaderCase("HTTP/0.9", "GET /\r\n\r\n", 400),
    ReaderCase("HTTP/2.0", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    ReaderCase("HTTP/1.2", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505),
    ReaderCase("three empty lines", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase(
      "Content-Length and Transfer-Encoding",
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "0\r\n\r\n", 400),
    ReaderCase(
      "two Transfer-Encodings",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
        + "\r\n0\r\n\r\n", 400),
    ReaderCase(
      "chunked twice in a list",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    ReaderCase(
      "xchunked",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    ReaderCase(
      "chunked with a parameter",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 400),
    ReaderCase(
      "empty Transfer-Encoding",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n", 400),
    ReaderCase(
      "a list of Content-Lengths",
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
    ReaderCase(
      "two Content-Lengths that agree",
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    ReaderCase(
      "signed Content-Length", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na", 400),
    ReaderCase(
      "negative Content-Length", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\na", 400),
    ReaderCase(
      "hexadecimal Content-Length",
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\na", 400),
    ReaderCase(
      "empty Content-Length", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400),
    ReaderCase(
      "Content-Length beyond 64 bits",
      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551617\r\n\r\na", 400),
    ReaderCase(
      "chunk size with 0x",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", 400),
    ReaderCase(
      "chunk size without digits",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\r\na\r\n0\r\n\r\n", 400),
    ReaderCase(
      "chunk size beyond 32 bits",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100000001\r\na", 400),
    ReaderCase(
      "chunk extension",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\n\r\n",
      400),
    ReaderCase(
      "chunk extension with a line feed",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n",
      400),
    ReaderCase(
      "space after the chunk size",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n", 400),
    ReaderCase(
      "chunk without its line end",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400),
    ReaderCase(
      "chunk that ends in a bare line feed",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n", 400),
    ReaderCase(
      "trailer with a bare line feed",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n", 400),
  ]

  /// Other ways not to be a request.
  static let malformed = [
    ReaderCase("a TLS handshake", "\u{16}\u{03}\u{01}\u{02}", 400),
    ReaderCase("a space first", " GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("two spaces after the method", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("two spaces after the target", "GET /  HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("a tab after the method", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("a space at the end", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
    ReaderCase("lower-case version", "GET / http/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("version of two digits", "GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400),
    ReaderCase("no method", "/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("a colon in the method", "GE:T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("field without a name", "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400),
    ReaderCase("field without a colon", "GET / HTTP/1.1\r\nHost: x\r\nab\r\n\r\n", 400),
    ReaderCase("slash in a field name", "GET / HTTP/1.1\r\nHost: x\r\na/b: c\r\n\r\n", 400),
    ReaderCase("target without a slash", "GET livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("asterisk with GET", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("authority with GET", "GET x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("bytes beyond ASCII in the target", "GET /ż HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("percent alone", "GET /a% HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("percent with one digit", "GET /a%2 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("percent without digits", "GET /a%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("another scheme", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("absolute target without host", "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("absolute target with a user", "GET http://a@x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("CR in the version, then a bare LF", "GET / HTTP/2.0\r!\n", 400),
    ReaderCase("CR in the version of a HEAD", "HEAD / HTTP\r/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("CR before a bare LF in a field", "GET / HTTP/1.1\r\nHost: x\rA\n\r\n", 400),
    ReaderCase(
      "a CR in a request line that is too long too",
      "GET /\r" + String(repeating: "a", count: 4_100) + " HTTP/1.1\r\n", 400),
    ReaderCase(
      "a request line that is too long, then a CR",
      "GET /" + String(repeating: "a", count: 4_100) + "\rb\n", 414),
    ReaderCase(
      "unknown expectation", "GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n", 417),
  ]

  static let accepted = [
    ReaderCase("the least", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 200),
    ReaderCase("one empty line before", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    ReaderCase("white space around a value", "GET / HTTP/1.1\r\nHost: \t x\t \r\n\r\n", 200),
    ReaderCase("empty value", "GET / HTTP/1.1\r\nHost: x\r\nA:\r\n\r\n", 200),
    ReaderCase("bytes beyond ASCII in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: ż\r\n\r\n", 200),
    ReaderCase("host with port", "GET / HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n", 200),
    ReaderCase("field names of any case", "GET / HTTP/1.1\r\nhOST: x\r\n\r\n", 200),
    ReaderCase("odd characters in a path", "GET /a|b{c}[d]^ HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    ReaderCase("escapes in a path", "GET /a%2Fb%00%ff HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    ReaderCase("any query", "GET /?a=%zz&%&?# HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ReaderCase("escapes in a query", "GET /?a=%zz&%&? HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    ReaderCase("absolute target", "GET http://x/a HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    ReaderCase(
      "a request line as long as it may be",
      "GET /" + String(repeating: "a", count: 4_082) + " HTTP/1.1\r\nHost: x\r\n\r\n", 200),
    ReaderCase(
      "content of no bytes", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200),
    ReaderCase(
      "content", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 200),
    ReaderCase(
      "chunked content",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n"
        + "A\r\n0123456789\r\n000\r\n\r\n", 200),
    ReaderCase(
      "chunked content with a trailer",
      "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n",
      200),
    ReaderCase("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200, isOver: true),
    ReaderCase(
      "an expectation of HTTP/1.0", "GET / HTTP/1.0\r\nExpect: tea\r\n\r\n", 200, isOver: true),
  ]

  /// One answer, the same for every cut of the bytes into two and for single bytes.
  @Test(arguments: lenientElsewhere + malformed + accepted)
  func judgesAlikeHoweverTheBytesAreCut(_ example: ReaderCase) {
    let count = Array(example.bytes.utf8).count
    let whole = HTTP1Peer()
    whole.send(example.bytes)
    // Of the long ones only the places near both ends.
    let places = (1..<count).filter { $0 < 200 || count - $0 < 200 }
    for cuts in [[]] + places.map({ [$0] }) + [Array(1..<count)] {
      let peer = HTTP1Peer()
      peer.send(example.bytes, cutAt: cuts)
      let answers = peer.responses
      #expect(peer.received == whole.received, "cut at \(cuts)")
      #expect(answers.map(\.status) == [example.status], "cut at \(cuts)")
      #expect(peer.isFinished == example.isOver, "cut at \(cuts)")
      #expect(!peer.isReadingRequest, "cut at \(cuts)")
      if example.isOver {
        #expect(answers.first?.field("connection") == "close", "cut at \(cuts)")
      } else {
        #expect(answers.first?.field("connection") == nil, "cut at \(cuts)")
      }
      let wasAsked = peer.handler.requests.count
      #expect(wasAsked == (example.status == 200 ? 1 : 0), "cut at \(cuts)")
    }
  }

  /// Nothing behind a refused request is looked at: it could be anybody's.
  @Test(arguments: lenientElsewhere + malformed)
  func neverReadsOnBehindARefusedRequest(_ example: ReaderCase) {
    let peer = HTTP1Peer()
    peer.send(example.bytes + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
    peer.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(peer.statuses == [example.status])
    #expect(peer.handler.requests.isEmpty)
    #expect(peer.mustLinger)
  }

  /// Each accepted request leaves its successor whole.
  @Test(arguments: accepted.filter { !$0.isOver })
  func readsOnBehindAnAcceptedRequest(_ example: ReaderCase) {
    let peer = HTTP1Peer()
    peer.send(example.bytes + "GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(peer.statuses == [200, 200])
    #expect(peer.handler.requests.last == "GET /next")
  }
}
