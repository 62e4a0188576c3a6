import EventLoop

/// The `Date` field's value, written once a second (RFC 9110 section 6.6.1).
///
/// It stands in memory that stays where it is, because every answer has it.
@safe final class HTTPDate {
  /// Bytes of a date: "Sun, 06 Nov 1994 08:49:37 GMT".
  static let length = 29

  private let text: UnsafeMutableBufferPointer<UInt8>
  private var validUntil = Int64.min

  init() {
    // SAFETY: allocated and initialised here for this object alone, which frees it.
    unsafe text = .allocate(capacity: Self.length)
    unsafe text.initialize(repeating: ASCII.space)
  }

  deinit {
    // SAFETY: whoever was lent the bytes is done with them.
    unsafe text.deallocate()
  }

  /// The date's bytes, which stay where they are as long as this object.
  @unsafe var bytes: UnsafeBufferPointer<UInt8> {
    // SAFETY: whoever uses them copies them before the next `refresh` writes others.
    unsafe UnsafeBufferPointer(text)
  }

  /// Appends the date.
  @inline(__always)
  func write(into output: inout OutputSpan<UInt8>) {
    // SAFETY: the bytes are copied at once.
    unsafe output.append(bytes)
  }

  /// Writes the date again if a second has begun since the last time.
  ///
  /// - Parameter now: monotonic nanoseconds; the real time is read only when it is needed.
  func refresh(now: Int64, clock: Clock) {
    guard now >= validUntil else { return }
    let milliseconds = clock.realtimeMilliseconds()
    let seconds = milliseconds / 1_000
    let left = 1_000 - (milliseconds - seconds * 1_000)
    validUntil = now &+ left * nanosecondsPerMillisecond
    let written = Self.format(seconds: max(0, seconds)).prefix(Self.length)
    // SAFETY: no more is written than there is room for.
    _ = unsafe text.update(fromContentsOf: written)
  }

  /// Writes seconds since 1970-01-01T00:00:00Z as an IMF-fixdate.
  static func format(seconds: Int64) -> [UInt8] {
    let days = seconds / 86_400
    let second = Int(seconds % 86_400)
    let (year, month, day) = civil(days: days)
    let weekdays: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months: [StaticString] = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    var text: [UInt8] = []
    text.reserveCapacity(29)
    text.append(weekdays[Int(days % 7)])
    text.append(", ")
    text.appendTwoDigits(day)
    text.append(" ")
    text.append(months[month - 1])
    text.append(" ")
    text.append(decimal: year)
    text.append(" ")
    text.appendTwoDigits(second / 3_600)
    text.append(":")
    text.appendTwoDigits(second / 60 % 60)
    text.append(":")
    text.appendTwoDigits(second % 60)
    text.append(" GMT")
    return text
  }

  /// The Gregorian date of a day number, counted from 1 March so that leap days come last.
  private static func civil(days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = Int(days) + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, day)
  }
}

extension Array where Element == UInt8 {
  fileprivate mutating func appendTwoDigits(_ number: Int) {
    append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / 10))
    append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number % 10))
  }
}
