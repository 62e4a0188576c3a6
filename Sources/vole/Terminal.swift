import Configuration
import Console
import Glibc

/// The terminal on standard output, or what stands for one.
struct Terminal {
  /// Columns where there is no terminal: as wide as the text, within reason.
  private static let widthElsewhere = 160
  /// The fewest columns that are laid out for.
  private static let leastWidth = 20

  /// Columns of a line.
  let width: Int
  /// Lines, nil where there is no terminal.
  let height: Int?

  /// Looks at it as it is now.
  static var current: Terminal {
    var size = winsize()
    // SAFETY: the kernel fills a structure of the right type.
    guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return Terminal(width: widthElsewhere, height: nil)
    }
    return Terminal(
      width: max(leastWidth, Int(size.ws_col)), height: size.ws_row > 0 ? Int(size.ws_row) : nil)
  }

  /// Whether standard output is a terminal that knows control sequences (terminfo(5): dumb ones
  /// do not), so that lines can be drawn over.
  static var isScreen: Bool { StandardOutput.isTerminal && !isDumb }

  /// Whether colours are wanted too (no-color.org).
  static var hasColours: Bool {
    isScreen && processEnvironment()["NO_COLOR", default: ""].isEmpty
  }

  /// Colours, where a person sees them and wants them.
  static var paint: Paint { Paint(isOn: hasColours) }

  /// Whether the terminal knows no control sequences.
  static var isDumb: Bool { processEnvironment()["TERM"] == "dumb" }
}
