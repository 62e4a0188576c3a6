import Agent
import Configuration
import Foundation
import LagCore
import Testing

private let one = """
  [cluster.one]
  servers = ["one:9092"]
  [consumer.one]
  cluster = "one"
  groups = ["a"]
  """

private let two = """
  [cluster.two]
  servers = ["two:9092"]
  [consumer.two]
  cluster = "two"
  groups = ["b"]
  """

private let limits = """
  [storage.default]
  intervals = 3
  [probe]
  minimum-complete = 1.0
  """

@Suite("Reload: settings, connections, clusters")
struct ReloadTests {
  /// A world in which `a` commits `count` times, each time all that there is.
  private func world(_ toml: String, commits count: Int = 3) throws -> AgentWorld {
    var world = try AgentWorld(toml, partitionCount: 1)
    try world.start(groups: ["a"])
    for _ in 0..<count { try turn(&world) }
    _ = world.take()
    return world
  }

  private func turn(_ world: inout AgentWorld) throws {
    world.advance(seconds: 1)
    let head = 100 + (world.now.wall - 1_795_000_000_000) / 1000
    try world.commit("a", offset: head)
    world.reachEnd(0)
    world.tick()
    world.answerTopics()
    world.answerHeads([("orders", 0, head)])
  }

  private func window(_ world: AgentWorld) -> [Int64] {
    let partition = world.agent.evaluate(group: "a", cluster: "one", now: world.now)?
      .topics.first?.partitions.first
    return [partition?.start?.order ?? -1, partition?.end?.order ?? -1]
  }

  @Test("Nothing has changed: that is said, and nothing is done")
  func unchanged() throws {
    var world = try world(one)
    try world.reload("# a remark\n" + one, because: .signal)
    let effects = world.take()
    #expect(effects.logged.first == "configuration reloaded: nothing has changed")
    #expect(effects.lines.first?.contains("cause=signal") == true)
    #expect(effects.reads.isEmpty && effects.rereads.isEmpty && effects.stops.isEmpty)
    #expect(!effects.contains(.reconnect(cluster: 0)))
    #expect(world.agent.reload.successes == 1)
    #expect(world.report("a")?.verdict == .ok)
  }

