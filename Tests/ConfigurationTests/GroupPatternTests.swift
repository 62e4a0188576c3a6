import Configuration
import Testing

@Suite("Group patterns")
struct GroupPatternTests {
  private func outcome(_ pattern: String, _ name: String) throws -> GroupPattern.Outcome {
    try GroupPattern(pattern).outcome(Array(name.utf8))
  }

  @Test(
    "A pattern is looked for anywhere, with the conventions of RE2",
    arguments: [
      ("orders", "my-orders-2", true),
      ("^orders-", "orders-1", true),
      ("^orders-", "my-orders-1", false),
      ("^orders$", "orders", true),
      // RE2's $ is the very end, not the place before a last line feed.
      ("^orders$", "orders\n", false),
      ("^(console-consumer-|quick-).*$", "console-consumer-7", true),
      ("(?i)ORDERS", "orders", true),
      ("^.$", "é", true),
      ("^[a-z.]+$", "payments.eu", true),
      ("^[a-z.]+$", "Payments", false),
      (#"^\d{2}$"#, "٣٣", false),
      ("", "anything", true),
      ("^$", "", true),
    ])
  func conventions(_ pattern: String, _ name: String, _ matches: Bool) throws {
    #expect(try outcome(pattern, name) == (matches ? .match : .noMatch))
  }

  @Test("Bytes that are not UTF-8 are no match and no error")
  func invalidUTF8() throws {
    #expect(try GroupPattern("^.+$").outcome([0xFF, 0xFE]) == .noMatch)
    #expect(try GroupPattern("orders").outcome([0xFF] + Array("orders".utf8)) == .match)
  }

  @Test("Catastrophic backtracking is given up soon")
  func limits() throws {
    let name = String(repeating: "a", count: 60) + "!"
    let clock = ContinuousClock()
    for pattern in ["^(a+)+$", "^(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$"] {
      let compiled = try GroupPattern(pattern)
      let started = clock.now
      #expect(compiled.outcome(Array(name.utf8)) == .limitExceeded, "\(pattern)")
      #expect(clock.now - started < .milliseconds(200), "\(pattern)")
      // The next name is judged as if nothing had happened.
      #expect(compiled.outcome([0x31]) == .noMatch, "\(pattern)")
    }
    #expect(try outcome("(?R)?a", "aaa") == .limitExceeded)
    // A pattern may lower the limits, never raise them.
    #expect(try outcome("(*LIMIT_MATCH=4000000000)^(a+)+$", name) == .limitExceeded)
  }

  @Test("A name of a hostile length is not searched")
  func longName() throws {
    let longest = [UInt8](repeating: 0x61, count: GroupPattern.maxNameBytes)
    #expect(try GroupPattern("a$").outcome(longest) == .match)
    #expect(try GroupPattern("a$").outcome(longest + [0x61]) == .limitExceeded)
  }

  @Test("A wrong pattern says which, where and why")
  func syntaxErrors() {
    let error = #expect(throws: GroupPattern.SyntaxError.self) { try GroupPattern("^orders-(") }
    #expect(
      error?.description
        == "\"^orders-(\" is not a regular expression: missing closing parenthesis at position 9")
    #expect(throws: GroupPattern.SyntaxError.self) { try GroupPattern("[z-a]") }
    #expect(throws: GroupPattern.SyntaxError.self) { try GroupPattern(#"\C"#) }
    #expect(throws: GroupPattern.SyntaxError.self) {
      try GroupPattern(String(repeating: "(", count: 10_000))
    }
    #expect(throws: GroupPattern.SyntaxError.self) {
      try GroupPattern(String(repeating: "a", count: GroupPattern.maxPatternBytes + 1))
    }
  }

  @Test("A denylist takes away what the selection lets in")
  func selection() throws {
    let all = GroupSelection(admitted: .all, denied: try GroupPattern("^test-"))
    #expect(all.outcome(Array("orders".utf8).span) == .match)
    #expect(all.outcome(Array("test-orders".utf8).span) == .noMatch)
    let named = GroupSelection(admitted: .named(["orders", "ordersé"]), denied: nil)
    #expect(named.outcome(Array("orders".utf8).span) == .match)
    #expect(named.outcome(Array("ordersé".utf8).span) == .match)
    #expect(named.outcome(Array("order".utf8).span) == .noMatch)
    #expect(named.outcome(Array("Orders".utf8).span) == .noMatch)
    #expect(named.outcome(Array<UInt8>().span) == .noMatch)
    let given = GroupSelection(
      admitted: .matching(try GroupPattern("x")), denied: try GroupPattern("^(x+)+$"))
    let long = [UInt8](repeating: 0x78, count: 60) + [0x21]
    #expect(given.outcome(long.span) == .limitExceeded)
  }
}
