import ConsumerOffsets
import Foundation

/// A JSON value that can be compared and shared; the capture has whole numbers only.
enum JSONValue: Equatable, Sendable {
  case null
  case number(Int64)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(_ foundation: Any) throws {
    switch foundation {
    case is NSNull: self = .null
    case let text as String: self = .string(text)
    case let number as NSNumber: self = .number(number.int64Value)
    case let elements as [Any]: self = .array(try elements.map(JSONValue.init))
    case let fields as [String: Any]: self = .object(try fields.mapValues(JSONValue.init))
    default: throw CaptureError(reason: "not JSON: \(foundation)")
    }
  }

  subscript(field: String) -> JSONValue? {
    guard case .object(let fields) = self else { return nil }
    return fields[field]
  }

  var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  var number: Int64? {
    guard case .number(let number) = self else { return nil }
    return number
  }

  var elements: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }
}

struct CaptureError: Error, CustomStringConvertible {
  let reason: String
  var description: String { reason }
}

/// One captured record with what Kafka's own classes read from it.
struct CaptureLine: Sendable {
  let number: Int
  let source: String
  let partition: Int32
  let kind: String
  let key: [UInt8]
  let value: [UInt8]?
  let isControl: Bool
  let keyType: Int16?
  let keyDecoded: JSONValue?
  let valueDecoded: JSONValue?

  init(_ json: JSONValue, number: Int) throws {
    guard let source = json["source"]?.string, let partition = json["partition"]?.number,
      let kind = json["kind"]?.string, let key = json["key"]?.string,
      let control = json["batch"]?["control"]?.number
    else { throw CaptureError(reason: "line \(number) lacks a field") }
    self.number = number
    self.source = source
    self.partition = Int32(partition)
    self.kind = kind
    self.key = try bytes(hex: key)
    value = try json["value"]?.string.map { try bytes(hex: $0) }
    isControl = control != 0
    keyType = json["key_type"]?.number.map { Int16($0) }
    keyDecoded = json["key_decoded"]
    valueDecoded = json["value_decoded"]
  }
}

/// The captured records, read once.
enum Capture {
  static let lines: [CaptureLine] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/consumer_offsets_capture.jsonl")
    do {
      return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).enumerated().map {
        try CaptureLine(
          JSONValue(try JSONSerialization.jsonObject(with: $0.element)), number: $0.offset + 1)
      }
    } catch {
      fatalError("cannot read \(file.path): \(error)")
    }
  }()

  /// The lines that a consumer is handed.
  static let records = lines.filter { !$0.isControl }

  /// The records of which no two have the same value.
  static let distinctValues: [CaptureLine] = {
    var seen: Set<[UInt8]> = []
    return records.filter { line in
      guard let value = line.value else { return false }
      return seen.insert(value).inserted
    }
  }()
}

/// The bytes of a base64 text, as Kafka's converters write byte fields.
func bytes(base64: String) throws -> [UInt8] {
  guard let data = Data(base64Encoded: base64) else {
    throw CaptureError(reason: "not base64: \(base64)")
  }
  return Array(data)
}

/// The bytes of a hexadecimal text; blanks between them are allowed.
func bytes(hex: String) throws -> [UInt8] {
  let digits = hex.utf8.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\n") }
  guard digits.count.isMultiple(of: 2) else { throw CaptureError(reason: "odd number of digits") }
  return try stride(from: 0, to: digits.count, by: 2).map { index in
    let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
    guard let byte = UInt8(pair, radix: 16) else { throw CaptureError(reason: "not hex: \(pair)") }
    return byte
  }
}

/// Reads a record from arrays.
func decode(key: [UInt8], value: [UInt8]?) throws(DecodeError) -> Record {
  guard let value else { return try Record.decode(key: key.span, value: nil) }
  return try Record.decode(key: key.span, value: value.span)
}
