import ConnectClient
import Foundation
import Testing

@testable import Agent

@Suite("RPC: groups")
struct RPCTests {
  /// A group that stalls on one of two partitions, and one that never committed.
  static func stalled() throws -> RPCWorld {
    var world = try AgentWorld.watching(["orders", "quiet"])
    try world.start(groups: ["orders", "quiet"])
    try world.members(
      "orders", generation: 3, ["orders-0": ["orders": [0]], "orders-1": ["orders": [1]]])
    for head in 101...105 {
      world.advance(seconds: 1)
      try world.commit("orders", partition: 0, offset: 100)
      try world.commit("orders", partition: 1, offset: Int64(head))
      world.tick()
      world.answerTopics(["orders": 2])
      world.answerHeads([("orders", 0, Int64(head)), ("orders", 1, Int64(head))])
    }
    world.tick()
    return RPCWorld(world)
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
  }

  private func status(_ text: String) throws -> [String: Any] {
    try #require(try object(text)["status"] as? [String: Any])
  }

  @Test("A status says the verdict, why, and every partition with its owner")
  func groupStatus() throws {
    let host = try Self.stalled()
    let answer = host.call("GetGroupStatus", "{\"group\":\"orders\"}")
    #expect(answer.code == 200)
    let status = try status(answer.body)
    #expect(status["verdict"] as? String == "ERR")
    #expect(
      status["reason"] as? String
        == "1 of 2 partitions STALL: orders-0 lag 5, every commit of the window has the same offset"
    )
    #expect(status["complete"] as? Double == 1)
    #expect(status["totalLag"] as? String == "5")
    #expect(status["maxLag"] as? String == "5")
    let partitions = try #require(status["partitions"] as? [[String: Any]])
    #expect(partitions.map { $0["partition"] as? Int } == [0, 1])
    #expect(partitions.map { $0["status"] as? String } == ["STALL", "OK"])
    #expect(partitions.map { $0["rule"] as? String } == ["STALLED", "NO_LAG"])
    #expect(partitions.map { $0["committedOffset"] as? String } == ["100", "105"])
    #expect(partitions.map { $0["logEndOffset"] as? String } == ["105", "105"])
    #expect(partitions.map { $0["lag"] as? String } == ["5", "0"])
    let owners = partitions.compactMap { $0["owner"] as? [String: Any] }
    #expect(owners.map { $0["clientId"] as? String } == ["orders-0", "orders-1"])
    #expect(owners.map { $0["host"] as? String } == ["10.0.0.1", "10.0.0.1"])
    #expect(partitions.allSatisfy { $0["window"] == nil })
  }

  @Test("Windows come where they are asked for, oldest commit first")
  func windows() throws {
    let host = try Self.stalled()
    let answer = host.call("GetGroupStatus", "{\"group\":\"orders\",\"windows\":true}")
    let partitions = try #require(try status(answer.body)["partitions"] as? [[String: Any]])
    let window = try #require(partitions[1]["window"] as? [[String: Any]])
    #expect(window.map { $0["offset"] as? String } == ["103", "104", "105"])
    #expect(window.allSatisfy { ($0["commitTime"] as? String)?.hasSuffix("Z") == true })
  }

  @Test("The answer of a second is made once")
  func kept() throws {
    let host = try Self.stalled()
    let first = host.call("GetGroupStatus", "{\"group\":\"orders\"}").body
    host.world.advance(seconds: 5)
    #expect(host.call("GetGroupStatus", "{\"group\":\"orders\"}").body == first)
    host.service.forget()
    #expect(host.call("GetGroupStatus", "{\"group\":\"orders\"}").body != first)
  }

  @Test(
    "What cannot be answered says why",
    arguments: [
      ("{}", 400, "invalid_argument", "field \"group\": no group is named"),
      ("{\"group\":\"typo\"}", 404, "not_found", "group \"typo\" is not watched"),
      (
        "{\"group\":\"orders\",\"cluster\":\"gone\"}", 404, "not_found",
        "cluster \"gone\" is not watched"
      ),
    ])
  func refused(ask: String, code: Int, name: String, message: String) throws {
    for method in ["GetGroupStatus"] {
      let answer = try Self.stalled().call(method, ask)
      #expect(answer.code == code)
      let error = try object(answer.body)
      #expect(error["code"] as? String == name)
      #expect(error["message"] as? String == message)
    }
  }

  @Test("A group of two clusters wants its cluster named")
  func ambiguous() throws {
    let host = RPCWorld(
      try AgentWorld(
        """
        [cluster.east]
        servers = ["a:9092"]
        [cluster.west]
        servers = ["b:9092"]
        [consumer.east]
        cluster = "east"
        groups = ["g"]
        [consumer.west]
        cluster = "west"
        groups = ["g", "other"]
        """))
    let error = host.call("GetGroupStatus", "{\"group\":\"g\"}")
    #expect(error.code == 400)
    #expect(error.body.contains("field \\\"cluster\\\": group \\\"g\\\" is in \\\"east\\\" and "))
    let named = host.call("GetGroupStatus", "{\"group\":\"g\",\"cluster\":\"west\"}")
    #expect(try status(named.body)["cluster"] as? String == "west")
    let only = host.call("GetGroupStatus", "{\"group\":\"other\"}")
    #expect(try status(only.body)["cluster"] as? String == "west")
    let list = host.call("ListGroups", "{\"cluster\":\"west\"}")
    let groups = try #require(try object(list.body)["groups"] as? [[String: Any]])
    #expect(groups.map { $0["group"] as? String } == ["g", "other"])
  }

  @Test("The list has every group, by name, without partitions")
  func list() throws {
    let answer = try Self.stalled().call("ListGroups", "{}")
    let groups = try #require(try object(answer.body)["groups"] as? [[String: Any]])
    #expect(groups.map { $0["group"] as? String } == ["orders", "quiet"])
    #expect(groups.map { $0["verdict"] as? String } == ["ERR", "UNKNOWN"])
    #expect(groups.allSatisfy { $0["partitions"] == nil })
  }

  @Test("The agent says what it is, and what it reads")
  func agentInfo() throws {
    let host = try Self.stalled()
    let agent = try #require(
      try object(host.call("GetAgentInfo", "{}").body)["agent"] as? [String: Any])
    #expect(agent["version"] as? String == "1.2.3")
    #expect(agent["ready"] as? Bool == true)
    #expect(agent["logLevel"] as? String == "INFO")
    #expect(agent["startedAt"] as? String == "2026-11-18T11:06:30Z")
    let clusters = try #require(agent["clusters"] as? [[String: Any]])
    #expect(clusters.map { $0["name"] as? String } == ["local"])
    #expect(clusters.map { $0["groups"] as? Int } == [2])
    #expect((agent["configuration"] as? [String: Any])?["source"] as? String == "vole.toml")
  }

  @Test("An explanation has every clause of every probe, and the windows of what is not OK")
  func explanation() throws {
    let host = try Self.stalled()
    let answer = try object(host.call("ExplainGroup", "{\"group\":\"orders\"}").body)
    let decisions = try #require(answer["decisions"] as? [[String: Any]])
    #expect(decisions.map { $0["probe"] as? String } == ["LIVENESS", "READINESS", "STARTUP"])
    let clauses = try #require(decisions[0]["clauses"] as? [[String: Any]])
    #expect(
      clauses.map { $0["name"] as? String } == [
        "inputs", "partition", "hold", "progress", "common-cause", "stability", "governor", "pause",
      ])
    let status = try #require(answer["status"] as? [String: Any])
    let partitions = try #require(status["partitions"] as? [[String: Any]])
    #expect(partitions.map { $0["partition"] as? Int } == [0])
    #expect((partitions[0]["window"] as? [Any])?.count == 3)
    let one = try object(
      host.call("ExplainGroup", "{\"group\":\"orders\",\"topic\":\"orders\",\"partition\":1}").body)
    let shown = (one["status"] as? [String: Any])?["partitions"] as? [[String: Any]]
    #expect(shown?.map { $0["partition"] as? Int } == [1])
  }

  @Test("A holder of a token of the group pauses it, and lets it count again")
  func pauses() throws {
    let host = try Self.stalled()
    let ask = "{\"group\":\"orders\",\"seconds\":60}"
    #expect(host.call("PauseGroup", ask).code == 403)
    host.tokens = try TokenTests.tokens
    let bearer = ["Authorization: Bearer orders-0123456789"]
    let until = "\"until\":\""
    #expect(host.call("PauseGroup", ask, fields: bearer).body.contains(until))
    #expect(
      host.call("ExplainGroup", "{\"group\":\"orders\"}", fields: bearer).body.contains(
        "\"pause\":{"))
    #expect(host.call("ResumeGroup", "{\"group\":\"orders\"}", fields: bearer).body.contains(until))
    #expect(host.call("ResumeGroup", "{\"group\":\"orders\"}", fields: bearer).body == "{}")
    #expect(
      host.call("PauseGroup", "{\"group\":\"quiet\",\"seconds\":60}", fields: bearer).code == 404)
    #expect(
      host.call("PauseGroup", "{\"group\":\"orders\",\"seconds\":604801}", fields: bearer).code
        == 400)
  }

  @Test("Too little is known for a scale hint at first")
  func scaleHint() throws {
    let answer = try Self.stalled().call("GetScaleHint", "{\"group\":\"orders\"}")
    #expect(answer.code == 503)
    #expect(try object(answer.body)["code"] as? String == "unavailable")
  }

  @Test("The level of the log is set by whoever holds a token for everything")
  func logLevel() throws {
    let host = try Self.stalled()
    let ask = "{\"level\":\"DEBUG\"}"
    #expect(host.call("SetLogLevel", ask).code == 403)
    host.tokens = try TokenTests.tokens
    #expect(host.call("SetLogLevel", ask).code == 401)
    #expect(
      host.call("SetLogLevel", ask, fields: ["Authorization: Bearer orders-0123456789"]).code == 403
    )
    #expect(host.level == .info)
    let bearer = ["Authorization: Bearer all-0123456789abcdef"]
    #expect(host.call("SetLogLevel", ask, fields: bearer).body == "{\"previous\":\"INFO\"}")
    #expect(host.level == .debug)
    #expect(host.call("SetLogLevel", "{}", fields: bearer).code == 400)
    #expect(host.call("SetLogLevel", "{\"level\":9}", fields: bearer).code == 400)
  }
}