  @Test("A wrong configuration at the start is told as such: nothing was loaded before")
  func refusedAtStart() throws {
    var world = try world(one)
    world.effects += world.agent.refuse(["x"], because: .start, at: world.now)
    #expect(
      world.take().lines.last
        == "the configuration is wrong; the last good one runs in its place cause=start problems=1")
    world.effects += world.agent.refuse(["x"], because: .files, at: world.now)
    #expect(world.take().isEmpty, "it is the same mistake")
  }

  @Test("A wrong configuration changes nothing, is told once, and counted")
  func refused() throws {
    var world = try world(one)
    let problems = ["vole.toml:1: x: unknown section", "vole.toml:2: y: is missing"]
    world.effects += world.agent.refuse(problems, because: .files, at: world.now)
    #expect(
      world.take().lines == [
        "configuration refused problem=vole.toml:1: x: unknown section",
        "configuration refused problem=vole.toml:2: y: is missing",
        "the configuration was not reloaded; the old one stays cause=files problems=2",
      ])
    world.advance(seconds: 30)
    #expect(
      world.agent.reload.summary(now: world.now)?.hasSuffix(
        "; refused 30 s ago: vole.toml:1: x: unknown section (and 1 more)") == true)
    world.effects += world.agent.refuse(problems, because: .files, at: world.now)
    #expect(world.take().isEmpty)
    world.effects += world.agent.refuse([problems[1], "new"], because: .files, at: world.now)
    #expect(
      world.take().lines.first == "configuration refused problem=new")
    world.effects += world.agent.refuse([problems[1]], because: .signal, at: world.now)
    #expect(world.take().logged.count == 2)
    #expect(world.agent.reload.failures == 4)
    #expect(!world.agent.reload.isGood)
    #expect(world.report("a")?.verdict == .ok)

    var routes = Routes(host: "vm", allowOrigin: nil)
    let metrics = { (routes: inout Routes, agent: borrowing Agent, now: Moment) in
      let response = routes.answer(RouteRequest(path: "/metrics"), agent: agent, now: now).response
      return String(decoding: response.body, as: UTF8.self)
    }
    var text = metrics(&routes, world.agent, world.now)
    #expect(text.contains("\nvole_config_last_reload_successful 0\n"))
    #expect(text.contains("\nvole_config_reloads_total{result=\"failure\"} 4\n"))

    try world.reload(one)
    text = metrics(&routes, world.agent, world.now)
    #expect(text.contains("\nvole_config_last_reload_successful 1\n"))
    #expect(text.contains("\nvole_config_reloads_total{result=\"success\"} 1\n"))
    let fingerprint = try AgentWorld.configuration(one).fingerprint
    #expect(
      text.contains(
        "\nvole_config_info{fingerprint=\"\(fingerprint)\",source=\"vole.toml\"} 1\n"))
    #expect(world.agent.reload.isGood)
    #expect(world.agent.reload.summary(now: world.now)?.contains("refused") == false)
  }

  @Test("What is changed is told, and what takes a restart; new warnings too, old ones not")
  func told() throws {
    var world = try world(one + "\n[general]\npidfile = \"/p\"")
    try world.reload(
      one + "\n[general]\npidfile = \"/p\"\nstdout-logfile = \"/l\"\n[httpserver.default]\n"
        + "address = \":8001\"\n[logging]\nlevel = \"debug\"")
    let lines = world.take().lines
    #expect(
      lines.contains {
        $0.hasPrefix(
          "configuration changed, which takes effect at the next start change=httpserver.")
      })
    #expect(
      lines.contains("configuration changed change=logging.level: \"info\" -> \"debug\""))
    #expect(lines.count { $0.hasPrefix("configuration text=") } == 1)
  }

  @Test("Another size of windows keeps the newest commits")
  func windows() throws {
    var world = try world(one + "\n" + limits.replacing("= 3", with: "= 4"), commits: 6)
    #expect(window(world) == [2, 5])
    try world.reload(one + "\n" + limits.replacing("= 3", with: "= 2"))
    #expect(window(world) == [4, 5])
    #expect(world.report("a")?.verdict == .ok)
    try world.reload(one + "\n" + limits.replacing("= 3", with: "= 5"))
    #expect(window(world) == [4, 5])
    for _ in 0..<5 { try turn(&world) }
    #expect(window(world) == [6, 10])
  }

  @Test("How it is judged takes effect at once")
  func judgement() throws {
    var world = try AgentWorld(one + "\n" + limits, partitionCount: 1)
    try world.start(groups: ["a"])
    try world.commit("a", offset: 1)
    world.reachEnd(0)
    world.tick(seconds: 1)
    world.answerTopics()
    world.answerHeads([("orders", 0, 100)])
    #expect(world.report("a")?.verdict == .unknown)
    try world.reload(one + "\n" + limits.replacing("1.0", with: "0.0"))
    #expect(world.report("a")?.verdict == .error)

    // Inputs become stale earlier.
    try world.reload(one + "\n" + limits.replacing("1.0", with: "0.0\nstale-after = 5"))
    world.tick(seconds: 6)
    #expect(world.report("a")?.verdict == .unknown)
    try world.reload(one + "\n" + limits.replacing("1.0", with: "0.0\nstale-after = 60"))
    #expect(world.report("a")?.verdict == .error)
  }

  @Test("Another refresh counts from now on, not after the old one")
  func refresh() throws {
    let slow = one.replacing("[\"one:9092\"]", with: "[\"one:9092\"]\noffset-refresh = 3600")
    var world = try world(slow)
    world.tick(seconds: 20)
    #expect(world.take().headLookUps.isEmpty)
    try world.reload(slow.replacing("3600", with: "10"))
    world.answerTopics()
    #expect(!world.take().headLookUps.isEmpty)
    world.answerHeads([("orders", 0, 200)])
    world.tick(seconds: 10)
    world.answerTopics()
    #expect(!world.take().headLookUps.isEmpty)
  }

  // MARK: Connections

  @Test("Other servers or credentials make new clients; windows stay, questions are asked anew")
  func reconnects() throws {
    var world = try world(one)
    world.tick(seconds: 60)
    #expect(!world.take().topicLookUps.isEmpty)
    try world.reload(one.replacing("one:9092", with: "uno:9092"))
    let effects = world.take()
    let reconnect = try #require(effects.firstIndex(of: .reconnect(cluster: 0)))
    let asked = try #require(
      effects.firstIndex { if case .lookUpTopics = $0 { true } else { false } })
    #expect(reconnect < asked)
    #expect(effects.reads.isEmpty && effects.rereads.isEmpty)
    #expect(window(world)[1] == 2)
    try turn(&world)
    #expect(window(world)[1] == 3)
    #expect(world.report("a")?.verdict == .ok)
  }

  @Test("Another content of a certificate or password file makes new clients too")
  func rotation() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "vole-\(UUID())")
    try Data("one".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let secured =
      one.replacing("[\"one:9092\"]", with: "[\"one:9092\"]\nclient-profile = \"P\"")
      + "\n[client-profile.P]\ntls = \"T\"\n[tls.T]\ncafile = \"\(file.path)\""
    var world = try world(secured)
    try world.reload(secured)
    #expect(!world.take().contains(.reconnect(cluster: 0)))
    try Data("two".utf8).write(to: file)
    try world.reload(secured)
    let effects = world.take()
    #expect(effects.contains(.reconnect(cluster: 0)))
    #expect(
      effects.lines.contains(
        "configuration changed change=\"\(file.path)\": the file has changed"))
  }

  @Test("New credentials have the offsets topic tried again that was refused to the old ones")
  func forgiven() throws {
    var world = try world(one)
    world.send(
      .partitionFault(
        cluster: 0, partition: 0, ClusterFault(kind: .authorization, message: "denied")))
    world.tick(seconds: 1)
    #expect(world.report("a")?.source.hasPrefix("OffsetFetch") == true)
    _ = world.take()
    try world.reload(one.replacing("one:9092", with: "uno:9092"))
    #expect(world.take().reads == [[0]])
    #expect(world.status.readsTopic)
  }

  // MARK: Clusters

  @Test("A cluster that is added is looked at; the agent stays ready and its probes pass")
  func addsCluster() throws {
    var world = try world(one)
    try world.reload(two + "\n" + one)
    let effects = world.take()
    #expect(
      effects.contains(.lookUpTopics(cluster: 0, topics: ["__consumer_offsets"])))
    #expect(world.agent.clusterNames == ["two", "one"])
    #expect(world.agent.isReady)
    #expect(world.report("a")?.verdict == .ok)
    #expect(world.report("b")?.verdict == .unknown)
    // What is answered under the new number reaches the right cluster.
    world.send(.clusterFault(cluster: 0, ClusterFault(kind: .unreachable, message: "down")))
    #expect(world.agent.clusterStatuses().map { $0.fault != nil } == [true, false])
    let request = RouteRequest(path: "/readyz", isVerbose: true)
    var routes = Routes(host: "vm", allowOrigin: nil)
    let answered = routes.answer(request, agent: world.agent, now: world.now)
    #expect(answered.response.status == .ok)
  }

  @Test("An agent that was not ready yet waits for the added cluster too")
  func addsClusterEarly() throws {
    var world = try AgentWorld(one, partitionCount: 1)
    world.tick()
    try world.reload(one + "\n" + two)
    #expect(!world.agent.isReady)
    #expect(!world.agent.clusterStatuses()[1].isReady)
  }

  @Test("A cluster that is removed takes its groups along, which answer UNKNOWN")
  func removesCluster() throws {
    var world = try world(one + "\n" + two)
    try world.reload(two)
    #expect(world.agent.clusterNames == ["two"])
    #expect(world.report("a")?.verdict == .unknown)
    #expect(world.report("a")?.reason == "this group was removed by a reload")
    #expect(world.agent.reports(now: world.now).map(\.group) == ["b"])
    var routes = Routes(host: "vm", allowOrigin: nil)
    let code = { (path: String) in
      routes.answer(RouteRequest(path: path), agent: world.agent, now: world.now).response.status
        .code
    }
    #expect(code("/consumer/a/readyz") == 200)
    #expect(code("/consumer/a/livez") == 200)
    #expect(code("/consumer/never/readyz") == 404)
    #expect(code("/v3/kafka/one/consumer/a/status") == 404)
    world.tick(seconds: 1)

    // It comes back as a new one.
    try world.reload(one)
    #expect(world.report("a")?.reason == "__consumer_offsets has not been looked up yet")
    #expect(world.report("b")?.reason == "this group was removed by a reload")
  }

  @Test("A cluster without consumers watches nothing")
  func withoutConsumers() throws {
    var world = try world(one)
    try world.reload(
      one.replacing("cluster = \"one\"", with: "cluster = \"other\"")
        + "\n[cluster.other]\nservers = [\"o:9092\"]")
    #expect(world.report("a")?.cluster == "one" || world.report("a")?.cluster == "other")
    for _ in 0..<3 { world.tick(seconds: 10) }
    #expect(world.agent.reports(now: world.now).map(\.cluster) == ["other"])
    #expect(world.agent.continuations(in: try AgentWorld.configuration(one)) == [0])
    try world.reload(one)
    #expect(world.agent.reports(now: world.now).map(\.cluster) == ["one"])
  }

  @Test("Another offsets topic is another cluster")
  func offsetsTopic() throws {
    var world = try world(one)
    let other = one + "\noffsets-topic = \"mirrored\""
    #expect(world.agent.continuations(in: try AgentWorld.configuration(other)) == [nil])
    try world.reload(other)
    #expect(world.take().topicLookUps == [["mirrored"]])
    #expect(window(world) == [-1, -1])
  }

  @Test("Each cluster fails on its own, and names keep their case")
  func failsAlone() throws {
    let upper = two.replacing("two", with: "One")
    var world = try world(one + "\n" + upper)
    #expect(world.agent.clusterNames == ["one", "One"])
    for _ in 0..<10 {
      world.send(.clusterFault(cluster: 1, ClusterFault(kind: .unreachable, message: "down")))
      try turn(&world)
    }
    #expect(world.report("a")?.verdict == .ok)
    #expect(world.report("b")?.reason == "cluster One: down")
    #expect(world.agent.evaluate(group: "a", cluster: "One", now: world.now) == nil)
    #expect(world.agent.evaluate(group: "a", cluster: "one", now: world.now) != nil)
  }
}

