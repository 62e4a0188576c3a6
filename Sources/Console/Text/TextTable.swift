/// Rows of cells under headings, laid out within the width of a terminal.
package struct TextTable {
  /// A column and what becomes of it where the terminal is narrow.
  package struct Column: Sendable {
    /// What stands above it.
    package let heading: String
    /// Whether its cells stand at its right edge, as numbers do.
    package let isRight: Bool
    /// The order in which columns are left out where there is no room, the highest first; 0 stays.
    package let sacrifice: Int
    /// The columns of the terminal down to which it may be cut; nil where it is never cut.
    package let least: Int?

    /// Describes a column.
    package init(
      _ heading: String, isRight: Bool = false, sacrifice: Int = 0, least: Int? = nil
    ) {
      self.heading = heading
      self.isRight = isRight
      self.sacrifice = sacrifice
      self.least = least
    }
  }

  /// What stands in a row and a column.
  package struct Cell: Sendable {
    /// The text, harmless.
    package let text: String
    /// Its colour.
    package let tone: Paint.Tone

    /// Makes a cell; the text may hold anything.
    package init(_ text: String, _ tone: Paint.Tone = .plain) {
      self.text = TerminalText.harmless(text)
      self.tone = tone
    }
  }

  /// Blanks between two columns.
  private static let gap = 2

  private let columns: [Column]
  private let rows: [[Cell]]

  /// Makes a table.
  ///
  /// - Parameter rows: each with a cell for every column.
  package init(_ columns: [Column], rows: [[Cell]]) {
    self.columns = columns
    self.rows = rows
  }

  /// The lines of the table, its headings first, none wider than `width`.
  package func lines(width: Int, _ paint: Paint) -> [String] {
    let (shown, widths) = layout(width)
    var lines = [line(shown, widths, width, paint) { Cell(columns[$0].heading, .strong) }]
    for row in rows {
      lines.append(line(shown, widths, width, paint) { row[$0] })
    }
    return lines
  }

  /// Columns of the terminal that the table takes where nothing has to be cut.
  package var naturalWidth: Int { total(Array(columns.indices), naturalWidths) }

  private var naturalWidths: [Int] {
    columns.indices.map { column in
      rows.reduce(TerminalText.width(columns[column].heading)) {
        max($0, TerminalText.width($1[column].text))
      }
    }
  }

  /// Which columns are shown, and how wide each is.
  private func layout(_ width: Int) -> (shown: [Int], widths: [Int]) {
    let natural = naturalWidths
    var shown = Array(columns.indices)
    while least(shown, natural) > width,
      let victim = shown.max(by: { columns[$0].sacrifice < columns[$1].sacrifice }),
      columns[victim].sacrifice > 0
    {
      shown.removeAll { $0 == victim }
    }
    var widths = natural
    var excess = total(shown, natural) - width
    // The last column gives way first: it is the one that explains.
    for column in shown.reversed() where excess > 0 {
      guard let least = columns[column].least else { continue }
      let given = min(excess, max(0, widths[column] - least))
      widths[column] -= given
      excess -= given
    }
    return (shown, widths)
  }

  /// Columns of the terminal when everything is cut as far as it may be.
  private func least(_ shown: [Int], _ natural: [Int]) -> Int {
    total(shown, columns.indices.map { min(natural[$0], columns[$0].least ?? .max) })
  }

  private func total(_ shown: [Int], _ widths: [Int]) -> Int {
    shown.reduce(0) { $0 + widths[$1] } + max(0, shown.count - 1) * Self.gap
  }

  private func line(
    _ shown: [Int], _ widths: [Int], _ width: Int, _ paint: Paint, _ cell: (Int) -> Cell
  ) -> String {
    var line = ""
    var used = 0
    for (position, column) in shown.enumerated() {
      let cell = cell(column)
      let isLast = position == shown.count - 1
      let room = min(widths[column], width - used)
      let text = TerminalText.fitted(cell.text, to: room)
      let padding = String(repeating: " ", count: max(0, room - TerminalText.width(text)))
      let painted = paint.painted(text, cell.tone)
      if columns[column].isRight {
        line += padding + painted
      } else {
        line += isLast ? painted : painted + padding
      }
      used += room
      guard !isLast, used + Self.gap < width else { break }
      line += String(repeating: " ", count: Self.gap)
      used += Self.gap
    }
    while line.utf8.last == UInt8(ascii: " ") { line.removeLast() }
    return line
  }
}