@Suite("RPC: streams")
struct WatchTests {
  private func verdicts(_ exchange: Exchange) throws -> [String] {
    exchange.resume()
    return try exchange.messages.map { text in
      let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      let status = object?["status"] as? [String: Any]
      return status?["verdict"] as? String ?? object?["status"] as? String ?? text
    }
  }

  /// Lets the group commit what the head is, until its window holds nothing else.
  private func recover(_ host: RPCWorld) throws {
    for _ in 0..<3 {
      host.world.advance(seconds: 1)
      for partition: Int32 in [0, 1] {
        try host.world.commit("orders", partition: partition, offset: 105)
      }
    }
  }

  @Test("A stream begins at once and goes on at each change, not otherwise")
  func changes() throws {
    let host = try RPCTests.stalled()
    let stream = host.watch("WatchGroupStatus", "{\"group\":\"orders\"}")
    #expect(stream.status == 200)
    #expect(try verdicts(stream) == ["ERR"])
    for _ in 0..<5 { host.tick() }
    #expect(try verdicts(stream) == ["ERR"])
    try recover(host)
    host.tick()
    #expect(try verdicts(stream) == ["ERR", "OK"])
    #expect(host.service.openWatches == 1)
    stream.close()
    #expect(host.service.openWatches == 0)
  }

