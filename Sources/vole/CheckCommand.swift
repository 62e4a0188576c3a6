import Configuration
import Console
import HTTPServer

extension Command {
  /// `vole check`: what a probe answers, as an exit code.
  static let check = Command(
    declaration: CommandDeclaration(
      "check",
      summary: "Ask what a probe answers, for scripts: the exit code and one line why",
      details: [
        "Asks /consumer/livez or /consumer/readyz of a running agent, or with GROUP those of one "
          + "group, which is what kubelet does. Probes need no token.",
        "Exit codes: 0 the probe passes, 1 it fails or the group is not watched, 2 wrong usage, "
          + "3 the agent cannot be asked, 4 it did not answer in time.",
        "With --liveness, 3 and 4 become 0 and a warning, because nobody should be restarted "
          + "for an agent that cannot be asked; --strict keeps them.",
      ],
      positionals: [PositionalDeclaration("GROUP")],
      options: [
        OptionDeclaration("liveness", help: "Should the consumer be restarted?"),
        OptionDeclaration("readiness", help: "May a rollout go on past this pod?"),
        OptionDeclaration(
          "strict", help: "Fail liveness too where the agent cannot be asked."),
      ] + AgentOptions.declarations),
    run: checkProbe)
}

private func checkProbe(_ arguments: CommandLineArguments) -> Int32 {
  let client: AgentClient
  do throws(UsageError) {
    guard arguments.has("liveness") != arguments.has("readiness") else {
      throw UsageError("one of --liveness and --readiness is needed")
    }
    client = try AgentClient(AgentOptions(arguments, environment: processEnvironment()))
  } catch {
    StandardError.write("vole check: \(error) (vole check --help)\n")
    return ExitCode.usage
  }
  let question: ProbeCheck.Question = arguments.has("liveness") ? .liveness : .readiness
  let group = arguments.positionals.first
  do throws(AskingFailure) {
    let response = try client.get(path(question, group))
    let answer: ProbeCheck
    do throws(AnswerError) {
      answer = try ProbeCheck(
        question, status: response.head.status, mediaType: response.head.mediaType,
        text: String(decoding: response.content, as: UTF8.self))
    } catch { throw AskingFailure(error, client.options.server) }
    StandardOutput.write(answer.line + "\n")
    return answer.passes ? ExitCode.ok : ExitCode.unhealthy
  } catch {
    guard question == .liveness, !arguments.has("strict") else {
      StandardError.write("vole check: \(error.text)\n")
      return error.exitCode
    }
    StandardError.write(
      "vole check: warning: liveness passes, because the agent cannot be asked: \(error.text)\n")
    return ExitCode.ok
  }
}

private func path(_ question: ProbeCheck.Question, _ group: String?) -> String {
  let name = question == .liveness ? "livez" : "readyz"
  guard let group else { return "/consumer/\(name)" }
  return "/consumer/\(PercentEncoding.encoded(segment: group))/\(name)"
}
