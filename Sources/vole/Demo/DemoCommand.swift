import Answers
import Agent
import Configuration
import EventLoop
import Glibc
import KafkaClient
import LagCore

extension Command {
  /// `vole demo`: a cluster, consumers and the agent in one process.
  static let demo = Command(
    declaration: CommandDeclaration(
      "demo",
      summary: "Show the agent at work on a mock Kafka cluster with good and bad consumers",
      details: [
        "Starts librdkafka's mock cluster in this process, a producer, and consumers that behave "
          + "well and badly: healthy, slow, stalled, stopped, rewinding. The agent watches them "
          + "through the same path as `vole run`. Nothing outside of this machine is needed.",
        "Scenes: "
          + (DemoScene.all.map { "\($0.name) (\($0.summary))" }
          + PodScene.all.map { "\($0.name) (\($0.summary))" }).joined(separator: "; ") + ".",
      ],
      options: [
        OptionDeclaration(
          "seconds", placeholder: "N",
          help: "End after N seconds with a summary; exit code 0 only if every consumer got the "
            + "verdict that is expected. Without it the demo runs until Ctrl-C."),
        OptionDeclaration(
          "listen", placeholder: "HOST:PORT",
          help: "Answer probes and requests here (default a free port on 127.0.0.1)."),
        OptionDeclaration(
          "scene", placeholder: "NAME", help: "What is played (default verdicts)."),
        OptionDeclaration(
          "sabotage", placeholder: "CONSUMER",
          help: "Let this consumer behave otherwise than expected; the demo must then exit 1."),
      ]),
    run: { arguments in
      do throws(UsageError) {
        return try runDemo(arguments)
      } catch {
        StandardError.write("vole demo: \(error)\n")
        return ExitCode.usage
      }
    })
}

private func runDemo(_ arguments: CommandLineArguments) throws(UsageError) -> Int32 {
  let seconds = try arguments.integer("seconds", in: 1...86_400).map { Int64($0) }
  if let scene = try chosenPodScene(arguments) {
    do {
      return try PodDemo.run(scene, seconds: seconds)
    } catch {
      throw UsageError("\(error)")
    }
  }
  let scene = try chosenScene(arguments)
  let listen = arguments.value("listen") ?? "127.0.0.1:0"
  do {
    let loop = try EventLoop()
    let demo = Demo(loop: loop, scene: scene, seconds: seconds)
    _ = try loop.addSignals([SIGTERM, SIGINT]) { _ in demo.end() }
    let world = try DemoWorld.start(scene)
    let configuration = try demoConfiguration(
      servers: world.bootstrapServers, groups: scene.roles.map(\.name), listen: listen)
    let run = try Run.start(
      configuration, loop: loop, options: demoOptions(), ended: { loop.stop() })
    demo.begin(world: world, run: run)
    try loop.run()
    world.stop()
    _ = ClientRetirement.wait(timeoutMilliseconds: 3000)
    return StandardOutput.conclude(demo.exitCode, of: "vole demo")
  } catch let error as InvalidConfiguration {
    for problem in error.problems { StandardError.write("vole demo: \(problem)\n") }
    return ExitCode.usage
  } catch {
    throw UsageError("\(error)")
  }
}

/// The scene with several pods that is asked for, nil for one of another kind.
private func chosenPodScene(_ arguments: CommandLineArguments) throws(UsageError) -> PodScene? {
  guard let scene = PodScene.all.first(where: { $0.name == arguments.value("scene") }) else {
    return nil
  }
  if arguments.value("listen") != nil {
    throw UsageError("--listen: scene \(scene.name) has an agent for each pod, on free ports")
  }
  guard let victim = arguments.value("sabotage") else { return scene }
  guard let sabotaged = scene.sabotaging(victim) else {
    let names = scene.pods.map(\.name).joined(separator: ", ")
    throw UsageError("--sabotage: scene \(scene.name) has no pod \"\(victim)\" (\(names))")
  }
  return sabotaged
}

private func chosenScene(_ arguments: CommandLineArguments) throws(UsageError) -> DemoScene {
  let name = arguments.value("scene") ?? DemoScene.verdicts.name
  guard let scene = DemoScene.all.first(where: { $0.name == name }) else {
    let names = (DemoScene.all.map(\.name) + PodScene.all.map(\.name)).joined(separator: ", ")
    throw UsageError("--scene: there is no scene \"\(name)\" (\(names))")
  }
  guard let victim = arguments.value("sabotage") else { return scene }
  guard let sabotaged = scene.sabotaging(victim) else {
    let names = scene.roles.map(\.name).joined(separator: ", ")
    throw UsageError("--sabotage: scene \(name) has no consumer \"\(victim)\" (\(names))")
  }
  return sabotaged
}

