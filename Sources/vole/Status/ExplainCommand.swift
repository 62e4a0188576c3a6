import Configuration
import Console
import JSON

extension Command {
  /// `vole explain`: why a group is what it is, and what probes would answer.
  static let explain = Command(
    declaration: CommandDeclaration(
      "explain",
      summary: "Show why a group has its verdict, and what each probe would answer and why",
      details: [
        "Draws the window of each partition that is not OK, or of the one that TOPIC and PARTITION "
          + "name: a row for each commit, with the progress since the window began (─) and the "
          + "lag behind the log end (█). Below stand the clauses of each probe, whether each "
          + "holds, and what was found. Liveness fails only where all its clauses hold.",
        "Exit codes: 0 fine, 1 the group is ERR, or is not watched, 2 wrong usage or token, 3 the "
          + "agent cannot be asked, 4 it did not answer in time.",
      ],
      positionals: [
        PositionalDeclaration("GROUP", isRequired: true), PositionalDeclaration("TOPIC"),
        PositionalDeclaration("PARTITION"),
      ],
      options: [
        OptionDeclaration("json", help: "Print what the agent answers, as JSON."),
        OptionDeclaration(
          "cluster", placeholder: "NAME",
          help: "The cluster of the group, where several have one of the name."),
      ] + AgentOptions.declarations),
    run: explainGroup)
}

private func explainGroup(_ arguments: CommandLineArguments) -> Int32 {
  let client: AgentClient
  let message: [UInt8]
  do throws(UsageError) {
    message = try question(arguments)
    client = try AgentClient(AgentOptions(arguments, environment: processEnvironment()))
  } catch {
    StandardError.write("vole explain: \(error) (vole explain --help)\n")
    return ExitCode.usage
  }
  do throws(AskingFailure) {
    let content = try client.call("ExplainGroup", message)
    let explanation = try client.parsed(Explanation.self, content)
    show(content, asJSON: arguments.has("json")) { width, paint in
      ExplanationView(explanation).lines(width: width, paint)
    }
    return StandardOutput.conclude(exitCode(of: explanation.status), of: "vole explain")
  } catch {
    StandardError.write("vole explain: \(error.text)\n")
    return error.exitCode
  }
}

/// The message that asks for what the arguments name.
private func question(_ arguments: CommandLineArguments) throws(UsageError) -> [UInt8] {
  let names = arguments.positionals
  let question = GroupQuestion(group: names.first, cluster: arguments.value("cluster"))
  guard names.count > 1 else { return question.message() }
  guard names.count == 3 else { throw UsageError("TOPIC needs a PARTITION") }
  guard let partition = Int32(names[2]), partition >= 0 else {
    throw UsageError("PARTITION: \"\(names[2])\" is no number of a partition")
  }
  return question.message { writer in
    writer.field("topic", names[1])
    writer.field("partition", partition)
  }
}
