import HTTPServer
import Testing

/// What a handler sees of a request.
@Suite struct RequestTests {
  /// Asks for a target and hands the request to `body`.
  private static func ask(
    _ target: String, fields: String = "", _ body: @escaping (borrowing Request) -> Void
  ) {
    let peer = HTTP1Peer()
    peer.handler.inspect = body
    peer.send("GET \(target) HTTP/1.1\r\nHost: example:8000\r\n\(fields)\r\n")
    #expect(peer.statuses == [200], "\(target)")
  }

  private static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: Array(bytes), as: UTF8.self)
  }

  @Test func splitsTargetIntoPathAndQuery() {
    Self.ask("/a/b?c=d?e/f") { request in
      #expect(Self.text(request.target) == "/a/b?c=d?e/f")
      #expect(Self.text(request.path) == "/a/b")
      #expect(request.query.map(Self.text) == "c=d?e/f")
      #expect(request.pathEquals("/a/b") == true)
      #expect(request.pathEquals("/a/") == false)
      #expect(request.pathEquals("/a/b/") == false)
      #expect(request.version == .http11)
      #expect(Self.text(request.authority) == "example:8000")
    }
    Self.ask("/a?") { request in #expect(request.query.map(Self.text) == "") }
    Self.ask("/a") { request in #expect(request.query == nil) }
  }

  @Test func decodesAPathOnce() {
    Self.ask("/a%2Fb/%252F/%e2%82%ac%00") { request in
      #expect(Self.text(request.path) == "/a%2Fb/%252F/%e2%82%ac%00")
      #expect(Self.text(request.decodedPath) == "/a/b/%2F/€\0")
    }
  }

  @Test func anEscapedSlashDoesNotSeparate() {
    Self.ask("/consumer/a%2Fb%3F/livez") { request in
      #expect(request.segmentCount == 3)
      #expect(Self.text(request.segment(1)) == "a%2Fb%3F")
      #expect(Self.text(request.decodedSegment(1)) == "a/b?")
      #expect(request.segment(0, equals: "consumer") == true)
      #expect(request.segment(0, equals: "consume") == false)
      #expect(request.segment(2, equals: "livez") == true)
      #expect(request.segment(3, equals: "") == false)
      #expect(request.segment(3).isEmpty)
      #expect(request.segment(-1).isEmpty == true)
    }
  }

  @Test func countsSegments() {
    for (path, expected) in [
      ("/", [""]), ("/a", ["a"]), ("/a/", ["a", ""]), ("//a", ["", "a"]),
      ("/a//b", ["a", "", "b"]),
      ("/../a/.", ["..", "a", "."]),
    ] {
      Self.ask(path) { request in
        #expect((0..<request.segmentCount).map { Self.text(request.segment($0)) } == expected)
      }
    }
  }

  @Test func anAbsoluteTargetBringsItsAuthority() {
    for (target, path) in [
      ("http://other:1/a/b", "/a/b"), ("HTTP://other:1", "/"), ("http://other:1?x=y", "/"),
    ] {
      Self.ask(target) { request in
        #expect(Self.text(request.authority) == "other:1")
        #expect(Self.text(request.path) == path)
        #expect(request.segmentCount == (path == "/" ? 1 : 2))
        #expect(request.query.map(Self.text) == (target.hasSuffix("x=y") ? "x=y" : nil))
      }
    }
  }

  @Test func readsQueryParameters() {
    Self.ask("/?verbose&exclude=a%20b&exclude=c+d&exclude=&x=exclude=1&Exclude=no") { request in
      #expect(request.hasQueryParameter("verbose") == true)
      #expect(request.hasQueryParameter("verb") == false)
      #expect(request.hasQueryParameter("x") == true)
      #expect(request.queryValues("exclude").map(Self.text) == ["a b", "c d", ""])
      #expect(request.queryValues("x").map(Self.text) == ["exclude=1"])
      #expect(request.queryValues("verbose").map(Self.text) == [""])
      #expect(request.queryValues("y").isEmpty == true)
    }
    Self.ask("/") { request in
      #expect(request.hasQueryParameter("verbose") == false)
      #expect(request.queryValues("verbose").isEmpty == true)
    }
  }

  @Test func findsFieldsWhateverTheirCase() {
    Self.ask("/", fields: "X-Tag: one\r\nAccept:  a \r\nx-tag:two\r\n") { request in
      #expect(request.header("x-tag").map(Self.text) == "one")
      #expect(request.headers("x-tag").map(Self.text) == ["one", "two"])
      #expect(request.header("accept").map(Self.text) == "a")
      #expect(request.header("accept-encoding") == nil)
      #expect(request.headers("nothing").isEmpty == true)
    }
  }

  /// The memory of a request serves the next one; a slice that was kept must not see that.
  @Test func whatAHandlerKeepsStaysAsItWas() {
    let peer = HTTP1Peer()
    var kept: [ArraySlice<UInt8>] = []
    peer.handler.inspect = { request in
      kept.append(request.path)
      if let tag = request.header("x-tag") { kept.append(tag) }
    }
    for index in 0..<5 {
      peer.send("GET /\(index) HTTP/1.1\r\nHost: x\r\nX-Tag: t\(index)\r\n\r\n")
    }
    let expected = (0..<5).flatMap { ["/\($0)", "t\($0)"] }
    #expect(kept.map(Self.text) == expected)
  }

  @Test func headersOfResponsesCannotBreakTheirLine() {
    #expect(Header("location", Array("/a".utf8)) != nil)
    for value in ["a\r\nb: c", "a\nb", "a\u{0}", " a", "a "] {
      #expect(Header("location", Array(value.utf8)) == nil)
    }
  }

  @Test func aStatusOutsideTheRangeIsOurMistake() {
    #expect(Status(418).code == 418)
    #expect(Status(100).code == 500)
    #expect(Status(0).code == 500)
    #expect(Status(70_000).code == 500)
  }

  @Test func handsOutAllFields() {
    Self.ask("/", fields: "X-A: 1\r\nx-b:\r\nX-A: 2\r\n") { request in
      var lines: [String] = []
      request.forEachHeader { name, value in
        lines.append("\(Self.text(name))=\(Self.text(value))")
      }
      #expect(lines == ["Host=example:8000", "X-A=1", "x-b=", "X-A=2"])
    }
  }

  @Test(arguments: [
    ("Bearer abc.d-e_f==", "abc.d-e_f=="), ("bearer  abc", "abc"), ("BEARER a b", "a b"),
    ("Basic dXNlcjpzZWNyZXQ=", "secret"), ("basic OnM6eA", "s:x"), ("Basic dXNlcjo=", ""),
    ("Basic dXNlcg==", nil), ("Basic ***", nil), ("Bearer", nil), ("Bearer ", nil),
    ("Digest abc", nil), ("", nil),
  ])
  func findsTheTokenThatIsShown(value: String, token: String?) {
    Self.ask("/", fields: "Authorization: \(value)\r\n") { request in
      #expect(request.bearerToken.map { Self.text($0) } == token)
    }
    Self.ask("/") { request in #expect(request.bearerToken == nil) }
  }
}
