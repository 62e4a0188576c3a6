import Configuration
import EventLoop
import Offline

extension Command {
  /// `vole replay`: a captured log of `__consumer_offsets`, read again.
  static let replay = Command(
    declaration: CommandDeclaration(
      "replay",
      summary: "Replay a captured log of __consumer_offsets",
      details: [
        "FILE holds one record a line, as vole decode reads them; - is standard input. The members "
          + "source (a name for the cluster), partition and offset of the record and its "
          + "timestamp are used where they are there, as are transactional and producer_id "
          + "of its batch.",
        "--state prints the committed offsets that stand at the end of the log, one JSON line each "
          + "with group, topic, partition, offset, leaderEpoch and metadata, sorted by group, "
          + "topic and partition; with several sources a line names its own. Transactional commits "
          + "count once their commit marker was read, tombstones take offsets away. Lines must be "
          + "in the order of the log within each partition.",
        "A bad line is named on standard error, the rest is still replayed, and the exit code "
          + "is 2.",
      ],
      positionals: [PositionalDeclaration("FILE", isRequired: true)],
      options: [
        OptionDeclaration("state", help: "Print the offsets that stand at the end.")
      ]),
    run: replayLog)
}

private func replayLog(_ arguments: CommandLineArguments) -> Int32 {
  let stream = LineStream(command: "replay")
  guard arguments.has("state") else {
    StandardError.write("vole replay: --state is missing (vole replay --help)\n")
    return ExitCode.usage
  }
  let path = arguments.positionals.first ?? "-"
  let source: LineSource
  do throws(Errno) { source = try LineSource.open(path) } catch {
    return stream.refuse(path, error)
  }
  return stream.run(
    ReplayStateFilter(seed: UInt64.random(in: 0...UInt64.max)), from: source)
}
