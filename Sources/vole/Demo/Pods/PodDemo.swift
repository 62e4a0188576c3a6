import Agent
import Configuration
import EventLoop
import Glibc
import HTTPServer
import KafkaClient
import Text

/// A scene with several pods at work: an agent each, a kubelet, and what comes of it.
final class PodDemo {
  private let loop: EventLoop
  private let scene: PodScene
  private let seconds: Int64?
  private let startedAt: Int64
  private let kubelet: DemoKubelet
  private var world: PodWorld?
  private var runs: [Run] = []
  private var told: [String] = []
  private(set) var exitCode = ExitCode.ok
  private var isEnding = false

  private static let period = nanosecondsPerSecond / 2

  /// Plays a scene to its end.
  static func run(_ scene: PodScene, seconds: Int64?) throws -> Int32 {
    let loop = try EventLoop()
    let demo = PodDemo(loop: loop, scene: scene, seconds: seconds)
    _ = try loop.addSignals([SIGTERM, SIGINT]) { _ in demo.end() }
    let world = try PodWorld.start(scene)
    try demo.begin(world)
    try loop.run()
    world.stop()
    _ = ClientRetirement.wait(timeoutMilliseconds: 3000)
    return StandardOutput.conclude(demo.exitCode, of: "vole demo")
  }

  private init(loop: EventLoop, scene: PodScene, seconds: Int64?) {
    self.loop = loop
    self.scene = scene
    self.seconds = seconds
    startedAt = loop.clock.monotonicNanoseconds()
    kubelet = DemoKubelet(pods: scene.pods.count)
    told = scene.pods.map { _ in "" }
  }

  private func begin(_ world: PodWorld) throws {
    self.world = world
    var left = scene.pods.count
    var servers: [ServerAddress] = []
    for (place, pod) in scene.pods.enumerated() {
      let configuration = try Self.configuration(
        of: pod, place: place, scene: scene, servers: world.bootstrapServers)
      let run = try Run.start(
        configuration, loop: loop, options: Self.options(),
        ended: { [unowned self] in
          left -= 1
          if left == 0 { loop.stop() }
        })
      runs.append(run)
      servers.append(
        try ServerAddress(
          parsing: "http://\(run.addresses.first ?? "")", defaultPort: 8000))
    }
    var text = "A mock Kafka cluster at \(world.bootstrapServers), and \(scene.pods.count) pods "
    text += "of group \(PodScene.group):\n"
    for (place, pod) in scene.pods.enumerated() {
      text += "  \(pod.name) (\(PodWorld.address(ofPod: place))) \(pod.does); "
      text += "its agent: \(servers[place])\n"
    }
    text += "While it runs, try: curl -s \"\(servers[0])/consumer/livez?verbose\"\n\n"
    StandardOutput.write(text)
    guard kubelet.begin(servers, scene, restart: { world.restart(pod: $0) }) else {
      throw StartError("no thread can be started")
    }
    _ = loop.schedule(at: loop.now, every: Self.period) { [unowned self] in look() }
  }

  /// The configuration of `vole run` in a pod, with short windows and a short hold.
  private static func configuration(
    of pod: PodRole, place: Int, scene: PodScene, servers: String
  ) throws(InvalidConfiguration) -> Configuration {
    let file = """
      [cluster.demo]
      servers = [\(servers.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ", "))]
      offset-refresh = 1
      topic-refresh = 5
      [consumer.demo]
      cluster = "demo"
      groups = ["\(PodScene.group)"]
      [storage.demo]
      intervals = 5
      [probe]
      hold = \(scene.hold)
      """
    var sources = ConfigurationSources()
    sources.file = (name: "demo.toml", bytes: Array(file.utf8))
    sources.flags.listen = "127.0.0.1:0"
    sources.environment = [
      "POD_NAME": pod.name, "POD_IP": PodWorld.address(ofPod: place), "HOST_IP": "10.1.255.1",
    ]
    return try Configuration(sources)
  }

  private static func options() -> Run.Options {
    var options = Run.Options { record in
      guard record.level == .error else { return }
      LogSink(format: .plain).write(record)
    }
    // Mock brokers never cut a fetch short.
    options.fetchWait = 100
    return options
  }

