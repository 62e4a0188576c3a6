import Configuration
import EventLoop
import Glibc

// `vole`: one binary, one word that says what to do. Each command has a file of its own.

/// All commands, in the order of the help.
let commands: [Command] = [
  .run,
  .status,
  .check,
  .explain,
  .demo,
  .decode,
  .evaluate,
  .replay,
  .doctor,
  .config,
]

let program = ProgramDeclaration(
  name: "vole",
  summary: "Watches Kafka consumer groups and answers health probes, by Burrow's rules.",
  version: voleVersion,
  commands: commands.map(\.declaration))

StandardStreams.reserve()
Signals.ignoreBrokenPipe()
do throws(UsageError) {
  switch try program.parse(Array(CommandLine.arguments.dropFirst())) {
  case .show(let text):
    StandardOutput.write(text)
    exit(StandardOutput.conclude(ExitCode.ok, of: program.name))
  case .run(let name, let arguments):
    guard let command = commands.first(where: { $0.declaration.name == name }) else {
      exit(ExitCode.usage)
    }
    exit(command.run(arguments))
  }
} catch {
  StandardError.write("\(error)\n")
  exit(ExitCode.usage)
}
