import Connect
import ConnectClient
import HTTPServer
import Testing

/// One test a sentence of the protocol's part on unary calls by GET.
@Suite struct UnaryGetTests {
  let world = ConnectWorld()

  /// `{"name":"a"}` in every form that clients send.
  @Test(arguments: [
    "connect=v1&encoding=json&message=%7B%22name%22%3A%22a%22%7D",
    "message=%7B%22name%22:%22a%22%7D&encoding=json",
    "connect=v1&base64=1&compression=identity&encoding=json&message=eyJuYW1lIjoiYSJ9",
    "encoding=json&message=eyJuYW1lIjoiYSIgfQ&base64=1",
    "encoding=json&message=eyJuYW1lIjoiYSIgfQ%3D%3D&base64=1",
    "encoding=json&message=eyJuYW1lIjoiYSIgfQ==&base64=1",
    "future=1&encoding=json&x&message=%7B%22name%22%3A%22a%22%7D&&=",
    "base64=0&encoding=json&message=%7B%22name%22%3A%22a%22%7D",
    "base64=true&encoding=json&message=%7B%22name%22%3A%22a%22%7D",
  ])
  func theMessageIsAParameter(query: String) {
    let reply = world.get(query)
    #expect(reply.status == 200)
    #expect(reply.field("content-type") == "application/json")
    #expect(reply.field("vary") == "accept-encoding")
    #expect(world.asked == [TestMessage(name: "a")])
    #expect(world.calls[0].isGet)
  }

  @Test func base64IsTheURLSafeOne() {
    // {"name":"???>>>"} has both characters that the alphabets write differently.
    #expect(world.get("encoding=json&base64=1&message=eyJuYW1lIjoiPz8_Pj4-In0").status == 200)
    #expect(world.asked[0].name == "???>>>")
  }

  @Test func aPlusIsASpace() {
    #expect(world.get("encoding=json&message=%7B%22name%22:+%22a+b%2Bc%22%7D").status == 200)
    #expect(world.asked[0].name == "a b+c")
  }

  @Test func gzipIsRead() {
    let json = Array(#"{"name":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#.utf8)
    var text: [UInt8] = []
    Base64.append(gzip(json).span, to: &text, isPadded: false)
    let message = String(decoding: text, as: UTF8.self)
      .replacing("+", with: "-").replacing("/", with: "_")
    let reply = world.get("encoding=json&base64=1&compression=gzip&message=\(message)")
    #expect(reply.status == 200)
    #expect(world.asked[0].name.count == 42)
    #expect(world.calls[0].acceptsGzip)
  }

  @Test func anotherEncodingIsRefused() {
    for query in ["message=%7B%7D", "encoding=proto&message=", "encoding=&message=%7B%7D"] {
      let reply = world.get(query)
      #expect(reply.status == 415 && reply.content.isEmpty)
      #expect(reply.field("accept-post") == "application/json")
    }
  }

  @Test(arguments: [
    ("encoding=json", "missing message parameter"),
    ("encoding=json&message=", "zero-length payload is not a valid JSON object"),
    ("encoding=json&message=&compression=gzip", "zero-length payload"),
    ("encoding=json&message=%7B", "unexpected end"),
    ("encoding=json&message=e&base64=1", "message parameter is no valid base64"),
    ("encoding=json&message=%7B%7D&base64=1", "message parameter is no valid base64"),
    ("connect=v2&encoding=json&message=%7B%7D", #"must be \"v1\": got \"v2\""#),
    ("connect=1&encoding=json&message=%7B%7D", #"must be \"v1\""#),
    ("connect=&encoding=json&message=%7B%7D", #"must be \"v1\""#),
    ("encoding=json&message=%7B%7D&compression=gzip", "message is no valid gzip"),
  ])
  func whatIsWrongIsAnInvalidArgument(query: String, words: String) {
    let reply = world.get(query)
    #expect(reply.status == 400)
    #expect(reply.text.hasPrefix(#"{"code":"invalid_argument","#))
    #expect(reply.text.contains(words), "\(reply.text)")
    #expect(world.asked.isEmpty)
  }

  @Test func anUnknownCompressionIsUnimplemented() {
    let reply = world.get("encoding=json&message=%7B%7D&compression=br")
    #expect(reply.status == 501)
    #expect(reply.text.contains("supported encodings are gzip, identity"))
  }

  @Test func theTimeoutIsAField() {
    let query = "encoding=json&message=%7B%7D"
    #expect(world.get(query, ["Connect-Timeout-Ms: 50"]).status == 200)
    #expect(world.calls[0].deadline == world.now + 50_000_000)
    #expect(world.get(query, ["Connect-Timeout-Ms: 0"]).status == 504)
    #expect(world.get(query, ["Connect-Timeout-Ms: x"]).status == 400)
  }

  @Test func longAnswersAreCompressedForWhoReadsGzip() {
    let json = #"{"name":"\#(String(repeating: "abc", count: 1_000))"}"#
    world.unaryAnswer = .message(Array(json.utf8))
    let reply = world.get("encoding=json&message=%7B%7D", ["Accept-Encoding: gzip"])
    #expect(reply.field("content-encoding") == "gzip")
    #expect(reply.field("vary") == "accept-encoding")
  }

  @Test func anErrorIsAStatusAndJSON() {
    world.unaryAnswer = .failure(ConnectError(.notFound, "no such group"))
    let reply = world.get("encoding=json&message=%7B%7D")
    #expect(reply.status == 404)
    #expect(reply.text == #"{"code":"not_found","message":"no such group"}"#)
  }
}
