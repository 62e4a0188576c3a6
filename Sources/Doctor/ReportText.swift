/// Writes reports for people.
package struct ReportText {
  /// The escape sequence that ends every colour.
  private static let plain = "\u{1B}[0m"
  /// The widest first column of what was looked at, in characters; longer ones push the rest.
  private static let widestSubject = 44

  /// Whether words are coloured.
  private let isColoured: Bool

  /// Makes a writer.
  ///
  /// - Parameter isColoured: whether a terminal shows the text that takes colours.
  package init(isColoured: Bool) {
    self.isColoured = isColoured
  }

  /// A whole report: a line for each finding, then the commands that mend what is missing.
  package func text(_ report: ClusterReport) -> String {
    let servers = ShellWord.shown(report.servers.joined(separator: ","))
    var text =
      "cluster \(ShellWord.shown(report.name)) at \(servers) as "
      + "\(ShellWord.shown(report.principal.text))\n"
    let subjects = report.findings.map { ShellWord.shown($0.subject) }
    let width = subjects.map(\.count).max().map { min($0, Self.widestSubject) } ?? 0
    let checkWidth = report.findings.map(\.check.count).max() ?? 0
    for (finding, subject) in zip(report.findings, subjects) {
      text += "  " + word(finding.outcome) + "  " + padded(subject, to: width) + "  "
      text += padded(finding.check, to: checkWidth) + "  " + ShellWord.shown(finding.detail) + "\n"
    }
    text += commands("Missing rights; these commands grant them", report.missing, report)
    text += commands(
      "Perhaps missing, as brokers do not tell; these commands make sure", report.possible, report)
    return text
  }

  private func commands(
    _ title: String, _ rights: [MissingRight], _ report: ClusterReport
  ) -> String {
    guard !rights.isEmpty else { return "" }
    var text = title
    if rights.contains(where: { $0.principal == .unknown }) {
      text += " (put in the principal, which only the broker knows)"
    }
    text += ":\n"
    for right in rights { text += "  \(right.command(servers: report.servers))\n" }
    return text
  }

  private func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// The word for an outcome, of equal width.
  private func word(_ outcome: Finding.Outcome) -> String {
    let word = padded(outcome.rawValue, to: Finding.Outcome.unreachable.rawValue.count)
    guard isColoured, let colour = colour(of: outcome) else { return word }
    return "\u{1B}[\(colour)m\(word)\(Self.plain)"
  }

  private func colour(of outcome: Finding.Outcome) -> String? {
    switch outcome {
    case .ok: "32"
    case .note: nil
    case .untold, .timeout: "33"
    case .absent, .missing, .failed, .unreachable: "31"
    }
  }
}
