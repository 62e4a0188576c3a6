import Foundation
import Testing

/// The rules of the house, read off the files.
@Suite("Tidy")
struct TidyTests {
  /// A place where a rule is broken.
  private static func place(_ file: SourceFile, _ index: Int) -> String {
    "\(file.path):\(index + 1): \(file.lines[index].trimmingCharacters(in: .whitespaces))"
  }

  /// The lines of files at which a rule finds something.
  private static func breaches(
    in files: [SourceFile], where isBroken: (SourceFile, Int) -> Bool
  ) -> [String] {
    files.flatMap { file in
      file.lines.indices.filter { isBroken(file, $0) }.map { place(file, $0) }
    }
  }

  /// Fails with every breach, one a line.
  private func expectNone(
    _ breaches: [String], _ location: SourceLocation = #_sourceLocation
  ) {
    guard !breaches.isEmpty else { return }
    Issue.record("\n\(breaches.joined(separator: "\n"))", sourceLocation: location)
  }

  @Test("The rules see the project")
  func sight() {
    #expect(SourceTree.sources.count > 50)
    let paths = Set(SourceTree.files.map(\.path))
    for path in ["Makefile", "Package.swift", ".gitignore", ".ci/run", "Sources/vole/main.swift"] {
      #expect(paths.contains(path))
    }
    #expect(!paths.contains { $0.hasPrefix(".build") || $0.hasPrefix(".git/") })
  }

