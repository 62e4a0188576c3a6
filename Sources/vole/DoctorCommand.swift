import Agent
import Configuration
import Doctor
import EventLoop
import Glibc
import KafkaClient

extension Command {
  /// `vole doctor`: what the credentials allow, and what is missing.
  static let doctor = Command(
    declaration: CommandDeclaration(
      "doctor",
      summary: "Try each right that watching the groups needs, and say which is missing",
      details: [
        "Connects with the configured credentials and tries one thing after the other: connection "
          + "and login; metadata; reading __consumer_offsets; OffsetFetch and DescribeGroups of "
          + "each group; ListGroups where groups are chosen by a pattern; the log ends of each "
          + "topic; and reading the topics where phantom-lag is on. Joins no group, commits "
          + "nothing, changes nothing.",
        "A line for each begins with ok, note (nothing is wrong), unknown (the brokers do not "
          + "tell), absent (what is named is not there), missing (a right), failed, timeout, or "
          + "unreachable. Below stand the kafka-acls commands that grant what is missing.",
        "Two denials come without an error: an empty ListGroups, and topics that OffsetFetch "
          + "leaves out. They are found by comparing with __consumer_offsets and with the members' "
          + "assignments, and by asking again by name; where there is nothing to compare with, "
          + "the line says so.",
        "What the configured source does not use is tried too, but only noted.",
        "Exit codes: 0 all right, 1 something is missing or wrong, 2 wrong usage or configuration, "
          + "3 a cluster cannot be reached, 4 something was not answered in time.",
      ],
      options: ConfigurationFlags.options.filter {
        ["config", "bootstrap-servers", "group", "cluster"].contains($0.name)
      } + [
        OptionDeclaration(
          "timeout", placeholder: "SECONDS", help: "How long each cluster may take [20].")
      ]),
    run: examine)
}

private func examine(_ arguments: CommandLineArguments) -> Int32 {
  let configuration: Configuration
  let seconds: Int
  do {
    seconds = try arguments.integer("timeout", in: 1...3600) ?? 20
    configuration = try Configuration.load(
      flags: ConfigurationFlags(arguments), environment: processEnvironment(),
      library: Run.clientLibrary)
  } catch let error as InvalidConfiguration {
    for problem in error.problems { StandardError.write("vole doctor: \(problem)\n") }
    return ExitCode.usage
  } catch {
    StandardError.write("vole doctor: \(error) (vole doctor --help)\n")
    return ExitCode.usage
  }
  for warning in configuration.warnings {
    StandardError.write("vole doctor: warning: \(warning)\n")
  }
  let text = ReportText(isColoured: Terminal.hasColours)
  var worst = Conclusion.sound
  for cluster in configuration.clusters {
    let report: ClusterReport
    do {
      var doctor = try ClusterDoctor(cluster, of: configuration, seconds: seconds)
      report = try doctor.examine()
    } catch {
      StandardError.write("vole doctor: cluster \(cluster.name): \(error)\n")
      worst = max(worst, .lacking)
      continue
    }
    StandardOutput.write(text.text(report))
    worst = max(worst, Conclusion(report.findings))
  }
  let code = StandardOutput.conclude(worst.exitCode, of: "vole doctor")
  // A client that is stuck in a call must not keep the process, nor meet its exit handlers.
  if !ClientRetirement.wait(timeoutMilliseconds: 500) { _exit(code) }
  return code
}
