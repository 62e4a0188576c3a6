/// An option of a command: its name, its value and what it is good for.
package struct OptionDeclaration: Equatable, Sendable {
  /// The long name without dashes.
  package let name: String
  /// What stands for the value in the help; nil for a switch, which takes none.
  package let placeholder: String?
  /// Whether the option may be given more than once.
  package let isRepeatable: Bool
  /// What the option does, one or two sentences.
  package let help: String

  /// Declares an option.
  package init(
    _ name: String, placeholder: String? = nil, isRepeatable: Bool = false, help: String
  ) {
    self.name = name
    self.placeholder = placeholder
    self.isRepeatable = isRepeatable
    self.help = help
  }
}

/// An argument of a command that is no option.
package struct PositionalDeclaration: Equatable, Sendable {
  /// What stands for it in the help, upper-case.
  package let placeholder: String
  /// Whether the command does nothing without it.
  package let isRequired: Bool

  /// Declares an argument.
  package init(_ placeholder: String, isRequired: Bool = false) {
    self.placeholder = placeholder
    self.isRequired = isRequired
  }
}

/// A wrong command line: one line that says what is wrong.
package struct UsageError: Error, Equatable, CustomStringConvertible {
  /// The line, without the name of the program.
  package let description: String

  /// Says what is wrong.
  package init(_ description: String) {
    self.description = description
  }
}

/// The options and arguments of a command, as declared and found.
package struct CommandLineArguments: Equatable, Sendable {
  private var switches: Set<String> = []
  private var options: [String: [String]] = [:]
  /// The arguments that are no options, in order; no more than declared.
  package private(set) var positionals: [String] = []

  /// Whether a switch was given.
  package func has(_ name: String) -> Bool { switches.contains(name) }

  /// The value of an option that is given once; nil where it is not given.
  package func value(_ name: String) -> String? { options[name]?.last }

  /// The values of a repeatable option in order.
  package func values(_ name: String) -> [String] { options[name] ?? [] }

  /// The value of an option as a whole number.
  ///
  /// - Throws: A usage error where the value is none, or not within the range.
  package func integer(
    _ name: String, in range: ClosedRange<Int>
  ) throws(UsageError) -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw UsageError(
        "--\(name): \(quoted(text)) is not a whole number from \(range.lowerBound) to "
          + "\(range.upperBound)")
    }
    return number
  }
}

extension CommandDeclaration {
  /// What a command was asked for.
  package enum Request: Equatable, Sendable {
    /// `--help`.
    case help
    /// `--version`.
    case version
    /// To do its work.
    case run(CommandLineArguments)
  }

  /// Reads the arguments behind the name of a command.
  ///
  /// Options are `--name`, `--name value` or `--name=value`; behind `--` nothing is an option; a
  /// lone `-` is an argument. A value that begins with `--` must be given with `=`.
  ///
  /// - Throws: The first thing that is wrong. `--help` and `--version` win over later mistakes.
  package func parse(_ arguments: [String]) throws(UsageError) -> Request {
    var found = CommandLineArguments()
    var rest = arguments[...]
    var optionsEnded = false
    while let argument = rest.popFirst() {
      if optionsEnded || argument == "-" || !argument.hasPrefix("-") {
        try found.add(argument, for: self)
      } else if argument == "--" {
        optionsEnded = true
      } else if argument == "--help" || argument == "-h" {
        return .help
      } else if argument == "--version" {
        return .version
      } else {
        try found.addOption(argument, &rest, for: self)
      }
    }
    if let missing = positionals.dropFirst(found.positionals.count).first(where: \.isRequired) {
      throw UsageError("\(missing.placeholder) is missing")
    }
    return .run(found)
  }
}

extension CommandLineArguments {
  fileprivate mutating func add(
    _ argument: String, for command: CommandDeclaration
  ) throws(UsageError) {
    guard positionals.count < command.positionals.count else {
      throw UsageError("unexpected argument \(quoted(argument))")
    }
    positionals.append(argument)
  }

  fileprivate mutating func addOption(
    _ argument: String, _ rest: inout ArraySlice<String>, for command: CommandDeclaration
  ) throws(UsageError) {
    let parts = argument.utf8.split(
      separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
    let written = parts.first.map { String(decoding: $0, as: UTF8.self) } ?? argument
    let attached = parts.count == 2 ? String(decoding: parts[1], as: UTF8.self) : nil
    if attached != nil, written == "--help" || written == "--version" {
      throw UsageError("\(written) takes no value")
    }
    guard let option = command.options.first(where: { "--\($0.name)" == written }) else {
      throw UsageError(unknown(written, for: command))
    }
    guard let placeholder = option.placeholder else {
      guard attached == nil else { throw UsageError("\(written) takes no value") }
      switches.insert(option.name)
      return
    }
    guard let value = attached ?? nextValue(&rest) else {
      throw UsageError("\(written) needs a value (\(written) \(placeholder))")
    }
    guard option.isRepeatable || options[option.name] == nil else {
      throw UsageError("\(written) is given twice")
    }
    options[option.name, default: []].append(value)
  }

  private func nextValue(_ rest: inout ArraySlice<String>) -> String? {
    guard let next = rest.first, !next.hasPrefix("--") else { return nil }
    return rest.popFirst()
  }

  private func unknown(_ written: String, for command: CommandDeclaration) -> String {
    let known = command.options.map { "--\($0.name)" } + ["--help", "--version"]
    let text = "unknown option \(written.isPlain ? written : quoted(written))"
    guard let nearest = Suggestion.nearest(to: written, among: known) else { return text }
    return "\(text) (did you mean \(nearest)?)"
  }
}

extension String {
  /// Whether the text can stand in a message without quotes.
  var isPlain: Bool {
    !isEmpty && utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
  }
}
