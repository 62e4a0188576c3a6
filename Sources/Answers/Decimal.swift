import JSON

extension Array where Element == UInt8 {
  /// Appends a number in decimal digits.
  mutating func append(decimal number: Int64) {
    append(addingCapacity: OutputSpan<UInt8>.integerRoom) { $0.append(decimal: number) }
  }

  /// Appends a number in decimal digits.
  mutating func append(decimal number: UInt64) {
    append(addingCapacity: OutputSpan<UInt8>.integerRoom) { $0.append(decimal: number) }
  }
}
