import EventLoop
import HTTPServer
import Testing

/// What the access log is told.
@Suite struct AccessLogTests {
  private func logging(_ local: LocalServer) -> () -> [AccessRecord] {
    var records: [AccessRecord] = []
    local.server.accessLog = { records.append($0) }
    return { records }
  }

  private func path(_ record: AccessRecord) -> String {
    String(decoding: record.path, as: UTF8.self)
  }

  @Test func tellsEachRequest() throws {
    let local = try LocalServer()
    let records = logging(local)
    let one = try local.connect()
    try local.get("/a?token=s3cret", "User-Agent: kube-probe/1.34\r\n", from: one)
    try local.deliver("HEAD /b HTTP/1.0\r\n\r\n", from: one)
    let two = try local.connect()
    try local.deliver(Frame.opening + Frame.request("/c?x", stream: 1).bytes, from: two)
    #expect(try local.turn { records().count == 3 })
    #expect(records().map(path) == ["/a", "/b", "/c"])
    #expect(records().map(\.method?.name.description) == ["GET", "HEAD", "GET"])
    #expect(records().map(\.version) == [.http11, .http10, .http2])
    #expect(records().map(\.status) == [.ok, .ok, .ok])
    #expect(records().map(\.bytes) == [2, 0, 2])
    #expect(String(decoding: records()[0].userAgent, as: UTF8.self) == "kube-probe/1.34")
    #expect(records()[1].userAgent.isEmpty)
    #expect(records().allSatisfy { $0.connection.peer.description.hasPrefix("127.0.0.1:") })
    #expect(records().allSatisfy { $0.refusal == nil && $0.time >= 0 })
  }

  @Test func tellsRefusals() throws {
    let local = try LocalServer()
    let records = logging(local)
    for text in ["GET /a HTTP/1.1\r\n\r\n", "BREW /a HTTP/1.1\r\nHost: x\r\n\r\n", "\u{1}\r\n\r\n"]
    {
      let client = try local.connect()
      try local.deliver(text, from: client)
      #expect(try local.turn { !client.responses.isEmpty })
    }
    #expect(
      records().map(\.refusal) == [.missingHost, .methodNotImplemented, .malformedRequestLine])
    #expect(records().map(\.status.code) == [400, 501, 400])
    #expect(records().map { $0.method == nil } == [false, true, true])
  }

  @Test func tellsOfStreamedContentWhenItIsOver() throws {
    let local = try LocalServer()
    let records = logging(local)
    let source = StreamSource()
    local.handler.responses["/s"] = .streaming(source)
    let client = try local.connect()
    try local.get("/s", from: client)
    #expect(try local.turn { source.signal != nil })
    source.give(.text("four"))
    try local.settle()
    #expect(records().isEmpty)
    try local.advance(seconds: 3)
    source.give(.last(Array("end".utf8)))
    #expect(try local.turn { records().count == 1 })
    #expect(records()[0].bytes == 7 && records()[0].time == 3 * nanosecondsPerSecond)
    #expect(source.closed == 1)
  }

  @Test func tellsHowLongARequestTook() throws {
    let local = try LocalServer()
    let records = logging(local)
    let client = try local.connect()
    try local.deliver("GET /a HTTP/1.1\r\n", from: client)
    try local.advance(seconds: 2)
    try local.deliver("Host: x\r\n\r\n", from: client)
    #expect(try local.turn { records().count == 1 })
    #expect(records()[0].time == 2 * nanosecondsPerSecond)
  }

  @Test func keepsOnlySoMuch() throws {
    let local = try LocalServer()
    let records = logging(local)
    let client = try local.connect()
    let long = String(repeating: "p", count: 2_000)
    try local.get("/\(long)", "User-Agent: \(long)\r\n", from: client)
    #expect(try local.turn { records().count == 1 })
    #expect(records()[0].path.count == AccessRecord.maximumPathBytes)
    #expect(records()[0].userAgent.count == AccessRecord.maximumAgentBytes)
  }
}
