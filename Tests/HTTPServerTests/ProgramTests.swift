import EventLoop
import Foundation
import HTTPServer
import Synchronization
import Testing

/// A server on a thread of its own, for clients that are programs.
final class RunningServer: Sendable {
  let port: UInt16
  private let stopping: WakeUp
  private let ended = DispatchSemaphore(value: 0)

  private let isEncrypted: Bool
  /// The clock of the server's thread.
  private let threadClock: ThreadClock

  init(_ settings: TLSSettings? = nil) throws {
    isEncrypted = settings != nil
    let listener = try Listener.listen(host: "127.0.0.1", port: 0)
    port = listener.port
    stopping = try WakeUp.create()
    let held = Mutex<ListenerBox?>(ListenerBox(listener))
    threadClock = ThreadClock()
    let (stopping, ended, threadClock) = (stopping, ended, threadClock)
    let taken = held.withLock { $0.take() }
    Thread.detachNewThread {
      defer { ended.signal() }
      guard let taken else { return }
      threadClock.begin()
      do {
        try Self.run(taken, settings, until: stopping)
      } catch {
        Issue.record(error)
      }
    }
  }

  private static func run(
    _ box: ListenerBox, _ settings: TLSSettings?, until stopping: WakeUp
  ) throws {
    let loop = try EventLoop()
    let handler = EchoHandler()
    handler.responses["/big"] = .letters("b", count: 300_000)
    let server = Server(loop: loop, handler: handler)
    let tls = try settings.map { try TLSContext($0) }
    if let listener = box.take() { try server.serve(listener, tls: tls) }
    _ = try loop.add(stopping) {
      server.drain(within: nanosecondsPerSecond) { loop.stop() }
    }
    try loop.run()
  }

  func stop() {
    stopping.signal()
    ended.wait()
  }

  /// Seconds of CPU that the server's thread has used, whatever else the machine does.
  var cpuTime: Double { threadClock.seconds }

  func url(_ path: String) -> String {
    "\(isEncrypted ? "https" : "http")://127.0.0.1:\(port)\(path)"
  }
}

/// Reads how much CPU a thread has used, from other threads.
final class ThreadClock: Sendable {
  private let clock = Mutex<clockid_t?>(nil)

  /// Begins to count the calling thread's.
  func begin() {
    var number = clockid_t()
    guard pthread_getcpuclockid(pthread_self(), &number) == 0 else { return }
    clock.withLock { $0 = number }
  }

