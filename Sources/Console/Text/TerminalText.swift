/// Text as a terminal shows it: how many columns it takes, and what of it is harmless.
///
/// Names come from brokers and from agents: one with an escape sequence must not move a cursor.
package enum TerminalText {
  /// A text on one line without control characters: each becomes `\u{1B}`.
  package static func harmless(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    var shown = ""
    for scalar in text.unicodeScalars {
      if isControl(scalar) {
        shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }

  /// Columns of a harmless text; characters of East Asia take two, combining ones none.
  package static func width(_ text: String) -> Int {
    var width = 0
    for scalar in text.unicodeScalars { width += columns(scalar) }
    return width
  }

  /// A text with blanks behind it, or before it, up to a width; a wider one stays as it is.
  package static func padded(_ text: String, to width: Int, isRight: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - Self.width(text)))
    return isRight ? blanks + text : text + blanks
  }

  /// A text of at most so many columns; what was cut off is told by `…` at its end.
  package static func fitted(_ text: String, to width: Int) -> String {
    guard Self.width(text) > width else { return text }
    guard width > 0 else { return "" }
    var shown = ""
    var used = 0
    for scalar in text.unicodeScalars {
      let columns = columns(scalar)
      guard used + columns <= width - 1 else { break }
      shown.unicodeScalars.append(scalar)
      used += columns
    }
    return shown + "…"
  }

  /// A text of at most so many columns whose middle is left out: the end of a name tells most.
  package static func shortened(_ text: String, to width: Int) -> String {
    guard Self.width(text) > width, width >= 7 else { return fitted(text, to: width) }
    var tail: [Unicode.Scalar] = []
    var used = 0
    for scalar in text.unicodeScalars.reversed() {
      let columns = columns(scalar)
      guard used + columns <= width / 2 else { break }
      tail.append(scalar)
      used += columns
    }
    var shown = fitted(text, to: width - used)
    for scalar in tail.reversed() { shown.unicodeScalars.append(scalar) }
    return shown
  }

  /// A paragraph broken at blanks into lines of at most so many columns.
  ///
  /// - Parameters:
  ///   - width: of the lines; a word that is wider is cut.
  ///   - limit: the most lines; the last one is cut where more would follow.
  package static func wrapped(_ text: String, to width: Int, limit: Int = .max) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      let longer = line.isEmpty ? String(word) : line + " " + word
      if line.isEmpty || Self.width(longer) <= width {
        line = longer
      } else if lines.count + 1 < limit {
        lines.append(fitted(line, to: width))
        line = String(word)
      } else {
        line = longer
      }
    }
    lines.append(fitted(line, to: width))
    return lines
  }

  // MARK: Characters

  /// Control characters of C0 and C1, and those that turn the direction of text.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// Columns of a character, by the blocks of Unicode that terminals show wide or combine.
  private static func columns(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0..<0x300: 1
    case 0x300...0x36F, 0x200B...0x200F, 0x20D0...0x20FF, 0xFE00...0xFE0F, 0xFE20...0xFE2F: 0
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
      0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
      0x20000...0x3FFFD:
      2
    default: 1
    }
  }
}
