import Text

/// What the answer of a consumer's probe says, in one line.
package struct ProbeCheck {
  /// Which probe was asked.
  package enum Question: Sendable {
    /// `/consumer/…/livez`.
    case liveness
    /// `/consumer/…/readyz`.
    case readiness
  }

  /// Whether the probe passes.
  package let passes: Bool
  /// One line: what, and why.
  package let line: String

  /// Reads an answer.
  ///
  /// - Parameters:
  ///   - status: of HTTP.
  ///   - mediaType: of the content, in lower case and without parameters.
  ///   - text: the content, a line for each group.
  /// - Throws: Why this is no answer of a probe.
  package init(
    _ question: Question, status: Int, mediaType: String, text: String
  ) throws(AnswerError) {
    let lines = text.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map(String.init)
    guard [200, 404, 503].contains(status), mediaType == "text/plain", let first = lines.first
    else {
      throw AnswerError(
        "this is no probe of a Vole agent: it answers \(status) with "
          + (mediaType.isEmpty ? "no content type" : TerminalText.harmless(mediaType)))
    }
    passes = status == 200
    let word =
      switch (question, status == 200) {
      case (.liveness, true): "live"
      case (.liveness, false): "not live"
      case (.readiness, true): "ready"
      case (.readiness, false): "not ready"
      }
    let worst = lines.max { Self.rank($0) < Self.rank($1) } ?? first
    var line = "\(word): \(TerminalText.harmless(worst))"
    if lines.count > 1 { line += " (and \(Shown.many(lines.count - 1, "other group")))" }
    self.line = line
  }

  /// How urgent a line is: `GROUP VERDICT: reason; liveness fails: reason`.
  ///
  /// Groups that make the probe fail come first, then those whose verdict is worst.
  private static func rank(_ line: String) -> Int {
    if line.holds("; liveness fails: ") || line.holds("; readiness fails: ") { return .max }
    let verdicts = ["OK", "NOTFOUND", "WARN", "UNKNOWN", "ERR"]
    var found: (place: Int, rank: Int)?
    for (rank, verdict) in verdicts.enumerated() {
      guard let place = line.place(of: " \(verdict): ") else { continue }
      if found.map({ place < $0.place }) ?? true { found = (place, rank) }
    }
    return found?.rank ?? -1
  }
}