  @Test("A client that does not read gets the newest when it does")
  func newestOnly() throws {
    let host = try RPCTests.stalled()
    let stream = host.watch("WatchGroupStatus", "{\"group\":\"orders\"}")
    #expect(try verdicts(stream) == ["ERR"])
    try recover(host)
    host.tick()
    try host.world.tombstone("orders", partition: 0)
    try host.world.tombstone("orders", partition: 1)
    host.tick()
    #expect(try verdicts(stream) == ["ERR", "UNKNOWN"])
  }

  @Test("An owner that changes is told, and a window that fills")
  func ownersAndCompleteness() throws {
    let host = try RPCTests.stalled()
    let stream = host.watch("WatchGroupStatus", "{\"group\":\"orders\"}")
    try host.world.members("orders", generation: 4, ["orders-2": ["orders": [0, 1]]])
    host.tick()
    #expect(try verdicts(stream) == ["ERR", "ERR"])
    #expect(stream.messages[1].contains("\"clientId\":\"orders-2\""))
    try host.world.commit("orders", partition: 2, offset: 1)
    host.tick()
    #expect(try verdicts(stream).count == 3)
    try host.world.commit("orders", partition: 2, offset: 2)
    host.world.advance(seconds: 1)
    try host.world.commit("orders", partition: 2, offset: 3)
    host.tick()
    #expect(try verdicts(stream).count == 4)
  }

