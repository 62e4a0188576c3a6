/// Numbers as a person reads them.
package enum Shown {
  /// What stands for a number that is not known.
  package static let nothing = "-"

  /// A whole number with commas: `93,104`.
  package static func count(_ number: UInt64) -> String {
    let digits = Array(String(number))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// A whole number with commas, `-` where it is not known.
  package static func count(_ number: UInt64?) -> String { number.map { count($0) } ?? nothing }

  /// An offset with commas, `-` where it is not known.
  package static func offset(_ number: Int64?) -> String {
    guard let number else { return nothing }
    return number < 0 ? "-\(count(number.magnitude))" : count(number.magnitude)
  }

  /// A span of time in its largest fitting unit: `0.4 s`, `12 s`, `3 min`, `26 h`, `9 d`.
  package static func duration(_ seconds: Double) -> String {
    let magnitude = abs(seconds)
    guard magnitude < 1e15 else { return nothing }
    if magnitude < 9.95, magnitude.rounded() != magnitude { return "\(decimal(seconds)) s" }
    if magnitude < 120 { return "\(whole(seconds)) s" }
    if magnitude < 7200 { return "\(whole(seconds / 60)) min" }
    if magnitude < 172_800 { return "\(whole(seconds / 3600)) h" }
    return "\(whole(seconds / 86_400)) d"
  }

  /// How long ago something was, `never` where it was not.
  package static func age(_ seconds: Int?) -> String {
    seconds.map { "\(duration(Double($0))) ago" } ?? "never"
  }

  /// Records per second: `0.3/s`, `12.5/s`, `1,203/s`.
  package static func rate(_ rate: Double) -> String {
    guard rate.isFinite else { return nothing }
    return abs(rate) < 99.95 ? "\(decimal(rate))/s" : "\(whole(rate))/s"
  }

  /// A number with one digit behind the point.
  package static func decimal(_ number: Double) -> String {
    guard let tenths = Int64(exactly: (number * 10).rounded()) else { return nothing }
    let sign = tenths < 0 ? "-" : ""
    return "\(sign)\(count(tenths.magnitude / 10)).\(tenths.magnitude % 10)"
  }

  /// A number without its fraction; huge ones are `-`.
  package static func whole(_ number: Double) -> String { offset(Int64(exactly: number.rounded())) }

  /// A share of 0 to 1 in percent; only what is whole is 100 %.
  package static func percent(_ share: Double) -> String {
    guard share.isFinite, share < 1 else { return "100 %" }
    return "\(max(0, min(99, Int((share * 100).rounded(.down))))) %"
  }

  /// A count with its noun: `1 partition`, `12 partitions`.
  package static func many(_ count: Int, _ noun: String) -> String {
    "\(Self.count(UInt64(count.magnitude))) \(noun)\(count == 1 ? "" : "s")"
  }
}
