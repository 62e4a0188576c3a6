import LagCore

/// The bodies of the probes: plain text, a line per group or check.
package enum ProbeAnswers {
  /// Which question a consumer probe asks.
  package enum Question: Sendable {
    /// Should the consumer's container be restarted?
    case liveness
    /// Should a rollout go on past this pod?
    case readiness
    /// May the consumer's container start?
    case startup
  }

  /// An answer of a probe.
  package struct Answer: Sendable, Equatable {
    /// Whether the probe passes.
    package var passes: Bool
    /// The text, newline at the end.
    package var body: [UInt8]
  }

  /// What a verdict rests on, a line each.
  static func evidence(_ report: GroupReport) -> String {
    let judgement = report.judgement
    var text =
      "  partitions: \(judgement.partitions) (OK \(judgement.ok), WARN \(judgement.warning), "
      + "STOP \(judgement.stop), STALL \(judgement.stall), REWIND \(judgement.rewind), "
      + "not judged \(judgement.unknown))\n"
    text += "  total lag: \(judgement.totalLag)\n"
    let flags = flags(judgement)
    if !flags.isEmpty { text += "  flagged: \(flags.joined(separator: ", "))\n" }
    text += "  commits from: \(report.source)\n"
    text += "  members: \(report.members ?? "not known")\n"
    text += "  commits proven complete: \(age(report.commitsAge))\n"
    text += "  log-end offsets read: \(age(report.headsAge))\n"
    return text
  }

  /// What is odd about partitions, in words, each with how many there are.
  private static func flags(_ judgement: GroupJudgement) -> [String] {
    let counted = [
      (judgement.beforeLogStart, "committed below the log start, lag counts from there"),
      (judgement.beyondEnd, "committed beyond the log end"),
      (judgement.phantom, "nothing readable in the lag, which counts as none"),
      (judgement.headOld, "log-end offset is old"),
      (judgement.unsubscribed, "left out, no member subscribes to the topic"),
    ]
    return counted.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
  }

  private static func age(_ seconds: Int64?) -> String {
    seconds.map { "\($0) s ago" } ?? "never"
  }

  /// One check of the agent's own health.
  package struct Check: Sendable, Equatable {
    /// The name, which is also its sub-path.
    package var name: String
    /// Whether it passes.
    package var passes: Bool
    /// Why not, or a note when it does; empty when there is nothing to say.
    package var note: String

    /// Creates a check from its parts.
    package init(name: String, passes: Bool, note: String = "") {
      self.name = name
      self.passes = passes
      self.note = note
    }
  }

  /// Answers a probe of the agent itself in the style of Kubernetes' own components.
  ///
  /// Without trouble the body is `ok`; with `verbose`, or when a check fails, it lists the checks.
  ///
  /// - Parameters:
  ///   - name: the probe, for example `readyz`.
  ///   - checks: what is checked.
  ///   - excluded: names of checks that do not count (`?exclude=`).
  ///   - isVerbose: whether a passing answer lists the checks too.
  package static func agent(
    _ name: String, checks: [Check], excluded: [String], isVerbose: Bool
  ) -> Answer {
    let passes = checks.allSatisfy { $0.passes || excluded.contains($0.name) }
    if passes, !isVerbose { return Answer(passes: true, body: Array("ok".utf8)) }
    var text = ""
    for check in checks {
      if excluded.contains(check.name) {
        text += "[+]\(check.name) excluded: ok\n"
      } else {
        text += check.passes ? "[+]\(check.name) ok" : "[-]\(check.name) failed"
        text += check.note.isEmpty ? "\n" : ": \(check.note)\n"
      }
    }
    for name in excluded where !checks.contains(where: { $0.name == name }) {
      text += "warn: some health checks cannot be excluded: no matches for \"\(name)\"\n"
    }
    text += "\(name) check \(passes ? "passed" : "failed")\n"
    return Answer(passes: passes, body: Array(text.utf8))
  }
}