  @Test("A client may ask for a message now and then, whatever happens")
  func interval() throws {
    let host = try RPCTests.stalled()
    let stream = host.watch(
      "WatchGroupStatus", "{\"group\":\"orders\",\"maxIntervalSeconds\":3}")
    for second in 1...9 {
      host.tick()
      #expect(try verdicts(stream).count == 1 + second / 3)
    }
    #expect(
      host.watch("WatchGroupStatus", "{\"group\":\"orders\",\"maxIntervalSeconds\":-1}")
        .messages.last?.contains("\"code\":\"invalid_argument\"") == true)
  }

  @Test("A group that a reload removes is told to be gone, and told when it comes back")
  func gone() throws {
    let host = try RPCTests.stalled()
    let stream = host.watch("WatchGroupStatus", "{\"group\":\"orders\"}")
    #expect(try verdicts(stream) == ["ERR"])
    func file(_ groups: String) -> String {
      """
      [cluster.local]
      servers = ["broker:9092"]
      [consumer.local]
      cluster = "local"
      groups = [\(groups)]
      [storage.default]
      intervals = 3
      """
    }
    try host.world.reload(file("\"quiet\""))
    host.tick()
    #expect(try verdicts(stream) == ["ERR", "NOTFOUND"])
    try host.world.reload(file("\"quiet\", \"orders\""))
    host.tick()
    #expect(try verdicts(stream).last == "UNKNOWN")
  }

  @Test("Without a group every one is watched, each in messages of its own")
  func everything() throws {
    let host = try RPCTests.stalled()
    let stream = host.watch("WatchGroupStatus", "{\"maxIntervalSeconds\":5}")
    #expect(try verdicts(stream) == ["ERR", "UNKNOWN"])
    host.tick()
    #expect(try verdicts(stream).count == 2)
    try host.world.commit("quiet", offset: 1)
    host.tick()
    #expect(try verdicts(stream).count == 3)
    #expect(stream.messages[2].contains("\"group\":\"quiet\""))
    for _ in 0..<3 { host.tick() }
    #expect(try verdicts(stream).count == 5)
  }

  @Test("The list is watched as a whole, in one message")
  func list() throws {
    let host = try RPCTests.stalled()
    let stream = host.watch("WatchGroups", "{}")
    stream.resume()
    host.tick()
    stream.resume()
    #expect(stream.messages.count == 1)
    try host.world.commit("quiet", offset: 1)
    host.tick()
    stream.resume()
    #expect(stream.messages.count == 2)
    #expect(stream.messages[1].contains("\"group\":\"quiet\""))
    #expect(stream.messages[1].contains("\"group\":\"orders\""))
  }

  @Test("Of each group the newest is sent, however many have changed")
  func newestOfEach() throws {
    let host = try RPCTests.stalled()
    let stream = host.watch("WatchGroupStatus", "{}")
    #expect(try verdicts(stream) == ["ERR", "UNKNOWN"])
    try recover(host)
    host.tick()
    try host.world.commit("quiet", offset: 1)
    host.tick()
    try host.world.tombstone("orders", partition: 0)
    try host.world.tombstone("orders", partition: 1)
    host.tick()
    #expect(try verdicts(stream).count == 4)
    #expect(stream.messages[2].contains("\"group\":\"orders\",\"verdict\":\"UNKNOWN\""))
    #expect(stream.messages[3].contains("\"group\":\"quiet\""))
  }

  @Test("A group that is not watched has no stream")
  func unknown() throws {
    let host = try RPCTests.stalled()
    let stream = host.watch("WatchGroupStatus", "{\"group\":\"typo\"}")
    #expect(stream.status == 200)
    #expect(
      stream.messages == [
        "{\"error\":{\"code\":\"not_found\",\"message\":\"group \\\"typo\\\" is not watched\"}}"
      ])
    #expect(host.service.openWatches == 0)
  }

  @Test("A thousand watchers get one message each, made once")
  func thousand() throws {
    let host = try RPCTests.stalled()
    let streams = (0..<1000).map { _ in
      host.watch("WatchGroupStatus", "{\"group\":\"orders\"}")
    }
    #expect(host.service.openWatches == 1000)
    try recover(host)
    host.tick()
    for stream in streams { #expect(try verdicts(stream) == ["ERR", "OK"]) }
    for stream in streams { stream.close() }
    #expect(host.service.openWatches == 0)
  }
}

@Suite("RPC: health")
struct HealthTests {
  private func check(_ host: RPCWorld, _ json: String) -> (code: Int, body: String) {
    let exchange = host.open("\(RPCService.health)/Check", json, isStream: false)
    return (exchange.status, exchange.body)
  }

