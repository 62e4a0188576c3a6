import Foundation
import JSON

/// A whole JSON value, to compare two readers by.
indirect enum JSONTree: Equatable {
  case object([String: JSONTree])
  case array([JSONTree])
  case string(String)
  case number(Double)
  case bool(Bool)
  case null

  /// Whether two readers agree; Foundation's numbers are off by some units in the last place.
  func agrees(with other: JSONTree) -> Bool {
    switch (self, other) {
    case (.number(let first), .number(let second)):
      return abs(first - second) <= 1e-13 * max(abs(first), abs(second))
    case (.array(let first), .array(let second)):
      return first.count == second.count
        && zip(first, second).allSatisfy { $0.agrees(with: $1) }
    case (.object(let first), .object(let second)):
      return first.keys == second.keys
        && first.allSatisfy { name, value in second[name].map(value.agrees(with:)) ?? false }
    default: return self == other
    }
  }

  /// Reads a text with the reader under test.
  init(reading bytes: [UInt8]) throws(JSONError) {
    var reader = JSONReader(bytes)
    self = try JSONTree(from: &reader)
    try reader.finish()
  }

  private init(from reader: inout JSONReader) throws(JSONError) {
    switch try reader.peek() {
    case .object:
      var members: [String: JSONTree] = [:]
      try reader.beginObject()
      while try reader.nextKey() { members[reader.key()] = try JSONTree(from: &reader) }
      self = .object(members)
    case .array:
      var elements: [JSONTree] = []
      try reader.beginArray()
      while try reader.nextElement() { elements.append(try JSONTree(from: &reader)) }
      self = .array(elements)
    case .string: self = .string(try reader.readString())
    case .number: self = .number(try reader.readDouble())
    case .bool: self = .bool(try reader.readBool())
    case .null:
      _ = try reader.readNull()
      self = .null
    }
  }

  /// Reads a text with Foundation.
  init(foundation bytes: [UInt8]) throws {
    self.init(
      any: try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed))
  }

  private init(any: Any) {
    switch any {
    case let object as [String: Any]: self = .object(object.mapValues(JSONTree.init(any:)))
    case let array as [Any]: self = .array(array.map(JSONTree.init(any:)))
    case let string as String: self = .string(string)
    case let number as NSNumber:
      let isBool = String(cString: number.objCType) == "c"
      self = isBool ? .bool(number.boolValue) : .number(number.doubleValue)
    default: self = .null
    }
  }
}
