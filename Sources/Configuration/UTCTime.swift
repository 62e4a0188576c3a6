/// Returns the seconds since 1970 of a time like `2026-11-26T12:00:00Z` (RFC 3339, in UTC, without
/// a fraction), nil for any other text.
func secondsOfTime(_ text: String) -> Int64? {
  let bytes = Array(text.utf8)
  guard bytes.count == 20 else { return nil }
  for (place, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "Z")] {
    guard [bytes[place]] == Array(mark.utf8) else { return nil }
  }
  func number(_ range: Range<Int>) -> Int64? {
    var value: Int64 = 0
    for byte in bytes[range] {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    return value
  }
  guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
    let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
    year >= 1970, 1...12 ~= month, 1...days(of: month, year) ~= day, hour < 24, minute < 60,
    second < 60
  else { return nil }
  return (daysSince1970(year, month, day) * 24 + hour) * 3600 + minute * 60 + second
}

/// Returns a time as `secondsOfTime` reads it.
func timeOfSeconds(_ seconds: Int64) -> String {
  var day = seconds / 86_400
  var year: Int64 = 1970
  while true {
    let length: Int64 = isLeap(year) ? 366 : 365
    if day < length || year >= 9999 { break }
    day -= length
    year += 1
  }
  var month: Int64 = 1
  while month < 12, day >= days(of: month, year) {
    day -= days(of: month, year)
    month += 1
  }
  func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
  let rest = seconds % 86_400
  return "\(year)-\(two(month))-\(two(day + 1))T\(two(rest / 3600)):\(two(rest / 60 % 60)):"
    + "\(two(rest % 60))Z"
}

private func isLeap(_ year: Int64) -> Bool {
  year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

private func days(of month: Int64, _ year: Int64) -> Int64 {
  switch month {
  case 2: isLeap(year) ? 29 : 28
  case 4, 6, 9, 11: 30
  default: 31
  }
}

private func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
  var total = day - 1
  for earlier in 1970..<year { total += isLeap(earlier) ? 366 : 365 }
  for earlier in 1..<month { total += days(of: earlier, year) }
  return total
}
