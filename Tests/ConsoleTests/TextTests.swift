import Console
import Testing

@Suite("Text on a terminal")
struct TextTests {
  @Test("What could move a cursor or turn the text becomes visible")
  func harmless() {
    #expect(TerminalText.harmless("orders") == "orders")
    #expect(TerminalText.harmless("a\u{1B}[2Jb\n") == "a\\u{1B}[2Jb\\u{A}")
    #expect(TerminalText.harmless("\u{9B}31m\u{202E}x\u{7F}") == "\\u{9B}31m\\u{202E}x\\u{7F}")
    #expect(TerminalText.harmless("группа-ünï-組") == "группа-ünï-組")
  }

  @Test(
    "Columns",
    arguments: [
      ("", 0), ("abc", 3), ("группа", 6), ("組", 2), ("e\u{301}", 1), ("…", 1), ("한글", 4),
      ("ｆ", 2), ("😀", 2),
    ])
  func width(text: String, columns: Int) {
    #expect(TerminalText.width(text) == columns)
  }

  @Test("A text is cut to its columns, at its end or in its middle")
  func cuts() {
    #expect(TerminalText.fitted("abcdef", to: 6) == "abcdef")
    #expect(TerminalText.fitted("abcdefg", to: 6) == "abcde…")
    #expect(TerminalText.fitted("組組組", to: 5) == "組組…")
    #expect(TerminalText.fitted("組組組", to: 4) == "組…")
    #expect(TerminalText.fitted("abc", to: 0) == "")
    #expect(TerminalText.padded("組", to: 4) == "組  ")
    #expect(TerminalText.padded("7", to: 3, isRight: true) == "  7")
  }

  @Test("Paragraphs break at blanks, and only so often")
  func wraps() {
    #expect(TerminalText.wrapped("", to: 10) == [""])
    #expect(TerminalText.wrapped("one two three", to: 7) == ["one two", "three"])
    #expect(TerminalText.wrapped("incomprehensible it is", to: 8) == ["incompr…", "it is"])
    #expect(TerminalText.wrapped("a b c d e f", to: 3, limit: 2) == ["a b", "c …"])
  }

  @Test(
    "Spans of time",
    arguments: [
      (0, "0 s"), (0.04, "0.0 s"), (0.26, "0.3 s"), (9.94, "9.9 s"), (9.96, "10 s"),
      (119.4, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (172_800, "2 d"),
      (-3, "-3 s"), (.infinity, "-"), (.nan, "-"), (1e300, "-"),
    ])
  func durations(seconds: Double, text: String) {
    #expect(Shown.duration(seconds) == text)
  }

  @Test("Numbers")
  func numbers() {
    #expect(Shown.count(UInt64(0)) == "0")
    #expect(Shown.count(UInt64(999)) == "999")
    #expect(Shown.count(UInt64(1000)) == "1,000")
    #expect(Shown.count(UInt64.max) == "18,446,744,073,709,551,615")
    #expect(Shown.offset(.min) == "-9,223,372,036,854,775,808")
    #expect(Shown.offset(nil) == "-")
    #expect(Shown.rate(0.06) == "0.1/s")
    #expect(Shown.rate(99.96) == "100/s")
    #expect(Shown.rate(-1234.5) == "-1,235/s")
    #expect(Shown.rate(.nan) == "-")
    #expect(Shown.percent(0.9999) == "99 %")
    #expect(Shown.percent(1) == "100 %")
    #expect(Shown.percent(-1) == "0 %")
    #expect(Shown.percent(.nan) == "100 %")
    #expect(Shown.age(nil) == "never")
    #expect(Shown.age(61) == "61 s ago")
  }

  @Test(
    "Times",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:01.020Z", 1.02),
      ("2000-02-29T12:00:00Z", 951_825_600), ("2026-11-26T12:03:11.25Z", 1_795_694_591.25),
      ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
  func times(text: String, seconds: Double) {
    #expect(Timestamp(text)?.seconds == seconds)
  }

  @Test(
    "What is no time is none",
    arguments: [
      "", "Z", "2026-11-26", "2026-11-26T12:03:11", "2026-11-26 12:03:11Z",
      "2026-11-26T12:03:11x5Z", "2026-11-26T12:03:11.Z5", "٢026-11-26T12:03:11Z",
    ])
  func noTimes(text: String) {
    #expect(Timestamp(text) == nil)
    #expect(Timestamp.clock("a\nb") == "a\\u{A}b")
    #expect(Timestamp.clock("2026-11-26T12:03:11.25Z") == "12:03:11")
  }
}
