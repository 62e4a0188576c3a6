import Configuration
import JSON

/// How lines of the log are written.
package enum LogFormat: Sendable {
  /// One JSON object per line: `level`, `ts` in seconds, `msg`, then the fields.
  case json
  /// One line of text, for people at a terminal.
  case plain

  /// Returns a record as one line, newline included.
  ///
  /// - Parameters:
  ///   - record: what happened.
  ///   - wall: when, in milliseconds since 1970.
  package func line(_ record: LogRecord, wall: Int64) -> [UInt8] {
    switch self {
    case .json: jsonLine(record, wall: wall)
    case .plain: Array(plainLine(record, wall: wall).utf8)
    }
  }

  private func jsonLine(_ record: LogRecord, wall: Int64) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.field("level", record.level.rawValue)
    writer.field("ts", Double(wall) / 1000)
    writer.field("msg", record.message)
    for field in record.fields {
      writer.key(string: field.name)
      switch field.value {
      case .text(let text): writer.value(text)
      case .number(let number): writer.value(number)
      }
    }
    writer.endObject()
    writer.newline()
    return writer.finish()
  }

  private func plainLine(_ record: LogRecord, wall: Int64) -> String {
    var line = "\(UTCTime(wall)) \(record.level.rawValue.uppercased()) \(record.message)"
    for field in record.fields {
      switch field.value {
      case .text(let text): line += " \(field.name)=\(Self.quoted(text))"
      case .number(let number): line += " \(field.name)=\(number)"
      }
    }
    return line + "\n"
  }

  /// Quotes a text that holds white space or quotes, and keeps control characters off the terminal.
  private static func quoted(_ text: String) -> String {
    var safe = ""
    var needsQuotes = text.isEmpty
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\":
        safe += "\\\(scalar)"
        needsQuotes = true
      case " ", "=":
        safe.unicodeScalars.append(scalar)
        needsQuotes = true
      default:
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
          safe += "\\u{\(String(scalar.value, radix: 16))}"
          needsQuotes = true
        } else {
          safe.unicodeScalars.append(scalar)
        }
      }
    }
    return needsQuotes ? "\"\(safe)\"" : safe
  }
}

/// A time as people read it: `2026-11-20T13:47:05.120Z`.
struct UTCTime: CustomStringConvertible {
  let description: String

  /// Creates the text of a time in milliseconds since 1970.
  init(_ wall: Int64) {
    let seconds = wall.quotient(by: 1000)
    let days = seconds.quotient(by: 86_400)
    let second = seconds - days * 86_400
    let date = Self.date(daysSince1970: days)
    let clock = [second / 3600, second / 60 % 60, second % 60].map { Self.pad($0, 2) }
    description =
      "\(date)T\(clock.joined(separator: ":")).\(Self.pad(wall - seconds * 1000, 3))Z"
  }

  /// The proleptic Gregorian date, by counting eras of 400 years from 1 March of year 0.
  private static func date(daysSince1970 days: Int64) -> String {
    let shifted = days + 719_468
    let era = shifted.quotient(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))"
  }

  private static func pad(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}

extension Int64 {
  /// The quotient rounded down, also for negative numbers.
  fileprivate func quotient(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
