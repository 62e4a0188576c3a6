import Agent
import Foundation
import HTTPServer
import Testing

@Suite("Routes: paths to answers")
struct RoutesTests {
  private func ask(
    _ world: AgentWorld, _ path: String, method: Method = .get, isVerbose: Bool = false,
    excluded: [String] = [], routes: inout Routes
  ) -> Routes.Answered {
    let request = RouteRequest(
      method, path: path, isVerbose: isVerbose, excluded: excluded)
    return routes.answer(request, agent: world.agent, now: world.now)
  }

  private func ask(
    _ world: AgentWorld, _ path: String, method: Method = .get, isVerbose: Bool = false,
    excluded: [String] = []
  ) -> (code: UInt16, body: String) {
    var routes = Routes(host: "vm", allowOrigin: nil)
    let response = ask(
      world, path, method: method, isVerbose: isVerbose, excluded: excluded, routes: &routes
    ).response
    return (response.status.code, String(decoding: response.body, as: UTF8.self))
  }

  /// A group that commits the same offset over and over below a moving head.
  private func stalled() throws -> AgentWorld {
    var world = try AgentWorld.watching(["g", "quiet"])
    try world.start(groups: ["g", "quiet"])
    for head in 101...105 {
      world.advance(seconds: 1)
      try world.commit("g", offset: 100)
      world.tick()
      world.answerTopics()
      world.answerHeads([("orders", 0, Int64(head))])
    }
    return world
  }

  @Test("Before anything was read the agent lives and is not ready")
  func beforeStart() throws {
    var world = try AgentWorld.watching(["g"])
    #expect(ask(world, "/livez") == (200, "ok"))
    #expect(ask(world, "/startupz") == (200, "ok"))
    let ready = ask(world, "/readyz")
    #expect(ready.code == 500)
    #expect(
      ready.body == """
        [+]ping ok
        [-]commits failed: the offsets topic was not looked up yet
        [-]heads failed: log-end offsets were not read yet
        [+]configuration ok: \(world.agent.reload.summary(now: world.now) ?? "")
        [+]shutdown ok
        readyz check failed

        """)
    #expect(ask(world, "/readyz/ping").code == 200)
    #expect(ask(world, "/readyz/commits").code == 500)
    #expect(ask(world, "/readyz/nonsense").code == 404)
    #expect(ask(world, "/readyz", excluded: ["commits", "heads"]) == (200, "ok"))
    try world.start(groups: ["g"])
    #expect(ask(world, "/readyz") == (200, "ok"))
    #expect(ask(world, "/readyz", isVerbose: true).body.hasSuffix("readyz check passed\n"))
  }

  @Test("An agent that is ending is not ready any more")
  func draining() throws {
    var world = try AgentWorld.watching(["g"])
    try world.start(groups: ["g"])
    var routes = Routes(host: "vm", allowOrigin: nil)
    routes.isDraining = true
    let response = ask(world, "/readyz", routes: &routes).response
    #expect(response.status.code == 500)
  }

  @Test("Consumer probes carry the verdict, and say why they pass or fail")
  func consumerProbes() throws {
    let world = try stalled()
    let ready = ask(world, "/consumer/readyz")
    #expect(ready.code == 503)
    #expect(
      ready.body == """
        g ERR: 1 of 1 partition STALL: orders-0 lag 5, every commit of the window has the same \
        offset; readiness fails: no sign of this container's consumer yet, for 6 s
        quiet UNKNOWN: no commit of this group is known; readiness fails: no sign of this \
        container's consumer yet, for 6 s

        """)
    let live = ask(world, "/consumer/livez")
    #expect(live.code == 200)
    #expect(
      live.body.contains(
        "; liveness passes: partition: neither POD_IP nor POD_NAME is given, so that no member is "
          + "known to be this pod's\n"))
    #expect(
      live.body.contains("; liveness passes: inputs: no commit of this group is known\n"))
    #expect(ask(world, "/consumer/startupz").code == 200)
    #expect(ask(world, "/consumer/g/readyz").code == 503)
    #expect(ask(world, "/consumer/g/livez").code == 200)
    #expect(ask(world, "/consumer/quiet/readyz").code == 503)
    let verbose = ask(world, "/consumer/g/livez", isVerbose: true).body
    #expect(verbose.contains("  total lag: 5\n"))
    #expect(verbose.contains("  log-end offsets read: 0 s ago\n"))
  }

  @Test("A group that is not watched stops a rollout but restarts nothing, and is told once")
  func unknownGroup() throws {
    let world = try stalled()
    var routes = Routes(host: "vm", allowOrigin: nil)
    let first = ask(world, "/consumer/typo/livez", routes: &routes)
    #expect(first.response.status.code == 200)
    #expect(first.log != nil)
    let second = ask(world, "/consumer/typo/readyz", routes: &routes)
    #expect(second.response.status.code == 404)
    #expect(second.log == nil)
    #expect(ask(world, "/consumer/typo/startupz").code == 200)
  }

  @Test("Burrow's status in Burrow's bytes")
  func burrowStatus() throws {
    let world = try stalled()
    let seconds = world.now.wallSeconds
    func commit(_ ago: Int64, _ lag: Int64) -> String {
      let time = (seconds - ago) * 1000
      return "{\"offset\":100,\"timestamp\":\(time),\"observedAt\":\(time),\"lag\":\(lag)}"
    }
    let partition =
      "{\"topic\":\"orders\",\"partition\":0,\"owner\":\"\",\"client_id\":\"\","
      + "\"status\":\"STALL\",\"start\":\(commit(2, 2)),\"end\":\(commit(0, 4)),"
      + "\"current_lag\":5,\"complete\":1}"
    let expected =
      "{\"error\":false,\"message\":\"consumer status returned\",\"status\":{\"cluster\":\"local\","
      + "\"group\":\"g\",\"status\":\"ERR\",\"complete\":1,\"partitions\":[\(partition)],"
      + "\"partition_count\":1,\"maxlag\":\(partition),\"totallag\":5},"
      + "\"request\":{\"url\":\"/v3/kafka/local/consumer/g/status\",\"host\":\"vm\"}}"
    let answer = ask(world, "/v3/kafka/local/consumer/g/status")
    #expect(answer.code == 200)
    #expect(answer.body == expected)
    let lag = ask(world, "/v3/kafka/local/consumer/g/lag")
    #expect(lag.body == expected.replacingOccurrences(of: "g/status", with: "g/lag"))
  }

  @Test("Burrow's NOTFOUND: 404 with error false", arguments: ["zz", "quiet"])
  func burrowNotFound(group: String) throws {
    let world = try stalled()
    let answer = ask(world, "/v3/kafka/local/consumer/\(group)/lag")
    #expect(answer.code == 404)
    #expect(
      answer.body
        == "{\"error\":false,\"message\":\"consumer status returned\",\"status\":{\"cluster\":"
        + "\"local\",\"group\":\"\(group)\",\"status\":\"NOTFOUND\",\"complete\":1,"
        + "\"partitions\":[],\"partition_count\":0,\"maxlag\":null,\"totallag\":0},"
        + "\"request\":{\"url\":\"/v3/kafka/local/consumer/\(group)/lag\",\"host\":\"vm\"}}")
    #expect(ask(world, "/v3/kafka/LOCAL/consumer/g/lag").code == 404, "names keep their case")
  }

  @Test(
    "Other paths get Burrow's answer to what it does not know",
    arguments: [
      "/nope", "/consumer", "/consumer/g", "/consumer/g/nope", "/consumer/g/livez/x",
      "/v3/kafka/local/consumer/g/nope", "/livez/ping/x",
    ])
  func unknownPaths(path: String) throws {
    let answer = ask(try stalled(), path)
    #expect(answer.code == 404)
    #expect(answer.body == "{\"error\":true,\"message\":\"invalid request type\",\"result\":{}}\n")
  }

  @Test("HEAD is for probes; Burrow's routes refuse it as Burrow does")
  func head() throws {
    let world = try stalled()
    #expect(ask(world, "/consumer/readyz", method: .head).code == 503)
    #expect(ask(world, "/v3/kafka/local/consumer/g/lag", method: .head).code == 405)
  }
}

