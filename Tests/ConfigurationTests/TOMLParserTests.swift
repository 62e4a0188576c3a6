import Configuration
import SeededRandom
import Testing

@Suite("TOML")
struct TOMLParserTests {
  @Test("Entries come in the order of the file, each with its line and kind")
  func order() throws {
    let text = """
      zebra = "a"
      apple = 1

      [z]
      float = 2.5
      truth = false
      day = 1979-05-27
      list = [
        "one",
        2,
      ]
      [a."b.c"]
      dotted.key = -7
      """
    let table = try TOMLTable(parsing: Array(text.utf8))
    #expect(table.entries.map(\.key) == ["zebra", "apple", "z", "a"])
    #expect(table["zebra"]?.value == .string("a"))
    #expect(table["apple"]?.value == .integer(1))
    guard case .table(let z) = table["z"]?.value, case .table(let a) = table["a"]?.value else {
      Issue.record("z and a are tables")
      return
    }
    #expect(z.entries.map(\.line) == [5, 6, 7, 8])
    #expect(z["float"]?.value == .float(2.5))
    #expect(z["truth"]?.value == .boolean(false))
    #expect(z["day"]?.value == .datetime)
    guard case .array(let list) = z["list"]?.value else {
      Issue.record("z.list is a list")
      return
    }
    #expect(list.map(\.value) == [.string("one"), .integer(2)])
    #expect(list.map(\.line) == [9, 10])
    #expect(a.entries.map(\.key) == ["b.c"])
    #expect(a["b.c"]?.line == 12)
    guard case .table(let inner) = a["b.c"]?.value, case .table(let dotted) = inner["dotted"]?.value
    else {
      Issue.record("a.\"b.c\".dotted is a table")
      return
    }
    #expect(dotted["key"]?.value == .integer(-7))
    #expect(dotted["key"]?.line == 13)
  }

  @Test("An empty file is an empty table")
  func empty() throws {
    #expect(try TOMLTable(parsing: []).entries.isEmpty)
    #expect(try TOMLTable(parsing: Array("# nothing\n".utf8)).entries.isEmpty)
  }

  @Test("The first syntax error has its line and column")
  func syntaxError() {
    let error = #expect(throws: TOMLSyntaxError.self) {
      try TOMLTable(parsing: Array("[a]\nkey = \n".utf8))
    }
    #expect(error?.line == 2)
    #expect(error?.column == 7)
    #expect(error?.message.contains("expected value") == true)
  }

  @Test("A key that is there twice, and bytes that are not UTF-8, are syntax errors")
  func refused() {
    let twice = #expect(throws: TOMLSyntaxError.self) {
      try TOMLTable(parsing: Array("a = 1\nb = 2\na = 3\n".utf8))
    }
    #expect(twice?.line == 3)
    let bytes = #expect(throws: TOMLSyntaxError.self) {
      try TOMLTable(parsing: Array("a = \"".utf8) + [0xFF, 0xFE] + Array("\"\n".utf8))
    }
    #expect(bytes?.line == 1)
  }

  @Test(
    "Letters outside ASCII where a key or a value begins are syntax errors",
    arguments: ["é = 1", "a = é", "a.é = 1", "[é]", "a = 1 é", "a = \u{499}", "\u{A1}"])
  func letters(_ text: String) {
    #expect(throws: TOMLSyntaxError.self) { try TOMLTable(parsing: Array(text.utf8)) }
  }

  @Test("Deep nesting is an error, however it is written")
  func depth() {
    let deep = [
      String(repeating: "[", count: 100_000),
      "a = " + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000),
      "a = " + String(repeating: "{a = ", count: 10_000),
      String(repeating: "a.", count: 100_000) + "a = 1",
      String(repeating: "a.", count: 100_000) + "a = ",
      "[" + String(repeating: "a.", count: 100_000) + "a]\nb = 1",
      String(repeating: "a.", count: 40) + "a = 1",
    ]
    for text in deep {
      #expect(throws: TOMLSyntaxError.self, "\(text.prefix(20))…") {
        try TOMLTable(parsing: Array(text.utf8))
      }
    }
    #expect(throws: Never.self) {
      try TOMLTable(parsing: Array((String(repeating: "a.", count: 20) + "a = 1").utf8))
    }
  }

  @Test("Random bytes and mangled files never crash the parser, nor the configuration")
  func random() {
    var random = SeededGenerator(seed: 20_251_120)
    let alphabet = Array("[]{}.=,\"'\\#\n\t abc019:-_+\u{00E9}".utf8) + [0, 0xFF, 0xC3]
    let sample = Array(burrowFile.utf8)
    for round in 0..<4_000 {
      var bytes: [UInt8]
      if round % 2 == 0 {
        bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
          alphabet.randomElement(using: &random) ?? 0
        }
      } else {
        bytes = sample
        for _ in 0..<Int.random(in: 1...8, using: &random) {
          let at = Int.random(in: 0..<bytes.count, using: &random)
          bytes[at] = alphabet.randomElement(using: &random) ?? 0
        }
      }
      var sources = ConfigurationSources()
      sources.file = ("random.toml", bytes)
      do throws(InvalidConfiguration) {
        _ = try Configuration(sources)
      } catch {
        // A refusal always says why, each problem on one line.
        #expect(!error.problems.isEmpty, "seed \(random.seed), round \(round)")
        #expect(
          error.problems.allSatisfy { !$0.description.contains("\n") },
          "seed \(random.seed), round \(round): \(error.problems)")
      }
    }
  }
}