  @Test("Groups and the agent serve, or do not")
  func check() throws {
    let host = try RPCTests.stalled()
    #expect(check(host, "{}") == (200, "{\"status\":\"SERVING\"}"))
    #expect(check(host, "{\"service\":\"orders\"}") == (200, "{\"status\":\"NOT_SERVING\"}"))
    #expect(check(host, "{\"service\":\"quiet\"}") == (200, "{\"status\":\"UNKNOWN\"}"))
    #expect(check(host, "{\"service\":\"typo\"}").code == 404)
    let young = RPCWorld(try AgentWorld.watching(["orders"]))
    #expect(check(young, "{}") == (200, "{\"status\":\"NOT_SERVING\"}"))
  }

  @Test("A watch says what changes, and waits for a group that is not watched")
  func watch() throws {
    let host = try RPCTests.stalled()
    let known = host.open("\(RPCService.health)/Watch", "{\"service\":\"orders\"}", isStream: true)
    let unknown = host.open("\(RPCService.health)/Watch", "{\"service\":\"typo\"}", isStream: true)
    for partition: Int32 in [0, 1] {
      for _ in 0..<3 {
        host.world.advance(seconds: 1)
        try host.world.commit("orders", partition: partition, offset: 105)
      }
    }
    known.resume()
    host.tick()
    known.resume()
    unknown.resume()
    #expect(known.messages == ["{\"status\":\"NOT_SERVING\"}", "{\"status\":\"SERVING\"}"])
    #expect(unknown.messages == ["{\"status\":\"SERVICE_UNKNOWN\"}"])
  }
}

@Suite("Tokens: who sees what")
struct TokenTests {
  /// A token for everything and one for a group.
  static var tokens: AccessTokens {
    get throws {
      let directory = FileManager.default.temporaryDirectory.appending(
        path: "vole-tokens-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: directory) }
      for (name, secret) in [("all", "all-0123456789abcdef"), ("orders", "orders-0123456789")] {
        try Data("\(secret)\n".utf8).write(to: directory.appending(path: name))
      }
      let configuration = try AgentWorld.configuration(
        """
        [cluster.local]
        servers = ["broker:9092"]
        [consumer.local]
        groups = ["orders"]
        [token.all]
        file = "\(directory.path)/all"
        groups = ["*"]
        [token.orders]
        file = "\(directory.path)/orders"
        groups = ["orders"]
        """)
      return AccessTokens(configuration.tokens)
    }
  }

  @Test("A secret is somebody's only when it is the whole of it")
  func callers() throws {
    let tokens = try Self.tokens
    func caller(_ text: String) -> Caller { tokens.caller(showing: Array(text.utf8)) }
    #expect(caller("all-0123456789abcdef") == .holder(name: "all", scope: .all))
    #expect(caller("orders-0123456789") == .holder(name: "orders", scope: .named(["orders"])))
    for wrong in [
      "", "all-0123456789abcde", "all-0123456789abcdeg", "all-0123456789abcdefa",
      "all-0123456789abcdefall-0123456789abcdef", "ALL-0123456789abcdef",
    ] {
      #expect(caller(wrong) == .stranger, "\(wrong)")
    }
    #expect(AccessTokens().caller(showing: []) == .anybody)
  }

  @Test("A token sees its groups alone, in every method and stream")
  func scope() throws {
    let host = try RPCTests.stalled()
    host.tokens = try Self.tokens
    let bearer = ["Authorization: Bearer orders-0123456789"]
    let basic = [
      "Authorization: Basic \(Data("telegraf:orders-0123456789".utf8).base64EncodedString())"
    ]
    for fields in [bearer, basic] {
      #expect(host.call("GetGroupStatus", "{\"group\":\"orders\"}", fields: fields).code == 200)
      #expect(host.call("GetGroupStatus", "{\"group\":\"quiet\"}", fields: fields).code == 404)
      let list = host.call("ListGroups", "{}", fields: fields).body
      #expect(list.contains("\"orders\"") && !list.contains("quiet"))
    }
    #expect(host.call("ListGroups", "{}").code == 401)
    #expect(host.call("ListGroups", "{}", fields: ["Authorization: Bearer wrong"]).code == 401)
    let stream = host.watch("WatchGroupStatus", "{}", fields: bearer)
    stream.resume()
    #expect(stream.messages.count == 1 && !stream.messages[0].contains("quiet"))
    let hidden = host.watch("WatchGroupStatus", "{\"group\":\"quiet\"}", fields: bearer)
    #expect(hidden.messages.last?.contains("not_found") == true)
    let info = host.call("GetAgentInfo", "{}", fields: bearer).body
    #expect(info.contains("\"groups\":1") && !info.contains("configuration"))
    host.service.endWatches()
    stream.resume()
    #expect(stream.messages.last?.contains("\"code\":\"unavailable\"") == true)
  }
}
