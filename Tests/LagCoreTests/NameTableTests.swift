import LagCore
import Testing

@Suite("Names")
struct NameTableTests {
  /// Finds a name or adds it, as the stores do.
  private func intern(_ name: [UInt8], scope: UInt64 = 0, _ table: inout NameTable) -> Int? {
    table.find(name.span, scope: scope) ?? table.insert(name.span, scope: scope)
  }

  @Test("Each distinct name gets the next index and keeps it while the table grows")
  func indices() {
    var table = NameTable(seed: testSeed)
    let names = (0..<5000).map { Array("group-\($0)".utf8) }
    for (index, name) in names.enumerated() {
      #expect(table.find(name.span) == nil)
      #expect(table.insert(name.span) == index)
    }
    #expect(table.count == names.count)
    for (index, name) in names.enumerated() {
      #expect(table.find(name.span) == index)
      #expect(Array(table.name(index)) == name)
    }
    #expect(table.find(Array("group-5000".utf8).span) == nil)
    #expect(table.find(Array("group-".utf8).span) == nil)
  }

  @Test("Names of every length differ from their beginnings and from each other by one byte")
  func lengths() {
    for seed in [0, 1, testSeed] {
      var table = NameTable(seed: seed)
      var names: [[UInt8]] = []
      for length in 0...40 {
        let zeros = Array(repeating: UInt8(0), count: length)
        names.append(zeros)
        for position in 0..<length {
          var name = zeros
          name[position] = 1
          names.append(name)
          name[position] = 0x80
          names.append(name)
        }
      }
      for (index, name) in names.enumerated() { #expect(intern(name, &table) == index) }
      for (index, name) in names.enumerated() { #expect(table.find(name.span) == index) }
    }
  }

  @Test("The empty name is a name like any other")
  func emptyName() {
    var table = NameTable(seed: testSeed)
    let empty: [UInt8] = []
    #expect(table.find(empty.span) == nil)
    #expect(table.insert(empty.span) == 0)
    #expect(intern([1], &table) == 1)
    #expect(table.find(empty.span) == 0)
    #expect(table.text(0) == "")
    #expect(table.name(0).isEmpty)
    #expect(table.name(1) == [1])
  }

  @Test("Names whose 32-bit hashes are equal stay apart")
  func collisions() {
    // For a seed that is known, a second word equal to the state after the first one takes the
    // hash to zero, whatever the first one was.
    let seed: UInt64 = 0x1234_5678_9ABC_DEF0
    func forged(_ first: UInt64) -> [UInt8] {
      let product = (seed ^ 16 ^ first).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
      let second = product.high ^ product.low
      return [first, second].flatMap { word in
        (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
      }
    }
    var table = NameTable(seed: seed)
    let names = (0..<100).map { forged($0) }
    for (index, name) in names.enumerated() { #expect(intern(name, &table) == index) }
    for (index, name) in names.enumerated() { #expect(table.find(name.span) == index) }
    #expect(table.find(forged(100).span) == nil)
  }

  @Test("Among very many names with one beginning, those with equal hashes stay apart")
  func manyNames() {
    // 250,000 names make seven pairs of equal 32-bit hashes likely.
    var table = NameTable(seed: testSeed)
    var name = Array("consumer-0000".utf8)
    for number in 0..<250_000 {
      for digit in 0..<4 { name[9 + digit] = UInt8(truncatingIfNeeded: number >> (5 * digit)) }
      guard table.find(name.span) == nil, table.insert(name.span) == number else {
        Issue.record("name \(number) was taken for another, seed \(testSeed)")
        return
      }
    }
  }

  @Test("Where even the scope's hash is equal, the caller's look decides")
  func scopesOfEqualHash() {
    var table = NameTable(seed: testSeed)
    let name = Array("orders".utf8)
    for index in 0..<3 { #expect(table.insert(name.span) == index) }
    for index in 0..<3 { #expect(table.find(name.span) { $0 == index } == index) }
    #expect(table.find(name.span) { _ in false } == nil)
  }

  @Test("Equal names of different scopes are told apart by the caller's look at the index")
  func scopes() {
    var table = NameTable(seed: testSeed)
    var scopeOf: [UInt64] = []
    for scope: UInt64 in 0..<200 {
      for name in ["orders", "payments"] {
        let bytes = Array(name.utf8)
        #expect(table.find(bytes.span, scope: scope) { scopeOf[$0] == scope } == nil)
        #expect(table.insert(bytes.span, scope: scope) == scopeOf.count)
        scopeOf.append(scope)
      }
    }
    for scope: UInt64 in 0..<200 {
      let bytes = Array("payments".utf8)
      #expect(
        table.find(bytes.span, scope: scope) { scopeOf[$0] == scope } == Int(scope) * 2 + 1)
    }
  }

  @Test("A table that is full takes no more, and still finds what it has")
  func limit() {
    var table = NameTable(seed: testSeed, maximumBytes: 10)
    #expect(intern(Array("12345".utf8), &table) == 0)
    #expect(intern(Array("123456".utf8), &table) == nil)
    #expect(intern(Array("67890".utf8), &table) == 1)
    #expect(intern(Array("x".utf8), &table) == nil)
    #expect(intern([], &table) == 2)
    #expect(table.find(Array("12345".utf8).span) == 0)
    #expect(table.count == 3)
  }

  @Test("Bytes that are not UTF-8 are kept as they are and shown with U+FFFD")
  func invalidText() {
    var table = NameTable(seed: testSeed)
    let bytes: [UInt8] = [0x61, 0xFF, 0x62]
    #expect(intern(bytes, &table) == 0)
    #expect(Array(table.name(0)) == bytes)
    #expect(table.text(0) == "a\u{FFFD}b")
    #expect(table.find(Array("a\u{FFFD}b".utf8).span) == nil)
  }

  @Test("Adding many names does not copy the ones there again and again")
  func growth() {
    // The capacity may grow only now and then: with each name it would be copied as often.
    var table = NameTable(seed: testSeed)
    var growths = 0
    var footprint = table.footprint
    for number in 0..<20_000 {
      _ = intern(Array("topic-with-a-longer-name-\(number)".utf8), &table)
      if table.footprint != footprint { growths += 1 }
      footprint = table.footprint
    }
    #expect(growths < 200)
  }
}
