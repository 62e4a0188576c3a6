import Console

/// Lines at the bottom of a terminal that are drawn over by the next ones.
struct LiveScreen {
  private var drawnLines = 0
  private var width = 0

  /// Draws lines in place of those drawn before; false when the terminal is gone.
  mutating func draw(_ lines: [String], _ terminal: Terminal) -> Bool {
    var text = ""
    if width != terminal.width, drawnLines > 0 {
      // The terminal has broken the lines anew, and nobody knows where they begin.
      text = "\u{1B}[H\u{1B}[2J"
    } else if drawnLines > 0 {
      text = "\u{1B}[\(drawnLines)A\r"
    }
    for line in lines { text += "\u{1B}[2K\(line)\n" }
    text += "\u{1B}[J"
    drawnLines = lines.count
    width = terminal.width
    return StandardOutput.write(text)
  }
}
