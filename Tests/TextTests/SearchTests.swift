import Testing

@testable import Text

@Suite("Text: searching")
struct SearchTests {
  @Test(
    "A text is found where it begins first",
    arguments: [
      ("abcabc", "bc", 1), ("abc", "abc", 0), ("abc", "", 0), ("", "", 0), ("aab", "ab", 1),
      ("группа", "па", 8), ("ends in timeout", "timeout", 8),
    ])
  func found(text: String, part: String, place: Int) {
    #expect(text.place(of: part) == place)
    #expect(text.holds(part))
    #expect(text.dropFirst(0).holds(part))
  }

  @Test(
    "What does not stand there is not found", arguments: [("abc", "abcd"), ("", "a"), ("ab", "ba")])
  func absent(text: String, part: String) {
    #expect(text.place(of: part) == nil)
    #expect(!text.holds(part))
  }
}
