/// A time as protobuf's JSON mapping writes it (RFC 3339, with `Z`).
package struct Timestamp: Equatable, Sendable {
  /// Seconds since 1970.
  package let seconds: Double

  /// Reads `2026-11-26T12:00:00.5Z`; nil where the text is none.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    let pattern = Array("0000-00-00T00:00:00".utf8)
    guard bytes.count > pattern.count, bytes.last == UInt8(ascii: "Z") else { return nil }
    for (byte, form) in zip(bytes, pattern) {
      let isDigit = byte &- UInt8(ascii: "0") < 10
      guard form == UInt8(ascii: "0") ? isDigit : byte == form else { return nil }
    }
    func number(_ range: Range<Int>) -> Int {
      bytes[range].reduce(0) { $0 * 10 + Int($1 &- UInt8(ascii: "0")) }
    }
    var fraction = 0.0
    let behind = bytes[pattern.count..<bytes.count - 1]
    if !behind.isEmpty {
      guard let share = Double("0" + String(decoding: behind, as: UTF8.self)), share < 1 else {
        return nil
      }
      fraction = share
    }
    let days = Self.days(year: number(0..<4), month: number(5..<7), day: number(8..<10))
    let clock = number(11..<13) * 3600 + number(14..<16) * 60 + number(17..<19)
    seconds = Double(days * 86_400 + clock) + fraction
  }

  /// Days since 1970-01-01 in the Gregorian calendar (Howard Hinnant, `days_from_civil`).
  private static func days(year: Int, month: Int, day: Int) -> Int {
    // Years begin in March, so that the day of a leap year is the last one.
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The time of day of such a text, without its fraction: `12:00:00`; the text itself otherwise.
  package static func clock(_ text: String) -> String {
    guard Timestamp(text) != nil else { return TerminalText.harmless(text) }
    return String(text.dropFirst(11).prefix(8))
  }
}
