import HTTPServer
package import JSON

/// Values that ProtoJSON writes in a form of its own. 64-bit integers are
/// `field(_:decimalString:)`, enums `field(_:verbatim:)` with their name; a field at its default
/// value may be left out.
extension JSONWriter {
  /// Writes a member of type `bytes`: base64 of the standard alphabet with padding.
  package mutating func field(_ name: StaticString, bytes: Span<UInt8>) {
    var text: [UInt8] = []
    Base64.append(bytes, to: &text, isPadded: true)
    field(name, text.span)
  }

  /// Writes a member of type `google.protobuf.Duration`: `"1.020s"`.
  ///
  /// - Parameter milliseconds: either sign, as far as a duration goes.
  package mutating func field(_ name: StaticString, durationMilliseconds milliseconds: Int64) {
    let limit = ProtoDuration.maximumSeconds * 1_000
    let milliseconds = min(max(milliseconds, -limit), limit)
    key(name)
    value(atMost: 48) { output in
      output.append(verbatim: milliseconds < 0 ? "\"-" : "\"")
      output.append(decimal: milliseconds.magnitude / 1_000)
      output.append(fraction: Int64(milliseconds.magnitude % 1_000))
      output.append(verbatim: "s\"")
    }
  }

  /// Writes a member of type `google.protobuf.Timestamp`: RFC 3339 in UTC, with milliseconds where
  /// there are any: `"2026-11-26T12:00:00.250Z"`.
  ///
  /// - Parameter milliseconds: since 1970-01-01T00:00:00Z; cut to the years 1...9999.
  package mutating func field(_ name: StaticString, timestampMilliseconds milliseconds: Int64) {
    let milliseconds = min(max(milliseconds, -62_135_596_800_000), 253_402_300_799_999)
    let day = Int64(86_400_000)
    let days = milliseconds >= 0 ? milliseconds / day : (milliseconds + 1) / day - 1
    let rest = milliseconds - days * day
    let (year, month, dayOfMonth) = Self.date(daysSince1970: days)
    key(name)
    value(atMost: 32) { output in
      output.append(verbatim: "\"")
      output.append(decimal: year, digits: 4)
      output.append(verbatim: "-")
      output.append(decimal: month, digits: 2)
      output.append(verbatim: "-")
      output.append(decimal: dayOfMonth, digits: 2)
      output.append(verbatim: "T")
      output.append(decimal: rest / 3_600_000, digits: 2)
      output.append(verbatim: ":")
      output.append(decimal: rest / 60_000 % 60, digits: 2)
      output.append(verbatim: ":")
      output.append(decimal: rest / 1_000 % 60, digits: 2)
      output.append(fraction: rest % 1_000)
      output.append(verbatim: "Z\"")
    }
  }

  /// The date of a day in the Gregorian calendar: years of 400-year eras that begin in March, so
  /// that the leap day comes last.
  private static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let sinceEra = days + 719_468
    let era = (sinceEra >= 0 ? sinceEra : sinceEra - 146_096) / 146_097
    let dayOfEra = sinceEra - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}

extension OutputSpan where Element == UInt8 {
  /// Appends milliseconds behind a point, unless there are none.
  fileprivate mutating func append(fraction milliseconds: Int64) {
    guard milliseconds > 0 else { return }
    append(verbatim: ".")
    append(decimal: milliseconds, digits: 3)
  }
}
