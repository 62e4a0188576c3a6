/// A subcommand: everything its parser and its help are made of.
package struct CommandDeclaration: Equatable, Sendable {
  /// The word that names the command.
  package let name: String
  /// What the command does, one sentence without a full stop.
  package let summary: String
  /// Further paragraphs of the help.
  package let details: [String]
  /// The arguments that are no options, in order.
  package let positionals: [PositionalDeclaration]
  /// The options beside `--help` and `--version`, in the order of the help.
  package let options: [OptionDeclaration]
  /// Whether the list of commands leaves it out.
  package let isHidden: Bool

  /// Declares a command.
  package init(
    _ name: String, summary: String, details: [String] = [],
    positionals: [PositionalDeclaration] = [], options: [OptionDeclaration] = [],
    isHidden: Bool = false
  ) {
    self.name = name
    self.summary = summary
    self.details = details
    self.positionals = positionals
    self.options = options
    self.isHidden = isHidden
  }
}

/// A program of subcommands.
package struct ProgramDeclaration: Equatable, Sendable {
  /// The name of the binary.
  package let name: String
  /// What the program does, one sentence.
  package let summary: String
  /// What `--version` prints.
  package let version: String
  /// The commands in the order of the help.
  package let commands: [CommandDeclaration]

  /// Declares a program.
  package init(name: String, summary: String, version: String, commands: [CommandDeclaration]) {
    self.name = name
    self.summary = summary
    self.version = version
    self.commands = commands
  }

  /// What a command line asks for.
  package enum Invocation: Equatable, Sendable {
    /// To print this to standard output and exit 0: help or version.
    case show(String)
    /// To run the command of this name.
    case run(command: String, CommandLineArguments)
  }

  /// Reads a command line.
  ///
  /// - Parameter arguments: Those behind the name of the binary.
  /// - Returns: The command with its arguments, or a text to show.
  /// - Throws: One line that says what is wrong and where help is, behind the name of the program
  ///   and of its command.
  package func parse(_ arguments: [String]) throws(UsageError) -> Invocation {
    guard let first = arguments.first else {
      throw UsageError("\(name): no command is given (\(name) --help lists them)")
    }
    if first == "--help" || first == "-h" { return .show(help) }
    if first == "--version" { return .show("\(name) \(version)\n") }
    guard let command = commands.first(where: { $0.name == first }) else {
      throw UsageError("\(name): \(unknown(first))")
    }
    let request: CommandDeclaration.Request
    do throws(UsageError) {
      request = try command.parse(Array(arguments.dropFirst()))
    } catch {
      throw UsageError("\(name) \(command.name): \(error) (\(name) \(command.name) --help)")
    }
    switch request {
    case .help: return .show(command.help(program: name))
    case .version: return .show("\(name) \(version)\n")
    case .run(let arguments): return .run(command: command.name, arguments)
    }
  }

  private func unknown(_ word: String) -> String {
    let kind = word.hasPrefix("-") ? "option" : "command"
    let shown = word.isPlain ? word : quoted(word)
    let known = commands.filter { !$0.isHidden }.map(\.name) + ["--help", "--version"]
    guard let nearest = Suggestion.nearest(to: word, among: known) else {
      return "unknown \(kind) \(shown) (\(name) --help lists them)"
    }
    return "unknown \(kind) \(shown) (did you mean \(nearest)?)"
  }
}
