import Answers
import Glibc
import LagCore

/// One line of the demo's table: a consumer, what is expected of the agent and what it says.
struct DemoRow: Sendable, Equatable {
  let role: DemoRole
  /// What the agent says, nil before it says anything.
  var verdict: Verdict = .unknown
  /// The status of the worst partition.
  var status: PartitionStatus = .ok
  var lag: UInt64 = 0
  var reason = ""
  /// Whether the verdict was ERR at any time.
  var hasFailed = false

  /// Whether the agent says what it must say.
  var isAsExpected: Bool {
    verdict == role.expected && status == role.expectedStatus
  }

  /// Takes over what the agent says now.
  mutating func update(_ report: GroupReport) {
    verdict = report.verdict
    status = report.judgement.worst?.rule.status ?? .ok
    lag = report.judgement.totalLag
    reason = report.reason
    if verdict == .error { hasFailed = true }
  }

  /// The verdict and, when a partition is the reason, its status: `ERR STALL`.
  static func text(_ verdict: Verdict, _ status: PartitionStatus) -> String {
    verdict == .error ? "\(verdict.name) \(status.name)" : "\(verdict.name)"
  }

  static func == (left: DemoRow, right: DemoRow) -> Bool {
    left.role.name == right.role.name && left.verdict == right.verdict
      && left.status == right.status && left.lag == right.lag && left.reason == right.reason
  }
}

/// The demo's table: redrawn in place on a terminal, a line per change elsewhere.
struct DemoTable {
  private let isTerminal: Bool
  private let hasColors: Bool
  private let out: (String) -> Void
  private var drawnLines = 0
  private var told: [String: String] = [:]

  /// Creates a table.
  ///
  /// - Parameters:
  ///   - isTerminal: whether lines can be drawn over.
  ///   - hasColors: whether verdicts are coloured.
  ///   - out: takes the text.
  init(isTerminal: Bool, hasColors: Bool, out: @escaping (String) -> Void) {
    self.isTerminal = isTerminal
    self.hasColors = hasColors
    self.out = out
  }

  /// Shows the rows as they are now.
  ///
  /// - Parameters:
  ///   - rows: the consumers.
  ///   - seconds: since the start.
  ///   - width: of the terminal, in columns.
  ///   - end: after how many seconds the demo ends, nil when it does not.
  mutating func show(_ rows: [DemoRow], seconds: Int64, end: Int64?, width: Int) {
    if isTerminal {
      let clock = end.map { "\(seconds) of \($0) s" } ?? "\(seconds) s (Ctrl-C ends it)"
      let lines = [clock] + lines(rows, width: width)
      var text = drawnLines > 0 ? "\u{1b}[\(drawnLines)A" : ""
      for line in lines { text += "\u{1b}[2K\(line)\n" }
      out(text)
      drawnLines = lines.count
      return
    }
    for row in rows {
      let text = DemoRow.text(row.verdict, row.status)
      guard told[row.role.name] != text else { continue }
      told[row.role.name] = text
      out("\(Self.pad("\(seconds) s", 6)) \(Self.pad(row.role.name, 11)) \(text): \(row.reason)\n")
    }
  }

  /// Returns the table as lines of at most `width` columns.
  func lines(_ rows: [DemoRow], width: Int) -> [String] {
    var lines = [
      Self.fit(
        [
          Self.pad("CONSUMER", 11), Self.pad("EXPECTED", 11), Self.pad("VERDICT", 11),
          Self.pad("LAG", 6), "WHY",
        ].joined(separator: " "), width)
    ]
    for row in rows {
      let verdict = Self.pad(DemoRow.text(row.verdict, row.status), 11)
      let plain = Self.fit(
        [
          Self.pad(row.role.name, 11),
          Self.pad(DemoRow.text(row.role.expected, row.role.expectedStatus), 11), verdict,
          Self.pad("\(row.lag)", 6), row.reason,
        ].joined(separator: " "), width)
      lines.append(color(plain, verdict, row.verdict))
    }
    return lines
  }

  /// Colours the verdict within a line; the columns stay where they are.
  private func color(_ line: String, _ part: String, _ verdict: Verdict) -> String {
    let start = 24
    guard hasColors, line.count >= start + part.count else { return line }
    let code =
      switch verdict {
      case .ok: "32"
      case .warning: "33"
      case .error: "31;1"
      case .unknown, .notFound: "90"
      }
    return line.prefix(start) + "\u{1b}[\(code)m" + part + "\u{1b}[0m"
      + line.dropFirst(start + part.count)
  }

  /// The end: what was expected and what came.
  func summary(_ rows: [DemoRow], mustHaveFailed: Bool) -> String {
    var text = "\nEach consumer, what was expected and what the agent says:\n"
    for row in rows {
      let isRight = row.isAsExpected && (!mustHaveFailed || row.hasFailed)
      text += "  \(isRight ? "ok  " : "FAIL") \(Self.pad(row.role.name, 11)) "
      text += "expected \(Self.pad(DemoRow.text(row.role.expected, row.role.expectedStatus), 11)) "
      text += "got \(DemoRow.text(row.verdict, row.status))\n"
    }
    if mustHaveFailed {
      let failed = rows.filter(\.hasFailed).count
      text += "  \(failed) of \(rows.count) were ERR in between, as they must\n"
    }
    return text
  }

  /// A text with blanks behind it, up to a number of columns.
  static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func fit(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : String(text.prefix(max(1, width - 1))) + "…"
  }

  /// The width of the terminal on standard output in columns, 100 when there is none.
  static var terminalWidth: Int {
    var size = winsize()
    // SAFETY: the kernel fills a structure of the right type.
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return 100
    }
    return Int(size.ws_col)
  }
}
