import Configuration
import Console
import JSON

extension Command {
  /// `vole status`: what a running agent says.
  static let status = Command(
    declaration: CommandDeclaration(
      "status",
      summary: "Show what a running agent says of the groups, or of one with its partitions",
      details: [
        "A row for each group has its verdict, the lag in records and in time (~ is estimated, > "
          + "is at least), how many partitions have which status, and the members. With GROUP its "
          + "partitions are listed, those in trouble first. What does not fit the terminal is left "
          + "out; 80 columns show all that matters.",
        "With --watch a terminal is kept up to date; elsewhere each change of a verdict is a line. "
          + "A connection that is lost is made again.",
        "Exit codes: 0 fine, 1 a group that is shown is ERR, or GROUP is not watched, 2 wrong "
          + "usage or token, 3 the agent cannot be asked, 4 it did not answer in time.",
      ],
      positionals: [PositionalDeclaration("GROUP")],
      options: [
        OptionDeclaration("watch", help: "Go on showing what changes, until Ctrl-C."),
        OptionDeclaration(
          "json",
          help: "Print what the agent answers, as JSON; with --watch, a line for each message."),
        OptionDeclaration(
          "agent",
          help: "Show what the agent says of itself: version, configuration, progress."),
        OptionDeclaration(
          "cluster", placeholder: "NAME",
          help: "Only groups of this cluster; needed for a GROUP that several clusters have."),
      ] + AgentOptions.declarations),
    run: showStatus)
}

private func showStatus(_ arguments: CommandLineArguments) -> Int32 {
  let client: AgentClient
  do throws(UsageError) {
    let isAboutAgent = arguments.has("agent")
    if isAboutAgent, arguments.has("watch") || !arguments.positionals.isEmpty {
      throw UsageError("--agent goes with neither GROUP nor --watch")
    }
    client = try AgentClient(AgentOptions(arguments, environment: processEnvironment()))
  } catch {
    StandardError.write("vole status: \(error) (vole status --help)\n")
    return ExitCode.usage
  }
  let question = GroupQuestion(
    group: arguments.positionals.first, cluster: arguments.value("cluster"))
  do throws(AskingFailure) {
    let code = try show(client, question, arguments)
    return StandardOutput.conclude(code, of: "vole status")
  } catch {
    StandardError.write("vole status: \(error.text)\n")
    return error.exitCode
  }
}

private func show(
  _ client: AgentClient, _ question: GroupQuestion, _ arguments: CommandLineArguments
) throws(AskingFailure) -> Int32 {
  let asJSON = arguments.has("json")
  if arguments.has("agent") { return try showAgent(client, asJSON: asJSON) }
  if arguments.has("watch") {
    return try StatusWatch(client, question, asJSON: asJSON).run()
  }
  return try question.group == nil
    ? showGroups(client, question, asJSON: asJSON) : showGroup(client, question, asJSON: asJSON)
}

/// Which groups are asked for.
struct GroupQuestion {
  /// One group, or nil for all.
  let group: String?
  /// Its cluster, or nil for any.
  let cluster: String?

  /// The message of a request, with further fields if need be.
  func message(_ more: (inout JSONWriter) -> Void = { _ in }) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    if let group { writer.field("group", group) }
    if let cluster { writer.field("cluster", cluster) }
    more(&writer)
    writer.endObject()
    return writer.finish()
  }
}

private func showGroups(
  _ client: AgentClient, _ question: GroupQuestion, asJSON: Bool
) throws(AskingFailure) -> Int32 {
  let content = try client.call("ListGroups", question.message())
  let groups = try client.parsed(GroupsAnswer.self, content).groups
  show(content, asJSON: asJSON) { width, paint in
    GroupsView(groups).lines(width: width, paint)
  }
  return groups.contains { $0.verdict.isBad } ? ExitCode.unhealthy : ExitCode.ok
}

private func showGroup(
  _ client: AgentClient, _ question: GroupQuestion, asJSON: Bool
) throws(AskingFailure) -> Int32 {
  let content = try client.call("GetGroupStatus", question.message())
  let status = try client.parsed(GroupStatusAnswer.self, content).status
  show(content, asJSON: asJSON) { width, paint in
    GroupView(status).lines(width: width, paint)
  }
  return exitCode(of: status)
}

/// Whether a group is fine, as an exit code.
func exitCode(of status: GroupStatus) -> Int32 {
  status.verdict.isBad || status.verdict.text == "NOTFOUND" ? ExitCode.unhealthy : ExitCode.ok
}

private func showAgent(_ client: AgentClient, asJSON: Bool) throws(AskingFailure) -> Int32 {
  let content = try client.call("GetAgentInfo", Array("{}".utf8))
  let agent = try client.parsed(AgentInfoAnswer.self, content).agent
  show(content, asJSON: asJSON) { width, paint in
    AgentView(agent).lines(width: width, paint)
  }
  return ExitCode.ok
}

/// Prints an answer as it came, or as lines for the terminal.
func show(_ content: [UInt8], asJSON: Bool, _ lines: (Int, Paint) -> [String]) {
  if asJSON {
    StandardOutput.write(String(decoding: content, as: UTF8.self) + "\n")
  } else {
    let lines = lines(Terminal.current.width, Terminal.paint)
    StandardOutput.write(lines.map { $0 + "\n" }.joined())
  }
}
