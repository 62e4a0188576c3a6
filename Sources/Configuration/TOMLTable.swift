/// A value of a TOML file.
package enum TOMLValue: Equatable {
  case string(String)
  case integer(Int64)
  case float(Double)
  case boolean(Bool)
  /// A date, a time or both: TOML has them, no key of a configuration takes one.
  case datetime
  case array([TOMLElement])
  case table(TOMLTable)

  /// The name of the kind with its article, as an error message says it.
  package var kind: String {
    switch self {
    case .string: "a string"
    case .integer: "an integer"
    case .float: "a float"
    case .boolean: "a boolean"
    case .datetime: "a date or time"
    case .array: "a list"
    case .table: "a table"
    }
  }
}

/// An element of a TOML array with the line it stands on.
package struct TOMLElement: Equatable {
  /// What the element holds.
  package let value: TOMLValue
  /// The line of the file, from 1.
  package let line: Int
}

/// A table of a TOML file, its entries in the order of the file.
package struct TOMLTable: Equatable {
  /// A key, its value and the line of the key.
  package struct Entry: Equatable {
    /// The key as written, without quotes.
    package let key: String
    /// What stands behind the key.
    package let value: TOMLValue
    /// The line of the key, from 1.
    package let line: Int
  }

  /// The entries in the order of the file; no key occurs twice.
  package var entries: [Entry] = []

  /// The entry of a key, or nil where the table has none.
  package subscript(key: String) -> Entry? {
    entries.first { $0.key == key }
  }
}
