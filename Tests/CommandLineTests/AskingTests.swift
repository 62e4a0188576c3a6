import Foundation
import StubServer
import Testing

/// What a stub of an agent answers.
enum StubAnswers {
  /// A whole answer of HTTP.
  static func http(
    _ content: String, status: String = "200 OK", type: String = "application/json"
  ) -> StubServer.Act {
    .send(
      "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(content.utf8.count)\r\n\r\n"
        + content)
  }

  /// The head of a stream of messages.
  static let streamHead = StubServer.Act.send(
    "HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\nTransfer-Encoding: chunked\r\n"
      + "\r\n")

  /// An envelope in a chunk of its own.
  static func envelope(_ message: String, flags: UInt8 = 0) -> StubServer.Act {
    let length = message.utf8.count
    let envelope = [flags, 0, 0, UInt8(length >> 8), UInt8(length & 255)] + Array(message.utf8)
    return .sendBytes(
      Array("\(String(envelope.count, radix: 16))\r\n".utf8) + envelope + Array("\r\n".utf8))
  }

  /// A group's status.
  static func status(_ group: String, _ verdict: String, _ reason: String) -> String {
    #"{"cluster":"main","group":"\#(group)","verdict":"\#(verdict)","reason":"\#(reason)","#
      + #""totalLag":"5","time":"2026-11-26T12:03:11.250Z"}"#
  }
}

@Suite("vole status, check and explain with a server that answers anything")
struct AskingTests {
  private func run(
    _ stub: StubServer, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> VoleProcess.Result {
    try VoleProcess.run(
      arguments + ["--server", "http://127.0.0.1:\(stub.port)"], environment: environment)
  }

  @Test("The groups as a table and as JSON; exit code 1 for one that is ERR")
  func groups() throws {
    let content =
      "{\"groups\":[\(StubAnswers.status("a", "OK", "fine")),"
      + "\(StubAnswers.status("b", "ERR", "1 of 1 partition STALL"))]}"
    let stub = try StubServer(StubAnswers.http(content))
    defer { stub.close() }
    let table = try run(stub, ["status"])
    #expect(table.code == 1)
    #expect(table.errors.isEmpty)
    let lines = table.output.split(separator: "\n")
    #expect(lines.first?.hasPrefix("GROUP  VERDICT  LAG") == true)
    #expect(lines.contains { $0.hasPrefix("b      ERR        5") })
    #expect(lines.last == "2 groups: 1 ERR, 1 OK")
    #expect(!table.output.contains("\u{1B}"))
    let json = try run(stub, ["status", "--json"])
    #expect(json.output == content + "\n")
    #expect(json.code == 1)
    #expect(
      stub.asked.map(\.path)
        == Array(
          repeating: "/vole.v1.ConsumerGroupService/ListGroups", count: 2))
    #expect(stub.asked.map { String(decoding: $0.content, as: UTF8.self) } == ["{}", "{}"])
  }

