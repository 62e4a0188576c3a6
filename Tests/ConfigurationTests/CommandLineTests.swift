import Configuration
import SeededRandom
import Testing

private let program = ProgramDeclaration(
  name: "vole", summary: "Watch consumer groups and answer probes.", version: "1.2.3",
  commands: [
    CommandDeclaration(
      "run", summary: "Run the agent",
      details: [
        "Without a file, flags and environment suffice. This paragraph is long enough to be "
          + "broken into several lines of at most eighty columns."
      ],
      options: ConfigurationFlags.options),
    CommandDeclaration(
      "status", summary: "Ask a running agent", positionals: [PositionalDeclaration("GROUP")],
      options: [
        OptionDeclaration("watch", help: "Again and again."),
        OptionDeclaration("seconds", placeholder: "N", help: "How long."),
      ]),
    CommandDeclaration(
      "replay", summary: "Run a captured log",
      positionals: [PositionalDeclaration("FILE", isRequired: true)]),
    CommandDeclaration("notify", summary: "Deliver", isHidden: true),
  ])

@Suite("Command line")
struct CommandLineTests {
  private func arguments(_ line: String...) throws -> CommandLineArguments {
    guard case .run(_, let arguments) = try program.parse(line) else {
      throw UsageError("something to show")
    }
    return arguments
  }

  private func error(_ line: String...) -> String {
    do throws(UsageError) {
      _ = try program.parse(line)
      return ""
    } catch {
      return error.description
    }
  }

  @Test("Options with their values, apart and attached, repeated and not")
  func options() throws {
    let flags = ConfigurationFlags(
      try arguments(
        "run", "--group", "a", "--config=x=y.toml", "--group=b c", "--listen", ":8000",
        "--bootstrap-servers", "k:1", "--cluster", "-", "--log-level="))
    var expected = ConfigurationFlags()
    expected.groups = ["a", "b c"]
    expected.file = "x=y.toml"
    expected.listen = ":8000"
    expected.bootstrapServers = ["k:1"]
    expected.cluster = "-"
    expected.logLevel = ""
    #expect(flags == expected)
  }

  @Test("Arguments, switches, and the end of options")
  func positionals() throws {
    let found = try arguments("status", "orders", "--watch", "--seconds", "5")
    #expect(found.positionals == ["orders"])
    #expect(found.has("watch"))
    #expect(try found.integer("seconds", in: 1...10) == 5)
    #expect(try arguments("status", "--", "--watch").positionals == ["--watch"])
    #expect(try arguments("replay", "-").positionals == ["-"])
    #expect(try !arguments("status").has("watch"))
    #expect(try arguments("status").integer("seconds", in: 1...10) == nil)
    #expect(try arguments("status", "--seconds", "-5").value("seconds") == "-5")
  }

  @Test("What is wrong is one line that names it")
  func wrong() throws {
    #expect(error() == "vole: no command is given (vole --help lists them)")
    #expect(error("rnu") == "vole: unknown command rnu (did you mean run?)")
    #expect(error("dance") == "vole: unknown command dance (vole --help lists them)")
    #expect(error("notifi") == "vole: unknown command notifi (vole --help lists them)")
    #expect(error("--verison") == "vole: unknown option --verison (did you mean --version?)")
    #expect(error("") == "vole: unknown command \"\" (vole --help lists them)")
    #expect(
      error("run", "--gruop", "a")
        == "vole run: unknown option --gruop (did you mean --group?) (vole run --help)")
    #expect(error("run", "--zzz") == "vole run: unknown option --zzz (vole run --help)")
    #expect(error("run", "-g") == "vole run: unknown option -g (vole run --help)")
    #expect(
      error("run", "--group") == "vole run: --group needs a value (--group NAME) (vole run --help)")
    #expect(
      error("run", "--group", "--listen")
        == "vole run: --group needs a value (--group NAME) (vole run --help)")
    #expect(
      error("run", "--listen", ":1", "--listen", ":2")
        == "vole run: --listen is given twice (vole run --help)")
    #expect(
      error("run", "orders") == "vole run: unexpected argument \"orders\" (vole run --help)")
    #expect(
      error("status", "--watch=yes") == "vole status: --watch takes no value (vole status --help)")
    #expect(
      error("status", "--help=yes") == "vole status: --help takes no value (vole status --help)")
    #expect(
      error("run", "--version=") == "vole run: --version takes no value (vole run --help)")
    #expect(error("replay") == "vole replay: FILE is missing (vole replay --help)")
    #expect(
      error("run", "--a\u{1B}[2J")
        == "vole run: unknown option \"--a\\u001B[2J\" (vole run --help)")
    let number = try arguments("status", "--seconds", "ten")
    #expect(
      #expect(throws: UsageError.self) { try number.integer("seconds", in: 1...9) }?.description
        == "--seconds: \"ten\" is not a whole number from 1 to 9")
  }

  @Test("Help and version")
  func shown() throws {
    #expect(try program.parse(["--version"]) == .show("vole 1.2.3\n"))
    #expect(try program.parse(["run", "--version", "--nonsense"]) == .show("vole 1.2.3\n"))
    #expect(
      try program.parse(["--help"])
        == .show(
          """
          Watch consumer groups and answer probes.

          Usage: vole COMMAND [OPTION]...

          Commands:
            run     Run the agent
            status  Ask a running agent
            replay  Run a captured log

          Options:
            --help     Show this help, or that of a command.
            --version  Show the version.

          """))
    #expect(
      try program.parse(["status", "--help"])
        == .show(
          """
          Usage: vole status [GROUP] [OPTION]...

          Ask a running agent.

          Options:
            --watch      Again and again.
            --seconds N  How long.
            --help       Show this help.
            --version    Show the version.

          """))
    guard case .show(let help) = try program.parse(["run", "-h"]) else {
      Issue.record("help is shown")
      return
    }
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 })
    for option in ConfigurationFlags.options {
      #expect(help.contains("--\(option.name)"))
    }
  }

  @Test("Random command lines never crash the parser, and every refusal is one line")
  func random() {
    var random = SeededGenerator(seed: 7_309_458)
    let words = [
      "run", "status", "replay", "--group", "--group=", "--listen", "--", "-", "--watch", "=",
      "--=", "", "-\u{301}", "--config", "a\nb", "--\u{0}", "--help", "\u{1F980}", "-h",
      "--seconds",
    ]
    for round in 0..<5_000 {
      let line = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        let word = words.randomElement(using: &random) ?? ""
        return Bool.random(using: &random)
          ? word : word + (words.randomElement(using: &random) ?? "")
      }
      do throws(UsageError) {
        _ = try program.parse(line)
      } catch {
        #expect(
          !error.description.contains("\n") && !error.description.isEmpty,
          "seed \(random.seed), round \(round): \(line)")
      }
    }
  }
}
