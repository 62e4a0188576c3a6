import Agent
import Configuration
import EventLoop
import Glibc
import KafkaClient

extension Command {
  /// `vole run`: the agent.
  static let run = Command(
    declaration: CommandDeclaration(
      "run",
      summary: "Watch consumer groups and answer probes until SIGTERM or SIGINT",
      details: [
        "Without a file, --bootstrap-servers and --group suffice, or the variables "
          + "VOLE_BOOTSTRAP_SERVERS, VOLE_GROUPS (separated by commas) and VOLE_LISTEN. "
          + "Flags override variables, and variables override the file.",
        "A broker that is not there yet is no error: the agent answers, says that it is not ready, "
          + "and keeps trying.",
        "SIGHUP, and another content of the configuration file or of a file that it names, make "
          + "the agent load its configuration again. A wrong one is told, and the old one stays.",
      ],
      options: ConfigurationFlags.options),
    run: runAgent)
}

private func runAgent(_ arguments: CommandLineArguments) -> Int32 {
  let load = { () throws(InvalidConfiguration) -> Configuration in
    try Configuration.load(
      flags: ConfigurationFlags(arguments), environment: processEnvironment(),
      library: Run.clientLibrary)
  }
  let configuration: Configuration
  var problems: [String] = []
  do throws(InvalidConfiguration) {
    configuration = try load()
  } catch {
    problems = error.problems.map(\.description)
    guard let stored = storedConfiguration(arguments, in: error) else { return refuse(problems) }
    configuration = stored
  }

  let log = LogSink(format: StandardError.isTerminal ? .plain : .json)
  for warning in configuration.warnings {
    log.write(LogRecord(.warn, "configuration").with("text", warning.description))
  }
  do {
    // Both before any other thread exists: those of librdkafka have their slack from this one, and
    // leave the signals to the loop.
    TimerSlack.set(nanoseconds: TimerSlack.ofAgent)
    let loop = try EventLoop()
    var run: Run?
    _ = try loop.addSignals([SIGTERM, SIGINT, SIGHUP]) { signal in
      if signal == SIGHUP {
        run?.reload(because: .signal)
      } else {
        run?.terminate(signal: signal == SIGINT ? "SIGINT" : "SIGTERM")
      }
    }
    var options = Run.Options { log.write($0) }
    options.version = voleVersion
    if configuration.isReloadable { options.load = load }
    options.refused = problems
    let started = try Run.start(
      configuration, loop: loop, options: options, ended: { loop.stop() })
    run = started
    log.write(
      LogRecord(.info, "listening").with("addresses", started.addresses.joined(separator: " "))
        .with("version", voleVersion).with("librdkafka", KafkaClientVersion.current.text))
    try loop.run()
    // A client that is stuck in a call must not keep the process, nor meet its exit handlers.
    if !ClientRetirement.wait(timeoutMilliseconds: 500) { _exit(started.exitCode) }
    return started.exitCode
  } catch {
    return refuse(["\(error)"])
  }
}

/// The last good configuration of an earlier agent of this pod, nil where there is none.
///
/// An agent that ended because of a mistake would have the application restarted again and again:
/// kubelet takes a refused connection for a failure.
private func storedConfiguration(
  _ arguments: CommandLineArguments, in refusal: InvalidConfiguration
) -> Configuration? {
  var flags = ConfigurationFlags(arguments)
  guard flags.file != nil else { return nil }
  let environment = processEnvironment()
  let directory = StateDirectory(
    path: Configuration.likelyStateDirectory(flags: flags, environment: environment))
  flags.file = directory.path(of: StateDirectory.configurationFile)
  guard
    var configuration = try? Configuration.load(
      flags: flags, environment: environment, library: Run.clientLibrary)
  else { return nil }
  // Another content of the wrong one may be right.
  configuration.files += refusal.files
  return configuration
}

private func refuse(_ problems: [String]) -> Int32 {
  for problem in problems { StandardError.write("vole run: \(problem)\n") }
  return ExitCode.usage
}

/// Where lines of the log go: standard error, in one form.
struct LogSink {
  let format: LogFormat

  func write(_ record: LogRecord) {
    let wall = Clock.system.realtimeMilliseconds()
    StandardError.write(format.line(record, wall: wall))
  }
}