  private var elapsed: Int64 {
    (loop.clock.monotonicNanoseconds() - startedAt) / nanosecondsPerSecond
  }

  private func look() {
    guard !isEnding else { return }
    for (place, sighting) in kubelet.seen.enumerated() where sighting.liveness > 0 {
      let text = Self.line(sighting)
      let change = Self.change(sighting)
      guard change != told[place] else { continue }
      told[place] = change
      StandardOutput.write("\(elapsed) s  \(scene.pods[place].name)  \(text)\n")
    }
    if !StandardOutput.isWhole {
      // Nobody watches, so it is not played to its end.
      exitCode = ExitCode.unhealthy
      finish()
    } else if let failure = world?.failure {
      StandardError.write("vole demo: the mock cluster's world ended: \(failure)\n")
      exitCode = ExitCode.unhealthy
      finish()
    } else if let seconds, elapsed >= seconds {
      end()
    }
  }

  /// What is told: the codes, restarts, and the clause with its numbers.
  private static func line(_ sighting: DemoKubelet.Sighting) -> String {
    reason(sighting).map { "\(codes(sighting))  \($0)" } ?? codes(sighting)
  }

  /// What is told anew when it changes: the same without numbers, which change every second.
  private static func change(_ sighting: DemoKubelet.Sighting) -> String {
    let words = reason(sighting)?.split(separator: " ").filter { !$0.contains(where: \.isNumber) }
    return codes(sighting) + "  " + (words ?? []).joined(separator: " ")
  }

  private static func codes(_ sighting: DemoKubelet.Sighting) -> String {
    let codes = "livez \(sighting.liveness)  readyz \(sighting.readiness)"
    return sighting.restarts > 0 ? "\(codes)  restarts \(sighting.restarts)" : codes
  }

  private static func reason(_ sighting: DemoKubelet.Sighting) -> Substring? {
    sighting.text.split(separator: ";").last?.split(separator: "\n").first?.drop { $0 == " " }
  }

  /// Ends with the summary; the exit code counts only where an end was asked for.
  private func end() {
    guard !isEnding else { return }
    var right = 0
    StandardOutput.write("\n")
    for (pod, sighting) in zip(scene.pods, kubelet.seen) {
      let wrong = pod.expected.complaints(sighting)
      if wrong.isEmpty { right += 1 }
      StandardOutput.write(
        "  \(wrong.isEmpty ? "ok   " : "WRONG") \(pod.name): livez \(sighting.liveness), readyz "
          + "\(sighting.readiness), restarts \(sighting.restarts)"
          + (wrong.isEmpty ? "" : "; \(wrong.joined(separator: ", "))")
          + "\n        \(reason(sighting))\n")
    }
    if seconds != nil {
      exitCode = right == scene.pods.count ? ExitCode.ok : ExitCode.unhealthy
    }
    StandardOutput.write("vole demo: \(right) of \(scene.pods.count) pods as expected\n")
    finish()
  }

  private func reason(_ sighting: DemoKubelet.Sighting) -> String {
    Self.reason(sighting).map(String.init) ?? "no answer"
  }

  private func finish() {
    isEnding = true
    kubelet.stop()
    for run in runs { run.terminate(signal: "end of the demo") }
  }
}

extension PodExpectation {
  /// What is not as it must be, in words.
  func complaints(_ sighting: DemoKubelet.Sighting) -> [String] {
    var complaints: [String] = []
    if sighting.hasFailed != failsLiveness {
      complaints.append(failsLiveness ? "liveness never failed" : "liveness failed")
    }
    if (sighting.liveness == 200) != isAliveAtEnd {
      complaints.append("liveness \(isAliveAtEnd ? "fails" : "passes") at the end")
    }
    if (sighting.readiness == 200) != isReadyAtEnd {
      complaints.append("\(isReadyAtEnd ? "not ready" : "ready") at the end")
    }
    if let word, !sighting.text.holds(word) {
      complaints.append("liveness does not speak of \(word)")
    }
    return complaints
  }
}