@Suite("Log lines")
struct LogFormatTests {
  private let record = LogRecord(.warn, "cluster cannot be asked")
    .with("cluster", "main").with("error", "a \"b\"\n\u{1b}[31m").with("seconds", 5)

  @Test("JSON: one object a line, times in seconds")
  func json() throws {
    let line = LogFormat.json.line(record, wall: 1_795_175_337_616)
    #expect(line.last == 10)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    #expect(object["level"] as? String == "warn")
    #expect(object["ts"] as? Double == 1_795_175_337.616)
    #expect(object["msg"] as? String == "cluster cannot be asked")
    #expect(object["error"] as? String == "a \"b\"\n\u{1b}[31m")
    #expect(object["seconds"] as? Int == 5)
  }

  @Test("Plain: nothing of a foreign text reaches the terminal as a control character")
  func plain() {
    let line = String(
      decoding: LogFormat.plain.line(record, wall: 1_795_175_337_616), as: UTF8.self)
    #expect(
      line
        == "2026-11-20T11:48:57.616Z WARN cluster cannot be asked cluster=main "
        + "error=\"a \\\"b\\\"\\u{a}\\u{1b}[31m\" seconds=5\n")
  }

  @Test(
    "Dates agree with Foundation's",
    arguments: [0, 951_782_399_000, 951_868_800_000, 4_107_542_400_000, -1, 1_709_164_800_000])
  func dates(wall: Int64) {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    let expected = formatter.string(from: Date(timeIntervalSince1970: Double(wall) / 1000))
    let line = String(
      decoding: LogFormat.plain.line(LogRecord(.info, "x"), wall: wall), as: UTF8.self)
    #expect(line == "\(expected) INFO x\n")
  }
}
