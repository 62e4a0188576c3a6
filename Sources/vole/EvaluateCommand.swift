import Configuration
import Offline

extension Command {
  /// `vole evaluate`: windows judged by Burrow's plain rules.
  static let evaluate = Command(
    declaration: CommandDeclaration(
      "evaluate",
      summary: "Judge windows of commits by Burrow's rules, one verdict for each line",
      details: [
        "Reads one window a line from standard input and writes its verdict: OK, WARN, STOP, STALL "
          + "or REWIND, and the share of the window that is filled. The rules are Burrow's own, "
          + "without Vole's additions.",
        "A window is a JSON object: now (seconds since 1970), currentLag, offsets (oldest first, "
          + "each null or an object of offset, timestamp in milliseconds, and lag, null when "
          + "unknown), and optionally id, allowedLag [0], minimumComplete [0] and brokerOffsets "
          + "[none]: the stored log-end offsets, oldest first. The answer has id as it was given, "
          + "status, complete and rule: no-lag, stopped, rewound, stalled, lag-not-decreasing, "
          + "lag-was-zero, lag-decreasing, incomplete or no-commits.",
        "With --compact a line is "
          + "\"now allowedLag minimumComplete currentLag;slot slot ...;head head ...\", where a "
          + "slot is ~ when empty, or offset,timestamp,lag with the lag - when unknown. Anything "
          + "behind a tab is ignored. The answer is \"STATUS COMPLETE\".",
        "Empty lines have no answer. A bad line is named on standard error, the rest is still "
          + "judged, and the exit code is 2.",
      ],
      options: [
        OptionDeclaration("compact", help: "Read and write the compact text form.")
      ]),
    run: { arguments in
      let stream = LineStream(command: "evaluate")
      return arguments.has("compact")
        ? stream.run(CompactEvaluateFilter(), from: .standardInput)
        : stream.run(EvaluateFilter(), from: .standardInput)
    })
}
