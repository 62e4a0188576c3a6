/// The table that the program prints, line by line as the figures come.
struct Table {
  private static let widths = [38, 10, 5, 8, 8, 7, 11]

  static func header() {
    row(["", "best", "unit", "spread", "budget", "ratio", "yardstick"])
  }

  /// Prints a line; the ratio is 1 or more when the budget is kept.
  static func print(_ line: Line) {
    let figure = line.figure
    var cells = [
      line.name, decimal(figure.best), figure.unit.name,
      figure.samples.count > 1 ? "\(Int(figure.spread.rounded())) %" : "-",
    ]
    var verdict = "no budget"
    if let budget = line.budget {
      let ratio = figure.ratio(toBudget: budget)
      cells += [decimal(budget), decimal(ratio)]
      verdict = ratio >= 1 ? "kept" : "MISSED"
    } else {
      cells += ["-", "-"]
    }
    if let yardstick = line.yardstick, yardstick > 0 {
      cells.append("\(decimal(figure.ratio(toBudget: yardstick))) x")
    } else {
      cells.append("-")
    }
    row(cells, verdict)
  }

  private static func row(_ cells: [String], _ end: String = "") {
    var text = ""
    for (column, cell) in cells.enumerated() {
      let blanks = String(repeating: " ", count: max(widths[column] - cell.utf8.count, 0))
      text += column == 0 ? cell + blanks : " " + blanks + cell
    }
    Swift.print(end.isEmpty ? text : "\(text)  \(end)")
  }

  /// Three significant digits or so: 1234, 123, 12.3, 1.23, 0.0123.
  private static func decimal(_ value: Double) -> String {
    let digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 4
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((value * Double(scale)).rounded())
    if digits == 0 { return "\(scaled)" }
    let fraction = "\(scaled % scale)"
    let zeros = String(repeating: "0", count: max(digits - fraction.utf8.count, 0))
    return "\(scaled / scale).\(zeros)\(fraction)"
  }
}