  @Test("Comments and strings are taken out of code, and nothing else")
  func stripping() {
    let text = """
      let a = "b // c" // d "e"
      /* f /* g */ "h */ let i = 1
      let j = \"\"\"
        k " unsafe
        \"\"\"
      let l = #"m " \\(n)"#, o = "p\\"q"
      """
    #expect(
      SwiftCode.stripped(text) == [
        "let a = \" ", " let i = 1", "let j = ", "", "\"", "let l = \", o = \"",
      ])
  }

  @Test("Each C library is imported by exactly one Swift target")
  func cLibraries() {
    var importers: [String: Set<String>] = [:]
    for file in SourceTree.sources {
      for module in Self.imports(of: file) { importers[module, default: []].insert(file.target) }
    }
    let owners = [
      "CLibrdkafka": "KafkaClient", "CNghttp2": "HTTPServer", "COpenSSL": "HTTPServer",
      "CLinux": "EventLoop", "CToml": "Configuration", "CPcre2": "Configuration",
      "CZlib": "HTTPServer",
    ]
    let modules = Set(
      SourceTree.files.filter { $0.isSource && !$0.isSwift }.map(\.target)
        .filter { $0.first == "C" })
    for module in modules.union(owners.keys) {
      #expect(importers[module] == owners[module].map { [$0] }, "\(module)")
    }
  }

  @Test("The pure middle imports nothing from outside, and is safe")
  func pureTargets() {
    let allowed: [String: Set<String>] = [
      "LagCore": [], "JSON": [], "Text": [], "ConsumerOffsets": ["LagCore"],
      "Answers": ["LagCore", "JSON", "Connect"],
      "Offline": ["LagCore", "ConsumerOffsets", "JSON"], "Console": ["JSON", "Text"],
    ]
    for file in SourceTree.sources {
      guard let modules = allowed[file.target] else { continue }
      #expect(Self.imports(of: file).subtracting(modules).isEmpty, "\(file.path)")
    }
    let safe = SourceTree.sources.filter { ["LagCore", "ConsumerOffsets"].contains($0.target) }
    expectNone(Self.breaches(in: safe) { $0.code[$1].contains(Self.unsafe) })
  }

  @Test("The agent does without Foundation")
  func foundation() {
    for file in SourceTree.sources {
      let modules = Self.imports(of: file)
      #expect(!modules.contains { $0.hasPrefix("Foundation") }, "\(file.path)")
    }
  }

  @Test("Nothing in Sources traps on purpose")
  func traps() throws {
    // The last one is a forced unwrap: "!" behind a name or a bracket, and no "!=".
    let traps = try [
      #"\btry!"#, #"\bas!"#, #"\bfatalError\("#, #"\bpreconditionFailure\("#,
      #"[A-Za-z0-9_\)\]\}]!(?!=)"#,
    ].map { try Regex($0) }
    expectNone(
      Self.breaches(in: SourceTree.sources) { file, index in
        traps.contains { file.code[index].contains($0) }
      })
  }

  @Test("Every package declaration is documented")
  func documentation() throws {
    let declaration = try Regex(
      #"^\s*(@\w+(\([^)]*\))?\s+)*package\s+(?!import\b|extension\b|\(set\))"#)
    // What a protocol of the standard library asks for needs no words of its own.
    let witness = try Regex(#"\b(var description\b|func hash\(|func (==|<))"#)
    expectNone(
      Self.breaches(in: SourceTree.sources) { file, index in
        guard file.code[index].contains(declaration), !file.code[index].contains(witness) else {
          return false
        }
        return !Self.isDocumented(file, index, declaration)
      })
  }

  @Test("Every unsafe line has its reason, in its declaration or above one around it")
  func unsafety() {
    expectNone(
      Self.breaches(in: SourceTree.sources) { file, index in
        file.code[index].contains(Self.unsafe) && !Self.hasReason(file, index)
      })
  }

  @Test("Lines have at most 100 columns")
  func columns() {
    // Prose and manifests may be as wide as their readers' windows.
    let files = SourceTree.files.filter { ![".md", ".yaml", ".txt"].contains($0.suffix) }
    expectNone(Self.breaches(in: files) { $0.lines[$1].count > 100 })
  }

  @Test("A file holds one idea: at most 450 lines in Sources")
  func lengths() {
    expectNone(
      SourceTree.sources.filter { $0.lines.count > 450 }.map { "\($0.path): \($0.lines.count)" })
  }

  @Test("Nothing is left for later")
  func leftovers() throws {
    let marks = try Regex(["TO" + "DO", "FIX" + "ME"].joined(separator: "|"))
    expectNone(Self.breaches(in: SourceTree.files) { $0.lines[$1].contains(marks) })
  }

  @Test("No path of somebody's machine")
  func machines() {
    let paths = /\/(work|root|home|Users|opt\/swift|tmp\/h)\//
    expectNone(Self.breaches(in: SourceTree.files) { $0.lines[$1].contains(paths) })
  }

  // Where packages come from is settled by the machine that builds: a mirror, a cache, nothing.
  @Test("No host of a package registry")
  func registries() {
    let hosts =
      /\b(pypi\.org|pythonhosted\.org|debian\.(org|net)|ubuntu\.com|npmjs\.(org|com)|crates\.io)/
    let others =
      /\b(rubygems\.org|maven\.(org|apache\.org)|proxy\.golang\.org|pkg\.dev|anaconda\.org)/
    expectNone(
      Self.breaches(in: SourceTree.files) { file, index in
        file.lines[index].contains(hosts) || file.lines[index].contains(others)
      })
  }
}

extension TidyTests {
  /// The keyword, not the attribute.
  fileprivate static var unsafe: Regex<(Substring, Substring)> { /(^|[^@\w])unsafe\b/ }

  /// The modules that a file imports, submodules cut off.
  fileprivate static func imports(of file: SourceFile) -> Set<String> {
    Set(
      file.code.compactMap { line in
        let words = line.split { $0 == " " || $0 == "." }
        guard let keyword = words.firstIndex(of: "import"), keyword <= 2,
          words[..<keyword].allSatisfy({ $0.hasPrefix("@") || $0 == "package" || $0 == "private" })
        else { return nil }
        return words.dropFirst(keyword + 1).first.map(String.init)
      })
  }

  /// Whether a comment for documentation stands above a declaration, or above the first of a run of
  /// one-line declarations.
  fileprivate static func isDocumented(
    _ file: SourceFile, _ index: Int, _ declaration: Regex<AnyRegexOutput>
  ) -> Bool {
    var above = index - 1
    while above >= 0 {
      let line = file.lines[above].trimmingCharacters(in: .whitespaces)
      if line.hasPrefix("///") { return true }
      let continues = line.hasPrefix("@") || file.code[above].contains(declaration)
      guard continues, !line.hasSuffix("{"), !line.hasSuffix("}") else { return false }
      above -= 1
    }
    return false
  }

  /// Whether a `SAFETY:` stands in the declaration of an unsafe line, or directly above one around
  /// it.
  fileprivate static func hasReason(_ file: SourceFile, _ index: Int) -> Bool {
    if file.lines[index].contains("SAFETY:") || hasReasonAbove(file, index) { return true }
    // Up through the lines that stand further left: the declarations around this one.
    var indent = Self.indent(file.lines[index])
    var above = index
    while above > 0, indent > 0 {
      above -= 1
      let line = file.lines[above]
      if line.trimmingCharacters(in: .whitespaces).isEmpty || Self.indent(line) >= indent {
        continue
      }
      indent = Self.indent(line)
      if hasReasonAbove(file, above) { return true }
      if file.code[above].contains(Self.type) { continue }
      let end = file.lines[index...].firstIndex {
        Self.indent($0) <= indent && !$0.allSatisfy(\.isWhitespace)
      }
      let body = file.lines[above..<(end ?? file.lines.endIndex)]
      if body.contains(where: { $0.contains("SAFETY:") }) { return true }
    }
    return false
  }

  /// The beginning of a type or an extension.
  private static var type: Regex<(Substring, Substring)> {
    /\b(struct|class|enum|extension|protocol)\b/
  }

  /// Whether the comment directly above a line says `SAFETY:`.
  private static func hasReasonAbove(_ file: SourceFile, _ index: Int) -> Bool {
    var above = index - 1
    while above >= 0 {
      let line = file.lines[above].trimmingCharacters(in: .whitespaces)
      guard line.hasPrefix("//") || line.hasPrefix("@") else { return false }
      if line.contains("SAFETY:") { return true }
      above -= 1
    }
    return false
  }

  private static func indent(_ line: String) -> Int { line.prefix { $0 == " " }.count }
}
