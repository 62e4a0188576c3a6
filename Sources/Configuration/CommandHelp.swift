/// Columns of the help.
private let width = 80

/// Columns in front of the explanations, at most.
private let maxIndent = 30

extension ProgramDeclaration {
  /// The text of `--help`: the commands and what they do.
  package var help: String {
    let rows = commands.filter { !$0.isHidden }.map { ($0.name, $0.summary) }
    let options = [
      ("--help", "Show this help, or that of a command."), ("--version", "Show the version."),
    ]
    return """
      \(wrapped(summary, indent: 0))
      Usage: \(name) COMMAND [OPTION]...

      Commands:
      \(table(rows))
      Options:
      \(table(options))
      """
  }
}

extension CommandDeclaration {
  /// The text of the command's `--help`.
  ///
  /// - Parameter program: The name of the binary.
  /// - Returns: Lines of at most 80 columns.
  package func help(program: String) -> String {
    var usage = "Usage: \(program) \(name)"
    for positional in positionals {
      usage += positional.isRequired ? " \(positional.placeholder)" : " [\(positional.placeholder)]"
    }
    var text = usage + " [OPTION]...\n\n" + wrapped(summary + ".", indent: 0)
    for paragraph in details {
      text += "\n" + wrapped(paragraph, indent: 0)
    }
    let rows =
      options.map { option in
        let left = option.placeholder.map { "--\(option.name) \($0)" } ?? "--\(option.name)"
        return (left, option.isRepeatable ? option.help + " May be repeated." : option.help)
      } + [("--help", "Show this help."), ("--version", "Show the version.")]
    return text + "\nOptions:\n" + table(rows)
  }
}

/// Two columns, the right one wrapped; a left one that is too wide stands on its own line.
private func table(_ rows: [(left: String, right: String)]) -> String {
  let widest = rows.map { $0.left.count + 4 }.filter { $0 <= maxIndent }.max() ?? maxIndent
  var text = ""
  for row in rows {
    let left = "  " + row.left
    let lines = wrapped(row.right, indent: widest)
    if left.count + 2 > widest {
      text += left + "\n" + lines
    } else {
      text += left + lines.dropFirst(left.count)
    }
  }
  return text
}

/// A paragraph broken at blanks, each line indented and ended.
private func wrapped(_ paragraph: String, indent: Int) -> String {
  let margin = String(repeating: " ", count: indent)
  var lines: [String] = []
  var line = ""
  for word in paragraph.split(separator: " ") {
    if !line.isEmpty, indent + line.count + 1 + word.count > width {
      lines.append(line)
      line = ""
    }
    line += line.isEmpty ? String(word) : " " + word
  }
  lines.append(line)
  return lines.map { margin + $0 + "\n" }.joined()
}