  var seconds: Double {
    guard let number = clock.withLock({ $0 }) else { return 0 }
    var time = timespec()
    clock_gettime(number, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// Carries a listener from the thread that opened it to the one that serves it.
final class ListenerBox: Sendable {
  private let listener: Mutex<Listener?>

  init(_ listener: consuming sending Listener) {
    self.listener = Mutex(listener)
  }

  func take() -> Listener? {
    listener.withLock { $0.take() }
  }
}

/// What a program printed and how it ended.
struct ProgramResult {
  var status: Int32
  var output: String

  static func run(
    _ program: String, _ arguments: [String], input: String = ""
  ) throws -> ProgramResult {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/\(program)")
    process.arguments = arguments
    process.standardOutput = pipe
    process.standardError = pipe
    let typed = Pipe()
    process.standardInput = typed
    try process.run()
    typed.fileHandleForWriting.write(Data(input.utf8))
    try typed.fileHandleForWriting.close()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return ProgramResult(
      status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
  }

  static func exists(_ program: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/\(program)")
  }
}

/// Real clients over real sockets.
@Suite struct ProgramTests {
  private func withServer(_ body: (RunningServer) throws -> Void) throws {
    let server = try RunningServer()
    defer { server.stop() }
    try body(server)
  }

  private static let curl = ["-sS", "--max-time", "20"]

  @Test(arguments: ["--http1.1", "--http1.0", "--http2-prior-knowledge"])
  func curlGetsAnAnswer(_ version: String) throws {
    try withServer { server in
      let result = try ProgramResult.run(
        "curl",
        Self.curl + [version, "-w", " %{http_code} %{http_version}", server.url("/a%20b?c")])
      let number = ["--http1.1": "1.1", "--http1.0": "1.1", "--http2-prior-knowledge": "2"]
      #expect(result.output == "/a%20b 200 \(number[version] ?? "")")
      #expect(result.status == 0)
    }
  }

  /// `--http2` asks for the change in clear text; a POST is answered without it.
  @Test func curlChangesToHTTP2() throws {
    try withServer { server in
      let form = ["--http2", "-w", " %{http_code} %{http_version}"]
      let got = try ProgramResult.run("curl", Self.curl + form + [server.url("/a")])
      #expect(got.output == "/a 200 2")
      let big = try ProgramResult.run(
        "curl", Self.curl + form + ["-o", "/dev/null", server.url("/big")])
      #expect(big.output == " 200 2")
      let posted = try ProgramResult.run("curl", Self.curl + form + ["-d", "b", server.url("/")])
      #expect(posted.output == "b 200 1.1")
    }
  }

  @Test(.enabled(if: ProgramResult.exists("nghttp")), arguments: ["/a", "/big"])
  func nghttpChangesToHTTP2(_ path: String) throws {
    try withServer { server in
      let result = try ProgramResult.run("nghttp", ["-nvu", server.url(path), server.url("/b")])
      #expect(result.status == 0)
      #expect(result.output.contains("HTTP Upgrade success"))
      #expect(result.output.components(separatedBy: ":status: 200").count == 3)
    }
  }

  @Test(arguments: ["--http1.1", "--http2-prior-knowledge"])
  func curlAsksForHeads(_ version: String) throws {
    try withServer { server in
      let result = try ProgramResult.run("curl", Self.curl + [version, "-I", server.url("/big")])
      #expect(result.status == 0)
      let lines = result.output.lowercased().split(whereSeparator: \.isNewline)
      #expect(lines.contains("content-length: 300000"))
      #expect(lines.contains("content-type: text/plain; charset=utf-8"))
      #expect(lines.contains { $0.hasPrefix("date: ") && $0.hasSuffix(" gmt") })
    }
  }

  // With prior knowledge curl 7.88 fails to use its connection again, whatever the server.
  @Test func curlReusesItsConnection() throws {
    try withServer { server in
      let urls = [server.url("/big"), server.url("/b"), server.url("/c")]
      let result = try ProgramResult.run(
        "curl",
        Self.curl + ["-w", " %{num_connects} %{size_download}\n"]
          + urls.flatMap { ["-o", "/dev/null", $0] })
      #expect(result.output == " 1 300000\n 0 2\n 0 2\n")
    }
  }

  @Test(arguments: ["--http1.1", "--http2-prior-knowledge"])
  func curlLearnsTheMethodsThatAreAllowed(_ version: String) throws {
    try withServer { server in
      let result = try ProgramResult.run(
        "curl",
        Self.curl + [version, "-i", "-X", "DELETE", server.url("/")])
      #expect(result.output.contains("405"))
      #expect(result.output.lowercased().contains("allow: get, head, post"))
    }
  }

  @Test(arguments: ["--http1.1", "--http2-prior-knowledge"])
  func curlPosts(_ version: String) throws {
    try withServer { server in
      let content = String(repeating: "x", count: 60_000)
      for expect in ["Expect:", "Expect: 100-continue"] {
        let result = try ProgramResult.run(
          "curl", Self.curl + [version, "-H", expect, "-d", content, server.url("/")])
        #expect(result.output == content)
      }
    }
  }

  // Over HTTP/2 curl 7.88 sometimes drops the answer when the stream is reset behind it, which
  // RFC 9113 section 8.1 forbids.
  @Test func curlLearnsThatItsContentIsTooLarge() throws {
    try withServer { server in
      let result = try ProgramResult.run(
        "curl",
        Self.curl + [
          "-i", "-X", "GET", "-d", String(repeating: "x", count: 100_000), server.url("/"),
        ])
      #expect(result.output.contains("413"))
    }
  }

  @Test(.enabled(if: ProgramResult.exists("nghttp")))
  func nghttpGetsAnAnswer() throws {
    try withServer { server in
      let result = try ProgramResult.run("nghttp", ["-nv", server.url("/a"), server.url("/big")])
      #expect(result.status == 0)
      #expect(result.output.contains(":status: 200"))
      #expect(result.output.contains("SETTINGS_MAX_CONCURRENT_STREAMS(0x03):100"))
    }
  }

  /// Many streams, more than are allowed, HTTP/1.1, and windows of a kilobyte.
  @Test(
    .enabled(if: ProgramResult.exists("h2load")),
    arguments: [["-m10"], ["-m200"], ["--h1"], ["-m10", "-w10", "-W10"]])
  func h2loadIsServed(_ options: [String]) throws {
    try withServer { server in
      let result = try ProgramResult.run(
        "h2load", ["-n200", "-c10"] + options + [server.url("/livez"), server.url("/big")])
      #expect(result.status == 0)
      #expect(
        result.output.contains(
          "200 total, 200 started, 200 done, 200 succeeded, 0 failed, 0 errored"),
        "\(result.output)")
    }
  }
}
