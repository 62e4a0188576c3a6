import HTTPServer
import SeededRandom
import Testing

/// An answer and what a client must make of it however it is cut.
struct AnswerCase: CustomTestStringConvertible {
  var name: String
  var bytes: String
  /// The status and the content, where the answer can be read.
  var status = 200
  var content = ""
  /// Whether the answer is complete only when the connection ends.
  var endsWithConnection = false
  /// What is wrong with it.
  var error: ClientError?

  var testDescription: String { name }

  static func good(
    _ name: String, _ bytes: String, _ status: Int = 200, _ content: String = "",
    endsWithConnection: Bool = false
  ) -> AnswerCase {
    AnswerCase(
      name: name, bytes: bytes, status: status, content: content,
      endsWithConnection: endsWithConnection)
  }

  static func bad(_ name: String, _ bytes: String, _ error: ClientError) -> AnswerCase {
    AnswerCase(name: name, bytes: bytes, error: error)
  }
}

@Suite("What the client reads of answers")
struct ClientReaderTests {
  static let limits = {
    var limits = ClientLimits()
    limits.headBytes = 200
    limits.headerFields = 3
    limits.contentBytes = 16
    limits.interimResponses = 2
    return limits
  }()

  static let good: [AnswerCase] = [
    .good("a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"),
    .good("no content", "HTTP/1.1 503 Service Unavailable\r\ncontent-length:0\r\n\r\n", 503),
    .good("a status without a reason", "HTTP/1.1 404\r\nContent-Length: 1\r\n\r\nx", 404, "x"),
    .good("an empty reason", "HTTP/1.1 404 \r\nContent-Length: 1\r\n\r\nx", 404, "x"),
    .good(
      "chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n01\r\nd\r\n0\r\n\r\n",
      200, "abcd"),
    .good(
      "chunks with a trailer",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n", 200, "a"),
    .good(
      "up to the end of the connection", "HTTP/1.0 200 OK\r\nX: y\r\n\r\nabc", 200, "abc",
      endsWithConnection: true),
    .good("no content by its status", "HTTP/1.1 204 No Content\r\n\r\n", 204),
    .good(
      "behind interim answers",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", 200, "a"),
    .good(
      "as much as is taken", "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n0123456789abcdef", 200,
      "0123456789abcdef"),
    .good(
      "an encoding that is none",
      "HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\na", 200, "a"),
  ]

  static let bad: [AnswerCase] = [
    .bad("something else than HTTP", "SSH-2.0-OpenSSH_9.2\r\n", .malformed(.statusLine)),
    .bad("HTTP/2", "\u{0}\u{0}\u{12}\u{4}", .malformed(.statusLine)),
    .bad("a version that is unknown", "HTTP/1.2 200 OK\r\n\r\n", .malformed(.statusLine)),
    .bad("a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", .malformed(.statusLine)),
    .bad("a status beyond all", "HTTP/1.1 999 OK\r\n\r\n", .malformed(.statusLine)),
    .bad("bare line feeds", "HTTP/1.1 200 OK\n\n", .malformed(.lineEnd)),
    .bad(
      "a bare carriage return", "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", .malformed(.lineEnd)),
    .bad("a field without a colon", "HTTP/1.1 200 OK\r\nX\r\n\r\n", .malformed(.field)),
    .bad("a folded field", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", .malformed(.field)),
    .bad("a space before the colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", .malformed(.field)),
    .bad("a control character", "HTTP/1.1 200 OK\r\nX: \u{1}\r\n\r\n", .malformed(.field)),
    .bad(
      "too many fields", "HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\n",
      .malformed(.tooManyFields)),
    .bad(
      "a head that is too large",
      "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 200) + "\r\n\r\n",
      .headTooLarge(limit: 200)),
    .bad(
      "too many interim answers",
      String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 3), .malformed(.interim)),
    .bad(
      "another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
      .malformed(.upgrade)),
    .bad(
      "two lengths",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
      .malformed(.contentLength)),
    .bad(
      "a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      .malformed(.contentLength)),
    .bad(
      "a length beyond all", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      .malformed(.contentLength)),
    .bad(
      "a length and chunks",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      .malformed(.contentLength)),
    .bad(
      "gzip before chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      .malformed(.transferEncoding)),
    .bad(
      "encoded content", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
      .malformed(.contentEncoding)),
    .bad(
      "a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
      .malformed(.chunk)),
    .bad(
      "a chunk that is longer than its size",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", .malformed(.chunk)),
    .bad(
      "a chunk with an extension",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\na\r\n", .malformed(.chunk)),
    .bad(
      "a length that is too large", "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n",
      .contentTooLarge(limit: 16)),
    .bad(
      "chunks that are too large together",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n012345678\r\n9\r\n012345678",
      .contentTooLarge(limit: 16)),
    .bad(
      "too much up to the end", "HTTP/1.1 200 OK\r\n\r\n0123456789abcdefg",
      .contentTooLarge(limit: 16)),
    .bad(
      "a second answer",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n\r\n",
      .malformed(.trailingBytes)),
  ]

  private static func read(
    _ bytes: [UInt8], cutAt cuts: [Int]
  ) throws(ClientError) -> ClientResponseReader {
    var reader = ClientResponseReader(limits: limits)
    var start = 0
    for end in cuts + [bytes.count] {
      try reader.read(bytes.span.extracting(start..<end))
      start = end
    }
    return reader
  }

  /// Whole, cut once at each place, and byte by byte.
  private static func cuts(_ count: Int) -> [[Int]] {
    [[]] + (1..<count).map { [$0] } + [Array(1..<count)]
  }

  @Test("One result, the same for every cut", arguments: good)
  func readsAlike(_ example: AnswerCase) throws {
    let bytes = Array(example.bytes.utf8)
    for cuts in Self.cuts(bytes.count) {
      var reader = try Self.read(bytes, cutAt: cuts)
      #expect(reader.isComplete == !example.endsWithConnection, "cut at \(cuts)")
      try reader.end()
      #expect(reader.isComplete)
      #expect(reader.head?.status == example.status, "cut at \(cuts)")
      #expect(String(decoding: reader.content, as: UTF8.self) == example.content, "cut at \(cuts)")
    }
  }

  @Test("One error, the same for every cut", arguments: bad)
  func refusesAlike(_ example: AnswerCase) throws {
    let error = try #require(example.error)
    let bytes = Array(example.bytes.utf8)
    for cuts in Self.cuts(bytes.count) {
      #expect(throws: error, "cut at \(cuts)") { try Self.read(bytes, cutAt: cuts) }
    }
  }

  @Test("An answer that ends early is never taken for a complete one", arguments: good)
  func endsEarly(_ example: AnswerCase) throws {
    guard !example.endsWithConnection else { return }
    let bytes = Array(example.bytes.utf8)
    for length in 0..<bytes.count {
      var reader = try Self.read(Array(bytes[..<length]), cutAt: [])
      let stage: ClientError.Stage = reader.head == nil ? .waiting : .reading
      #expect(throws: ClientError.endedEarly(stage), "of \(length) bytes") { try reader.end() }
    }
  }

  @Test("Content that is taken away makes room for more, so that a stream has no end")
  func takes() throws {
    var reader = ClientResponseReader(limits: Self.limits)
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    try reader.read(Array(head.utf8).span)
    for _ in 0..<100 {
      try reader.read(Array("a\r\n0123456789\r\n".utf8).span)
      #expect(reader.takeContent().count == 10)
    }
    #expect(!reader.isComplete)
  }

  @Test("Random bytes are refused or waited for, and never trap")
  func random() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let words = [
      "HTTP/1.1 200 OK\r\n", "HTTP/1.1 ", "\r\n", "Content-Length: 9\r\n", "a", ":", "\n", "0",
      "Transfer-Encoding: chunked\r\n", "ffffffff\r\n", "7fffffff", "\u{0}", "100 Continue\r\n",
    ]
    for _ in 0..<20_000 {
      var bytes: [UInt8] = []
      for _ in 0...generator.next() % 12 {
        bytes += Array(words[Int(generator.next() % UInt64(words.count))].utf8)
      }
      var reader = ClientResponseReader(limits: Self.limits)
      do throws(ClientError) {
        try reader.read(bytes.span)
        try reader.end()
      } catch {
        #expect(!error.description.isEmpty, "seed \(seed)")
      }
      #expect(reader.content.count <= Self.limits.contentBytes, "seed \(seed)")
    }
  }
}
