/// A value as one of the layers says it, before it is checked.
enum RawValue: Equatable {
  /// From the file.
  case toml(TOMLValue)
  /// From an environment variable or a flag.
  case text(String)
  /// From a flag that may be repeated.
  case texts([String])
}

/// Why a raw value is refused: the words behind the path in the line of the error.
struct Complaint: Error, Equatable {
  let message: String
  /// The line of the list's element that is refused; nil where it is that of the key.
  var line: Int?
}

extension RawValue {
  /// The value as the file would say it: text from elsewhere is a string.
  var asTOML: TOMLValue {
    switch self {
    case .toml(let value): value
    case .text(let text): .string(text)
    case .texts(let texts): .array(texts.map { TOMLElement(value: .string($0), line: 0) })
    }
  }

  /// The complaint about a value of the wrong kind.
  func wrong(_ expected: String, allowed: String) -> Complaint {
    switch self {
    case .toml(.integer(let value)): Complaint(message: "\(value) is not \(expected) (\(allowed))")
    case .toml(.float(let value)): Complaint(message: "\(value) is not \(expected) (\(allowed))")
    case .text(let text): Complaint(message: "\(quoted(text)) is not \(expected) (\(allowed))")
    default: Complaint(message: "is \(asTOML.kind), not \(expected) (\(allowed))")
    }
  }

  func text(allowed: String) throws(Complaint) -> String {
    guard case .string(let text) = asTOML else {
      throw Complaint(message: "is \(asTOML.kind), not a string (\(allowed))")
    }
    return text
  }

  func integer(in range: ClosedRange<Int>, allowed: String) throws(Complaint) -> Int {
    let number: Int? =
      switch self {
      case .toml(.integer(let value)): Int(exactly: value)
      case .text(let text): Int(text)
      default: nil
      }
    guard let number else { throw wrong("a whole number", allowed: allowed) }
    guard range.contains(number) else {
      throw Complaint(message: "\(number) is out of range (\(allowed))")
    }
    return number
  }

  func list(
    separators: String, allowed: String
  ) throws(Complaint) -> [(text: String, line: Int?)] {
    if case .text(let text) = self {
      return text.split { separators.contains($0) }.map { (trimmed($0), nil) }
    }
    guard case .array(let elements) = asTOML else {
      throw Complaint(message: "is \(asTOML.kind), not a list (each \(allowed))")
    }
    var texts: [(String, Int?)] = []
    for element in elements {
      let line = element.line > 0 ? element.line : nil
      guard case .string(let text) = element.value else {
        throw Complaint(
          message: "has \(element.value.kind) in its list (each \(allowed))", line: line)
      }
      texts.append((text, line))
    }
    return texts
  }
}

/// A text without the blanks around it.
private func trimmed(_ text: Substring) -> String {
  var text = text
  while text.first?.isWhitespace == true { text.removeFirst() }
  while text.last?.isWhitespace == true { text.removeLast() }
  return String(text)
}

/// Seconds of `90s`, `5m`, `1h30m`, `2d`; nil where the text is none of this kind.
func secondsOfDuration(_ text: String) -> Int? {
  var total = 0
  var number: Int?
  for byte in text.utf8 {
    if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      let digit = Int(byte - UInt8(ascii: "0"))
      number = (number ?? 0) &* 10 &+ digit
      guard let number, number <= 1_000_000_000 else { return nil }
      continue
    }
    let unit: [UInt8: Int] = [
      UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3_600,
      UInt8(ascii: "d"): 86_400,
    ]
    guard let seconds = unit[byte], let count = number else { return nil }
    total += count * seconds
    guard total <= 1_000_000_000_000 else { return nil }
    number = nil
  }
  return number == nil && !text.isEmpty ? total : nil
}

/// A text as TOML's basic string; control characters are escaped, so a message stays one line.
func quoted(_ text: String) -> String {
  var escaped = ""
  for scalar in text.unicodeScalars {
    if scalar == "\"" || scalar == "\\" { escaped += "\\" }
    escaped.unicodeScalars.append(scalar)
  }
  return "\"" + onOneLine(escaped) + "\""
}

/// A text with its control characters written as TOML's escapes.
func onOneLine(_ text: String) -> String {
  var line = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\n": line += "\\n"
    case "\t": line += "\\t"
    case "\r": line += "\\r"
    default:
      if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        line.unicodeScalars.append(scalar)
      }
    }
  }
  return line
}
