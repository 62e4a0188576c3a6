import Foundation
import Testing

/// What the README says of `make` and `vole` is what there is.
@Suite("README")
struct ReadmeTests {
  private static func text(_ path: String) -> String? {
    SourceTree.files.first { $0.path == path }?.lines.joined(separator: "\n")
  }

  private static let readme = text("README.md") ?? ""

  /// The targets that `make help` lists.
  private static var targets: [String] {
    (text("Makefile") ?? "").split(separator: "\n")
      .compactMap { $0.firstMatch(of: /^([a-z-]+):.*##\s/).map { String($0.1) } }
  }

  /// The commands that are declared, as `vole --help` lists them.
  private static var commands: Set<String> {
    let sources = SourceTree.sources.filter { $0.target == "vole" }
    return Set(
      sources.flatMap { file in
        file.lines.joined(separator: "\n").matches(of: /CommandDeclaration\(\s*"([a-z]+)"/)
          .map { String($0.1) }
      })
  }

  @Test("The Makefile's targets and the program's commands are found")
  func sight() {
    #expect(Self.targets.contains("test"))
    #expect(Self.commands.contains("run"))
  }

  @Test("Every target that the README shows exists")
  func makeTargets() {
    let shown = Set(Self.readme.matches(of: /[`$] ?make ([a-z-]+)/).map { String($0.1) })
    #expect(shown.isSuperset(of: ["demo", "test", "build", "test-kafka"]))
    #expect(shown.subtracting(Self.targets).isEmpty)
  }

  @Test("Every command that the README shows exists, and every command is shown")
  func shownCommands() {
    let shown = Set(Self.readme.matches(of: /(?:`|bin\/)vole ([a-z]+)/).map { String($0.1) })
    #expect(shown.subtracting(Self.commands).isEmpty)
    #expect(Self.commands.subtracting(shown).isEmpty)
  }
}
