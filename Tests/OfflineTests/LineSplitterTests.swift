import Offline
import Testing

@Suite struct LineSplitterTests {
  /// The lines of a text as strings, "…" for one that is too long, with the numbers they got.
  private func lines(of text: [UInt8], cutAt cuts: [Int] = [], limit: Int = 8) -> [String] {
    var splitter = LineSplitter(limit: limit)
    var lines: [String] = []
    func take(_ line: LineSplitter.Line) {
      switch line {
      case .bytes(let range):
        lines.append(
          "\(splitter.place.number):\(String(decoding: splitter.buffer[range], as: UTF8.self))")
      case .tooLong: lines.append("\(splitter.place.number)…")
      }
    }
    var start = 0
    for cut in cuts + [text.count] {
      splitter.append(text.span.extracting(start..<cut))
      while let line = splitter.next() { take(line) }
      #expect(splitter.buffer.count <= limit + text.count, "keeps no more than a line and a chunk")
      start = cut
    }
    if let line = splitter.finish() { take(line) }
    #expect(splitter.next() == nil && splitter.finish() == nil)
    return lines
  }

  @Test(arguments: [
    ("", []), ("\n", ["1:"]), ("a", ["1:a"]), ("a\n", ["1:a"]), ("a\nb", ["1:a", "2:b"]),
    ("\n\nc\n\n", ["1:", "2:", "3:c", "4:"]), ("a\r\nb\r", ["1:a", "2:b"]), ("\r\n", ["1:"]),
    ("a\rb\n", ["1:a\rb"]), ("a\r\r\n", ["1:a\r"]),
    ("12345678\n", ["1:12345678"]), ("123456789\na\n", ["1…", "2:a"]),
    ("123456789", ["1…"]), ("a\n123456789012345678901234567890\nb", ["1:a", "2…", "3:b"]),
    ("123456789\n123456789\n", ["1…", "2…"]), ("123456789\n\n", ["1…", "2:"]),
    ("1234567\r\n", ["1:1234567"]), ("\u{0}\n", ["1:\u{0}"]),
  ])
  func cutsAtLineFeeds(text: String, expected: [String]) {
    let bytes = Array(text.utf8)
    #expect(lines(of: bytes) == expected)
    for cut in 0...bytes.count { #expect(lines(of: bytes, cutAt: [cut]) == expected) }
    #expect(lines(of: bytes, cutAt: Array(0..<bytes.count)) == expected)
  }

  @Test func holdsNoMoreThanALineAndAChunk() {
    var splitter = LineSplitter(limit: 100)
    let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: 64)
    var tooLong = 0
    for _ in 0..<10_000 {
      splitter.append(chunk.span)
      while let line = splitter.next() { if line == .tooLong { tooLong += 1 } }
      #expect(splitter.buffer.count <= 100 + chunk.count)
    }
    #expect(tooLong == 1)
    #expect(splitter.place.number == 1)
  }
}
