import Configuration
import LagCore
import Testing

import Agent

@Suite("The agent's probes")
struct DecisionTests {
  @Test("Only the pod that owns the stuck partition fails, after its hold", arguments: 0..<3)
  func ownPod(pod: Int) throws {
    var world = try DecisionWorld(pod: "orders-\(pod)")
    #expect(world.ask("livez").code == 200)
    world.stuck = [2]
    try world.run(seconds: 9)
    #expect(world.ask("livez").code == 200)
    try world.run(seconds: 12)
    let (code, text) = world.ask("livez")
    #expect(code == (pod == 1 ? 503 : 200), "\(text)")
    #expect(world.ask("livez", group: "g").code == code)
    #expect(
      text.contains(
        pod == 1
          ? "liveness fails: 1 partition of this pod stands: orders-2 at offset"
          : "liveness passes: partition: no partition of this pod is STOP or STALL, 1 of others"),
      "\(text)")
    #expect(world.logged.contains("liveness fails") == (pod == 1))
  }

  @Test("A passing answer stands, a failing one and start-up are given anew")
  func standingAnswers() throws {
    var world = try DecisionWorld(pod: "orders-1")
    func stands(_ path: String) -> Bool {
      var routes = Routes(host: "vm", allowOrigin: nil)
      return routes.answer(RouteRequest(path: path), agent: world.world.agent, now: world.world.now)
        .stands
    }
    #expect(stands("/livez") && stands("/consumer/livez") && stands("/consumer/readyz"))
    #expect(!stands("/consumer/startupz"))
    world.stuck = [2]
    try world.run(seconds: 21)
    #expect(!stands("/consumer/livez") && !stands("/consumer/g/livez"))
    #expect(stands("/consumer/readyz"))
  }

  @Test("Probes that get the answer of a moment ago are seen as well")
  func repeatedProbes() throws {
    var world = try DecisionWorld()
    for _ in 0..<5 {
      world.world.agent.askedAgain(.liveness, at: world.world.now)
      world.world.agent.askedAgain(.readiness, at: world.world.now)
      try world.run(seconds: 3)
    }
    #expect(world.world.agent.decisions.governor.probePeriod == 3_000)
  }

  @Test("Most owners stuck is nobody's fault")
  func commonCause() throws {
    var world = try DecisionWorld()
    world.stuck = Set(0..<6)
    try world.run(seconds: 60)
    let (code, text) = world.ask("livez")
    #expect(code == 200)
    #expect(text.contains("common-cause") || text.contains("progress: no other owner"), "\(text)")
  }

  @Test("A restart that helps is counted once, and one that does not ends as poison")
  func poison() throws {
    var world = try DecisionWorld()
    world.stuck = [2]
    try world.run(seconds: 25)
    #expect(world.ask("livez").code == 503)
    try world.run(seconds: 10)
    #expect(world.ask("livez").code == 503)
    try world.restart(pod: 1)
    #expect(world.ask("startupz").code == 200)
    #expect(world.world.agent.decisions.governor.restartsCounted == 1)
    try world.run(seconds: 3)
    let (code, text) = world.ask("livez")
    #expect(code == 200, "\(text)")
    try world.run(seconds: 60)
    let (later, why) = world.ask("livez")
    #expect(later == 200)
    #expect(why.contains("(poison)"), "\(why)")
    #expect(world.world.agent.decisions.governor.restartsCounted == 1)
    #expect(world.logged.contains("restarts do not help with partitions: poison"))
  }

  @Test("A failure that nobody acts upon is given up, and told")
  func notActedOn() throws {
    var world = try DecisionWorld("fail-for = 30")
    world.stuck = [2]
    try world.run(seconds: 25)
    for _ in 0..<4 {
      _ = world.ask("livez")
      try world.run(seconds: 10)
    }
    #expect(world.ask("livez").code == 200)
    #expect(world.world.agent.decisions.governor.failuresNotActedOn == 1)
    #expect(world.logged.contains("liveness failed, and nobody restarted the container"))
  }

  @Test("Readiness waits for progress of the new container, and a bad one never gets ready")
  func gate() throws {
    var world = try DecisionWorld()
    #expect(world.ask("readyz").code == 200)
    world.stuck = [2, 3]
    #expect(world.ask("startupz").code == 200)
    try world.restart(pod: 1)
    try world.run(seconds: 20)
    let (code, text) = world.ask("readyz")
    #expect(code == 503)
    #expect(text.contains("readiness fails: no sign of this container's consumer yet"), "\(text)")
    world.stuck = []
    try world.run(seconds: 3)
    #expect(world.ask("readyz").code == 200)
  }

  @Test(
    "Brokers that do not answer open the gate; those that refuse the agent do not",
    arguments: [
      ClusterFault.Kind.unreachable, .authentication, .authorization, .unknownTopic, .unsupported,
      .other,
    ])
  func faults(kind: ClusterFault.Kind) throws {
    var world = try DecisionWorld()
    world.stuck = [2, 3]
    try world.run(seconds: 3)
    #expect(world.ask("startupz").code == 200)
    try world.run(seconds: 3)
    #expect(world.ask("readyz").code == 503)
    world.world.send(.clusterFault(cluster: 0, ClusterFault(kind: kind, message: "no")))
    world.world.advance(seconds: 1)
    world.world.send(.tick)
    #expect(world.ask("readyz").code == (kind == .unreachable ? 200 : 503))
  }

  @Test("A pause of the configuration lets liveness pass until it ends")
  func pauses() throws {
    // The world begins at 11:06:40.
    var world = try DecisionWorld("paused = \"2026-11-18T11:08:00Z\"")
    world.stuck = [2]
    try world.run(seconds: 40)
    #expect(world.ask("livez").text.contains("liveness passes: pause: the group is paused"))
    #expect(world.world.agent.decisionReports(now: world.world.now)[0].isPaused)
    try world.run(seconds: 60)
    #expect(!world.world.agent.decisionReports(now: world.world.now)[0].isPaused)
    #expect(world.ask("livez").code == 503)
  }

  @Test("A pause by a call counts for this pod and ends by another")
  func pauseByCall() throws {
    var world = try DecisionWorld()
    world.stuck = [2]
    try world.run(seconds: 30)
    #expect(world.ask("livez").code == 503)
    let until = world.world.now.wall + 3_600_000
    #expect(
      world.world.agent.pause(group: "g", until: until, at: world.world.now)?.contains(.saveState)
        == true)
    try world.run(seconds: 1)
    #expect(world.ask("livez").code == 200)
    #expect(world.world.agent.pause(group: "g", until: nil, at: world.world.now) != nil)
    try world.run(seconds: 40)
    #expect(world.ask("livez").code == 503)
    #expect(world.world.agent.pause(group: "zz", until: nil, at: world.world.now) == nil)
  }

  @Test("With exit-88 the agent ends itself once liveness has failed for half a minute")
  func exits() throws {
    var world = try DecisionWorld("mode = \"exit-88\"", general: "state-dir = \"/state\"")
    world.stuck = [2]
    try world.run(seconds: 40)
    #expect(!world.world.kept.contains(.exit(code: 88)))
    try world.run(seconds: 40)
    #expect(world.world.kept.contains(.exit(code: 88)))
    #expect(world.world.kept.contains(.saveState))
    #expect(world.world.kept.filter { $0 == .exit(code: 88) }.count == 1)
  }

  @Test("Settings of a group count for that group alone, and change with a reload")
  func overrides() throws {
    var world = try DecisionWorld("[probe.slow]\ngroups = [\"g\"]\nhold = 3000")
    world.stuck = [2]
    try world.run(seconds: 60)
    let (code, text) = world.ask("livez")
    #expect(code == 200)
    #expect(text.contains("of the 3000 s that are asked for"), "\(text)")
  }

  @Test("A group that a reload removes fails nothing any more")
  func removed() throws {
    var world = try DecisionWorld()
    world.stuck = [2]
    try world.run(seconds: 30)
    #expect(world.ask("livez").code == 503)
    var sources = ConfigurationSources()
    let file = """
      [cluster.other]
      servers = ["broker:9092"]
      [consumer.other]
      groups = ["h"]
      """
    sources.file = (name: "vole.toml", bytes: Array(file.utf8))
    sources.environment = ["POD_NAME": "orders-1"]
    world.world.effects += world.world.agent.reconfigure(
      try Configuration(sources), because: .signal, at: world.world.now)
    world.world.tick(seconds: 1)
    #expect(world.ask("livez").code == 200)
    #expect(world.ask("livez", group: "g").code == 200)
    #expect(world.world.agent.decisions.failingGroup == nil)
  }

  @Test("What an agent counted the next one knows, and a damaged memory is told")
  func memory() throws {
    var world = try DecisionWorld()
    world.stuck = [2]
    try world.run(seconds: 25)
    #expect(world.ask("livez").code == 503)
    #expect(world.ask("startupz").code == 200)
    let bytes = StateFormat.encode(world.world.agent.state(now: world.world.now))
    #expect(world.world.agent.lastFailure?.contains("orders-2 stood at offset") == true)

    var next = try DecisionWorld()
    next.world.now = world.world.now
    next.world.agent.restore(try StateFormat.decode(bytes), now: next.world.now)
    #expect(next.world.agent.state(now: next.world.now).restarts.count == 1)
    let effects = next.world.agent.lost("it is damaged")
    #expect(effects.logged == ["the state of an earlier agent cannot be read and is forgotten"])
    #expect(next.ask("livez").code == 200)
    #expect(next.world.agent.memory.loss == "it is damaged")
  }

  @Test("Trouble with the disk is told once when it begins and once when it ends")
  func trouble() throws {
    var world = try DecisionWorld()
    #expect(world.world.agent.kept(trouble: nil).isEmpty)
    #expect(
      world.world.agent.kept(trouble: "no space left").logged
        == ["state cannot be kept; the agent works on without a memory"])
    #expect(world.world.agent.kept(trouble: "no space left").isEmpty)
    #expect(world.world.agent.kept(trouble: nil).logged == ["state is kept again"])
    #expect(world.world.agent.memory.failures == 2)
  }

  // MARK: Scale

  @Test("Scale is 503 with a reason until a history is there, and then a number")
  func scale() throws {
    var world = try DecisionWorld("[scale.a]\nhistory = 60")
    let early = world.ask("scale", group: "g")
    #expect(early.code == 503)
    #expect(early.text.hasPrefix("{\"group\":\"g\",\"reason\":\""), "\(early.text)")
    try world.run(seconds: 240)
    let (code, text) = world.ask("scale", group: "g")
    #expect(code == 200, "\(text)")
    #expect(text.contains("\"desiredReplicas\":1,"), "\(text)")
    #expect(text.contains("\"members\":3,"), "\(text)")
    #expect(world.ask("scale", group: "zz").code == 404)
    #expect(world.ask("scale").code == 404)
    let rates = try #require(world.world.agent.rates(ofGroup: "g", now: world.world.now))
    #expect(abs((rates.consumed ?? 0) - 60) < 2, "\(rates)")
    world.world.advance(seconds: 200)
    #expect(world.ask("scale", group: "g").code == 503, "what is old is no number")
  }
}
