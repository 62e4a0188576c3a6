import HTTPServer
import Testing

/// Content in the gzip format, and out of it within bounds.
@Suite struct GzipTests {
  private func compressed(_ bytes: [UInt8]) -> [UInt8]? { Gzip.compressed(bytes.span) }

  private func inflated(_ bytes: [UInt8], atMost limit: Int) throws(Gzip.Failure) -> [UInt8] {
    try Gzip.inflated(bytes.span, atMost: limit)
  }

  private let text = Array(String(repeating: "vole_lag{group=\"a\"} 1\n", count: 5_000).utf8)

  @Test func whatGoesInComesOut() throws {
    let small = try #require(compressed(text))
    #expect(small.count < text.count / 20)
    #expect(small.prefix(2).elementsEqual([0x1F, 0x8B]))
    #expect(try inflated(small, atMost: text.count) == text)
  }

  @Test func theLimitIsExact() throws {
    let small = try #require(compressed(text))
    #expect(throws: Gzip.Failure.tooLarge) { try inflated(small, atMost: text.count - 1) }
    #expect(throws: Gzip.Failure.tooLarge) { try inflated(small, atMost: 0) }
    let empty: [UInt8] = [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(try inflated(empty, atMost: 0) == [])
  }

  @Test func whatWouldGrowStaysAsItIs() {
    #expect(compressed([]) == nil)
    #expect(compressed([1, 2, 3]) == nil)
    let noise = (0..<10_000).map { UInt8(truncatingIfNeeded: ($0 &* $0 &* 2_654_435_761) >> 16) }
    #expect(compressed(noise) == nil)
  }

  @Test func membersInARowAreOneContent() throws {
    let small = try #require(compressed(text))
    #expect(try inflated(small + small, atMost: 2 * text.count) == text + text)
    #expect(throws: Gzip.Failure.tooLarge) {
      try inflated(small + small, atMost: 2 * text.count - 1)
    }
  }

  @Test func everyCutAndEveryChangeIsNoticed() throws {
    let text = Array(String(repeating: "abc", count: 40).utf8)
    let small = try #require(compressed(text))
    for end in 0..<small.count {
      #expect(throws: Gzip.Failure.malformed, "cut at \(end)") {
        try inflated(Array(small[..<end]), atMost: 1_000)
      }
    }
    #expect(throws: Gzip.Failure.malformed) { try inflated(small + [0], atMost: 1_000) }
    // Bytes 4 to 9 of the header say nothing about the content.
    for place in [0, 1, 2] + Array(10..<small.count) {
      var changed = small
      changed[place] ^= 0x55
      #expect(throws: Gzip.Failure.self, "changed at \(place)") {
        try inflated(changed, atMost: 1_000)
      }
    }
  }
}

/// Base64 in both alphabets.
@Suite struct Base64Tests {
  /// RFC 4648 section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func testVectors(plain: String, encoded: String) {
    let plain = Array(plain.utf8)
    let bare = encoded.filter { $0 != "=" }
    for (text, isPadded) in [(encoded, true), (bare, false)] {
      var output: [UInt8] = []
      Base64.append(plain.span, to: &output, isPadded: isPadded)
      #expect(output == Array(text.utf8))
      #expect(Base64.decoded(output.span) == plain)
    }
  }

  @Test(arguments: [
    "A", "AA=", "A===", "AA==A", "====", "=", "AAA==", "A A=", "AAAA=", "Zg==\n", "\u{80}AAA",
  ])
  func whatIsNoneIsRefused(text: String) {
    let bytes = Array(text.utf8)
    #expect(Base64.decoded(bytes.span) == nil)
  }

  @Test func bothAlphabetsAreRead() {
    for text in ["+/-_", "+/+/", "-_-_"] {
      let bytes = Array(text.utf8)
      #expect(Base64.decoded(bytes.span) == [0xFB, 0xFF, 0xBF])
    }
  }
}