  @Test("One group of a cluster, over a Unix domain socket that the environment names")
  func group() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "v\(UUID())").path
    let stub = try StubServer(
      path: path,
      StubAnswers.http("{\"status\":\(StubAnswers.status("a", "OK", "1 partition OK"))}"))
    defer { stub.close() }
    let result = try VoleProcess.run(
      ["status", "a", "--cluster", "main"], environment: ["VOLE_SERVER": "unix:\(path)"])
    #expect(result.code == 0)
    #expect(result.output.hasPrefix("a of cluster main  OK\n  1 partition OK\n"))
    let asked = try #require(stub.asked.first)
    #expect(String(decoding: asked.content, as: UTF8.self) == #"{"group":"a","cluster":"main"}"#)
    #expect(asked.head.contains("Content-Type: application/json\r\n"))
  }

  @Test("A token is read from its file and sent, and never shown")
  func token() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "t\(UUID())")
    try Data("s3cret\n".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let stub = try StubServer(
      StubAnswers.http(
        #"{"code":"unauthenticated","message":"a token is needed"}"#,
        status: "401 Unauthorized"))
    defer { stub.close() }
    let result = try run(stub, ["status", "--token-file", file.path])
    #expect(result.code == 2)
    #expect(
      result.errors
        == "vole status: http://127.0.0.1:\(stub.port): the agent does not know the token that was "
        + "shown\n")
    #expect(stub.asked.first?.head.contains("\r\nAuthorization: Bearer s3cret\r\n") == true)
    let missing = try run(stub, ["status", "--token-file", "/nonexistent"])
    #expect(missing.code == 2)
    #expect(missing.errors.hasPrefix("vole status: token file \"/nonexistent\": No such file"))
  }

  @Test(
    "Each refusal has its exit code and one line",
    arguments: [
      (
        "404 Not Found", "application/json", #"{"code":"not_found","message":"no group \"x\""}"#,
        1, "no group \"x\""
      ),
      (
        "401 Unauthorized", "text/plain", "", 2,
        "the agent wants a token that it knows (--token-file)"
      ),
      ("403 Forbidden", "text/html", "<html>", 2, "the agent does not allow that"),
      (
        "404 Not Found", "text/plain", "404 page not found", 3,
        "this is no Vole agent, or one that does not know this call"
      ),
      (
        "502 Bad Gateway", "text/html", "<html>", 3,
        "the agent, or what is before it, is not available"
      ),
      (
        "504 Gateway Timeout", "application/json", #"{"code":"deadline_exceeded"}"#, 4,
        "the agent answers with the error deadline_exceeded"
      ),
      ("200 OK", "text/html", "<html>", 3, "this is no Vole agent: it answers 200 with text/html"),
      ("302 Found", "text/html", "", 3, "the agent answers with the error unknown"),
      (
        "200 OK", "application/json", "{\"status\":", 3,
        "the answer is not as expected: unexpected end of text at byte 10"
      ),
    ] as [(String, String, String, Int32, String)])
  func refusals(
    status: String, type: String, content: String, code: Int32, line: String
  ) throws {
    let stub = try StubServer(StubAnswers.http(content, status: status, type: type))
    defer { stub.close() }
    for command in [["status", "x"], ["status", "x", "--watch"], ["explain", "x"]] {
      // A stream has a media type of its own.
      if command.contains("--watch"), type == "application/json", status == "200 OK" { continue }
      let result = try run(stub, command)
      #expect(result.code == code, "\(command)")
      #expect(
        result.errors == "vole \(command[0]): http://127.0.0.1:\(stub.port): \(line)\n",
        "\(command)")
      #expect(result.output.isEmpty)
    }
  }

  @Test("Nobody there is 3, silence is 4, and no HTTP is 3")
  func unreachable() throws {
    let gone = try StubServer(.hang)
    gone.close()
    for command in [["status"], ["explain", "x"], ["check", "--readiness"]] {
      let result = try run(gone, command)
      #expect(result.code == 3)
      #expect(
        result.errors
          == "vole \(command[0]): http://127.0.0.1:\(gone.port): connection refused\n")
    }
    let silent = try StubServer(.hang)
    defer { silent.close() }
    let timeout = try run(silent, ["status", "--timeout", "1"])
    #expect(timeout.code == 4)
    #expect(timeout.errors.hasSuffix(": the time is over, while waiting for an answer\n"))
    let other = try StubServer(.send("SSH-2.0-OpenSSH_9.2\r\n"))
    defer { other.close() }
    let noHTTP = try run(other, ["status"])
    #expect(noHTTP.code == 3)
    #expect(
      noHTTP.errors.hasSuffix(": the answer is no HTTP/1.1: the status line is malformed\n"))
  }

  @Test(
    "Wrong usage is 2 and one line",
    arguments: [
      (["status", "--agent", "x"], "vole status: --agent goes with neither GROUP nor --watch"),
      (["status", "--server", "ftp://x"], "vole status: --server: \"ftp://x\" is no http://"),
      (["status", "--timeout", "0"], "vole status: --timeout: \"0\" is not a whole number"),
      (["status", "--key-file", "k"], "vole status: --key-file goes with --cert-file"),
      (["check"], "vole check: one of --liveness and --readiness is needed"),
      (["check", "--liveness", "--readiness"], "vole check: one of --liveness and --readiness"),
      (["explain"], "vole explain: GROUP is missing"),
      (["explain", "g", "t"], "vole explain: TOPIC needs a PARTITION"),
      (["explain", "g", "t", "-1"], "vole explain: unknown option -1"),
      (["explain", "g", "t", "x"], "vole explain: PARTITION: \"x\" is no number of a partition"),
    ])
  func usage(arguments: [String], line: String) throws {
    let result = try VoleProcess.run(arguments)
    #expect(result.code == 2)
    #expect(result.errors.hasPrefix(line), "\(result.errors)")
    #expect(result.errors.split(separator: "\n").count == 1)
  }

  @Test("The server is what --server, VOLE_SERVER, --config and VOLE_LISTEN say, in that order")
  func servers() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "v\(UUID()).toml")
    let toml = """
      [cluster.x]
      servers = ["127.0.0.1:1"]
      [consumer.x]
      groups = ["g"]
      [httpserver.x]
      address = "[::]:1"
      """
    try Data(toml.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let all = ["VOLE_SERVER": "http://127.0.0.1:2", "VOLE_LISTEN": "0.0.0.0:3"]
    for (arguments, environment, server) in [
      (["--server", "127.0.0.1:4", "--config", file.path], all, "http://127.0.0.1:4"),
      (["--config", file.path], all, "http://127.0.0.1:2"),
      (["--config", file.path], [:], "http://127.0.0.1:1"),
      ([], ["VOLE_LISTEN": "0.0.0.0:3"], "http://127.0.0.1:3"),
      ([], ["VOLE_LISTEN": "[::1]:3"], "http://[::1]:3"),
    ] {
      let result = try VoleProcess.run(["status"] + arguments, environment: environment)
      #expect(result.errors.hasPrefix("vole status: \(server): "), "\(result.errors)")
    }
  }

  @Test("check: probes by their paths; the exit code and one line")
  func check() throws {
    let stub = try StubServer { asked, _ in
      switch asked.path {
      case "/consumer/livez":
        [StubAnswers.http("a OK: fine\nb WARN: slow\n", type: "text/plain; charset=utf-8")]
      case "/consumer/a%2Fb%20c/readyz":
        [StubAnswers.http("a/b c ERR: stuck\n", status: "503 x", type: "text/plain")]
      default:
        [
          StubAnswers.http(
            "x UNKNOWN: this group is not watched\n", status: "404 x", type: "text/plain")
        ]
      }
    }
    defer { stub.close() }
    let live = try run(stub, ["check", "--liveness"])
    #expect(live.code == 0)
    #expect(live.output == "live: b WARN: slow (and 1 other group)\n")
    let stuck = try run(stub, ["check", "a/b c", "--readiness"])
    #expect(stuck.code == 1)
    #expect(stuck.output == "not ready: a/b c ERR: stuck\n")
    let unknown = try run(stub, ["check", "x", "--readiness"])
    #expect(unknown.code == 1)
    #expect(unknown.output == "not ready: x UNKNOWN: this group is not watched\n")
  }

  @Test("check: liveness passes where the agent cannot be asked, unless --strict")
  func lenience() throws {
    let gone = try StubServer(.hang)
    gone.close()
    let other = try StubServer(StubAnswers.http("<html>", type: "text/html"))
    defer { other.close() }
    for (stub, why) in [
      (gone, "connection refused"),
      (other, "this is no probe of a Vole agent: it answers 200 with text/html"),
    ] {
      let server = "http://127.0.0.1:\(stub.port)"
      let lenient = try run(stub, ["check", "--liveness"])
      #expect(lenient.code == 0)
      #expect(
        lenient.errors
          == "vole check: warning: liveness passes, because the agent cannot be asked: "
          + "\(server): \(why)\n")
      let strict = try run(stub, ["check", "--liveness", "--strict"])
      #expect(strict.code == 3)
      #expect(strict.errors == "vole check: \(server): \(why)\n")
      #expect(try run(stub, ["check", "--readiness"]).code == 3)
    }
  }

  @Test("watch: a line for each change, and again after the connection was lost")
  func watch() throws {
    let ok = "{\"status\":\(StubAnswers.status("a", "OK", "fine"))}"
    let bad = "{\"status\":\(StubAnswers.status("a", "ERR", "stuck"))}"
    let stub = try StubServer { _, number in
      number == 0
        ? [
          StubAnswers.streamHead, StubAnswers.envelope(ok), StubAnswers.envelope(ok),
          StubAnswers.envelope(bad),
        ]
        : [StubAnswers.streamHead, StubAnswers.envelope(bad), StubAnswers.envelope(ok), .hang]
    }
    defer { stub.close() }
    let running = try VoleProcess.start(
      ["status", "a", "--watch", "--server", "http://127.0.0.1:\(stub.port)"])
    let end = Date(timeIntervalSinceNow: 30)
    while running.outputSoFar.split(separator: "\n").count < 3, Date() < end { usleep(20_000) }
    let result = try running.kill()
    let time = "2026-11-26T12:03:11.250Z"
    #expect(result.output == "\(time) a OK: fine\n\(time) a ERR: stuck\n\(time) a OK: fine\n")
    #expect(
      result.errors
        == "vole status: http://127.0.0.1:\(stub.port): the connection was closed within the "
        + "answer; trying again\nvole status: connected again\n")
    let message = String(decoding: (stub.asked.first?.content ?? []).dropFirst(5), as: UTF8.self)
    #expect(message == #"{"group":"a","maxIntervalSeconds":2}"#)
  }

  @Test("watch without a group: a line for each group whose verdict or counts have changed")
  func watchAll() throws {
    let groups = { (verdict: String) in
      "{\"groups\":[\(StubAnswers.status("a", "OK", "fine")),"
        + "\(StubAnswers.status("b", verdict, "so"))]}"
    }
    let stub = try StubServer(
      StubAnswers.streamHead, StubAnswers.envelope(groups("OK")),
      StubAnswers.envelope(groups("OK")), StubAnswers.envelope(groups("WARN")),
      StubAnswers.envelope("{}", flags: 2), .send("0\r\n\r\n"))
    let running = try VoleProcess.start(
      ["status", "--watch", "--server", "http://127.0.0.1:\(stub.port)"])
    let end = Date(timeIntervalSinceNow: 30)
    while running.errorsSoFar.isEmpty, Date() < end { usleep(20_000) }
    stub.close()
    let result = try running.kill()
    let time = "2026-11-26T12:03:11.250Z"
    #expect(
      result.output.hasPrefix("\(time) a OK: fine\n\(time) b OK: so\n\(time) b WARN: so\n"),
      "\(result.output)")
    #expect(result.errors.contains(": the agent ended the stream; trying again\n"))
    #expect(stub.asked.first?.path == "/vole.v1.ConsumerGroupService/WatchGroups")
  }

  @Test("watch --json: a line for each message; ends where nobody reads them any more")
  func watchAsJSON() throws {
    let stub = try StubServer { _, _ in
      [StubAnswers.streamHead]
        + (0..<400).flatMap { number in
          [StubAnswers.envelope("{\"groups\":[{\"rebalances\":\(number)}]}"), .pause(0.005)]
        } + [.hang]
    }
    defer { stub.close() }
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = [
      "-c", "\"$0\" status --watch --json --server http://127.0.0.1:\(stub.port) | head -n 2",
      VoleProcess.binary.path,
    ]
    let pipe = Pipe()
    shell.standardOutput = pipe
    try shell.run()
    let output = String(
      decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    shell.waitUntilExit()
    let line = { (number: Int) in "{\"groups\":[{\"rebalances\":\(number)}]}\n" }
    #expect(output == line(0) + line(1))
  }

  @Test("watch: an agent that refuses after the connection was lost ends it")
  func watchRefused() throws {
    let stub = try StubServer { _, number in
      number == 0
        ? [
          StubAnswers.streamHead,
          StubAnswers.envelope(#"{"error":{"code":"unavailable","message":"ending"}}"#, flags: 2),
          .send("0\r\n\r\n"),
        ]
        : [
          StubAnswers.http(
            #"{"code":"not_found","message":"no group \"a\""}"#, status: "404 Not Found")
        ]
    }
    defer { stub.close() }
    let result = try run(stub, ["status", "a", "--watch"])
    #expect(result.code == 1)
    let server = "http://127.0.0.1:\(stub.port)"
    #expect(
      result.errors
        == "vole status: \(server): ending; trying again\n"
        + "vole status: \(server): no group \"a\"\n")
  }

  @Test("explain: asks for the partition that is named and shows what comes")
  func explain() throws {
    let content =
      "{\"status\":\(StubAnswers.status("g", "OK", "fine")),\"decisions\":[{\"probe\":\"LIVENESS\","
      + "\"passes\":true,\"reason\":\"nothing is stuck\",\"clauses\":[{\"name\":\"stuck\","
      + "\"holds\":false,\"evidence\":\"0 partitions\"}]}]}"
    let stub = try StubServer(StubAnswers.http(content))
    defer { stub.close() }
    let result = try run(stub, ["explain", "g", "t", "7"])
    #expect(result.code == 0)
    #expect(
      result.output.hasSuffix(
        "\nliveness   passes\n  nothing is stuck\n  it fails only where all of these are so:\n"
          + "  no   stuck  0 partitions\n"))
    let asked = try #require(stub.asked.first)
    #expect(asked.path == "/vole.v1.ConsumerGroupService/ExplainGroup")
    #expect(
      String(decoding: asked.content, as: UTF8.self)
        == #"{"group":"g","topic":"t","partition":7}"#)
  }
}