@Suite("When the files of the configuration are looked at")
struct ReloadScheduleTests {
  @Test("A change is looked at after a quiet moment, several changes are one")
  func quiet() {
    var schedule = ReloadSchedule(now: 0)
    #expect(schedule.takeDue(now: 1000) == false)
    for time in stride(from: Int64(1000), to: 2000, by: 100) {
      schedule.stir(now: time)
      #expect(schedule.takeDue(now: time + 99) == false)
    }
    #expect(schedule.takeDue(now: 2399) == false)
    #expect(schedule.takeDue(now: 2400) == true)
    #expect(schedule.takeDue(now: 2401) == false)
  }

  @Test("Changes without end are looked at all the same")
  func restless() {
    var schedule = ReloadSchedule(now: 0)
    var looks = 0
    for time in stride(from: Int64(0), to: 60_000, by: 100) {
      schedule.stir(now: time)
      if schedule.takeDue(now: time) { looks += 1 }
    }
    #expect(looks == 11)
  }

  @Test("Without any sign there is a look once a minute")
  func periodic() {
    var schedule = ReloadSchedule(now: 5000)
    #expect(schedule.takeDue(now: 64_999) == false)
    #expect(schedule.takeDue(now: 65_000) == true)
    #expect(schedule.takeDue(now: 124_999) == false)
    #expect(schedule.takeDue(now: 125_001) == true)
  }
}