/// The configuration of `vole run` with short windows, so that verdicts come within seconds.
private func demoConfiguration(
  servers: String, groups: [String], listen: String
) throws(InvalidConfiguration) -> Configuration {
  let file = """
    [cluster.demo]
    servers = [\(servers.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ", "))]
    offset-refresh = 1
    topic-refresh = 5
    [consumer.demo]
    cluster = "demo"
    groups = [\(groups.map { "\"\($0)\"" }.joined(separator: ", "))]
    [storage.demo]
    intervals = 5
    """
  var sources = ConfigurationSources()
  sources.file = (name: "demo.toml", bytes: Array(file.utf8))
  sources.flags.listen = listen
  sources.hasIPv6 = systemHasIPv6()
  return try Configuration(sources)
}

private func demoOptions() -> Run.Options {
  // Verdicts are in the table; what else the agent says is shown when it is a warning.
  var options = Run.Options { record in
    guard record.message != "verdict changed", record.level == .warn || record.level == .error
    else { return }
    LogSink(format: .plain).write(record)
  }
  // Mock brokers never cut a fetch short.
  options.fetchWait = 100
  options.version = voleVersion
  return options
}

/// The demo at work: it looks at the agent twice a second and shows what it says.
private final class Demo {
  private let loop: EventLoop
  private let scene: DemoScene
  private let seconds: Int64?
  private let startedAt: Int64
  private var world: DemoWorld?
  private var run: Run?
  private var rows: [DemoRow]
  private var table: DemoTable
  private(set) var exitCode = ExitCode.ok
  private var isEnding = false

  private static let period = nanosecondsPerSecond / 2

  init(loop: EventLoop, scene: DemoScene, seconds: Int64?) {
    self.loop = loop
    self.scene = scene
    self.seconds = seconds
    startedAt = loop.clock.monotonicNanoseconds()
    rows = scene.roles.map { DemoRow(role: $0) }
    table = DemoTable(
      isTerminal: Terminal.isScreen, hasColors: Terminal.hasColours,
      out: { StandardOutput.write($0) })
  }

  func begin(world: DemoWorld, run: Run) {
    self.world = world
    self.run = run
    let address = run.addresses.first ?? ""
    let own = CommandLine.arguments.first ?? "vole"
    let group = scene.roles.first { $0.expected == .error }?.name ?? scene.roles[0].name
    StandardOutput.write(
      """
      A mock Kafka cluster at \(world.bootstrapServers), the agent at http://\(address)/ (a page)
      Consumers:
      \(scene.roles.map { "  \(DemoTable.pad($0.name, 11)) \($0.does)" }.joined(separator: "\n"))

      While it runs, try:
        curl -i http://\(address)/consumer/\(group)/readyz
        curl -s "http://\(address)/consumer/livez?verbose"
        curl -s --http2-prior-knowledge http://\(address)/v3/kafka/demo/consumer/\(group)/status
        \(own) run --bootstrap-servers \(world.bootstrapServers) --group \(group) \
      --listen 127.0.0.1:0


      """)
    _ = loop.schedule(at: loop.now, every: Self.period) { [unowned self] in look() }
  }

  private var elapsed: Int64 {
    (loop.clock.monotonicNanoseconds() - startedAt) / nanosecondsPerSecond
  }

  private func look() {
    guard !isEnding, let run else { return }
    for report in run.reports() {
      guard let index = rows.firstIndex(where: { $0.role.name == report.group }) else { continue }
      rows[index].update(report)
    }
    table.show(rows, seconds: elapsed, end: seconds, width: DemoTable.terminalWidth)
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

  /// Ends with the summary; the exit code counts only where an end was asked for.
  func end() {
    guard !isEnding else { return }
    StandardOutput.write(table.summary(rows, mustHaveFailed: scene.mustHaveFailed))
    let right = rows.filter { $0.isAsExpected && (!scene.mustHaveFailed || $0.hasFailed) }.count
    if seconds != nil {
      exitCode = right == rows.count ? ExitCode.ok : ExitCode.unhealthy
    }
    StandardOutput.write("vole demo: \(right) of \(rows.count) verdicts as expected\n")
    finish()
  }

  private func finish() {
    isEnding = true
    run?.terminate(signal: "end of the demo")
  }
}
