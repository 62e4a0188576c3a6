/// The window of a partition as a chart: a row for each commit, with a bar that shows how far the
/// consumer has come since the window began, and how far the log end is ahead of it.
///
/// The bar is `─` up to the committed offset and `█` from there to the log end.
struct WindowChart {
  /// The most commits that are shown, the newest ones.
  private static let maximumRows = 20
  /// Columns of the bar: at least, or there is none, and at most.
  private static let barColumns = 12...60

  private let partition: PartitionStatus

  init(_ partition: PartitionStatus) {
    self.partition = partition
  }

  /// A row: when, the committed offset, and the log end of that time.
  private struct Row {
    let time: String
    let offset: Int64?
    let end: Int64?
    let lag: UInt64?
  }

  private var rows: [Row] {
    var rows = partition.window.suffix(Self.maximumRows).map { entry in
      Row(
        time: entry.commitTime.isEmpty ? Shown.nothing : Timestamp.clock(entry.commitTime),
        offset: entry.offset, end: Self.end(entry.offset, entry.lag), lag: entry.lag)
    }
    if partition.logEndOffset != nil || partition.lag != nil {
      rows.append(
        Row(
          time: "now", offset: partition.committedOffset, end: partition.logEndOffset,
          lag: partition.lag))
    }
    return rows
  }

  /// The log end from an offset and the lag behind it.
  private static func end(_ offset: Int64?, _ lag: UInt64?) -> Int64? {
    guard let offset, let lag, let lag = Int64(exactly: lag) else { return nil }
    let (end, overflow) = offset.addingReportingOverflow(lag)
    return overflow ? nil : end
  }

  /// The lines, none wider than `width`; none where there is nothing to show.
  func lines(width: Int, _ paint: Paint) -> [String] {
    let rows = rows
    guard !rows.isEmpty else { return [] }
    let columns = [
      TextTable.Column("COMMITTED AT"), TextTable.Column("OFFSET", isRight: true),
      TextTable.Column("LOG END", isRight: true, sacrifice: 1),
      TextTable.Column("LAG", isRight: true),
    ]
    let cells = rows.map { row in
      [
        TextTable.Cell(row.time), TextTable.Cell(Shown.offset(row.offset)),
        TextTable.Cell(Shown.offset(row.end)), TextTable.Cell(Shown.count(row.lag)),
      ]
    }
    let table = TextTable(columns, rows: cells)
    let room = min(Self.barColumns.upperBound, width - table.naturalWidth - 2)
    var lines = table.lines(width: width, paint)
    guard room >= Self.barColumns.lowerBound else { return lines }
    for (index, bar) in bars(rows, columns: room).enumerated()
    where !bar.moved.isEmpty || !bar.lag.isEmpty {
      lines[index + 1] += "  " + paint.painted(bar.moved, .good) + paint.painted(bar.lag, .bad)
    }
    return lines
  }

  /// The bars of rows on one scale, which begins at the smallest committed offset.
  private func bars(_ rows: [Row], columns: Int) -> [(moved: String, lag: String)] {
    let offsets = rows.compactMap(\.offset)
    let least = offsets.min() ?? 0
    let most = max(rows.compactMap(\.end).max() ?? least, offsets.max() ?? least)
    // Offsets are foreign: their distance need not fit their type.
    let span = Double(most) - Double(least)
    func place(_ offset: Int64) -> Int {
      guard span > 0 else { return 0 }
      return Int(((Double(offset) - Double(least)) / span * Double(columns)).rounded())
    }
    return rows.map { row in
      guard let offset = row.offset else { return ("", "") }
      let moved = max(0, min(columns, place(offset)))
      let end = max(moved, min(columns, row.end.map(place) ?? moved))
      // A lag that is there is seen, however small it is beside the rest.
      let lag = row.lag ?? 0 > 0 ? max(1, end - moved) : 0
      let start = min(moved, columns - lag)
      return (
        String(repeating: "─", count: max(0, start)), String(repeating: "█", count: lag)
      )
    }
  }
}
