/// The groups of an agent as a table: a row for each, and why those are not OK that are not.
package struct GroupsView {
  /// Columns of the terminal that the reasons need to stand beside the table.
  private static let leastReason = 48
  /// Lines of a reason below its row.
  private static let reasonLines = 3

  private let groups: [GroupStatus]

  /// Shows groups in the order in which they are given.
  package init(_ groups: [GroupStatus]) {
    self.groups = groups
  }

  /// The lines of the table and a line that counts, none wider than `width`.
  ///
  /// - Parameter height: the most lines; groups that are OK give way first. Nil shows all.
  package func lines(width: Int, height: Int? = nil, _ paint: Paint) -> [String] {
    guard !groups.isEmpty else { return ["no group has committed anything yet"] }
    var shown = groups
    var lines = lines(of: shown, width, paint)
    while let height, lines.count > max(height, 4), shown.count > 1 {
      let least = shown.map(\.verdict.rank).min() ?? 0
      guard let index = shown.lastIndex(where: { $0.verdict.rank == least }) else { break }
      shown.remove(at: index)
      lines = self.lines(of: shown, width, paint)
    }
    return lines
  }

  private func lines(of shown: [GroupStatus], _ width: Int, _ paint: Paint) -> [String] {
    let isBeside = width - table(shown, hasReason: false).naturalWidth >= Self.leastReason + 2
    var lines =
      isBeside
      ? table(shown, hasReason: true).lines(width: width, paint) : below(shown, width, paint)
    lines.append(paint.painted(TerminalText.fitted(summary(shown), to: width), .faint))
    return lines
  }

  /// The table with each reason below the row that it is about.
  private func below(_ shown: [GroupStatus], _ width: Int, _ paint: Paint) -> [String] {
    let rows = table(shown, hasReason: false).lines(width: width, paint)
    var lines = Array(rows.prefix(1))
    for (row, group) in zip(rows.dropFirst(), shown) {
      lines.append(row)
      guard group.verdict.rank > 0 else { continue }
      let reason = TerminalText.harmless(group.reason)
      for line in TerminalText.wrapped(reason, to: width - 2, limit: Self.reasonLines) {
        lines.append("  " + paint.painted(line, .faint))
      }
    }
    return lines
  }

  // MARK: The table

  private var hasClusters: Bool { Set(groups.map(\.cluster)).count > 1 }

  private func table(_ shown: [GroupStatus], hasReason: Bool) -> TextTable {
    var columns: [TextTable.Column] = []
    if hasClusters { columns.append(TextTable.Column("CLUSTER", sacrifice: 4, least: 12)) }
    columns += [
      TextTable.Column("GROUP", least: 16), TextTable.Column("VERDICT"),
      TextTable.Column("LAG", isRight: true),
      TextTable.Column("BEHIND", isRight: true, sacrifice: 1),
      TextTable.Column("PARTITIONS", sacrifice: 2),
      TextTable.Column("MEMBERS", isRight: true, sacrifice: 3),
    ]
    if hasReason { columns.append(TextTable.Column("WHY", least: Self.leastReason)) }
    return TextTable(columns, rows: shown.map { cells($0, hasReason: hasReason) })
  }

  private func cells(_ group: GroupStatus, hasReason: Bool) -> [TextTable.Cell] {
    var cells: [TextTable.Cell] = []
    if hasClusters { cells.append(TextTable.Cell(group.cluster)) }
    cells += [
      TextTable.Cell(group.group), TextTable.Cell(group.verdict.text, group.verdict.tone),
      TextTable.Cell(Shown.count(group.totalLag)),
      TextTable.Cell(group.rates?.behind ?? Shown.nothing), TextTable.Cell(group.counts.text),
      TextTable.Cell(group.membership?.members.map { "\($0)" } ?? Shown.nothing),
    ]
    if hasReason { cells.append(TextTable.Cell(group.verdict.rank > 0 ? group.reason : "")) }
    return cells
  }

  /// How many groups there are of each kind, and how many are not shown.
  private func summary(_ shown: [GroupStatus]) -> String {
    var counts: [VerdictName: Int] = [:]
    for group in groups { counts[group.verdict, default: 0] += 1 }
    let parts = counts.sorted { ($0.key.rank, $0.key.text) > ($1.key.rank, $1.key.text) }
      .map { "\($0.value) \($0.key.text)" }
    var text = "\(Shown.many(groups.count, "group")): \(parts.joined(separator: ", "))"
    let hidden = groups.count - shown.count
    if hidden > 0 { text += " (\(hidden) not shown: the terminal is too low)" }
    return text
  }
}
